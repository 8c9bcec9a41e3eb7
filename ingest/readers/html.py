"""HTML pages: the text that a reader of the page came for."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..documents import Content
from .building import ContentBuilder, one_line
from .decoding import decode
from .flow import Flow
from .tables import spread

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main nav ol p pre section summary table "
    "tbody td tfoot th thead tr ul".split()
)
_HEADINGS = {f"h{i}": i for i in range(1, 7)}
# Never text for a reader.
_SILENT = frozenset(
    "annotation annotation-xml audio button canvas datalist dialog embed head iframe input map meter noscript "
    "object progress rp script select style svg template textarea video".split()
)
_CHROME_ROLES = frozenset(
    "navigation banner contentinfo search menu menubar toolbar tablist dialog alertdialog".split()
)
# Signs that stand behind headings as links to themselves, and edit links of wikis.
_PERMALINKS = frozenset(("¶", "#", "§", "🔗", "\uf0c1"))
# Class names and ids that well-known site generators give to what is not content: links to headings,
# edit links, navigation, tables of contents (which repeat every heading and answer nothing), and what
# print leaves out.
_CHROME_NAMES = frozenset(
    "headerlink anchorjs-link mw-editsection mw-jump-link skip-link sr-only visually-hidden noprint no-print "
    "d-print-none navbar navheader navfooter nav-panel breadcrumb breadcrumbs sphinxsidebar site-header "
    "site-footer sidebar-nav toc contents_element element-contents sec_contents table-of-contents "
    "tableofcontents navbox catlinks cookie-banner mw-portlet vector-dropdown vector-menu".split()
)
# These alone say nothing; around links to the next and previous page they are navigation.
_MAYBE_CHROME = frozenset("header footer nav navigation".split())
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
# A <main> is taken for the whole page only if it holds a good part of it.
_MAIN_SHARE = 0.25


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
    return builder.finish(first if first and title.startswith(first) else title or first)


def add_html(builder: ContentBuilder, text: str, whole_page: bool = True) -> str:
    """The title of an HTML page or fragment, or "", its text being added to `builder`."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(text)
    title = tree.css_first("title")
    walker = _Walker(builder)
    root = _main(tree.body) if whole_page else tree.body
    if root is not None:
        walker.walk(root)
    return one_line(title.text()) if title is not None and title.parent is not None else ""


def _main(body: "LexborNode | None") -> "LexborNode | None":
    """The one part of the page that calls itself the main one, if it holds a good part of the text."""
    if body is None:
        return None
    found = body.css("main, [role=main]")
    if len(found) == 1 and len(found[0].text()) >= _MAIN_SHARE * len(body.text()):
        return found[0]
    return body


class _Walker:
    """Walks over the nodes of a page in order and writes down what it sees, block by block."""

    def __init__(self, builder: ContentBuilder) -> None:
        self._flow = Flow(builder)
        self._text: list[str] = []  # of the block that is being read
        self._heading: int | None = None
        self._preformatted = 0
        self._in_content = 0  # inside <article> or <main>, whose header and footer belong to the text

    def walk(self, root: "LexborNode") -> None:
        """Writes down everything below `root`."""
        if root.tag in ("main", "article") or _attribute(root, "role") == "main":
            self._in_content += 1
        _visit(root, self._enter, self._leave)
        self._flush()
        self._flow.end()

    def _enter(self, node: "LexborNode") -> bool:
        """Reads the beginning of `node`; whether what is inside it is to be read too."""
        tag = node.tag or ""
        if tag == "-text":
            self._text.append(node.text_content or "")
            return False
        if tag[:1] in "-_" or tag in _SILENT or _is_chrome(node, tag, self._in_content > 0):
            return False
        if tag == "br":
            self._text.append("\n" if self._preformatted else "\x00")
        elif tag == "img":
            self._text.append(_described(node))
        elif tag == "table" and (rows := _data_rows(node)) is not None:
            self._flush()
            if (
                (caption := node.css_first("caption")) is not None
                and caption.parent is not None
                and caption.parent.mem_id == node.mem_id
            ):
                self._flow.text(inline_text(caption))
            self._flow.table(*rows)
            return False
        elif tag in _BLOCKS:
            self._flush()
            self._open(node, tag)
        elif tag == "sup" and (mark := _note_mark(node)):
            self._text.append(mark)
            return False
        elif tag in ("sup", "sub") and _is_number_joint(self._text, node):
            self._text.append("^" if tag == "sup" else "_")
        return True

    def _open(self, node: "LexborNode", tag: str) -> None:
        if tag in _HEADINGS:
            self._heading = _HEADINGS[tag]
        elif tag == "pre":
            self._preformatted += 1
        elif tag == "ol":
            self._flow.open_list(_number(_attribute(node, "start"), 1))
        elif tag == "ul":
            self._flow.open_list()
        elif tag == "li":
            self._flow.open_item()
        elif tag in ("article", "main"):
            self._in_content += 1

    def _leave(self, node: "LexborNode") -> None:
        tag = node.tag or ""
        if tag not in _BLOCKS:
            return
        self._flush(is_term=tag == "dt")
        if tag in _HEADINGS:
            self._heading = None
        elif tag == "pre":
            self._preformatted = max(0, self._preformatted - 1)
        elif tag in ("ol", "ul"):
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


