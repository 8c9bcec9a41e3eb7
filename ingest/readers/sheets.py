"""Rows of cells -> lines of text: spreadsheets and CSV files."""

import csv
import io
import re
from collections import Counter
from itertools import groupby
from pathlib import PurePosixPath

from ..documents import Content
from .building import ContentBuilder, one_line
from .decoding import decode
from .tables import row_lines

_NUMBER = re.compile(r"[-+(]?[\s$€£¥]*\d[\d.,'\s]*(?:[eE][-+]?\d+)?\s*(?:%|\)|[A-Z]{3})?|\d{4}-\d\d-\d\d.*")
_YEAR = re.compile(r"(?:19|20)\d\d")
# Names that a spreadsheet gets without anyone giving it one.
_DEFAULT_NAME = re.compile(r"(?:(?:sheet|tabelle|feuil|hoja|foglio|planilha|лист|blad|ark)\s?\d*)?", re.IGNORECASE)
_MOST_HEADERS = 4
_LONGEST_NAME = 80
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
        # An empty line is a slip here; a row of empty cells parts tables.
        rows = [row for row in csv.reader(io.StringIO(text.replace("\0", "")), delimiter=delimiter) if row]
    except csv.Error:
        rows = [line.split(delimiter) for line in text.splitlines()]  # quotes that are never closed
    builder = ContentBuilder()
    add_sheet(builder, "", rows)
    return builder.finish(PurePosixPath(name).stem)


def add_sheet(builder: ContentBuilder, name: str, rows: list[list[str]]) -> None:
    """Adds a sheet under its name: its tables, parted by empty rows, each row with the headers over it.

    Single cells above a table are paragraphs. A header may be parted from its table by empty rows, and
    holds for tables below it that have none of their own and are no wider.
    """
    lines = [_trimmed(row) for row in rows]
    if not _DEFAULT_NAME.fullmatch(name) and any(lines):
        builder.heading(1, name)
    header: list[list[str]] = []
    unused = False  # the header still waits for its table
    for is_empty, group in groupby(lines, key=lambda row: not row):
        if is_empty:
            continue
        table = list(group)
        is_column = all(_filled(row) == 1 for row in table)
        while table and _filled(table[0]) == 1 and not (is_column and len(table) > 2):
            builder.paragraph("".join(table.pop(0)))
        own = _header_rows(table) if table else 0
        if own == len(table) == 1 and header and not unused:
            own = 0  # a last row of words, rather than a header without a table
        too_wide = bool(table) and max(map(len, table)) > max(map(len, header), default=0)
        if own or too_wide:
            if unused:
                builder.lines(row_lines(header, 0))
            header, table, unused = table[:own], table[own:], own > 0
        if table:
            builder.lines(row_lines([*header, *table], len(header)))
            unused = False
    if unused:
        builder.lines(row_lines(header, 0))


def _trimmed(row: list[str]) -> list[str]:
    """The cells of a row, each on one line, without empty ones at its end."""
    cells = [one_line(cell) if cell else "" for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _header_rows(table: list[list[str]]) -> int:
    """How many rows at the top name the columns; all of them, if no values follow before the next empty row."""
    top = 0
    while top < min(len(table), _MOST_HEADERS) and _filled(table[top]) > 1 and not _has_values(table[top]):
        top += 1
    if top < len(table):
        if top and _has_values(table[top]):
            return top
        return int(top > 0 and _is_header(table))
    is_all = len(table) == 1 or (top < _MOST_HEADERS and _is_partial(table))
    return top if is_all else int(_is_header(table))


def _is_partial(table: list[list[str]]) -> bool:
    """Whether all rows look like parts of one header: some of their cells are empty or repeated."""
    return any(len(set(row)) < len(row) for row in table[:-1])


def _is_header(table: list[list[str]]) -> bool:
    """Whether the first row of a table of words names its columns: short names, none twice."""
    first = [cell for cell in table[0] if cell]
    width = max((_filled(row) for row in table[1:]), default=0)
    is_short = max(map(len, first)) <= _LONGEST_NAME
    return len(table) > 1 and is_short and len(first) >= 0.5 * width and len(set(first)) == len(first)


def _has_values(row: list[str]) -> bool:
    """Whether there are numbers in a row, other than years, which name columns too."""
    return any(_NUMBER.fullmatch(cell) and not _YEAR.fullmatch(cell) for cell in row)


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
