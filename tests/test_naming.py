"""Questions that name the document they ask of: by its file, by its title, or by whom it introduces at its head."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ingest import Library
from retriever import Retriever, Turn
from retriever.naming import by_title, introduced, namings
from retriever.search import Candidate, Query
from tests.conftest import FakeEncoder

TEXTS = {
    "nda-falcon.md": """# Mutual Non-Disclosure Agreement

Between Brightwater and Falcon.

## Term

This agreement continues for two years.

## Return

Papers are returned within 14 days.

## Law

The law of England applies.
""",
    "employment-mbeki.md": """# Contract of Employment

Between Greystone and Daniel Mbeki.

## Pay

Your salary is 58,500 pounds a year.

## Holidays

You are entitled to 27 days of holiday a year.

## Ending

Either side may end the employment on a notice of three months.
""",
    "lease-wharf.md": """# Lease of Unit 4

Between the Wharf Company and Greystone.

## Deposit

The deposit is 12,000 pounds, and the term is ten years.

## Ending

The tenant may end this lease on a notice of six months.

## Animals

No animals are kept.
""",
    "handbook.md": "# Handbook\n\nThe NDA is kept by the secretary, and so is the salary list. Four people voted by ballot on the lease.\n",
}


@pytest.fixture(name="retriever", scope="module")
def _retriever(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retriever]:
    folder = tmp_path_factory.mktemp("naming")
    for name, text in TEXTS.items():
        (folder / name).write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ingest.library.encoder_of", lambda settings, fingerprint=None: FakeEncoder())
        with Library.open(folder.parent / "library", create=True) as library:
            library.ingest(folder)
            with library.reading():
                yield Retriever(library)


def named(retriever: Retriever, question: str) -> set[str]:
    return {document for naming in namings(retriever.library, question) for document in naming.documents}


@pytest.mark.parametrize(
    ("question", "documents"),
    [
        ("How long does the NDA last?", {"nda-falcon.md"}),
        ("What is the deposit under the lease?", {"lease-wharf.md"}),
        ("Does the employment contract say anything on holidays?", {"employment-mbeki.md"}),
        ("What is the term of the MNDA (Mutual Non-Disclosure Agreement)?", {"nda-falcon.md"}),
        ("Are the terms of the NDA those of the lease?", {"nda-falcon.md", "lease-wharf.md"}),
        # The text says it itself, a contract is no certain one, and of a lease there may be many.
        ("Who is Mbeki?", set()),
        ("What is the term of the contract?", set()),
        ("What is a lease?", set()),
        ("What does the employment contractor get?", set()),
        ("What is the deposit of the lease of the barn?", set()),
        ("What does the rental contract say?", set()),
    ],
)
def test_which_documents_a_question_names(retriever: Retriever, question: str, documents: set[str]) -> None:
    assert named(retriever, question) == documents


def test_a_question_that_names_a_document_is_answered_from_it(retriever: Retriever) -> None:
    answer = retriever.ask("Under the NDA, when are papers returned?")
    assert {hit.passage.document for hit in answer.evidence} == {"nda-falcon.md"}
    assert answer.searched_for == "Under the NDA, when are papers returned?"
    assert {hit.passage.document for hit in retriever.ask("Who has the papers?").evidence} == set(TEXTS)


def test_a_scope_that_is_given_is_kept(retriever: Retriever) -> None:
    answer = retriever.ask("What is the term of the NDA?", documents=["lease-wharf.md"])
    assert {hit.passage.document for hit in answer.evidence} == {"lease-wharf.md"}


def test_a_document_is_searched_by_its_title(retriever: Retriever) -> None:
    library = retriever.library
    assert by_title(library, "Is it in the NDA?") == "Is it in the Mutual Non-Disclosure Agreement?"
    spelled = "Is it in the MNDA (Mutual Non-Disclosure Agreement)?"
    assert by_title(library, spelled) == "Is it in the Mutual Non-Disclosure Agreement?"
    assert by_title(library, "Is it in the lease?") == "Is it in the lease?"


@pytest.mark.parametrize(
    ("turns", "question", "searched_for"),
    [
        (["What is the term of the NDA?"], "And the lease?", "What is the term of the lease?"),
        (["What notice ends the lease?"], "in the employment contract?", "What notice ends the employment contract?"),
        (["Who may end it?"], "And under the NDA?", "Who may end it under the NDA?"),
        (["What is the term of the NDA?", "And the lease?"], "And the NDA?", "What is the term of the NDA?"),
    ],
)
def test_the_last_question_is_put_to_another_document(
    retriever: Retriever, turns: list[str], question: str, searched_for: str
) -> None:
    history = [turn for text in turns for turn in (Turn("user", text), Turn("assistant", "Not in your documents."))]
    assert retriever.ask(question, history).searched_for == searched_for


def test_who_stands_at_the_head_of_one_document(retriever: Retriever) -> None:
    library = retriever.library
    title = "the Contract of Employment"
    assert introduced(library, "How much holiday does Daniel get?", None) == (
        "employment-mbeki.md",
        f"How much holiday does {title} get?",
    )
    assert introduced(library, "What is Daniel Mbeki's salary?", None) == (
        "employment-mbeki.md",
        f"What is {title}'s salary?",
    )
    assert introduced(library, "What does Greystone pay?", None) is None  # two documents
    assert introduced(library, "What does Greystone pay?", {"lease-wharf.md"}) is not None
    assert introduced(library, "What does the secretary pay?", None) is None


def test_what_is_asked_of_a_name_is_sought_in_its_document(
    retriever: Retriever, monkeypatch: pytest.MonkeyPatch
) -> None:
    def by_words(query: Query, *_: object) -> float:
        return 0.5 if "Contract of Employment" in query.parts[0].text else 0.2

    monkeypatch.setattr("retriever.looked.estimate", by_words)
    answer = retriever.ask("How many days of holiday does Daniel get?")
    assert answer.citations[0].quote == "You are entitled to 27 days of holiday a year."
    assert answer.searched_for == "How many days of holiday does Daniel get?"
    # What stands nowhere stands not there; and a search lists what there is.
    assert not retriever.ask("How many zebras does Daniel ride?").answered
    assert {hit.passage.document for hit in retriever.search("What does Daniel get?").hits} == set(TEXTS)


def test_one_of_a_series_is_named_by_its_number(library: Library, tmp_path: Path) -> None:
    for name in ("pep-0007.md", "pep-0008.md", "pep-0257.md", "pd-1.md", "notes.md"):
        (tmp_path / name).write_text(f"# On {name}\n\nLines have 79 characters, says PEP 8 of PD 1.")
    library.ingest(tmp_path)
    with library.reading():
        for question, documents in (
            ("What does PEP 8 say about lines?", {"pep-0008.md"}),
            ("pep 257", {"pep-0257.md"}),
            ("Is PEP 8 newer than PEP 7?", {"pep-0008.md", "pep-0007.md"}),
            ("What is PEP 80?", set()),
            (f"Letters of {'one and another ' * 10}in PEP 8 (1979), 629-630", set()),
            ("What is PEP 8.1?", set()),
            ("What does PD 1 do?", set()),
        ):
            found = {name for naming in namings(library, question) for name in naming.documents}
            assert found == documents, question


def test_a_follow_up_may_turn_to_another_of_a_series(library: Library, tmp_path: Path) -> None:
    for name in ("pep-0007.md", "pep-0008.md", "notes.md"):
        (tmp_path / name).write_text(f"# On {name}\n\nLines of {name} have 79 characters.")
    library.ingest(tmp_path)
    found = Retriever(library).search("And PEP 7?", history=[Turn("user", "How long are lines in PEP 8?")])
    assert found.searched_for == "How long are lines in PEP 7?"
    assert {hit.passage.document for hit in found.hits} == {"pep-0007.md"}


FILES = {
    "book/ch10-02-traits.md": "# Shared Behavior\n\nWe define a method with a signature. So says nda-falcon.md.",
    "book/ch10-03-lifetimes.md": "# References\n\nA method has a signature, too. The covid-19 vaccine is new.",
    "book/ch11-01-tests.md": "# Tests\n\nA test is a method with an attribute.",
    "covid-19-vaccines.md": "# Vaccines\n\nA covid-19 vaccine is a method with a signature.",
    "letters/My Report 2024.txt": "The method is new. The signature is old.",
    "a\nb\nc.md": "# Odd name\n\nThe method is odd.",
    "nda-falcon.md": "# Agreement\n\nThe method is secret.",
    **{f"{folder}/README.md": f"# {folder}\n\nThe method of {folder}." for folder in ("one", "two", "three", "four")},
}


@pytest.mark.parametrize(
    ("question", "documents"),
    [
        ("What does ch10-02-traits.md say about a method?", {"book/ch10-02-traits.md"}),
        ("What does ch10-02 say about a method?", {"book/ch10-02-traits.md"}),
        ("a method, according to `CH10-02-traits`", {"book/ch10-02-traits.md"}),
        ("Is it in ch10-02 or in book/ch10-03-lifetimes.md?", {"book/ch10-02-traits.md", "book/ch10-03-lifetimes.md"}),
        ("What is said in /home/me/book/ch11-01-tests.md?", {"book/ch11-01-tests.md"}),
        ("What is in my report 2024.txt?", {"letters/My Report 2024.txt"}),
        ("What is in one/README.md?", {"one/README.md"}),
        # Of four documents called so, a part of a name, another suffix, and what others speak of.
        ("What is in README.md?", set()),
        ("What is in 2024.csv, in falcon.md and in 10-02-traits.md?", set()),
        ("What is in ch10-0, ch10-02-traits.txt and ch10-02-trait?", set()),
        ("What does covid-19 do?", set()),
        ("What does nda-falcon.md say?", set()),
        (f"Of {'this or that ' * 10}in ch10-02", set()),
    ],
)
def test_a_file_is_called_by_its_name(library: Library, tmp_path: Path, question: str, documents: set[str]) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    library.ingest(tmp_path)
    with library.reading():
        assert {name for naming in namings(library, question) for name in naming.documents} == documents


def test_a_file_that_is_named_is_searched_alone_and_by_its_title(library: Library, tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    library.ingest(tmp_path)
    with library.reading():
        asked = "What does the file my report 2024.txt, or the ch10-02-traits.md, say?"
        assert by_title(library, asked) == "What does the file the My Report 2024, or the Shared Behavior, say?"
    retriever = Retriever(library)
    found = retriever.search("What is the signature in my report 2024.txt?")
    assert {hit.passage.document for hit in found.hits} == {"letters/My Report 2024.txt"}
    found = retriever.search("And in ch10-02?", history=[Turn("user", "What is the method in ch11-01?")])
    assert found.searched_for == "What is the method in ch10-02?"
    assert {hit.passage.document for hit in found.hits} == {"book/ch10-02-traits.md"}


@pytest.mark.parametrize(("named", "answered"), [("lease", True), ("employment contract", False)])
def test_others_answer_that_say_the_name_where_the_named_document_does_not(
    retriever: Retriever, monkeypatch: pytest.MonkeyPatch, named: str, answered: bool
) -> None:
    def of_handbook(query: Query, candidates: Sequence[Candidate], *_: object) -> float:
        return 0.5 if any(c.passage.document == "handbook.md" for c in candidates) else 0.1

    monkeypatch.setattr("retriever.looked.estimate", of_handbook)
    answer = retriever.ask(f"Who voted by ballot on the {named}?")
    assert answer.answered == answered
    assert {c.passage.document for c in answer.citations[:1]} == ({"handbook.md"} if answered else set())
