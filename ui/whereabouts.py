"""Where the words of a kept citation stand today (there, moved, gone, in which document); what its page is called."""

import re
from typing import Literal

from ingest import Document, Library, UnknownDocumentError

Fate = Literal["there", "moved", "gone"]

_WORD = re.compile(r"\w+")
# Fewer words may stand in any document.
_TELLING_WORDS = 5
# Passages that are looked at for a quote whose document is gone.
_LOOKED_AT = 10


def found_again(library: Library, name: str, quote: str, start: int) -> tuple[Document, Fate, int, int]:
    """Where `quote`, cited at `start` of the document `name`, stands now: the document, and what `whereabouts` tells.

    If the quote is not in it any more, or it is gone, another document may hold the same words.
    UnknownDocumentError if it is gone and none does.
    """
    try:
        document = library.document(name)
    except UnknownDocumentError:
        if (other := _holding(library, quote)) is None:
            raise
        return other, *whereabouts(other.text, quote, start)
    fate, first, last = whereabouts(document.text, quote, start)
    if fate == "gone" and (other := _holding(library, quote)):
        return other, *whereabouts(other.text, quote, start)
    return document, fate, first, last


def _holding(library: Library, quote: str) -> Document | None:
    """A document that holds the words of `quote`; None if there is none, or they are too few to tell."""
    if len(_WORD.findall(quote)) < _TELLING_WORDS:
        return None
    with library.reading() as store:
        ids = [id for id, _ in library.search_words(quote, _LOOKED_AT)]
        passages = store.passages(ids)
        names = dict.fromkeys(passages[id][0].document for id in ids)
        documents = (store.document(name) for name in names)
        return next((d for d in documents if whereabouts(d.text, quote, 0)[0] != "gone"), None)


def whereabouts(text: str, quote: str, start: int) -> tuple[Fate, int, int]:
    """What became of `quote`, which stood at `start` of an earlier `text`, and its span in `text` now.

    Looked for as it stood, then by its words alone, whatever stands between them now; of several places the
    nearest to the old one counts. For "gone" the span is empty, at the old place or at the end.

    >>> whereabouts("New. T cells\\nkill.", "T cells kill.", 0)
    ('moved', 5, 17)
    """
    end = start + len(quote)
    if text[start:end] == quote:
        return "there", start, end
    spans = [match.span() for match in re.finditer(re.escape(quote), text)]
    words = _WORD.findall(quote)
    if not spans and words:
        pattern = r"\b" + r"\W+".join(map(re.escape, words)) + r"\b"
        spans = [match.span() for match in re.finditer(pattern, text, re.IGNORECASE)]
    if not spans:
        at = min(start, len(text))
        return "gone", at, at
    found = min(spans, key=lambda span: abs(span[0] - start))
    return "moved", *found


# What a reader knows of what is counted as pages, by the suffix of the document.
_COUNTED = {
    "slide": (".pptx", ".pptm", ".ppsx", ".ppt", ".odp"),
    "sheet": (".xlsx", ".xlsm", ".xls", ".ods"),
    "part": (".epub",),
}


def page_of(document: str, page: int | None, name: str = "p.") -> str:
    """The page of a document in words; `name` is put before that of a printed one. Empty where there is none.

    >>> page_of("a.pdf", 2), page_of("talk.pptx", 2), page_of("a.pdf", 2, "page"), page_of("a.md", None)
    ('p. 2', 'slide 2', 'page 2', '')
    """
    return f"{counted_as(document) or name} {page}" if page else ""


def counted_as(document: str) -> str:
    """What is counted as the pages of a document that has no printed ones ("slide"); empty if it has, or nothing is."""
    return next((kind for kind, suffixes in _COUNTED.items() if document.lower().endswith(suffixes)), "")
