"""Org files, the plain-text format of Emacs' outliner (syntax: https://orgmode.org/worg/org-syntax.html)."""

import re
from collections.abc import Callable

from ..documents import Content
from .building import ContentBuilder, normalise
from .decoding import decode
from .flow import Flow

_HEADING = re.compile(
    r"(\*+)\s+(?:(?:TODO|DONE|NEXT|WAITING|CANCELLED)\s+)?(?:\[#\w\]\s+)?(.*?)(?:\s+:[\w@#%:]+:)?\s*$"
)
_KEYWORD = re.compile(r"\s*#\+(\w+)(?:\[[^\]]*\])?:\s*(.*)$")
_BEGIN = re.compile(r"\s*#\+begin_(\w+)", re.IGNORECASE)
_DRAWER = re.compile(r"\s*:[\w-]+:\s*$")
_PLANNING = re.compile(r"\s*(?:(?:SCHEDULED|DEADLINE|CLOSED):\s*[<\[][^>\]]*[>\]]\s*)+$")
_ITEM = re.compile(r"(\s*)([-+]|\d{1,4}[.)]|[a-zA-Z][.)]|(?<=\s)\*)\s+(?:\[@\d+\]\s*)?(\[[ xX-]\]\s+)?(.*)$")
_TERM = re.compile(r"(\S.*?)\s+::(?:\s+(.*))?$")
_NOTE = re.compile(r"\[fn:([\w-]+)\]\s+(.*)$")
_RULE = re.compile(r"\s*-{5,}\s*$")

_LINK = re.compile(r"\[\[([^\[\]]+)\](?:\[([^\[\]]+)\])?\]")
_MARK = re.compile(r"\[fn:([\w-]*)(?::([^\[\]]*))?\]")
_CODE = re.compile(r"(?<![\w=~])([=~])(?=\S)(.+?)(?<=\S)\1(?![\w=~])")
_EMPHASIS = re.compile(r"(?<![\w*/_+])([*/_+])(?=\S)(.+?)(?<=\S)\1(?![\w*/_+])")
_TARGET = re.compile(r"<<<?[^<>]+>>>?")
_KEPT = re.compile("\x00(\\d+)\x00")
# Keywords whose value is shown; the other keywords are orders to the program.
_SHOWN = ("subtitle", "caption")


def read_org(data: bytes, name: str) -> Content:
    """The text of an Org file, markup taken off: headings, paragraphs, lists, tables, blocks, notes.

    Drawers of properties, comments and orders to the exporter are left out.
    """
    reader = _Reader()
    reader.read(normalise(decode(data, name)).expandtabs(8).split("\n"))
    return reader.builder.finish(reader.title)


