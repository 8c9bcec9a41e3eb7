"""The whole way out: question and history -> answer with citations, in steps that read like a list."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self, SupportsIndex

from ingest import (
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
from .clock import Clock
from .generate import Draft, to_read
from .instead import Thing, instead, thing_of
from .llm import LLM
from .looked import EVIDENCE, Looked
from .naming import by_title, introduced
from .options import called_so
from .places import ELSEWHERE
from .resuming import as_put, put_anew
from .rewrite import rewrite, since_new_subject
from .said import less_of_the_same
from .search import PROPOSED
from .sides import sides, untold
from .smalltalk import kind, reply, without
from .spelling import mend, spell_out
from .write import beyond, declined, recite, unfound, write

# An answer less likely than this says which topics of the question were not found: so do 13 of 23 answers to
# unanswerable questions over the corpus, and 15 of 145 others (before the reader; of the likelier ones, 0 and 32).
SURE = 0.6
# So does one to a question of whose words, weighed by how rare they are, this share is in no passage at all.
MOSTLY = 0.6
# A follow-up that may be whole is taken alone where that is answered as likely as with the words carried over, or less
# by so much.
AS_LIKELY = 0.05
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
            probability = looked.confidence
            answered = bool(ranked) and probability >= self.library.settings.decline_below
            clock.lap("choose")
            unsure = not answered or probability < SURE or (not looked.places and looked.unheld >= MOSTLY)
            lacking = looked.lacking(asked, answered) if unsure else []
            if answered and looked.reads:
                text, citations = recite(looked.places, self._page_at)
            elif answered:
                unsaid = less_of_the_same(asked, ranked, turns)
                text, citations = write(searched_for, unsaid, self._page_at, self.library.store.document)
                missing = [s.text for s in untold(sides(searched_for), ((c.passage, c.quote) for c in citations))]
                lacking = [*missing, *(each for each in lacking if not any(each in side for side in missing))]
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
            note = (told if answered else None) or beyond(asked, [c.quote for c in citations])
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
                    if sentence is None:
                        worded = replace(worded, text="", citations=())
                        continue
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
        if not isinstance(k, SupportsIndex):
            raise TypeError(f"k is an int, not {k!r:.80}")
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
    ) -> Looked:
        """What is found for a question after some turns: for it alone, or with what it means of them."""
        # Nearly always the question is searched for as it was asked, or that beside what it means.
        self.library.encoder.begin_question(asked)
        mended = called_so(spell_out(self.library, mend(self.library, asked)))
        whole = standalone or (put_anew(self.library, mended, turns) if turns else None)
        searched_for = whole or rewrite(self.library, mended, as_put(self.library, mended, turns))
        # A place is looked up where it is named now, not where its name is carried over.
        said = whole or mended
        clock = clock or Clock()
        clock.lap("rewrite")
        looked = Looked(self.library, searched_for, mended, within, k, clock, said)
        looked = self._of_whom(looked) if answering else looked
        if whole or looked.places:
            return looked
        if thing := thing_of(mended) if turns else None:
            return self._instead(looked, thing, turns)
        if searched_for == mended or points_back(mended):
            return looked
        # It may be whole: then it is answered better alone (DESIGN.md, "Follow-ups").
        alone = Looked(self.library, mended, mended, within, k, clock, said)
        alone = self._of_whom(alone) if answering else alone
        answers = alone.probability >= self.library.settings.decline_below
        if answers and looked.is_of(looked.query.rarity.keys() - alone.query.rarity.keys(), alone):
            return alone
        return alone if alone.probability >= looked.probability - AS_LIKELY * answers else looked

    def _instead(self, looked: Looked, thing: Thing, turns: Sequence[Turn]) -> Looked:
        """What was looked for, or, where that is answered of something else, the last question put of `thing`.

        Where it cannot be put so, `thing` alone. What "the" names is sought in the document that was found, unless it
        is asked alone since that does not answer.
        """
        put = instead(thing, since_new_subject(turns))
        answers_it, decline_below = looked.says(thing), self.library.settings.decline_below
        answers = looked.probability >= decline_below
        if not put and ((answers_it and answers) or thing.before):
            return looked
        best = looked.ranked[:1] if thing.is_known and (put or answers) else []
        known = frozenset(scored.candidate.passage.document for scored in best)
        asking = put or looked.said
        other = looked.anew(searched_for=asking, question=asking, said=asking, within=known or looked.within)
        least = looked.probability if answers_it else decline_below
        return other if other.says(thing) and other.probability >= least else looked

    def _of_whom(self, looked: Looked) -> Looked:
        """What was looked for, or the same in the one document that a name in it introduces, if that answers it.

        Where the document that it names does not answer, or among all, if a sentence there says the name: minutes, too,
        speak of "the lease".
        """
        least = self.library.settings.decline_below
        if looked.names and looked.probability < least:
            everywhere = looked.anew(within=looked.searched, asking=looked.searched_for)
            best = everywhere.ranked[0] if everywhere.probability >= least else None
            if best and best.candidate.passage.document not in looked.documents and looked.names <= stems(best.text):
                return everywhere
        if looked.places or looked.probability >= SURE:
            return looked
        found = introduced(self.library, looked.searched_for, looked.within)
        # Where more is missing than the name, it is missing there too.
        if not found or looked.lacking(looked.searched_for, True):
            return looked
        document, asking = found
        again = looked.anew(within=frozenset((document,)), asking=by_title(self.library, asking))
        # The name itself is no answer to what is asked of it.
        least = least if looked.at_head else looked.probability
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
    documents: Iterable[str] = (),
    tags: Iterable[str] = (),
) -> Answer:
    """The answer to one question from a library (default: the user's), as `Retriever.ask` gives it.

    For several questions keep a Retriever open.
    """
    with Retriever.open(library) as retriever:
        return retriever.ask(question, history, documents, tags)


def _several(names: Iterable[str]) -> list[str]:
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise TypeError(f"documents and tags are lists of str, not {names!r:.200}")
    several = list(names)
    if not all(isinstance(name, str) for name in several):
        raise TypeError(f"documents and tags are lists of str, not {several!r:.200}")
    return several


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
