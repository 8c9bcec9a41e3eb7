"""XML documents: scientific articles (JATS), DocBook, TEI, DITA, feeds, and whatever else has text in it."""

from collections.abc import Callable, Iterable

from ..documents import Content
from .building import ContentBuilder, one_line
from .flow import Flow
from .html import add_html, read_html
from .raised import lowered, raised
from .tables import spread
from .words import words
from .xml_data import add_data, is_data
from .xml_tree import Element, attribute, child, children, descendants, local, parse

_TITLES = words("title head heading article-title bridgehead")
_PARAGRAPHS = words("p para simpara formalpara ab l verse-line v attrib")
_LISTS = words("list itemizedlist orderedlist variablelist def-list ul ol dl procedure simplelist")
_ITEMS = words("list-item listitem item li step member")
_NUMBERED = words("order ordered decimal number arabic")
_CODE = words("code programlisting screen literallayout pre preformat verbatim codeblock synopsis")
_SILENT = words(
    "journal-meta permissions processing-meta custom-meta-group related-article history pub-date "
    "article-id article-categories volume issue fpage lpage elocation-id self-uri counts funding-group "
    "object-id graphic media inline-graphic indexterm remark comment script style "
    "teiHeader binary tex-math-source author-notes aff contrib-group kwd-group metadata"
)
# Of these a reference is made.
_OF_REFERENCES = words("volume issue fpage lpage elocation-id")
# Parts at the end of an article that need no title of their own.
_BACK_TITLES = {"ack": "Acknowledgements", "fn-group": "Notes", "notes": "Notes", "app": "Appendix"}
# Elements inside a paragraph that are paragraphs, lists or tables of their own.
_BLOCKS = (
    _PARAGRAPHS
    | _LISTS
    | _CODE
    | words("table-wrap table fig disp-quote boxed-text disp-formula supplementary-material")
)
_LONG = 200


def read_xml(data: bytes, name: str) -> Content:
    """The text of an XML document: titles as headings, paragraphs, lists, tables; data as "name: value" lines.

    Of a scientific article: title, authors, abstract, body, figure captions, notes and references. Of a
    feed: each entry under its title.
    """
    root = parse(data, name)
    reader = _Reader()
    if local(root) == "html":
        return read_html(data, name)
    feed = [entry for kind in ("item", "entry") for entry in descendants(root, kind)]
    if local(root) in ("rss", "feed", "RDF") and feed:
        return _feed(root, feed)
    articles = [article for article in descendants(root, "article") if child(article, "front") is not None]
    if articles:
        for article in articles:
            reader.article(article)
    elif is_data(root):
        add_data(reader.flow, root)
    else:
        reader.walk(root, 1)
    reader.flow.end()
    return reader.builder.finish()


def _feed(root: Element, entries: Iterable[Element]) -> Content:
    builder = ContentBuilder()
    channel = child(root, "channel")
    top = channel if channel is not None else root
    title = _text(child(top, "title"))
    builder.heading(1, title)
    builder.paragraph(_text(child(top, "description")) or _text(child(top, "subtitle")))
    for entry in entries:
        builder.heading(2, _text(child(entry, "title")))
        for name in ("pubDate", "published", "date", "updated"):
            if date := _text(child(entry, name)):
                builder.paragraph(date)
                break
        whole = _html(entry, "encoded") or _html(entry, "content")
        # Beside the whole, the description of RSS is an excerpt; the summary of Atom may be one.
        short = _html(entry, "summary") or (_html(entry, "description") if not whole else "")
        if short and _shown(short).rstrip(" .…[]") not in _shown(whole):
            add_html(builder, short, whole_page=False)
        if whole:
            add_html(builder, whole, whole_page=False)
    return builder.finish(title)


def _html(entry: Element, name: str) -> str:
    """What an entry of a feed holds under `name`, as HTML; "" if it holds nothing."""
    body = child(entry, name)
    return "" if body is None else ((body.text or "") if not len(body) else " ".join(body.itertext())).strip()


def _shown(html: str) -> str:
    builder = ContentBuilder()
    add_html(builder, html, whole_page=False)
    return one_line(builder.finish().text)


