"""Lines that say what is asked and no more: what stands below them is quoted."""

from collections.abc import Iterator

import pytest

from ingest import Library, Passage
from retriever import Retriever
from retriever.below import below_what_is_asked

LOOM = """# Loom

## Repairs

**The shuttle sticks.**
There is wax on the race. Wipe it off with spirit.

**The warp is loose**
The brake has worn. Have it replaced.

**The treadle squeaks.**
Oil the hinge. Wait an hour.

## Smell of burning

Stop the motor at once. Do not open the hood. Call the dealer.

## Storage of the loom

Cover it. Keep it dry.
"""


@pytest.fixture(name="loom", scope="module")
def _loom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retriever]:
    folder = tmp_path_factory.mktemp("loom")
    (folder / "loom.md").write_text(LOOM, "utf-8")
    with Library.open(folder / "library", create=True) as library:
        library.ingest(folder / "loom.md")
    with Retriever.open(folder / "library") as retriever:
        yield retriever


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("shuttle sticks", "There is wax on the race. Wipe it off with spirit."),
        ("why does the shuttle stick?", "There is wax on the race. Wipe it off with spirit."),
        ("what do I do if the shuttle sticks?", "There is wax on the race. Wipe it off with spirit."),
        ("the warp is loose", "The brake has worn. Have it replaced."),
        ("why does the treadle squeak?", "Oil the hinge. Wait an hour."),
        ("smell of burning", "Stop the motor at once. Do not open the hood. Call the dealer."),
    ],
)
def test_the_remedy_is_quoted_and_not_what_went_wrong(loom: Retriever, question: str, quote: str) -> None:
    answer = loom.ask(question)
    citation = answer.citations[0]
    assert citation.quote == quote
    assert loom.text(citation.passage.document)[citation.start : citation.end] == quote


def passage_of(text: str, heading: str | None = None) -> Passage:
    return Passage("loom.md", "Loom", heading, None, 7, 7 + len(text), text)


PARAGRAPH = "The warp is loose. The brake has worn. Have it replaced."


@pytest.mark.parametrize(
    ("text", "question", "quoted"),
    [
        (PARAGRAPH, "why is the warp loose?", "The brake has worn. Have it replaced."),
        (PARAGRAPH.replace("loose.", "loose"), "the warp is loose", "The brake has worn. Have it replaced."),
        (PARAGRAPH, "the warp is still loose on Sundays", PARAGRAPH),
        (PARAGRAPH, "is the warp loose?", None),  # a sentence tells that
        (PARAGRAPH, "when is the warp loose?", None),
        (PARAGRAPH.replace("is", "was", 1), "why was the warp loose?", None),
        (PARAGRAPH, "the brake has worn", None),
        ("The warp is loose on Sundays. It is not worn.", "the warp is loose", None),  # it says more
        ("Marie Kallas Weber wove it. She is dead.", "Marie Kallas", None),  # no line of its own
        ("The warp is loose. " + 81 * "word ", "the warp is loose", None),
        ("The warp is loose. Do this:\n1. Stop.\n2. Wait.", "the warp is loose", None),  # a list is quoted as lists are
    ],
)
def test_what_stands_below(text: str, question: str, quoted: str | None) -> None:
    end = text.find(".") + 1
    span = below_what_is_asked(passage_of(text), 7, 7 + end, question)
    assert (text[span[0] - 7 : span[1] - 7] if span else None) == quoted


def test_below_a_heading_its_paragraph_is_quoted_if_it_says_what_is_asked() -> None:
    text = "Smell of burning\n\nStop the motor. Do not open the hood.\n\nCall us."
    start = text.index("Stop")
    for question, quoted in (
        ("smell of burning", True),
        ("what can I do about a smell of burning in the shed", False),
        ("how is a smell of burning told?", False),
        ("how is burning smelled?", False),  # explained by the sentence that says so
    ):
        for s, e in ((0, 16), (start, start + 15)):
            span = below_what_is_asked(passage_of(text, "Smell of burning"), 7 + s, 7 + e, question)
            assert (text[span[0] - 7 : span[1] - 7] if span else None) == (
                "Stop the motor. Do not open the hood." if quoted else None
            )
