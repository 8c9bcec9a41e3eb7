"""What the conversation was told already is less likely what a further question asks for."""

import re
from collections.abc import Sequence
from dataclasses import replace

from ingest import words

from .answers import Turn
from .choose import Sentence

# By so much the score of a sentence falls that an earlier answer quoted: it is e times less likely. Of the later turns
# of the corpus conversations 31 of 86 began with a quote that had been given; so 23 do, and the gold span is in the
# first quote for .46 of them instead of .43. With 2.0 it would be 15, and .42.
SAID = 1.0
_MARK = re.compile(r"\[\d{1,4}\]")


def less_of_the_same(question: str, ranked: Sequence[Sentence], history: Sequence[Turn]) -> Sequence[Sentence]:
    """`ranked` (best first) after what earlier answers quoted has lost; as it is if the same was asked before."""
    if any(turn.role == "user" and words(turn.text) == words(question) for turn in history):
        return ranked
    told = [_plain(turn.text) for turn in history if turn.role == "assistant"]
    if not told:
        return ranked
    lessened = (replace(s, score=s.score - SAID) if any(_plain(s.text) in text for text in told) else s for s in ranked)
    return sorted(lessened, key=lambda s: -s.score)


def _plain(text: str) -> str:
    """The words of `text` without marks of citations and notes."""
    return f" {' '.join(words(_MARK.sub(' ', text)))} "
