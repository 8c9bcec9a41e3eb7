"""Prints how much of a standalone question's worth the rewriting of follow-ups recovers.

    python -m tests.evals.followups [SET...] [--libraries FOLDER]

A SET is a folder in BEIR form whose queries have a `history` and a standalone `rewrite`. Its judged later turns are
searched for three times: the last turn alone, with its history, and the given rewrite. The share recovered is what the
history adds to nDCG@10 over what the rewrite adds. A first turn has no history, so it is searched for as it is. Then the
conversations over the shipped corpus: how many later turns cite a gold document first.

With --libraries, FOLDER/NAME is the library of the set NAME, and FOLDER/corpus that of the shipped corpus; what is not
there is built and thrown away.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ingest import Library
from retriever import Retriever, Turn
from retriever.evaluate import DEPTH
from retriever.evaluate.metrics import ranking
from retriever.evaluate.sets import EvalSet
from retriever.evaluate.sets import load as load_set

from .carry import rows
from .run import CORPUS, conversations, gold_first

WAYS = ("last turn", "with history", "rewrite")


@contextmanager
def opened(folder: Path | None, evalset: EvalSet | None) -> Iterator[Retriever]:
    """A retriever over the library in `folder`, or over a throw-away one of the set (None: the shipped corpus)."""
    if folder and folder.is_dir():
        with Retriever.open(folder) as retriever:
            yield retriever
        return
    with tempfile.TemporaryDirectory() as scratch, Library.open(scratch, create=True) as library:
        if evalset:
            library.ingest_documents(evalset.documents())
        else:
            library.ingest(CORPUS)
        yield Retriever(library)


def gains(evalset: EvalSet, retriever: Retriever) -> dict[str, float]:
    """nDCG@10 of the judged later turns that have a rewrite, by way of asking, and how many these are."""
    standalone = {row["_id"]: str(row.get("rewrite") or "") for row in rows(evalset.folder / "queries.jsonl")}
    asked = [
        query
        for query in evalset.queries
        if query.history and standalone[query.id] and any(evalset.qrels.get(query.id, {}).values())
    ]

    def found(text: str, history: Sequence[Turn]) -> dict[str, float]:
        best: dict[str, float] = {}
        for hit in retriever.search(text, k=DEPTH, history=history).hits:
            best.setdefault(hit.passage.document, hit.score)
        return best

    runs = {
        "last turn": {query.id: found(query.text, ()) for query in asked},
        "with history": {query.id: found(query.text, query.history) for query in asked},
        "rewrite": {query.id: found(standalone[query.id], ()) for query in asked},
    }
    return {"turns": len(asked), **{way: ranking(evalset, runs[way])["nDCG@10"] for way in WAYS}}


def main(folders: Sequence[Path], libraries: Path | None) -> None:
    """Prints a line a set, the share over all of them, and the corpus conversations."""
    total = dict.fromkeys(WAYS, 0.0)
    for folder in folders:
        evalset = load_set(folder)
        with opened(libraries and libraries / evalset.name, evalset) as retriever:
            figures = gains(evalset, retriever)
        print(f"{evalset.name:16s} {figures['turns']:4.0f} turns", *(f" {way} {figures[way]:.3f}" for way in WAYS))
        for way in WAYS:
            total[way] += figures[way]
    if folders:
        last, history, rewrite = (total[way] for way in WAYS)
        print(f"share of the rewrite's gain recovered, all sets alike: {(history - last) / (rewrite - last):.0%}")
    with opened(libraries and libraries / "corpus", None) as retriever:
        later = [gold_first(answer, turn["gold"]) for _, number, turn, answer in conversations(retriever) if number]
    print(f"corpus conversations, later turns that cite a gold document first: {np.mean(later):.3f} of {len(later)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path, nargs="*", metavar="SET")
    parser.add_argument("--libraries", type=Path, metavar="FOLDER")
    arguments = parser.parse_args()
    main(arguments.sets, arguments.libraries)