class _Reader:
    def __init__(self) -> None:
        self.builder = ContentBuilder()
        self.title = ""
        self._flow = Flow(self.builder)
        self._lists: list[int] = []  # how far in the items of each open list stand

    def read(self, lines: list[str]) -> None:
        i = 0
        while i < len(lines):
            i = self._block(lines, i)
        self._close_lists()
        self._flow.end()

    def _block(self, lines: list[str], i: int) -> int:
        """Reads the block at line `i`; the line after it."""
        line = lines[i]
        if not line.strip():
            # One blank line may stand between items; two end every list.
            following = next((later for later in lines[i + 1 : i + 2] if later.strip()), "")
            if not (_ITEM.match(following) or following.startswith(" ")):
                self._close_lists()
            return i + 1
        if heading := _HEADING.match(line):
            self._close_lists()
            self._flow.heading(len(heading[1]), shown(heading[2]))
            return i + 1
        if begin := _BEGIN.match(line):
            return self._fenced(lines, i, begin[1].lower())
        if keyword := _KEYWORD.match(line):
            if keyword[1].lower() == "title":
                self.title = f"{self.title} {shown(keyword[2])}".strip()
            elif keyword[1].lower() in _SHOWN:
                self._flow.text(shown(keyword[2]))
            return i + 1
        if re.match(r"\s*#(?:\s|$)", line) or _PLANNING.match(line) or _RULE.match(line):
            return i + 1
        if _DRAWER.match(line):
            ends = (n for n in range(i + 1, len(lines)) if lines[n].strip().upper() == ":END:")
            return next(ends, i) + 1
        if line.lstrip().startswith("|"):
            return self._table(lines, i)
        if re.match(r"\s*:(?: |$)", line):
            end = _run(lines, i, lambda later: bool(re.match(r"\s*:(?: |$)", later)))
            self._flow.code("\n".join(later.lstrip()[2:] for later in lines[i:end]))
            return end
        if item := _ITEM.match(line):
            return self._item(lines, i, item)
        if note := _NOTE.match(line):
            self._close_lists()
            end = _run(lines, i + 1, _is_text)
            self._flow.text(shown(" ".join([f"[{note[1]}] {note[2]}", *lines[i + 1 : end]])))
            return end
        end = _run(lines, i + 1, _is_text)
        self._flow.text(shown("\n".join(lines[i:end])))
        return end

    def _fenced(self, lines: list[str], i: int, kind: str) -> int:
        ends = (n for n in range(i + 1, len(lines)) if lines[n].strip().lower() == f"#+end_{kind}")
        end = next(ends, len(lines))
        inside = lines[i + 1 : end]
        if kind in ("src", "example", "export"):
            margin = min((len(line) - len(line.lstrip()) for line in inside if line.strip()), default=0)
            self._flow.code("\n".join(line[margin:].removeprefix(",") for line in inside))
        elif kind == "verse":
            self._flow.text(shown("\n".join(inside)), keep_breaks=True)
        elif kind != "comment":
            n = 0
            while n < len(inside):
                n = self._block(inside, n)
        return end + 1

    def _table(self, lines: list[str], i: int) -> int:
        end = _run(lines, i, lambda line: line.lstrip().startswith("|"))
        rows: list[list[str]] = []
        header = 0
        for line in lines[i:end]:
            if line.lstrip().startswith("|-"):
                header = header or len(rows)
            else:
                rows.append([shown(cell.strip()) for cell in line.strip().strip("|").split("|")])
        self._flow.table(rows, header if header < len(rows) else 0)
        return end

    def _item(self, lines: list[str], i: int, item: re.Match[str]) -> int:
        margin = len(item[1])
        while self._lists and self._lists[-1] > margin:
            self._lists.pop()
            self._flow.close_list()
        numbered = item[2][0].isdigit()
        if not self._lists or self._lists[-1] < margin:
            self._lists.append(margin)
            self._flow.open_list(int(item[2][:-1]) if numbered else None)
        end = _run(lines, i + 1, lambda line: _is_text(line) and len(line) - len(line.lstrip()) > margin)
        text = " ".join([item[4], *(line.strip() for line in lines[i + 1 : end])])
        if term := _TERM.match(text):
            text = f"{term[1]}: {term[2] or ''}"
        self._flow.open_item(f"{item[2]} " if item[2][0].isalpha() else None)
        self._flow.text(shown(text))
        self._flow.close_item()
        return end

    def _close_lists(self) -> None:
        while self._lists:
            self._lists.pop()
            self._flow.close_list()


def _run(lines: list[str], i: int, belongs: Callable[[str], bool]) -> int:
    """Where the run of lines that belong together ends."""
    while i < len(lines) and belongs(lines[i]):
        i += 1
    return i


def _is_text(line: str) -> bool:
    """Whether a line goes on with the paragraph above it."""
    begins = (_HEADING, _BEGIN, _KEYWORD, _DRAWER, _ITEM, _NOTE, _RULE)
    return bool(line.strip()) and not line.lstrip().startswith("|") and not any(b.match(line) for b in begins)


def shown(markup: str) -> str:
    r"""The text that inline markup shows.

    >>> shown("See [[https://x.org][the /docs/]], =a_b= and *this*[fn:1].")
    'See the docs, a_b and this[1].'
    """
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(found[2])
        return f"\x00{len(kept) - 1}\x00"

    text = _CODE.sub(keep, markup)
    text = _LINK.sub(lambda found: found[2] or found[1].removeprefix("file:"), text)
    text = _MARK.sub(lambda found: f" ({found[2]})" if found[2] else f"[{found[1]}]", text)
    text = _TARGET.sub("", text)
    text = _EMPHASIS.sub(r"\2", text)
    return _KEPT.sub(lambda found: kept[int(found[1])], text)
