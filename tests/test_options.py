"""Options and operators: a question that spells one is answered by its entry."""

from pathlib import Path

import pytest

from ingest import Library
from retriever import Retriever
from retriever.answers import Turn
from retriever.definitions import asked_term
from retriever.options import TOLD, called_so, operators, options, tells, turned_to_option

MANUAL = """# git-clean

## Synopsis

'git clean' [-d] [-n] [-x | -X]

## Options

-x: Do not use the standard rules of what is ignored.

-X: Remove only what is ignored.

-n, --dry-run: Remove nothing, show what would be removed.

## Operators

| Operator | Example | Meaning |
|---|---|---|
| ? | expr? | Passes the error on |
| ..= | a..=b | A range with its end |
| . | a.b | A field |
"""


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("git clean -x", {"-x"}),
        ("What does `--no-verify` do?", {"--no-verify"}),
        ("difference between reset --soft and --hard", {"--soft", "--hard"}),
        ("[-x|-X]", {"-X"}),
        ("state-of-the-art methods - which -- are there? 5 -3", {"-3"}),
    ],
)
def test_options_that_a_question_names(question: str, names: set[str]) -> None:
    assert options(question) == names


@pytest.mark.parametrize(
    ("question", "called"),
    [
        ("what does ? do in Rust", "what does the ? operator do in Rust"),
        ("What does the `..=` mean?", "What does the ..= operator mean?"),
        ("What is :=", "What is the := operator"),
        ("What is this ?", "What is this ?"),
        ("What does the ? operator do?", "What does the ? operator do?"),
        ("What do R & D cost?", "What do R & D cost?"),
    ],
)
def test_a_mark_that_is_asked_for_is_called_an_operator(question: str, called: str) -> None:
    assert called_so(question) == called
    assert bool(operators(question)) == (called != question or "operator" in question)


@pytest.mark.parametrize(
    ("text", "name", "told"),
    [
        ("--fixup=[(amend|reword):]<commit>: Create a commit.", "--amend", False),
        ("--[no-]verify: Bypass the hooks.", "--no-verify", True),
        ("--[no-]verify: Bypass the hooks.", "--verify", True),
        ("Use --amend: it replaces the tip.", "--amend", False),
        ("Operator: | | Example: a | b", "|", True),
    ],
)
def test_entries(text: str, name: str, told: bool) -> None:
    assert tells(text, {name}) == told


def test_another_option_of_what_was_asked() -> None:
    asked = [Turn("user", "git clean -x"), Turn("assistant", "-x: ..."), Turn("user", "Thanks!")]
    assert turned_to_option("and -X?", asked) == "git clean -X"
    assert turned_to_option("what about the --dry-run option?", [*asked, Turn("user", "and -X?")]) == (
        "git clean --dry-run"
    )
    assert turned_to_option("and directories with -d?", asked) is None
    assert turned_to_option("and -X?", [Turn("user", "How do I clean?")]) is None


def test_the_entry_stands_first(library_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "clean.md").write_text(MANUAL)
    library = Library.open(library_folder, create=True)
    library.ingest(tmp_path / "clean.md")
    retriever = Retriever(library)
    for question, entry in (
        ("git clean -x", "-x: "),
        ("git clean -X", "-X: "),
        ("What does git clean --dry-run do?", "-n, --dry-run: "),
        ("what does ? do", "Operator: ? | Example: expr? | Meaning: Passes the error on"),
        ("..= operator", "Operator: ..= | Example: a..=b | Meaning: A range with its end"),
    ):
        assert retriever.ask(question).text.startswith(entry), question
    answer = retriever.ask("and -n?", [Turn("user", "git clean -x")])
    assert (answer.searched_for, answer.citations[0].quote[:13]) == ("git clean -n", "-n, --dry-run")
    library.close()


def test_a_cell_is_an_answer(library_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "staff.csv").write_text("Department,Head,Room\nRadiology,Dr Amara Osei,B12\nPharmacy,Joan Keller,A01\n")
    with Library.open(library_folder, create=True) as library:
        library.ingest(tmp_path / "staff.csv")
        retriever = Retriever(library)
        answer = retriever.ask("Who is the head of radiology?")
        assert answer.text == "Head: Dr Amara Osei [1]\n\nDepartment: Radiology | Head: Dr Amara Osei | Room: B12 [1]"
        assert answer.confidence >= TOLD
        assert retriever.ask("Who is the mother of the head of radiology?").confidence < TOLD


def test_where_a_term_is_used_is_not_the_term() -> None:
    assert asked_term("What is a trait object in Rust?") == "trait object"
    assert asked_term("What is the dose in children?") is None
