"""A conversation as files for other programs: Markdown, JSON, references, and ratings as an evaluation set."""

import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from ingest import Document
from retriever import Citation

from . import lists, render
from .conversations import Conversation, KeptTurn
from .whereabouts import counted_as, page_of


def as_markdown(conversation: Conversation) -> str:
    """The conversation as Markdown: each question a heading, each answer with its numbered sources and their words.

    A question that was put to some documents alone says to which, one that was searched for in other words says in
    which; an answer says how sure it is, and what its reader thought of it.
    """
    lines = [f"# {render.plain(conversation.title)}", ""]
    for turn in conversation.turns:
        lines += [f"## {render.plain(' '.join(turn.question.split()))}", ""]
        if asked := [*turn.scope.documents, *(f"all tagged {tag}" for tag in turn.scope.tags)]:
            lines += [f"Asked only: {render.plain(', '.join(asked))}", ""]
        if turn.answer and (searched := render.meant(turn.answer)):
            lines += [f"Searched for: {render.plain(searched)}", ""]
        if turn.answer is None:
            lines += [turn.failure or "Not answered.", ""]
        elif turn.answer.answered:
            lines += [render.as_markdown(turn.answer), ""]
        else:
            lines += [render.plain(render.refusal(turn.answer, lists.within(turn.scope))), ""]
        for c in turn.answer.citations if turn.answer else ():
            lines += [f"> [{c.number}] {render.plain(' '.join(c.quote.split()))}", ""]
        if turn.answer and turn.answer.answered:
            lines += [f"{render.assurance(turn.answer)[1]}.", ""]
        if turn.rating:
            rated = "Helpful" if turn.rating > 0 else "Not helpful"
            lines += [f"{rated}: {render.plain(' '.join(turn.note.split()))}" if turn.note else f"{rated}.", ""]
    return "\n".join(lines)


def as_json(conversation: Conversation) -> str:
    """The conversation as JSON: the ANSWER of the contract for each question, and the documents it was put to."""
    turns = [
        {
            "number": turn.number,
            "question": turn.question,
            "scope": turn.scope.to_dict(),
            "asked": _moment(turn.asked),
            "answer": turn.answer.to_dict() if turn.answer else None,
            "failure": turn.failure or None,
            "rating": turn.rating,
            "note": turn.note,
        }
        for turn in conversation.turns
    ]
    whole = {
        "conversation": conversation.id,
        "title": conversation.title,
        "scope": conversation.scope.to_dict(),
        "updated": _moment(conversation.updated),
        "turns": turns,
    }
    return json.dumps(whole, ensure_ascii=False, indent=2)


def as_csl(conversation: Conversation) -> str:
    """The cited documents as CSL-JSON, each with the words that were cited."""
    items: list[dict[str, Any]] = []
    for key, cited in _references(conversation):
        first = cited[0].passage
        item = {
            "id": key,
            "type": "document",
            "title": first.title or first.document,
            "archive_location": first.document,
        }
        pages = _pages(cited)
        items.append(item | ({"page": pages} if pages else {}) | {"note": _note(cited)})
    return json.dumps(items, ensure_ascii=False, indent=2)


def as_bibtex(conversation: Conversation) -> str:
    """The cited documents as BibTeX, an entry each, with the words that were cited."""
    entries = []
    for key, cited in _references(conversation):
        first = cited[0].passage
        fields = {"title": first.title or first.document, "howpublished": first.document, "pages": _pages(cited)}
        fields["note"] = _note(cited)
        lines = [f"  {name} = {{{_tex(value)}}}," for name, value in fields.items() if value]
        entries.append("\n".join([f"@misc{{{key},", *lines, "}"]))
    return "\n\n".join(entries) + ("\n" if entries else "")


def evaluation_set(rated: Sequence[tuple[Conversation, KeptTurn]], documents: Iterable[Document]) -> bytes:
    """A zip of the set that `pincite eval` reads: every rated question over the library as it is now.

    A helpful answer is the judgement that its documents are relevant and its quotes the gold sentences (for a helpful
    "not in your documents": that the question is not answerable). What was not helpful is kept with its note and judged
    by nobody yet: its `gold_sentences` are there to be filled in.
    """
    queries, judged = [], ["query-id\tcorpus-id\tscore"]
    for conversation, turn in rated:
        assert turn.answer is not None
        id = f"{conversation.id}-{turn.number}"
        query: dict[str, Any] = {"_id": id, "text": turn.question, "rating": turn.rating, "note": turn.note}
        history = [{"role": t.role, "text": t.text} for t in conversation.history(turn.number)]
        if history:
            query["history"] = history
        if turn.rating > 0:
            query["answerable"] = turn.answer.answered
            query["gold_sentences"] = [c.quote for c in turn.answer.citations]
            names = dict.fromkeys(c.passage.document for c in turn.answer.citations)
            judged += [f"{id}\t{' '.join(name.split())}\t1" for name in names]
        queries.append(query)
    corpus = ({"_id": " ".join(d.id.split()), "title": d.title, "text": d.text} for d in documents)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("ratings/queries.jsonl", _lines(queries))
        file.writestr("ratings/qrels.tsv", "\n".join(judged) + "\n")
        with file.open("ratings/corpus.jsonl", "w") as rows:
            for document in corpus:
                rows.write(_lines([document]).encode())
    return packed.getvalue()


def file_name(conversation: Conversation, suffix: str) -> str:
    """A name for the file of an export, in ASCII, so that it fits every header and disk.

    >>> file_name(Conversation("x", "Wie wirkt PD-1 (überhaupt)?", None, 0), "md")
    'wie-wirkt-pd-1-uberhaupt.md'
    """
    return f"{_ascii(conversation.title, '-')[:60].strip('-') or 'conversation'}.{suffix}"


def _references(conversation: Conversation) -> Iterator[tuple[str, list[Citation]]]:
    """The cited documents in the order of their first citation, each with a key of its own and its citations."""
    cited: dict[str, list[Citation]] = {}
    for turn in conversation.turns:
        for c in turn.answer.citations if turn.answer else ():
            cited.setdefault(c.passage.document, []).append(c)
    keys: set[str] = set()
    for document, citations in cited.items():
        key = base = _ascii(document.rpartition("/")[2].rpartition(".")[0] or document, "-").strip("-") or "document"
        number = 2
        while key in keys:
            key, number = f"{base}-{number}", number + 1
        keys.add(key)
        yield key, citations


def _note(cited: Sequence[Citation]) -> str:
    """The cited words, each with its slide or sheet, for which there is no field."""
    return " ".join(f"“{' '.join(c.quote.split())}”" + (f" ({at})" if (at := _unprinted(c)) else "") for c in cited)


def _pages(cited: Sequence[Citation]) -> str:
    return ", ".join(map(str, sorted({c.page for c in cited if c.page and not _unprinted(c)})))


def _unprinted(cited: Citation) -> str:
    """What is no printed page but counted as one, in words: "slide 3"."""
    document = cited.passage.document
    return page_of(document, cited.page) if counted_as(document) else ""


def _ascii(text: str, between: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", between, plain)


def _tex(text: str) -> str:
    """`text` with what means something to TeX made plain."""
    special = {"\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(special.get(c, f"\\{c}" if c in "#$%&_" else c) for c in " ".join(text.split()))


def _lines(rows: Iterable[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
