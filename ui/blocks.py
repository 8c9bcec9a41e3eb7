"""The paragraphs of texts as HTML: running text, code, the lines of lists, the rows of tables.

Pure functions. What stands in a span is made HTML by `shown`, which the caller gives: so chips and marks stand in it.
"""

import re
from collections.abc import Callable

from ingest import is_code

# How a line of a list begins: with a bullet or a number.
_ITEM = re.compile(r"([ \t]*)(?:[-*+•–]|\(?(\d{1,3}|[a-z])[.)])[ \t]+(?=\S)")
# What stands between the cells of a table's row, and the name of a cell's column before what it holds.
_CELLS = re.compile(r" \| ")
_COLUMN = re.compile(r"[^:\[\]]{1,60}: (?=\S)")


def block(text: str, low: int, high: int, shown: Callable[[int, int], str], tag: str = "p", kind: str = "") -> str:
    """The paragraph `text[low:high]` as an element of class `kind`, and of `pc-code` where it looks like code."""
    code = tag == "p" and is_code(text[low:high])
    kind = " ".join(filter(None, (kind, "pc-code" if code else "")))
    of_kind = f' class="{kind}"' if kind else ""
    return f"<{tag}{of_kind}>{shown(low, high) if code else _hanging(text, low, high, shown)}</{tag}>"


def _hanging(text: str, low: int, high: int, shown: Callable[[int, int], str]) -> str:
    """`text[low:high]` as HTML, the lines of lists hanging from their bullets; `shown` makes the HTML of a span.

    The rows of tables stand apart from each other, and the names of their columns behind what they hold.
    """
    html, was_apart = "", True
    for line in text[low:high].split("\n"):
        end = low + len(line)
        is_apart = True
        if item := _ITEM.match(line):
            depth, bullet = min(len(item[1].expandtabs(4)) // 2, 3), low + item.end()
            kind = f"pc-item pc-in{depth}{' pc-counted' if item[2] else ''}"
            mark = f'<span class="pc-bullet">{shown(low + item.end(1), bullet)}</span>'
            html += f'<span class="{kind}">{mark}{shown(bullet, end)}</span>'
        elif _CELLS.search(line):
            html += f'<span class="pc-cells">{_cells(line, low, shown)}</span>'
        else:
            html += ("" if was_apart else "\n") + shown(low, end)
            is_apart = False
        low, was_apart = end + 1, is_apart
    return html


def _cells(row: str, low: int, shown: Callable[[int, int], str]) -> str:
    """A table's `row`, which stands at `low`, as HTML: its columns' names and what is between its cells are dimmed.

    A colon in one cell alone is no name's: "P(A | B) is asked for: ...".
    """
    starts = [0, *(between.end() for between in _CELLS.finditer(row))]
    ends = [*(between.start() for between in _CELLS.finditer(row)), len(row)]
    columns = [_COLUMN.match(row, start, end) for start, end in zip(starts, ends, strict=True)]
    named = len(columns) - columns.count(None) > 1
    html = ""
    for start, end, column, following in zip(starts, ends, columns, [*starts[1:], len(row)], strict=True):
        value = column.end() if column and named else start
        html += _dim(shown(low + start, low + value)) + shown(low + value, low + end)
        html += _dim(shown(low + end, low + following))
    return html


def _dim(html: str) -> str:
    return f'<span class="pc-dim">{html}</span>' if html else ""
