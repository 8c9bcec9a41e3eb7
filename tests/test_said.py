"""A further question is answered with something new, where that is nearly as likely."""

import numpy as np
import pytest

from ingest import Passage
from retriever import Turn
from retriever.choose import Sentence
from retriever.said import SAID, less_of_the_same
from retriever.search import Candidate

TEXTS = ("Cats purr at night.[3]", "Dogs bark.", "Ants dig.")


def ranked(*scores: float) -> list[Sentence]:
    of = Candidate(1, Passage("d.md", "", None, None, 0, 9, "x" * 9), np.zeros((0, 1), np.float32), 1.0, {}, {}, 0.0)
    return [Sentence(of, 0, 9, text, score, {}) for text, score in zip(TEXTS, scores, strict=True)]


def order(question: str, history: list[Turn], *scores: float) -> list[str]:
    return [s.text for s in less_of_the_same(question, ranked(*scores), history)]


@pytest.mark.parametrize(
    ("second", "first"),
    [(5 - SAID / 2, TEXTS[1]), (5 - 2 * SAID, TEXTS[0])],
    ids=["nearly as likely", "far less likely"],
)
def test_what_was_quoted_comes_after_what_is_nearly_as_likely(second: float, first: str) -> None:
    history = [Turn("user", "What purrs?"), Turn("assistant", "Cats purr at night. [1]")]
    assert order("What barks?", history, 5, second, 0)[0] == first


def test_without_an_earlier_answer_and_for_the_same_question_nothing_changes() -> None:
    asked = Turn("user", "What purrs?")
    for history in ([], [asked], [asked, Turn("assistant", "Cats purr at noon. Dogs never bark.")]):
        assert order("What barks?", history, 5, 4.9, 4.8) == list(TEXTS)
    history = [asked, Turn("assistant", "Cats purr at night. [1]")]
    assert order("what purrs", history, 5, 4.9, 4.8) == list(TEXTS)
