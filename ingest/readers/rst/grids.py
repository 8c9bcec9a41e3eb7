"""Tables that are drawn with characters (reStructuredText)."""

import re

_SIMPLE_RULE = re.compile(r"=+(?: +=+)+ *|=+ *")
_COLUMN_RULE = re.compile(r"[-=]+(?: +[-=]+)* *")


def is_grid(lines: list[str], i: int) -> bool:
    """Whether a grid table begins at line `i`: "+----+----+"."""
    return bool(re.fullmatch(r"\+(?:[-=]+\+)+\s*", lines[i])) and i + 1 < len(lines) and lines[i + 1][:1] in "|+"


def is_simple(lines: list[str], i: int) -> bool:
    """Whether a simple table begins at line `i`: "==== ====", and ends with such a line."""
    if not re.fullmatch(r"=+(?: +=+)+ *", lines[i]):
        return False
    return any(_SIMPLE_RULE.fullmatch(line) for line in lines[i + 1 :])


def read_grid(lines: list[str], i: int) -> tuple[list[list[str]], int, int]:
    """The rows of the grid table at line `i`, how many of them are headers, and the line after it."""
    end = i
    while end < len(lines) and lines[end][:1] in ("+", "|"):
        end += 1
    drawn = lines[i:end]
    edges = sorted({at for line in drawn if line[0] == "+" for at, sign in enumerate(line) if sign == "+"})
    rows: list[list[str]] = [[""] * (len(edges) - 1)]
    header_rows = 0
    for line in drawn[1:]:
        if re.fullmatch(r"\+(?:[-=]+\+)+\s*", line):
            if "=" in line:
                header_rows = len(rows)
            rows.append([""] * (len(edges) - 1))
            continue
        column = 0
        while column < len(edges) - 1:
            # A cell goes on to the next edge at which there is a line.
            last = column + 1
            while last < len(edges) - 1 and line[edges[last] : edges[last] + 1] not in ("|", "+"):
                last += 1
            text = line[edges[column] + 1 : edges[last]].strip()
            if text and not re.fullmatch(r"[-=+]+", text):
                rows[-1][column] = f"{rows[-1][column]} {text}".strip()
            column = last
    return [row for row in rows if any(row)], header_rows, end


def read_simple(lines: list[str], i: int) -> tuple[list[list[str]], int, int]:
    """The rows of the simple table at line `i`, how many of them are headers, and the line after it."""
    starts = [found.start() for found in re.finditer(r"=+", lines[i])]
    rules = [i]
    end = i + 1
    while end < len(lines):
        if _SIMPLE_RULE.fullmatch(lines[end]) and lines[end].strip():
            rules.append(end)
            # The table ends with a rule before a blank line; one inside it stands below the header.
            if len(rules) > 2 or end + 1 >= len(lines) or not lines[end + 1].strip():
                break
        end += 1
    rows: list[list[str]] = []
    header_rows = 0
    for at in range(i + 1, min(end, len(lines))):
        line = lines[at]
        if at in rules:
            header_rows = len(rows)
        elif _COLUMN_RULE.fullmatch(line) or not line.strip():
            continue
        else:
            cells = [line[a:b].strip() for a, b in zip(starts, [*starts[1:], len(line)], strict=True)]
            # A row without a first cell goes on with the row above.
            if cells[0] == "" and rows and len(rows) > header_rows:
                rows[-1] = [f"{old} {new}".strip() for old, new in zip(rows[-1], cells, strict=True)]
            else:
                rows.append(cells)
    return rows, header_rows, end + 1