class _Reader:
    def __init__(self) -> None:
        self.builder = ContentBuilder()
        self.flow = Flow(self.builder)
        self._boxes = 0  # around what is read: what follows a box is not under its title

    def article(self, article: Element) -> None:
        """Reads a scientific article as JATS marks it up."""
        meta = child(article, "front", "article-meta")
        titles = child(meta, "title-group")
        self.flow.heading(1, _text(child(titles, "article-title")))
        self.flow.text(_text(child(titles, "subtitle")))
        authors = [_author(contrib) for contrib in descendants(meta, "contrib")] if meta is not None else []
        if any(authors):
            self.flow.text(f"Authors: {', '.join(filter(None, authors))}")
        for abstract in children(meta, "abstract"):
            self.flow.heading(2, _text(child(abstract, "title")) or "Abstract")
            self._below(abstract, 3)
        for keywords in children(meta, "kwd-group"):
            self.flow.text("Keywords: " + ", ".join(_text(keyword) for keyword in descendants(keywords, "kwd")))
        for part in ("body", "back", "floats-group", "sub-article", "response"):
            for element in children(article, part):
                if part == "back":
                    self._back(element)
                else:
                    self.walk(element, 2)

    def _back(self, back: Element) -> None:
        for part in back:
            name = local(part)
            if name in _BACK_TITLES and next(descendants(part, "title"), None) is None and _text(part):
                self.flow.heading(2, _text(child(part, "label")) or _BACK_TITLES[name])
            self.walk(part, 2)

    def walk(self, element: Element, level: int) -> None:
        """Reads an element, its headings being of `level` and below."""
        name = local(element)
        if name in _SILENT or not name:
            return
        special = self._special(name)
        if special is not None:
            special(element)
        elif name in _PARAGRAPHS or _is_mixed(element):
            self._paragraph(element, level)
        elif not len(element):
            self.flow.text(_text(element))
        else:
            title = next((below for below in element if local(below) in _TITLES), None)
            if title is not None:
                self._title(f"{_text(child(element, 'label'))} {_text(title)}", level)
                self._below(element, level + 1)
            elif _is_record(element):
                self._record(element)
            else:
                self._below(element, level)

    def _title(self, text: str, level: int) -> None:
        if self._boxes:
            self.flow.text(text)
        else:
            self.flow.heading(min(level, 9), text.strip())

    def _box(self, element: Element) -> None:
        """A text beside the text: its title is a line, for a heading would stand over what follows the box."""
        self._boxes += 1
        self._caption(element)
        for below in element:
            if local(below) not in ("title", "label", "caption"):
                self.walk(below, 9)
        self._boxes -= 1

    def _special(self, name: str) -> Callable[[Element], None] | None:
        if name in _LISTS:
            return self._list
        if name in _CODE:
            return lambda element: self.flow.code("".join(element.itertext()))
        return {
            "table-wrap": self._table_wrap,
            "table": self._table,
            "informaltable": self._table,
            "tgroup": self._table,
            "fig": self._figure,
            "figure": self._figure,
            "supplementary-material": self._supplement,
            "boxed-text": self._box,
            "disp-formula": self._formula,
            "ref-list": self._references,
        }.get(name)

    def _below(self, element: Element, level: int) -> None:
        for below in element:
            if local(below) not in _TITLES and local(below) != "label":
                self.walk(below, level)

    def _paragraph(self, element: Element, level: int) -> None:
        """A paragraph; lists and tables inside it part it in two."""
        parts = [element.text or ""]
        for below in element:
            if local(below) in _BLOCKS:
                self.flow.text("".join(parts))
                parts = []
                self.walk(below, level)
            else:
                _add_inline(below, parts)
            parts.append(below.tail or "")
        self.flow.text("".join(parts))

    def _list(self, element: Element) -> None:
        kind = attribute(element, "list-type") or attribute(element, "type") or attribute(element, "rend")
        numbered = local(element) in ("orderedlist", "ol", "procedure") or kind in _NUMBERED
        self.flow.open_list(1 if numbered else None)
        for item in element:
            name = local(item)
            if name in ("def-item", "varlistentry", "dlentry"):
                self.flow.text(": ".join(filter(None, (_text(below) for below in item))))
            elif name in ("dt", "term", "label"):
                self.flow.term(_text(item))
            elif name in _ITEMS or name in ("dd", "def"):
                self.flow.open_item()
                if _is_mixed(item) or not len(item):
                    self._paragraph(item, 9)
                else:
                    self._below(item, 9)
                self.flow.close_item()
        self.flow.close_list()

    def _table_wrap(self, element: Element) -> None:
        self._caption(element)
        for table in descendants(element, "table"):
            self._table(table)
        foot = child(element, "table-wrap-foot")
        for paragraph in descendants(foot, "p") if foot is not None else ():
            self.flow.text(_text(paragraph))

    def _table(self, element: Element) -> None:
        rows: list[list[tuple[str, int, int]]] = []
        heads = {id(row) for head in descendants(element, "thead") for row in head.iter()}
        header_rows = 0
        for row in element.iter():
            if local(row) not in ("tr", "row"):
                continue
            cells = [cell for cell in row if local(cell) in ("td", "th", "entry", "cell")]
            if id(row) in heads or (cells and all(local(cell) == "th" for cell in cells)):
                header_rows += header_rows == len(rows)
            rows.append(
                [(_text(cell), _number(cell, "colspan", 0), _number(cell, "rowspan", "morerows")) for cell in cells]
            )
        title = child(element, "title")
        self.flow.text(_text(title))
        self.flow.table(spread(rows, header_rows), header_rows)

    def _figure(self, element: Element) -> None:
        self._caption(element)

    def _supplement(self, element: Element) -> None:
        media = child(element, "media")
        said = element if media is None or child(element, "caption") is not None else media
        if not _text(child(said, "caption")).startswith("Click here"):  # to download it
            self._caption(said)

    def _caption(self, element: Element) -> None:
        label, caption = _text(child(element, "label")), child(element, "caption")
        text = _text(caption) if caption is not None else _text(child(element, "title"))
        self.flow.text(f"{label.rstrip('.')}. {text}" if label and text else label or text)

    def _formula(self, element: Element) -> None:
        self.flow.text(_inline(element))

    def _references(self, element: Element) -> None:
        self.flow.heading(2, _text(child(element, "title")) or "References")
        lines = []
        for reference in descendants(element, "ref"):
            label = _text(child(reference, "label"))
            text = " ".join(_citation(below) for below in reference if local(below) not in ("label", "note"))
            lines.append(f"[{label.strip('[].')}] {text}" if label else text)
        self.builder.lines(lines)

    def _record(self, element: Element) -> None:
        """Values side by side as one line, "name: value | name: value"; long ones as paragraphs."""
        values, texts = [], []
        for below in element:
            text = _text(below)
            if len(text) > _LONG:
                texts.append(text)
            elif text:
                values.append(f"{local(below)}: {text}")
        self.flow.text(" | ".join(values))
        for text in texts:
            self.flow.text(text)


