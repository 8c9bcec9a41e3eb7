"""What a thing is: which questions ask it, which sentences say it."""

from pathlib import Path

import pytest

from retriever import Retriever
from retriever.definitions import asked_term, defines


@pytest.mark.parametrize(
    ("question", "term"),
    [
        ("What is a smart pointer?", "smart pointer"),
        ("what are interferons", "interferons"),
        ("What’s ICANS?", "ICANS"),
        ("Who was Paul Ehrlich?", "Paul Ehrlich"),
        ("What is meant by epitope spreading?", "epitope spreading"),
        ("What does the term “avidity” mean?", "avidity"),
        ("Define tumour lysis syndrome.", "tumour lysis syndrome"),
        ("Explain what a refspec is", "refspec"),
        ("What is the dose of adrenaline in children?", None),
        ("What is the difference between PD-1 and PD-L1?", None),
        ("What do checkpoint inhibitors block?", None),
        ("How many members does the council have?", None),
        ("What", None),
    ],
)
def test_what_a_question_wants_defined(question: str, term: str | None) -> None:
    assert asked_term(question) == term


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("A slice is a kind of reference.", "slice"),
        ("PD-1 is a protein of the CD28 family.", "PD-1"),
        ("Interferons are proteins made by cells.", "interferon"),
        ("Neurotoxicity syndrome (ICANS) is a disturbance of brain function.", "ICANS"),
        ("An antibody-drug conjugate (ADC) is a medicine.", "antibody-drug conjugate"),
        ("Smart pointers, on the other hand, are data structures.", "smart pointer"),
        ("git-bisect - Find by binary search what introduced a bug", "git bisect"),
        ("Refspec: what goes where.", "refspec"),
        ("Instability is a change, and stories are long.", "instability"),
        ("A story is a tale.", "stories"),
        ("PEP stands for Python Enhancement Proposal.", "PEP"),
        ("Cargo is Rust’s build system.", "Cargo"),
    ],
)
def test_sentences_that_define(text: str, term: str) -> None:
    assert defines(text, term) == 1


def test_sentences_that_define_in_passing() -> None:
    assert defines('It became known as "the walrus operator".', "walrus operator") == 0.5
    assert defines("We call the action of creating a reference borrowing.", "borrowing") == 0.5


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("Smart pointers are usually implemented using structs.", "smart pointer"),
        ("Because ownership is a new concept, it takes time.", "ownership"),
        ("A condition called CTLA-4 haploinsufficiency often leads to disease.", "CTLA-4"),
        ("This hook is called by git-rebase(1).", "rebase"),
        ("Every time we call borrow, the count goes up.", "borrow"),
        ("In the second part of the chapter a slice is a detail.", "slice"),
        ("True anaphylaxis is treated with adrenaline.", "anaphylaxis"),
        ("A slice is a kind of reference.", "?"),
        ("", "slice"),
    ],
)
def test_sentences_that_only_mention(text: str, term: str) -> None:
    assert defines(text, term) == 0


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        ("What is PD-1?", "PD-1 is a"),
        ("What is anaphylaxis?", "anaphylaxis is a"),
        ("What is graft-versus-host disease?", "graft-versus-host disease is an attack"),
    ],
)
def test_the_definition_stands_first(demo_library: Path, question: str, begins: str) -> None:
    with Retriever.open(demo_library) as retriever:
        assert retriever.ask(question).citations[0].quote.lower().startswith(begins.lower())
