"""AsciiDoc."""

import re

from ...documents import Content
from ..building import ContentBuilder, normalise
from ..decoding import decode
from ..flow import Flow
from .inline import without_markup

_HEADING = re.compile(r"(={1,6}|#{1,6})\s+(\S.*?)(?:\s+\1)?$")
_UNDERLINES = {"=": 1, "-": 2, "~": 3, "^": 4, "+": 5}
_FENCE = re.compile(r"(-{4,}|\.{4,}|={4,}|\*{4,}|_{4,}|\+{4,}|/{4,}|`{3,}|--)\s*$")
_TABLE = re.compile(r"[|,:!]={3,}\s*$")
_ITEM = re.compile(r"\s*(\*{1,5}|-|\.{1,5}|\d{1,3}\.|[a-z]\.|<\d{1,2}>|<\.>)\s+(\S.*)$")
_TERM = re.compile(r"\s*(\S.*?)(:{2,4}|;;)(?:\s+(\S.*))?$")
_ATTRIBUTE = re.compile(r":!?([\w-]+)!?:(?:\s+(.*))?$")
_BLOCK_LINE = re.compile(r"\[[^\[\]]*\]\s*$|\[\[[^\]]*\]\]\s*$")
_DIRECTIVE = re.compile(r"(?:include|ifdef|ifndef|endif|ifeval|toc|image|video|audio)::(\S*?)\[(.*)\]\s*$")
_ADMONITION = re.compile(r"(NOTE|TIP|IMPORTANT|WARNING|CAUTION): ")
_CELL = re.compile(r"(?:^|(?<=\s))(?:\d*(?:\.\d+)?[*+])?[<^>]?(?:\.[<^>])?[a-z]?\|")
_MOST_DEPTH = 20
# Attributes that every document has: characters that would be markup as they stand (and two that Git's manual adds).
_CHARACTERS = {
    **dict(
        zip("plus caret asterisk tilde backtick backslash apos quot pipe vbar".split(), "+^*~`\\'\"||", strict=True)
    ),
    **dict(zip("lt gt amp startsb endsb lsquo rsquo ldquo rdquo deg nbsp sp".split(), "<>&[]‘’“”°  ", strict=True)),
    **{"empty": "", "zwsp": "", "wj": "", "cpp": "C++", "litdd": "--"},
}


def read_asciidoc(data: bytes, name: str) -> Content:
    """The text of an AsciiDoc file, markup taken off: headings, paragraphs, lists, tables, listings, notes.

    Both branches of conditions are read; files that are included are not.
    """
    reader = _Reader()
    reader.read(normalise(decode(data, name)).expandtabs(8).split("\n"), 0)
    reader.end()
    return reader.builder.finish()


