"""The reading order of what stands on a page."""

from itertools import pairwise

from .blocks import Measure
from .lines import Line, Sheet

# Rows with two pieces of prose side by side, so many of them, are columns drawn across, not a table.
_PROSE_ROWS = 6
_PROSE_WORDS = 4
# Beyond this many groups a page is a drawing, and ordering them would take too long.
_MOST_GROUPS = 100


def in_reading_order(sheet: Sheet, measure: Measure) -> list[list[Line]]:
    """The rows of a page, each a list of its pieces from left to right, in reading order.

    Most programs draw a page in reading order, columns included, and know better than geometry can
    tell; so that order stays unless it jumps back up over what it has drawn already, or draws columns
    line by line across the page. Then groups of lines are ordered as Breuel does (High Performance
    Document Layout Analysis, 2003): a before b if a stands above b and they overlap horizontally, or if
    a stands left of b and nothing that spans both lies between them.
    """
    rows = _rows(sheet.lines)
    across = [row for row in rows if len(row) == 2 and all(len(line.text.split()) >= _PROSE_WORDS for line in row)]
    if len(across) >= _PROSE_ROWS:
        rows = [[line] for row in rows for line in row]
        rows.sort(key=lambda row: (-row[0].y, row[0].x0))
    elif not _jumps_back(rows, sheet.width):
        return rows
    groups = _groups(rows, measure)
    if len(groups) > _MOST_GROUPS:
        return rows
    return [row for group in _ordered(groups) for row in group]


def _rows(lines: list[Line]) -> list[list[Line]]:
    """Pieces that follow each other on one baseline, from left to right, as one row."""
    rows: list[list[Line]] = []
    for line in lines:
        before = rows[-1][-1] if rows else None
        if before is not None and abs(before.y - line.y) < 0.3 * max(before.size, line.size) and line.x0 >= before.x1:
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows


def _jumps_back(rows: list[list[Line]], width: float) -> bool:
    """Whether the drawing order goes up again without moving on to a column at the right."""
    for a, b in pairwise(rows):
        rises = b[0].y > a[0].y + 1.5 * a[0].size
        if rises and b[0].x0 < a[0].x0 + 0.2 * width:
            return True
    return False


def _groups(rows: list[list[Line]], measure: Measure) -> list[list[list[Line]]]:
    """Rows one below the other, of which each overlaps the next and lies close to it."""
    groups: list[list[list[Line]]] = []
    for row in rows:
        for group in reversed(groups):
            last = group[-1]
            drop = last[0].y - row[0].y
            close = 0 < drop < 1.5 * measure.leading_for(max(row[0].size, last[0].size))
            alike = abs(last[0].x0 - row[0].x0) < 3 * row[0].size or len(row) > 1
            if close and alike and _overlap(_span(last), _span(row)) and len(last) == len(row):
                group.append(row)
                break
        else:
            groups.append([row])
    return groups


def _ordered(groups: list[list[list[Line]]]) -> list[list[list[Line]]]:
    boxes = [_box(group) for group in groups]
    n = len(groups)
    before = [[_precedes(boxes, i, j) for j in range(n)] for i in range(n)]
    left = sorted(range(n), key=lambda i: (-boxes[i][3], boxes[i][0]))
    ordered = []
    while left:
        free = next((i for i in left if not any(before[j][i] for j in left if j != i)), left[0])
        left.remove(free)
        ordered.append(groups[free])
    return ordered


def _precedes(boxes: list[tuple[float, float, float, float]], i: int, j: int) -> bool:
    a, b = boxes[i], boxes[j]
    if _overlap((a[0], a[1]), (b[0], b[1])):
        return (a[2] + a[3]) > (b[2] + b[3])
    if a[1] > b[0]:
        return False
    low, high = min(a[2], b[2]), max(a[3], b[3])
    for k, c in enumerate(boxes):
        between = k not in (i, j) and low < c[2] and c[3] < high
        if between and _overlap((a[0], a[1]), (c[0], c[1])) and _overlap((b[0], b[1]), (c[0], c[1])):
            return False
    return True


def _span(row: list[Line]) -> tuple[float, float]:
    return row[0].x0, max(line.x1 for line in row)


def _box(group: list[list[Line]]) -> tuple[float, float, float, float]:
    """Left, right, bottom and top of a group."""
    lines = [line for row in group for line in row]
    return (
        min(line.x0 for line in lines),
        max(line.x1 for line in lines),
        min(line.y for line in lines),
        max(line.y + 0.7 * line.size for line in lines),
    )


def _overlap(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return min(a[1], b[1]) - max(a[0], b[0]) > 1.0
