"""Chosen sentences -> the text of an answer with its citations. Extractive: every word is a source's own."""

import re
from collections.abc import Callable, Sequence

import numpy as np

from ingest import Passage, paragraphs, sentences, words

from .answers import Citation
from .choose import Sentence

# At most so many quotes, each sentence at least this likely (softmax over the sentences' scores) and the
# likelihood of all together no further than this: chosen for short answers, table in DESIGN.md.
MAX_QUOTES = 3
LEAST_LIKELY = 0.12
ENOUGH_LIKELY = 0.75
# Sentences sharing more than this share of their words say the same.
SAME_WORDS = 0.75

NOT_IN_LIBRARY = "Not in your documents."

# A sentence that opens like this leans on the one before it.
_LEANING = re.compile(
    r"^(it|its|they|their|them|he|his|him|she|her|this|these|those|that|such|here|there|however|therefore|thus|"
    r"in (this|that|these|those)|the (former|latter|other|others|same|second|third)|both|also|moreover|"
    r"for (this|these|that))\b",
    re.IGNORECASE,
)
_ITEM = re.compile(r"^\s*(?:[-*•]|\(?\d{1,3}[.)])\s")


def write(
    ranked: Sequence[Sentence], page_at: Callable[[Passage, int], int | None]
) -> tuple[str, tuple[Citation, ...]]:
    """The answer made of the best of `ranked` sentences (best first, not empty), and its citations.

    `page_at` tells the page of an offset in a passage's document.
    """
    spans: list[tuple[Passage, int, int]] = []
    for sentence in _pick(ranked):
        _add(spans, sentence.candidate.passage, *_whole(sentence))
    citations = tuple(
        Citation(number, of, start, end, of.text[start - of.start : end - of.start], page_at(of, start))
        for number, (of, start, end) in enumerate(spans, 1)
    )
    parts = [f"{_shown(c.quote)} [{c.number}]" for c in citations]
    return ("\n\n" if any("\n" in part for part in parts) else " ").join(parts), citations


def _add(spans: list[tuple[Passage, int, int]], of: Passage, start: int, end: int) -> None:
    """Adds a span to quote; with one that it overlaps or follows it becomes one."""
    for i, (other, s, e) in enumerate(spans):
        between = of.text[min(e, end) - of.start : max(s, start) - of.start]
        if other == of and not between.strip() and "\n\n" not in between:
            spans[i] = (of, min(start, s), max(end, e))
            return
    spans.append((of, start, end))


def _pick(ranked: Sequence[Sentence]) -> list[Sentence]:
    """The sentences that make the answer: few, likely, and saying different things."""
    scores = np.array([s.score for s in ranked], np.float64)
    likely = np.exp(scores - scores.max())
    likely /= likely.sum()
    picked: list[Sentence] = []
    told = 0.0
    for sentence, probability in zip(ranked, likely, strict=True):
        if picked and (probability < LEAST_LIKELY or told >= ENOUGH_LIKELY or len(picked) == MAX_QUOTES):
            break
        told += probability
        if not any(_same(sentence, other) for other in picked):
            picked.append(sentence)
    return picked


def _same(one: Sentence, other: Sentence) -> bool:
    a, b = set(words(one.text)), set(words(other.text))
    return len(a & b) > SAME_WORDS * min(len(a), len(b))


def _whole(sentence: Sentence) -> tuple[int, int]:
    """The span to quote: with the sentence before where this one leans on it, and a list with its items."""
    passage = sentence.candidate.passage
    start, end = sentence.start - passage.start, sentence.end - passage.start
    text = passage.text
    if _LEANING.match(text[start:end]):
        block = next((s for s, e in paragraphs(text) if s <= start < e), start)
        before = list(sentences(text[block:start]))
        if before:
            start = block + before[-1][0]
    if text[:end].endswith(":"):
        end = _list_end(text, end)
    return passage.start + start, passage.start + end


def _list_end(text: str, end: int) -> int:
    """Where the list that begins after `end` is over; `end` itself if none begins there."""
    last = end
    for s, e in sentences(text[end:]):
        if not _ITEM.match(text[end + s : end + e]):
            break
        last = end + e
    return last


def _shown(quote: str) -> str:
    """A quote in running text: line breaks inside a sentence become spaces, those of lists stay."""
    lines = [" ".join(line.split()) for line in quote.split("\n") if line.strip()]
    listed = any(_ITEM.match(line) for line in lines[1:])
    return "\n".join(lines) if listed else " ".join(lines)
