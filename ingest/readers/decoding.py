"""Bytes -> text: which encoding, and whether the bytes are text at all."""

import codecs
import re

from ..errors import NoTextError, SourceError
from .building import ESCAPES
from .code_pages import code_page
from .kinds import looks_like
from .words import words

# Longest first: the UTF-32 marks begin with the UTF-16 ones.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Control characters that no text holds (tab, line ends, form feed and escape left out).
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_CONTROL_BYTES = bytes(range(0x20)).translate(None, b"\t\n\v\f\r\x1b")
_HIGH = re.compile("[^\x00-\x7f]")
_EUROPEAN = frozenset(words("cp1250 cp1252 cp1254 cp1257 cp437 cp850 iso8859_15 latin_1 mac_roman"))
# As many of them may stray into a text of any length.
_FEW = 3
# The guess looks at this many bytes: it gets no better after that, only slower.
_GUESS_BYTES = 200_000
# What fills the last block of a file, and ends one of DOS.
_PADDING = b"\x00\x1a"


def decode(data: bytes, name: str, declared: str | None = None) -> str:
    """The text of `data`: by its byte-order mark, else UTF-8, else as `declared`, else guessed.

    Raises NoTextError if there is nothing but white space, SourceError if it is not text.
    """
    if not data.strip():
        raise NoTextError(f"{name} is empty.")
    kind = looks_like(data)
    if kind is not None and not kind.text:
        raise SourceError(f"{name} is not text (it looks like {kind.article}).")
    text = _decode(data, declared)
    # Not even broken text consists of control characters to more than a hundredth.
    start = ESCAPES.sub("", (text or "").rstrip("\x00\x1a")[:_GUESS_BYTES])
    controls = len(_CONTROL.findall(start))
    if text is None or controls > min(max(len(start) / 100, _FEW), len(start) / 10):
        raise SourceError(f"{name} is not text (it holds bytes of no known encoding).")
    if not text.strip("\ufeff\x00 \t\r\n\f"):
        raise NoTextError(f"{name} is empty.")
    return text


def _decode(data: bytes, declared: str | None) -> str | None:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    if (wide := _wide(data.rstrip(_PADDING) if data.endswith(4 * b"\x00") else data)) is not None:
        return data.decode(wide, "replace")
    if b"\x1b$B" in data or b"\x1b$@" in data:  # Japanese, spelt in ASCII characters
        try:
            return data.decode("iso2022_jp_ext")
        except UnicodeDecodeError:
            pass
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if declared is not None:
        try:
            return data.decode(_as_browsers_read(declared))
        except (LookupError, ValueError):
            pass  # a wrong or made-up declaration: as if there were none
    return _damaged_utf8(data) or _guess(data)


def _damaged_utf8(data: bytes) -> str | None:
    """`data` as UTF-8 with a few damaged bytes, or cut in its last character; None if it is another encoding.

    In any other, hardly a byte above 127 happens to stand where it makes a character of UTF-8.
    """
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    good = len(_HIGH.findall(text)) - broken
    if text.endswith("\ufffd") and data[-1] > 0x7F and good:
        broken -= 1
    return text if broken <= max(good / 3, good > 1) else None


def _wide(data: bytes) -> str | None:
    """UTF-16 or UTF-32 without a byte-order mark: every other byte (or three of four) is zero."""
    sample = data[:4_000]
    if sample.count(0) < len(sample) / 5:
        return None
    zeros = [sample[i::4].count(0) / max(len(sample[i::4]), 1) for i in range(4)]
    if min(zeros[1:]) > 0.9:
        return "utf-32-le"
    if min(zeros[:3]) > 0.9:
        return "utf-32-be"
    if min(zeros[1], zeros[3]) > 0.5 > max(zeros[0], zeros[2]):
        return "utf-16-le"
    if min(zeros[0], zeros[2]) > 0.5 > max(zeros[1], zeros[3]):
        return "utf-16-be"
    return None


def _as_browsers_read(encoding: str) -> str:
    """What is meant by an encoding's name on the web: Latin-1 always means Windows-1252."""
    known = codecs.lookup(encoding.strip().strip("\"'")).name
    return "cp1252" if known in {"iso8859-1", "ascii"} else "cp932" if known == "shift_jis" else known


def _guess(data: bytes) -> str | None:
    import charset_normalizer

    sample = data[:_GUESS_BYTES]
    if (encoding := code_page(sample)) is None:
        best = charset_normalizer.from_bytes(sample.translate(None, _CONTROL_BYTES)).best()
        if best is None:
            return None
        # The code pages of Europe agree in most letters; the Western one is the most common by far.
        encoding = "cp1252" if best.encoding in _EUROPEAN else best.encoding
    return data.decode(encoding, "replace")
