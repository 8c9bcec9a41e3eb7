"""The whole way out: question and history -> answer with citations, in steps that read like a list."""

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from types import TracebackType
from typing import Any, Self

from ingest import (
    BUNDLED_ENCODER,
    MAX_QUESTION_CHARS,
    Document,
    DocumentInfo,
    Library,
    LLMError,
    Passage,
    Progress,
    QuestionError,
    Section,
    Settings,
    open_default,
    page_at,
    paragraphs,
    stems,
)

from . import prompt
from .answers import Answer, Found, LibraryState, Piece, Turn, conversation, readable
from .carry import points_back
from .choose import Sentence as Scored
from .choose import cover, score_sentences
from .clock import Clock
from .confidence import estimate, missing, unknown
from .generate import Draft, to_read
from .instead import Thing, instead, thing_of
from .llm import LLM
from .naming import by_title, introduced, namings
from .options import TOLD, called_so, operators, tells
from .places import ELSEWHERE, READ, READ_AMONG_MANY, absent, asking_of_it, find, mentions, reads
from .resuming import put_anew
from .rewrite import parts, rewrite, since_new_subject
from .said import less_of_the_same
from .scripts import unread
from .search import PROPOSED, Part, begin_query, begin_search, search
from .series import Span, said_elsewhere
from .smalltalk import kind, reply, without
from .spelling import mend, spell_out
from .topics import named
from .write import beyond, declined, recite, unfound, write

# How many passages an answer shows as evidence.
EVIDENCE = 8
# An answer less likely than this says which topics of the question were not found: so do 13 of 23 answers to
# unanswerable questions over the corpus, and 15 of 145 others (before the reader; of the likelier ones, 0 and 32).
SURE = 0.6
# So does one to a question of whose words, weighed by how rare they are, this share is in no passage at all.
MOSTLY = 0.6
# A follow-up that may be whole is taken alone where that is answered as likely as with the words carried over, or less
# by so much.
AS_LIKELY = 0.05
# So many things that were not found are named; a number of one or two digits is none.
MOST_NAMED = 3
_SMALL = re.compile(r"\d{1,2}")
# A follow-up that the language model has not rewritten within this share of its time is searched for without it.
REWRITE_SHARE = 0.25

History = Iterable[Turn | Mapping[str, Any]]


