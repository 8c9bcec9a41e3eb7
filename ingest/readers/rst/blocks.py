"""The blocks of a reStructuredText document."""

import csv
import re

from ..building import ContentBuilder, one_line
from ..flow import Flow
from ..words import words
from .grids import is_grid, is_simple, read_grid, read_simple
from .inline import Inline

_ADORNMENT = re.compile(r"([!-/:-@[-`{-~])\1{2,}\s*$")
_BULLET = re.compile(r"([-*+•‣⁃])(\s+|$)")
_ENUMERATOR = re.compile(r"(\(?(?:\d{1,4}|[a-zA-Z]|[ivxlcdm]{1,6}|#)[.)])(\s+)(?=\S)")
_FIELD = re.compile(r":(?!(?:[\w.+-]+:)+`)((?:[^:\\`]|\\.)[^:\n]*(?::\S[^:\n]*)*):(?:\s+|$)(?!`)")
_EXPLICIT = re.compile(r"\.\.(?:\s+|$)")
_DIRECTIVE = re.compile(r"\.\.\s+(?:\|([^|]+)\|\s+)?([\w:.+-]+)\s?::(?:\s+(.*))?$")
_NOTE = re.compile(r"\.\.\s+\[([^\]]+)\]\s*(.*)$")
_HEADER = re.compile(r"[A-Z][\w-]{1,20}: ")

_CODE = words("code code-block sourcecode parsed-literal literal prompt math productionlist testcode doctest ipython")
_SILENT = words(
    "autoclass autofunction automethod automodule canonical class codeauthor contents cssclass "
    "currentmodule date default-role footer header highlight include index literalinclude meta module "
    "only-html program raw replace role sectionauthor sectnum tabularcolumns target-notes title toctree "
    "unicode"
)
_ADMONITIONS = {
    "versionadded": "New in version",
    "versionchanged": "Changed in version",
    "deprecated": "Deprecated since version",
    "seealso": "See also",
    **{
        name: name.capitalize()
        for name in ["attention", "caution", "danger", "error", "hint", "important", "note", "tip", "warning", "todo"]
    },
}
_MOST_DEPTH = 30


