"""XHTML, which is XML, as the HTML that says the same."""

import re
from html import escape

from ..words import words

# Elements that HTML knows to be empty.
_VOID = words("area base br col embed hr img input link meta param source track wbr")
_NAMESPACE = re.compile(r"""\sxmlns\s*=\s*["']http://www\.w3\.org/1999/xhtml["']""")
# An empty element, or what only looks as if it held some. No attribute holds a "<" in XML: nothing is looked at twice.
_PIECE = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<!\[CDATA\[(?P<characters>.*?)(?:\]\]>|\Z)"
    r"""|<(?P<tag>[a-zA-Z][\w:.-]*)(?P<attributes>(?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*/>"""
    r"|<(?P<raw>script|style)\b[^<>]*>.*?(?:</(?P=raw)\s*>|\Z)",
    re.DOTALL | re.IGNORECASE,
)


def is_xhtml(text: str) -> bool:
    """Whether a page says that it is XML: by the declaration, or by the namespace of its elements."""
    return text.lstrip("\ufeff \t\r\n")[:5] == "<?xml" or _NAMESPACE.search(text[:4_096]) is not None


def as_html(text: str) -> str:
    """`text` with what HTML does not know written out: empty elements (<title/>), and sections of characters.

    To an HTML parser <title/> is the beginning of a title that goes on to the end of the page.

    >>> as_html("<title/><p>a<br/><![CDATA[1 < 2]]></p>")
    '<title></title><p>a<br/>1 &lt; 2</p>'
    """
    return _PIECE.sub(_written_out, text)


def _written_out(piece: re.Match[str]) -> str:
    if (characters := piece["characters"]) is not None:
        return escape(characters, quote=False)
    tag = piece["tag"]
    if tag is None or tag.lower() in _VOID:
        return piece[0]
    return f"<{tag}{piece['attributes']}></{tag}>"
