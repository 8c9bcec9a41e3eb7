"""How likely it is that the library answers the question: a logistic model over what the search found.

The strongest sign that an answer is missing is a word of the question that nothing in the best passages
means: each content word's best match among their tokens is looked at, and the worst of them counts.
Fitted by `tests/evals/fit.py`, which also evaluates it on sets left out of the fit; DESIGN.md,
"Confidence", has the figures.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from .choose import Sentence, cover, word_matches
from .search import Candidate, Query

# How many passages and sentences are looked at.
LOOKED_AT = 5

BIAS = -10.271
WEIGHTS: Mapping[str, float] = {
    "dense": 3.003,
    "late": 5.483,
    "sentence": 4.838,
    "cover": 0.322,
    "best_cover": -1.972,
    "weakest_word": -0.042,
    "weak_words": 1.951,
    "rarest_word": 0.896,
    "alone_dense": -0.297,
    "alone_late": 1.682,
    "alone_weakest": -0.732,
    "alone_words": 1.365,
    "best_weakest": 0.933,
    "best_words": -0.306,
    "best_passage": -0.666,
    "dense_gap": -1.128,
    "late_gap": 0.709,
    "best_score": 2.014,
    "best_kind": -0.174,
    "likely": 1.684,
    "together": 1.242,
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
        "best_kind": best[0].features["kind"],
        "likely": float(1 / np.exp(scores - scores.max()).sum()),
        "together": float(np.mean([s.candidate.passage.document == best[0].candidate.passage.document for s in best])),
    }


def _rarest(query: Query, rarity: Mapping[str, float]) -> int:
    terms = list(query.terms)
    return max(range(len(terms)), key=lambda i: rarity.get(terms[i], 0.0)) if terms else 0
