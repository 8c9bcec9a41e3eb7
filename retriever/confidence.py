"""How likely it is that the library answers the question: a logistic model over what the search found.

The strongest sign that an answer is missing is a word of the question that nothing in the best passages
means: each content word's best match among their tokens is looked at, and the worst of them counts.
Fitted by `tests/benchmarks/fit.py`, which also evaluates it on sets left out of the fit; DESIGN.md,
"Confidence", has the figures.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ingest import similarities

from .choose import Sentence, cover
from .search import Candidate, Query

# How many passages and sentences are looked at.
LOOKED_AT = 5

BIAS = -5.824
WEIGHTS: Mapping[str, float] = {
    "dense": 1.54,
    "late": 1.906,
    "sentence": 7.774,
    "cover": -1.299,
    "best_cover": -0.821,
    "weakest_word": 1.388,
    "weak_words": 1.234,
    "weakest_near": 2.795,
    "rarest_word": 0.66,
}


def confidence(values: Mapping[str, float]) -> float:
    """The probability (0 to 1) that the library answers, from the `features` of a search."""
    return 1.0 / (1.0 + math.exp(-(BIAS + sum(weight * values[name] for name, weight in WEIGHTS.items()))))


def features(
    query: Query, candidates: Sequence[Candidate], ranked: Sequence[Sentence], rarity: Mapping[str, float]
) -> dict[str, float]:
    """What the confidence is estimated from, each about 0 to 1; needs a candidate and a sentence at least.

    `rarity` gives the inverse document frequency of the question's content words, by stem.
    """
    top, best = candidates[:LOOKED_AT], ranked[:LOOKED_AT]
    in_passages = [_word_matches(query, similarities(query.tokens, c.codes).max(axis=0)) for c in top]
    in_sentences = [_word_matches(query, s.matched) for s in best]
    rarest = _rarest(query, rarity)
    return {
        "dense": max(c.scores["dense"] for c in top),
        "late": max(c.scores["late"] for c in top),
        "sentence": max(s.features["late"] for s in best[:3]),
        "cover": max(cover(f"{c.passage.context} {c.passage.text}", rarity) for c in top),
        "best_cover": best[0].features["context"],
        "weakest_word": max(float(m.min()) for m in in_passages),
        "weak_words": max(float(np.sort(m)[:2].mean()) for m in in_passages),
        "weakest_near": max(float(m.min()) for m in in_sentences),
        "rarest_word": max(float(m[rarest]) for m in in_passages),
    }


def _word_matches(query: Query, matched: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The mean match of each content word's tokens, in the order of `query.terms`."""
    if not query.terms:
        return np.array([matched.mean()], np.float32)
    return np.array([matched[rows].mean() for rows in query.terms.values()], np.float32)


def _rarest(query: Query, rarity: Mapping[str, float]) -> int:
    terms = list(query.terms)
    return max(range(len(terms)), key=lambda i: rarity.get(terms[i], 0.0)) if terms else 0
