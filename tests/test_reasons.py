"""Questions for a reason: what only says again what was asked is quoted with what gives the reason."""

from collections.abc import Sequence

import numpy as np
import pytest

from ingest import Passage, sentences
from retriever import Citation
from retriever.choose import Sentence
from retriever.search import Candidate
from retriever.write import MAX_QUOTES, write

OFFSET = 100
BOILER = (
    "The boiler in block B will be replaced in October. During this week there will be no hot water. The work is done "
    "by Brandt Heating because the old boiler failed its inspection."
)
TRIP = "The school trip to York has been cancelled. Parents get their money back by 3 June. Too few had signed up."
TOASTER = (
    "Shipping of the toaster is delayed. There are two reasons for this. The factory was flooded in May. The plug is "
    "still being tested. Kettles are in stock."
)
HISTORIANS = (
    "Historians disagree about the reasons for the victory. Dunmore holds that money decided it. Hale thinks that the "
    "company feared for its trade. The quay was rebuilt."
)


def quoted(text: str, question: str, best: int = 0) -> Sequence[Citation]:
    """The citations of an answer from `text`, of which sentence `best` is the likeliest by far."""
    of = Passage("d.md", "Title", None, 1, OFFSET, OFFSET + len(text), text)
    candidate = Candidate(1, of, np.zeros((0, 1), np.float32), 1.0, {}, {}, 0.0)
    ranked = [
        Sentence(candidate, OFFSET + s, OFFSET + e, text[s:e], 9.0 if i == best else -9.0, {})
        for i, (s, e) in enumerate(sentences(text))
    ]
    citations = write(question, sorted(ranked, key=lambda s: -s.score), lambda of, offset: None)[1]
    for citation in citations:
        assert text[citation.start - OFFSET : citation.end - OFFSET] == citation.quote
    return citations


@pytest.mark.parametrize(
    ("text", "question", "begin", "end"),
    [
        (BOILER, "Why was the boiler replaced?", "The boiler in block B", "failed its inspection."),
        (BOILER, "What is the reason for replacing the boiler?", "The boiler in block B", "failed its inspection."),
        (BOILER, "how come the boiler is replaced", "The boiler in block B", "failed its inspection."),
        (TRIP, "why was the trip cancelled", "The school trip", "Too few had signed up."),
        (TOASTER, "Why is shipping of the toaster delayed?", "Shipping of the toaster", "still being tested."),
        (HISTORIANS, "Why did the strike succeed?", "Historians disagree", "feared for its trade."),
        (
            "The mill burned down in 1871. A hot bearing caused the fire.",
            "Why did the mill burn down?",
            "The m",
            "fire.",
        ),
    ],
)
def test_the_reason_follows_what_says_the_question_again(text: str, question: str, begin: str, end: str) -> None:
    citations = quoted(text, question)
    assert 1 <= len(citations) <= MAX_QUOTES
    assert citations[0].quote.startswith(begin)
    assert citations[-1].quote.endswith(end)


def test_a_reason_in_the_next_paragraph_is_of_the_thing_asked_for() -> None:
    text = "The boiler will be replaced in May.\n\nThe stairs are wet because it rained. The boiler leaks because it is old."
    assert [c.quote for c in quoted(text, "Why is the boiler replaced?")] == [
        "The boiler will be replaced in May.",
        "The boiler leaks because it is old.",
    ]


@pytest.mark.parametrize(
    ("text", "question"),
    [
        (BOILER, "When is the boiler replaced?"),  # asks for no reason
        (TRIP.replace("cancelled", "cancelled because of snow"), "why was the trip cancelled"),  # gives one
        ("The pump was moved. It has stood there since 1990. He had seven children.", "Why was the pump moved?"),
        (
            "Hoping for cheap coal and steady wages, the guild of weavers moved the mill. It burned because of a lamp.",
            "Why was the mill moved?",  # tells why in its own way
        ),
        ("Rain fell on the fair. The mayor left because of a cold.", "Why was the mill closed?"),  # something else
    ],
)
def test_else_the_quote_stays(text: str, question: str) -> None:
    assert [c.quote for c in quoted(text, question)] == [text[slice(*next(iter(sentences(text))))]]
