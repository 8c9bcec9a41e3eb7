"""What is found for one question: where it is sought, the passages, the sentences and how likely they answer it."""

import re
import sys
from collections.abc import Callable, Collection, Set
from functools import cached_property, partial

from ingest import BUNDLED_ENCODER, Library, Passage, stems

from .cells import cell_values, direct_cell
from .choose import PASSAGES, Sentence, cover, score_sentences
from .clock import Clock
from .confidence import estimate, missing, unknown
from .definitions import asked_term, defines
from .identifiers import Identifier, identifiers, is_of_another
from .instead import Thing
from .naming import by_title, namings
from .options import TOLD, operators, tells
from .places import READ, READ_AMONG_MANY, absent, asking_of_it, find, mentions, reads
from .rewrite import parts
from .scripts import unread
from .search import PROPOSED, Part, begin_query, begin_search, search
from .series import Span, said_elsewhere
from .sides import of_each, sides
from .topics import named

# How likely a sentence answers that names the very code asked about, however unlike the rest of it is.
IDENTIFIED = 0.4
# How likely one answers that is a row, or an answer, about another thing than is asked about.
OF_ANOTHER = 0.1
# How many passages an answer shows as evidence.
EVIDENCE = 8
# A sentence that covers more than this of a question's words holds each of them.
ALL = 0.999
# So many things that were not found are named; a number of one or two digits is none, nor what a number stands for.
MOST_NAMED = 3
_SMALL = re.compile(r"\d{1,2}|(?:version|release)s?", re.IGNORECASE)
# A code that may be written otherwise, too short to be told from a name ("B12").
_CODE = re.compile(r"(?<![\w-])[A-Z]{1,3}\d{1,2}(?![\w-])")


