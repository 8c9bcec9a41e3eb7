"""Excel workbooks (.xlsx)."""

import re
from pathlib import PurePosixPath

from ...documents import Content
from ..building import ContentBuilder
from ..number_formats import built_in, shown_number
from ..sheets import Merged, add_sheet
from ..titles import claimed_title
from ..xml_tree import Element, attribute, child, children
from .package import Package

_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
# What is beyond is formatting run wild: Excel itself ends at 16,384 columns.
_MOST_COLUMNS = 2_000


def read_xlsx(data: bytes, name: str) -> Content:
    """The visible sheets of a workbook, each a page under its name; every row names its headers.

    A cell shows its value: dates as 2024-03-31, numbers by their formats, the last result of a formula. Sheets
    that are hidden are left out, as hidden text is everywhere: they hold drafts and the workings of others, and a
    reader who follows a citation would not find them. Hidden rows are read: a filter hides them for the moment.
    """
    package = Package(data, name)
    part, root = package.main()
    relations = package.relations(part)
    kinds = dict(relations.values())
    strings = [_string(item) for item in children(package.tree(kinds.get("sharedStrings", "")), "si")]
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
    """The rows of a sheet, one that is empty for each gap; a merged cell stands in each of the cells it covers."""
    rows: list[list[str]] = []
    last = 0
    merged = _merged(sheet)
    hanging: list[tuple[int, int, int, str]] = []  # columns (first, end), last row and text of merged cells above
    for row in children(child(sheet, "sheetData"), "row"):
        number = attribute(row, "r")
        here = int(number) if number.isdigit() else last + 1
        # Empty rows are not written; one of them is enough to part two tables.
        if rows and here > max((last, *(low for _, _, low, _ in hanging))) + 1:
            rows.append([])
        last = here
        line: list[str] = []
        for cell in children(row, "c"):
            place = _REFERENCE.fullmatch(attribute(cell, "r"))
            column = min(_column(place[1]), _MOST_COLUMNS) if place else len(line)
            line += [""] * (column - len(line))
            if column < _MOST_COLUMNS:
                line[column:] = [_value(cell, strings, formats, since_1904)]
        hanging = [merge for merge in hanging if merge[2] >= here]
        if hanging and not any(line):
            continue  # only the lower part of the cells above
        if sum(map(bool, line)) > 1:  # a header over several columns names all of them; a title or note does not
            for first, end, low in merged.get(here, ()):
                if first < min(len(line), end):
                    end = min(end, _MOST_COLUMNS)
                    line += [""] * (end - len(line))
                    line[first + 1 : end] = [cell or Merged(line[first]) for cell in line[first + 1 : end]]
                    hanging.append((first, end, low, line[first]))
        for first, end, _, text in hanging:
            line += [""] * (end - len(line))
            line[first:end] = [cell or text for cell in line[first:end]]
        rows.append(line)
    return rows


def _merged(sheet: Element) -> dict[int, list[tuple[int, int, int]]]:
    """The columns (first, end) and the last row over which cells are merged, by the number of their first row."""
    found: dict[int, list[tuple[int, int, int]]] = {}
    for merge in children(child(sheet, "mergeCells"), "mergeCell"):
        ends = _REFERENCE.findall(attribute(merge, "ref"))
        if len(ends) == 2:
            (left, top), (right, low) = ends
            found.setdefault(int(top), []).append((_column(left), _column(right) + 1, int(low)))
    return found


def _value(cell: Element, strings: list[str], formats: list[str], since_1904: bool) -> str:
    kind = attribute(cell, "t", "n")
    if kind == "inlineStr":
        return _string(child(cell, "is"))
    value = child(cell, "v")
    text = (value.text or "") if value is not None else ""
    if kind == "s":
        return strings[int(text)] if text.isdigit() and int(text) < len(strings) else ""
    if kind == "str":
        return _unescaped(text)
    if kind == "d":
        return text.removesuffix("T00:00:00").replace("T", " ")
    if kind == "b":
        return "TRUE" if text == "1" else "FALSE"
    if kind != "n" or not text:
        return text
    style = attribute(cell, "s", "0")
    format_ = formats[int(style)] if style.isdigit() and int(style) < len(formats) else ""
    return shown_number(text, format_, since_1904)


def _string(item: Element | None) -> str:
    """The text of a string, without the readings of its characters that may stand beside it."""
    parts = [] if item is None else [item, *children(item, "r")]
    return _unescaped("".join(text.text or "" for part in parts for text in children(part, "t")))


def _unescaped(text: str) -> str:
    """A text with the characters that XML cannot hold, which Excel writes as "_x000D_"."""
    if "_x" not in text:
        return text
    units = _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), text)
    return units.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _formats(styles: Element | None) -> list[str]:
    """For each cell style, the code of its number format."""
    own = {
        attribute(format_, "numFmtId"): attribute(format_, "formatCode")
        for format_ in children(child(styles, "numFmts"), "numFmt")
    }
    ids = [attribute(style, "numFmtId", "0") for style in children(child(styles, "cellXfs"), "xf")]
    return [own[id_] if id_ in own else built_in(int(id_)) if id_.isdigit() else "" for id_ in ids]


def _column(letters: str) -> int:
    """The number of a column, from 0.

    >>> _column("A"), _column("Z"), _column("AA")
    (0, 25, 26)
    """
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
