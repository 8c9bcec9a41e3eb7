"""Fits the weights of `retriever/choose.py` and `retriever/confidence.py`, and prints them with figures.

    python -m tests.evals.fit SET... [--questions N]

SET are folders in BEIR form with answers or gold sentences (squad2_a, clapnq_a, qed_dev of the open sets);
the committed questions over the corpus are always among the sets. Every figure "left out" is of a fit that
never saw the set; so it is what to expect on a set of one's own.
"""

import argparse
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from ingest import Library
from retriever import choose, confidence
from retriever.evaluate import metrics, sets
from retriever.search import Part, encode_query, search
from tests.evals.run import CORPUS, load

Rows = list[dict[str, float]]


class Example:
    """One question: its sentences' features and which of them answer, and the features of the confidence."""

    def __init__(self, answerable: bool, sentences: Rows, right: list[bool], whole: dict[str, float]) -> None:
        self.answerable = answerable
        self.sentences = sentences
        self.right = right
        self.whole = whole


def examples(library: Library, questions: Sequence[tuple[str, bool, list[str]]]) -> list[Example]:
    """The examples of (question, answerable, answer strings or gold sentences)."""
    found = []
    for text, answerable, gold in questions:
        with library.reading():
            query = encode_query(library, [Part(text)])
            candidates = search(library, query)
            ranked = choose.score_sentences(library, query, text, candidates)
            whole = confidence.features(query, candidates, ranked, choose.word_rarity(library, text))
        right = [any(same(s.text, g) for g in gold) for s in ranked]
        found.append(Example(answerable, [dict(s.features) for s in ranked], right, whole))
    return found


def same(sentence: str, gold: str) -> bool:
    """Whether one holds the other, by words."""
    a, b = f" {metrics.plain(sentence)} ", f" {metrics.plain(gold)} "
    return bool(b.strip()) and (b in a or (len(a) > 40 and a in b))


def fit_sentences(train: Sequence[Sequence[Example]], names: Sequence[str]) -> np.ndarray[Any, Any]:
    """Weights that make the right sentences likely under a softmax, each set counting the same."""
    weights = torch.zeros(len(names), requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=80)
    packed = [
        [
            (torch.tensor([[row[n] for n in names] for row in e.sentences]), torch.tensor(e.right))
            for e in part
            if e.answerable and any(e.right)
        ]
        for part in train
    ]

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        total = 1e-3 * (weights**2).sum()
        for part in packed:
            for rows, right in part:
                likely = torch.log_softmax(rows.float() @ weights, 0)[right]
                total = total - torch.logsumexp(likely, 0) / len(part) / len(packed)
        total.backward()
        return total

    optimizer.step(loss)
    return np.asarray(weights.detach().numpy())


def fit_confidence(train: Sequence[Sequence[Example]], names: Sequence[str]) -> tuple[np.ndarray[Any, Any], float]:
    """Weights and bias of the logistic model; sets, and answerable and not within a set, count the same."""
    rows = np.array([[e.whole[n] for n in names] for part in train for e in part])
    truth = np.array([e.answerable for part in train for e in part])
    shares = []
    for part in train:
        answerable = np.array([e.answerable for e in part])
        share = answerable.mean()
        shares.append(np.where(answerable, 0.5 / share, 0.5 / (1 - share)) / len(part) * 500)
    scaler = StandardScaler().fit(rows)
    model = LogisticRegression(C=0.1, max_iter=3000)
    model.fit(scaler.transform(rows), truth, sample_weight=np.concatenate(shares))
    weights = model.coef_[0] / scaler.scale_
    return weights, float(model.intercept_[0] - (weights * scaler.mean_).sum())


def main() -> None:
    """Builds the libraries, collects the examples, fits and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", type=Path)
    parser.add_argument("--questions", type=int, default=700, help="at most so many of each set, drawn at random")
    arguments = parser.parse_args()
    data: dict[str, list[Example]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        with Library.open(f"{scratch}/corpus", create=True) as library:
            library.ingest(CORPUS)
            rows = load()
            data["immunotherapy"] = examples(
                library, [(r["text"], True, [g["quote"] for g in r["gold"]]) for r in rows["question"]]
            ) + examples(library, [(r["text"], False, []) for r in rows["unanswerable"]])
        for folder in arguments.sets:
            evalset = sets.load(folder)
            asked = list(evalset.queries)
            random.Random(0).shuffle(asked)
            with Library.open(f"{scratch}/{evalset.name}", create=True) as library:
                library.ingest_documents(evalset.documents())
                data[evalset.name] = examples(
                    library,
                    [
                        (q.text, bool(q.answerable), list(q.gold_sentences or q.answers))
                        for q in asked[: arguments.questions]
                    ],
                )
    report(data)


def report(data: dict[str, list[Example]]) -> None:
    """Prints the weights, and how the fits do on the sets left out of them."""
    names = [n for n in choose.READ_WEIGHTS if n not in ("question", "heading")]
    for left in data:
        weights = fit_sentences([part for name, part in data.items() if name != left], names)
        able = [e for e in data[left] if e.answerable]
        orders = [
            np.argsort([-sum(w * r[n] for w, n in zip(weights, names, strict=True)) for r in e.sentences]) for e in able
        ]
        first = np.mean([e.right[o[0]] for e, o in zip(able, orders, strict=True)])
        three = np.mean([any(e.right[i] for i in o[:3]) for e, o in zip(able, orders, strict=True)])
        print(f"sentences, {left} left out: right first {first:.3f}, in three {three:.3f} of {len(able)}")
    for name, weight in zip(names, fit_sentences(list(data.values()), names), strict=True):
        print(f'    "{name}": {weight:.2f},')
    mixed = {n: p for n, p in data.items() if 0 < sum(e.answerable for e in p) < len(p)}
    features = list(next(iter(mixed.values()))[0].whole)
    for left in mixed:
        weights, bias = fit_confidence([p for n, p in mixed.items() if n != left] or [mixed[left]], features)
        _print_confidence(f"{left} left out", mixed[left], features, weights, bias)
    weights, bias = fit_confidence(list(mixed.values()), features)
    for name, part in mixed.items():
        _print_confidence(f"{name} (seen)", part, features, weights, bias)
    print(f"BIAS = {bias:.3f}")
    for name, weight in zip(features, weights, strict=True):
        print(f'    "{name}": {weight:.3f},')


def _print_confidence(
    title: str, part: Sequence[Example], names: Sequence[str], weights: np.ndarray[Any, Any], bias: float
) -> None:
    values = 1 / (1 + np.exp(-(np.array([[e.whole[n] for n in names] for e in part]) @ weights + bias)))
    able = np.array([e.answerable for e in part])
    found = [f"AUROC {metrics.auroc(values[able].tolist(), values[~able].tolist()):.3f}"]
    for threshold in (0.25, 0.3, 0.35, 0.4):
        found.append(
            f"below {threshold}: {(values[able] < threshold).mean():.3f} / {(values[~able] < threshold).mean():.3f}"
        )
    print(f"confidence, {title}: {', '.join(found)} (answerable / unanswerable declined)")


if __name__ == "__main__":
    main()
