"""HTML pages: the text that a reader of the page came for."""

import re
from typing import TYPE_CHECKING

from ...documents import Content
from ..building import ContentBuilder, one_line
from ..decoding import decode
from ..flow import Flow
from ..titles import claimed_title
from .chrome import SILENT, is_chrome, main_part
from .lists import Numbering
from .nodes import BLOCKS, attribute, described, inline_text, raised_or_lowered, visit
from .tables import data_rows
from .xhtml import as_html, is_xhtml

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_HEADINGS = {f"h{i}": i for i in range(1, 7)}
_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)


def read_html(data: bytes, name: str) -> Content:
    """The main text of an HTML page: headings, paragraphs, lists, tables and preformatted text.

    Left out: scripts, styles, hidden parts, forms' controls, and what is clearly marked as the chrome
    of a site: <nav>, the landmark roles, and the <header> and <footer> of the page (those of an
    <article> or <main> belong to it). The title is that of the page, else its first heading.
    """
    head = _CHARSET.search(data[:4_096])
    text = decode(data, name, declared=head.group(1).decode("ascii", "replace") if head else None)
    builder = ContentBuilder()
    title = add_html(builder, text)
    content = builder.finish()
    # "Normans - Some Encyclopedia" and the heading "Normans": the heading is the title, the rest is the
    # site's name.
    first = content.title
    return builder.finish(first if first and title.startswith(first) else claimed_title(title) or first)


def add_html(builder: ContentBuilder, text: str, whole_page: bool = True, is_xml: bool = False) -> str:
    """The title of an HTML page or fragment, or "", its text being added to `builder`.

    Pages that say that they are XML are read as such, and all where `is_xml` says so.
    """
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(as_html(text) if is_xml or is_xhtml(text) else text)
    title = tree.css_first("head > title, body > title")  # those of drawings are further in
    walker = _Walker(builder)
    root = main_part(tree.body) if whole_page else tree.body
    if root is not None:
        walker.walk(root)
    return one_line(title.text()) if title is not None and title.parent is not None else ""


class _Walker:
    """Walks over the nodes of a page in order and writes down what it sees, block by block."""

    def __init__(self, builder: ContentBuilder) -> None:
        self._flow = Flow(builder)
        self._text: list[str] = []  # of the block that is being read
        self._lists: list[Numbering | None] = []  # None for bullets
        self._heading: int | None = None
        self._preformatted = 0
        self._in_content = 0  # inside <article> or <main>, whose header and footer belong to the text

    def walk(self, root: "LexborNode") -> None:
        """Writes down everything below `root`."""
        if root.tag in ("main", "article") or attribute(root, "role") == "main":
            self._in_content += 1
        visit(root, self._enter, self._leave)
        self._flush()
        self._flow.end()

    def _enter(self, node: "LexborNode") -> bool:
        """Reads the beginning of `node`; whether what is inside it is to be read too."""
        tag = node.tag or ""
        if tag == "-text":
            self._text.append(node.text_content or "")
            return False
        if tag[:1] in "-_" or tag in SILENT or is_chrome(node, tag, self._in_content > 0):
            return False
        if tag == "br":
            self._text.append("\n" if self._preformatted else "\x00")
        elif tag == "img":
            self._text.append(described(node))
        elif tag == "table" and (parts := data_rows(node)) is not None:
            self._flush()
            if (
                (caption := node.css_first("caption")) is not None
                and caption.parent is not None
                and caption.parent.mem_id == node.mem_id
            ):
                self._flow.text(inline_text(caption))
            for rows, header_rows in parts:
                self._flow.table(rows, header_rows)
            return False
        elif tag in BLOCKS:
            self._flush()
            self._open(node, tag)
        elif tag in ("sup", "sub") and (written := raised_or_lowered(self._text, node, tag)):
            self._text.append(written)
            return False
        return True

    def _open(self, node: "LexborNode", tag: str) -> None:
        if tag in _HEADINGS:
            self._heading = _HEADINGS[tag]
        elif tag == "pre":
            self._preformatted += 1
        elif tag in ("ol", "ul"):
            self._lists.append(Numbering(node) if tag == "ol" else None)
            self._flow.open_list()
        elif tag == "li":
            numbering = self._lists[-1] if self._lists else None
            self._flow.open_item(numbering.mark(node) if numbering is not None else None)
        elif tag in ("article", "main"):
            self._in_content += 1

    def _leave(self, node: "LexborNode") -> None:
        tag = node.tag or ""
        if tag not in BLOCKS:
            return
        self._flush(is_term=tag == "dt")
        if tag in _HEADINGS:
            self._heading = None
        elif tag == "pre":
            self._preformatted = max(0, self._preformatted - 1)
        elif tag in ("ol", "ul"):
            del self._lists[-1:]
            self._flow.close_list()
        elif tag == "li":
            self._flow.close_item()
        elif tag == "dl":
            self._flow.end()
        elif tag in ("article", "main"):
            self._in_content = max(0, self._in_content - 1)

    def _flush(self, is_term: bool = False) -> None:
        text = "".join(self._text)
        self._text.clear()
        if not text or text.isspace():
            return
        if self._preformatted:
            self._flow.code(text)
        elif self._heading is not None:
            self._flow.heading(self._heading, text.replace("\x00", " "))
        elif is_term:
            self._flow.term(text.replace("\x00", " "))
        else:
            self._flow.text(_collapse(text), keep_breaks="\x00" in text.strip(" \n\t\x00"))


def _collapse(text: str) -> str:
    """White space as a browser shows it: source line breaks are spaces, <br> (here a zero) breaks a line."""
    return re.sub(r"[ ]*\x00[ ]*", "\n", re.sub(r"[ \t\r\n\f]+", " ", text)) if "\x00" in text else text
