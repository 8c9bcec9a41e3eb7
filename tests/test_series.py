"""Documents of a series that a question names by their number."""

from collections.abc import Iterator

import pytest

from ingest import Library
from retriever import Retriever, Turn
from retriever.naming import namings
from retriever.series import Span, said_elsewhere

TEXTS = {
    **{
        f"minutes-{number}.md": f"# Minutes of board meeting {number}\n\nChair: {chair}\n\nThe minutes of meeting "
        f"{number - 1} were approved.\n\nThe board chose {place} for the next store.\n"
        for number, chair, place in ((11, "Ann Lee", "Ipswich"), (12, "Bob Ray", "Harwich"), (13, "Cleo Orr", "Leeds"))
    },
    **{
        f"contract-v{number}.md": f"# Supply Contract\n\nVersion {number}\n\n2.1 Either party may end this contract on a "
        f"notice of {days} days.\n"
        for number, days in ((1, 60), (2, 90))
    },
    "lecture-03-light.md": "# Lecture 3: Light\n\nGiven by Dr Thornbury.\n",
    "lecture-04-breath.md": "# Lecture 4: Breath\n\nGiven by Dr Brandt.\n",
    "lecture-05-heat.md": "# Lecture 5: Heat\n\nGiven by Dr Xu.\n",
    "phase-2.md": "# A phase 2 trial of zafirol\n\nZafirol was given.\n",
    "phase-3.md": "# A phase 3 trial of zafirol\n\nZafirol was given.\n",
}


@pytest.fixture(name="library", scope="module")
def _library(encoder_cache: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("texts")
    for name, text in TEXTS.items():
        (folder / name).write_text(text, "utf-8")
    with Library.open(tmp_path_factory.mktemp("series") / "library", create=True) as library:
        library.ingest(folder)
        yield library


@pytest.mark.parametrize(
    ("question", "documents"),
    [
        ("Who chaired meeting 12?", {"minutes-12.md"}),
        ("Who chaired meeting no. 12?", {"minutes-12.md"}),
        ("minutes 13", {"minutes-13.md"}),
        ("Who gave lecture 4?", {"lecture-04-breath.md"}),
        ("What is the notice in version 2?", {"contract-v2.md"}),
        ("What is the notice in v1?", {"contract-v1.md"}),
        ("What changed between version 1 and version 2?", {"contract-v1.md", "contract-v2.md"}),
        ("What is version 2.1?", set()),
        ("Who chaired meeting 14?", set()),
        ("What did the phase 3 trial find?", set()),
        ("Which 12 people met?", set()),
    ],
)
def test_one_of_a_series_is_named_by_its_number(library: Library, question: str, documents: set[str]) -> None:
    with library.reading():
        assert {name for naming in namings(library, question) for name in naming.documents} == documents


def test_only_what_is_named_answers(library: Library) -> None:
    answer = Retriever(library).ask("What is the notice in version 2?")
    assert {c.passage.document for c in answer.citations} == {"contract-v2.md"}
    assert "90 days" in answer.citations[0].quote


def test_a_follow_up_may_turn_to_another(library: Library) -> None:
    answer = Retriever(library).ask("And in version 2?", [Turn("user", "What is the notice in version 1?")])
    assert answer.searched_for == "What is the notice in version 2?"
    assert "90 days" in answer.citations[0].quote


def test_others_are_heard_for_what_they_say_of_it(library: Library) -> None:
    text = library.text("minutes-13.md")
    start = text.index("meeting 12")
    with library.reading():
        said = said_elsewhere(library, "meeting 12", frozenset(("minutes-12.md",)))
    assert said == [Span("minutes-13.md", start, start + len("meeting 12"))]
    answer = Retriever(library).ask("Were the minutes of meeting 12 approved?")
    quotes = {(c.passage.document, c.quote) for c in answer.citations}
    assert ("minutes-13.md", "The minutes of meeting 12 were approved.") in quotes
    assert all(document == "minutes-12.md" or "meeting 12" in quote for document, quote in quotes)
