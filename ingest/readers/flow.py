"""How the readers of marked-up formats write down lists, definitions and tables in the same way."""

from collections.abc import Sequence

from .building import ContentBuilder, one_line
from .tables import row_lines

_BULLET = "- "


class Flow:
    """Writes paragraphs, lists and tables into a ContentBuilder, as they come, from any markup.

    The items of a list become lines of one block: "- text" or "1. text", two spaces further in for each
    list around them; a second paragraph of an item is a paragraph of its own. A defined term stands in
    front of its definition, "term: definition", and above one that begins with code or a table.
    """

    def __init__(self, builder: ContentBuilder) -> None:
        self.builder = builder
        self._lists: list[int | None] = []  # the number of the next item; None for bullets
        self._mark = ""  # what stands in front of the next text
        self._in_item = False  # the next text is a line of the list
        self._term = ""

    @property
    def in_item(self) -> bool:
        """Whether the next text is the first of a list item."""
        return self._in_item

    @property
    def in_numbered_item(self) -> bool:
        """Whether it is the first of an item with a number."""
        return self._in_item and self._mark[:1].isdigit()

    def open_list(self, first: int | None = None) -> None:
        """Begins a list, inside the current item if any; `first` numbers its first item, None is for bullets."""
        self._flush_mark()
        if not self._lists:
            self.builder.end_lines()
        self._lists.append(first)

    def close_list(self) -> None:
        """Ends the innermost list."""
        self._flush_mark()
        if self._lists:
            self._lists.pop()
        if not self._lists:
            self.builder.end_lines()

    def open_item(self, mark: str | None = None) -> None:
        """Begins an item; `mark` replaces the bullet or number that it would get."""
        self._flush_mark()
        number = self._lists[-1] if self._lists else None
        if number is not None:
            self._lists[-1] = number + 1
        self._mark = mark if mark is not None else _BULLET if number is None else f"{number}. "
        self._in_item = True

    def close_item(self) -> None:
        """Ends an item; one without text leaves nothing behind."""
        self._mark = ""
        self._in_item = False

    def term(self, text: str) -> None:
        """A term whose definition follows; terms that follow each other share one definition."""
        text = one_line(text).rstrip(":")
        self._term = f"{self._term}, {text}" if self._term and text else self._term or text

    def text(self, text: str, keep_breaks: bool = False) -> None:
        """A paragraph, or the text of the item that is open; `keep_breaks` keeps its line breaks."""
        shown = one_line(text)
        if not shown:
            return
        if self._term:
            text, self._term = f"{self._term}: {text}", ""
        if self._in_item:
            depth = max(len(self._lists) - 1, 0)
            self.builder.line(self._mark + one_line(text), indent=2 * depth)
            self._mark, self._in_item = "", False
        elif keep_breaks:
            self.builder.verse(text)
        else:
            self.builder.paragraph(text)

    def code(self, text: str) -> None:
        """Text that is kept as it is."""
        self._flush_term(":")
        self._flush_mark()
        self.builder.block(text)

    def heading(self, level: int, text: str) -> None:
        """A heading; inside a list it is the text of its item."""
        self._flush_term()
        if self._lists:
            self.text(text)
        else:
            self.builder.heading(level, text)

    def table(self, rows: Sequence[Sequence[str]], header_rows: int) -> None:
        """A table, one line per row (see `row_lines`)."""
        self._flush_term(":")
        self._flush_mark()
        self.builder.lines(row_lines(rows, header_rows))

    def end(self) -> None:
        """Writes down what is still held back."""
        self._flush_term()

    def _flush_term(self, before_block: str = "") -> None:
        if self._term:
            self.builder.paragraph(self._term + before_block)
            self._term = ""

    def _flush_mark(self) -> None:
        # An item that begins with a table, code or another list: its bullet would stand alone.
        self._mark, self._in_item = "", False
