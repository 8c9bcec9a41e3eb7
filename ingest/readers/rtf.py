"""Rich Text Format."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ..documents import Content
from ..errors import SourceError
from .building import ContentBuilder, one_line
from .flow import Flow
from .tables import row_lines
from .titles import claimed_title
from .words import words

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|([^\\{}\r\n]+)|[\r\n]+|\\"
)
# Groups whose text is not the document's.
_SKIPPED = words(
    "fonttbl colortbl stylesheet info pict object header headerl headerr headerf footer footerl footerr "
    "footerf fldinst listtable listoverridetable rsidtbl generator themedata datastore latentstyles "
    "xmlnstbl bkmkstart bkmkend annotation atnid atnauthor atnref atndate atnicn atntime atnparent "
    "template revtbl filetbl pgdsctbl mmathPr nonshppict private nonesttables pnseclvl shpinst do txe xe "
    "tc"
)
_SIGNS = {
    "tab": "\t", "line": "\n", "lbr": "\n", "emdash": "—", "endash": "–", "lquote": "‘", "rquote": "’",
    "ldblquote": "“", "rdblquote": "”", "bullet": "•",
    "emspace": " ", "enspace": " ", "qmspace": " ", "~": " ", "_": "-", "-": "",
}  # fmt: skip
# Windows character sets (of fonts) and the code pages that belong to them.
_CHARSETS = {
    0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 134: "gbk", 136: "cp950", 161: "cp1253", 162: "cp1254",
    163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250",
    255: "cp437",
}  # fmt: skip
_HEADING = re.compile(r"(?:heading|überschrift|titre|título|titolo) (\d)", re.IGNORECASE)
# Groups in groups: what programs write ends long before.
_MOST_DEPTH = 2_000


@dataclass(slots=True)
class _State:
    """What the words of a group have set; a group inside it begins with a copy."""

    skipped: bool = False
    target: str = ""  # "", "footnote", "listtext", or a table of the file that is read for itself
    font: int = 0
    style: int = 0
    outline: int = 0
    in_table: bool = False
    hidden: bool = False
    deleted: bool = False
    skip_after: int = 1  # bytes after \u that stand for the same character
    superscript: bool = False


@dataclass(slots=True)
class _Tables:
    """What the head of the file says: fonts' encodings, and which styles are headings of which level."""

    encoding: str = "cp1252"
    fonts: dict[int, str] = field(default_factory=dict)
    levels: dict[int, int] = field(default_factory=dict)


def read_rtf(data: bytes, name: str) -> Content:
    """The text of an RTF file with its headings, lists and tables; footnotes stand behind their paragraph."""
    if not data.lstrip().startswith((b"{\\rtf", b"{\\pard")):
        raise SourceError(f"{name} cannot be read as RTF: it does not begin like it.")
    tables = _read_tables(data)
    reader = _Reader(tables)
    for token in _TOKEN.finditer(data):
        reader.take(token)
    reader.finish()
    title = re.search(rb"{\\title ([^{}]*)}", data)
    claimed = title.group(1).decode(tables.encoding, "replace") if title and b"\\" not in title.group(1) else ""
    return reader.builder.finish(claimed_title(claimed))


