"""Which words of a conversation the library holds beside those of a question: a subject that meets none was left.

Where the library does not hold a word, nothing is known. A passage is looked at with its title and headings, so that a
subject meets all that is said below its name.
"""

from collections.abc import Sequence

from ingest import Library, stem, words

from .answers import Turn
from .carry import LOOKED_AT_CHARS, OF, QUESTIONS, Term, points_back, written
from .topics import is_topic

# A word that more passages hold than this meets what it may; of a question so many words are looked at, the rarest.
MANY_PASSAGES = 2000
LOOKED_AT_WORDS = 12


class Meeting:
    """Where the words of `turns`, and of `question` after them, meet in the library; inside `library.reading()`."""

    def __init__(self, library: Library, question: str, turns: Sequence[Turn]) -> None:
        self._library = library
        asked = [turn.text for turn in turns if turn.role == "user"][-QUESTIONS:]
        # Of "the dose of ceftriaxone" ceftriaxone is the subject.
        of = OF.search(question)
        self._now = (self._named(question[of.start() :]) if of else []) or self._named(question)
        # A question that points back leaves nothing, in whatever words.
        self._since = [[] if points_back(text) else self._named(text) for text in reversed(asked)]

    def meets(self, term: Term) -> bool:
        """Whether a passage holds `term` beside what the question names; true too where nothing is known."""
        return self._beside(term, self._now)

    def left(self, term: Term) -> bool:
        """Whether a whole question was asked since `term` was last said that names nothing which meets it."""
        return not all(self._beside(term, named) for named in self._since[: term.age])

    def _named(self, question: str) -> list[str]:
        """The words of a question that name something, not what is done, and that a passage holds, the rarest first."""
        said = [w for _, w in written(question[:LOOKED_AT_CHARS]) if is_topic(w) and not w.endswith("ed")]
        named = [part for w in said for part in words(w)]
        held = self._library.document_frequencies({stem(word) for word in named})
        return sorted((w for w in named if stem(w) in held), key=lambda w: held[stem(w)])[:LOOKED_AT_WORDS]

    def _beside(self, term: Term, named: Sequence[str]) -> bool:
        held = self._library.document_frequencies(term.stems) if named else {}
        if not 0 < min((held.get(s, 0) for s in term.stems), default=0) <= MANY_PASSAGES:
            return True
        any_of = " OR ".join(f'"{word}"' for word in named)
        return bool(self._library.store.search_words(f'"{" ".join(words(term.word))}" AND ({any_of})', 1))
