"""What the styles and the numbering of a Word document say about a paragraph."""

import re
from dataclasses import dataclass, replace

from ..xml_tree import Element, attribute, child, children

_HEADING = re.compile(r"heading (\d)")
_CODE = re.compile(r"source ?code|html preformatted|preformatted|^code( block)?$|listing|macro text", re.IGNORECASE)
_CONTENTS = re.compile(r"toc (\d|heading)|table of figures")
_ROMAN = (
    ("m", 1000), ("cm", 900), ("d", 500), ("cd", 400), ("c", 100), ("xc", 90), ("l", 50), ("xl", 40), ("x", 10),
    ("ix", 9), ("v", 5), ("iv", 4), ("i", 1),
)  # fmt: skip
# More steps from a style to the one it is based on are a circle.
_MOST_STEPS = 20


@dataclass(frozen=True, slots=True)
class Style:
    """What a paragraph is: a title, a heading of a level (from 1; 0 = none), code, an entry of a table of contents.

    `list_id` and `list_level` name its list, if the style has one.
    """

    title: bool = False
    level: int = 0
    code: bool = False
    contents: bool = False
    list_id: str = ""
    list_level: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list: how deep (from 1), and what stands in front of it."""

    depth: int
    mark: str


class Styles:
    """The paragraph styles of a document."""

    def __init__(self, root: Element | None) -> None:
        self._elements = {attribute(style, "styleId"): style for style in children(root, "style")}
        self._known: dict[str, Style] = {}

    def of(self, paragraph: Element) -> Style:
        """The style of a paragraph, with what the paragraph sets itself."""
        properties = child(paragraph, "pPr")
        named = child(properties, "pStyle")
        style = self._style(attribute(named, "val")) if named is not None else Style()
        outline = _level(properties)
        if outline and not style.title:
            style = replace(style, level=outline)
        return style

    def _style(self, id_: str) -> Style:
        if id_ not in self._known:
            self._known[id_] = self._resolved(id_)
        return self._known[id_]

    def _resolved(self, id_: str) -> Style:
        title, level, code, contents, list_id, list_level = False, 0, False, False, "", ""
        for _ in range(_MOST_STEPS):
            element = self._elements.get(id_)
            name_element = child(element, "name")
            name = attribute(name_element, "val", id_).lower() if name_element is not None else id_.lower()
            heading = _HEADING.fullmatch(name) or re.fullmatch(r"heading(\d)", name)
            title = title or name == "title"
            code = code or bool(_CODE.search(name))
            contents = contents or bool(_CONTENTS.match(name))
            level = level or (int(heading[1]) if heading else _level(child(element, "pPr")))
            numbering = child(element, "pPr", "numPr")
            if numbering is not None and not list_id:
                list_id = _value(child(numbering, "numId"))
                list_level = _value(child(numbering, "ilvl"))
            based_on = child(element, "basedOn")
            if based_on is None:
                break
            id_ = attribute(based_on, "val")
        return Style(title, level, code, contents, list_id, list_level)


class Numbering:
    """The lists of a document, counting as they are read."""

    def __init__(self, root: Element | None) -> None:
        abstract = {attribute(element, "abstractNumId"): element for element in children(root, "abstractNum")}
        self._formats: dict[str, dict[str, tuple[str, int]]] = {}
        self._counter_of: dict[str, str] = {}
        for number in children(root, "num"):
            id_ = attribute(number, "numId")
            base_id = _value(child(number, "abstractNumId"))
            self._formats[id_] = {
                attribute(level, "ilvl"): (
                    _value(child(level, "numFmt")) or "bullet",
                    _integer(_value(child(level, "start")), 1),
                )
                for level in children(abstract.get(base_id), "lvl")
            }
            overrides = children(number, "lvlOverride")
            # Lists of one kind count on through the document, unless one begins anew.
            self._counter_of[id_] = id_ if overrides else f"abstract {base_id}"
            for override in overrides:
                start = _value(child(override, "startOverride"))
                level_id = attribute(override, "ilvl")
                if start and level_id in self._formats[id_]:
                    self._formats[id_][level_id] = (self._formats[id_][level_id][0], _integer(start, 1))
        self._counts: dict[tuple[str, int], int] = {}

    def item(self, paragraph: Element, style: Style) -> Item | None:
        """The item that a paragraph is; None for one that is in no list."""
        properties = child(paragraph, "pPr", "numPr")
        id_ = _value(child(properties, "numId")) or style.list_id
        level_id = _value(child(properties, "ilvl")) or style.list_level or "0"
        if not id_ or id_ == "0":
            return None
        level = min(_integer(level_id, 0), 8)
        format_, first = self._formats.get(id_, {}).get(level_id, ("bullet", 1))
        if format_ in ("bullet", "none"):
            return Item(level + 1, "- " if format_ == "bullet" else "")
        counter = self._counter_of[id_]
        count = self._counts.get((counter, level), first - 1) + 1
        self._counts[counter, level] = count
        for deeper in range(level + 1, 9):
            self._counts.pop((counter, deeper), None)
        return Item(level + 1, f"{_shown(count, format_)}. ")


def _shown(count: int, format_: str) -> str:
    """A number as Word shows it.

    >>> _shown(4, "lowerRoman"), _shown(28, "upperLetter"), _shown(3, "decimal")
    ('iv', 'BB', '3')
    """
    if format_.endswith("Letter"):
        letter = chr(ord("a") + (count - 1) % 26) * ((count - 1) // 26 + 1)
        return letter.upper() if format_.startswith("upper") else letter
    if format_.endswith("Roman") and 0 < count < 4000:
        roman = ""
        for digit, value in _ROMAN:
            roman += digit * (count // value)
            count %= value
        return roman.upper() if format_.startswith("upper") else roman
    return str(count)


def _level(properties: Element | None) -> int:
    """The outline level of a paragraph, from 1; 0 for text (which Word calls level 9)."""
    level = _value(child(properties, "outlineLvl"))
    return int(level) + 1 if level.isdigit() and int(level) < 9 else 0


def _value(element: Element | None) -> str:
    return attribute(element, "val") if element is not None else ""


def _integer(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdigit() else default
