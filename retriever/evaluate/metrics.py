"""What an evaluation prints: ranking, answers and abstention."""

import re
from collections.abc import Mapping, Sequence

import numpy as np

from ..answers import Answer
from .sets import EvalSet

# document -> score, per query id
Run = Mapping[str, Mapping[str, float]]


def ranking(evalset: EvalSet, run: Run) -> dict[str, float]:
    """nDCG@10, recall@10 and @100, and reciprocal rank over the queries with a relevant document."""
    import ir_measures
    from ir_measures import RR, R, nDCG

    judged = _judged(evalset, run)
    if not judged:
        return {}
    measures = [nDCG @ 10, R @ 10, R @ 100, RR @ 10]
    values = ir_measures.calc_aggregate(measures, judged, {q: dict(run[q]) for q in judged})
    return {"queries": len(judged), **{str(m): round(float(values[m]), 4) for m in measures}}


def ndcg_by_query(evalset: EvalSet, run: Run) -> dict[str, float]:
    """nDCG@10 of each query with a relevant document, in the order of their ids."""
    import ir_measures
    from ir_measures import nDCG

    judged = _judged(evalset, run)
    if not judged:
        return {}
    values = ir_measures.iter_calc([nDCG @ 10], judged, {q: dict(run[q]) for q in judged})
    return dict(sorted((value.query_id, float(value.value)) for value in values))


def _judged(evalset: EvalSet, run: Run) -> dict[str, dict[str, int]]:
    return {q: d for q, d in evalset.qrels.items() if q in run and any(score > 0 for score in d.values())}


def chance(gains: Sequence[float], draws: int = 10_000) -> float:
    """How likely a mean as far from 0 would be if each gain were as likely a loss: a paired randomisation test.

    >>> chance([0.1, -0.1]), chance([0.2] * 20) < 0.001
    (1.0, True)
    """
    values = np.asarray(gains, np.float64)
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (draws, len(values)))
    as_far = np.abs(signs @ values) >= abs(values.sum()) - 1e-9
    return round(float((as_far.sum() + 1) / (draws + 1)), 4)


def answering(evalset: EvalSet, answers: Mapping[str, Answer]) -> dict[str, float]:
    """How the answers fare: quotes that hold an answer string, declined questions, lengths, calibration."""
    found: dict[str, float] = {}
    queries = [q for q in evalset.queries if q.id in answers]
    with_strings = [q for q in queries if q.answers and q.answerable is not False]
    if with_strings:
        hits = [[holds(c.quote, q.answers) for c in answers[q.id].citations] for q in with_strings]
        found["answer_in_first_quote"] = _mean([bool(h[:1] and h[0]) for h in hits])
        found["answer_in_three_quotes"] = _mean([any(h[:3]) for h in hits])
    with_gold = [q for q in queries if q.gold_sentences]
    if with_gold:
        found["gold_sentence_f1"] = _mean(
            [overlap_f1([c.quote for c in answers[q.id].citations], q.gold_sentences) for q in with_gold]
        )
    can = [answers[q.id] for q in queries if q.answerable is True]
    cannot = [answers[q.id] for q in queries if q.answerable is False]
    if can:
        found["declined_of_answerable"] = _mean([not a.answered for a in can])
    if cannot:
        found["declined_of_unanswerable"] = _mean([not a.answered for a in cannot])
    if can and cannot:
        found["auroc"] = auroc([a.confidence for a in can], [a.confidence for a in cannot])
        found["calibration_error"] = calibration_error(
            [a.confidence for a in [*can, *cannot]], [True] * len(can) + [False] * len(cannot)
        )
    given = [a for a in answers.values() if a.answered]
    if given:
        found["median_words"] = float(np.median([len(a.text.split()) for a in given]))
    times = [a.timings_ms["total"] for a in answers.values()]
    if times:
        found["ask_ms_p50"] = round(float(np.percentile(times, 50)), 1)
        found["ask_ms_p95"] = round(float(np.percentile(times, 95)), 1)
    return found


def plain(text: str) -> str:
    """`text` as its words, lower case, one space between: what answer strings are compared in.

    >>> plain("In 1998 , the team ' s")
    'in 1998 the team s'
    """
    return " ".join(re.findall(r"\w+", text.lower()))


def holds(quote: str, answers: Sequence[str]) -> bool:
    """Whether `quote` holds one of the answer strings, as whole words."""
    inside = f" {plain(quote)} "
    return any(f" {plain(answer)} " in inside for answer in answers if plain(answer))


def overlap_f1(quotes: Sequence[str], gold: Sequence[str]) -> float:
    """F1 of the words quoted against the words of the gold sentences, as bags: 0 to 1."""
    quoted, wanted = _bag(quotes), _bag(gold)
    common = sum(min(count, wanted.get(word, 0)) for word, count in quoted.items())
    return 2 * common / (sum(quoted.values()) + sum(wanted.values())) if common else 0.0


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """The chance that a positive scores above a negative, ties half.

    >>> auroc([0.9, 0.4], [0.4, 0.1])
    0.875
    """
    p, n = np.asarray(positive)[:, None], np.asarray(negative)[None]
    return round(float((p > n).mean() + 0.5 * (p == n).mean()), 4)


def calibration_error(confidences: Sequence[float], truths: Sequence[bool], bins: int = 10) -> float:
    """Expected calibration error over equally wide bins: 0 is perfect."""
    c, t = np.asarray(confidences), np.asarray(truths, float)
    which = np.minimum((c * bins).astype(int), bins - 1)
    gaps = [
        abs(c[which == b].mean() - t[which == b].mean()) * (which == b).mean()
        for b in range(bins)
        if (which == b).any()
    ]
    return round(float(sum(gaps)), 4)


def _bag(texts: Sequence[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for text in texts:
        for word in plain(text).split():
            counts[word] = counts.get(word, 0) + 1
    return counts


def _mean(values: Sequence[float | bool]) -> float:
    return round(float(np.mean(values)), 4)