class _Reader:
    def __init__(self) -> None:
        self.builder = ContentBuilder()
        self._flow = Flow(self.builder)
        self._attributes = dict(_CHARACTERS)
        self._notes: list[str] = []
        self._lists: list[str] = []  # the marks of the lists that are open, the outermost first

    def end(self) -> None:
        """Writes the notes down, each behind its mark."""
        self._close_lists()
        for number, note in enumerate(self._notes, 1):
            self._flow.text(f"[{number}] {note}")
        self._flow.end()

    def read(self, lines: list[str], depth: int) -> None:
        """Reads the blocks in `lines`."""
        i = 0
        style = ""
        while i < len(lines):
            line = lines[i].rstrip()
            if not line:
                i += 1
                # A blank line ends a list only if no item follows.
                following = next((later for later in lines[i:] if later.strip()), "")
                if self._lists and not (_ITEM.match(following) or _TERM.match(following) or following.startswith(" ")):
                    self._close_lists()
                continue
            if _BLOCK_LINE.match(line):
                style = line.strip("[] ").split(",")[0].lower().lstrip("%")
                i += 1
                continue
            i = self._block(lines, i, style, depth)
            style = ""
        self._close_lists()

    def _block(self, lines: list[str], i: int, style: str, depth: int) -> int:
        """Reads the block at line `i`; the line after it."""
        line = lines[i].rstrip()
        below = lines[i + 1].rstrip() if i + 1 < len(lines) else ""
        if line.startswith("//") and not line.startswith("////"):
            return i + 1
        if directive := _DIRECTIVE.match(line):
            if line.startswith("ifdef") and directive[2]:
                self._flow.text(self._inline(directive[2]))
            return i + 1
        if attribute := _ATTRIBUTE.match(line):
            self._attributes[attribute[1]] = attribute[2] or ""
            return i + 1
        if _is_underline(line, below):
            self._close_lists()
            self._flow.heading(_UNDERLINES[below[0]], self._inline(line))
            return self._document_header(lines, i + 2) if below[0] == "=" else i + 2
        if fence := _FENCE.match(line):
            return self._fenced(lines, i, fence[1], style, depth)
        if _TABLE.match(line):
            return self._table(lines, i, style)
        if heading := _HEADING.match(line):
            self._close_lists()
            self._flow.heading(len(heading[1]), self._inline(heading[2]))
            return self._document_header(lines, i + 1) if len(heading[1]) == 1 else i + 1
        if line == "+":
            return i + 1  # what follows belongs to the item above
        if line.startswith(".") and re.match(r"\.[^\s.]", line):
            self._flow.text(self._inline(line[1:]))
            return i + 1
        if item := _ITEM.match(line):
            return self._item(lines, i, item)
        if line.startswith("'''") or line == "<<<":
            return i + 1
        if (line[0] == " " and not self._lists) or style in ("source", "listing", "literal", "synopsis", "verse"):
            return self._verbatim(lines, i)
        if (term := _TERM.match(line)) and "://" not in term[1][-8:]:
            return self._term(lines, i, term)
        return self._paragraph(lines, i, style)

    def _document_header(self, lines: list[str], i: int) -> int:
        """Authors and revision below the title of the document."""
        if i < len(lines) and re.match(r"[A-Z]\w+ .*<\S+@\S+>", lines[i]):
            self._flow.text(lines[i])
            i += 1
        return i

    def _paragraph(self, lines: list[str], i: int, style: str) -> int:
        end = _text_end(lines, i)
        text = " ".join(line.strip() for line in lines[i:end])
        hard = [line.rstrip() for line in lines[i:end]]
        if any(line.endswith(" +") for line in hard):
            text = "\n".join(line.removesuffix(" +").strip() for line in hard)
        if admonition := _ADMONITION.match(text):
            text = f"{admonition[1].capitalize()}: {text[admonition.end() :]}"
        elif style in ("note", "tip", "important", "warning", "caution"):
            text = f"{style.capitalize()}: {text}"
        self._flow.text(self._inline(text), keep_breaks="\n" in text)
        return end

    def _verbatim(self, lines: list[str], i: int) -> int:
        end = i
        while end < len(lines) and lines[end].strip():
            end += 1
        margin = min(len(line) - len(line.lstrip()) for line in lines[i:end])
        self._flow.code("\n".join(line[margin:] for line in lines[i:end]))
        return end

    def _fenced(self, lines: list[str], i: int, fence: str, style: str, depth: int) -> int:
        end = i + 1
        while end < len(lines) and lines[end].rstrip() != fence:
            end += 1
        inner = lines[i + 1 : end]
        if fence[0] in "/":
            pass
        elif (
            style == "stem"
            or (fence[0] in "-.`" and fence != "--")
            or style in ("source", "listing", "literal")
            or fence[0] == "+"
        ):
            self._flow.code("\n".join(inner))
        elif depth < _MOST_DEPTH:
            if style in ("note", "tip", "important", "warning", "caution"):
                self._flow.term(style.capitalize())
            open_lists, self._lists = self._lists, []
            self.read(inner, depth + 1)
            self._lists = open_lists
        return end + 1

    def _item(self, lines: list[str], i: int, item: re.Match[str]) -> int:
        mark = re.sub(r"\d+|[a-z]|(?<=<)\.(?=>)", "1", item[1])
        ordered = mark[0] in ".1<"
        if mark in self._lists:
            while self._lists[-1] != mark:
                self._close_list()
        else:
            self._flow.open_list(1 if ordered else None)
            self._lists.append(mark)
        end = _text_end(lines, i + 1)
        text = " ".join([item[2], *(line.strip() for line in lines[i + 1 : end])])
        self._flow.open_item()
        self._flow.text(self._inline(re.sub(r"^\[([ x*])\] ", lambda m: "☐ " if m[1] == " " else "☑ ", text)))
        self._flow.close_item()
        return end

    def _term(self, lines: list[str], i: int, term: re.Match[str]) -> int:
        # What closes a list sets a term apart, as one without a definition.
        while "::" in self._lists and self._lists[-1] != "::":
            self._close_list()
        self._flow.term(self._inline(term[1]))
        if "::" not in self._lists:
            self._flow.open_list()
            self._lists.append("::")
        end = i + 1
        text = [term[3]] if term[3] else []
        if not text:
            while end < len(lines) and not lines[end].strip():
                end += 1
            if end < len(lines) and _TERM.match(lines[end]):
                return end
        if text or (end < len(lines) and not _ITEM.match(lines[end]) and not _FENCE.match(lines[end].rstrip())):
            stop = _text_end(lines, end)
            text += [line.strip() for line in lines[end:stop]]
            end = stop
        self._flow.text(self._inline(" ".join(text)))
        return end

    def _table(self, lines: list[str], i: int, style: str) -> int:
        fence = lines[i].rstrip()
        end = i + 1
        while end < len(lines) and lines[end].rstrip() != fence:
            end += 1
        inner = lines[i + 1 : end]
        options = lines[i - 1] if i and _BLOCK_LINE.match(lines[i - 1].rstrip()) else ""
        cells: list[str] = []
        widths: list[int] = []
        for line in inner:
            pieces = _CELL.split(line.replace("\\|", "\x00")) if fence[0] == "|" else ["", *re.split(r"[,:!]", line)]
            if len(pieces) > 1:
                widths.append(len(pieces) - 1)
                cells += [piece.strip() for piece in pieces[1:]]
            elif cells:
                cells[-1] = f"{cells[-1]} {line.strip()}".strip()
        columns = re.search(r"cols=\"?([^\"\]]+)", options)
        width = _columns(columns[1]) if columns else (widths[0] if widths else 1)
        rows = [
            [self._inline(cell.replace("\x00", "|")) for cell in cells[at : at + width]]
            for at in range(0, len(cells), width)
        ]
        # The first row is the header if so said, or if a blank line follows it.
        parted = len(inner) > 1 and bool(inner[0].strip()) and not inner[1].strip()
        self._flow.table(rows, int("header" in options or parted or style == "%header"))
        return end + 1

    def _inline(self, text: str) -> str:
        text = re.sub(r"footnote:\w*\[([^\]]*)\]", self._note, text)
        text = without_markup(text)
        return re.sub(r"\{([\w-]+)\}", lambda found: self._attributes.get(found[1], found[0]), text)

    def _note(self, found: re.Match[str]) -> str:
        self._notes.append(found[1])
        return f"[{len(self._notes)}]"

    def _close_list(self) -> None:
        self._lists.pop()
        self._flow.close_list()
        self._flow.end()

    def _close_lists(self) -> None:
        while self._lists:
            self._close_list()


