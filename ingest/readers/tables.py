"""How a table becomes lines of text that can be found and quoted one by one."""

from collections.abc import Sequence

from .building import one_line


def row_lines(rows: Sequence[Sequence[str]], header_rows: int) -> list[str]:
    """One line per row, each of which says by itself what its cells mean: "Header: cell | Header: cell".

    A row quoted alone ("Drug: nivolumab | Target: PD-1") is a whole statement, and a search for the
    header finds every row even where a long table is split over passages. Without a header the
    cells are joined with " | ". Empty cells are left out; headers over nothing but empty cells lead, so that
    no word is lost. `header_rows` counts the rows at the top that
    are headers; where there are several, a column's header is their distinct texts one after another.

    >>> row_lines([["Drug", "Target"], ["nivolumab", "PD-1"], ["ipilimumab", ""]], 1)
    ['Drug: nivolumab | Target: PD-1', 'Drug: ipilimumab']
    >>> row_lines([["a", "b"], ["c", "d"]], 0)
    ['a | b', 'c | d']
    """
    grid = [[one_line(cell) for cell in row] for row in rows]
    header_rows = min(header_rows, len(grid))
    headers = _column_headers(grid[:header_rows])
    if header_rows == len(grid) or not any(headers):
        return [line for line in (" | ".join(cell for cell in row if cell) for row in grid) if line]
    body = grid[header_rows:]
    used = {headers[i] for row in body for i, cell in enumerate(row[: len(headers)]) if cell}
    unused = [head for head in dict.fromkeys(headers) if head and head not in used]
    lines = [" | ".join(unused)] if unused else []
    for row in body:
        parts = []
        for i, cell in enumerate(row):
            if not cell:
                continue
            head = headers[i] if i < len(headers) else ""
            parts.append(f"{head.rstrip(':')}: {cell}" if head and head != cell else cell)
        if parts:
            lines.append(" | ".join(parts))
    return lines


# Spans beyond this are a mistake or an attack (HTML itself caps column spans at 1,000).
_MOST_COLUMNS = 1_000


def spread(rows: Sequence[Sequence[tuple[str, int, int]]], header_rows: int = 0) -> list[list[str]]:
    """The rectangular grid of cells given as (text, column span, row span).

    A cell that spans rows stands in each of them, so that every row is complete. A cell that spans
    columns stands in the first of them only, so that nothing is said twice in one row; but in
    the first `header_rows` rows it stands over each of its columns.

    >>> spread([[("a", 1, 2), ("b", 2, 1)], [("c", 1, 1), ("d", 1, 1)]])
    [['a', 'b', ''], ['a', 'c', 'd']]
    """
    grid: list[list[str]] = []
    hanging: dict[int, tuple[str, int]] = {}  # column -> the cell above that still reaches down
    for number, row in enumerate(rows):
        line: list[str] = []
        below: dict[int, tuple[str, int]] = {}
        cells = list(reversed(row))
        while len(line) < _MOST_COLUMNS and (cells or any(column >= len(line) for column in hanging)):
            column = len(line)
            if column in hanging:
                text, left = hanging[column]
                line.append(text)
                if left > 1:
                    below[column] = (text, left - 1)
            elif cells:
                text, across, down = cells.pop()
                for i in range(max(1, min(across, _MOST_COLUMNS - column))):
                    line.append(text if i == 0 or number < header_rows else "")
                    if down > 1:
                        below[column + i] = (line[-1], down - 1)
            else:
                line.append("")
        hanging = below
        grid.append(line)
    return grid


def _column_headers(rows: Sequence[Sequence[str]]) -> list[str]:
    width = max((len(row) for row in rows), default=0)
    headers = []
    for i in range(width):
        texts = [row[i] for row in rows if i < len(row) and row[i]]
        headers.append(" ".join(dict.fromkeys(texts)))
    return headers
