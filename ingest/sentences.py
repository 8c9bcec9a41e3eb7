"""Where the paragraphs and sentences of a text are, as character spans."""

import re
from collections.abc import Iterator
from itertools import pairwise

Span = tuple[int, int]

_BLANK_LINE = re.compile(r"\n[^\S\n]*\n\s*")
# A line that starts an item of a list or is a row of a table is a unit of its own.
_UNIT_START = re.compile(r"\n(?=[^\S\n]*(?:[-*•‣◦▪–]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s)|\n(?=[^\n]*(?: \| |\t))")


def paragraphs(text: str) -> Iterator[Span]:
    """The paragraphs of `text`: what stands between blank lines, without outer white space, in order.

    >>> list(paragraphs("One.\\n\\nTwo.\\n"))
    [(0, 4), (6, 10)]
    """
    start = 0
    for gap in _BLANK_LINE.finditer(text):
        yield from _trimmed(text, start, gap.start())
        start = gap.end()
    yield from _trimmed(text, start, len(text))


def sentences(text: str) -> Iterator[Span]:
    """The sentences of `text`, without outer white space, in order.

    A sentence never crosses a blank line, the start of a list item, or a row of a table.

    >>> text = "T cells kill. B cells do not.\\n- one\\n- two"
    >>> [text[s:e] for s, e in sentences(text)]
    ['T cells kill.', 'B cells do not.', '- one', '- two']
    """
    import nupunkt

    for start, end in paragraphs(text):
        bounds = [start, *(m.end() for m in _UNIT_START.finditer(text, start, end)), end]
        for s, e in pairwise(bounds):
            for a, b in nupunkt.sent_spans(text[s:e]):
                yield from _trimmed(text, s + a, s + b)


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end
