"""Raised and lowered text: what would read as part of the number before it."""

import re

# What stands raised behind a number without being its power: ordinals ("1st", "2e", "3er") and trade marks.
_ENDINGS = re.compile(r"st|nd|rd|th|er|re|e|[eè]re|[eè]me|i[eè]me|nde?|o|os|as|ª|º|tm|sm", re.IGNORECASE)
_POWER = re.compile(r"[-+−–]?\w\S{0,20}")
_SIGNED = re.compile(r"[-+−–]\d+")


def joint(before: str, text: str, lowered: bool = False) -> str:
    """The "^" or "_" to write between `before` and a raised or `lowered` text; "" where none is needed.

    10<sup>5</sup> is not 105, and m<sup>-1</sup> is not m-1. Marks of notes behind words, ordinals and
    formulas of chemistry stay as they are.

    >>> joint("3 × 10", "-5"), joint("2", "n"), joint("s", "−1"), joint("1", "st"), joint("word", "3")
    ('^', '^', '^', '', '')
    >>> joint("10", "2", lowered=True), joint("H", "2", lowered=True)
    ('_', '')
    """
    last, text = before[-1:], text.strip()
    if lowered:
        return "_" if last.isdigit() and text[:1].isdigit() else ""
    if last.isdigit():
        return "^" if _POWER.fullmatch(text) and not _ENDINGS.fullmatch(text) else ""
    return "^" if last and (last.isalpha() or last in ")]") and _SIGNED.fullmatch(text) else ""
