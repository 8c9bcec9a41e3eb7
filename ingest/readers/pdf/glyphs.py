"""PDF bytes -> characters with their places. The only module that calls PDFium.

PDFium is not thread-safe: a process reads one PDF at a time.
"""

import ctypes
import math
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from ...errors import SourceError
from .pictures import Bitmap

# PDFium's mark for a hyphen at the end of a line, where it takes the word for a divided one.
HYPHEN = "\x02"
_BOLD_NAME = re.compile(r"bold|black|heavy|cmbx|sfbx|-bd|medi$|demi", re.IGNORECASE)
_MONO_NAME = re.compile(r"mono|courier|cmtt|sftt|consol|menlo|typewriter", re.IGNORECASE)
_BOLD_WEIGHT = 600
_FIXED_PITCH = 1  # font flag, ISO 32000-1 table 123
_SPACES = frozenset(" \t\r\n\xa0")
# The largest picture of a page: an A4 page at 250 dots an inch.
MAX_PIXELS = 6_000_000
# Characters printed twice, a little apart, to look bold: apart by up to this part of their size.
_DOUBLE = 0.1


@dataclass(frozen=True, slots=True)
class Style:
    """What the characters of a text object share; `angle` is counter-clockwise, a multiple of 90 degrees."""

    size: float
    angle: int
    bold: bool
    mono: bool


@dataclass(slots=True)
class Glyph:
    """A visible character: PDFium's number of it on its page, and its place as if its text ran to the right.

    `x0`, `x1` and the baseline `y` are points from the lower left corner of the page once that is
    turned so that the text stands upright.
    """

    number: int
    character: str
    x0: float
    x1: float
    y: float
    style: Style
    after_space: bool


@dataclass(frozen=True, slots=True)
class Bookmark:
    """An entry of the outline: its level (from 1), its title and its page (from 1; 0 = unknown)."""

    level: int
    title: str
    page: int


