"""Paragraphs and sentences: spans in order that lose nothing but white space."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import paragraphs, sentences

PIECES = [
    "T cells kill", "PD-1", "e.g.", "Dr. Who", "3.5 mg", "免疫疗法", "🧬", "e\u0301", "- item", "1. one", "a) two", "x | y", "\u2028",
    ". ", "! ", "? ", "。", " ", "\t", "\n", "\n\n", "\n \t\n", ": ", "\u00a0", "(", ")", '"',
]  # fmt: skip
texts = st.one_of(st.text(max_size=200), st.lists(st.sampled_from(PIECES), max_size=60).map("".join))


def shown(text: str) -> list[str]:
    return [text[s:e] for s, e in sentences(text)]


def test_a_sentence_keeps_the_marks_of_its_notes() -> None:
    assert shown("It helps by 40 minutes.[2] More so later. [1][12] Then not [3].") == [
        "It helps by 40 minutes.[2]",
        "More so later. [1][12]",
        "Then not [3].",
    ]


def test_a_sentence_goes_on_after_a_mark_that_is_a_name() -> None:
    text = "The ? operator returns early. The panic! macro does not. Really? Yes! Good."
    assert shown(text) == ["The ? operator returns early.", "The panic! macro does not.", "Really?", "Yes!", "Good."]


@settings(max_examples=200, deadline=None)
@given(text=texts)
def test_spans_are_in_order_and_lose_nothing_but_white_space(text: str) -> None:
    for spans in (list(paragraphs(text)), list(sentences(text))):
        assert all(s < e for s, e in spans)
        assert all(before[1] <= after[0] for before, after in pairwise(spans))
        assert all(text[s:e] == text[s:e].strip() for s, e in spans)
        gaps = zip([0, *(e for _, e in spans)], [*(s for s, _ in spans), len(text)], strict=True)
        assert all(not text[s:e].strip() for s, e in gaps)


@settings(max_examples=200, deadline=None)
@given(text=texts)
def test_a_sentence_lies_in_one_paragraph(text: str) -> None:
    inside = list(paragraphs(text))
    for s, e in sentences(text):
        assert any(first <= s and e <= last for first, last in inside)
        assert "\n\n" not in text[s:e]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n\n ", []),
        ("One.", ["One."]),
        ("T cells kill. B cells do not.", ["T cells kill.", "B cells do not."]),
        ("Dr. Smith gave 3.5 mg. It helped.", ["Dr. Smith gave 3.5 mg.", "It helped."]),
        ("A line\ngoes on. Next.", ["A line\ngoes on.", "Next."]),
        ("Heading\n\nText.", ["Heading", "Text."]),
        ("Drugs:\n- one\n- two and\n  more", ["Drugs:", "- one", "- two and\n  more"]),
        ("1. First.\n2. Second.", ["1. First.", "2. Second."]),
        ("Name | Dose\nA | 1 mg\nB | 2 mg", ["Name | Dose", "A | 1 mg", "B | 2 mg"]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert shown(text) == expected


def test_paragraphs_are_parted_by_blank_lines_of_any_kind() -> None:
    text = "\n One \n \t\nTwo\nlines\n\n\n\nThree  "
    assert [text[s:e] for s, e in paragraphs(text)] == ["One", "Two\nlines", "Three"]
