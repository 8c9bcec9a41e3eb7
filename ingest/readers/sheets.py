"""Rows of cells -> lines of text: spreadsheets and CSV files."""

import csv
import io
import re
from collections import Counter
from itertools import groupby, pairwise
from pathlib import PurePosixPath

from ..documents import Content
from .building import ContentBuilder, one_line
from .decoding import decode
from .tables import row_lines

_NUMBER = re.compile(
    r"[-+(]?[\s$€£¥]*[-+]?\d[\d.,'\s]*(?:[eE][-+]?\d+)?\s*(?:[%$€£¥]|[A-Z]{3})?\)?|-?\d+(?::\d\d){1,2}"
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_DATE = re.compile(r"(?:19|20)\d\d([-/.])\d\d?\1\d\d?(?:[T ].*)?|(?:19|20)\d\d-\d\d|\d\d?([-/.])\d\d?\2\d{2,4}")
# What stands in a cell for a value that there is not.
_MISSING = re.compile(r"n/?a|nan|nil|null|none|unknown|tbd|[-–—?.*]+", re.IGNORECASE)
# Names that a spreadsheet gets without anyone giving it one.
_DEFAULT_NAME = re.compile(r"(?:(?:sheet|tabelle|feuil|hoja|foglio|planilha|лист|blad|ark)\s?\d*)?", re.IGNORECASE)
_MOST_HEADERS = 4
_LONGEST_NAME = 80
# A list of names and values ("Client: Bob") is no longer than this, nor are its names.
_LONGEST_LIST = 30
_LONGEST_KEY = 40
_DELIMITERS = ",;\t|"
# So many rows tell how the file is made.
_SAMPLE_ROWS = 50
# The longest cell that csv accepts; its default of 131,072 is less than a long text.
_LONGEST_CELL = 10_000_000


def read_csv(data: bytes, name: str) -> Content:
    """The rows of a CSV file, one line each: "header: cell | header: cell"."""
    text = decode(data, name)
    csv.field_size_limit(_LONGEST_CELL)
    delimiter = "\t" if name.lower().endswith((".tsv", ".tab")) else _delimiter(text)
    try:
        rows = list(csv.reader(io.StringIO(text.replace("\0", "")), delimiter=delimiter))
    except csv.Error:
        rows = [line.split(delimiter) for line in text.splitlines()]  # quotes that are never closed
    filled = [row for row in rows if row]
    if len(rows) - len(filled) >= len(filled) - 1:
        rows = filled  # an empty line after each row is a slip
    builder = ContentBuilder()
    add_sheet(builder, "", rows, gaps_part=False)
    return builder.finish(PurePosixPath(name).stem)


class Merged(str):
    """What stands in a cell that is merged with one to its left."""

    __slots__ = ()


def add_sheet(builder: ContentBuilder, name: str, rows: list[list[str]], gaps_part: bool = True) -> None:
    """Adds a sheet under its name: its tables, parted by empty rows, each row with the headers over it.

    Single cells above a table are paragraphs. A header may be parted from its table by empty rows, and
    holds for tables below it that have none of their own and are no wider. Where it is not certain that a gap parts
    tables, rows below it go on with the table above, unless a new header or a single cell begins another.
    """
    lines = [_trimmed(row) for row in rows]
    if not _DEFAULT_NAME.fullmatch(name) and any(lines):
        builder.heading(1, name)
    header: list[list[str]] = []
    body: list[list[str]] = []
    unused = False  # the header still waits for its table
    for is_empty, group in groupby(lines, key=lambda row: not row):
        if is_empty:
            continue
        table = list(group)
        is_column = all(_filled(row) == 1 for row in table)
        names = []
        while table and _filled(table[0]) == 1 and not (is_column and len(table) > 2):
            names.append("".join(table.pop(0)))
        own, width = _header_rows(table), max(map(len, table), default=0)
        above = max(map(len, header), default=0)
        goes_on = not (gaps_part or names or _heads_values(table)) and width == above
        if own == 1 and header and not unused and (goes_on or len(table) == 1):
            own = 0  # words that go on with the table above, rather than a header
        is_new = own or width > above or _is_list(table)
        if body and (is_new or names or gaps_part):
            builder.lines(row_lines([*header, *body], len(header)))
            body = []
        for text in names:
            builder.paragraph(text)
        if is_new:
            if unused:
                builder.lines(row_lines(header, 0))
            header, table, unused = _grouped(table[:own]), table[own:], own > 0
        body += table
        unused = unused and not table
    if body or unused:
        builder.lines(row_lines([*header, *body], len(header)))


def _trimmed(row: list[str]) -> list[str]:
    """The cells of a row, each on one line, without empty ones at its end."""
    cells = [cell.__class__(one_line(cell)) if cell else "" for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _header_rows(table: list[list[str]]) -> int:
    """How many rows at the top name the columns; all of them, if no values follow before the next empty row.

    It is the first row or none, and more rows only where each leaves to the one below it what it does not say itself.
    """
    if not table or _filled(table[0]) < 2 or not _may_be_header(table):
        return 0
    top = 1
    while top < min(len(table), _MOST_HEADERS) and _is_group(table[top - 1], table[top]):
        top += 1
    if top > 1 or len(table) == 1:
        return top
    return int(not _is_list(table) and (_heads_values(table) or _is_header(table)))


def _may_be_header(table: list[list[str]]) -> bool:
    """Whether there are only names in the first row: years too, and dates if there are several, but over other things.

    >>> _may_be_header([["Name", "2023"], ["Ann", "5"]]), _may_be_header([["Ann", "2023"], ["Bob", "2022"]])
    (True, False)
    """
    dates = 0
    for i, cell in enumerate(table[0]):
        if _YEAR.fullmatch(cell) or _DATE.fullmatch(cell):
            dates += not _YEAR.fullmatch(cell)
            if _is_mostly(_DATE, _column(table, i)):
                return False
        elif _NUMBER.fullmatch(cell):
            return False
    return dates != 1


def _is_group(upper: list[str], lower: list[str]) -> bool:
    """Whether a row names groups of the columns that the row below it names.

    Its cells are merged over names, or it leaves cells empty over names and the first column is named in one of the
    two rows only.

    >>> _is_group(["", "2022", "", "2023"], ["Name", "H1", "H2", "H1", "H2"])
    True
    >>> _is_group(["Name", "", "Age"], ["Ann", "Smith", "unknown"])
    False
    """
    if any(_NUMBER.fullmatch(cell) and not _YEAR.fullmatch(cell) for cell in lower):
        return False
    wide = [*upper, *[""] * (len(lower) - len(upper))]
    below = [(wide[i], cell) for i, cell in enumerate(lower) if cell and any(wide[:i])]
    if any(isinstance(above, Merged) and above != cell for above, cell in below):
        return True
    return any(not above for above, _ in below) and ("" in (upper[0], lower[0]) or upper[0] == lower[0])


def _grouped(header: list[list[str]]) -> list[list[str]]:
    """A header in which the name of a group, which stands over the first of its columns, stands over all of them."""
    rows = [list(row) for row in header]
    for upper, lower in pairwise(rows):
        if any(isinstance(cell, Merged) for cell in upper):
            continue  # all has been said
        upper += [""] * (len(lower) - len(upper))
        for i, cell in enumerate(lower[1:], 1):
            if cell and lower[i - 1]:
                upper[i] = upper[i] or upper[i - 1]
    return rows


def _heads_values(table: list[list[str]]) -> bool:
    """Whether a word in the first row stands over a column of numbers or dates."""
    return bool(table) and any(
        cell and not _is_value(cell) and not _MISSING.fullmatch(cell) and _is_of_values(_column(table, i))
        for i, cell in enumerate(table[0])
    )


def _is_list(table: list[list[str]]) -> bool:
    """Whether a table is a list of names, each with its value: two columns, the second of words and numbers mixed."""
    rows = [row for row in table if _filled(row) == len(row) == 2]
    if not 1 < len(rows) == len(table) <= _LONGEST_LIST:
        return False
    names, values = zip(*rows, strict=True)
    return (
        all(len(name) <= _LONGEST_KEY and not _is_value(name) for name in names)
        and len(set(names)) == len(set(values)) == len(rows)
        and any(map(_is_value, values[1:]))
        and not _is_of_values(_column(table, 1))
    )


def _is_header(table: list[list[str]]) -> bool:
    """Whether the first row of a table of words names its columns: short names, none twice."""
    first = [cell for cell in table[0] if cell]
    width = max((_filled(row) for row in table[1:]), default=0)
    is_short = max(map(len, first)) <= _LONGEST_NAME
    return len(table) > 1 and is_short and len(first) >= 0.5 * width and len(set(first)) == len(first)


def _column(table: list[list[str]], i: int) -> list[str]:
    """What is said below the first row of a column, near the top."""
    cells = [row[i] for row in table[1:_SAMPLE_ROWS] if i < len(row)]
    return [cell for cell in cells if cell and not _MISSING.fullmatch(cell)]


def _is_of_values(cells: list[str]) -> bool:
    """Whether most of the cells are numbers, or most are dates."""
    return _is_mostly(_NUMBER, cells) or _is_mostly(_DATE, cells)


def _is_mostly(kind: re.Pattern[str], cells: list[str]) -> bool:
    return sum(
        bool(kind.fullmatch(cell)) or (kind is _DATE and bool(_YEAR.fullmatch(cell))) for cell in cells
    ) * 2 > len(cells)


def _is_value(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(cell) or _DATE.fullmatch(cell))


def _filled(row: list[str]) -> int:
    return sum(map(bool, row))


def _delimiter(text: str) -> str:
    """The delimiter that parts most rows into the same number of cells, more than one."""
    sample = "\n".join(text.splitlines()[:_SAMPLE_ROWS])
    best, best_score = ",", 0.0
    for delimiter in _DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(io.StringIO(sample), delimiter=delimiter) if row]
        except csv.Error:
            continue
        if not widths:
            continue
        width, times = Counter(widths).most_common(1)[0]
        score = times / len(widths) if width > 1 else 0.0
        if score > best_score:
            best, best_score = delimiter, score
    return best
