"""XML bytes -> a tree, without what makes XML dangerous."""

import html.entities
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

from ..errors import SourceError
from .decoding import decode

Element = ET.Element

# Deeper than any document written by a person or an office program; readers below may recurse.
_MAX_DEPTH = 300
_DECLARATION = re.compile(r"^\ufeff?\s*<\?xml[^>]*\?>")
_ENTITY = re.compile(rb"<\0?!\0?E\0?N\0?T\0?I\0?T\0?Y", re.IGNORECASE)


def parse(data: bytes, name: str) -> Element:
    """The root element of an XML document.

    Raises SourceError if it is not well-formed, nests without end, or declares entities: a few lines of
    those can grow to gigabytes ("billion laughs") or read other files. The named characters of HTML
    (&nbsp;) are known.
    """
    if _ENTITY.search(data):
        raise SourceError(f"{name} is refused: its XML declares entities, which can be a trap.")
    try:
        root = _parsed(data)
    except (ET.ParseError, LookupError, ValueError) as exc:
        # The declaration may name another encoding than the file has: once more without it.
        text = decode(data, name)
        try:
            root = _parsed(_DECLARATION.sub("", text))
        except (ET.ParseError, ValueError):
            raise SourceError(f"{name} cannot be read: its XML is damaged ({exc}).") from exc
    if _depth(root) > _MAX_DEPTH:
        raise SourceError(f"{name} is refused: its XML is nested more than {_MAX_DEPTH} deep.")
    return root


def _parsed(data: bytes | str) -> Element:
    parser = ET.XMLParser()  # noqa: S314  # entities, the danger meant, are refused before
    parser.entity.update({key.rstrip(";"): value for key, value in html.entities.html5.items()})
    parser.feed(data)
    root: Element = parser.close()
    return root


def local(element: Element) -> str:
    """The name of an element without its namespace; "" for comments and the like."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: Element, key: str, default: str = "") -> str:
    """The value of the attribute with the local name `key`, whatever its namespace."""
    if key in element.attrib:
        return element.attrib[key]
    return next((value for name, value in element.attrib.items() if name.endswith("}" + key)), default)


def child(element: Element | None, *path: str) -> Element | None:
    """The first descendant along `path` of local names, or None."""
    for step in path:
        if element is None:
            return None
        element = next((below for below in element if local(below) == step), None)
    return element


def children(element: Element | None, name: str) -> list[Element]:
    """The children with the local name `name`."""
    return [] if element is None else [below for below in element if local(below) == name]


def descendants(element: Element, name: str) -> Iterator[Element]:
    """All elements below and at `element` with the local name `name`, in document order."""
    return (below for below in element.iter() if local(below) == name)


def _depth(root: Element) -> int:
    deepest = 0
    level = [root]
    while level:
        deepest += 1
        level = [below for element in level for below in element]
    return deepest
