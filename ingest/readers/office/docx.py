"""Word documents (.docx)."""

from collections.abc import Iterator

from ...documents import Content
from ...errors import SourceError
from .. import read
from ..building import ContentBuilder, one_line
from ..flow import Flow
from ..raised import raised
from ..tables import spread
from ..titles import claimed_title
from ..words import words
from ..xml_tree import Element, attribute, child, children, descendants, local
from .maths import formula
from .package import Package
from .word_numbering import Item, Numbering
from .word_styles import Style, Styles

# What stands in the place of a page that Word begins here, of a line break, of a note; never in a text.
_PAGE, _BREAK = "\x01", "\x02"
_SKIPPED = words(
    "del moveFrom delText delInstrText instrText pPr rPr sectPr proofErr bookmarkStart bookmarkEnd "
    "commentRangeStart commentRangeEnd annotationRef footnoteRef endnoteRef sdtPr sdtEndPr rt fldData"
)
_TITLE_LEVEL = 1


def read_docx(data: bytes, name: str) -> Content:
    """The text of a Word document with its headings, lists, tables, text boxes, formulas and notes.

    Tracked changes are read as accepted; page headers and footers are left out. Pages are known only where
    Word noted them when it last laid the document out. Comments stand behind the paragraph or table they
    belong to, notes at the end, behind their marks.
    """
    package = Package(data, name)
    part, root = package.main()
    reader = _Reader(package, part)
    body = child(root, "body")
    if next(descendants(root, "lastRenderedPageBreak"), None) is not None:
        reader.builder.page(1)
    if body is not None:
        reader.blocks(body)
    reader.notes()
    reader.flow.end()
    return reader.builder.finish(reader.title or claimed_title(package.title()))