def _visit(
    root: "LexborNode", enter: "Callable[[LexborNode], bool]", leave: "Callable[[LexborNode], None]"
) -> None:
    """Calls `enter` and `leave` for all that is below `root`; below a node only if `enter` says so.

    Not recursive: pages nest as deep as they like. (Nodes are compared by identity; `==` compares their
    HTML.)
    """
    node = root.child
    while node is not None:
        inside = enter(node)
        below = node.child if inside else None
        if below is not None:
            node = below
            continue
        if inside:
            leave(node)
        while node.next is None:
            above = node.parent
            if above is None or above.mem_id == root.mem_id:
                return
            leave(above)
            node = above
        node = node.next


def inline_text(node: "LexborNode") -> str:
    """The text of a table cell or caption, on one line, without what is hidden."""
    parts: list[str] = []

    def enter(child: "LexborNode") -> bool:
        tag = child.tag or ""
        if tag == "-text":
            parts.append(child.text_content or "")
        elif tag == "img":
            parts.append(_described(child))
        elif tag == "br" or tag in _BLOCKS:
            parts.append(" ")
        return not (tag[:1] in "-_" or tag in _SILENT or _is_chrome(child, tag, True))

    def leave(child: "LexborNode") -> None:
        if child.tag in _BLOCKS:
            parts.append(" ")

    _visit(node, enter, leave)
    return one_line("".join(parts))


def _data_rows(table: "LexborNode") -> tuple[list[list[str]], int] | None:
    """The rows of a table and how many of them are headers; None for one that only lays out the page."""
    if table.css_first("table table, table pre, table h1, table h2, table h3, table ul li p") is not None:
        return None
    if _attribute(table, "role") in ("presentation", "none"):
        return None
    rows = [
        [cell for cell in _children(row) if cell.tag in ("td", "th") and not _is_chrome(cell, "td", True)]
        for row in table.css("tr")
    ]
    rows = [row for row in rows if row]
    has_headers = table.css_first("th") is not None
    if not has_headers and max((len(row) for row in rows), default=0) < 2:
        return None
    header_rows = 0
    for row in rows:
        parent = row[0].parent.parent if row[0].parent is not None else None
        in_head = parent is not None and parent.tag == "thead"
        if not in_head and not (len(row) > 1 and all(cell.tag == "th" for cell in row)):
            break
        header_rows += 1
    cells = [
        [
            (
                inline_text(cell),
                _number(_attribute(cell, "colspan"), 1),
                _number(_attribute(cell, "rowspan"), 1),
            )
            for cell in row
        ]
        for row in rows
    ]
    return spread(cells, header_rows), header_rows


def _children(node: "LexborNode") -> "list[LexborNode]":
    found = []
    child = node.child
    while child is not None:
        found.append(child)
        child = child.next
    return found


def _is_chrome(node: "LexborNode", tag: str, in_content: bool) -> bool:
    if tag == "nav" or (tag in ("header", "footer") and not in_content and not _holds_title(node, tag)):
        return True
    attributes = node.attributes
    if not attributes:
        return False
    if (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or attributes.get("role") in _CHROME_ROLES
    ):
        return tag not in ("body", "main", "article")
    if (style := attributes.get("style")) and _HIDDEN_STYLE.search(style):
        return True
    names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}".lower().split()
    if not _CHROME_NAMES.isdisjoint(names) and tag not in ("body", "main", "article"):
        return True
    if not _MAYBE_CHROME.isdisjoint(names) and node.css_first("a[rel=next], a[rel=prev]") is not None:
        return True
    return tag == "a" and (node.text() or "").strip() in _PERMALINKS


def _holds_title(node: "LexborNode", tag: str) -> bool:
    """Whether a <header> holds the heading of the page: the one place where it matters what it says."""
    return tag == "header" and node.css_first("h1") is not None


def _described(image: "LexborNode") -> str:
    """What an image shows, if its description says more than a name would."""
    alt = one_line(_attribute(image, "alt"))
    return f" {alt} " if alt.count(" ") >= 2 else " "


def _note_mark(sup: "LexborNode") -> str:
    """The mark "[3]" of a footnote, told from an exponent by its link; "" if it is none."""
    mark = (sup.text() or "").strip().strip("[]()")
    linked = sup.css_first("a") is not None or (sup.parent is not None and sup.parent.tag == "a")
    return f"[{mark}]" if linked and mark.isdigit() else ""


def _is_number_joint(before: list[str], node: "LexborNode") -> bool:
    """Whether a raised or lowered number would run into a number before it: 10<sup>5</sup> is not 105."""
    last = before[-1][-1:] if before else ""
    return last.isdigit() and (node.text() or "")[:1].isdigit()


def _collapse(text: str) -> str:
    """White space as a browser shows it: source line breaks are spaces, <br> (here a zero) breaks a line."""
    return re.sub(r"[ ]*\x00[ ]*", "\n", re.sub(r"[ \t\r\n\f]+", " ", text)) if "\x00" in text else text


def _attribute(node: "LexborNode", key: str) -> str:
    return node.attributes.get(key) or ""


def _number(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else default
