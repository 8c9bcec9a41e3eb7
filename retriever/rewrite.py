"""A follow-up and its history -> what is searched for.

A turn that opens a conversation, or changes the subject in so many words, is searched for as it is. Any
other is searched for twice at once: alone, and behind the question that says what the conversation is
about. A turn that leans on what was said ("And in lung cancer?", "How is it given?") counts more in the
second form than one that could stand alone; DESIGN.md, "Follow-ups", has the figures.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingest import content_words

from .answers import Turn
from .search import Part

# What the question in its conversation counts against the question alone, which counts 1.
LEANING_WEIGHT = 2.0
STANDING_WEIGHT = 1.0

_POINTING = re.compile(
    r"\b(it|its|itself|they|them|their|theirs|he|him|his|she|her|hers|this|that|these|those|there|one|ones|"
    r"former|latter|same|such|other|others|another|else|instead|either|neither|both)\b",
    re.IGNORECASE,
)
_OPENERS = re.compile(r"^\W*(and|but|or|so|also|then|what about|how about)\b", re.IGNORECASE)
_NEW_SUBJECT = re.compile(
    r"^\W*(now )?(to )?(a |an )?((different|another|new|other|separate|unrelated) (subject|topic|question|matter|thing)"
    r"|(something|somewhere) (else|different|other)|changing the subject|on another note)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What is searched for: in words, and as weighted parts, the question alone first."""

    searched_for: str
    parts: tuple[Part, ...]

    @property
    def in_context(self) -> str:
        """The question in its conversation: what sentences are judged by."""
        return self.parts[-1].text


def rewrite(question: str, history: Sequence[Turn]) -> Rewritten:
    """What `question` asks for, given the turns before it (oldest first)."""
    asked = [turn.text.strip() for turn in history if turn.role == "user" and turn.text.strip()]
    if not asked or _NEW_SUBJECT.search(question):
        return Rewritten(question, (Part(question),))
    about = subject(asked)
    weight = STANDING_WEIGHT if stands_alone(question) else LEANING_WEIGHT
    return Rewritten(
        f"{question} (about: {' / '.join(about)})",
        (Part(question, 1.0), Part(" ".join([*about, question]), weight)),
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


def subject(asked: Sequence[str]) -> list[str]:
    """What the conversation is about: its last question that stands alone, and the very last question.

    >>> subject(["What is CAR-T cell therapy made from?", "How is it given?", "Why?"])
    ['What is CAR-T cell therapy made from?', 'Why?']
    """
    opening = next((text for text in reversed(asked) if stands_alone(text)), asked[0])
    return [opening] if opening == asked[-1] else [opening, asked[-1]]
