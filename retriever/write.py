"""Chosen sentences -> the text of an answer with its citations. Extractive: every word is a source's own.

A quote is one sentence, or up to three of a paragraph where the likelihood is spread over neighbours: a
window of sentences is worth the likelihood that it holds, less `PRICE_OF_A_WORD` for each of its words.
The best window comes first, then the best of what is left, until enough is told. So a sure answer is one
sentence, and an unsure one holds what probably answers (table in DESIGN.md).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ingest import Passage, paragraphs, sentences, words

from .answers import Citation
from .choose import Sentence
from .direct import direct_answer

# At most so many quotes, each this likely at least, and the likelihood of all together no further than this;
# a window holds at most so many sentences and words.
MAX_QUOTES = 3
LEAST_LIKELY = 0.12
ENOUGH_LIKELY = 0.70
PRICE_OF_A_WORD = 0.003
MAX_SENTENCES = 3
MAX_WORDS = 60
# A short answer is given only from a sentence this likely: DESIGN.md has the precision.
SURE = 0.6
# Sentences sharing more than this share of their words say the same.
SAME_WORDS = 0.75

NOT_IN_LIBRARY = "Not in your documents"

# A sentence that opens like this leans on the one before it.
_LEANING = re.compile(
    r"^(it|its|they|their|them|he|his|him|she|her|this|these|those|that|such|here|there|however|therefore|thus|"
    r"in (this|that|these|those)|the (former|latter|other|others|same|second|third)|both|also|moreover|"
    r"for (this|these|that))\b",
    re.IGNORECASE,
)
_ITEM = re.compile(r"^\s*(?:[-*•]|\(?\d{1,3}[.)])\s")
_NOTE = re.compile(r"(?<!\w)[^\S\n]*\[\d{1,4}\]")
_INDEX = re.compile(r"\[(?=\d{1,4}\])")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True, eq=False)
class _Window:
    """Sentences that follow one another in a paragraph, in order, and how likely one of them answers."""

    sentences: tuple[Sentence, ...]
    likely: float

    @property
    def words(self) -> int:
        return sum(len(s.text.split()) for s in self.sentences)


def write(
    question: str, ranked: Sequence[Sentence], page_at: Callable[[Passage, int], int | None]
) -> tuple[str, tuple[Citation, ...]]:
    """The answer to `question` made of the best of `ranked` sentences (best first, not empty), and its citations.

    `page_at` tells the page of an offset in a passage's document.
    """
    picked = _pick(ranked)
    spans: list[tuple[Passage, int, int]] = []
    for window in picked:
        _add(spans, window.sentences[0].candidate.passage, *_whole(window))
    citations = tuple(
        Citation(number, of, start, end, of.text[start - of.start : end - of.start], page_at(of, start))
        for number, (of, start, end) in enumerate(spans, 1)
    )
    parts = [f"{_shown(c.quote)} [{c.number}]" for c in citations]
    text = ("\n\n" if any("\n" in part for part in parts) else " ").join(parts)
    short = direct_answer(question, ranked[0].text) if _likelihoods(ranked)[0] >= SURE else None
    if short and short in citations[0].quote and len(citations[0].quote.split()) > 2 * len(short.split()):
        text = f"{short} [1]\n\n{text}"
    differing = [c.number for c in citations if any(_differ(c.quote, other.quote) for other in citations)]
    if differing:
        text += f"\n\nThe sources differ: compare {' and '.join(f'[{number}]' for number in differing)}."
    return text, citations


def declined(missing: Sequence[str]) -> str:
    """What is said where the library does not answer, with the words of the question that nothing matched."""
    if not missing:
        return f"{NOT_IN_LIBRARY}."
    return f"{NOT_IN_LIBRARY}: nothing found on {', '.join(f'“{phrase}”' for phrase in missing)}."


def _add(spans: list[tuple[Passage, int, int]], of: Passage, start: int, end: int) -> None:
    """Adds a span to quote; with one that it overlaps or follows it becomes one."""
    for i, (other, s, e) in enumerate(spans):
        between = of.text[min(e, end) - of.start : max(s, start) - of.start]
        if other == of and not between.strip() and "\n\n" not in between:
            spans[i] = (of, min(start, s), max(end, e))
            return
    spans.append((of, start, end))


def _likelihoods(ranked: Sequence[Sentence]) -> list[float]:
    """How likely each sentence is the one that answers, if one does: the softmax of their scores."""
    scores = np.array([s.score for s in ranked], np.float64)
    likely = np.exp(scores - scores.max())
    return [float(value) for value in likely / likely.sum()]


def _pick(ranked: Sequence[Sentence]) -> list[_Window]:
    """The windows that make the answer, best first: few, likely, and saying different things."""
    worth = {w: w.likely - PRICE_OF_A_WORD * w.words for w in _windows(ranked)}
    picked: list[_Window] = []
    for window in sorted(worth, key=lambda w: -worth[w]):
        told = sum(w.likely for w in picked)
        if picked and (told >= ENOUGH_LIKELY or len(picked) == MAX_QUOTES):
            break
        if not picked or (window.likely >= LEAST_LIKELY and not any(_repeats(window, other) for other in picked)):
            picked.append(window)
    return picked


def _windows(ranked: Sequence[Sentence]) -> Iterator[_Window]:
    """Every run of up to `MAX_SENTENCES` sentences of one paragraph, of `MAX_WORDS` words unless it is one sentence."""
    likely = dict(zip(ranked, _likelihoods(ranked), strict=True))
    placed = sorted(ranked, key=lambda s: (s.candidate.passage.document, s.start))
    for first, sentence in enumerate(placed):
        run = [sentence]
        yield _Window((sentence,), likely[sentence])
        for following in placed[first + 1 : first + MAX_SENTENCES]:
            if not _adjoin(run[-1], following):
                break
            run.append(following)
            window = _Window(tuple(run), sum(likely[s] for s in run))
            if window.words > MAX_WORDS:
                break
            yield window


def _adjoin(one: Sentence, following: Sentence) -> bool:
    """Whether nothing but space, and no end of a paragraph, stands between two sentences."""
    of = one.candidate.passage
    between = of.text[one.end - of.start : following.start - of.start]
    return following.candidate.passage == of and not between.strip() and "\n\n" not in between


def _repeats(window: _Window, other: _Window) -> bool:
    """Whether two windows share a sentence, or each sentence of the first says what one of the other does."""
    return all(any(s == o or _same(s.text, o.text) for o in other.sentences) for s in window.sentences) or any(
        s in other.sentences for s in window.sentences
    )


def _same(one: str, other: str) -> bool:
    """Whether two texts say the same in mostly the same words, numbers included."""
    return _alike(one, other) and not _differ(one, other)


def _alike(one: str, other: str) -> bool:
    a, b = set(words(one)), set(words(other))
    return len(a & b) > SAME_WORDS * min(len(a), len(b))


def _differ(one: str, other: str) -> bool:
    """Whether two texts say the same but for their numbers: one measures, or dates, the thing differently."""
    a, b = set(_NUMBER.findall(one)), set(_NUMBER.findall(other))
    bare = _NUMBER.sub("", one), _NUMBER.sub("", other)
    return bool(a - b and b - a) and _alike(*bare) and _alike(*reversed(bare))


def _whole(window: _Window) -> tuple[int, int]:
    """The span to quote: with the sentence before where the first one leans on it, and a list with its items."""
    passage = window.sentences[0].candidate.passage
    start, end = window.sentences[0].start - passage.start, window.sentences[-1].end - passage.start
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
    """A quote in running text: line breaks inside a sentence become spaces, those of lists stay.

    The source's own notes ("late.[2]") are left out, for in an answer such a mark names a citation; what may be an
    index ("row[2]") stays, with an invisible character that keeps it from being taken for one.
    """
    quote = _INDEX.sub("[\u2060", _NOTE.sub("", quote))
    lines = [" ".join(line.split()) for line in quote.split("\n") if line.strip()]
    listed = any(_ITEM.match(line) for line in lines[1:])
    return "\n".join(lines) if listed else " ".join(lines)
