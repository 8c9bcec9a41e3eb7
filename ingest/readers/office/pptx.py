"""PowerPoint presentations (.pptx)."""

import re
from collections.abc import Iterator

from ...documents import Content
from ...errors import SourceError
from ..building import ContentBuilder, one_line
from ..flow import Flow
from ..raised import raised
from ..tables import spread
from ..titles import claimed_title
from ..xml_tree import Element, attribute, child, children, descendants, local
from .maths import formula
from .package import Package

# Shapes that repeat on every slide.
_FURNITURE = frozenset(("dt", "ftr", "sldNum", "hdr"))
_TITLES = frozenset(("title", "ctrTitle"))


def read_pptx(data: bytes, name: str) -> Content:
    """The text of a presentation, each slide a page under its title: text, tables, charts, diagrams and notes.

    Dates, footers and slide numbers are left out. Speaker's notes stand after their slide, behind "Notes:".
    """
    package = Package(data, name)
    part, root = package.main()
    slides = [
        target
        for entry in children(child(root, "sldIdLst"), "sldId")
        if (target := package.relations(part).get(_relation(entry), ("", ""))[1])
    ]
    if not slides:
        raise SourceError(f"{name} cannot be read: it has no slides.")
    builder = ContentBuilder()
    for number, slide in enumerate(slides, 1):
        builder.page(number)
        _Slide(package, slide, builder).read()
    return builder.finish(claimed_title(package.title()))


class _Slide:
    def __init__(self, package: Package, part: str, builder: ContentBuilder) -> None:
        self._package = package
        self._part = part
        self._relations = package.relations(part)
        self._builder = builder
        self._flow = Flow(builder)

    def read(self) -> None:
        tree = child(self._package.tree(self._part), "cSld", "spTree")
        if tree is None:
            return
        shapes = list(_shapes(tree))
        # The title leads, wherever the file holds it.
        shapes.sort(key=lambda shape: _placeholder(shape) not in _TITLES)
        for shape in shapes:
            kind = local(shape)
            if kind == "sp" and _placeholder(shape) not in _FURNITURE:
                self._text(shape)
            elif kind == "graphicFrame":
                self._graphic(shape)
            elif kind == "pic":
                alt = one_line(attribute(next(descendants(shape, "cNvPr"), shape), "descr"))
                if alt.count(" ") >= 2:
                    self._flow.text(alt)
        self._notes()
        self._flow.end()

    def _text(self, shape: Element) -> None:
        body = child(shape, "txBody")
        if body is None:
            return
        if _placeholder(shape) in _TITLES:
            self._flow.heading(1, " ".join(_paragraph_text(p) for p in children(body, "p")))
            return
        paragraphs = [p for p in children(body, "p") if one_line(_paragraph_text(p))]
        is_list = _placeholder(shape) in ("body", "obj", "") and _has_placeholder(shape) and len(paragraphs) > 1
        self._paragraphs(paragraphs, is_list)

    def _paragraphs(self, paragraphs: list[Element], is_list: bool) -> None:
        depth = number = 0
        for paragraph in paragraphs:
            properties = child(paragraph, "pPr")
            level = int(attribute(properties, "lvl", "0") or 0) + 1 if properties is not None else 1
            numbered = child(properties, "buAutoNum") is not None
            bulleted = child(properties, "buChar") is not None or (is_list and child(properties, "buNone") is None)
            wanted = min(level, 9) if numbered or bulleted else 0
            while depth > wanted:
                self._flow.close_list()
                depth -= 1
            while depth < wanted:
                self._flow.open_list()
                depth += 1
            number = number + 1 if numbered else 0
            if wanted:
                self._flow.open_item(f"{number}. " if numbered else None)
            text = _paragraph_text(paragraph)
            self._flow.text(text, keep_breaks="\n" in text)
        for _ in range(depth):
            self._flow.close_list()

    def _graphic(self, frame: Element) -> None:
        table = next(descendants(frame, "tbl"), None)
        if table is not None:
            self._flow.table(*_table(table))
        for chart in descendants(frame, "chart"):
            root = self._package.tree(self._relations.get(_relation(chart), ("", ""))[1])
            if root is not None:
                self._chart(root)
        for diagram in descendants(frame, "relIds"):
            root = self._package.tree(self._relations.get(attribute(diagram, "dm"), ("", ""))[1])
            if root is not None:
                self._paragraphs([p for p in descendants(root, "p") if _paragraph_text(p).strip()], is_list=True)

    def _chart(self, root: Element) -> None:
        """A chart as the table that it draws: a row for each category, a column for each series."""
        title = next(descendants(root, "title"), None)
        if title is not None:
            self._flow.text(" ".join(t.text or "" for t in descendants(title, "t")))
        columns: list[dict[str, str]] = []
        names, categories = [""], dict[str, str]()
        for series in descendants(root, "ser"):
            names.append(" ".join(_points(child(series, "tx")).values()))
            categories |= _points(child(series, "cat")) | _points(child(series, "xVal"))
            columns.append(_points(child(series, "val")) | _points(child(series, "yVal")))
        keys = dict.fromkeys((*categories, *(key for column in columns for key in column)))
        rows = [[categories.get(key, ""), *(column.get(key, "") for column in columns)] for key in keys]
        self._flow.table([names, *rows], 1)

    def _notes(self) -> None:
        part = next((target for kind, target in self._relations.values() if kind == "notesSlide"), "")
        tree = child(self._package.tree(part), "cSld", "spTree")
        bodies = [s for s in _shapes(tree) if _placeholder(s) == "body"] if tree is not None else []
        texts = [_paragraph_text(p) for body in bodies for p in descendants(body, "p")]
        texts = [text for text in texts if one_line(text)]
        if texts:
            self._flow.text(f"Notes: {texts[0]}")
            for text in texts[1:]:
                self._flow.text(text)


