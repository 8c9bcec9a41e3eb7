"""Nodes of an HTML page: walking over them, and the text of a small part."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..building import one_line
from ..raised import lowered, raised
from ..words import words
from .chrome import SILENT, is_chrome

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

# Elements that begin a line of their own.
BLOCKS = words(
    "address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main nav ol p pre section summary "
    "table tbody td tfoot th thead tr ul"
)


def visit(root: "LexborNode", enter: "Callable[[LexborNode], bool]", leave: "Callable[[LexborNode], None]") -> None:
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
            parts.append(described(child))
        elif tag == "br" or tag in BLOCKS:
            parts.append(" ")
        if tag[:1] in "-_" or tag in SILENT or is_chrome(child, tag, True):
            return False
        if tag in ("sup", "sub") and (written := raised_or_lowered(parts, child, tag)):
            parts.append(written)
            return False
        return True

    def leave(child: "LexborNode") -> None:
        if child.tag in BLOCKS:
            parts.append(" ")

    visit(node, enter, leave)
    return one_line("".join(parts))


def raised_or_lowered(before: list[str], node: "LexborNode", tag: str) -> str:
    """How a <sup> or <sub> is written behind what is `before` it; "" if its text is to be read as any other.

    The mark of a footnote is told from an exponent by its link: it is written "[3]".
    """
    text = node.text() or ""
    mark = text.strip().strip("[]()")
    is_linked = node.css_first("a") is not None or (node.parent is not None and node.parent.tag == "a")
    if tag == "sup" and is_linked and mark.isdigit():
        return f"[{mark}]"
    return (raised if tag == "sup" else lowered)(before[-1] if before else "", text)


def described(image: "LexborNode") -> str:
    """What an image shows, if its description says more than a name would."""
    alt = one_line(attribute(image, "alt"))
    return f" {alt} " if alt.count(" ") >= 2 else " "


def attribute(node: "LexborNode", key: str) -> str:
    """The value of an attribute, "" if the element has none."""
    return node.attributes.get(key) or ""


def number(text: str, default: int) -> int:
    """The small whole number that `text` spells, `default` if it spells none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else default
