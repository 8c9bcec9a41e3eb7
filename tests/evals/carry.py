"""Fits which words of a conversation a follow-up means (retriever/carry.py), and prints how well it does.

    python -m tests.evals.carry SET...

A SET is a folder whose queries have a `history` and a standalone `rewrite`; the conversations over the shipped corpus
are always one set more. A word of the history counts as meant if it is in the rewrite and not in the question. Rarity
is counted in the set's own corpus; for a set without one, in the first that has one. Printed: by set, fitted on the
others, the area under the ROC curve over words, the best F1, and how many of (up to three) meant words are among the
three most probable ones; then the weights fitted on all.
"""

import argparse
import json
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest import stem, words
from retriever import Turn
from retriever.carry import candidates, needs, stems, weigh, written
from retriever.evaluate.metrics import auroc

from .run import CORPUS, load

TERM = (
    "name beside verb adjective last last_ends object before_last first opening since asked_times answer answer_place answer_times "
    "rare unknown"
).split()
QUESTION = ("it they person this other none one two many the fragment names alone shared shared_last length").split()
PAIRS = [
    ("last", "it"),
    ("first", "it"),
    ("answer", "many"),
    ("last", "person"),
    ("answer", "person"),
    ("opening", "it"),
]
# Conversations of a set that are looked at: the large one has many that are alike.
CONVERSATIONS = 300
REGULAR = 0.3

Floats = npt.NDArray[np.float64]


def examples(folder: Path | None, rarity: tuple[int, Mapping[str, int]]) -> Iterator[tuple[Floats, Floats]]:
    """The features (words, features) and labels (words,) of each follow-up of a set; None is the shipped corpus."""
    for question, history, rewrite in follow_ups(folder):
        terms = candidates(question, history)
        weigh(terms, *rarity)
        whole = needs(question, history)
        meant = {s for _, word in written(rewrite) for s in stems(word)}
        features = [
            [
                *(term.features.get(name, 0.0) for name in TERM),
                *(whole[name] for name in QUESTION),
                *(term.features.get(a, 0.0) * whole[b] for a, b in PAIRS),
            ]
            for term in terms
        ]
        if features:
            yield np.array(features), np.array([float(meant.issuperset(term.stems)) for term in terms])


def follow_ups(folder: Path | None) -> Iterator[tuple[str, list[Turn], str]]:
    """The question, history and standalone form of each later turn."""
    if folder is None:
        for row in load()["conversation"]:
            history: list[Turn] = []
            for turn in row["turns"]:
                if history:
                    yield turn["text"], list(history), turn["standalone"]
                history += [Turn("user", turn["text"]), Turn("assistant", turn["gold"][0]["quote"])]
        return
    queries = rows(folder / "queries.jsonl")
    names = list(dict.fromkeys(map(_conversation, queries)))
    chosen = set(sorted(names, key=lambda name: zlib.crc32(name.encode()))[:CONVERSATIONS])
    for row in queries:
        if row["history"] and row.get("rewrite") and _conversation(row) in chosen:
            yield row["text"], [Turn.of(turn) for turn in row["history"]], row["rewrite"]


def rows(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON Lines file."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def _conversation(row: dict[str, Any]) -> str:
    """What the turns of one conversation have in common: how it opened."""
    return str(row["history"][0]["text"] if row["history"] else row["text"])


def frequencies(folder: Path | None) -> tuple[int, dict[str, int]]:
    """How many texts a set's corpus has, and in how many of them each stem is."""
    if folder is None:
        texts = [
            part for path in CORPUS.glob("*.md") for part in path.read_text("utf-8").split("\n\n") if len(part) > 80
        ]
    else:
        texts = [row["text"] for row in rows(folder / "corpus.jsonl")]
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update({stem(word) for word in set(words(text))})
    return len(texts), dict(counts)


def fit(x: Floats, y: Floats, weights: Floats) -> Floats:
    """The bias and the weights of a logistic model, by Newton's method."""
    x = np.column_stack([np.ones(len(x)), x])
    found = np.zeros(x.shape[1])
    ridge = np.eye(x.shape[1]) / REGULAR
    ridge[0, 0] = 0
    for _ in range(25):
        p = 1 / (1 + np.exp(-np.clip(x @ found, -30, 30)))
        slope = x.T @ (weights * (y - p)) - ridge @ found
        found = found + np.linalg.solve((x * (weights * p * (1 - p))[:, None]).T @ x + ridge, slope)
    return found


def best_f1(scores: Floats, y: Floats) -> tuple[float, float]:
    """The best F1 at any threshold, and that threshold."""
    order = np.argsort(-scores)
    values = 2 * np.cumsum(y[order]) / (np.arange(1, len(y) + 1) + y.sum())
    return float(values.max()), float(scores[order][values.argmax()])


def main(folders: Sequence[Path]) -> None:
    """Prints figures by set and the weights."""
    names = ["corpus", *(folder.name for folder in folders)]
    tables = {folder: frequencies(folder) for folder in (None, *folders)}
    default = next(table for folder, table in tables.items() if folder and table[0])
    data = [list(examples(f, tables[f] if tables[f][0] else default)) for f in (None, *folders)]

    def stacked(of: Sequence[int]) -> tuple[Floats, Floats, Floats]:
        x = np.concatenate([x for i in of for x, _ in data[i]])
        y = np.concatenate([y for i in of for _, y in data[i]])
        # A set counts by the root of its size.
        weight = np.concatenate([np.full(sum(len(y) for _, y in data[i]), len(data[i]) ** -0.5) for i in of])
        return x, y, weight

    for i, name in enumerate(names):
        model = fit(*stacked([j for j in range(len(names)) if j != i]))
        scores = [1 / (1 + np.exp(-(model[0] + x @ model[1:]))) for x, _ in data[i]]
        labels = [y for _, y in data[i]]
        s, y = np.concatenate(scores), np.concatenate(labels)
        f1, at = best_f1(s, y)
        found = [m[np.argsort(-p)[:3]].sum() / min(3, m.sum()) for p, m in zip(scores, labels, strict=True) if m.any()]
        area = auroc(list(s[y > 0]), list(s[y == 0]))
        print(
            f"{name:16s} {len(data[i]):5d} follow-ups  area {area:.3f}  F1 {f1:.3f} at {at:.2f}  in three {np.mean(found):.3f}"
        )
    model = fit(*stacked(range(len(names))))
    print(f"BIAS = {model[0]:.2f}")
    for feature, value in zip([*TERM, *QUESTION, *PAIRS], model[1:], strict=True):
        print(f"    {feature!r}: {value:.2f},".replace("'", '"'))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path, nargs="+", metavar="SET")
    main(parser.parse_args().sets)
