"""What a thing is: which questions ask it, which sentences say it."""

from pathlib import Path

import pytest

from ingest import Document, Library
from retriever import Retriever
from retriever.definitions import asked_term, defines
from retriever.options import TOLD


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
        ("Who is the landlord under the Elm Road lease?", "landlord"),
        ("What is the dose of adrenaline in children?", None),
        ("What is the end of the lease?", "end"),
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


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ('This deed is between Alder Trust ("the Lender") and J. Roy.', "lender"),
        ("Roy & Co., a partnership (hereinafter referred to as the “Supplier”), and you.", "supplier"),
        ("Roy & Co., hereinafter the Supplier, delivers.", "supplier"),
        ('Alder and Roy (together, the "Parties" and each a "Party") agree.', "parties"),
    ],
)
def test_sentences_that_give_a_name(text: str, term: str) -> None:
    assert defines(text, term) == 2


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("The Lender (a bank) pays.", "lender"),
        ('Pay the Lender ("promptly") in full.', "lender"),
        ("A party (see the lender) pays.", "lender"),
        ("The notice, hereinafter, goes to the Supplier.", "notice"),
    ],
)
def test_names_that_are_only_used(text: str, term: str) -> None:
    assert defines(text, term) < 2


def test_whom_a_contract_calls_so_is_told(library: Library) -> None:
    library.ingest_documents(
        Document(name, title, text, "0" * 64)
        for name, title, text in (
            (
                "loan.md",
                "Loan agreement",
                'This agreement is made between Alder Trust ("the Lender") and Joan Roy ("the Borrower").\n\n'
                "The Lender is the owner of the barn. The Borrower is responsible for the roof. The Lender shall be told.",
            ),
            ("club.md", "Club", "The treasurer is Ann. The club lends boats to its members in summer."),
            ("nda.md", "", 'Entered into on 3 May by Fenwick Tidal Ltd ("Fenwick") and Orrin & Sons ("Orrin").'),
        )
    )
    with Retriever(library) as retriever:
        for question, name in (
            ("Who is the lender?", "Alder Trust"),
            ("Who is the borrower in the agreement?", "Joan Roy"),
        ):
            answer = retriever.ask(question)
            assert answer.confidence >= TOLD
            assert name in answer.citations[0].quote


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