class Pdf:
    """An opened PDF."""

    def __init__(self, document: pypdfium2.PdfDocument) -> None:
        self._document = document

    def __len__(self) -> int:
        return len(self._document)

    @property
    def title(self) -> str:
        """The title in the file's metadata, often empty or meaningless."""
        return (self._document.get_metadata_dict().get("Title") or "").strip()

    def bookmarks(self) -> list[Bookmark]:
        """The outline in order; empty without one."""
        found = []
        try:
            for item in self._document.get_toc(max_depth=8):
                target = item.get_dest()
                index = target.get_index() if target is not None else None
                found.append(Bookmark(item.level + 1, item.get_title(), 0 if index is None else index + 1))
        except pypdfium2.PdfiumError:
            pass  # a damaged outline; the text has headings of its own
        return found

    def glyphs(self, number: int) -> tuple[list[Glyph], float, float]:
        """The visible characters of page `number` as the file draws them, and the page's width and height.

        A page that is too damaged to load has none; the others can still be read.
        """
        try:
            page = self._document[number - 1]
            text_page = page.get_textpage()
        except pypdfium2.PdfiumError:
            return [], 0.0, 0.0
        box = page.get_bbox()
        found = _glyphs(text_page.raw, box)
        text_page.close()
        page.close()
        return found, box[2] - box[0], box[3] - box[1]

    def characters(self, number: int, runs: Iterable[tuple[int, int]]) -> Iterator[tuple[int, str]]:
        """PDFium's number of each character in these runs (first, last) of page `number`, and the character."""
        text_page = self._document[number - 1].get_textpage()
        for first, last in runs:
            for i in range(first, last + 1):
                yield i, _character(text_page.raw, i)

    def box(self, number: int, characters: Iterable[int]) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of what encloses some characters of page `number`.

        In points from the upper left corner of the page as it is shown: turned, and cropped.
        """
        page = self._document[number - 1]
        text_page = page.get_textpage()
        x0, y0, x1, y1 = page.get_bbox()
        place = pdfium.FS_RECTF()
        corners = []
        for i in characters:
            if pdfium.FPDFText_GetLooseCharBox(text_page.raw, i, place):
                for x, y in ((place.left, place.bottom), (place.right, place.top)):
                    corners.append(_shown(page.get_rotation(), x - x0, y - y0, x1 - x0, y1 - y0))
        across, down = zip(*corners, strict=True) if corners else ((0.0,), (0.0,))
        return min(across), min(down), max(across), max(down)

    def picture(self, number: int, width_pixels: int) -> tuple[float, float, Bitmap]:
        """Width and height of page `number` in points, and the page as it is shown, so many pixels wide."""
        page = self._document[number - 1]
        width, height = page.get_size()
        scale = min(width_pixels / width, math.sqrt(MAX_PIXELS / (width * height)))
        drawn = page.render(scale=scale, rev_byteorder=True, maybe_alpha=False)
        return width, height, Bitmap(drawn.width, drawn.height, drawn.stride, bytes(drawn.buffer))


def _shown(rotation: int, x: float, y: float, width: float, height: float) -> tuple[float, float]:
    """A point of a page, from its lower left corner, as one from the upper left corner of the page turned clockwise."""
    if rotation == 90:
        return y, x
    if rotation == 180:
        return width - x, y
    if rotation == 270:
        return height - y, width - x
    return x, height - y


@contextmanager
def opened(data: bytes, name: str) -> Iterator[Pdf]:
    """The PDF in `data`. Raises SourceError for one that is damaged or asks for a password."""
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as exc:
        if getattr(exc, "err_code", None) == pdfium.FPDF_ERR_PASSWORD:
            raise SourceError(f"{name} is encrypted: a password is needed to read it.") from exc
        raise SourceError(f"{name} cannot be read as a PDF: the file is damaged or cut off.") from exc
    try:
        yield Pdf(document)
    finally:
        document.close()


def _glyphs(handle: Any, box: tuple[float, float, float, float]) -> list[Glyph]:
    left, right, bottom, top, x, y = (ctypes.c_double() for _ in range(6))
    char_box, char_origin = pdfium.FPDFText_GetCharBox, pdfium.FPDFText_GetCharOrigin
    objects = _Objects(handle)
    found: list[Glyph] = []
    after_space = True
    last_x = last_y = 0.0
    for i in range(max(0, pdfium.FPDFText_CountChars(handle))):
        character = _character(handle, i)
        if character in _SPACES:
            after_space = True
            continue
        if not character or not char_box(handle, i, left, right, bottom, top):
            continue
        char_origin(handle, i, x, y)
        # Asking for the text object of each character would take as long as all the rest.
        if after_space or abs(y.value - last_y) > 0.01 or abs(left.value - last_x) > 1:
            objects.turn_to(i, character, left.value, y.value)
        last_x, last_y = right.value, y.value
        if objects.is_double or not (box[0] - 2 <= x.value <= box[2] + 2 and box[1] - 2 <= y.value <= box[3] + 2):
            continue  # printed twice, or off the page: what printers cut away
        place = _upright(objects.style.angle, box, left.value, right.value, bottom.value, top.value, x.value, y.value)
        found.append(Glyph(i, character, *place, objects.style, after_space))
        after_space = False
    return found


class _Objects:
    """The text objects of a page, one after another: their styles, and whether one repeats another.

    Some programs print a text twice, a little apart, to make it look bold.
    """

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self._styles: dict[int | None, tuple[Style, bool]] = {}
        self._known: dict[Style, Style] = {}
        self._starts: set[tuple[str, float, int, int]] = set()
        self.style = Style(1.0, 0, False, False)
        self.is_double = False

    def turn_to(self, i: int, character: str, x: float, y: float) -> None:
        """Looks up the object that the character number `i` at (x, y) belongs to."""
        key = ctypes.cast(pdfium.FPDFText_GetTextObject(self._handle, i), ctypes.c_void_p).value
        if key is None or key not in self._styles:
            style = _style(self._handle, i)
            style = self._known.setdefault(style, style)  # equal ones are the same: quick to compare
            unit = _DOUBLE * style.size
            column, row = round(x / unit), round(y / unit)
            double = any((character, unit, column + d, row) in self._starts for d in (-1, 0, 1))
            self._starts.add((character, unit, column, row))
            self._styles[key] = style, double
        self.style, self.is_double = self._styles[key]


def _character(handle: Any, i: int) -> str:
    """Character `i` as a string; "" for control characters and the second half of a surrogate pair."""
    code = pdfium.FPDFText_GetUnicode(handle, i)
    if 0xD800 <= code < 0xDC00:
        low = pdfium.FPDFText_GetUnicode(handle, i + 1)
        return chr(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)) if 0xDC00 <= low < 0xE000 else "\ufffd"
    if 0xDC00 <= code < 0xE000 or code > 0x10FFFF:
        return ""
    character = chr(code)
    return character if code > 31 or character in _SPACES or character == HYPHEN else ""


def _style(handle: Any, i: int) -> Style:
    matrix = pdfium.FS_MATRIX()
    pdfium.FPDFText_GetMatrix(handle, i, matrix)
    buffer = ctypes.create_string_buffer(128)
    flags = ctypes.c_int()
    pdfium.FPDFText_GetFontInfo(handle, i, buffer, 128, flags)
    font = buffer.value.decode("utf-8", "replace")
    size = abs(pdfium.FPDFText_GetFontSize(handle, i)) * (math.hypot(matrix.c, matrix.d) or 1.0)
    return Style(
        size=round(size, 2) or 1.0,
        angle=round(math.degrees(math.atan2(matrix.b, matrix.a)) / 90) * 90 % 360,
        bold=bool(_BOLD_NAME.search(font)) or pdfium.FPDFText_GetFontWeight(handle, i) >= _BOLD_WEIGHT,
        mono=bool(flags.value & _FIXED_PITCH) or bool(_MONO_NAME.search(font)),
    )


def _upright(
    angle: int,
    box: tuple[float, float, float, float],
    x0: float,
    x1: float,
    y0: float,
    y1: float,
    x: float,
    y: float,
) -> tuple[float, float, float]:
    """Left edge, right edge and baseline of a character, the page turned so that its text runs to the right."""
    if angle == 90:
        return y0 - box[1], y1 - box[1], box[2] - x
    if angle == 180:
        return box[2] - x1, box[2] - x0, box[3] - y
    if angle == 270:
        return box[3] - y1, box[3] - y0, x - box[0]
    return x0 - box[0], x1 - box[0], y - box[1]
