"""Which blocks of a PDF are headings, of which level, and what the document is called."""

import re
from collections import Counter

from ..titles import claimed_title
from .blocks import Block, Measure
from .glyphs import Bookmark

_LARGER = 1.12
_LONGEST = 160
_MOST_LINES = 3
_NUMBER = re.compile(
    r"(?:(?:chapter|appendix|section|part)\s+)?((?:\d{1,3}|[A-Z])(?:\.\d{1,3})*)[.:)]?\s+(?=\S)",
    re.IGNORECASE,
)
# If more of the text is bold, boldness says nothing about headings.
_MOSTLY_BOLD = 0.3
# An outline counts if so many of its entries are found in the text.
_FOUND = 0.7


def heading_levels(blocks: list[Block], bookmarks: list[Bookmark], measure: Measure) -> dict[int, int]:
    """The level (from 1) of each block that is a heading, by its number in `blocks`.

    The outline decides, if the file has one that fits its text. Otherwise headings are short blocks
    that are larger than the text, or bold; larger ones stand above smaller ones, and "2.1" below "2".
    """
    return _by_outline(blocks, bookmarks) or _by_type(blocks, measure)


def title_of(blocks: list[Block], claimed: str, measure: Measure) -> str:
    """The title: the claimed one if the first page says it too, else the largest text there, else the claim."""
    first = [block for block in blocks if block.page == blocks[0].page] if blocks else []
    claimed = claimed_title(claimed) if _is_wordy(claimed) else ""
    said = {word for block in first for word in _words(block.text)}
    wanted = _words(claimed)
    if wanted and sum(word in said for word in wanted) >= 0.6 * len(wanted):
        return claimed
    texts = [block for block in first if block.kind in ("text", "item") and _is_wordy(block.text)]
    largest = max((block.size for block in texts), default=0.0)
    if largest >= 1.2 * measure.size:
        start = next(i for i, block in enumerate(texts) if block.size == largest)
        parts = []
        for block in texts[start : start + 3]:
            if abs(block.size - largest) > 0.5:
                break
            parts.append(block.text)
        title = " ".join(parts)
        if len(title) <= 2 * _LONGEST:
            return title
    return claimed


def _by_outline(blocks: list[Block], bookmarks: list[Bookmark]) -> dict[int, int]:
    places: dict[str, list[int]] = {}
    for i, block in enumerate(blocks):
        if block.kind in ("text", "item") and len(block.text) <= 2 * _LONGEST:
            for form in {_bare(block.text), _bare(_NUMBER.sub("", block.text, count=1))}:
                places.setdefault(form, []).append(i)
    levels: dict[int, int] = {}
    found = 0
    for mark in bookmarks:
        forms = (_bare(mark.title), _bare(_NUMBER.sub("", mark.title, count=1)))
        near = [i for form in forms for i in places.get(form, ()) if form and abs(blocks[i].page - mark.page) <= 1]
        best = min(near, key=lambda i: (abs(blocks[i].page - mark.page), i in levels, i), default=None)
        if best is not None:
            levels.setdefault(best, mark.level)
            found += 1
    return levels if bookmarks and found >= max(2, _FOUND * len(bookmarks)) else {}


def _by_type(blocks: list[Block], measure: Measure) -> dict[int, int]:
    characters = sum(len(block.text) for block in blocks) or 1
    bold = sum(len(line.text) for block in blocks for line in block.lines if line.bold)
    bold_counts = bold < _MOSTLY_BOLD * characters
    found: dict[int, tuple[float, bool]] = {}
    for i, block in enumerate(blocks):
        text = block.text
        if block.kind not in ("text", "item") or len(block.lines) > _MOST_LINES or len(text) > _LONGEST:
            continue
        larger = block.size >= _LARGER * measure.size
        heavy = bold_counts and block.bold and block.size >= 0.95 * measure.size
        if (larger or heavy) and _is_wordy(text) and not text.endswith((",", ";", ".", ":")[: 2 if larger else 4]):
            found[i] = (round(2 * block.size) / 2, block.bold)
    # A "heading" style that is used for more text than the rest isn't one.
    style_characters = Counter[tuple[float, bool]]()
    for i, style in found.items():
        style_characters[style] += len(blocks[i].text)
    styles = sorted((s for s, n in style_characters.items() if n < 0.4 * characters or n < 400), reverse=True)
    rank = {style: position for position, style in enumerate(styles, 1)}
    return {i: rank[style] + _depth(blocks[i].text) for i, style in found.items() if style in rank}


def _depth(text: str) -> int:
    number = _NUMBER.match(text)
    return number[1].count(".") if number else 0


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def _words(text: str) -> list[str]:
    return re.findall(r"\w{2,}", text.casefold())


def _is_wordy(text: str) -> bool:
    """Whether there is a word in it: not a number, a formula or a row of signs."""
    return re.search(r"[^\W\d_]{2,}", text) is not None or bool(re.search(r"[\u2e80-\u9fff\uac00-\ud7af]", text))