class Looked:
    """What is found for a question; inside `library.reading()`."""

    def __init__(
        self,
        library: Library,
        searched_for: str,
        question: str,
        within: frozenset[str] | None,
        k: int,
        clock: Clock,
        said: str,
        asking: str | None = None,
    ) -> None:
        """With `asking`, that is what is looked for; the rest is said as it was asked."""
        # The same anew, elsewhere and in other words.
        self.anew: Callable[..., Looked] = partial(
            Looked,
            library,
            searched_for=searched_for,
            question=question,
            k=k,
            clock=clock,
            said=said,
        )
        self.library = library
        self.searched_for = searched_for
        self.question = question
        self.said = said
        self.placed = bool(mentions(said))
        self.places, self.more = find(library, searched_for, within) if self.placed else ([], False)
        self.parts: list[Span] = []
        self.names: set[str] = set()
        self.documents = frozenset[str]()
        self.searched = within
        within = self.within = within if self.places or asking else self._of_named(within)
        if self.places or asking:
            asked: tuple[Part, ...] = (Part(asking or asking_of_it(searched_for)),)
        else:
            titled = by_title(library, searched_for)
            asked = parts(titled, titled if question == searched_for else by_title(library, question))
        first = {id for place in self.places for id in place.ids}
        encoding = begin_query(library, asked)
        searching = begin_search(library, asked, max(k, PROPOSED), within, first)
        self.query = encoding()
        clock.lap("encode")
        self.candidates = searching(self.query)
        # Where places are named that are there, the answer is sought in nothing else.
        self.sources = self.candidates[: len(first)] if first else self.candidates
        clock.lap("search")

    def _of_named(self, within: frozenset[str] | None) -> frozenset[str] | None:
        """The documents that the question names, not where a name is carried over, of those `within` it is asked.

        Beside one of a series other documents are searched for what they say of it. `names` are the stems of names that
        texts may say.
        """
        named = namings(self.library, self.searched_for.partition(" (about: ")[0])
        called = stems(" ".join(self.searched_for[n.start : n.end] for n in named))
        if any(side.stems.isdisjoint(called) for side in sides(self.searched_for)):
            return within  # what is compared with a document stands in others
        documents = frozenset[str]().union(*(naming.documents for naming in named))
        documents = documents if within is None else documents & within
        self.documents = documents
        if not any(naming.unsaid for naming in named):
            self.names = called
        said = [span for n in named if n.of_series for span in said_elsewhere(self.library, n.of_series, documents)]
        said = [span for span in said if within is None or span.document in within]
        if said and documents:
            self.parts = [*said, *(Span(document, 0, sys.maxsize) for document in documents)]
        return documents.union(span.document for span in said) or within

    @cached_property
    def ranked(self) -> list[Sentence]:
        """The sentences of the candidates, best first; none about another version, or code, than is asked for."""
        asked = self.identified

        def may_tell(of: Passage, text: str) -> bool:
            return not is_of_another(asked, of, text)

        sources = [c for c in self.sources if may_tell(c.passage, c.passage.text)] if asked else self.sources
        places = self.places or self.parts
        return score_sentences(
            self.library,
            self.query,
            self.searched_for,
            of_each(sides(self.searched_for), sources, PASSAGES),
            places,
            may_tell if asked else None,
        )

    @cached_property
    def identified(self) -> Set[Identifier]:
        """The versions, codes and file numbers that are asked about; none where places are named."""
        if self.placed:
            return frozenset()
        return (identifiers(self.said) or identifiers(self.searched_for)).keys()

    @cached_property
    def reads(self) -> bool:
        """Whether the words of places are asked for."""
        return bool(self.places) and reads(self.said, self.places)

    @cached_property
    def probability(self) -> float:
        """How likely the library answers the question, to be compared with others that it may mean."""
        return self._likely(False)

    @property
    def confidence(self) -> float:
        """How likely the library answers the question; that passages on a topic carried over stand out says nothing."""
        return self.probability if self.searched_for == self.question else self._likely(True)

    def _likely(self, given: bool) -> float:
        """How likely the library answers the question; `given` a topic by the conversation."""
        if self.reads:
            return READ_AMONG_MANY if self.more else READ
        absent = self.absent and reads(self.said)
        if absent or self.unread or unknown(self.library, self.searched_for):
            return 0.0
        everywhere = partial(search, self.library, self.query) if self.within is not None else None
        likely = estimate(self.query, self.candidates[:PROPOSED], self.ranked, everywhere, given)
        if not self.ranked:
            return likely
        best = self.ranked[0]
        if self.identified & identifiers(best.text).keys():
            likely = max(likely, IDENTIFIED)
        if self._told(best):
            return max(likely, TOLD)
        return min(likely, OF_ANOTHER) if self._row_of_another(best) or self._only_asked_of_another(best) else likely

    def _row_of_another(self, best: Sentence) -> bool:
        """Whether the `best` sentence is a row that says no word asked for, and a word is that no passage holds.

        Rows are all alike: for the dose of a drug that the library lacks, that of another was as near.
        """
        values = cell_values(best.text)
        if not values or values & self.query.rarity.keys():
            return False
        # To an encoder E5 is much like E3.
        codes = set[str]().union(*map(stems, _CODE.findall(self.said)))
        unheld = codes - self.library.document_frequencies(codes).keys()
        return bool(unheld or self.lacking(self.said, answered=False))

    def _only_asked_of_another(self, best: Sentence) -> bool:
        """Whether texts ask the same of something else, and the `best` sentence answers that, or nothing is found here.

        An answer is as near to the one question as to the other.
        """
        if not any(s.answers_another for s in self.ranked):
            return False
        return best.answers_another or bool(self.lacking(self.said, answered=False))

    def _told(self, best: Sentence) -> bool:
        """Whether the form of the `best` sentence shows that it answers, whatever is near and stands out."""
        term = asked_term(self.said)
        return bool(
            tells(best.text, operators(self.said))
            or direct_cell(self.searched_for, best.text, best.candidate.passage.context)
            or (term and defines(best.text, term) >= 1)
            or (best.features["kind"] and best.features["cover"] > ALL and len(self.query.terms) > 1)
        )

    def says(self, thing: Thing) -> bool:
        """Whether the best sentence, or the heading above it, names `thing`."""
        best = self.ranked[0] if self.ranked else None
        return best is not None and thing.stems <= stems(f"{best.candidate.passage.heading} {best.text}")

    def is_of(self, carried: Collection[str], alone: "Looked") -> bool:
        """Whether the best sentence is of the words `carried` over, and not of the question's own.

        That is so where it and its headings say none of these, though the passage found for the question `alone` says
        two of them. Both are stems.
        """
        if not self.ranked or not alone.ranked:
            return False
        own = alone.query.rarity.keys()
        best, other = self.ranked[0], alone.ranked[0].candidate.passage
        said = stems(f"{best.candidate.passage.context} {best.text}")
        return not own & said and bool(said & set(carried)) and len(own & stems(other.text)) > 1

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
        if spelled := [each for each in unknown(self.library, self.searched_for) if each in asked]:
            return [*places, *spelled][:MOST_NAMED]
        found = named(missing(self.library, self.searched_for, self.query, self.candidates), asked)
        found = [name for name in found if not (_SMALL.fullmatch(name) or any(name in text for text in places))]
        if not answered and self.within is None:
            held = self.library.document_frequencies(set[str]().union(*map(stems, found)))
            found = [name for name in found if not stems(name) <= held.keys()]
        return [*places, *found][:MOST_NAMED]
