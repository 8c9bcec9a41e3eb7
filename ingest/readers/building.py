"""How a reader puts a document together: blocks of normalised text under headings, on pages."""

import re
import unicodedata
from collections.abc import Iterable

from ..documents import Content, Page, Section

# What carries no meaning in running text and breaks matching: control characters, soft hyphens,
# zero-width spaces, word joiners, byte-order marks, object placeholders, and the invisible tag
# characters. Bidirectional marks go too: a span cut between an opening and its closing mark would
# turn around everything that is shown after it. The zero-width (non-)joiners stay: they spell words.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffc\U000e0000-\U000e007f]"
)
# What tells a terminal how to show the text (ECMA-48): colours, links, titles, character sets.
ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b[]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)|\x1b(?:[ -/]+[0-~]|[78=>])"
)
_LINE_ENDS = re.compile("\r\n?|[\u2028\u2029\x85\x0b\x0c]")
_ODD_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
# What is written in other characters: ligatures, bullets of symbol fonts, which have no character of their
# own, and halves of surrogate pairs, which cannot be written as UTF-8.
_WRITTEN_AS = {
    **dict(
        zip("\ufb00\ufb01\ufb02\ufb03\ufb04\ufb05\ufb06", ("ff", "fi", "fl", "ffi", "ffl", "st", "st"), strict=True)
    ),
    **dict(zip("\uf0b7\uf0a7\uf0d8\uf0fc", "•▪➢✓", strict=True)),
}
_ODD_CHARACTERS = re.compile(f"[{''.join(_WRITTEN_AS)}\ud800-\udfff]")


def normalise(text: str) -> str:
    r"""The form every text takes before offsets are counted in it: NFC, "\n" line ends, plain spaces.

    Doing it twice changes nothing, and the result can always be written as UTF-8.

    >>> normalise("nai\u0308ve\r\ncell\u00ad line\u00a05")
    'naïve\ncell line 5'
    """
    text = _LINE_ENDS.sub("\n", ESCAPES.sub("", text) if "\x1b" in text or "\x9b" in text else text)
    text = _ODD_SPACES.sub(" ", _INVISIBLE.sub("", text))
    text = _ODD_CHARACTERS.sub(lambda odd: _WRITTEN_AS.get(odd[0], "\ufffd"), text)
    return unicodedata.normalize("NFC", text)


def one_line(text: str) -> str:
    """`text` normalised, with every run of white space made one space."""
    return " ".join(normalise(text).split())


class ContentBuilder:
    """Collects the blocks of one source in reading order; `finish` returns its Content.

    Blocks are separated by one blank line. A heading is a block of its own and opens a section; the
    levels of headings need not be contiguous. Lines that follow each other (list items, table rows)
    form one block. A page begins where the next text lands, be it a new block or, over a page
    break, the rest of the last one.
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0  # of all parts
        self._in_lines = False  # the last block is made of `line`s and goes on
        self._sections: list[Section] = []
        self._pages: list[Page] = []
        self._next_page: int | None = None
        self._open: list[tuple[int, str]] = []

    def heading(self, level: int, text: str) -> None:
        """Opens a section under `text`; `level` counts from 1, the outermost."""
        text = one_line(text)
        if not text or self._is_said_twice(text):
            return
        self._open = [(lvl, t) for lvl, t in self._open if lvl < level] + [(level, text)]
        start = self._add(text)
        self._sections.append(Section(start, tuple(t for _, t in self._open)))

    def _is_said_twice(self, text: str) -> bool:
        """Whether the heading that stands right above says the same, as the title above the first heading may."""
        above = self._sections[-1] if self._sections else None
        return above is not None and above.start + len(text) == self._length and above.path[-1] == text

    def paragraph(self, text: str) -> None:
        """Adds running text: line breaks inside it become spaces."""
        self._add(one_line(text))

    def verse(self, text: str) -> None:
        """Adds text whose line breaks matter but whose other spaces do not (addresses, poems)."""
        lines = (one_line(line) for line in normalise(text).split("\n"))
        self._add("\n".join(line for line in lines if line))

    def block(self, text: str) -> None:
        """Adds text to be kept as it is (code, drawings), outer blank lines and line-end spaces dropped."""
        lines = [line.rstrip() for line in normalise(text).split("\n")]
        while lines and not lines[0]:
            lines.pop(0)
        while lines and not lines[-1]:
            lines.pop()
        self._add("\n".join(lines))

    def line(self, text: str, indent: int = 0) -> None:
        """Adds one line to the block of lines that is being written, or begins one."""
        text = one_line(text)
        if not text:
            return
        text = " " * indent + text
        if self._in_lines:
            self._extend("\n", text)
        else:
            self._add(text)
            self._in_lines = True

    def lines(self, texts: Iterable[str]) -> None:
        """Adds a block of lines, a table's rows for one."""
        self.end_lines()
        for text in texts:
            self.line(text)
        self.end_lines()

    def end_lines(self) -> None:
        """Ends the block of lines: the next `line` begins a new one."""
        self._in_lines = False

    def extend(self, text: str, glue: str = " ") -> None:
        """Goes on with the last block, a paragraph that ran over a page break or a column, say."""
        text = one_line(text)
        if not self._parts:
            self._add(text)
        elif text:
            self._extend(glue, text)

    def page(self, number: int) -> None:
        """What is added from here on stands on page `number` (from 1). A page without text has no place."""
        self._next_page = number

    @property
    def length(self) -> int:
        """How many characters have been written so far."""
        return self._length

    @property
    def empty(self) -> bool:
        """Whether no text has been added yet."""
        return not self._parts

    def finish(self, title: str = "") -> Content:
        """The content; without a `title`, the first heading is the title, else it is empty."""
        title = one_line(title) or (self._sections[0].path[-1] if self._sections else "")
        return Content(title, "".join(self._parts), tuple(self._sections), tuple(self._pages))

    def _add(self, block: str) -> int:
        """The start of the new block."""
        self._in_lines = False
        if block and self._parts:
            self._parts.append("\n\n")
            self._length += 2
        start = self._length
        if block:
            self._parts.append(block)
            self._length += len(block)
            self._turn_page(start)
        return start

    def _extend(self, glue: str, text: str) -> None:
        if not glue:  # an accent may melt into the letter before it
            last = self._parts.pop()
            self._length -= len(last)
            text, start = unicodedata.normalize("NFC", last + text), len(last)
        else:
            text, start = glue + text, len(glue)
        self._parts.append(text)
        self._turn_page(self._length + min(start, len(text) - 1))
        self._length += len(text)

    def _turn_page(self, start: int) -> None:
        if self._next_page is not None:
            self._pages.append(Page(start, self._next_page))
            self._next_page = None
