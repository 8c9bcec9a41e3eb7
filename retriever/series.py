"""Documents that are one of a series: by its number ("meeting 13", "lecture 4", "version 2") a question names it.

Their files or titles begin alike up to the number: minutes-12.md and minutes-13.md, "Lecture 3: Photosynthesis" and
"Lecture 4: Respiration", contract-v1.docx and contract-v2.docx.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ingest import STOP_WORDS, Library, stem, words

_NUMBER = r"0*(?P<number>\d{1,4}(?:\.\d{1,3})*)"
_IN_FILE = re.compile(rf"(?P<before>.*?)(?P<word>[^\W\d_]+)[\W_]*?{_NUMBER}(?=$|[\W_](?!\d))")
# In a title a mark or nothing follows: "A phase 3 trial" is none of a series.
_IN_TITLE = re.compile(rf"(?P<before>.*?)(?P<word>[^\W\d_]+)\W*?{_NUMBER}(?=\s*$|\s*[:;,(\[–—]|\.?\s+[–—-]\s)")
_ASKED = re.compile(
    rf"(?<![\w-])(?:(?P<word>[^\W\d_]{{2,}})(?: no\.?| number)? #?|(?P<short>v)(?:\. ?)?){_NUMBER}(?![\w-]|[.,]\w)",
    re.IGNORECASE,
)
# What bears a number that is not its place in a series.
_NO_SERIES = frozenset("class covid grade group level phase stage type".split())
_SHORT = {"rev": "revision", "v": "version", "ver": "version", "vers": "version", "vol": "volume", "ch": "chapter"}
# In so many passages of other documents one of a series is looked for.
LOOKED_INTO = 20

Series = Mapping[tuple[str, str], frozenset[str]]


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a document that may answer: from `start` to `end`."""

    document: str
    start: int
    end: int

    def touches(self, document: str, start: int, end: int) -> bool:
        """Whether `start:end` of a document has a part in it."""
        return document == self.document and start < self.end and self.start < end


def series(names: Iterable[tuple[str, str, str]]) -> Series:
    """Word and number -> the documents so called, of those that are one of several; `names`: document, file, title.

    >>> found = series([("a/minutes-09.md", "minutes-09", "Board meeting 9"), ("b.md", "minutes-10", "")])
    >>> sorted(found), series([("a", "a", "A phase 2 trial"), ("b", "b", "A phase 3 trial")])
    ([('minut', '10'), ('minut', '9')], {})
    """
    alike: dict[tuple[str, str, bool], dict[str, set[str]]] = {}
    for document, file, title in names:
        for form, text in ((_IN_FILE, file), (_IN_TITLE, title)):
            found = form.match(text.lower())
            if found and found["word"] not in _NO_SERIES | STOP_WORDS:
                key = (found["before"], _written_out(found["word"]), form is _IN_TITLE)
                alike.setdefault(key, {}).setdefault(found["number"], set()).add(document)
    called: dict[tuple[str, str], frozenset[str]] = {}
    for (_, word, _), numbers in alike.items():
        for number, documents in numbers.items() if len(numbers) > 1 else ():
            called[word, number] = called.get((word, number), frozenset()) | documents
    return called


def named_in(question: str, known: Series) -> Iterator[tuple[int, int, frozenset[str]]]:
    """Where `question` names one of a series, and the documents that are so called."""
    for match in _ASKED.finditer(question):
        word = _written_out((match["word"] or match["short"]).lower())
        if documents := known.get((word, match["number"])):
            yield *match.span(), documents


def said_elsewhere(library: Library, name: str, documents: frozenset[str]) -> list[Span]:
    """Where other documents than these speak of `name`, one of a series; inside `library.reading()`."""
    found = library.store.search_words(f'"{" ".join(words(name))}"', LOOKED_INTO)
    passages = [passage for passage, _ in library.store.passages([id for id, _ in found]).values()]
    said = re.compile(rf"\b{re.escape(name)}(?!\w|[.,]\w)", re.IGNORECASE)
    return [
        Span(p.document, p.start + match.start(), p.start + match.end())
        for p in passages
        if p.document not in documents
        for match in said.finditer(p.text)
    ]


def _written_out(word: str) -> str:
    return stem(_SHORT.get(word, word))
