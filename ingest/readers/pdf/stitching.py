"""Blocks -> whole paragraphs, over columns and pages."""

import re
from dataclasses import dataclass

from .blocks import BULLET, Block

_ENDS = re.compile(r"[.!?:;][\"'”’)\]]*$")
# So many blocks (footnotes, figures with their captions) may stand between the two parts of a paragraph.
_MOST_BETWEEN = 8


@dataclass(slots=True)
class Paragraph:
    """Blocks that are one paragraph, all but the first at the head of a column or page; `level` is 0 for text."""

    blocks: list[Block]
    level: int = 0

    @property
    def kind(self) -> str:
        return self.blocks[0].kind


def stitched(blocks: list[Block], levels: dict[int, int]) -> list[Paragraph]:
    """The paragraphs in order; what stands between the parts of one goes before or behind it, on its own page."""
    done: list[Paragraph] = []
    for i, block in enumerate(blocks):
        if i in levels:
            done.append(Paragraph([block], levels[i]))
            continue
        host = _host(done, block)
        if host is None:
            done.append(Paragraph([block]))
            continue
        first_page = done[host].blocks[-1].page
        between = done[host + 1 :]
        before = [paragraph for paragraph in between if paragraph.blocks[0].page == first_page]
        after = [paragraph for paragraph in between if paragraph.blocks[0].page != first_page]
        done[host].blocks.append(block)
        done[host:] = [*before, done[host], *after]
    return done


def _host(done: list[Paragraph], block: Block) -> int | None:
    """The paragraph that `block` goes on with, by its number; None if it begins one."""
    if block.kind != "text" or BULLET.match(block.lines[0].text):
        return None
    first = block.lines[0]
    if len(block.lines) > 1 and first.x0 - block.lines[1].x0 > 0.8 * first.size:
        return None  # indented: a paragraph of its own
    for back in range(1, min(_MOST_BETWEEN, len(done)) + 1):
        paragraph = done[-back]
        if paragraph.level:
            return None
        last = paragraph.blocks[-1]
        if not 0 <= block.page - last.page <= 1:
            return None
        if last.kind not in ("text", "item") or abs(last.size - block.size) > 0.05 * block.size:
            continue
        moved_on = block.page != last.page or first.y > last.lines[-1].y
        # Blocks in between must not be turned around over a page break that the paragraph has passed already.
        movable = back == 1 or len({b.page for b in paragraph.blocks}) == 1
        if moved_on and movable and _is_open(last, block, adjacent=back == 1):
            return len(done) - back
        if not _ENDS.search(last.lines[-1].text):
            continue
        return None
    return None


def _is_open(last: Block, block: Block, adjacent: bool) -> bool:
    """Whether the text of `last` stops in the middle of a sentence with which `block` goes on."""
    line, first = last.lines[-1], block.lines[0]
    if _ENDS.search(line.text) or line.bold != first.bold:
        return False
    is_full = line.x1 + 0.3 * line.size + first.first_word > last.right - 0.5 * line.size
    starts_small = first.text[:1].islower() or (not first.text[:1].isupper() and first.text[:1].isalpha())
    return is_full and (starts_small or adjacent)
