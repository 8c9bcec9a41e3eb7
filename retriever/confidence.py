"""How likely it is that the library answers the question: a logistic model over signs of a search.

What the reader makes of the best sentences, how near the best passages are and how far they stand out, and which of the
question's words they hold or mean. Fitted by `tests/evals/fit.py`, on sets of which each was
left out in turn to choose the signs (DESIGN.md, "Confidence").
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ingest import STOP_WORDS, Library, content_words, stem, stems, words

from .choose import Sentence, cover, word_matches
from .identifiers import unheld
from .search import Candidate, Query

# How many passages are looked at.
LOOKED_AT = 5
# Among fewer passages than this the best says little by standing out, and of a conversation's topic any passage does:
# then a value is taken that lies halfway between what is usual of answered and of unanswered questions in larger
# libraries.
MANY = 30
USUAL = {"stands_out_dense": 0.6, "stands_out_late": 0.9}

BIAS = -7.768
WEIGHTS: Mapping[str, float] = {
    "dense": 5.617,
    "stands_out_dense": -1.553,
    "stands_out_late": 3.065,
    "held": -1.610,
    "passage_words": 3.915,
    "alone_dense": 3.745,
    "alone_late": 3.538,
}


def estimate(
    query: Query,
    candidates: Sequence[Candidate],
    ranked: Sequence[Sentence],
    among: Callable[[], Sequence[Candidate]] | None = None,
    given: bool = False,
) -> float:
    """The probability (0 to 1) that the library answers `query`, which found `candidates`, `ranked` by sentence.

    None for a question without a letter or digit: a vector of nothing is near to anything; nor where what was read only
    asks. Where few documents are searched, `among` finds the candidates of the whole library: among those the best may
    stand out. With the topic `given` by a conversation, that they do says nothing.
    """
    if not any(s.was_read_again for s in ranked) or not any(map(str.isalnum, query.parts[0].text)):
        return 0.0
    among_all = among() if among and len(candidates) < MANY else candidates
    return confidence(features(query, candidates, ranked, among_all, given))


def confidence(values: Mapping[str, float]) -> float:
    """The probability (0 to 1) that the library answers, from the `features` of a search."""
    return 1.0 / (1.0 + math.exp(-(BIAS + sum(weight * values[name] for name, weight in WEIGHTS.items()))))


def features(
    query: Query,
    candidates: Sequence[Candidate],
    ranked: Sequence[Sentence],
    among: Sequence[Candidate] = (),
    given: bool = False,
) -> dict[str, float]:
    """What the confidence is estimated from, each about 0 to 1; needs a candidate and a sentence at least.

    The best stand out `among` the candidates, unless others are given; with the topic `given`, as is usual.
    """
    among = among or candidates
    again = [s for s in ranked if s.was_read_again]
    top = candidates[:LOOKED_AT]
    values = {
        "dense": max(c.near for c in candidates),
        "stands_out_dense": _stands_out("dense", candidates, among),
        "stands_out_late": _stands_out("late", candidates, among),
        "held": cover(_held(top), query.rarity),
        "passage_words": max(float(word_matches(query, c.similar.max(axis=0)).mean()) for c in top),
        "alone_dense": max(s.features["alone_dense"] for s in again),
        "alone_late": max(s.features["alone_late"] for s in again),
    }
    return values | USUAL if given or len(among) < MANY else values


def _held(candidates: Sequence[Candidate]) -> set[str]:
    """The stems of the words of these passages, title and headings included."""
    return stems(" ".join(f"{c.passage.context} {c.passage.text}" for c in candidates))


def _stands_out(ranker: str, candidates: Sequence[Candidate], among: Sequence[Candidate]) -> float:
    """How far the best candidate is above the mean of those `among` which it is seen, in standard deviations, over 5.

    No library has a scale of its own.
    """
    scores = np.array([c.scores[ranker] for c in among])
    best = max(c.scores[ranker] for c in candidates)
    return float((best - scores.mean()) / max(float(scores.std()), 1e-6)) / 5


# A content word whose tokens match nothing in the best passages this well, and that none of them holds, is missing:
# judged on 120 declined questions, where it names "poison" and "December" and spares "took" and "1100".
MEANT = 0.4
_PARTS = re.compile(r"[,;:.?!()]")
# A word in more than this share of the passages says little ("like", "problems"); that it is missing says nothing.
COMMON = 0.01


_FIGURES = re.compile(r"\d{3,}")
# An option is known by its letters: what is spelled otherwise is another thing.
_OPTION = re.compile(r"(?<!\S)[\"'`(]?--[a-z][\w-]+")


def unknown(library: Library, question: str) -> list[str]:
    """The options (--no-verify) in `question` of which no passage holds a word, and its identifiers that none holds.

    Inside `library.reading()`.
    """
    found = []
    for match in _OPTION.finditer(question):
        spelled = match.group().lstrip("\"'`(-")
        parts = {*words(spelled), *re.findall(r"\d+", spelled)} - STOP_WORDS
        if parts and not library.document_frequencies(map(stem, parts)):
            found.append(spelled)
    return [*found, *unheld(library, question)]


def missing(library: Library, question: str, query: Query, candidates: Sequence[Candidate]) -> list[str]:
    """The words of `question`, the first part of `query`, that no good candidate holds, means or is named with.

    As they stand there: words that only words of grammar part, and no comma, are one phrase. Inside
    `library.reading()`.
    """
    top = candidates[:LOOKED_AT]
    if not top or not query.terms:
        return []
    # A file's name tells what a text may never say of itself: "nda-orchid.pdf".
    held = _held(top) | stems(" ".join(c.passage.document for c in top))
    best = np.max([word_matches(query, c.similar.max(axis=0)) for c in top], axis=0)
    matched = {t: match for t, match in zip(query.terms, best, strict=True) if t not in held}
    _, passages = library.store.counts()
    held_by = library.document_frequencies(matched)
    lacking = {t for t, match in matched.items() if match < MEANT and held_by.get(t, 0) <= COMMON * passages}
    # To an encoder 418 is much like 429.
    lacking |= {term for term in matched if _FIGURES.fullmatch(term) and not held_by.get(term)}
    phrases: list[str] = []
    follows = end = -1
    content = set(content_words(question))
    for match in re.finditer(r"[^\W_]+", question):
        word = words(match.group())
        if not word or word[0] not in content:
            continue
        if stem(word[0]) not in lacking:
            follows = -1
        elif follows >= 0 and not _PARTS.search(question, end, match.start()):
            phrases[-1] = question[follows : match.end()]
        else:
            follows = match.start()
            phrases.append(match.group())
        end = match.end()
    return phrases
