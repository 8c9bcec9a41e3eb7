"""Evaluation sets in BEIR form, a folder with corpus.jsonl, queries.jsonl and qrels.tsv; or one file of questions."""

import csv
import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest import MAX_QUESTION_CHARS, Document, SourceError

from ..answers import Turn, conversation, readable

# The evaluator counts judgements by their score: a table of that length.
MAX_SCORE = 1000


@dataclass(frozen=True, slots=True)
class EvalQuery:
    """One question of a set. `answerable` is None where the set does not say; the lists may be empty."""

    id: str
    text: str
    history: tuple[Turn, ...]
    answers: tuple[str, ...]
    gold_sentences: tuple[str, ...]
    answerable: bool | None


@dataclass(frozen=True, slots=True)
class EvalSet:
    """A set: its documents come from `documents()`; `qrels` maps query id -> document id -> relevance.

    A file of questions has no documents: they are in the library that is asked.
    """

    folder: Path
    queries: tuple[EvalQuery, ...]
    qrels: dict[str, dict[str, int]]

    @property
    def name(self) -> str:
        """The folder's name, or the file's without its suffix."""
        return name_of(self.folder)

    @property
    def has_documents(self) -> bool:
        """Whether the set brings its own documents."""
        return not self.folder.is_file()

    def documents(self) -> Iterator[Document]:
        """The documents of the corpus, their text exactly as it stands there; those without text and title left out."""
        seen: set[str] = set()
        for row in _rows(self.folder / "corpus.jsonl"):
            if str(row["_id"]) in seen:
                raise SourceError(f"{self.folder / 'corpus.jsonl'}: more than one document has the _id {row['_id']!r}.")
            seen.add(str(row["_id"]))
            text, title = readable(str(row.get("text") or "")), readable(str(row.get("title") or ""))
            if text.strip() or title.strip():
                yield Document(id=str(row["_id"]), title=title, text=text, sha256="")


def name_of(path: Path) -> str:
    """The name of the set or the questions at `path`."""
    place = path.resolve()
    return place.stem if os.path.isfile(place) else place.name  # noqa: PTH113  # False, too, where nobody may look


def load(path: Path) -> EvalSet:
    """The set in the folder, or the questions in the file, `path`; SourceError if a file is missing or malformed.

    A line of a file of questions is one of `queries.jsonl`; its `_id` may be missing, and `documents` may
    list the names of the documents that answer it.
    """
    if path.is_file():
        rows = [{"_id": str(number), **row} for number, row in enumerate(_rows(path, ("text",)), 1)]
        qrels = {str(row["_id"]): dict.fromkeys(_names(row, path), 1) for row in rows if row.get("documents")}
        return EvalSet(path.resolve(), _checked(tuple(_query(row, path) for row in rows), path), qrels)
    file = path / "queries.jsonl"
    queries = _checked(tuple(_query(row, file) for row in _rows(file)), file)
    if not (path / "corpus.jsonl").is_file():
        raise SourceError(f"{path / 'corpus.jsonl'} is missing; an evaluation set needs it.")
    return EvalSet(path.resolve(), queries, _qrels(_judgements(path)))


def unmatched(evalset: EvalSet) -> str | None:
    """One sentence on judgements that name a question or document which the set lacks; None where there are none.

    SourceError if that is true of all judgements.
    """
    judged = [(query, document) for query, documents in evalset.qrels.items() for document in documents]
    if not evalset.has_documents or not judged:
        return None
    queries = {query.id for query in evalset.queries}
    documents = {str(row["_id"]) for row in _rows(evalset.folder / "corpus.jsonl")}
    strange = [(query, document) for query, document in judged if query not in queries or document not in documents]
    if not strange:
        return None
    query, document = strange[0]
    first = f"the document {document!r}" if query in queries else f"the question {query!r}"
    share = f"{len(strange)} of {len(judged)} judgements"
    told = f"{_judgements(evalset.folder)}: {share} name what the set does not have, the first one {first}"
    if len(strange) == len(judged):
        raise SourceError(f"{told}; they are of another set, or its ids are written otherwise.")
    return f"{told}."


def _judgements(folder: Path) -> Path:
    """The file of judgements: `qrels.tsv`, else where a set of BEIR has those of its test split."""
    own, published = folder / "qrels.tsv", folder / "qrels" / "test.tsv"
    return published if published.is_file() and not own.is_file() else own


