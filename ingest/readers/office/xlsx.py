"""Excel workbooks (.xlsx)."""

import datetime
import re
from pathlib import PurePosixPath

from ...documents import Content
from ..building import ContentBuilder
from ..sheets import add_sheet
from ..titles import claimed_title
from ..xml_tree import Element, attribute, child, children, descendants
from .package import Package

# Number formats that every workbook knows without writing them down (ECMA-376, part 1, 18.8.30).
_DATES = frozenset((*range(14, 23), *range(27, 37), 45, 46, 47, *range(50, 59)))
_PERCENTS = frozenset((9, 10))
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
# What is beyond is formatting run wild: Excel itself ends at 16,384 columns.
_MOST_COLUMNS = 2_000


def read_xlsx(data: bytes, name: str) -> Content:
    """The visible sheets of a workbook, each a page under its name; every row names its headers.

    A cell shows its value: dates as 2024-03-31, percentages as 40%, the last result of a formula.
    """
    package = Package(data, name)
    part, root = package.main()
    relations = package.relations(part)
    kinds = dict(relations.values())
    strings = [
        "".join(text.text or "" for text in descendants(item, "t"))
        for item in children(package.tree(kinds.get("sharedStrings", "")), "si")
    ]
    formats = _formats(package.tree(kinds.get("styles", "")))
    properties = child(root, "workbookPr")
    since_1904 = properties is not None and attribute(properties, "date1904") in ("1", "true")
    builder = ContentBuilder()
    shown = [s for s in children(child(root, "sheets"), "sheet") if attribute(s, "state", "visible") == "visible"]
    for number, sheet in enumerate(shown, 1):
        relation = next((value for key, value in sheet.attrib.items() if key.endswith("}id")), "")
        tree = package.tree(relations.get(relation, ("", ""))[1])
        if tree is not None:
            builder.page(number)
            add_sheet(builder, attribute(sheet, "name"), _rows(tree, strings, formats, since_1904))
    return builder.finish(claimed_title(package.title()) or PurePosixPath(name).stem)


def _rows(sheet: Element, strings: list[str], formats: list[str], since_1904: bool) -> list[list[str]]:
    rows: list[list[str]] = []
    last = 0
    merged = _merged(sheet)
    for row in children(child(sheet, "sheetData"), "row"):
        number = attribute(row, "r")
        # Empty rows are not written; one of them is enough to part two tables.
        if rows and number.isdigit() and int(number) > last + 1:
            rows.append([])
        last = int(number) if number.isdigit() else 0
        line: list[str] = []
        for cell in children(row, "c"):
            place = _REFERENCE.fullmatch(attribute(cell, "r"))
            column = min(_column(place[1]), _MOST_COLUMNS) if place else len(line)
            line += [""] * (column - len(line))
            if column < _MOST_COLUMNS:
                line[column:] = [_value(cell, strings, formats, since_1904)]
        spans = [(first, min(end, _MOST_COLUMNS)) for first, end in merged.get(last, ()) if first < len(line)]
        if sum(map(bool, line)) > 1:  # a header over several columns names all of them; a title or note does not
            for first, end in spans:
                line += [""] * (end - len(line))
                line[first:end] = [cell or line[first] for cell in line[first:end]]
        rows.append(line)
    return rows


def _merged(sheet: Element) -> dict[int, list[tuple[int, int]]]:
    """The columns (first, end) over which cells of one row are merged, by the number of the row."""
    found: dict[int, list[tuple[int, int]]] = {}
    for merge in children(child(sheet, "mergeCells"), "mergeCell"):
        ends = _REFERENCE.findall(attribute(merge, "ref"))
        if len(ends) == 2 and ends[0][1] == ends[1][1]:
            found.setdefault(int(ends[0][1]), []).append((_column(ends[0][0]), _column(ends[1][0]) + 1))
    return found


def _value(cell: Element, strings: list[str], formats: list[str], since_1904: bool) -> str:
    kind = attribute(cell, "t", "n")
    if kind == "inlineStr":
        return "".join(text.text or "" for text in descendants(cell, "t"))
    value = child(cell, "v")
    text = (value.text or "") if value is not None else ""
    if kind == "s":
        return strings[int(text)] if text.isdigit() and int(text) < len(strings) else ""
    if kind == "b":
        return "TRUE" if text == "1" else "FALSE"
    if kind != "n" or not text:
        return text
    style = attribute(cell, "s", "0")
    format_ = formats[int(style)] if style.isdigit() and int(style) < len(formats) else ""
    return shown_number(text, format_, since_1904)


def shown_number(text: str, format_: str, since_1904: bool = False) -> str:
    """A stored number as its cell shows it; `format_` is "date", "percent" or "" for a plain number.

    >>> shown_number("45382", "date"), shown_number("0.4", "percent"), shown_number("0.30000000000000004", "")
    ('2024-03-31', '40%', '0.3')
    """
    try:
        number = float(text)
    except ValueError:
        return text
    if format_ == "date" and 0 <= number < 2_958_466:  # the year 9999
        if number < 1:
            return str((datetime.datetime.min + datetime.timedelta(seconds=round(number * 86_400))).time())
        day = datetime.datetime(1904, 1, 1) if since_1904 else datetime.datetime(1899, 12, 30)
        moment = day + datetime.timedelta(seconds=round(number * 86_400))
        return str(moment.date()) if not moment.hour + moment.minute + moment.second else str(moment)
    if format_ == "percent":
        return f"{number * 100:.12g}%"
    return (
        f"{number:.15g}"
        if abs(number) < 1e15
        else f"{number:.0f}"
        if number.is_integer() and abs(number) < 1e20
        else text
    )


def _formats(styles: Element | None) -> list[str]:
    """For each cell style, how a number is shown: "date", "percent" or ""."""
    own = {
        attribute(format_, "numFmtId"): attribute(format_, "formatCode")
        for format_ in children(child(styles, "numFmts"), "numFmt")
    }
    found = []
    for style in children(child(styles, "cellXfs"), "xf"):
        id_ = attribute(style, "numFmtId", "0")
        code = re.sub(r'"[^"]*"|\\.|\[[^\]]*\]|_.', "", own.get(id_, "")).lower().split(";")[0]
        number = int(id_) if id_.isdigit() else 0
        is_date = number in _DATES if id_ not in own else re.search(r"[ymdhs]", code.replace("general", "")) is not None
        is_percent = number in _PERCENTS if id_ not in own else "%" in code
        found.append("date" if is_date else "percent" if is_percent else "")
    return found


def _column(letters: str) -> int:
    """The number of a column, from 0.

    >>> _column("A"), _column("Z"), _column("AA")
    (0, 25, 26)
    """
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
