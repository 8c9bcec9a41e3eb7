"""Characters of a page -> pieces of lines."""

import unicodedata
from collections import Counter
from dataclasses import dataclass
from statistics import median

from .glyphs import HYPHEN, Glyph, Pdf

# Lengths in ems, the font size of the text at hand.
# A baseline that moves by more begins another line; raised and lowered characters move by less.
_NEW_LINE = 0.6
_SCRIPT = 0.9
# A gap this wide separates columns, or the cells of a table; the spaces of justified text are narrower.
_NEW_SEGMENT = 1.5
# Moving back by more than an accent does begins another piece.
_BACK = 1.0
# Raised numbers are so much smaller than the text, and so far above its baseline.
_SMALL = 0.85
_RAISED = 0.15
_SUPERSCRIPTS = frozenset("⁰¹²³⁴⁵⁶⁷⁸⁹")
_BEFORE_NOTES = frozenset(".,;:!?)]\"'”’")
# Text at another angle than most of the page, if it is less than this part of it, labels a chart or
# stamps a margin.
_ASIDE_SHARE = 0.2


@dataclass(slots=True)
class Line:
    """A piece of a line of text: what stands on one baseline without a wide gap.

    Lengths are points; `y` is the baseline and counts from the bottom of the page upwards. `chars` are PDFium's
    numbers (first, last) of the line's runs of characters on the page: with them the rectangle of any part of
    the line can be asked for again.
    """

    page: int  # from 1
    text: str
    x0: float
    x1: float
    y: float
    size: float
    bold: bool
    mono: bool
    first_word: float  # the width of the first word
    chars: tuple[tuple[int, int], ...]

    @property
    def width(self) -> float:
        return self.x1 - self.x0


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page turned upright: its number, its size in points and its lines as the file draws them."""

    number: int
    width: float
    height: float
    lines: list[Line]


def read_sheets(pdf: Pdf) -> list[Sheet]:
    """The lines of every page of `pdf`."""
    return [_sheet(pdf, number) for number in range(1, len(pdf) + 1)]


def _sheet(pdf: Pdf, number: int) -> Sheet:
    glyphs, width, height = pdf.glyphs(number)
    angles = Counter(glyph.style.angle for glyph in glyphs).most_common()
    lines: list[Line] = []
    for angle, count in angles:
        if not lines or count >= _ASIDE_SHARE * len(glyphs):
            lines += _lines(number, [glyph for glyph in glyphs if glyph.style.angle == angle])
    if angles and angles[0][0] % 180 == 90:
        width, height = height, width
    return Sheet(number, width, height, lines)


def _lines(page: int, glyphs: list[Glyph]) -> list[Line]:
    lines: list[Line] = []
    current: list[Glyph] = []
    for glyph in glyphs:
        if current and _starts_new(current, glyph):
            lines.append(_line(page, current))
            current = []
        current.append(glyph)
    if current:
        lines.append(_line(page, current))
    return lines


def _starts_new(current: list[Glyph], glyph: Glyph) -> bool:
    before = current[-1]
    if before.character == HYPHEN:
        return True
    if glyph.style is before.style and glyph.y == before.y and -_BACK < glyph.x0 - before.x1 < _BACK:
        return False  # nearly always
    # Indices and powers are measured from the letter they belong to, and may stand one above the other.
    size = max(g.style.size for g in (*current[-8:], glyph))
    base = next((g for g in reversed(current) if g.style.size > _SMALL * size), before)
    is_script = glyph.style.size <= _SMALL * base.style.size
    if abs(glyph.y - base.y) > (_SCRIPT if is_script else _NEW_LINE) * max(base.style.size, glyph.style.size):
        return True
    if _runs_left(glyph.character) or _runs_left(before.character):
        return False
    gap = glyph.x0 - before.x1
    return gap > _NEW_SEGMENT * size or gap < -(2 * _BACK if is_script else _BACK) * size


def _line(page: int, glyphs: list[Glyph]) -> Line:
    letters = [glyph for glyph in glyphs if glyph.character.isalnum()] or glyphs
    size = median(glyph.style.size for glyph in letters)
    y = Counter(round(glyph.y, 1) for glyph in letters if glyph.style.size >= _SMALL * size).most_common(1)
    word_end = next((i for i, glyph in enumerate(glyphs) if i and glyph.after_space), len(glyphs)) - 1
    baseline = y[0][0] if y else glyphs[0].y
    return Line(
        page=page,
        text=_text(glyphs, size, baseline),
        x0=min(glyph.x0 for glyph in glyphs),
        x1=max(glyph.x1 for glyph in glyphs),
        y=baseline,
        size=size,
        bold=20 * sum(glyph.style.bold for glyph in letters) > 19 * len(letters),
        mono=10 * sum(glyph.style.mono for glyph in glyphs) > 9 * len(glyphs),
        first_word=abs(glyphs[word_end].x1 - glyphs[0].x0),
        chars=((glyphs[0].number, glyphs[-1].number),),
    )


def _text(glyphs: list[Glyph], size: float, baseline: float) -> str:
    """The characters with their spaces; a raised number is a note's mark behind a word, a power behind a number."""
    text = ""
    i = 0
    while i < len(glyphs):
        end = i
        while end < len(glyphs) and _is_raised_number(glyphs[end], size, baseline):
            end += 1
            if end < len(glyphs) and glyphs[end].after_space:
                break
        gap = " " if glyphs[i].after_space and i else ""
        stands_apart = end == len(glyphs) or glyphs[end].after_space or not glyphs[end].character.isalnum()
        if end > i and text and stands_apart:
            number = "".join(_plain_digit(glyph.character) for glyph in glyphs[i:end])
            if text[-1].isdigit() and not gap:
                text += f"^{number}"
            elif text[-1] in _BEFORE_NOTES or (len(text) > 2 and text[-3:].isalpha()):
                text += f"[{number}]"
            else:
                text += gap + number
            i = end
        else:
            text += gap + glyphs[i].character
            i += 1
    return text


def _is_raised_number(glyph: Glyph, size: float, baseline: float) -> bool:
    if glyph.character in _SUPERSCRIPTS:
        return True
    raised = glyph.y - baseline > _RAISED * size and glyph.style.size <= _SMALL * size
    return raised and (glyph.character.isdigit() or glyph.character in ",-–")


def _plain_digit(character: str) -> str:
    return str(unicodedata.digit(character, character))


def _runs_left(character: str) -> bool:
    """Whether `character` belongs to a script that is written from right to left (Hebrew, Arabic and kin)."""
    return "\u0590" <= character <= "\u08ff" or "\ufb1d" <= character <= "\ufefc"
