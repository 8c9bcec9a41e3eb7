"""What the styles of a Word document say about a paragraph."""

import re
from dataclasses import dataclass, replace

from ..xml_tree import Element, attribute, child, children

_HEADING = re.compile(r"heading (\d)")
_CODE = re.compile(r"source ?code|html preformatted|preformatted|^code( block)?$|listing|macro text", re.IGNORECASE)
_CONTENTS = re.compile(r"toc (\d|heading)|table of figures")
# More steps from a style to the one it is based on are a circle.
_MOST_STEPS = 20


@dataclass(frozen=True, slots=True)
class Style:
    """What a paragraph is: a title, a heading of a level (from 1; 0 = none), code, an entry of a table of contents.

    `list_id` names its list, if the style has one. `list_levels` has the id of the style and of each that it is
    based on, nearest first, with the level of the list that it sets itself ("" = none).
    """

    title: bool = False
    level: int = 0
    code: bool = False
    contents: bool = False
    list_id: str = ""
    list_levels: tuple[tuple[str, str], ...] = ()


class Styles:
    """The paragraph styles of a document."""

    def __init__(self, root: Element | None) -> None:
        self._elements = {attribute(style, "styleId"): style for style in children(root, "style")}
        self._default = next(
            (
                id_
                for id_, style in self._elements.items()
                if attribute(style, "type") == "paragraph" and attribute(style, "default") in ("1", "true", "on")
            ),
            "",
        )
        self._known: dict[str, Style] = {}

    def of(self, paragraph: Element) -> Style:
        """The style of a paragraph, with what the paragraph sets itself."""
        properties = child(paragraph, "pPr")
        named = child(properties, "pStyle")
        style = self._style(attribute(named, "val") if named is not None else self._default)
        outline = _level(properties)
        if outline and not style.title:
            style = replace(style, level=outline)
        return style

    def _style(self, id_: str) -> Style:
        if id_ not in self._known:
            self._known[id_] = self._resolved(id_)
        return self._known[id_]

    def _resolved(self, id_: str) -> Style:
        title, level, code, contents, list_id = False, 0, False, False, ""
        list_levels: list[tuple[str, str]] = []
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
            list_id = list_id or value(child(numbering, "numId"))
            list_levels.append((id_, value(child(numbering, "ilvl"))))
            based_on = child(element, "basedOn")
            if based_on is None:
                break
            id_ = attribute(based_on, "val")
        return Style(title, level, code, contents, list_id, tuple(list_levels))


def _level(properties: Element | None) -> int:
    """The outline level of a paragraph, from 1; 0 for text (which Word calls level 9)."""
    level = value(child(properties, "outlineLvl"))
    return int(level) + 1 if level.isdigit() and int(level) < 9 else 0


def value(element: Element | None) -> str:
    """The `val` of an element; "" for none."""
    return attribute(element, "val") if element is not None else ""