def _shapes(tree: Element) -> Iterator[Element]:
    """The shapes of a slide in drawing order, groups opened."""
    for element in tree:
        kind = local(element)
        if kind in ("grpSp", "AlternateContent", "Choice"):
            yield from _shapes(element)
        elif kind in ("sp", "graphicFrame", "pic"):
            yield element


def _has_placeholder(shape: Element) -> bool:
    return next(descendants(shape, "ph"), None) is not None


def _placeholder(shape: Element) -> str:
    """The kind of placeholder that a shape fills: "title", "body", ...; "" for any other shape."""
    found = next(descendants(shape, "ph"), None)
    return attribute(found, "type") if found is not None else ""


def _paragraph_text(paragraph: Element) -> str:
    parts: list[str] = []
    for element in paragraph:
        kind = local(element)
        if kind in ("r", "fld"):
            content, properties = child(element, "t"), child(element, "rPr")
            text = (content.text or "") if content is not None else ""
            is_raised = properties is not None and re.match(r"[1-9]", attribute(properties, "baseline"))
            written = raised(parts[-1], text) if is_raised and parts else ""
            parts.append(written + text[len(text.rstrip()) :] if written else text)
        elif kind == "br":
            parts.append("\n")
        elif kind in ("m", "oMath", "oMathPara", "AlternateContent"):
            maths = next(descendants(element, "oMath"), None)
            parts.append(formula(maths) if maths is not None else "")
    return "".join(parts)


def _table(table: Element) -> tuple[list[list[str]], int]:
    rows = []
    for row in children(table, "tr"):
        cells = []
        for cell in children(row, "tc"):
            if attribute(cell, "hMerge") in ("1", "true") or attribute(cell, "vMerge") in ("1", "true"):
                continue
            text = " ".join(_paragraph_text(p) for p in descendants(cell, "p"))
            cells.append((text, int(attribute(cell, "gridSpan", "1")), int(attribute(cell, "rowSpan", "1"))))
        rows.append(cells)
    properties = child(table, "tblPr")
    header_rows = int(properties is not None and attribute(properties, "firstRow") in ("1", "true"))
    return spread(rows, header_rows), header_rows


def _points(data: Element | None) -> dict[str, str]:
    """The values of a part of a chart by their number."""
    if data is None:
        return {}
    return {
        attribute(point, "idx"): value.text or ""
        for point in descendants(data, "pt")
        if (value := child(point, "v")) is not None
    }


def _relation(element: Element) -> str:
    """The id of the relation that an element names. (A slide has an id of its own, too: that one has no namespace.)"""
    return next((value for key, value in element.attrib.items() if key.endswith("}id")), "")
