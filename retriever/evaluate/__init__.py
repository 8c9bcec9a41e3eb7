"""`pincite eval`: a BEIR-form set in, a run file, the answers and the metrics out."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ingest import Library, LibraryError, Settings

from ..answers import Answer
from ..retriever import Retriever
from .metrics import answering, ranking
from .sets import EvalSet, load

DEPTH = 100


def evaluate(
    folder: Path,
    out: Path | None = None,
    limit: int | None = None,
    settings: Settings | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> dict[str, Any]:
    """The metrics of the set in `folder`: its documents in a throw-away library, every query asked.

    With `out`, writes out/NAME/run.trec (documents, best passage counts, depth 100) and answers.jsonl.
    `limit` asks only the first so many queries. `progress` is told (stage, done, of).
    """
    evalset = load(folder)
    with tempfile.TemporaryDirectory(prefix="pincite-eval-") as scratch:
        library = Library.open(scratch, create=True, settings=settings)
        passages = library.ingest_documents(evalset.documents())
        with Retriever(library) as retriever:
            return {"set": evalset.name, "passages": passages, **_run(evalset, retriever, out, limit, progress)}


def _run(
    evalset: EvalSet,
    retriever: Retriever,
    out: Path | None,
    limit: int | None,
    progress: Callable[[str, int, int], None] | None,
) -> dict[str, Any]:
    queries = evalset.queries[:limit]
    run: dict[str, dict[str, float]] = {}
    answers: dict[str, Answer] = {}
    for number, query in enumerate(queries):
        if progress:
            progress(evalset.name, number, len(queries))
        hits = retriever.search(query.text, k=DEPTH * 4, history=query.history).hits
        best: dict[str, float] = {}
        for hit in hits:  # best first: the first passage of a document is its best
            best.setdefault(hit.passage.document, hit.score)
        run[query.id] = dict(list(best.items())[:DEPTH])
        answers[query.id] = retriever.ask(query.text, query.history)
    if out:
        _write(out / evalset.name, run, answers)
    return {"asked": len(queries), **ranking(evalset, run), **answering(evalset, answers)}


def _write(folder: Path, run: dict[str, dict[str, float]], answers: dict[str, Answer]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "run.trec").open("w", encoding="utf-8") as file:
            for query, scores in run.items():
                for rank, (document, score) in enumerate(scores.items(), 1):
                    file.write(f"{query} Q0 {document} {rank} {score:.6f} pincite\n")
        with (folder / "answers.jsonl").open("w", encoding="utf-8") as file:
            for query, answer in answers.items():
                file.write(json.dumps({"_id": query, "answer": answer.to_dict()}, ensure_ascii=False) + "\n")
    except OSError as exc:
        raise LibraryError(f"{folder} cannot be written: {exc.strerror}.") from exc


__all__ = ["evaluate"]
