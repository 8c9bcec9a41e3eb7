"""XML that holds data rather than a text: each record as a line that names what it holds."""

from collections import Counter

from .building import one_line
from .flow import Flow
from .words import words
from .xml_tree import Element, local

# A document with one of these is a text, in whatever vocabulary.
_OF_TEXTS = words(
    "p para simpara formalpara ab verse-line sec section sect1 chapter programlisting codeblock literallayout"
)
_CELLS = words("td th entry cell")
_NAMES = words("title name headline heading")
# What attributes say to programs: names to refer to, looks, links.
_TECHNICAL = words("id idref idrefs ref rid uuid guid class style lang href src url uri link rel")
_TECHNICAL_NAMESPACES = (
    "{http://www.w3.org/XML/1998/namespace}",
    "{http://www.w3.org/2001/XMLSchema-instance}",
    "{http://www.w3.org/1999/xlink}",
)
_NO_TEXT = words("script style binary")
# Longer values are texts, which need no name in front of them.
_LONG = 200
_DEEPEST = 9


def is_data(root: Element) -> bool:
    """Whether a document is made of values and records: no paragraph, section or table in it."""
    return not any(local(element) in _OF_TEXTS or local(element) in _CELLS for element in root.iter())


def add_data(flow: Flow, element: Element, level: int = 1) -> None:
    """Writes down an element: "name: value | name: value" for what it holds itself, then what is below.

    Values are its attributes and the elements in it without a structure of their own ("price: 5.00 |
    price.currency: EUR"). What has a name and parts of its own is a section of that name.
    """
    record = _Record(flow)
    below = [inner for inner in element if local(inner) and local(inner) not in _NO_TEXT]
    counts = Counter(map(local, below))
    parts = {inner for inner in below if not _is_value(inner)}
    name = _name(element) if parts else ""
    if name:
        flow.heading(min(level, _DEEPEST), name)
    for key, value in _attributes(element):
        if not (name and value == name and key in _NAMES):
            record.add(key, value)
    if _is_value(element):
        record.add(local(element), _text(element))
        record.end()
        return
    if len(counts) == 1 and len(below) > 1 and not parts and not _is_mixed(element):
        record.end()
        flow.builder.lines(_line(inner) for inner in below)
        return
    record.text(element.text or "")
    for inner in below:
        key, attributes = local(inner), _attributes(inner)
        if inner in parts or (attributes and counts[key] > 1):
            record.end()
            add_data(flow, inner, level + bool(name))
        else:
            text = _text(inner)
            if not (name and text == name and key in _NAMES):
                record.add(key, text)
            for more, value in attributes:
                record.add(f"{key}.{more}", value)
        record.text(inner.tail or "")
    record.end()


class _Record:
    """The line that is being written."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._values: dict[str, list[str]] = {}

    def add(self, name: str, value: str) -> None:
        if len(value) > _LONG:
            self.text(value)
        elif value:
            self._values.setdefault(name, []).append(value)

    def text(self, text: str) -> None:
        """Text that has no name, a line of its own."""
        if text.strip():
            self.end()
            self._flow.text(text)

    def end(self) -> None:
        self._flow.text(" | ".join(f"{name}: {', '.join(values)}" for name, values in self._values.items()))
        self._values = {}


def _line(element: Element) -> str:
    """A value and its attributes on a line of their own."""
    text = _text(element)
    pairs = [*_attributes(element), (local(element), text)]
    return (
        text if len(text) > _LONG and len(pairs) == 1 else " | ".join(f"{key}: {text}" for key, text in pairs if text)
    )


def _is_value(element: Element) -> bool:
    """Whether an element holds nothing but text, the letters in bold included."""
    if not len(element):
        return True
    return _is_mixed(element) and not any(_attributes(inner) for inner in element.iter() if inner is not element)


def _is_mixed(element: Element) -> bool:
    """Whether there is text beside the elements in it."""
    return any((text or "").strip() for text in (element.text, *(inner.tail for inner in element)))


def _text(element: Element) -> str:
    return one_line("".join(element.itertext()))


def _name(element: Element) -> str:
    """The name or title of a record, short enough for a heading; "" without one."""
    named = [text for key, text in _attributes(element) if key in _NAMES]
    named += [one_line(inner.text or "") for inner in element if local(inner) in _NAMES and not len(inner)]
    return next((text for text in named if text and len(text) <= _LONG), "")


def _attributes(element: Element) -> list[tuple[str, str]]:
    """The attributes that are data."""
    found = []
    for key, value in element.attrib.items():
        name, value = key.rpartition("}")[2], one_line(value)
        if (
            name.lower() not in _TECHNICAL
            and not key.startswith(_TECHNICAL_NAMESPACES)
            and "://" not in value
            and value
        ):
            found.append((name, value))
    return found
