"""How likely it is that the library answers the question: a logistic model over four signs.

How near the three nearest passages are, how well the worst matched word of the question is matched by the best
sentence, whether the best sentences are of one document, and how far the best passage stands out from the rest.
Some forty further signs were tried and left out: with them the model fits the sets it saw and loses on those it did
not (DESIGN.md, "Confidence"). Fitted by `tests/evals/fit.py`.
"""

import math
import re
from collections.abc import Mapping, Sequence

import numpy as np

from ingest import Library, content_words, stem, words

from .choose import Sentence, word_matches
from .search import Candidate, Query

# How many passages are looked at.
LOOKED_AT = 5
# The best of fewer passages than this does not show how far it stands out; then the usual value is taken.
MANY = 30
USUAL = 0.7

BIAS = -7.442
WEIGHTS: Mapping[str, float] = {
    "dense": 7.904,
    "weakest_word": 3.500,
    "together": 0.876,
    "stands_out": 2.278,
}


def estimate(candidates: Sequence[Candidate], ranked: Sequence[Sentence]) -> float:
    """The probability (0 to 1) that the library answers the question that found `candidates`, `ranked` by sentence."""
    return confidence(features(candidates, ranked)) if ranked else 0.0


def confidence(values: Mapping[str, float]) -> float:
    """The probability (0 to 1) that the library answers, from the `features` of a search."""
    return 1.0 / (1.0 + math.exp(-(BIAS + sum(weight * values[name] for name, weight in WEIGHTS.items()))))


def features(candidates: Sequence[Candidate], ranked: Sequence[Sentence]) -> dict[str, float]:
    """What the confidence is estimated from, each about 0 to 1; needs a candidate and a sentence at least."""
    best = [s for s in ranked if s.was_read_again]
    dense, late = (np.array([c.scores[ranker] for c in candidates]) for ranker in ("dense", "late"))
    return {
        "dense": float(np.sort(dense)[-3:].mean()),
        "weakest_word": best[0].features["alone_weakest"],
        "together": float(np.mean([s.candidate.passage.document == best[0].candidate.passage.document for s in best])),
        # In standard deviations, so that it does not depend on the library's subject. Few passages tell nothing.
        "stands_out": float((late.max() - late.mean()) / late.std()) / 5 if len(late) >= MANY else USUAL,
    }


# A content word whose tokens match nothing in the best passages this well, and that none of them holds, is missing:
# judged on 120 declined questions, where it names "poison" and "December" and spares "took" and "1100".
MEANT = 0.4
# A word in more than this share of the passages says little ("like", "problems"); that it is missing says nothing.
COMMON = 0.01


def missing(library: Library, question: str, query: Query, candidates: Sequence[Candidate]) -> list[str]:
    """The words of `question`, the first part of `query`, that no good candidate holds or means, as they stand there.

    Words that only words of grammar part are one phrase. Inside `library.reading()`.
    """
    top = candidates[:LOOKED_AT]
    if not top or not query.terms:
        return []
    held = {stem(word) for c in top for word in words(f"{c.passage.context} {c.passage.text}")}
    best = np.max([word_matches(query, c.similar.max(axis=0)) for c in top], axis=0)
    lacking = {term for term, match in zip(query.terms, best, strict=True) if match < MEANT and term not in held}
    _, passages = library.store.counts()
    lacking = {term for term in lacking if library.store.document_frequency(term) <= COMMON * passages}
    phrases: list[str] = []
    follows = -1
    content = set(content_words(question))
    for match in re.finditer(r"[^\W_]+", question):
        word = words(match.group())
        if not word or word[0] not in content:
            continue
        if stem(word[0]) not in lacking:
            follows = -1
        elif follows >= 0:
            phrases[-1] = question[follows : match.end()]
        else:
            follows = match.start()
            phrases.append(match.group())
    return phrases
