"""Lines of a page -> its paragraphs, tables and code, in reading order."""

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median_low

from .lines import Line, Sheet

BULLET = re.compile(r"(?:[•▪■●○◦‣∙·–—*\-\uf0b7\uf0a7o]|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,4})[.)]|\[\d{1,3}\])(?:\s|$)")
# In leadings (distances of baselines): a wider gap between lines separates paragraphs ...
_PARAGRAPH_GAP = 1.18
# ... but a sentence that goes on in small letters bridges gaps up to this.
_SENTENCE_GAP = 1.6
# In ems: an indented first line, and the slack of a line that is full.
_INDENT = 0.8
_SLACK = 0.5
_SAME_SIZE = 0.08
# A row goes on with the cells of the one above it unless it stands lower than this, in the table's usual drops.
_ROW_GAP = 1.25
_ENDS_SENTENCE = re.compile(r"[.!?:;][\"'”’)\]]*$")


@dataclass(slots=True)
class Block:
    """A paragraph ("text"), list item ("item"), verbatim lines ("code") or table, in one column of a page.

    `breaks` numbers the lines of a text (from 1) before which a line break was wanted. The rows of a table
    are lists of cell texts.
    """

    kind: str
    lines: list[Line]
    left: float  # of the column
    right: float
    breaks: set[int] = field(default_factory=set)
    rows: list[list[str]] = field(default_factory=list)
    header_rows: int = 0

    @property
    def page(self) -> int:
        return self.lines[0].page

    @property
    def size(self) -> float:
        return Counter(round(line.size, 1) for line in self.lines).most_common(1)[0][0]

    @property
    def bold(self) -> bool:
        return all(line.bold for line in self.lines)

    @property
    def text(self) -> str:
        """The text for comparing, not for reading: its lines joined with spaces."""
        return " ".join(" ".join(line.text for line in self.lines).split())


@dataclass(frozen=True, slots=True)
class Measure:
    """The size of most text of a document, and the usual distance of its baselines; both in points."""

    size: float
    leading: float

    def leading_for(self, size: float) -> float:
        return self.leading * size / self.size


def measured(sheets: list[Sheet]) -> Measure:
    """The measure of a document, by majority of its characters."""
    sizes: Counter[float] = Counter()
    gaps: Counter[float] = Counter()
    for sheet in sheets:
        for line in sheet.lines:
            sizes[round(line.size, 1)] += len(line.text)
    size = sizes.most_common(1)[0][0] if sizes else 10.0
    for sheet in sheets:
        for a, b in pairwise(sheet.lines):
            if _same_size(a.size, size) and _same_size(b.size, size) and 0.8 * size < a.y - b.y < 3 * size:
                gaps[round(2 * (a.y - b.y)) / 2] += 1
    leading = gaps.most_common(1)[0][0] if gaps else 1.2 * size
    return Measure(size, leading)


def blocks_of(sheet: Sheet, measure: Measure) -> list[Block]:
    """The blocks of a page in reading order."""
    from .order import in_reading_order

    rows = in_reading_order(sheet, measure)
    blocks: list[Block] = []
    i = 0
    while i < len(rows):
        table_end = _table_end(rows, i, measure)
        if table_end > i:
            blocks.append(_table(rows[i:table_end]))
            i = table_end
            continue
        lines = [_merged(rows[i])]
        i += 1
        while i < len(rows) and _table_end(rows, i, measure) == i and _goes_on(lines, _merged(rows[i]), measure):
            lines.append(_merged(rows[i]))
            i += 1
        blocks += _paragraphs(lines)
    _widen_short_columns(blocks)
    return blocks


def _merged(row: list[Line]) -> Line:
    """The pieces of one row as one line."""
    if len(row) == 1:
        return row[0]
    longest = max(row, key=lambda line: len(line.text))
    return Line(
        page=row[0].page,
        text=" ".join(line.text for line in row),
        x0=row[0].x0,
        x1=max(line.x1 for line in row),
        y=longest.y,
        size=longest.size,
        bold=all(line.bold for line in row),
        mono=all(line.mono for line in row),
        first_word=row[0].first_word,
        chars=tuple(run for line in row for run in line.chars),
    )


def _goes_on(lines: list[Line], line: Line, measure: Measure) -> bool:
    """Whether `line` belongs to the same visual block as `lines`: same type, regular distance, below them."""
    before = lines[-1]
    if not _same_size(before.size, line.size):
        return False
    if before.mono != line.mono and not _is_run_of_prose(lines, line):
        return False
    drop = before.y - line.y
    leading = measure.leading_for(line.size)
    if drop < 0.5 * line.size or line.x0 > before.x1 or before.x0 > line.x1:
        return False
    if before.bold != line.bold and not (_unfinished(before.text) and line.text[:1].islower()):
        return False
    if len(lines) > 2:  # the block may have a leading of its own
        own = before.y - line.y, lines[-2].y - before.y, lines[-3].y - lines[-2].y
        if max(own) - min(own) < 0.05 * line.size and own[0] < 2 * leading:
            return True
    if drop <= _PARAGRAPH_GAP * leading:
        return True
    return drop <= _SENTENCE_GAP * leading and _unfinished(before.text) and line.text[:1].islower()


