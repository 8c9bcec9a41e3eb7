"""Where the paragraphs and sentences of a text are, as character spans."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

Span = tuple[int, int]

# How a line of code looks: set in, behind a prompt, or ending as no sentence does.
_CODE_LINE = re.compile(
    r"(?: {2,}|\t)\S|\s*(?:\$|>>>|@\w|//|#include)|\s*[\w.\[\]-]+ ?[:=]?= ?\S|\s*\[[\w.*-]+\]$"
    r"|.*(?:[{};\\(\[]|\w\(.*\):?|[\"'\]})],)$"
)
# A line that is a command, an import or a call, and no sentence.
_COMMAND = re.compile(
    r"(?:\$|>>>|(?:apt|apt-get|brew|cargo|conda|curl|docker|git|npm|pip3?|python3?|sudo|wget) [\w./-]+(?: |$)"
    r"|import \w+$|from \S+ import |[\w.:]+\(.*\);?$|[\w.]+ = \S).*(?<![.?!…:])$"
)
# How a line of prose ends where it does not go on in the next.
_PROSE_ENDS = (".", "?", "!", "…", ":", ",", ";")
_ITEM_LINE = re.compile(r"\s*(?:[-*•‣◦▪–☐☑]|\(?(?:\d{1,3}|[a-z])[.)])\s")

# A heading has at most so many words, and ends otherwise.
MAX_HEADING_WORDS = 10
_ENDS_NO_HEADING = re.compile(r"(?:[.;:,!?]\W*|\b(?:and|as|by|in|of|or|the|to|under|with))$")
# How the text right below a heading begins, with an item or a sentence, and how a line of it ends.
_ITEM_BELOW = re.compile(r"\s*\((?:\d{1,3}|[a-z]{1,4})\)\s")
_SENTENCE_BELOW = re.compile(r"[\"“'‘(]?[A-Z]")
_ENDS_BELOW = re.compile(r"[.!?;:—–][\"'”’)\]]*\s*$")

_BLANK_LINE = re.compile(r"\n[^\S\n]*\n\s*")
# A line that starts an item of a list or is a row of a table is a unit of its own.
_NOTES = re.compile(r"(?:[^\S\n]*\[\d{1,4}\])+")
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


def is_code(paragraph: str) -> bool:
    """Whether a paragraph looks like code: lines that are kept as they are, most of them set as code is.

    >>> is_code("def f():\\n    return 1"), is_code("pip install quill"), is_code("git reset does either of these:")
    (True, True, False)
    >>> is_code("pip install quill\\nquill init --here"), is_code("docker images are built\\nfrom scratch.")
    (True, False)
    """
    lines = [line for line in paragraph.split("\n") if line.strip()]
    if len(lines) < 2:
        return _COMMAND.match(paragraph) is not None
    if _COMMAND.match(lines[0]) and not any(line.rstrip().endswith(_PROSE_ENDS) for line in lines):
        return True
    code = sum(_CODE_LINE.match(line) is not None and not _ITEM_LINE.match(line) for line in lines)
    return 2 * code >= len(lines)


def may_head(line: str) -> bool:
    """Whether `line` has the form of a heading: few words, and the end of no sentence or part of one."""
    return len(line.split()) <= MAX_HEADING_WORDS and not _ENDS_NO_HEADING.search(line)


def heads(line: str, below: Sequence[str]) -> bool:
    """Whether `line` looks like the heading of the lines right `below` it, of which there is one at least.

    They begin with an item, or with a sentence that is not set in and whose first word had fitted into the line.

    >>> heads("6. Life jackets", ["(1) Every boat shall carry six."]), heads("7. Alcohol", ["No person shall drink."])
    (True, True)
    >>> heads("7. No person on board of a boat shall drink", ["Brandy or rum."]), heads("1. Mix it", ["2. Bake it."])
    (False, False)
    """
    fits = len(line) + 1 + len(below[0].partition(" ")[0]) <= max(map(len, below))
    begins = _ITEM_BELOW.match(below[0]) or (fits and _SENTENCE_BELOW.match(below[0]))
    return may_head(line) and bool(begins) and any(map(_ENDS_BELOW.search, below))


def sentences(text: str) -> Iterator[Span]:
    """The sentences of `text`, without outer white space, in order.

    A sentence never crosses a blank line, the start of a list item, or a row of a table. The marks of its notes
    belong to it, and it does not end within a row, or at a "?" or "!" before a small letter ("The ? operator returns").

    >>> text = "T cells kill. B cells do not.\\n- one\\n- two"
    >>> [text[s:e] for s, e in sentences(text)]
    ['T cells kill.', 'B cells do not.', '- one', '- two']
    """
    import nupunkt

    for start, end in paragraphs(text):
        bounds = [start, *(m.end() for m in _UNIT_START.finditer(text, start, end)), end]
        for s, e in pairwise(bounds):
            ends = [s + b for _, b in nupunkt.sent_spans(text[s:e])]
            begin = s
            for end in (_with_notes(text, end, e) for end in ends):
                if end > begin and (end == e or not _goes_on(text, end)):
                    yield from _trimmed(text, begin, end)
                    begin = end
            yield from _trimmed(text, begin, e)


def _with_notes(text: str, end: int, last: int) -> int:
    """Where a sentence that ends at `end` does so with the marks of its notes, before `last`: "late.[2][3]"."""
    if not text[:end].rstrip().endswith((".", "!", "?", "]", ")", '"', "”")):
        return end
    notes = _NOTES.match(text, end, last)
    return notes.end() if notes else end


def _goes_on(text: str, end: int) -> bool:
    """Whether what ends at `end` goes on behind it: with a small letter after "?" or "!", or within a row."""
    rest = text[end:].lstrip(" ")
    return rest.startswith(("| ", ": ")) or (text[:end].rstrip().endswith(("?", "!")) and rest.lstrip()[:1].islower())


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end