class _Reader:
    def __init__(self, package: Package, part: str) -> None:
        self.builder = ContentBuilder()
        self.flow = Flow(self.builder)
        self.title = ""
        self._package = package
        self._part = part
        self._styles = Styles(package.tree(package.related(part, "styles")))
        self._numbering = Numbering(package.tree(package.related(part, "numbering")))
        comments = package.tree(package.related(part, "comments"))
        self._comments = {attribute(comment, "id"): comment for comment in children(comments, "comment")}
        self._notes = {kind: package.tree(package.related(part, kind)) for kind in ("footnotes", "endnotes")}
        self._cited: list[tuple[str, str]] = []  # kind and id of the notes, in the order of their marks
        self._page = 1
        self._boxes: list[Element] = []
        self._code: list[str] = []
        self._depth = 0  # of open lists

    def blocks(self, parent: Element) -> None:
        """Reads the paragraphs and tables of a body, a cell, a text box or a note."""
        for element in _content(parent):
            kind = local(element)
            if kind == "p":
                self._paragraph(element)
            elif kind == "tbl":
                self._flush_code()
                self._close_lists()
                self._table(element)
            elif kind == "altChunk":
                self._flush_code()
                self._close_lists()
                self._chunk(element)
        self._flush_code()
        self._close_lists()
        self._read_boxes()

    def _chunk(self, element: Element) -> None:
        """Reads a part of the document that is a document of its own: HTML, RTF or Word."""
        part = self._package.relations(self._part).get(attribute(element, "id"), ("", ""))[1]
        try:
            content = read(self._package.read(part), part)
        except SourceError:
            return  # Word, too, shows the rest of a document with a part that it cannot read
        levels = {section.start: len(section.path) for section in content.sections}
        start = 0
        for block in content.text.split("\n\n"):
            if start in levels:
                self.builder.heading(_TITLE_LEVEL + levels[start], block)
            else:
                self.builder.block(block)
            start += len(block) + 2

    def notes(self) -> None:
        """Reads the notes that were referred to, each behind its mark."""
        for number, (kind, id_) in enumerate(self._cited, 1):
            root = self._notes.get(kind)
            for note in root if root is not None else ():
                if attribute(note, "id") == id_:
                    text = " ".join(self._text(p) for p in descendants(note, "p"))
                    self.flow.text(f"[{number}] {one_line(_plain(text))}")
        self._read_boxes()

    def _paragraph(self, paragraph: Element) -> None:
        style = self._styles.of(paragraph)
        text = self._text(paragraph)
        item = self._item(paragraph, style, text)
        if style.contents:
            self._turn_pages(text.count(_PAGE))
            return
        if style.code:
            self._close_lists()
            self._code.append(text.replace(_PAGE, "").replace(_BREAK, "\n"))
            return
        self._flush_code()
        number = item.number if item is not None else ""
        if not one_line(_plain(text)):
            self._turn_pages(text.count(_PAGE))
        elif style.title and not self.title:
            self._close_lists()
            self.title = one_line(_plain(text))
            self._add(_behind(number, text), heading=_TITLE_LEVEL)
        elif style.level:
            self._close_lists()
            self._add(_behind(number, text), heading=_TITLE_LEVEL + style.level)
        elif item is not None and not item.clause:
            self._open_lists(item.depth)
            self.flow.open_item(item.mark)
            self._add(text)
        else:
            self._close_lists()
            self._add(_behind(number, text))
        self._read_boxes()

    def _read_boxes(self) -> None:
        """Reads the text boxes and comments of the paragraph or table that was written down."""
        boxes, self._boxes = self._boxes, []
        for box in boxes:
            self._close_lists()
            if local(box) == "comment":
                author = one_line(attribute(box, "author"))
                text = one_line(_plain(" ".join(self._text(p) for p in descendants(box, "p"))))
                if text:
                    self.flow.text(f"Comment by {author}: {text}" if author else f"Comment: {text}")
            else:
                self.blocks(box)

    def _item(self, paragraph: Element, style: Style, text: str) -> Item | None:
        """What is drawn in front of a paragraph; empty ones count as well, but for those that are deleted or hidden."""
        mark = child(paragraph, "pPr", "rPr")
        gone = child(mark, "del") is not None or _is_hidden(child(paragraph, "pPr"))
        return None if gone and not one_line(_plain(text)) else self._numbering.item(paragraph, style)

    def _add(self, text: str, heading: int = 0) -> None:
        """Writes one paragraph down, turning pages where Word did."""
        first, *rest = text.split(_PAGE)
        while rest and not one_line(_plain(first)):
            self._turn_pages(1)
            first = rest.pop(0)
        if heading:
            self.flow.heading(heading, _plain("".join((first, *rest))))
            self._turn_pages(len(rest))
            return
        in_item = self.flow.in_item
        keeps = _BREAK in text.strip(_BREAK + _PAGE + " ")
        self.flow.text(first.replace(_BREAK, "\n"), keep_breaks=keeps)
        before = first
        for part in rest:
            self._turn_pages(1)
            if _BREAK in (before[-1:], part[:1]):
                glue = " " if in_item else "\n"
            else:
                glue = " " if before[-1:].isspace() or part[:1].isspace() else ""
            self.builder.extend(_plain(part), glue)
            before = part

    def _turn_pages(self, count: int) -> None:
        if count:
            self._page += count
            self.builder.page(self._page)

    def _text(self, element: Element) -> str:
        """The text of a paragraph or a part of one, with signs for pages and breaks."""
        parts: list[str] = []
        power = ""  # the last part, if it is raised
        for below in element:
            kind = local(below)
            if kind in ("t", "noBreakHyphen", "tab", "ptab", "sym"):
                parts.append(_character(below, kind))
            elif kind in ("br", "cr"):
                parts.append(_BREAK)
            elif kind == "lastRenderedPageBreak":
                parts.append(_PAGE)
            elif kind in ("oMath", "oMathPara"):
                parts.append(formula(below))
            elif kind in ("footnoteReference", "endnoteReference"):
                self._cited.append((kind.replace("Reference", "s"), attribute(below, "id")))
                parts.append(f"[{len(self._cited)}]")
            elif kind == "commentReference":
                self._boxes += filter(None, [self._comments.pop(attribute(below, "id"), None)])
            elif kind == "AlternateContent":
                # One thing drawn in two ways, the second for older programs.
                boxes = len(self._boxes)
                choice, fallback = child(below, "Choice"), child(below, "Fallback")
                found = self._text(choice) if choice is not None else ""
                if not found.strip() and len(self._boxes) == boxes and fallback is not None:
                    found = self._text(fallback)
                parts.append(found)
            elif kind == "txbxContent":
                self._boxes.append(below)
            elif kind == "docPr":
                alt = one_line(attribute(below, "descr"))
                parts.append(f" {alt} " if alt.count(" ") >= 2 else "")
            elif kind not in _SKIPPED and not (kind == "r" and _is_hidden(below)):
                text = self._text(below)
                if kind == "r" and parts and _is_raised(below):
                    if power:  # runs that follow each other, "-" and "5", are one
                        text = power + text
                        parts.pop()
                    power = text
                    written = raised(parts[-1], _plain(text))
                    parts.append(written + text[len(text.rstrip()) :] if written else text)
                    continue
                parts.append(text)
            else:
                continue
            power = ""
        return "".join(parts)

    def _table(self, table: Element) -> None:
        rows = [list(_content(row, "tc")) for row in _content(table, "tr")]
        if max((len(row) for row in rows), default=0) < 2 or len(rows) < 2:
            for row in rows:  # a frame around text, or columns made with a table
                for cell in row:
                    self.blocks(cell)
            return
        header_rows = _header_rows(table)
        grid = self._grid(table, rows)
        self.flow.table(spread(grid, header_rows), header_rows)
        self._read_boxes()

    def _grid(self, table: Element, rows: list[list[Element]]) -> list[list[tuple[str, int, int]]]:
        """Cells with their spans. A cell that goes on below is marked there by an empty cell with `vMerge`."""
        placed: list[dict[int, Element]] = []
        for row, cells in zip(_content(table, "tr"), rows, strict=True):
            skipped = child(row, "trPr", "gridBefore")
            column = int(attribute(skipped, "val", "0")) if skipped is not None else 0
            places = {}
            for cell in cells:
                places[column] = cell
                column += _span(cell)
            placed.append(places)
        grid: list[list[tuple[str, int, int]]] = []
        for i, places in enumerate(placed):
            line: list[tuple[str, int, int]] = []
            if places and min(places):
                line.append(("", min(places), 1))
            for column, cell in places.items():
                merge = child(cell, "tcPr", "vMerge")
                if merge is not None and attribute(merge, "val", "continue") == "continue" and i:
                    continue
                down = 1
                while merge is not None and i + down < len(placed):
                    below = child(placed[i + down].get(column), "tcPr", "vMerge")
                    if below is None or attribute(below, "val", "continue") != "continue":
                        break
                    down += 1
                line.append((_plain(self._cell_text(cell)), _span(cell), down))
            grid.append(line)
        return grid

    def _cell_text(self, cell: Element) -> str:
        texts = []
        for paragraph in _paragraphs(cell):
            text = self._text(paragraph)
            item = self._item(paragraph, self._styles.of(paragraph), text)
            texts.append(_behind(item.number, text) if item is not None else text)
        return " ".join(texts)

    def _open_lists(self, depth: int) -> None:
        while self._depth > depth:
            self.flow.close_list()
            self._depth -= 1
        while self._depth < depth:
            self.flow.open_list()
            self._depth += 1

    def _close_lists(self) -> None:
        self._open_lists(0)

    def _flush_code(self) -> None:
        if self._code:
            self.flow.code("\n".join(self._code))
            self._code = []