def _is_run_of_prose(lines: list[Line], line: Line) -> bool:
    """Whether a change of font is inside a sentence (an address in fixed pitch, say), not between text and code."""
    before = lines[-1]
    if all(other.mono for other in lines) or before.text.endswith(":"):
        return False
    left, right = min(other.x0 for other in lines), max(other.x1 for other in lines)
    aligned = line.x0 - left < _INDENT * line.size and (len(lines) == 1 or left - line.x0 < _INDENT * line.size)
    return aligned and not _had_room(before, line, right)


def _paragraphs(lines: list[Line]) -> list[Block]:
    left, right = min(line.x0 for line in lines), max(line.x1 for line in lines)
    if all(line.mono for line in lines):
        return [Block("code", lines, left, right)]
    blocks: list[Block] = []
    for line in lines:
        if blocks and not _begins(blocks[-1], line, right):
            block = blocks[-1]
            if _is_wanted_break(block.lines[-1], line, right):
                block.breaks.add(len(block.lines))
            block.lines.append(line)
        else:
            blocks.append(Block("item" if BULLET.match(line.text) else "text", [line], left, right))
    return blocks


def _begins(block: Block, line: Line, right: float) -> bool:
    """Whether `line` begins a paragraph of its own after `block`."""
    before = block.lines[-1]
    em = line.size
    if BULLET.match(line.text) and (
        block.kind == "item" or _ENDS_SENTENCE.search(before.text) or _had_room(before, line, right)
    ):
        return True
    shift = line.x0 - before.x0
    full = not _had_room(before, line, right)
    if shift > _INDENT * em:
        return not (len(block.lines) == 1 and (block.kind == "item" or full))
    if shift < -_INDENT * em:
        return len(block.lines) > 1 or not full
    return not full and bool(_ENDS_SENTENCE.search(before.text))


def _had_room(before: Line, line: Line, right: float) -> bool:
    """Whether the first word of `line` would have fitted behind `before`."""
    return before.x1 + 0.3 * line.size + line.first_word < right - _SLACK * line.size


def _is_wanted_break(before: Line, line: Line, right: float) -> bool:
    """Whether a line was broken though there was room, and not inside a sentence that runs around a figure."""
    return _had_room(before, line, right) and not (_unfinished(before.text) and line.text[:1].islower())


def _widen_short_columns(blocks: list[Block]) -> None:
    """Looks again at blocks of one or two lines: their column is as wide as that of a longer block near by."""
    for i, block in enumerate(blocks):
        if block.kind not in ("text", "item") or len(block.lines) > 2:
            continue
        for other in blocks[max(0, i - 4) : i + 5]:
            if len(other.lines) > 2 and other.kind != "table" and abs(other.left - block.left) < 3 * block.size:
                block.right = max(block.right, other.right)
        if (
            len(block.lines) == 2
            and block.kind == "text"
            and _is_wanted_break(block.lines[0], block.lines[1], block.right)
        ):
            block.breaks.add(1)


def _table_end(rows: list[list[Line]], start: int, measure: Measure) -> int:
    """Where the table that begins with row `start` ends; `start` if none begins there.

    A table is two or more rows in a row with two or more cells; a row with one cell belongs to it if it lies
    between such rows, close to them.
    """
    if not _has_cells(rows[start]):
        return start
    end, found = start + 1, 1
    i = end
    while i < len(rows) and i - end < 2:
        drop = rows[i - 1][0].y - rows[i][0].y
        if not 0 < drop < 2.5 * measure.leading_for(max(rows[i][0].size, measure.size)):
            break
        if _has_cells(rows[i]):
            found += 1
            end = i + 1
        elif len(rows[i]) == 1 and BULLET.match(rows[i][0].text):
            break
        i += 1
    return end if found >= 2 else start


def _has_cells(row: list[Line]) -> bool:
    return len(row) > 2 or (len(row) == 2 and not BULLET.fullmatch(row[0].text.strip() + " ") and len(row[0].text) > 1)


def _table(rows: list[list[Line]]) -> Block:
    lines = [line for row in rows for line in row]
    block = Block("table", lines, min(line.x0 for line in lines), max(line.x1 for line in lines))
    usual_drop = median_low([a[0].y - b[0].y for a, b in pairwise(rows)])
    above: list[Line] = []  # the cells that a row may go on with
    last_y = rows[0][0].y
    for row in rows:
        # A row whose first cell is empty goes on with the cells above it.
        close = last_y - row[0].y <= _ROW_GAP * usual_drop
        inside = row[0].x0 > block.left + 1.5 * row[0].size and len(row) < len(above)
        if block.rows and close and inside and all(_below(line, above) for line in row):
            for line in row:
                nearest = min(range(len(above)), key=lambda i: abs(above[i].x0 - line.x0))
                block.rows[-1][nearest] += f" {line.text}"
        else:
            block.rows.append([line.text for line in row])
            above = row
        last_y = row[0].y
    same_width = len(set(map(len, block.rows))) == 1
    if same_width and all(line.bold for line in rows[0]) and not all(line.bold for line in lines):
        block.header_rows = 1
    return block


def _below(line: Line, cells: list[Line]) -> bool:
    """Whether `line` stands below one of the cells of a row, or begins where one does."""
    return any(
        min(line.x1, cell.x1) > max(line.x0, cell.x0) or abs(line.x0 - cell.x0) < 1.5 * line.size for cell in cells
    )


def _unfinished(text: str) -> bool:
    return not _ENDS_SENTENCE.search(text.rstrip())


def _same_size(a: float, b: float) -> bool:
    return abs(a - b) <= _SAME_SIZE * max(a, b)
