"""`pincite eval`: a BEIR-form set or a file of questions in, a run file, the answers and the metrics out."""

import json
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ingest import Library, LibraryError, Settings, UnknownDocumentError

from ..answers import Answer
from ..retriever import Retriever
from .metrics import answering, chance, ndcg_by_query, ranking
from .sets import EvalSet, load, name_of, unmatched

DEPTH = 100


def evaluate(
    path: Path,
    out: Path | None = None,
    limit: int | None = None,
    settings: Settings | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    library: Path | None = None,
    name: str | None = None,
) -> dict[str, Any]:
    """The metrics of the set or the questions at `path`, every question asked.

    A folder is a BEIR-form set, whose documents are put in a throw-away library; a file holds questions to `library`.
    With `out`, writes out/NAME/run.trec (documents, best passage counts, depth 100; white space in an id as %20) and
    answers.jsonl, where NAME is `name`, else that of the set.
    `limit` asks only the first so many queries. `progress` is told (stage, done, of). A `note` in what is returned
    tells of judgements that name what the set does not have; SourceError if all do.
    """
    evalset = load(path)
    note = unmatched(evalset)
    place = _made(out / (name or evalset.name)) if out else None
    with tempfile.TemporaryDirectory(prefix="pincite-eval-") as scratch:
        asked = _ask(evalset, _library(evalset, Path(scratch), settings, library), limit, progress)
    if place:
        _write(place, asked)
    return asked.metrics | ({"set": name} if name else {}) | ({"note": note} if note else {})


def distinct_names(paths: Sequence[Path]) -> list[str]:
    """The names of the sets at `paths`, of which those that follow one of the same name get a number.

    >>> distinct_names([Path("a/mine"), Path("b/mine"), Path("c/mine-2"), Path("d/mine")])
    ['mine', 'mine-3', 'mine-2', 'mine-4']
    """
    own = [name_of(path) for path in paths]
    found: list[str] = []
    for name in own:
        numbered = (f"{name}-{number}" for number in count(2))
        found.append(name if name not in found else next(n for n in numbered if n not in own and n not in found))
    return found


def compare(
    path: Path,
    first: Settings,
    second: Settings,
    limit: int | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    library: Path | None = None,
    out: Path | None = None,
    name: str | None = None,
) -> dict[str, Any]:
    """The metrics under two settings, how much the second has more of each, and whether the ranking's gain is chance.

    `better` and `worse` count the queries whose nDCG@10 the second raises and lowers; `p_value` is that of a paired
    randomisation test over them. `out` and `name` as in `evaluate`: the two runs are written to first/ and second/
    of out/NAME.
    """
    evalset = load(path)
    note = unmatched(evalset)
    written = [_made(out / (name or evalset.name) / which) for which in ("first", "second")] if out else []
    with tempfile.TemporaryDirectory(prefix="pincite-eval-") as scratch:
        # The same documents need encoding once where both settings name the same encoder.
        encoders = [(settings.encoder, settings.encoder_dimension) for settings in (first, second)]
        places = [Path(scratch) / str(encoders.index(encoder)) for encoder in encoders]
        a, b = (
            _ask(evalset, _library(evalset, place, settings, library), limit, progress)
            for place, settings in zip(places, (first, second), strict=True)
        )
    for place, asked in zip(written, (a, b), strict=False):
        _write(place, asked)
    both = [metric for metric, value in a.metrics.items() if metric in b.metrics and isinstance(value, float)]
    found: dict[str, Any] = {
        "set": name or evalset.name,
        "first": a.metrics,
        "second": b.metrics,
        "difference": {metric: round(b.metrics[metric] - a.metrics[metric], 4) for metric in both},
    }
    before, after = ndcg_by_query(evalset, a.run), ndcg_by_query(evalset, b.run)
    gains = [after[query] - before[query] for query in before]
    if gains:
        found |= {
            "better": sum(gain > 0 for gain in gains),
            "worse": sum(gain < 0 for gain in gains),
            "p_value": chance(gains),
        }
    return found | ({"note": note} if note else {})


@dataclass(frozen=True, slots=True)
class _Asked:
    run: dict[str, dict[str, float]]
    answers: dict[str, Answer]
    metrics: dict[str, Any]


def _library(evalset: EvalSet, scratch: Path, settings: Settings | None, own: Path | None) -> Library:
    """The library to ask: the user's for a file of questions, else one in `scratch` with the set's documents."""
    if not evalset.has_documents:
        library = Library.open(own, settings=settings)
        known = {info.document for info in library.documents()}
        strange = next((name for judged in evalset.qrels.values() for name in judged if name not in known), None)
        if strange is not None:
            library.close()
            raise UnknownDocumentError(
                f"{evalset.folder} names {strange!r}, which is not in the library; pincite documents lists what is."
            )
        return library
    library = Library.open(scratch, create=True, settings=settings)
    if not library.documents():
        library.ingest_documents(evalset.documents())
    return library


def _ask(
    evalset: EvalSet, library: Library, limit: int | None, progress: Callable[[str, int, int], None] | None
) -> _Asked:
    """Every query asked of `library`, which is closed then."""
    queries = evalset.queries[:limit]
    run: dict[str, dict[str, float]] = {}
    answers: dict[str, Answer] = {}
    with Retriever(library) as retriever:
        for number, query in enumerate(queries):
            if progress:
                progress(evalset.name, number, len(queries))
            hits = retriever.search(query.text, k=DEPTH * 4, history=query.history).hits
            best: dict[str, float] = {}
            for hit in hits:  # best first: the first passage of a document is its best
                best.setdefault(hit.passage.document, hit.score)
            run[query.id] = dict(list(best.items())[:DEPTH])
            answers[query.id] = retriever.ask(query.text, query.history)
        passages = retriever.state.passages
    metrics = {"set": evalset.name, "passages": passages, "asked": len(queries)}
    return _Asked(run, answers, {**metrics, **ranking(evalset, run), **answering(evalset, answers)})


def _made(folder: Path) -> Path:
    """`folder`, there before hours of questions are asked; LibraryError if it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise LibraryError(f"{folder} cannot be written: {exc.strerror}.") from exc
    return folder


def _write(folder: Path, asked: _Asked) -> None:
    try:
        with (folder / "run.trec").open("w", encoding="utf-8") as file:
            for query, scores in asked.run.items():
                for rank, (document, score) in enumerate(scores.items(), 1):
                    file.write(f"{_field(query)} Q0 {_field(document)} {rank} {score:.9f} pincite\n")
        with (folder / "answers.jsonl").open("w", encoding="utf-8") as file:
            for query, answer in asked.answers.items():
                file.write(json.dumps({"_id": query, "answer": answer.to_dict()}, ensure_ascii=False) + "\n")
    except OSError as exc:
        raise LibraryError(f"{folder} cannot be written: {exc.strerror}.") from exc


def _field(id: str) -> str:
    """`id` as a field of a run file, which white space separates.

    >>> _field("My notes.md")
    'My%20notes.md'
    """
    return re.sub(r"\s", lambda found: quote(found[0]), id)


__all__ = ["compare", "distinct_names", "evaluate"]
