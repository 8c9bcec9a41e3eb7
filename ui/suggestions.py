"""What to ask first and next: headings, of those cited the ones near, offered only if their sections answer them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ingest import Document, UnknownDocumentError
from retriever import Answer, Retriever

# At most so many are offered, and so many headings are asked for real: each costs an answer's time.
# Questions to the shipped articles, by the article that answers each. Another library is offered its own headings.
EXAMPLES = {
    "pd-1-and-pd-l1.md": "How does blocking PD-1 help T cells attack a tumour?",
    "history-of-immunotherapy.md": "Who discovered PD-1?",
    "bcg.md": "How long does a BCG course last?",
    "rheumatoid-arthritis.md": "When should methotrexate be started in rheumatoid arthritis?",
}
OFFERED = 3
_TRIED = 6
# A section with less text of its own is a title, an address, or the head of others.
_LEAST_CHARS = 40
# Headings that say nothing of what stands under them, and what a template has in the place of one.
_NUMBER = r"(?:\d+|[ivxlc]+|[a-z])"
_NO_TOPIC = re.compile(
    rf"[*∗†‡˘].*|(?:(?:{_NUMBER}\.)+|\d+|(?:chapter|part|section|appendix) {_NUMBER})?[\s:.–—-]*"
    r"(?:(?:table of )?contents|(?:general )?introduction|conclusions?|references|bibliography|(?:foot|end)?notes?|"
    r"index|acknowledge?ments?|further reading|see also|external links|abstract|preface|foreword|appendix|untitled.*|"
    rf"(?:chapter|part|section|appendix|slide|sheet|page|table|figure|exhibit)\s?{_NUMBER}?|"
    r"(?:sub)?(?:title|heading)(?: slide)?|(?:test|example|sample) ?(?:\d+|page|slide|heading|document|text)?|"
    r"(?:this )?page intentionally left blank|lorem ipsum.*|tbd|todo|[^\W_]|\W*|"
    r"(?:your|my) (?:\w+ )?(?:name|title|company|address|logo|text|heading|subtitle|signature|organi[sz]ation)|"
    r"(?:click|tap|type|insert|enter|add|write) .*\bhere|click to .*|\[[^\]]*\]|[^\s@]+@\S+)[\s.:]*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A topic as it is shown, and the question that it asks."""

    shown: str
    question: str


class _Topic(NamedTuple):
    """A suggestion that a document's section `start` to `end` is to answer."""

    document: Document
    start: int
    end: int
    suggestion: Suggestion


class FirstQuestions:
    """What to begin with in the library as it is now, asked once in each of its states."""

    def __init__(self, retriever: Retriever) -> None:
        self._retriever = retriever
        self._found: tuple[int, list[Suggestion]] | None = None

    def now(self) -> list[Suggestion]:
        """`first_questions` of the present state."""
        generation = self._retriever.state.generation
        if self._found is None or self._found[0] != generation:
            self._found = (generation, first_questions(self._retriever, EXAMPLES))
        return self._found[1]


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
        for topic in beside[len(beside) // 2 :][:1]:
            if len(found) < OFFERED and _answers(quoting, topic):
                found.append(topic.suggestion)
    return found


def is_topic(heading: str) -> bool:
    """Whether a heading says what stands under it.

    >>> [is_topic(heading) for heading in ("Your rights", "Insert a table", "Page layout", "2.1 Dosing", "免疫疗法")]
    [True, True, True, True, True]
    >>> [is_topic(heading) for heading in ("Your Name", "[Company]", "2. References", "Slide 3", "D", "∗ Equal share")]
    [False, False, False, False, False, False]
    """
    return not _NO_TOPIC.fullmatch(" ".join(heading.split()))


def _answers(quoting: Retriever, topic: _Topic, documents: Iterable[str] = (), tags: Iterable[str] = ()) -> bool:
    """Whether a topic is answered out of the section that it heads."""
    told = quoting.ask(topic.suggestion.question, (), documents, tags)
    return told.answered and any(
        c.passage.document == topic.document.id and topic.start <= c.start < topic.end for c in told.citations
    )


def suggest(
    retriever: Retriever, answer: Answer, asked: set[str], documents: Iterable[str] = (), tags: Iterable[str] = ()
) -> list[Suggestion]:
    """Up to `OFFERED` topics of the sections beside those that `answer` cites (or nearly found).

    `asked` are questions of the conversation, which are not offered again; `documents` and `tags` its scope. Each was
    asked just now, and answered out of its section.
    """
    quoting = Retriever(retriever.library, use_llm=False)
    found: list[Suggestion] = []
    for tried, topic in enumerate(_candidates(retriever, answer)):
        if len(found) == OFFERED or tried == _TRIED:
            break
        if topic.suggestion.question in asked or topic.suggestion in found:
            continue
        if _answers(quoting, topic, documents, tags):
            found.append(topic.suggestion)
    return found


def _candidates(retriever: Retriever, answer: Answer) -> Iterator[_Topic]:
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
    for step in range(_TRIED):
        for row in rows:
            if step < len(row):
                yield row[step]


def _beside(document: Document, start: int) -> list[_Topic]:
    """The topics of `document` that follow the section at `start`, then those before it, nearest first."""
    sections = [s for s in document.sections if s.path]
    ends = [*(s.start for s in sections[1:]), len(document.text)]
    here = max((i for i, s in enumerate(sections) if s.start <= start), default=-1)
    cited = sections[here].path if here >= 0 else ()
    found = []
    for i in [*range(here + 1, len(sections)), *reversed(range(max(here, 0)))]:
        section, heading, title = sections[i], sections[i].path[-1], document.title
        if heading == title or section.path == cited[: len(section.path)]:
            continue
        if ends[i] - section.start < len(heading) + _LEAST_CHARS or not is_topic(heading):
            continue
        question = heading if heading.endswith("?") else f"{title}: {heading}" if title else heading
        suggestion = Suggestion(f"{heading} · {title}" if title else heading, question)
        found.append(_Topic(document, section.start, ends[i], suggestion))
    return found
