"""A follow-up and its history -> what is searched for.

A turn that stands alone is searched for as it is. One that leans on the conversation ("And in lung
cancer?", "How is it given?") is searched for together with the questions before it, at a lower weight:
the words of the last turn decide, those before it say what they are about.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingest import content_words

from .answers import Turn
from .search import Part

# What the conversation so far counts against the last turn's 1. Measured on two sets of conversations:
# DESIGN.md, "Follow-ups".
HISTORY_WEIGHT = 0.5
# How many questions back the conversation is looked at.
HISTORY_QUESTIONS = 2

_POINTING = re.compile(
    r"\b(it|its|itself|they|them|their|theirs|he|him|his|she|her|hers|this|that|these|those|there|one|ones|"
    r"former|latter|same|such|other|others|another|else|instead|either|neither|both)\b",
    re.IGNORECASE,
)
_OPENERS = re.compile(r"^\W*(and|but|or|so|also|then|what about|how about)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What is searched for: in words, and as weighted parts."""

    searched_for: str
    parts: tuple[Part, ...]


def rewrite(question: str, history: Sequence[Turn]) -> Rewritten:
    """What `question` asks for, given the turns before it (oldest first)."""
    asked = [turn.text.strip() for turn in history if turn.role == "user" and turn.text.strip()]
    if not asked or stands_alone(question):
        return Rewritten(question, (Part(question),))
    before = _subject(asked)
    together = " ".join([*before, question])
    return Rewritten(
        f"{question} (about: {' / '.join(before)})",
        (Part(question, 1.0), Part(together, HISTORY_WEIGHT)),
    )


def stands_alone(question: str) -> bool:
    """Whether a question can be understood without what was said before it.

    >>> stands_alone("How is it given?"), stands_alone("And in lung cancer?")
    (False, False)
    >>> stands_alone("What is the standard dose of tocilizumab in rheumatoid arthritis?")
    True
    """
    if _OPENERS.search(question):
        return False
    if len(content_words(question)) < 3 and len(question.split()) < 6:
        return False
    return not _POINTING.search(question)


def _subject(asked: Sequence[str]) -> list[str]:
    """The questions that say what the conversation is about now: back to the last that stood alone."""
    chosen: list[str] = []
    for text in reversed(asked[-HISTORY_QUESTIONS:]):
        chosen.insert(0, text)
        if stands_alone(text):
            break
    return chosen
