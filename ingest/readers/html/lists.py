"""The numbers that a browser shows in front of the items of an ordered list."""

import re
from typing import TYPE_CHECKING

from ..roman import roman
from .nodes import attribute, number

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_TYPES = {"a": "lower-alpha", "A": "upper-alpha", "i": "lower-roman", "I": "upper-roman"}
_STYLE = re.compile(r"list-style(?:-type)?\s*:[^;]*?\b(lower|upper)-(alpha|latin|roman)\b", re.IGNORECASE)


class Numbering:
    """The numbering of one <ol>: where it starts, which way it counts, and in what numerals."""

    def __init__(self, ol: "LexborNode") -> None:
        self._is_reversed = "reversed" in ol.attributes
        first = _items(ol) if self._is_reversed else 1
        self._next = number(attribute(ol, "start"), first)
        self._numerals = _numerals(ol)

    def mark(self, item: "LexborNode") -> str:
        """What stands in front of the next item, "b. "; the item may set its own number and numerals."""
        count = number(attribute(item, "value"), self._next)
        self._next = count - 1 if self._is_reversed else count + 1
        return f"{numeral(count, _numerals(item) or self._numerals)}. "


def numeral(count: int, numerals: str) -> str:
    """`count` in the numerals that a style sheet names, as far as they reach.

    >>> numeral(28, "lower-alpha"), numeral(4, "upper-roman"), numeral(-1, "lower-roman"), numeral(3, "")
    ('ab', 'IV', '-1', '3')
    """
    case, _, kind = numerals.partition("-")
    written = ""
    if kind in ("alpha", "latin"):
        while count > 0:
            count, letter = divmod(count - 1, 26)
            written = chr(ord("a") + letter) + written
    elif kind == "roman":
        written = roman(count)
    return (written.upper() if case == "upper" else written) or str(count)


def _numerals(node: "LexborNode") -> str:
    style = _STYLE.search(attribute(node, "style"))
    return style[1].lower() + "-" + style[2].lower() if style else _TYPES.get(attribute(node, "type"), "")


def _items(ol: "LexborNode") -> int:
    count, child = 0, ol.child
    while child is not None:
        count += child.tag == "li"
        child = child.next
    return count
