"""What is said to be missing names something: no verb, no degree, nothing of an earlier question."""

from pathlib import Path

import pytest

from ingest import Document, Library
from retriever import Retriever, Turn
from retriever.topics import is_topic, named
from tests.conftest import FakeEncoder


@pytest.mark.parametrize(
    "word", ["omeprazole", "treatment", "Coley", "HER2", "1100", "family", "America", "references", "receptor"]
)
def test_a_noun_a_name_and_a_number_are_topics(word: str) -> None:
    assert is_topic(word)


@pytest.mark.parametrize(
    "word",
    ["worse", "applies", "wrote", "newly", "wants", "Took", "mention", "difference", "someone", "ten", "held", "newer"],
)
def test_verbs_and_degrees_are_not(word: str) -> None:
    assert not is_topic(word)


@pytest.mark.parametrize(
    ("phrase", "question", "names"),
    [
        ("hold it back at that point", "Is there a drug to hold it back at that point?", []),
        ("omeprazole matter", "Does omeprazole matter?", ["omeprazole"]),
        ("onset of acute gout", "Is the onset of acute gout told?", ["onset of acute gout"]),
        ("poach", "Why do they poach?", []),
        ("Poach", "Who is Poach?", ["Poach"]),
        ("released", "When was it released?", []),
        ("interest is charged", "What interest is charged?", ["interest"]),
        ("charged particles", "What do charged particles do?", ["charged particles"]),
        ("breed in the shed", "Is the breed in the shed known?", ["breed in the shed"]),
        ("zebras run oxen", "Do zebras run oxen down?", ["zebras", "oxen"]),
        ("Ebola", "Why isn't the copy the same?", []),
    ],
)
def test_what_is_named(phrase: str, question: str, names: list[str]) -> None:
    assert named([phrase, phrase], question) == names


def test_a_refusal_names_topics_only(
    library_folder: Path, fake_encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fake_encoder
    monkeypatch.setenv("PINCITE_DECLINE_BELOW", "1")  # the words are the matter here
    with Library.open(library_folder, create=True) as library:
        library.ingest_documents([Document("d.md", "", "The kettle is blue and whistles in the morning.", "")])
        asked = Retriever(library).ask
        assert asked("Who wrote worse about zebras?").text == "Not in your documents: nothing found on “zebras”."
        history = [Turn("user", "What about zebras?"), Turn("assistant", "Not in your documents.")]
        assert asked("Why did they apply?", history).text == "Not in your documents."


def test_a_refusal_names_nothing_that_is_held_or_was_carried_over_and_no_long_list(
    library_folder: Path, fake_encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fake_encoder
    monkeypatch.setenv("PINCITE_DECLINE_BELOW", "1")
    monkeypatch.setattr("retriever.confidence.LOOKED_AT", 1)  # the other passages are not among the best
    monkeypatch.setattr("retriever.confidence.COMMON", 1.0)
    texts = [
        "The tenant pays the rent.",
        "The supplier is liable.",
        "The director signs.",
        "Section 2. The deposit is kept.",
    ]
    with Library.open(library_folder, create=True) as library:
        library.ingest_documents([Document(f"{i}.md", "", text, "") for i, text in enumerate(texts)])
        asked = Retriever(library).ask
        assert asked("What is the rent of a tenant, a supplier, or zebras?").text == (
            "Not in your documents: nothing found on “zebras”."
        )
        history = [Turn("user", "What is section 14 of the Tenancy Act?"), Turn("assistant", "The rent.")]
        assert "section 14" not in asked("Who is the supplier's director of it?", history).text
        assert "section 14" in asked("What is section 14 about?", history).text
        assert asked("Is it 11, zebras, 12, oxen, giraffes, 13, lions, or tigers?").text == (
            "Not in your documents: nothing found on “zebras”, “oxen”, “giraffes”."
        )
        here = Retriever(library).ask("Is a supplier a tenant?", documents=["0.md"])
        assert here.text == "Not in your documents: nothing found on “supplier”."


def test_an_answer_says_which_topic_was_not_found(
    library_folder: Path, fake_encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fake_encoder
    monkeypatch.setenv("PINCITE_DECLINE_BELOW", "0")
    with Library.open(library_folder, create=True) as library:
        library.ingest_documents([Document("d.md", "", "The kettle is blue and whistles in the morning.", "")])
        asked = Retriever(library).ask
        assert asked("Are zebras, or the kettle, blue?").note == (
            "Nothing found on “zebras”: this may answer something else."
        )
        assert asked("Is the kettle blue?").note is None
        monkeypatch.setattr("retriever.retriever.SURE", 0.0)
        assert asked("Are zebras, or the kettle, blue?").note, "most of what is asked is nowhere"
        monkeypatch.setattr("retriever.retriever.MOSTLY", 1.0)
        assert asked("Are zebras, or the kettle, blue?").note is None


@pytest.mark.parametrize(
    ("alone", "together", "taken"), [(0.7, 0.72, True), (0.7, 0.9, False), (0.1, 0.1, True), (0.1, 0.12, False)]
)
def test_a_question_that_may_be_whole_is_taken_alone_where_that_is_about_as_likely(
    library_folder: Path,
    fake_encoder: FakeEncoder,
    monkeypatch: pytest.MonkeyPatch,
    alone: float,
    together: float,
    taken: bool,
) -> None:
    assert fake_encoder
    monkeypatch.setattr(
        "retriever.looked.Looked.probability",
        property(lambda looked: together if "about:" in looked.searched_for else alone),
    )
    question = "What happens when the kettle whistles?"
    with Library.open(library_folder, create=True) as library:
        library.ingest_documents([Document("d.md", "", "The kettle is blue. The WIDGET listens on a port.", "")])
        history = [Turn("user", "Which port does the WIDGET listen on?"), Turn("assistant", "The WIDGET listens.")]
        searched_for = Retriever(library).ask(question, history).searched_for
    assert searched_for.startswith(question)
    assert (searched_for == question) == taken


def test_a_figure_that_no_passage_holds_is_missing(
    library_folder: Path, fake_encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fake_encoder
    monkeypatch.setattr("retriever.confidence.MEANT", -1.0)  # all is meant, as 418 is by 429
    monkeypatch.setenv("PINCITE_DECLINE_BELOW", "1")
    with Library.open(library_folder, create=True) as library:
        library.ingest_documents([Document("d.md", "", "Code 429 says that the kettle waits 1,500 seconds.", "")])
        asked = Retriever(library).ask
        assert asked("What is code 418?").text == "Not in your documents: nothing found on “418”."
        assert asked("What is code 429?").text == "Not in your documents."
