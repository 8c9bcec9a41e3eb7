"""Spans of a PDF's text -> rectangles on its pages.

The text of a paragraph is its lines put together: spaces, hyphens, bullets and the marks of notes may differ,
letters and digits do not. By those each line is found again in the text, and each character in its line.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...documents import Rectangle
from ..building import normalise
from .glyphs import Pdf
from .lines import Line


@dataclass(frozen=True, slots=True)
class Written:
    """A paragraph or table: its span in the text, and the lines that it was made of, in order."""

    start: int
    end: int
    lines: Sequence[Line]
    is_table: bool


def rectangles(pdf: Pdf, text: str, written: Sequence[Written], start: int, end: int) -> list[Rectangle]:
    """Where the characters from `start` to `end` of `text` stand: a rectangle for each line that they touch."""
    found = []
    for piece in written:
        if piece.start < end and start < piece.end:
            for line, offsets in located(text, piece):
                chosen = slice(bisect_left(offsets, start), bisect_left(offsets, end))
                if offsets[chosen]:
                    numbers = _numbers(pdf, line)
                    # Where PDFium has other letters (such as are printed twice), the line is taken whole.
                    found.append(_rectangle(pdf, line, numbers[chosen] if len(numbers) == len(offsets) else numbers))
    return found


def located(text: str, piece: Written) -> Iterator[tuple[Line, list[int]]]:
    """The lines of a piece, each with the offsets in `text` at which its letters and digits stand.

    A line that is not found is left out.
    """
    offsets = [i for i in range(piece.start, piece.end) if text[i].isalnum()]
    letters = "".join(text[i] for i in offsets)
    cursor, taken = 0, set[int]()
    for line in piece.lines:
        key = _letters(line.text)
        place = letters.find(key, cursor) if key else -1
        if place < 0 and key:  # a bullet may look like a letter; a cell may stand behind its header
            key = _letters(line.text.partition(" ")[2])
            place = letters.find(key, cursor) if key else -1
        while piece.is_table and place in taken:
            place = letters.find(key, place + 1)
        if place < 0:
            continue
        span = offsets[place : place + len(key)]
        yield line, span
        taken.add(place)
        cursor = place + len(key)
        if piece.is_table:  # cells of one row may stand in another order than they were drawn
            cursor = bisect_left(offsets, text.rfind("\n", piece.start, span[0]) + 1)


def _letters(text: str) -> str:
    return "".join(c for c in normalise(text) if c.isalnum())


def _numbers(pdf: Pdf, line: Line) -> list[int]:
    """PDFium's number of each letter and digit of a line; twice that of a ligature of two."""
    return [i for i, character in pdf.characters(line.page, line.chars) for _ in _letters(character)]


def _rectangle(pdf: Pdf, line: Line, numbers: Sequence[int]) -> Rectangle:
    return Rectangle(line.page, *(round(x, 2) for x in pdf.box(line.page, numbers)))
