"""Follow-ups that only name another thing: the last question is put of that, where it is not answered otherwise."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from ingest import Document, Library, Settings
from retriever import Retriever, Turn
from retriever.instead import Thing, asked_of_the_same, asks_more, instead, thing_of
from retriever.resuming import as_put, put_anew

TEXTS = {
    "will.md": "# Last Will and Testament of Arthur Bellweather\n\n## Executors\n\n1. I appoint my daughter Miriam.\n\n"
    "## Specific gifts\n\n3. I give my Bechstein piano to my granddaughter Sophie Lang.\n\n4. I give my collection of "
    "survey maps to the Shropshire Archives.\n\n5. I give my fishing cottage at Aberdovey to my son Edmund, free of any "
    "mortgage charged on it at my death.\n",
    "licence.md": "# Licence of Meridian Maps\n\nMeridian Maps gets a fee. The maps are kept by the licensee.\n",
    "zafirol.md": "# Zafirol\n\nThe drug Zafirol is made by Norgate in Leeds. The dose of Zafirol is 20 mg.\n",
}


@pytest.fixture(name="retriever", scope="module")
def _retriever(encoder_cache: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retriever]:
    """A library of TEXTS with the real encoder, whose judgement decides."""
    folder = tmp_path_factory.mktemp("texts")
    for name, text in TEXTS.items():
        (folder / name).write_text(text, "utf-8")
    settings = Settings(decline_below=0.05)  # in three passages nothing stands out
    with Library.open(tmp_path_factory.mktemp("instead") / "library", create=True, settings=settings) as library:
        library.ingest(folder)
        yield Retriever(library)


PIANO = [Turn("user", "Who gets the piano?"), Turn("assistant", "I give my Bechstein piano to Sophie Lang. [1]")]
DRUG = [Turn("user", "Who makes the drug Zafirol?"), Turn("assistant", "Zafirol is made by Norgate in Leeds. [1]")]


@pytest.mark.parametrize(("thing", "quoted"), [("cottage", "fishing cottage"), ("maps", "survey maps")])
def test_another_thing_is_asked_of_as_the_one_before(retriever: Retriever, thing: str, quoted: str) -> None:
    answer = retriever.ask(f"And the {thing}?", PIANO)
    assert (answer.question, answer.searched_for) == (f"And the {thing}?", f"Who gets the {thing}?")
    first = answer.citations[0]
    assert first.passage.document == "will.md", "which was spoken of"
    assert quoted in first.quote


def test_another_side_of_the_same_thing_is_not(retriever: Retriever) -> None:
    answer = retriever.ask("And the dose?", DRUG)
    assert answer.searched_for.startswith("And the dose? (about: ")
    assert "20 mg" in answer.citations[0].quote


def test_a_thing_that_is_not_answered_with_what_was_said_before_is_asked_of_alone(
    retriever: Retriever, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retriever.library, "settings", replace(retriever.library.settings, decline_below=0.2))
    before = [Turn("user", "Can I buy a hamster for a child?"), Turn("assistant", "Not in your documents.")]
    answer = retriever.ask("What about the licensee?", before)
    assert (answer.searched_for, answer.answered) == (answer.question, True)


@pytest.mark.parametrize(
    ("asked", "further", "put"),
    [
        (["Which drugs block CTLA-4 in Europe?"], "And PD-1?", "Which drugs block PD-1 in Europe?"),
        (["Has India a CAR-T product?"], "and what about Spain?", "Has Spain a CAR-T product?"),
        (["Do we pay the First Lady?", "What about Ivanka?"], "And Jared?", "Do we pay Jared?"),
        (["How soon is a severity 2 fault mended?"], "And severity 3?", "How soon is a severity 3 fault mended?"),
        (["What is the quorum of the meeting?"], "And the committee?", None),
        (["When does the lease end?"], "And the licence?", "When does the licence end?"),
        (["how long does the lentil soup take?"], "and the chicken?", "how long does the chicken take?"),
        (["How many may the blue boat carry?"], "And the barge?", "How many may the barge carry?"),
        (["When does the price of tea rise?"], "And the cup?", None),
        (["Can the tenant keep a dog?"], "And the guest?", None),
        (["Who knows Bob and Eve?"], "And Ann?", None),
        (["What is the dose of BCG in adults?"], "And in children?", "What is the dose of BCG in children?"),
        (["Who signed for the tenant?"], "And for the landlord?", "Who signed for the landlord?"),
        (["phone number of Ann Lee"], "And of Bob Ray?", "phone number of Bob Ray"),
        (["How is BCG given?"], "And in children?", None),
        (["What does error 409 mean?"], "And 422?", "What does error 422 mean?"),
        (["What was the budget for 2024?"], "And in 2023?", "What was the budget for 2023?"),
        (["What blocks complex IV?"], "And complex I?", "What blocks complex I?"),
        (["When is the midterm?", "How much does it count?"], "And the essay?", "How much does the essay count?"),
        (["What took its place?"], "And the drug?", None),
        (["What is the price of the Orca 200?"], "And the Skua?", "What is the price of the Skua?"),
        (["What is the site of the Skua?"], "And of the Orca 200?", "What is the site of the Orca 200?"),
        (["How much is the Orca 200?"], "And the Orca 300?", "How much is the Orca 300?"),
        (["Can I keep a dog?"], "What about the heating?", None),
        (["Can I work from home during it?"], "What about warehouse staff?", None),
    ],
)
def test_what_is_put_is_of_its_kind(asked: list[str], further: str, put: str | None) -> None:
    thing = thing_of(further)
    assert thing is not None
    assert instead(thing, [Turn("user", text) for text in asked]) == put


@pytest.mark.parametrize("question", ["And why?", "What about it?", "And how is it given?", "The cottage?", "And?"])
def test_what_says_more_or_less_names_no_thing(question: str) -> None:
    assert thing_of(question) is None


def test_what_the_names_is_known() -> None:
    assert Thing("the cottage", "cottage").is_known
    assert not Thing("a cottage", "cottage").is_known
    assert not Thing("Edmund", "Edmund").is_known


@pytest.mark.parametrize(
    ("further", "asked", "put"),
    [
        ("By whom?", "When was the lease signed?", "By whom was the lease signed?"),
        ("And by how much?", "Can the fees be increased?", "By how much can the fees be increased?"),
        ("Since when?", "How often is a webhook called?", "Since when is a webhook called?"),
        ("Where?", "Which drug is made by Norgate?", "Where: which drug is made by Norgate?"),
        ("Who else?", "Who is on the board?", "Who else: who is on the board?"),
        ("Why not?", "And may I sublet?", "Why not: may I sublet?"),
    ],
)
def test_what_names_nothing_is_asked_of_all_that_was_said(further: str, asked: str, put: str) -> None:
    more = asks_more(further)
    assert more is not None
    assert asked_of_the_same(more, asked) == put


@pytest.mark.parametrize(
    "question", ["Who is it?", "When did it end?", "What is BCG?", "And the cottage?", "What now?"]
)
def test_what_names_something_does_not_ask_more_of_the_same(question: str) -> None:
    assert asks_more(question) is None


def test_a_bare_question_is_answered_of_what_was_asked(retriever: Retriever) -> None:
    answer = retriever.ask("Where?", DRUG)
    assert answer.searched_for == "Where: who makes the drug Zafirol?"
    assert "Leeds" in answer.citations[0].quote
    further = retriever.ask("How?", [*PIANO, Turn("user", "And the cottage?"), Turn("assistant", "To Edmund. [1]")])
    assert further.searched_for == "How: who gets the cottage?"


def test_a_thing_that_was_named_alone_is_what_is_spoken_of_then(library: Library) -> None:
    texts = ("Okapirin: 2 g. Price: 3.", "Gnumycin: 9 mg. Price: 8.", "The price rises.", "A dose is a dose.")
    library.ingest_documents(Document(id=f"{i}", title="", text=text, sha256="") for i, text in enumerate(texts))
    turns = [Turn("user", "What is the dose of okapirin?"), Turn("assistant", "2 g"), Turn("user", "And gnumycin?")]

    def meant(question: str, *more: str) -> list[str]:
        with library.reading():
            return [turn.text for turn in as_put(library, question, [*turns, *(Turn("user", text) for text in more)])]

    assert meant("And in children?") == ["What is the dose of gnumycin?"]
    assert meant("And its price?") == ["What is gnumycin?"]
    # What is held more often is another side of the same.
    assert meant("And in children?", "And price?") == ["What is the dose of gnumycin?", "And price?"]
    assert meant("And in children?", "And its price?", "And okapirin?") == ["What is the dose of okapirin?"]


def test_another_of_a_kind_is_what_is_spoken_of_then(library: Library) -> None:
    texts = ("Green bin: paper.", "Blue bin: glass.", "The blue sea.", "The blue sky.", "Leaves are blue.")
    library.ingest_documents(Document(id=f"{i}", title="", text=text, sha256="") for i, text in enumerate(texts))
    turns = [Turn("user", "When is the green bin collected?")]
    with library.reading():
        assert put_anew(library, "And the blue one?", turns) == "When is the blue bin collected?"
        meant = as_put(library, "What goes in it?", [*turns, Turn("user", "And the blue one?")])
        assert meant == [Turn("user", "What is the blue bin?")]
        assert put_anew(library, "And the other one?", turns) is None
        assert put_anew(library, "And the old one?", [Turn("user", "When is the museum open?")]) is None


def test_a_name_in_place_of_a_name_is_spoken_of_however_often_it_is_held(library: Library) -> None:
    texts = ("Orca 200: Hull.", "Orca 300: Hull.", "The Orca sells.", "The Skua is at Stavanger.")
    library.ingest_documents(Document(id=f"{i}", title="", text=text, sha256="") for i, text in enumerate(texts))
    turns = [Turn("user", "What is the site of the Skua?"), Turn("user", "And of the Orca 200?")]
    with library.reading():
        assert as_put(library, "And its price?", turns) == [Turn("user", "What is the Orca 200?")]
        elsewhere = [Turn("user", "How much is the Orca in Hull?"), Turn("user", "And in Leeds?")]
        assert as_put(library, "Is it insured?", elsewhere) == [Turn("user", "How much is the Orca in Leeds?")]


def test_another_year_is_put_in_place_of_the_one_that_was_asked_of(library: Library) -> None:
    turns = [Turn("user", "What does clause 4.3 of the 2024 MSA say?"), Turn("user", "And in the 2023 MSA?")]
    with library.reading():
        assert put_anew(library, "And in the 2022 version?", turns) == "What does clause 4.3 of the 2022 MSA say?"
        assert put_anew(library, "And the 2022 budget?", turns) is None
        assert put_anew(library, "And in the 2022 version?", [Turn("user", "What is the fee?")]) is None
