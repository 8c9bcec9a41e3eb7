"""The rows of a LaTeX table."""

import re
from collections.abc import Callable
from itertools import pairwise

from ..tables import spread
from .source import arguments, group, optional

_SPLIT = re.compile(r"\\\\\*?(?:\[[^\]]*\])?|\\tabularnewline|\\(?:begin|end)(?=\s*\{)|\\[\s\S]|[{}&]")
_RULE = re.compile(
    r"\\(?P<full>hline|(?:top|mid|bottom)rule|end(?:first)?head|end(?:last)?foot|hhline\s*\{[^{}]*\}|Xhline\s*\{[^{}]*\})"
    r"(?![a-zA-Z])(?:\[[^\]]*\])?"
    r"|\\(?:cmidrule(?:\[[^\]]*\])?(?:\([^)]*\))?|cline|rowcolor(?:\[[^\]]*\])?)\s*\{[^{}]*\}|\\addlinespace(?:\[[^\]]*\])?"
)
_SPAN = re.compile(r"\\multi(?P<way>column|row)\s*(?:\[[^\]]*\])?\s*(?=\{)")
_MOST_HEADER_ROWS = 4

Cell = tuple[str, int, int]


def read_table(source: str, inline: Callable[[str], str]) -> tuple[list[str], list[list[str]], int]:
    """What stands above a table, its rows, and how many of them are headers; `inline` reads a cell.

    The header is what stands above the first rule below the first row: one row, or several
    if each goes on with the one above it. A cell over the whole width at the top is a title.
    """
    # A long table says its header again for the pages that follow, and what stands below it on each of them.
    source = re.sub(r"(\\endfirsthead)[\s\S]*?\\endhead", r"\1", source)
    source = re.sub(r"(\\end(?:first)?head)[\s\S]*\\end(?:last)?foot(?![a-zA-Z])", r"\1", source)
    texts = []
    if caption := re.search(r"\\caption\*?", source):
        text, end = group(source, optional(source, caption.end())[1])
        texts.append(inline(text))
        source = source[: caption.start()] + source[end:]
    rows: list[list[Cell]] = []
    ruled: list[int] = []  # before which rows a rule stands
    for cells in _rows(source):
        if any(rule["full"] for rule in _RULE.finditer(cells[0])):
            ruled.append(len(rows))
        row = [_cell(_RULE.sub("", cell), inline) for cell in cells]
        if any(text for text, _, _ in row):
            rows.append(row)
    width = max((sum(across for _, across, _ in row) for row in rows), default=0)
    titles = 0
    while titles < len(rows) and len(rows[titles]) == 1 and width > 1 and rows[titles][0][1] == width:
        texts.append(rows[titles][0][0])
        titles += 1
    rows = rows[titles:]
    header_rows = next((at - titles for at in ruled if at > titles), 0)
    if header_rows >= len(rows) or not _is_header(rows[:header_rows]):
        header_rows = 0
    grid = spread([[(text, across, 1) for text, across, _ in row] for row in rows], header_rows)
    # Below a cell that spans rows there is an empty one in each of them.
    for number, row in enumerate(rows):
        column = 0
        for text, across, down in row:
            for below in range(number + 1, number + down) if down > 0 else range(number + down + 1, number):
                if 0 <= below < len(grid) and column < len(grid[below]) and not grid[below][column]:
                    grid[below][column] = text
            column += across
    return texts, grid, header_rows


def _is_header(rows: list[list[Cell]]) -> bool:
    goes_on = all(
        not (above[0][0] and below[0][0]) or any(across > 1 or down > 1 for _, across, down in above)
        for above, below in pairwise(rows)
    )
    return goes_on and len(rows) <= _MOST_HEADER_ROWS


def _cell(source: str, inline: Callable[[str], str]) -> Cell:
    spans = {"column": 1, "row": 1}
    for _ in range(2):  # one may stand in the other
        if span := _SPAN.search(source):
            (count, _, text), end = arguments(source, span.end(), 3)
            spans[span["way"]] = int(count) if re.fullmatch(r"-?\d{1,3}", count.strip()) else 1
            source = f"{source[: span.start()]}{text}{source[end:]}"
    return inline(source), max(spans["column"], 1), spans["row"]


def _rows(source: str) -> list[list[str]]:
    r"""The cells of each row: parted by & and \\ outside braces and inner environments."""
    rows = [[""]]
    depth = start = 0
    for found in _SPLIT.finditer(source):
        sign = found[0]
        if sign in ("{", "\\begin"):
            depth += 1
        elif sign in ("}", "\\end"):
            depth -= 1
        elif depth <= 0 and (sign == "&" or sign.startswith(("\\\\", "\\tabularnewline"))):
            rows[-1][-1] = source[start : found.start()]
            start = found.end()
            if sign == "&":
                rows[-1].append("")
            else:
                rows.append([""])
    rows[-1][-1] = source[start:]
    return rows
