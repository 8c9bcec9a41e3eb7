"""Where the words of a kept citation stand today (there, moved, gone), and what its page is called."""

import re
from typing import Literal

Fate = Literal["there", "moved", "gone"]

_WORD = re.compile(r"\w+")


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
