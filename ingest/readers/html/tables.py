"""The tables of an HTML page that hold data."""

from typing import TYPE_CHECKING

from ..tables import spread
from .chrome import is_chrome
from .nodes import attribute, inline_text, number

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode


def data_rows(table: "LexborNode") -> tuple[list[list[str]], int] | None:
    """The rows of a table and how many of them are headers; None for one that only lays out the page."""
    if table.css_first("table table, table pre, table h1, table h2, table h3, table ul li p") is not None:
        return None
    if attribute(table, "role") in ("presentation", "none"):
        return None
    rows = [
        [cell for cell in _children(row) if cell.tag in ("td", "th") and not is_chrome(cell, "td", True)]
        for row in table.css("tr")
    ]
    rows = [row for row in rows if row]
    has_headers = table.css_first("th") is not None
    if not has_headers and max((len(row) for row in rows), default=0) < 2:
        return None
    header_rows = 0
    for row in rows:
        parent = row[0].parent.parent if row[0].parent is not None else None
        in_head = parent is not None and parent.tag == "thead"
        if not in_head and not (len(row) > 1 and all(cell.tag == "th" for cell in row)):
            break
        header_rows += 1
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
    return spread(cells, header_rows), header_rows


def _children(node: "LexborNode") -> "list[LexborNode]":
    found = []
    child = node.child
    while child is not None:
        found.append(child)
        child = child.next
    return found