class Reader:
    """Writes the blocks of a document down; `lines` is all of it, for the substitutions defined anywhere in it."""

    def __init__(self, builder: ContentBuilder, lines: list[str]) -> None:
        self._flow = Flow(builder)
        self._inline = Inline()
        self._styles: list[str] = []  # of headings, in the order in which they appear: the first is the outermost
        self._depth = 0
        for i, line in enumerate(lines):
            found = _DIRECTIVE.match(line.strip())
            if found and found[1] and found[2] in ("replace", "unicode"):
                self._inline.substitutions[found[1]] = found[3] or ""
            elif found and found[1] and found[2] == "image":
                below = "\n".join(lines[i + 1 : _indented_end(lines, i + 1)])
                alt = re.search(r"^\s*:alt:\s*(.*(?:\n\s+[^:\s].*)*)", below, re.MULTILINE)
                self._inline.substitutions[found[1]] = one_line(alt[1]) if alt else ""

    def end(self) -> None:
        """Writes down what is still held back."""
        self._flow.end()

    def read(self, lines: list[str]) -> None:
        """Reads the blocks in `lines`, whose first column is the outermost."""
        if self._depth > _MOST_DEPTH:
            self._flow.code("\n".join(lines))
            return
        self._depth += 1
        i = 0
        while i < len(lines):
            i = self._block(lines, i) if lines[i].strip() else i + 1
        self._depth -= 1

    def _block(self, lines: list[str], i: int) -> int:
        """Reads the block at line `i`; the line after it."""
        line = lines[i]
        if line[0] == " ":
            end = _indented_end(lines, i)
            self.read(_dedented(lines[i:end]))
            return end
        if _EXPLICIT.match(line):
            return self._explicit(lines, i)
        if (end := self._heading(lines, i)) > i:
            return end
        if is_grid(lines, i) or is_simple(lines, i):
            rows, header_rows, end = read_grid(lines, i) if line[0] == "+" else read_simple(lines, i)
            self._flow.table([[self._inline.text(cell) for cell in row] for row in rows], header_rows)
            return end
        if _ADORNMENT.match(line) and not "".join(lines[i + 1 : i + 2]).strip():
            return i + 1  # a line across the page
        if _BULLET.match(line) or self._starts_list(lines, i):
            return self._list(lines, i)
        if line.startswith(">>>"):
            end = _paragraph_end(lines, i)
            self._flow.code("\n".join(lines[i:end]))
            return end
        if line.startswith("| ") or line.rstrip() == "|":
            end = _paragraph_end(lines, i)
            verse = "\n".join(re.sub(r"^\|\s?", "", verse_line) for verse_line in lines[i:end])
            self._flow.text(self._inline.text(verse), keep_breaks=True)
            return end
        if line.startswith("__ "):
            return i + 1
        if _FIELD.match(line):
            return self._fields(lines, i)
        return self._paragraph(lines, i)

    def _heading(self, lines: list[str], i: int) -> int:
        below = lines[i + 1] if i + 1 < len(lines) else ""
        over = _ADORNMENT.match(lines[i])
        if over and below.strip() and i + 2 < len(lines) and lines[i + 2].startswith(over[1] * 3):
            style, title, end = over[1] * 2, below, i + 3
        elif _ADORNMENT.match(below) and not over and len(below.rstrip()) >= min(len(lines[i].rstrip()), 4):
            style, title, end = below[0], lines[i], i + 2
        else:
            return i
        if style not in self._styles:
            self._styles.append(style)
        self._flow.heading(self._styles.index(style) + 1, self._inline.text(title))
        return end

    def _starts_list(self, lines: list[str], i: int) -> bool:
        """Whether line `i` is an enumerated item: the next is indented, an item, or blank ("A. Smith" is none)."""
        mark = _ENUMERATOR.match(lines[i])
        if not mark:
            return False
        below = lines[i + 1] if i + 1 < len(lines) else ""
        return not below.strip() or below.startswith(" " * 2) or bool(_ENUMERATOR.match(below))

    def _list(self, lines: list[str], i: int) -> int:
        self._flow.open_list()
        number = 0
        first = _BULLET.match(lines[i])
        while i < len(lines):
            bullet = _BULLET.match(lines[i])
            mark = bullet or (_ENUMERATOR.match(lines[i]) if self._starts_list(lines, i) else None)
            # Another bullet, or a number after bullets, begins another list.
            if not mark or (bullet and bullet[1]) != (first and first[1]):
                break
            digits = re.sub(r"\D", "", mark[1])
            number = int(digits) if digits else number + 1
            end = _indented_end(lines, i + 1)
            label = mark[1].replace("#", str(number))
            self._flow.open_item(None if bullet else f"{label} ")
            self.read([lines[i][mark.end() :], *_dedented(lines[i + 1 : end])])
            self._flow.close_item()
            i = end
            while i < len(lines) and not lines[i].strip():
                i += 1
        self._flow.close_list()
        return i

    def _fields(self, lines: list[str], i: int) -> int:
        shown = []
        while i < len(lines) and (field := _FIELD.match(lines[i])):
            end = _indented_end(lines, i + 1)
            value = one_line(" ".join([lines[i][field.end() :], *lines[i + 1 : end]]))
            name = re.sub(r"^(param|parameter|arg|raises?|returns?)\b\s*", "", field[1]) or field[1]
            shown.append(f"{name}: {self._inline.text(value)}" if value else name)
            i = end
            while i < len(lines) and not lines[i].strip():
                i += 1
        self._flow.builder.lines(shown)
        return i

    def _paragraph(self, lines: list[str], i: int) -> int:
        end = _paragraph_end(lines, i)
        # A line with an indented one directly below it is a term, that one its definition.
        if i + 1 < end and lines[i + 1].startswith(" ") and not _HEADER.match(lines[i]):
            end = _indented_end(lines, i + 1)
            self._flow.term(self._inline.text(re.sub(r" : .*", "", lines[i])))
            self.read(_dedented(lines[i + 1 : end]))
            self._flow.end()
            return end
        if all(_HEADER.match(line) or line.startswith(" ") for line in lines[i:end]) and end - i > 1:
            fields = re.split(r"\n(?!\s)", "\n".join(lines[i:end]))  # a header as in e-mail (PEPs)
            self._flow.builder.lines(self._inline.text(field) for field in fields)
            return end
        text = "\n".join(lines[i:end]).rstrip()
        literal = text.endswith("::")
        if literal:
            text = text[:-2].rstrip() if text.endswith((" ::", "\n::")) or text == "::" else text[:-1]
        self._flow.text(self._inline.text(" ".join(text.split())))
        return self._literal(lines, end) if literal else end

    def _literal(self, lines: list[str], i: int) -> int:
        start = i
        while start < len(lines) and not lines[start].strip():
            start += 1
        if start < len(lines) and lines[start].startswith(" "):
            end = _indented_end(lines, start)
        else:
            end = start
            while end < len(lines) and lines[end][:1] == (lines[start][:1] or " ") and lines[end][:1] in ">|":
                end += 1  # a quoted literal block
        if end > start:
            self._flow.code("\n".join(_dedented(lines[start:end])))
        return end

    def _explicit(self, lines: list[str], i: int) -> int:
        end = _indented_end(lines, i + 1)
        body = _dedented(lines[i + 1 : end])
        note, directive = _NOTE.match(lines[i]), _DIRECTIVE.match(lines[i].rstrip())
        if note:
            text = self._inline.text(one_line(" ".join([note[2], *body])))
            self._flow.text(f"[{self._inline.note(note[1])}] {text}")
        elif directive and not directive[1]:
            self._directive(directive[2].rpartition(":")[2].lower(), (directive[3] or "").strip(), body)
        return end

    def _directive(self, name: str, argument: str, body: list[str]) -> None:
        options: dict[str, str] = {}
        while body and (option := re.match(r":([\w-]+):\s*(.*)$", body[0])):
            options[option[1]] = option[2]
            body = body[1:]
            while body and body[0].startswith(" ") and options:
                options[option[1]] += f" {body.pop(0).strip()}"
        if name in _SILENT:
            return
        if name in _CODE:
            self._flow.code("\n".join([argument, *body] if name in ("math", "parsed-literal") else body))
        elif name in ("image", "figure"):
            self._flow.text(self._inline.text(options.get("alt", "")))
            self.read(body)
        elif name == "list-table":
            self._list_table(argument, options, body)
        elif name == "csv-table":
            rows = list(csv.reader(line for line in body if line.strip()))
            header = next(csv.reader([options.get("header", "")]), [])
            self._flow.text(self._inline.text(argument))
            table = [[self._inline.text(cell) for cell in row] for row in ([header] if header else []) + rows]
            self._flow.table(table, 1 if header else int(options.get("header-rows", "0") or 0))
        elif name in _ADMONITIONS or name == "admonition":
            title = _ADMONITIONS.get(name, self._inline.text(argument))
            if name.startswith(("version", "deprecated")):
                version, _, rest = argument.partition(" ")
                title, argument = f"{title} {version}", rest
            self._flow.term(title)
            self.read(([argument] if argument and name != "admonition" else []) + body)
            self._flow.end()
        else:
            self._flow.text(self._inline.text(argument) if name != "container" else "")
            self.read(body)

    def _list_table(self, title: str, options: dict[str, str], body: list[str]) -> None:
        """A table written as a list of lists."""
        self._flow.text(self._inline.text(title))
        rows: list[list[str]] = []
        for line in body:
            cell = re.match(r"(\*\s+)?\s*-(?:\s+(.*))?$", line)
            if cell and (cell[1] or line.startswith("  ")):
                if cell[1]:
                    rows.append([])
                if rows:
                    rows[-1].append(cell[2] or "")
            elif rows and rows[-1] and line.strip():
                rows[-1][-1] += f" {line.strip()}"
        header_rows = options.get("header-rows", "0")
        table = [[self._inline.text(cell) for cell in row] for row in rows]
        self._flow.table(table, int(header_rows) if header_rows.isdigit() else 0)


def _paragraph_end(lines: list[str], i: int) -> int:
    while i < len(lines) and lines[i].strip():
        i += 1
    return i


def _indented_end(lines: list[str], i: int) -> int:
    """Where the lines from `i` on that are indented or blank end, blank ones at the end not counted."""
    end = i
    while i < len(lines) and (not lines[i].strip() or lines[i][0] == " "):
        i += 1
        if lines[i - 1].strip():
            end = i
    return end


def _dedented(lines: list[str]) -> list[str]:
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return [line[margin:] for line in lines]