def _is_underline(line: str, below: str) -> bool:
    is_rule = len(below) > 1 and below[0] in _UNDERLINES and not below.strip(below[0])
    return is_rule and line[0] not in " -.=*+" and abs(len(line) - len(below)) <= 2 and any(map(str.isalnum, line))


def _text_end(lines: list[str], i: int) -> int:
    """Where the run of plain lines from `i` on ends: at a blank line, or one that begins a block."""
    while i < len(lines):
        line = lines[i].rstrip()
        if not line or line == "+" or _FENCE.match(line) or _TABLE.match(line) or _BLOCK_LINE.match(line):
            break
        if _ITEM.match(line) or _DIRECTIVE.match(line) or (_TERM.match(line) and not line.endswith(":::")):
            break
        if i + 1 < len(lines) and _is_underline(line, lines[i + 1].rstrip()):
            break
        i += 1
    return i


def _columns(specification: str) -> int:
    """How many columns a `cols` attribute names: "1,2", "3*", "2*,1".

    >>> _columns("1,2a"), _columns("3*"), _columns("2*,1")
    (2, 3, 3)
    """
    return sum(
        int(repeat[1]) if (repeat := re.match(r"\s*(\d+)\*", part)) else 1 for part in re.split(r"[,;]", specification)
    )