def _inline(element: Element) -> str:
    """The text of an element inside a paragraph."""
    parts: list[str] = []
    _add_inline(element, parts)
    return "".join(parts)


def _add_inline(element: Element, parts: list[str]) -> None:
    name = local(element)
    if name in ("tex-math", "annotation") or name in _SILENT - _OF_REFERENCES or not name:
        return
    if name in ("break", "br", "lb"):
        parts.append(" ")
        return
    inside = [] if name in ("xref", "sup", "sub") else parts
    inside.append(element.text or "")
    for below in element:
        _add_inline(below, inside)
        inside.append(below.tail or "")
    if inside is not parts:
        parts.append(_marked(element, "".join(inside), before="".join(parts[-20:])))
    # Elements without white space between them: names, numbers, cells.
    elif name in ("label", "p", "title", "td", "th", "entry", "surname", "given-names"):
        parts.append(" ")


def _marked(element: Element, inner: str, before: str) -> str:
    """How a reference, raised or lowered text is written."""
    name, stripped = local(element), inner.strip("[]()^ ")
    if name == "xref" and attribute(element, "ref-type") in ("bibr", "fn") and stripped.isdigit():
        in_brackets = before.rfind("[") > before.rfind("]")
        return stripped if in_brackets else inner if inner.startswith("[") else f"[{stripped}]"
    if name == "sup" and stripped.isdigit() and not inner.startswith("["):
        return f"^{inner}"
    if name == "sup":
        return raised(before, inner) or inner
    return (lowered(before, inner) if name == "sub" else "") or inner


def _citation(element: Element) -> str:
    """A reference, put together where it comes in parts without a sign between them."""
    if _is_mixed(element) or not len(element):
        return _text(element)
    authors = [_text(name) for kind in ("name", "string-name", "collab") for name in descendants(element, kind)]
    authors += ["et al" for _ in descendants(element, "etal")]
    volume, issue, first, last = (_text(child(element, kind)) for kind in ("volume", "issue", "fpage", "lpage"))
    place = f"{volume}({issue})" if issue else volume
    pages = f"{first}-{last}" if last and last != first else first
    said = words("name string-name collab etal person-group volume issue fpage lpage")
    rest = [_text(below) for below in element if local(below) not in said]
    parts = [", ".join(authors), *rest, ":".join(filter(None, (place, pages)))]
    return " ".join(part if part[-1] in ".?!" else f"{part}." for part in parts if part)


def _text(element: Element | None) -> str:
    return one_line(_inline(element)).replace(" ,", ",") if element is not None else ""


def _author(contrib: Element) -> str:
    name = next(descendants(contrib, "name"), None)
    if name is None:
        return _text(next(descendants(contrib, "collab"), None))
    return f"{_text(child(name, 'given-names'))} {_text(child(name, 'surname'))}".strip()


def _is_mixed(element: Element) -> bool:
    """Whether there is text between the elements: a sentence, then, and no structure."""
    direct = [element.text or "", *(below.tail or "" for below in element)]
    return len(element) > 0 and any(map(str.strip, direct))


def _is_record(element: Element) -> bool:
    """Whether an element only holds values, each under a name of its own."""
    names = [local(below) for below in element]
    return len(names) > 1 and not any(len(below) for below in element) and len(set(names)) > len(names) / 2


def _number(cell: Element, key: str, more: str | int) -> int:
    value = attribute(cell, key)
    if value.isdigit():
        return int(value)
    extra = attribute(cell, more) if isinstance(more, str) else ""
    return int(extra) + 1 if extra.isdigit() else 1
