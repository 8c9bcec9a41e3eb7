"""What stands on the pages of a PDF but not in its text: running heads, page numbers, tables of contents."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from .blocks import Measure
from .lines import Line, Sheet

# The parts of a page, from its upper and lower edge, in which running heads stand.
_MARGIN = 0.15
# Of so many rows at an edge, those are looked at for running heads.
_ROWS = 2
# A head stands at the same height on each page, give or take so many points.
_SAME_HEIGHT = 2.0
# A head lies so many sizes of its type off the text, baseline to baseline, and so many leadings of the text, or
# is so much smaller; the lines of a text are not. It has no more rows than this.
_APART = 1.5
_WIDER = 1.2
_SMALLER = 0.92
_MOST_ROWS = 4
# A head that changes from page to page is no larger than the text; titles of chapters and slides are.
_AS_LARGE = 1.05
# Where so many of the pages have a head that they share with another page, the heads of the others stand too.
_MOST_PAGES = 0.5
_PAGE_NUMBER = re.compile(
    r"(?:[-–—|•\[(]\s*)?(?:(?:page|seite|p\.|pg\.?|s\.)\s*)?(?:\d{1,5}|[ivxlc]{1,7})"
    r"(?:\s*(?:of|/|von|de|sur|\|)\s*\d{1,4})?(?:\s*[-–—|•\])])?",
    re.IGNORECASE,
)
_NAMED_PAGE_NUMBER = re.compile(r"(?:page|seite)\s*\d{1,4}(?:\s*(?:of|/|von)\s*\d{1,4})?", re.IGNORECASE)
# The number of the page in a head: first or last in it, with zeros in front, or said to be one. Elsewhere a
# number is that of a table, or an amount.
_NUMBER = r"(?<![\w.,])(\d{1,5}|[ivxlc]{1,7})(?![\w,]|\.\d)"
_NUMBERS = re.compile(
    rf"^\W*{_NUMBER}|{_NUMBER}\W*$|\b(0\d{{2,5}})\b"
    rf"|(?:\bpage|\bseite|\bp\.|\bpg\.?)\s*{_NUMBER}|{_NUMBER}\s*(?:of|/|von|de|sur)\s*\d",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"^(?:[^\W\d]+\s+)?(?:\d+(?:\.\d+)*[.:]?|[A-Z][.:])\s+")
_LEADER = re.compile(r"(?:\s?[.·…]){4,}\s*(?:\d{1,4}|[ivxlc]{1,7})?\s*$")
# So many entries with leaders on one page make a table of contents.
_ENTRIES = 4


def without_furniture(sheets: list[Sheet], measure: Measure) -> list[Sheet]:
    """The pages without running heads and feet, page numbers, and tables of contents with dotted leaders.

    A running head is set off from the text and says the same, the number of the page aside, at the same
    height of at least three pages (or of both, if there are two). Where half of all pages have a head that
    another page has as well, heads of one or two pages (titles of chapters) go, too, if the document says
    them elsewhere. All else is text: to lose a line of it is worse than to keep a head.
    """
    heads = {sheet.number: list(_outer(sheet, measure.leading)) for sheet in sheets}
    # Where each thing is said: the pages, and whether it is set off there.
    places: dict[tuple[str, int], dict[int, bool]] = defaultdict(dict)
    for sheet in sheets:
        if len(sheet.lines) > len({id(line) for line, _ in heads[sheet.number]}):  # there is a text, too
            for line, apart in heads[sheet.number]:
                for saying in _sayings(line, measure.size):
                    for height in _heights(line):
                        places[saying, height][sheet.number] = apart

    def repeats(line: Line, apart: bool) -> tuple[int, bool]:
        """On how many pages with a text the line stands, and whether it is set off on most of them."""
        found = max((places[saying, _height(line)] for saying in _sayings(line, measure.size)), key=len)
        return len(found), 2 * sum(found.values()) >= len(found) if found else apart

    shared: dict[int, set[int]] = defaultdict(set)  # by height, the pages with a head that repeats
    for number, found in heads.items():
        for line, alone in found:
            times, apart = repeats(line, alone)
            if apart and times >= 2:
                for height in _heights(line):
                    shared[height].add(number)
    said = f" {' '.join(_words(line.text) for sheet in sheets for line in sheet.lines)} "
    enough = 3 if len(sheets) > 2 else 2
    cleaned = []
    for sheet in sheets:
        dropped: set[int] = set()
        for line, alone in heads[sheet.number]:
            times, apart = repeats(line, alone)
            usual = len(sheets) >= 4 and len(shared[_height(line)]) >= _MOST_PAGES * len(sheets)
            if _PAGE_NUMBER.fullmatch(line.text.strip()):
                goes = (apart and (usual or times >= 2)) or _is_page_number(line, sheet, len(sheets))
            elif apart and usual and line.size <= _AS_LARGE * measure.size:
                goes = times >= 2 or said.count(f" {_words(line.text)} ") >= 2
            else:
                goes = apart and times >= enough
            if goes:
                dropped.add(id(line))
        lines = [line for line in sheet.lines if id(line) not in dropped]
        cleaned.append(replace(sheet, lines=_without_contents(lines)))
    return cleaned


def _outer(sheet: Sheet, leading: float) -> Iterator[tuple[Line, bool]]:
    """The lines nearest to the upper and the lower edge, and whether each is set off from the text."""
    rows = _rows(sheet.lines)
    high, low = (1 - _MARGIN) * sheet.height, _MARGIN * sheet.height
    for ordered, upper in ((rows, True), (rows[::-1], False)):
        for i, row in enumerate(ordered[:_ROWS]):
            if row[0].y < high if upper else row[0].y > low:
                break
            for line in row:
                yield line, _is_apart(line, ordered[i + 1 :], leading)


def _is_apart(line: Line, inwards: list[list[Line]], leading: float) -> bool:
    """Whether `line`, or one of the next ones from it inwards, is set off from what follows on its side."""
    for _ in range(_MOST_ROWS):
        facing = ((i, other) for i, row in enumerate(inwards) for other in row if _overlap(line, other))
        i, other = next(facing, (0, None))
        if other is None:
            return True
        wide = max(_APART * max(line.size, other.size), _WIDER * leading)
        if abs(line.y - other.y) > wide or line.size < _SMALLER * other.size:
            return True
        line, inwards = other, inwards[i + 1 :]
    return False


def _overlap(a: Line, b: Line) -> bool:
    return a.x0 < b.x1 and b.x0 < a.x1


def _rows(lines: Iterable[Line]) -> list[list[Line]]:
    """Lines by baseline, from the top of the page down."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: -line.y):
        if rows and rows[-1][0].y - line.y < 0.5 * line.size:
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows


def _sayings(line: Line, body_size: float) -> Iterator[str]:
    """What a line says: its text, and its text with a number told by its distance from that of the page."""
    text = " ".join(line.text.split())
    yield text
    if _PAGE_NUMBER.fullmatch(text) and line.size <= _AS_LARGE * body_size:
        yield "\0"  # pages taken from a book need not follow each other
    if line.size <= _AS_LARGE * body_size or _PAGE_NUMBER.fullmatch(text):
        for match in _NUMBERS.finditer(text):
            start, end = match.span(match.lastindex or 0)
            yield f"{text[:start]}\0{_value(text[start:end]) - line.page}\0{text[end:]}"


def _value(number: str) -> int:
    if number.isdecimal():
        return int(number)
    values = [{"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}[letter] for letter in number.lower()]
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))


def _words(text: str) -> str:
    """The words of a title, without its number."""
    return " ".join(_NUMBERED.sub("", text.strip()).casefold().split())


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