class _Reader:
    def __init__(self, tables: _Tables) -> None:
        self.builder = ContentBuilder()
        self._flow = Flow(self.builder)
        self._tables = tables
        self._state = _State()
        self._stack: list[_State] = []
        self._group_starts = False
        self._left_out = 0  # bytes that follow a Unicode character for old programs
        self._bytes = bytearray()  # in a code page with several bytes to a character
        self._text: list[str] = []
        self._mark: list[str] = []  # of a list item
        self._notes: list[list[str]] = []
        self._cells: list[str] = []
        self._rows: list[list[str]] = []
        self._listed = False

    def take(self, token: re.Match[bytes]) -> None:
        """Reads one token: a word, a character, a brace or plain text."""
        word, number, code, sign, brace, plain = token.groups()
        if token.group().isspace() and sign is None and plain is None:
            return  # line ends of the file say nothing
        if word is not None or brace is not None:
            self._left_out = 0
        if brace == b"{":
            self._open()
        elif brace == b"}":
            self._close()
        elif word is not None:
            self._flush_bytes()
            self._word(word.decode("ascii"), int(number) if number else None)
            self._group_starts = False
        elif code is not None:
            if self._left_out:
                self._left_out -= 1
            else:
                self._bytes.append(int(code, 16))
        elif sign is not None:
            self._flush_bytes()
            if sign == b"*" and self._group_starts:
                self._state.skipped = True  # a destination that may be skipped, unless its word is known
                return
            if sign in b"\r\n":
                self._layout("par", None)
            else:
                self._add(_SIGNS.get(sign.decode("latin-1"), sign.decode("latin-1")))
        elif plain:
            if self._left_out:
                plain, self._left_out = plain[self._left_out :], max(0, self._left_out - len(plain))
            self._flush_bytes()
            self._add(plain.decode(self._encoding(), "replace"))
        self._group_starts = brace == b"{"

    def finish(self) -> None:
        """Ends what is still open."""
        self._paragraph()
        self._end_table()
        self._end_list()

    def _open(self) -> None:
        self._flush_bytes()
        if len(self._stack) < _MOST_DEPTH:
            self._stack.append(replace(self._state))

    def _close(self) -> None:
        self._flush_bytes()
        if self._stack:
            self._state = self._stack.pop()

    def _word(self, word: str, number: int | None) -> None:
        state = self._state
        if word in _SKIPPED:
            state.skipped = True
        elif word in ("shptxt", "footnote", "listtext", "pntext", "fldrslt"):
            state.skipped = False
            if word == "footnote":
                self._notes.append([])
                self._text.append(f"[{len(self._notes)}]")
                state.target = "footnote"
            elif word in ("listtext", "pntext"):
                state.target = "listtext"
        elif word == "u" and number is not None:
            self._add(chr(number % 65_536))
            self._left_out = state.skip_after
        elif word == "uc":
            state.skip_after = max(0, min(number or 0, 16))
        elif word == "f" and number is not None:
            state.font = number
        elif word == "super":
            state.superscript = number != 0
        elif word == "nosupersub":
            state.superscript = False
        elif word in ("v", "deleted"):
            state.hidden = number != 0
        elif word == "plain":
            state.hidden = state.superscript = False
        elif word in _SIGNS:
            self._add(_SIGNS[word])
        elif not state.skipped:
            self._layout(word, number)

    def _layout(self, word: str, number: int | None) -> None:
        state = self._state
        if word in ("par", "sect", "page"):
            if state.target == "footnote":
                self._add(" ")
            elif state.in_table:
                self._text.append(" ")
            else:
                self._paragraph()
        elif word == "pard":
            state.style = state.outline = 0
            state.in_table = False
        elif word == "s" and number is not None:
            state.style = number
        elif word == "outlinelevel" and number is not None:
            state.outline = number + 1 if 0 <= number < 9 else 0
        elif word == "intbl":
            state.in_table = True
        elif word in ("cell", "nestcell"):
            self._cells.append("".join(self._text))
            self._text.clear()
            self._mark.clear()
        elif word in ("row", "nestrow"):
            if self._cells:
                self._rows.append(self._cells)
            self._cells = []

    def _add(self, text: str) -> None:
        state = self._state
        if state.skipped or state.hidden or not text:
            return
        if state.target == "footnote":
            if self._notes:
                self._notes[-1].append(text)
        elif state.target == "listtext":
            self._mark.append(text)
        else:
            raised = state.superscript and text[:1].isdigit() and self._text and self._text[-1][-1:].isdigit()
            self._text.append("^" + text if raised else text)

    def _paragraph(self) -> None:
        if not self._state.in_table:
            self._end_table()
        text, mark = _joined(self._text), one_line("".join(self._mark))
        self._text.clear()
        self._mark.clear()
        level = self._tables.levels.get(self._state.style, 0) or self._state.outline
        if level and one_line(text):
            self._end_list()
            self._flow.heading(level, text)
        elif mark:
            if not self._listed:
                self._flow.open_list()
                self._listed = True
            self._flow.open_item(f"{mark} " if any(c.isalnum() for c in mark) else None)
            self._flow.text(text)
        elif one_line(text):
            self._end_list()
            self._flow.text(text, keep_breaks="\n" in text.strip("\n"))
        for note in self._notes_to_show():
            self._flow.text(note)

    def _notes_to_show(self) -> Iterator[str]:
        for number, note in enumerate(self._notes, 1):
            if note:
                yield f"[{number}] {one_line(_joined(note))}"
                note.clear()

    def _end_table(self) -> None:
        if self._rows:
            self._end_list()
            self.builder.lines(row_lines([[one_line(_joined([cell])) for cell in row] for row in self._rows], 0))
            self._rows = []

    def _end_list(self) -> None:
        if self._listed:
            self._flow.close_list()
            self._listed = False

    def _encoding(self) -> str:
        return self._tables.fonts.get(self._state.font, self._tables.encoding)

    def _flush_bytes(self) -> None:
        if self._bytes:
            self._add(self._bytes.decode(self._encoding(), "replace"))
            self._bytes.clear()


def _joined(parts: list[str]) -> str:
    """The text of parts in which characters beyond 65,535 stand as two halves."""
    return "".join(parts).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _read_tables(data: bytes) -> _Tables:
    tables = _Tables()
    page = re.search(rb"\\ansicpg(\d{3,5})", data)
    if page and (known := _known(f"cp{page.group(1).decode()}")):
        tables.encoding = known
    elif re.match(rb"\s*{\\rtf\d?\\mac\b", data):
        tables.encoding = "mac_roman"
    for font in re.finditer(rb"{\\f(\d{1,5})\b[^{}]*?\\fcharset(\d{1,3})", data):
        charset = int(font.group(2))
        if charset in _CHARSETS and charset != 0:
            tables.fonts[int(font.group(1))] = _CHARSETS[charset]
    for style in re.finditer(rb"{\\s(\d{1,5})\b([^{}]*(?:{[^{}]*}[^{}]*)*);}", data):
        heading = _HEADING.search(style.group(2).decode("latin-1"))
        outline = re.search(rb"\\outlinelevel(\d)", style.group(2))
        if heading:
            tables.levels[int(style.group(1))] = int(heading[1])
        elif outline and outline.group(1) != b"9":
            tables.levels[int(style.group(1))] = int(outline.group(1)) + 1
    return tables


def _known(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        return ""
