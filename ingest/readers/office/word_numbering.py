"""The numbers and bullets that Word draws in front of paragraphs, made from its numbering definitions."""

import re
from dataclasses import dataclass, replace

from ..roman import roman
from ..xml_tree import Element, attribute, child, children
from .word_styles import Style, value

_CARDINALS = (
    "Zero One Two Three Four Five Six Seven Eight Nine Ten Eleven Twelve Thirteen Fourteen Fifteen Sixteen "
    "Seventeen Eighteen Nineteen"
).split()
_ORDINALS = (
    "Zeroth First Second Third Fourth Fifth Sixth Seventh Eighth Ninth Tenth Eleventh Twelfth Thirteenth "
    "Fourteenth Fifteenth Sixteenth Seventeenth Eighteenth Nineteenth"
).split()
_TENS = "Twenty Thirty Forty Fifty Sixty Seventy Eighty Ninety".split()
_BULLET = "- "
# How a level names its number, and in which figures, if its items are lines of a list: "%1.", "(%2)". What else
# stands in front of a paragraph would not be seen to begin a sentence of its own.
_LINE = re.compile(r"\(?%\d[.)]")
_OF_LINES = frozenset(("decimal", "lowerLetter"))
_MOST_LEVELS = 9


@dataclass(frozen=True, slots=True)
class Item:
    """What Word draws in front of a paragraph, with the space behind it.

    `depth` counts from 1. A clause has a number that is more than the mark of a list's line ("2.1", "Article 4").
    """

    depth: int
    mark: str
    clause: bool = False

    @property
    def number(self) -> str:
        """The mark where it is a number, as it belongs to the text of a heading or a cell; "" for bullets."""
        return "" if self.mark == _BULLET else self.mark


@dataclass(frozen=True, slots=True)
class _Level:
    format: str
    text: str
    start: int
    restart: int  # levels before this one make it begin anew; 0 = none does
    style: str  # whose paragraphs stand on this level
    decimal: bool  # whether its text shows the numbers of other levels as digits, however those are written


class Numbering:
    """The lists of a document, counting as they are read.

    Lists made from one definition share their counts, as in Word: a list that does not set a start of its
    own goes on where the last one stopped.
    """

    def __init__(self, root: Element | None) -> None:
        definitions = {attribute(element, "abstractNumId"): element for element in children(root, "abstractNum")}
        linked = {value(child(element, "styleLink")): id_ for id_, element in definitions.items()}
        self._levels: dict[str, dict[int, _Level]] = {}
        self._counts: dict[str, dict[int, int]] = {}
        self._starts: dict[tuple[str, int], int] = {}  # of lists that begin anew and have not begun
        for number in children(root, "num"):
            id_ = attribute(number, "numId")
            definition_id = value(child(number, "abstractNumId"))
            # A definition may only name a style of lists, which another one defines.
            link = value(child(definitions.get(definition_id), "numStyleLink"))
            definition_id = linked.get(link, definition_id) if link else definition_id
            levels = _levels(definitions.get(definition_id))
            for override in children(number, "lvlOverride"):
                levels |= _levels(override)
                index = _integer(attribute(override, "ilvl"), 0)
                start = value(child(override, "startOverride"))
                if start and index in levels:
                    self._starts[id_, index] = _integer(start, 1)
                    levels[index] = replace(levels[index], start=_integer(start, 1))
            self._levels[id_] = levels
            self._counts[id_] = self._counts.setdefault(f"definition {definition_id}", {})

    def item(self, paragraph: Element, style: Style) -> Item | None:
        """What stands in front of a paragraph, which is counted; None for one that is in no list."""
        properties = child(paragraph, "pPr", "numPr")
        id_ = value(child(properties, "numId")) or style.list_id
        if not id_ or id_ == "0":
            return None
        levels = self._levels.get(id_, {})
        set_level = value(child(properties, "ilvl"))
        index = min(_integer(set_level, 0) if set_level else _style_level(levels, style), _MOST_LEVELS - 1)
        level = levels.get(index)
        if level is None:
            return Item(index + 1, _BULLET)
        counts = self._counts[id_]
        start = self._starts.pop((id_, index), None)
        if start is None:
            start = counts[index] + 1 if index in counts else level.start
        counts[index] = start
        for other, definition in levels.items():
            if other < index:
                counts.setdefault(other, definition.start)
            elif other > index and index < definition.restart:
                counts.pop(other, None)
        mark = level.text.strip()
        if level.format == "bullet":
            return Item(index + 1, _BULLET) if mark else None

        def shown(place: re.Match[str]) -> str:
            other = min(int(place[1]) - 1, index)
            format_ = levels[other].format if other in levels else "none"
            if level.decimal and format_ not in ("none", "bullet", "decimalZero"):
                format_ = "decimal"
            return _shown(counts[other], format_) if other in counts else ""

        number = re.sub(r"%([1-9])", shown, mark).strip()
        clause = level.format not in _OF_LINES or not _LINE.fullmatch(mark)
        return Item(index + 1, f"{number} ", clause) if number else None


