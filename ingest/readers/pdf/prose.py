"""Lines -> running text: divided words made whole, line breaks made spaces."""

import re
from collections.abc import Iterable
from itertools import pairwise

from ..words import words
from .blocks import Block
from .glyphs import HYPHEN
from .lines import Line

_HYPHENS = ("-", "\u2010", "\u00ad", HYPHEN)
_WORD = re.compile(r"[^\W\d_]+(?:[-\u2010][^\W\d_]+)*")
# Parts of compounds that keep their hyphen at the end of a line.
_PREFIXES = words("all anti co cross ex half high low multi non post pre quasi self semi well")
# If more of the lines end in a hyphen, the text was set with hyphenation. On a few pages one or two such lines say
# little: there compounds are divided as often.
_HYPHENATED = 0.015
_HYPHENATED_PAGE = 0.05
_FEW = 2
_URL_END = re.compile(r"(?:(?:https?:/|www\.)\S*[./?&=_-]|\w@)$")
_RANGE_END = re.compile(r"[^\W_]–$")


class Hyphens:
    """The words of a document, which tell whether a hyphen at the end of a line divides a word or belongs to it."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._words: set[str] = set()
        self._compounds: set[str] = set()
        ends = total = 0
        for line in lines:
            total += 1
            ends += line.text.endswith(_HYPHENS)
            for word in _WORD.findall(line.text.rstrip("".join(_HYPHENS)).casefold()):
                (self._compounds if "-" in word or "\u2010" in word else self._words).add(word.replace("\u2010", "-"))
        self._hyphenated = ends > max(_HYPHENATED * total, min(_FEW, _HYPHENATED_PAGE * total))

    def joint(self, before: str, after: str) -> tuple[str, str]:
        """What stays of `before`, and what stands between it and `after`, when the two are joined.

        A hyphen goes if the whole word occurs in the document, or if the document is set with hyphenation; it
        stays if the compound occurs, before a capital or a number, and behind the usual prefixes ("non-").
        """
        if not before.endswith(_HYPHENS):
            tight = (
                (_is_cjk(before[-1:]) and _is_cjk(after[:1]))
                or (_URL_END.search(before) and after[:1].islower())
                or (_RANGE_END.search(before) and after[:1].isalnum())
            )
            return before, "" if tight else " "
        stem, soft = before[:-1], before[-1] in ("\u00ad", HYPHEN)
        left, right = re.search(r"[^\W_]+$", stem), re.match(r"[^\W_]+", after)
        if left is None or right is None:
            return (before if not soft else stem + "-"), "" if left else " "
        whole = (left[0] + right[0]).casefold()
        compound = f"{left[0]}-{right[0]}".casefold()
        keeps = (
            not right[0][0].islower()
            or not left[0][-1].isalpha()
            or left[0].isupper()  # "T-cell", "PD-ligand"
            or len(left[0]) == 1
            or (whole not in self._words and (compound in self._compounds or left[0].casefold() in _PREFIXES))
            or (whole not in self._words and not self._hyphenated)
        )
        return (stem + "-", "") if keeps else (stem, "")

    def text(self, block: Block) -> str:
        """The running text of a block; line breaks stay where they were wanted."""
        text = ""
        for i, line in enumerate(block.lines):
            if not i:
                text = line.text
            elif i in block.breaks:
                text += "\n" + line.text
            else:
                kept, glue = self.joint(text, line.text)
                text = kept + glue + line.text
        return text


def code_text(lines: list[Line]) -> str:
    """Lines in a fixed-width font, their indentation restored from their places."""
    widths = sorted(line.width / len(line.text) for line in lines)
    width = widths[len(widths) // 2] or 1.0
    left = min(line.x0 for line in lines)
    shown: list[str] = []
    for before, line in pairwise([lines[0], *lines]):
        if before.y - line.y > 1.8 * line.size * 1.2:
            shown.append("")
        shown.append(" " * min(round((line.x0 - left) / width), 80) + line.text.replace(HYPHEN, "-"))
    return "\n".join(shown)


def _is_cjk(character: str) -> bool:
    return "\u2e80" <= character <= "\u9fff" or "\uac00" <= character <= "\ud7af" or "\uff00" <= character <= "\uffef"
