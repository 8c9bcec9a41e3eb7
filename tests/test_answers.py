"""The values that come out: they refuse to be wrong, and their dictionaries are the contract's."""

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import Passage
from retriever import Answer, Citation, Found, Hit, LibraryState, Turn
from retriever.answers import conversation, readable

PASSAGE = Passage("a/b.md", "Title", "Title > Heading", 3, 10, 40, "Alpha beta. Gamma 🧬 delta ends")
HIT = Hit(PASSAGE, 0.123456789, {"dense": 1, "late": 2})


def cite(**changes: Any) -> Citation:
    values: dict[str, Any] = {"number": 1, "passage": PASSAGE, "start": 22, "end": 29, "quote": "Gamma 🧬"}
    return Citation(**(values | changes))


def answer(**changes: Any) -> Answer:
    values: dict[str, Any] = {
        "question": "Q?", "searched_for": "Q?", "answered": True, "text": "Gamma 🧬 [1]", "confidence": 0.87654321,
        "citations": (cite(page=4),), "evidence": (HIT,), "library": LibraryState(7, 2, 30),
        "timings_ms": {"search": 1.23456, "total": 5.0},
    }  # fmt: skip
    return Answer(**(values | changes))


def test_a_citation_is_its_quote() -> None:
    assert cite().quote == PASSAGE.text[12:19]
    assert cite(start=10, end=40, quote=PASSAGE.text).verdict == "exact"


@pytest.mark.parametrize(
    "wrong",
    [
        {"quote": "Gamma"},
        {"quote": "gamma 🧬"},
        {"quote": ""},
        {"start": 21},
        {"end": 30},
        {"start": 22, "end": 22, "quote": ""},
        {"start": 29, "end": 22},
        {"start": 9, "end": 15, "quote": "Alpha"},
        {"start": 36, "end": 41, "quote": "ends"},
        {"start": -18, "end": -11},
    ],
)
def test_a_citation_with_a_wrong_quote_cannot_be_made(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="the quote is not at .* of a/b.md"):
        cite(**wrong)


@given(start=st.integers(0, 50), end=st.integers(0, 50))
def test_exactly_the_spans_of_the_passage_can_be_quoted(start: int, end: int) -> None:
    quote = PASSAGE.text[max(start - 10, 0) : max(end - 10, 0)]
    if 10 <= start < end <= 40:
        assert cite(start=start, end=end, quote=quote).quote == quote
    else:
        with pytest.raises(ValueError, match="not at"):
            cite(start=start, end=end, quote=quote)


def test_the_dictionaries_are_those_of_the_contract() -> None:
    """Key by key, in the order of the contract; and JSON can be made of them."""
    found = answer().to_dict()
    assert found == {
        "question": "Q?",
        "searched_for": "Q?",
        "answered": True,
        "text": "Gamma 🧬 [1]",
        "confidence": 0.8765,
        "citations": [
            {
                "number": 1, "document": "a/b.md", "title": "Title", "heading": "Title > Heading", "page": 4, "start": 22,
                "end": 29, "quote": "Gamma 🧬", "verdict": "exact",
            }
        ],
        "evidence": [
            {
                "document": "a/b.md", "title": "Title", "heading": "Title > Heading", "page": 3, "start": 10, "end": 40,
                "text": PASSAGE.text, "score": 0.123457, "found_by": {"dense": 1, "late": 2},
            }
        ],
        "library": {"generation": 7, "documents": 2, "passages": 30},
        "timings_ms": {"search": 1.23, "total": 5.0}, "note": None,
    }  # fmt: skip
    assert json.loads(json.dumps(found)) == found
    assert list(found) == [
        "question", "searched_for", "answered", "text", "confidence", "citations", "evidence", "library", "timings_ms",
        "note",
    ]  # fmt: skip
    assert Found("Q", (HIT,)).to_dict() == {"searched_for": "Q", "hits": [HIT.to_dict()]}


def test_what_a_source_lacks_is_none() -> None:
    bare = dataclasses.replace(PASSAGE, heading=None, page=None)
    assert Hit(bare, 0.0, {}).to_dict() | {"text": ""} == {
        "document": "a/b.md", "title": "Title", "heading": None, "page": None, "start": 10, "end": 40, "text": "",
        "score": 0.0, "found_by": {},
    }  # fmt: skip
    assert cite(passage=bare).to_dict()["page"] is None


def test_answers_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        answer().text = "other"  # type: ignore[misc]


def test_a_conversation_is_turns() -> None:
    turns: list[Any] = [
        {"role": "user", "text": "Hi", "more": 1},
        Turn("assistant", "Yes"),
        {"role": "user", "text": ""},
    ]
    assert conversation(iter(turns)) == (Turn("user", "Hi"), Turn("assistant", "Yes"), Turn("user", ""))
    assert conversation(()) == ()


@pytest.mark.parametrize(
    "turns",
    [
        "user",
        b"user",
        {"role": "user", "text": "Hi"},
        [None],
        ["Hi"],
        [("user", "Hi")],
        [{"role": "user"}],
        [{"text": "Hi"}],
        [{"role": "User", "text": "Hi"}],
        [{"role": ["user"], "text": "Hi"}],
        [{"role": "user", "text": None}],
    ],
)
def test_what_is_no_conversation_is_refused(turns: Any) -> None:
    with pytest.raises(ValueError, match='"role": "user" or "assistant"'):
        conversation(turns)


@given(text=st.text())
def test_readable_text_can_be_written(text: str) -> None:
    assert readable(text) == text
    assert readable(f"{text}\ud800") == f"{text}\ufffd"
    assert readable("\ud83e\uddec") == "🧬"
    readable(f"\udc80{text}").encode("utf-8")