def _levels(definition: Element | None) -> dict[int, _Level]:
    """The levels of lists that a definition or an override defines."""
    found = {}
    for level in children(definition, "lvl"):
        index = min(_integer(attribute(level, "ilvl"), 0), _MOST_LEVELS - 1)
        text, picture = child(level, "lvlText"), child(level, "lvlPicBulletId")
        found[index] = _Level(
            format=value(child(level, "numFmt")) or "decimal",
            text="•" if picture is not None else attribute(text, "val") if text is not None else f"%{index + 1}.",
            start=_integer(value(child(level, "start")), 1),
            restart=_integer(value(child(level, "lvlRestart")), index),
            style=value(child(level, "pStyle")),
            decimal=child(level, "isLgl") is not None,
        )
    return found


def _style_level(levels: dict[int, _Level], style: Style) -> int:
    """The level that a style puts its paragraphs on: the one that names the style, else the one that it names."""
    of_style = {level.style: index for index, level in levels.items() if level.style}
    for id_, set_level in style.list_levels:
        if id_ in of_style or set_level:
            return of_style[id_] if id_ in of_style else _integer(set_level, 0)
    return 0


def _shown(count: int, format_: str) -> str:
    """A number as Word shows it.

    >>> _shown(4, "lowerRoman"), _shown(28, "upperLetter"), _shown(3, "decimal"), _shown(7, "decimalZero")
    ('iv', 'BB', '3', '07')
    >>> _shown(22, "ordinal"), _shown(13, "ordinal"), _shown(42, "cardinalText"), _shown(30, "ordinalText")
    ('22nd', '13th', 'Forty-Two', 'Thirtieth')
    """
    if format_ in ("none", "bullet"):
        return ""
    if format_.endswith("Letter") and 0 < count <= 30 * 26:
        letter = chr(ord("a") + (count - 1) % 26) * ((count - 1) // 26 + 1)
        return letter.upper() if format_.startswith("upper") else letter
    if format_.endswith("Roman") and (numeral := roman(count)):
        return numeral.upper() if format_.startswith("upper") else numeral
    if format_ == "decimalZero":
        return f"{count:02}"
    if format_ == "ordinal":
        ending = "th" if count % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(count % 10, "th")
        return f"{count}{ending}"
    if format_ in ("cardinalText", "ordinalText") and count < 100:
        ones = _ORDINALS if format_ == "ordinalText" else _CARDINALS
        if count < len(ones):
            return ones[count]
        ten = _TENS[count // 10 - 2]
        if count % 10:
            return f"{ten}-{ones[count % 10]}"
        return f"{ten[:-1]}ieth" if format_ == "ordinalText" else ten
    return str(count)


def _integer(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else default
