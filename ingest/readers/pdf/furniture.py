"""What stands on the pages of a PDF but not in its text: running heads, page numbers, tables of contents."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from .lines import Line, Sheet

# The parts of a page, from its upper and lower edge, in which running heads stand.
_MARGIN = 0.15
# A running head has at most this many rows.
_ROWS = 2
# A head stands at the same height on each page, give or take so many points.
_SAME_HEIGHT = 2.0
# What stands alone at the same height on so many of the pages is a running head, whatever it says.
_MOST_PAGES = 0.5
_PAGE_NUMBER = re.compile(
    r"(?:[-–—|•\[(]\s*)?(?:(?:page|seite|p\.|pg\.?|s\.)\s*)?(?:[#\d]{1,4}|[ivxlc]{1,7})"
    r"(?:\s*(?:of|/|von|de|sur|\|)\s*[#\d]{1,4})?(?:\s*[-–—|•\])])?",
    re.IGNORECASE,
)
_NAMED_PAGE_NUMBER = re.compile(r"(?:page|seite)\s*\d{1,4}(?:\s*(?:of|/|von)\s*\d{1,4})?", re.IGNORECASE)
_LEADER = re.compile(r"(?:\s?[.·…]){4,}\s*(?:\d{1,4}|[ivxlc]{1,7})?\s*$")
# So many entries with leaders on one page make a table of contents.
_ENTRIES = 4


def without_furniture(sheets: list[Sheet], body_size: float) -> list[Sheet]:
    """The pages without running heads and feet, page numbers, and tables of contents with dotted leaders.

    A running head repeats, its digits aside, at the same height of at least three pages (or of all, if
    there are two), or it is a row set off from the text, no larger than it, at a height where half of
    all pages have such a row.
    """
    outer = {sheet.number: _outer_rows(sheet) for sheet in sheets}
    said: Counter[tuple[str, int]] = Counter()
    apart: Counter[int] = Counter()
    for rows in outer.values():
        heights: set[int] = set()
        for row, is_apart in rows:
            said.update({(_saying(line), h) for line in row for h in _heights(line)})
            if is_apart and all(line.size <= 1.05 * body_size for line in row):
                heights.update(_heights(row[0]))
        apart.update(heights)
    enough = 3 if len(sheets) > 2 else 2
    cleaned = []
    for sheet in sheets:
        dropped: set[int] = set()
        for row, is_apart in outer[sheet.number]:
            often = len(sheets) >= 4 and apart[_height(row[0])] >= _MOST_PAGES * len(sheets)
            if is_apart and often and all(line.size <= 1.05 * body_size for line in row):
                dropped.update(map(id, row))
            for line in row:
                times = said[_saying(line), _height(line)]
                numbers = times >= 2 and bool(_PAGE_NUMBER.fullmatch(_saying(line)))
                if times >= enough or numbers or _is_page_number(line, sheet, len(sheets)):
                    dropped.add(id(line))
        lines = [line for line in sheet.lines if id(line) not in dropped]
        cleaned.append(replace(sheet, lines=_without_contents(lines)))
    return cleaned


def _outer_rows(sheet: Sheet) -> list[tuple[list[Line], bool]]:
    """The rows nearest to the upper and the lower edge, and whether each is set off from the text."""
    rows = _rows(sheet.lines)
    high, low = (1 - _MARGIN) * sheet.height, _MARGIN * sheet.height
    found = []
    for ordered, upper in ((rows, True), (rows[::-1], False)):
        for row, inner in zip(ordered[:_ROWS], [*ordered[1:], []], strict=False):
            if row[0].y < high if upper else row[0].y > low:
                break
            gap = abs(row[0].y - inner[0].y) if inner else sheet.height
            found.append((row, gap > 1.6 * max(row[0].size, inner[0].size if inner else 0)))
    return found


def _rows(lines: Iterable[Line]) -> list[list[Line]]:
    """Lines by baseline, from the top of the page down."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: -line.y):
        if rows and rows[-1][0].y - line.y < 0.5 * line.size:
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows


def _saying(line: Line) -> str:
    text = re.sub(r"\d+", "#", " ".join(line.text.split()))
    return "#" if re.fullmatch(r"[ivxlc]{1,7}", text) else text


def _height(line: Line) -> int:
    return round(line.y / _SAME_HEIGHT)


def _heights(line: Line) -> tuple[int, int, int]:
    """The heights that pass for that of `line`: its own and, for what lies on a border, its neighbours."""
    height = _height(line)
    return height - 1, height, height + 1


def _is_page_number(line: Line, sheet: Sheet, pages: int) -> bool:
    text = line.text.strip()
    if _NAMED_PAGE_NUMBER.fullmatch(text):
        return True
    return pages == 1 and text.strip("-–— ") == str(sheet.number) and bool(_PAGE_NUMBER.fullmatch(text))


def _without_contents(lines: list[Line]) -> list[Line]:
    entries = {id(line) for line in lines if _LEADER.search(line.text)}
    return [line for line in lines if id(line) not in entries] if len(entries) >= _ENTRIES else lines
