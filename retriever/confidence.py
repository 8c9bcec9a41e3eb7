"""How likely it is that the library answers the question: a logistic model over what the search found.

The strongest sign that an answer is missing is a word of the question that nothing in the best passages
means: each content word's best match among their tokens is looked at, and the worst of them counts.
Fitted by `tests/evals/fit.py`, which also evaluates it on sets left out of the fit; DESIGN.md,
"Confidence", has the figures.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from ingest import Library

from .choose import Sentence, cover, word_matches
from .search import Candidate, Query, word_rarity

# How many passages and sentences are looked at.
LOOKED_AT = 5

BIAS = -11.316
WEIGHTS: Mapping[str, float] = {
    "dense": 4.567,
    "late": 6.538,
    "sentence": 2.707,
    "cover": -0.054,
    "best_cover": -2.444,
    "weakest_word": -0.632,
    "weak_words": 3.031,
    "rarest_word": 1.090,
    "alone_dense": -1.350,
    "alone_late": 1.564,
    "alone_weakest": -1.330,
    "alone_words": 1.696,
    "best_weakest": 2.411,
    "best_words": 0.122,
    "best_passage": 1.250,
    "dense_gap": -3.496,
    "late_gap": 2.686,
    "best_score": 0.722,
    "likely": 2.029,
    "together": 1.503,
}


def estimate(
    library: Library, query: Query, question: str, candidates: Sequence[Candidate], ranked: Sequence[Sentence]
) -> float:
    """The probability (0 to 1) that the library answers `question`; inside `library.reading()`."""
    return confidence(features(query, candidates, ranked, word_rarity(library, question))) if ranked else 0.0


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
    in_passages = [word_matches(query, c.similar.max(axis=0)) for c in top]
    rarest = _rarest(query, rarity)
    scores = np.array([s.score for s in ranked])
    dense, late = (np.array([c.scores[ranker] for c in candidates]) for ranker in ("dense", "late"))
    return {
        "dense": max(c.scores["dense"] for c in top),
        "late": max(c.scores["late"] for c in top),
        "sentence": max(s.features["late"] for s in best[:3]),
        "cover": max(cover(f"{c.passage.context} {c.passage.text}", rarity) for c in top),
        "best_cover": best[0].features["context"],
        "weakest_word": max(float(m.min()) for m in in_passages),
        "weak_words": max(float(np.sort(m)[:2].mean()) for m in in_passages),
        "rarest_word": max(float(m[rarest]) for m in in_passages),
        "alone_dense": max(s.features["alone_dense"] for s in best),
        "alone_late": max(s.features["alone_late"] for s in best),
        "alone_weakest": max(s.features["alone_weakest"] for s in best),
        "alone_words": max(s.features["alone_words"] for s in best),
        "best_weakest": best[0].features["alone_weakest"],
        "best_words": best[0].features["alone_words"],
        "best_passage": best[0].candidate.score,
        # How far the best stand out from the rest, which does not depend on the subject of the library.
        "dense_gap": float(dense.max() - dense.mean()),
        "late_gap": float(late.max() - late.mean()),
        "best_score": best[0].score / 20,
        "likely": float(1 / np.exp(scores - scores.max()).sum()),
        "together": float(np.mean([s.candidate.passage.document == best[0].candidate.passage.document for s in best])),
    }


def _rarest(query: Query, rarity: Mapping[str, float]) -> int:
    terms = list(query.terms)
    return max(range(len(terms)), key=lambda i: rarity.get(terms[i], 0.0)) if terms else 0
