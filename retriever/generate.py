"""Passages -> an answer that a language model words, each sentence checked against what it cites.

A sentence is shown with the words that support it, or dropped, or marked (setting `llm_unsupported`). One that
cites several passages is shown with the one that supports it best, one that cites none with the best of all.
Nothing of the model's is ever shown as supported because the model says so.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ingest import CutShortError, Encoder, LLMError, Passage, content_words, stem, stems, words

from .answers import Citation, Verdict
from .llm import LLM
from .prompt import NO_ANSWER, answering
from .reply import Written, disguised, refuses, sentences_of
from .verify import Claim, Source, best_support

# So many passages are given to the model. Small models read no more, and an answer rarely needs it.
GIVEN = 6
# An answer that goes on longer than this is cut.
MAX_SENTENCES = 12
_NO_ANSWER = re.compile(rf"\W*(?:(?i:{NO_ANSWER})\W*\Z|{NO_ANSWER}\b)")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A checked sentence with its mark, as it stands in the answer, and its citation."""

    text: str
    citation: Citation


def to_read(passages: Iterable[Passage]) -> list[Passage]:
    """The first GIVEN of `passages` whose words differ: another edition of the same text says nothing new."""
    different: dict[str, Passage] = {}
    for passage in passages:
        different.setdefault(" ".join(words(passage.text)), passage)
        if len(different) == GIVEN:
            break
    return list(different.values())


class Draft:
    """An answer as the model writes it. Iterate to have its sentences; then `unsupported` counts those left out.

    LLMError, also in the middle, if the model fails, says that there is no answer, or nothing it says is supported.
    """

    def __init__(
        self,
        llm: LLM,
        encoder: Encoder,
        question: str,
        passages: Sequence[Passage],
        page_at: Callable[[Passage, int], int | None],
        drop: bool,
        seconds: float,
    ) -> None:
        self.unsupported = 0
        self._cut = False
        self._llm, self._encoder, self._page_at, self._drop = llm, encoder, page_at, drop
        self._question, self._seconds = question, seconds
        self._passages = passages
        self._sources: list[Source] = []

    def __iter__(self) -> Iterator[Sentence | None]:
        """The sentences; None where all before it are withdrawn, for they were the model's thoughts."""
        messages, mark = answering(self._question, self._passages)
        told: set[str] = set()
        held: list[Sentence] = []  # what has no support waits for what has: else the sources are quoted instead
        shown = 0
        supported = refused = False
        try:
            for written in sentences_of(self._llm.stream(messages, self._seconds), mark):
                if not written.text:
                    told, held, shown, supported, self.unsupported = set(), [], 0, False, 0
                    yield None
                    continue
                if _NO_ANSWER.match(written.text):
                    refused = True
                    continue
                if written.text in told or self._states_nothing(written.text):
                    continue
                if len(told) == MAX_SENTENCES:
                    break
                told.add(written.text)
                citation = self._checked(written, shown + 1)
                if citation is None or citation.verdict == "unsupported":
                    self.unsupported += 1
                    refused = refused or refuses(written.text)
                    if citation is None or self._drop:
                        continue
                else:
                    supported = True
                shown += 1
                held.append(Sentence(_marked(written.text, citation), citation))
                if supported:
                    yield from held
                    held.clear()
        except CutShortError:
            self._cut = True
            if not told:
                raise
        if not supported and (refused or not told):
            raise LLMError("The language model found no answer in the passages")
        if not supported:
            raise LLMError("Nothing that the language model wrote is supported by your documents")

    @property
    def note(self) -> str | None:
        """What is to be said when all is read: that it was cut off, that sentences have no support; else None."""
        told = []
        if self._cut:
            told.append("The language model's answer was cut off before its end")
        if self.unsupported:
            done = "left out" if self._drop else "marked"
            one = self.unsupported == 1
            which = "One sentence" if one else f"{self.unsupported} sentences"
            were, them = ("was", "it") if one else ("were", "them")
            told.append(f"{which} of the language model {were} {done}: your documents do not support {them}")
        return f"{', and '.join(told)}." if told else None

    def _checked(self, written: Written, number: int) -> Citation | None:
        """The citation of a sentence with its verdict; None if no passage has words to cite."""
        if not self._sources:
            self._sources = Source.of(self._encoder, self._passages)
        (claim,) = Claim.of(self._encoder, [written.text])
        wanted = [self._sources[n - 1] for n in written.cites if 1 <= n <= len(self._sources)] or self._sources
        best = best_support(self._encoder, claim, wanted)
        if best is None:
            return None
        of = best.passage
        quote = of.text[best.start - of.start : best.end - of.start]
        verdict: Verdict = "exact" if best.exact else "supported" if best.supported else "unsupported"
        # What is left is not what the model said; what a heading says answers nothing.
        if (
            written.altered
            or disguised(written.text, of.text)
            or (_is_heading(written.text, of) and (_is_heading(quote, of) or not self._adds(written.text, quote)))
        ):
            verdict = "unsupported"
        return Citation(number, of, best.start, best.end, quote, self._page_at(of, best.start), verdict)

    def _adds(self, text: str, quote: str) -> bool:
        """Whether `text` says what the question does not, and `quote` says it too: "Zafirol" to "Which drug?"."""
        said = set(map(stem, content_words(text)))
        return said <= stems(quote) and not said <= stems(self._question)

    def _states_nothing(self, text: str) -> bool:
        """Whether `text` asks, or only repeats a word of the question, as a heading would: "Dose." to "What dose?"."""
        said = set(map(stem, content_words(text)))
        return text.endswith("?") or (len(words(text)) <= 2 and bool(said) and said <= stems(self._question))


def _is_heading(text: str, passage: Passage) -> bool:
    """Whether `text` only repeats the title or a heading of `passage`, its number aside."""

    def plain(line: str) -> list[str]:
        return [word for word in words(line) if not word.isdigit()]

    return any(plain(line) == plain(text) for line in (passage.title, *(passage.heading or "").split(" > ")))


def _marked(text: str, citation: Citation) -> str:
    """A sentence with its mark, and the word "unsupported" before it where it is.

    The stop goes behind the mark's place: "Water boils. [1]", as in answers that quote.
    """
    doubt = "(unsupported) " if citation.verdict == "unsupported" else ""
    stop = "" if text[-1] in ".!?" else "."
    return f"{text}{stop} {doubt}[{citation.number}]"