def _checked(queries: tuple[EvalQuery, ...], file: Path) -> tuple[EvalQuery, ...]:
    """The queries; SourceError if there is none, or two have one id."""
    if not queries:
        raise SourceError(f"{file} holds no question; write one a line.")
    for id, count in Counter(query.id for query in queries).items():
        if count > 1:
            raise SourceError(f"{file}: more than one query has the _id {id!r}.")
    return queries


def _names(row: dict[str, Any], file: Path) -> list[str]:
    names = row["documents"]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise SourceError(f"{file}, query {row['_id']}: documents is a list of names.")
    return names


def _query(row: dict[str, Any], file: Path) -> EvalQuery:
    if not isinstance(row["text"], str) or not row["text"].strip():
        raise SourceError(f"{file}, query {row['_id']}: its text is empty, or no text.")
    return EvalQuery(
        id=str(row["_id"]),
        text=row["text"][:MAX_QUESTION_CHARS],  # the encoder sees less
        history=_history(row, file),
        answers=_texts(row, "answers", file),
        gold_sentences=_texts(row, "gold_sentences", file),
        answerable=row.get("answerable"),
    )


def _texts(row: dict[str, Any], key: str, file: Path) -> tuple[str, ...]:
    texts = row.get(key) or []
    if not isinstance(texts, list) or not all(isinstance(text, str | int | float) for text in texts):
        raise SourceError(f"{file}, query {row['_id']}: {key} is a list of texts.")
    return tuple(map(str, texts))


def _history(row: dict[str, Any], file: Path) -> tuple[Turn, ...]:
    try:
        return conversation(row.get("history") or ())
    except (ValueError, TypeError) as exc:
        raise SourceError(f"{file}, query {row['_id']}: {exc}.") from exc


def _rows(path: Path, needed: tuple[str, ...] = ("_id", "text")) -> Iterator[dict[str, Any]]:
    number = 0
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                row = json.loads(line)
                if not isinstance(row, dict) or not row.keys() >= set(needed):
                    keys = ", ".join(f'"{key}": ...' for key in needed)
                    raise SourceError(f"{path}, line {number}: each line is {{{keys}}}.")
                if not _is_id(row.get("_id", number)):
                    raise SourceError(f"{path}, line {number}: an _id is a text, not empty, or a whole number.")
                if not isinstance(row.get("answerable"), bool | None):
                    raise SourceError(f"{path}, line {number}: answerable is true, false or null.")
                yield row
    except OSError as exc:
        raise SourceError(f"{path} cannot be read: {exc.strerror}; an evaluation set needs it.") from exc
    except json.JSONDecodeError as exc:
        raise SourceError(f"{path} is not JSON Lines: line {number}, column {exc.colno}: {exc.msg}.") from exc
    except (ValueError, RecursionError) as exc:
        raise SourceError(f"{path} is not JSON Lines: {exc}.") from exc


def _is_id(value: object) -> bool:
    """Whether a run file can name this."""
    return isinstance(value, int) or (isinstance(value, str) and bool(value.strip()) and readable(value) == value)


def _qrels(path: Path) -> dict[str, dict[str, int]]:
    """Judgements by query; empty if the set has none (then no ranking is scored)."""
    found: dict[str, dict[str, int]] = {}
    if not path.is_file():
        return found
    number = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, row in enumerate(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE), 1):
                if number == 1 and row and row[-1].strip().lstrip("-").isdigit():
                    raise SourceError(f"{path}: its first line is its head: query-id, corpus-id and score, with tabs.")
                if number == 1 or not row:
                    continue
                query, document, score = row
                if not float(score).is_integer() or abs(float(score)) > MAX_SCORE:
                    told = f"a score is a whole number of at most {MAX_SCORE:,}, not {score}"
                    raise SourceError(f"{path}, line {number}: {told}.")
                relevance = int(float(score))
                if found.setdefault(query, {}).setdefault(document, relevance) != relevance:
                    raise SourceError(f"{path}, line {number}: {document!r} has another score for {query!r} above.")
    except (ValueError, csv.Error) as exc:
        raise SourceError(f"{path}, line {number}: query-id, corpus-id and score, with tabs.") from exc
    except OSError as exc:
        raise SourceError(f"{path} cannot be read: {exc.strerror}.") from exc
    return found