def _content(parent: Element, kind: str = "") -> Iterator[Element]:
    """The children of `parent`, of one kind if so wished, through content controls and custom markup."""
    for element in parent:
        name = local(element)
        if name in ("sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo"):
            yield from _content(element, kind)
        elif name not in ("del", "moveFrom", "sdtPr") and (not kind or name == kind):
            yield element


def _paragraphs(cell: Element) -> Iterator[Element]:
    """The paragraphs of a cell and of the tables in it."""
    for element in _content(cell):
        if local(element) == "p":
            yield element
        elif local(element) in ("tbl", "tr", "tc"):
            yield from _paragraphs(element)


def _character(element: Element, kind: str) -> str:
    if kind == "t":
        return element.text or ""
    if kind == "sym":
        code = int(attribute(element, "char", "0") or "0", 16)
        return "" if 0xE000 <= code < 0xF900 else chr(code)  # private characters of symbol fonts
    return "-" if kind == "noBreakHyphen" else "\t"


def _is_raised(run: Element) -> bool:
    align = child(run, "rPr", "vertAlign")
    return align is not None and attribute(align, "val") == "superscript"


def _is_hidden(run: Element | None) -> bool:
    hidden = child(run, "rPr", "vanish")
    return hidden is not None and attribute(hidden, "val", "true") not in ("0", "false", "off")


def _span(cell: Element) -> int:
    span = child(cell, "tcPr", "gridSpan")
    value = attribute(span, "val", "1") if span is not None else "1"
    return int(value) if value.isdigit() else 1


def _header_rows(table: Element) -> int:
    """Rows marked as headers; without any, the first if the table's style sets it off."""
    rows = list(_content(table, "tr"))
    marked = 0
    for row in rows:
        if child(row, "trPr", "tblHeader") is None:
            break
        marked += 1
    if marked and marked < len(rows):
        return marked
    look = child(table, "tblPr", "tblLook")
    if look is None:
        return 0
    flags = attribute(look, "val", "0")
    first = attribute(look, "firstRow") or ("1" if int(flags, 16) & 0x20 else "0")
    return int(first in ("1", "true", "on"))


def _behind(number: str, text: str) -> str:
    """`text` behind its number, both on the page where the text begins."""
    start = len(text) - len(text.lstrip(_PAGE + _BREAK + " "))
    return text[:start] + number + text[start:]


def _plain(text: str) -> str:
    return text.replace(_PAGE, "").replace(_BREAK, " ")
