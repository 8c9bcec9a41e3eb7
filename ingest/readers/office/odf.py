"""OpenDocument texts, presentations and spreadsheets (.odt, .odp, .ods)."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from ...documents import Content
from ...errors import SourceError
from ..archives import Zipped
from ..building import ContentBuilder, one_line
from ..flow import Flow
from ..raised import raised
from ..sheets import add_sheet
from ..tables import spread
from ..titles import claimed_title
from ..words import words
from ..xml_tree import Element, attribute, child, children, descendants, local, parse

_SKIPPED = words(
    "tracked-changes annotation-end table-of-content illustration-index table-index "
    "object-index user-index alphabetical-index ruby-text forms sequence-decls variable-decls user-field-decls "
    "note-citation notes title desc header footer hidden-text math settings shapes"
)
# Elements around paragraphs that say nothing themselves.
_CONTAINERS = words("section text bibliography index-body text-box frame g custom-shape rect page change-start")
# Formatting repeats empty cells and rows to the edge of the sheet; real repetitions are few.
_MOST_REPEATS = 100


def read_odf(data: bytes, name: str) -> Content:
    """The text of an OpenDocument file with its headings, lists, tables, text boxes and notes.

    Slides and sheets are pages. Deleted text, headers, footers and tables of contents are left out. Comments
    stand behind the paragraph, table or sheet they belong to, notes at the end, behind their marks.
    """
    archive = Zipped(data, name)
    content = archive.read("content.xml")
    if not content:
        encrypted = b"encryption-data" in archive.read("META-INF/manifest.xml")
        reason = "is encrypted: a password is needed to read it" if encrypted else "cannot be read: its text is lost"
        raise SourceError(f"{name} {reason}.")
    try:
        root = parse(content, name)
    except SourceError:
        if b"encryption-data" in archive.read("META-INF/manifest.xml"):
            raise SourceError(f"{name} is encrypted: a password is needed to read it.") from None
        raise
    styles = archive.read("styles.xml")
    reader = _Reader(root, parse(styles, name) if styles else None)
    body = child(root, "body")
    for kind in body if body is not None else ():
        if local(kind) == "spreadsheet":
            reader.sheets(kind)
        elif local(kind) == "presentation":
            reader.slides(kind)
        else:
            reader.blocks(kind)
    reader.notes()
    meta = archive.read("meta.xml")
    title = next(descendants(parse(meta, name), "title"), None) if meta else None
    claimed = claimed_title((title.text or "") if title is not None else "")
    is_sheet = child(body, "spreadsheet") is not None
    return reader.builder.finish(reader.title or claimed or (PurePosixPath(name).stem if is_sheet else ""))


class _Reader:
    def __init__(self, root: Element, styles: Element | None) -> None:
        self.builder = ContentBuilder()
        self.flow = Flow(self.builder)
        self.title = ""
        self._notes: list[Element] = []
        self._code: list[str] = []
        self._boxes: list[Element] = []
        self._parents: dict[str, str] = {}
        self._hidden: set[str] = set()
        self._raised: set[str] = set()
        self._numbered: dict[str, dict[str, bool]] = {}
        for tree in (styles, root):
            for style in tree.iter() if tree is not None else ():
                if local(style) == "style":
                    self._learn(style)
                elif local(style) == "list-style":
                    self._numbered[attribute(style, "name")] = {
                        attribute(level, "level"): local(level) == "list-level-style-number"
                        and attribute(level, "num-format") != ""
                        for level in style
                    }

    def _learn(self, style: Element) -> None:
        name = attribute(style, "name")
        self._parents[name] = attribute(style, "parent-style-name")
        properties = child(style, "text-properties")
        if properties is not None and attribute(properties, "display") == "none":
            self._hidden.add(name)
        position = attribute(properties, "text-position") if properties is not None else ""
        if position.startswith("super") or re.match(r"[1-9]", position):
            self._raised.add(name)

    def blocks(self, parent: Element) -> None:
        """Reads paragraphs, headings, lists and tables."""
        for element in parent:
            kind = local(element)
            if kind == "p":
                self._paragraph(element)
                continue
            self._flush_code()
            if kind == "h":
                self.flow.heading(_number(attribute(element, "outline-level"), 1) + 1, self._text(element))
                self._read_boxes()
            elif kind == "list":
                self._list(element, attribute(element, "style-name"), 1)
            elif kind == "table":
                self._table(element)
            elif kind == "annotation":
                self._comment(element)
            elif kind in _CONTAINERS and attribute(element, "display") != "none":
                self.blocks(element)
        self._flush_code()
        self._read_boxes()

    def slides(self, presentation: Element) -> None:
        """Reads slides; their notes stand after them."""
        for number, page in enumerate(children(presentation, "page"), 1):
            self.builder.page(number)
            frames = sorted(page, key=lambda frame: attribute(frame, "class") != "title")
            for frame in frames:
                if attribute(frame, "class") == "title":
                    self.flow.heading(1, " ".join(self._text(p) for p in descendants(frame, "p")))
                elif local(frame) == "notes":
                    notes = [self._text(p) for box in descendants(frame, "text-box") for p in descendants(box, "p")]
                    if any(map(one_line, notes)):
                        self.flow.text("Notes: " + " ".join(notes))
                elif local(frame) not in _SKIPPED:
                    self.blocks([frame] if local(frame) in (*_CONTAINERS, "annotation") else frame)  # type: ignore[arg-type]  # iterated
            self._flush_code()

    def sheets(self, spreadsheet: Element) -> None:
        """Reads sheets, each a page."""
        for number, table in enumerate(children(spreadsheet, "table"), 1):
            self.builder.page(number)
            rows: list[list[str]] = []
            for row in descendants(table, "table-row"):
                cells: list[str] = []
                for cell in row:
                    if local(cell) in ("table-cell", "covered-table-cell"):
                        repeats = min(_number(attribute(cell, "number-columns-repeated"), 1), _MOST_REPEATS)
                        cells += [self._cell(cell)] * repeats
                filled = any(map(str.strip, cells))
                repeats = _number(attribute(row, "number-rows-repeated"), 1)
                rows += [cells] * min(repeats, _MOST_REPEATS if filled else 1)
            add_sheet(self.builder, attribute(table, "name"), rows)
            self._read_boxes()

    def notes(self) -> None:
        """Reads the notes that were referred to, each behind its mark."""
        for number, note in enumerate(self._notes, 1):
            body = child(note, "note-body")
            texts = [self._text(p) for p in descendants(body, "p")] if body is not None else []
            self.flow.text(f"[{number}] {' '.join(texts)}")
        self._read_boxes()
        self.flow.end()

    def _paragraph(self, paragraph: Element) -> None:
        styles = list(self._styles(attribute(paragraph, "style-name")))
        if self._hidden.intersection(styles):
            return
        text = self._text(paragraph)
        if "Preformatted_20_Text" in styles or "Source_20_Text" in styles or "Source_20_Code" in styles:
            self._code.append(text)
            return
        self._flush_code()
        if "Title" in styles and not self.title and one_line(text):
            self.title = one_line(text)
            self.flow.heading(1, text)
        else:
            self.flow.text(text, keep_breaks="\n" in text.strip("\n"))
        self._read_boxes()

    def _read_boxes(self) -> None:
        boxes, self._boxes = self._boxes, []
        for box in boxes:
            if local(box) == "annotation":
                self._comment(box)
            else:
                self.blocks(box)

    def _comment(self, annotation: Element) -> None:
        creator = child(annotation, "creator")
        author = one_line(creator.text or "") if creator is not None else ""
        text = one_line(" ".join(self._text(p) for p in descendants(annotation, "p")))
        if text:
            self.flow.text(f"Comment by {author}: {text}" if author else f"Comment: {text}")

    def _list(self, element: Element, style: str, level: int) -> None:
        numbered = self._numbered.get(style, {}).get(str(level), False)
        items = [item for item in element if local(item) in ("list-item", "list-header")]
        first = _number(attribute(items[0], "start-value"), 1) if items else 1
        self.flow.open_list(first if numbered else None)
        for item in items:
            self.flow.open_item("" if local(item) == "list-header" else None)
            for below in item:
                if local(below) == "list":
                    self._list(below, attribute(below, "style-name") or style, level + 1)
                elif local(below) == "p":
                    self._paragraph(below)
                elif local(below) == "h":  # headings numbered as a list
                    self.flow.close_list()
                    self.flow.heading(_number(attribute(below, "outline-level"), 1) + 1, self._text(below))
                    self.flow.open_list(first if numbered else None)
                elif local(below) == "table":
                    self._table(below)
            self._flush_code()
            self.flow.close_item()
        self.flow.close_list()

    def _table(self, table: Element) -> None:
        header_rows = sum(len(children(rows, "table-row")) for rows in children(table, "table-header-rows"))
        grid: list[list[tuple[str, int, int]]] = []
        for row in _rows(table):
            cells = []
            for cell in children(row, "table-cell"):
                across = _number(attribute(cell, "number-columns-spanned"), 1)
                repeats = min(_number(attribute(cell, "number-columns-repeated"), 1), _MOST_REPEATS)
                cells += [(self._cell(cell), across, _number(attribute(cell, "number-rows-spanned"), 1))] * repeats
            grid.append(cells)
        if max(map(len, grid), default=0) < 2:
            for row in _rows(table):
                for cell in children(row, "table-cell"):
                    self.blocks(cell)
            return
        self.flow.table(spread(grid, header_rows), header_rows)
        self._read_boxes()

    def _cell(self, cell: Element) -> str:
        self._boxes += children(cell, "annotation")
        text = " ".join(map(self._text, _paragraphs(cell)))
        return text or attribute(cell, "value")

    def _text(self, element: Element) -> str:
        """The text of a paragraph or a part of one."""
        parts = [element.text or ""]
        before = parts[0]  # the last of them that says something
        for below in element:
            kind = local(below)
            if kind == "s":
                parts.append(" " * _number(attribute(below, "c"), 1))
            elif kind == "tab":
                parts.append("\t")
            elif kind == "line-break":
                parts.append("\n")
            elif kind == "note":
                self._notes.append(below)
                parts.append(f"[{len(self._notes)}]")
            elif kind in ("text-box", "annotation"):
                self._boxes.append(below)
            elif kind not in _SKIPPED and not self._hidden.intersection(self._styles(attribute(below, "style-name"))):
                text = self._text(below)
                is_raised = kind == "span" and attribute(below, "style-name") in self._raised
                written = raised(before, text) if is_raised else ""
                parts.append(written + text[len(text.rstrip()) :] if written else text)
            parts.append(below.tail or "")
            before = parts[-1] or parts[-2] or before
        return "".join(parts)

    def _styles(self, name: str) -> list[str]:
        """A style and those that it is based on."""
        found: list[str] = []
        while name and name not in found:
            found.append(name)
            name = self._parents.get(name, "")
        return found

    def _flush_code(self) -> None:
        if self._code:
            self.flow.code("\n".join(self._code))
            self._code = []


def _rows(table: Element) -> list[Element]:
    """The rows of a table, through their groups."""
    found: list[Element] = []
    for element in table:
        if local(element) == "table-row":
            found.append(element)
        elif local(element) in ("table-header-rows", "table-rows", "table-row-group"):
            found += _rows(element)
    return found


def _paragraphs(cell: Element) -> Iterator[Element]:
    """The paragraphs of a cell, through lists and tables in it; not those of its notes, boxes and comments."""
    for element in cell:
        if local(element) in ("p", "h"):
            yield element
        elif local(element) not in _SKIPPED and local(element) != "annotation":
            yield from _paragraphs(element)


def _number(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else default