class Retriever:
    """A library opened for asking, its models loaded once. Safe to call from several threads."""

    def __init__(self, library: Library, use_llm: bool = True) -> None:
        """Answers from `library`; without `use_llm` by quoting only, even where a language model is set."""
        self.library = library
        self._llm = LLM(library.settings) if use_llm and library.settings.llm_base_url else None

    @classmethod
    def open(
        cls,
        library: str | os.PathLike[str] | None = None,
        settings: Settings | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> Self:
        """The retriever of the library in a folder; without one, of the user's library.

        The user's library is built from the shipped articles where there is none yet; `progress` is told
        how far that is. LibraryError if the folder holds no library.
        """
        if library is None:
            return cls(open_default(settings, progress))
        return cls(Library.open(library, settings=settings))

    def close(self) -> None:
        """Closes the library."""
        self.library.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def ask(
        self, question: str, history: History = (), documents: Iterable[str] = (), tags: Iterable[str] = ()
    ) -> Answer:
        """The answer to `question`, asked after the turns of `history` (oldest first).

        With `documents` (names, or patterns like "papers/*.pdf") or `tags`, only from documents so named or tagged.
        QuestionError if the question is empty or too long. That the library does not hold the answer is
        no error: then `answered` is False. So it is after small talk ("Thanks!"), for which nothing is searched.
        """
        for said in self.stream(question, history, documents, tags):
            if isinstance(said, Answer):
                return said
        raise AssertionError("a stream ends with its answer")

    def stream(
        self, question: str, history: History = (), documents: Iterable[str] = (), tags: Iterable[str] = ()
    ) -> Iterator[Found | str | Answer]:
        """What `ask` gives, as it comes about: first what was found, then the text piece by piece, last the answer.

        With a language model they are a Piece a sentence with its mark, already checked; without one the text is one
        piece. Only the answer counts: where the model fails in the middle, its text is another than the pieces'.
        What `ask` raises is raised before the first is given.
        """
        turns = conversation(history)
        question = _checked(question)
        clock = Clock()
        if kind(question):
            state = self.state
            said = reply(question, state.documents) or ""
            yield Found("", ())
            yield said
            yield Answer(question, "", False, said, 0.0, (), (), state, clock.timings())
            return
        asked = without(question)
        standalone = self._standalone(asked, turns)
        rewriting_seconds = clock.seconds()
        with self.library.reading():
            self.library.encoder.begin_reader()
            within = self.library.within(_several(documents), _several(tags))
            looked = self._look(asked, turns, standalone, within, clock=clock, answering=True)
            searched_for, candidates, ranked = looked.searched_for, looked.candidates, looked.ranked
            probability = looked.probability
            answered = bool(ranked) and probability >= self.library.settings.decline_below
            clock.lap("choose")
            unsure = not answered or probability < SURE or (not looked.places and looked.unheld >= MOSTLY)
            lacking = looked.lacking(asked, answered) if unsure else []
            if answered and looked.reads:
                text, citations = recite(looked.places, self._page_at)
            elif answered:
                unsaid = less_of_the_same(asked, ranked, turns)
                text, citations = write(searched_for, unsaid, self._page_at)
            else:
                text, citations = declined(lacking, looked.unread), ()
            clock.lap("write")
            state = self._state()
            # Read now: no reading is held while a language model takes its time.
            found = [*(s.candidate.passage for s in ranked), *(c.passage for c in candidates)]
            passages = to_read(found) if self._llm else []
            pages = {p.document: self.library.store.pages(p.document) for p in passages}
        evidence = tuple(c.hit for c in candidates[:EVIDENCE])
        yield Found(searched_for, evidence)
        note = None
        if self._llm is None:
            told = ELSEWHERE if looked.more else unfound(lacking)
            note = beyond(asked) or (told if answered else None)
        answer = Answer(question, searched_for, answered, text, probability, citations, evidence, state, note=note)
        if self._llm is None or not answered:
            yield text
        else:
            draft = Draft(
                self._llm,
                self.library.encoder,
                searched_for,
                passages,
                lambda passage, offset: page_at(pages[passage.document], offset),
                self.library.settings.llm_unsupported == "drop",
                self.library.settings.llm_seconds - rewriting_seconds,
            )
            worded = replace(answer, text="", citations=())
            try:
                for sentence in draft:
                    piece = f" {sentence.text}" if worded.text else sentence.text
                    worded = replace(worded, text=worded.text + piece, citations=(*worded.citations, sentence.citation))
                    yield Piece(piece, worded)
                answer = replace(worded, note=draft.note)
            except LLMError as exc:
                answer = replace(answer, note=f"{exc}, so the sources are quoted instead.")
            clock.lap("llm")
        yield replace(answer, timings_ms=clock.timings())

    def search(
        self,
        question: str,
        k: int = 10,
        history: History = (),
        documents: Iterable[str] = (),
        tags: Iterable[str] = (),
    ) -> Found:
        """The `k` best passages for `question`, asked after `history`; fewer if the library has fewer.

        `documents` and `tags` restrict where to look, as in `ask`.
        """
        if k < 1:
            raise ValueError(f"k counts passages from 1, not {k}")
        turns = conversation(history)
        asked = without(_checked(question))
        standalone = self._standalone(asked, turns)
        with self.library.reading():
            within = self.library.within(_several(documents), _several(tags))
            looked = self._look(asked, turns, standalone, within, k)
        return Found(looked.searched_for, tuple(c.hit for c in looked.candidates[:k]))

    def _look(
        self,
        asked: str,
        turns: Sequence[Turn],
        standalone: str | None,
        within: frozenset[str] | None,
        k: int = PROPOSED,
        clock: Clock | None = None,
        answering: bool = False,
    ) -> "_Looked":
        """What is found for a question after some turns: for it alone, or with what it means of them."""
        mended = called_so(spell_out(self.library, mend(self.library, asked)))
        whole = standalone or put_anew(self.library, mended, turns)
        searched_for = whole or rewrite(self.library, mended, turns)
        # A place is looked up where it is named now, not where its name is carried over.
        said = whole or mended
        clock = clock or Clock()
        clock.lap("rewrite")
        looked = _Looked(self.library, searched_for, mended, within, k, clock, said, answering)
        looked = self._of_whom(looked) if answering else looked
        if whole or looked.places:
            return looked
        if thing := thing_of(mended) if turns else None:
            return self._instead(looked, thing, turns)
        if searched_for == mended or points_back(mended):
            return looked
        # It may be whole: then it is answered better alone (DESIGN.md, "Follow-ups").
        alone = _Looked(self.library, mended, mended, within, k, clock, said, answering)
        alone = self._of_whom(alone) if answering else alone
        answers = alone.probability >= self.library.settings.decline_below
        return alone if alone.probability >= looked.probability - AS_LIKELY * answers else looked

    def _instead(self, looked: "_Looked", thing: Thing, turns: Sequence[Turn]) -> "_Looked":
        """What was looked for, or, where that is answered of something else, the last question put of `thing`.

        Where it cannot be put so, `thing` alone. What "the" names is sought in the document that was found.
        """
        put = instead(thing, since_new_subject(turns))
        answers_it = looked.says(thing)
        if not put and (answers_it or thing.before):
            return looked
        best = looked.ranked[:1] if thing.is_known else []
        known = frozenset(scored.candidate.passage.document for scored in best)
        asking = put or looked.said
        other = looked.anew(searched_for=asking, question=asking, said=asking, within=known or looked.within)
        least = looked.probability if answers_it else self.library.settings.decline_below
        return other if other.says(thing) and other.probability >= least else looked

    def _of_whom(self, looked: "_Looked") -> "_Looked":
        """What was looked for, or the same in the one document that a name in it introduces, if that answers it."""
        if looked.places or looked.probability >= SURE:
            return looked
        found = introduced(self.library, looked.searched_for, looked.within)
        # Where more is missing than the name, it is missing there too.
        if not found or looked.lacking(looked.searched_for, True):
            return looked
        document, asking = found
        again = looked.anew(within=frozenset((document,)), asking=by_title(self.library, asking))
        # The name itself is no answer to what is asked of it.
        least = self.library.settings.decline_below if looked.at_head else looked.probability
        return again if again.probability > least and not again.at_head else looked

    def _standalone(self, question: str, turns: Sequence[Turn]) -> str | None:
        """A follow-up as the language model rewrites it; None without a model, or where it fails."""
        if self._llm is None or not turns:
            return None
        seconds = REWRITE_SHARE * self.library.settings.llm_seconds
        try:
            return prompt.rewritten(self._llm.reply(prompt.rewriting(question, turns), seconds))
        except LLMError:
            return None

    @property
    def state(self) -> LibraryState:
        """The state the library is in now."""
        with self.library.reading():
            return self._state()

    def documents(self) -> list[DocumentInfo]:
        """All documents, by name."""
        return self.library.documents()

    def document(self, name: str) -> Document:
        """One document with its text; UnknownDocumentError if it is not there."""
        return self.library.document(name)

    def text(self, document: str) -> str:
        """The text of a document that all offsets count in."""
        return self.library.text(document)

    def sections(self, document: str) -> tuple[Section, ...]:
        """The headings of a document, in order."""
        return self.library.document(document).sections

    def paragraph(self, document: str, start: int, end: int) -> tuple[int, int]:
        """The span of the whole paragraphs that `start` to `end` touches; ValueError for a span outside."""
        text = self.library.text(document)
        if not 0 <= start < end <= len(text):
            raise ValueError(f"there is no span {start}:{end} in {document}")
        touched = [(s, e) for s, e in paragraphs(text) if s < end and start < e]
        return (touched[0][0], touched[-1][1]) if touched else (start, end)

    def _state(self) -> LibraryState:
        store = self.library.store
        return LibraryState(store.generation, *store.counts())

    def _page_at(self, passage: Passage, offset: int) -> int | None:
        return page_at(self.library.store.pages(passage.document), offset)


def ask(
    question: str,
    history: History = (),
    library: str | os.PathLike[str] | None = None,
) -> Answer:
    """The answer to one question from a library (default: the user's). For several, keep a Retriever open."""
    with Retriever.open(library) as retriever:
        return retriever.ask(question, history)


def _several(names: Iterable[str]) -> Iterable[str]:
    if isinstance(names, str):
        raise TypeError(f"documents and tags are lists of str, not the str {names!r}")
    return names


def _checked(question: str) -> str:
    if not isinstance(question, str):
        raise TypeError(f"a question is a str, not {type(question).__name__}")
    if not question.strip():
        raise QuestionError("The question is empty; ask something.")
    if len(question) > MAX_QUESTION_CHARS:
        raise QuestionError(
            f"The question has {len(question):,} characters; ask one of at most {MAX_QUESTION_CHARS:,}."
        )
    return readable(question).strip()


class _Looked:
    """What is found for a question, the sentences chosen when they are wanted; inside `library.reading()`."""

    def __init__(
        self,
        library: Library,
        searched_for: str,
        question: str,
        within: frozenset[str] | None,
        k: int,
        clock: Clock,
        said: str,
        answering: bool,
        asking: str | None = None,
    ) -> None:
        """With `asking`, that is what is looked for; the rest is said as it was asked. `answering`, it will be read."""
        # The same anew, elsewhere and in other words.
        self.anew: Callable[..., _Looked] = partial(
            _Looked,
            library,
            searched_for=searched_for,
            question=question,
            k=k,
            clock=clock,
            said=said,
            answering=answering,
        )
        self.library = library
        self.searched_for = searched_for
        self.said = said
        self.placed = bool(mentions(said))
        self.places, self.more = find(library, searched_for, within) if self.placed else ([], False)
        self.parts: list[Span] = []
        within = self.within = within if self.places or asking else self._of_named(within)
        if self.places or asking:
            asked: tuple[Part, ...] = (Part(asking or asking_of_it(searched_for)),)
        else:
            asked = parts(by_title(library, searched_for), by_title(library, question))
        first = {id for place in self.places for id in place.ids}
        encoding = begin_query(library, asked)
        searching = begin_search(library, asked, max(k, PROPOSED), within, first)
        self.query = encoding()
        clock.lap("encode")
        if answering:
            library.encoder.begin_reading(self.query.parts[0].text)
        self.candidates = searching(self.query)
        # Where places are named that are there, the answer is sought in nothing else.
        self.sources = self.candidates[: len(first)] if first else self.candidates
        clock.lap("search")

    def _of_named(self, within: frozenset[str] | None) -> frozenset[str] | None:
        """The documents that the question names, not where a name is carried over, of those `within` it is asked.

        Beside one of a series other documents are searched for what they say of it.
        """
        named = namings(self.library, self.searched_for.partition(" (about: ")[0])
        documents = frozenset[str]().union(*(naming.documents for naming in named))
        documents = documents if within is None else documents & within
        said = [span for n in named if n.of_series for span in said_elsewhere(self.library, n.of_series, documents)]
        said = [span for span in said if within is None or span.document in within]
        if said and documents:
            self.parts = [*said, *(Span(document, 0, sys.maxsize) for document in documents)]
        return documents.union(span.document for span in said) or within

    @cached_property
    def ranked(self) -> list[Scored]:
        """The sentences of the candidates, best first."""
        return score_sentences(self.library, self.query, self.searched_for, self.sources, self.places or self.parts)

    @cached_property
    def reads(self) -> bool:
        """Whether the words of places are asked for."""
        return bool(self.places) and reads(self.said, self.places)

    @cached_property
    def probability(self) -> float:
        """How likely the library answers the question."""
        if self.reads:
            return READ_AMONG_MANY if self.more else READ
        absent = self.absent and reads(self.said)
        if absent or self.unread or unknown(self.library, self.searched_for):
            return 0.0
        everywhere = partial(search, self.library, self.query) if self.within is not None else None
        likely = estimate(self.query, self.candidates[:PROPOSED], self.ranked, everywhere)
        return max(likely, TOLD) if self.ranked and tells(self.ranked[0].text, operators(self.said)) else likely

    def says(self, thing: Thing) -> bool:
        """Whether the best sentence, or the heading above it, names `thing`."""
        best = self.ranked[0] if self.ranked else None
        return best is not None and thing.stems <= stems(f"{best.candidate.passage.heading} {best.text}")

    @property
    def unheld(self) -> float:
        """The share of the question's words, weighed by rarity, that no passage holds: 0 to 1."""
        held = self.library.document_frequencies(self.query.rarity).keys()
        return 1 - cover(held, self.query.rarity) if self.query.rarity else 0.0

    @property
    def at_head(self) -> bool:
        """Whether the best sentence stands where its document begins."""
        return bool(self.ranked) and self.ranked[0].candidate.passage.start == 0

    @cached_property
    def unread(self) -> str | None:
        """The script of the question, where nothing found is written in it and the encoder reads English only."""
        if self.library.settings.encoder != BUNDLED_ENCODER:
            return None
        return unread(self.searched_for, (c.passage for c in self.candidates[:EVIDENCE]))

    @cached_property
    def absent(self) -> list[str]:
        """The places that the question names, where they are not there and no candidate tells of them."""
        if self.places or not self.placed:
            return []
        return absent(self.said, [c.passage for c in self.candidates])

    def lacking(self, asked: str, answered: bool) -> list[str]:
        """What `asked` names that was not found: places, if not `answered` all that are not there, and topics.

        Of topics few, no small numbers and, if not `answered`, none that another passage of the library tells of.
        """
        places = self.absent if answered or self.places else [m.text for m in mentions(self.said)]
        found = named(missing(self.library, self.searched_for, self.query, self.candidates), asked)
        found = [name for name in found if not (_SMALL.fullmatch(name) or any(name in text for text in places))]
        if not answered and self.within is None:
            held = self.library.document_frequencies(set[str]().union(*map(stems, found)))
            found = [name for name in found if not stems(name) <= held.keys()]
        return [*places, *found][:MOST_NAMED]
