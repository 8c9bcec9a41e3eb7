"""Raised and lowered text: what would read as part of the number before it."""

import re

# What stands raised behind a number without being its power: ordinals ("1st", "2e", "3er") and trade marks.
_ENDINGS = re.compile(r"st|nd|rd|th|er|re|e|[eè]re|[eè]me|i[eè]me|nde?|a|o|os|as|ª|º|tm|sm", re.IGNORECASE)
_POWER = re.compile(r"[-+−–]?\w\S{0,20}")
_SIGNED = re.compile(r"[-+−–]\d+")
_JOINED = re.compile(r"\w\s*[-+−–*/]")


def raised(before: str, text: str) -> str:
    """How raised `text` is written behind `before`, where it would change what is said: else "".

    10<sup>5</sup> is not 105, and m<sup>-1</sup> is not m-1. Marks of notes behind words, and ordinals, stay as
    they are.

    >>> raised("3 × 10", "-5"), raised("2", "n+1"), raised("s", "−1"), raised("1", "st"), raised("word", "3")
    ('^-5', '^(n+1)', '^−1', '', '')
    """
    last, text = before[-1:], text.strip()
    if last.isdigit():
        is_power = bool(_POWER.fullmatch(text)) and not _ENDINGS.fullmatch(text)
    else:
        is_power = (last.isalpha() or last in tuple(")]")) and bool(_SIGNED.fullmatch(text))
    return (f"^({text})" if _JOINED.search(text) else f"^{text}") if is_power else ""


def lowered(before: str, text: str) -> str:
    """How lowered `text` is written behind `before`, where it would change what is said: else "".

    >>> lowered("10", "2"), lowered("H", "2")
    ('_2', '')
    """
    text = text.strip()
    return f"_{text}" if before[-1:].isdigit() and text[:1].isdigit() else ""
