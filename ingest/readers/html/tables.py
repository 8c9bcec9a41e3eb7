"""The tables of an HTML page that hold data."""

from typing import TYPE_CHECKING

from ..tables import spread
from .chrome import is_chrome
from .nodes import attribute, inline_text, number

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode


def data_rows(table: "LexborNode") -> list[tuple[list[list[str]], int]] | None:
    """The rows of a table and how many of them are headers; None for one that only lays out the page.

    A header further down begins another such part: the tables of a page are often several in one.
    """
    if attribute(table, "role") in ("presentation", "none") or _holds_table(table):
        return None
    if table.css_first("table pre, table h1, table h2, table h3, table ul li p") is not None:
        return None
    rows = [
        [cell for cell in _children(row) if cell.tag in ("td", "th") and not is_chrome(cell, "td", True)]
        for row in table.css("tr")
    ]
    rows = [row for row in rows if row]
    has_headers = table.css_first("th") is not None
    if not has_headers and (max((len(row) for row in rows), default=0) < 2 or _lays_out(table, rows)):
        return None
    cells = [
        [
            (
                inline_text(cell),
                number(attribute(cell, "colspan"), 1),
                number(attribute(cell, "rowspan"), 1),
            )
            for cell in row
        ]
        for row in rows
    ]
    parts = []
    starts = _starts(rows, cells)
    for start, end in zip(starts, [*starts[1:], len(rows)], strict=True):
        header_rows = next((i for i, row in enumerate(rows[start:end]) if not _is_header(row)), end - start)
        parts.append((spread(cells[start:end], header_rows), header_rows))
    return parts


def _holds_table(table: "LexborNode") -> bool:
    return any(below.css_first("table") is not None for below in _children(table))  # a node finds itself


def _lays_out(table: "LexborNode", rows: "list[list[LexborNode]]") -> bool:
    """Whether a table without a header, inside another, looks like more layout: one row, or more than values in it."""
    above = table.parent
    while above is not None and above.tag != "table":
        above = above.parent
    return above is not None and (len(rows) < 2 or table.css_first("p, div, ul, ol") is not None)


def _is_header(row: "list[LexborNode]") -> bool:
    return _group(row) == "thead" or (len(row) > 1 and all(cell.tag == "th" for cell in row))


def _group(row: "list[LexborNode]") -> str:
    """The tag of the element around a row."""
    line = row[0].parent
    return (line.parent.tag or "") if line is not None and line.parent is not None else ""


def _starts(rows: "list[list[LexborNode]]", cells: list[list[tuple[str, int, int]]]) -> list[int]:
    """The first row and each further down that is a header: words over rows of data, and no sum below them."""
    starts, reach = [0], 0
    for i, row in enumerate(rows):
        texts = [text for text, _, _ in cells[i] if text]
        if (
            i > 0
            and _is_header(row)
            and not _is_header(rows[i - 1])
            and not all(map(_is_header, rows[i:]))
            and reach <= i
            and len(texts) > 1
            and all(any(map(str.isalpha, text)) for text in texts)
            and _group(row) != "tfoot"
        ):
            starts.append(i)
        reach = max(reach, i + max(down for _, _, down in cells[i]))
    return starts


def _children(node: "LexborNode") -> "list[LexborNode]":
    found = []
    child = node.child
    while child is not None:
        found.append(child)
        child = child.next
    return found
