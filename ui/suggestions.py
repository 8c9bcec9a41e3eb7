"""What to ask first and next: headings, of those cited the ones near, offered only if the library answers them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ingest import Document, UnknownDocumentError
from retriever import Answer, Retriever

# At most so many are offered, and so many headings are asked for real: each costs an answer's time.
OFFERED = 3
_TRIED = 6
_NEXT = 3


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A topic as it is shown, and the question that it asks."""

    shown: str
    question: str


def first_questions(retriever: Retriever, written: Mapping[str, str]) -> list[Suggestion]:
    """What to begin with: the questions `written` for documents, by name, that are there, as far as they are answered.

    Where there is none, up to `OFFERED` headings of documents spread over the library.
    """
    quoting = Retriever(retriever.library, use_llm=False)
    names = [info.document for info in retriever.documents()]
    found = [Suggestion(q, q) for name, q in written.items() if name in names and quoting.ask(q).answered]
    for name in () if found else names[:: max(1, len(names) // _TRIED)][:_TRIED]:
        beside = _beside(retriever.document(name), 0)
        # The first ones are introductions, the last ones notes.
        for document, suggestion in beside[len(beside) // 2 :][:1]:
            if len(found) < OFFERED and _answers(quoting, document, suggestion):
                found.append(suggestion)
    return found


def _answers(
    quoting: Retriever,
    document: Document,
    suggestion: Suggestion,
    documents: Iterable[str] = (),
    tags: Iterable[str] = (),
) -> bool:
    """Whether the document that a suggestion names answers it."""
    told = quoting.ask(suggestion.question, (), documents, tags)
    return told.answered and any(c.passage.document == document.id for c in told.citations)


def suggest(
    retriever: Retriever, answer: Answer, asked: set[str], documents: Iterable[str] = (), tags: Iterable[str] = ()
) -> list[Suggestion]:
    """Up to `OFFERED` topics of the sections beside those that `answer` cites (or nearly found).

    `asked` are questions of the conversation, which are not offered again; `documents` and `tags` its scope. Each was
    asked just now, and answered out of the document that it names.
    """
    quoting = Retriever(retriever.library, use_llm=False)
    found: list[Suggestion] = []
    for tried, (document, suggestion) in enumerate(_candidates(retriever, answer)):
        if len(found) == OFFERED or tried == _TRIED:
            break
        if suggestion.question in asked or suggestion in found:
            continue
        if _answers(quoting, document, suggestion, documents, tags):
            found.append(suggestion)
    return found


def _candidates(retriever: Retriever, answer: Answer) -> Iterator[tuple[Document, Suggestion]]:
    """Headings beside the cited ones, document by document in turn, the nearest and those that follow first."""
    places: dict[str, int] = {}
    for passage, start in [(c.passage, c.start) for c in answer.citations] or [
        (hit.passage, hit.passage.start) for hit in answer.evidence[:2]
    ]:
        places.setdefault(passage.document, start)
    rows = []
    for name, start in places.items():
        try:
            rows.append(_beside(retriever.document(name), start))
        except UnknownDocumentError:  # removed since
            continue
    for step in range(_NEXT):
        for row in rows:
            if step < len(row):
                yield row[step]


def _beside(document: Document, start: int) -> list[tuple[Document, Suggestion]]:
    """The headings of `document` that follow the one at `start`, then those before it, nearest first."""
    sections = [s for s in document.sections if s.path]
    here = max((i for i, s in enumerate(sections) if s.start <= start), default=-1)
    order = [*sections[here + 1 :], *reversed(sections[: max(here, 0)])]
    cited = sections[here].path if here >= 0 else ()
    found = []
    for section in order:
        heading, title = section.path[-1], document.title
        if heading == title or section.path == cited[: len(section.path)]:
            continue
        question = heading if heading.endswith("?") else f"{title}: {heading}" if title else heading
        found.append((document, Suggestion(f"{heading} · {title}" if title else heading, question)))
    return found
