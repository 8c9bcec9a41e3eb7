"""Plain text and source code."""

import re
from itertools import pairwise

from ..documents import Content
from .building import ContentBuilder, normalise
from .decoding import decode

_UNDERLINE = re.compile(r"(=+|-+|~+)$")
_LEVELS = {"=": 1, "-": 2, "~": 3}
# What begins a line that stands for itself: a list item, a quoted line, a comment, a table row, a field.
_OWN_LINE = re.compile(r"([-*+\u2022>|#%;]|//|\.\.|\(?(\d{1,3}|[a-zA-Z]|[ivxIVX]{1,4})[.)] |[\w-]{1,20}: )")
# Two or more gaps of three spaces, or a tab inside: columns, not prose.
_COLUMNS = re.compile(r"\S {3,}\S.* {3,}\S|\S\t")
# Lines are taken for wrapped between these widths; a longer "line" is a whole paragraph.
_NARROWEST, _WIDEST = 40, 120
_LONGEST_TITLE = 120
_LONGEST_WORD = 40


def read_text(data: bytes, name: str) -> Content:
    """The paragraphs of a plain text, set off by blank lines; headings only where they are underlined.

    Hard-wrapped prose is unwrapped: a quote over two lines then reads as one sentence, a sentence
    splitter doesn't see an end at each line, and the quote is found again by who searches for it with
    spaces. A line break is undone only where filling a line to the document's own width would have made
    it, that is where the next line's first word had no room left. Verse, addresses, lists, tables and
    indented code don't pass that test and keep their lines. A form feed begins a new page.
    """
    builder = ContentBuilder()
    pages = decode(data, name).split("\f")
    for number, page in enumerate(pages, 1):
        if len(pages) > 1:
            builder.page(number)
        add_text(builder, page)
    return builder.finish(_title(builder.finish().text))


def add_text(builder: ContentBuilder, text: str) -> None:
    """Adds plain text to `builder`, hard-wrapped prose unwrapped."""
    text = normalise(text)
    width = _wrap_width(text.split("\n"))
    for paragraph in _paragraphs(text):
        _add_paragraph(builder, paragraph, width)


def read_code(data: bytes, name: str) -> Content:
    """The text just as it is."""
    builder = ContentBuilder()
    builder.block(decode(data, name))
    return builder.finish()


def unwrap(lines: list[str], width: int) -> list[str]:
    """`lines` with those line breaks undone that filling lines to `width` has made.

    >>> unwrap(["The quick brown fox", "jumps over it.", "Then", "it slept."], 20)
    ['The quick brown fox jumps over it.', 'Then', 'it slept.']
    """
    joined: list[str] = []
    for i, line in enumerate(lines):
        if i and _was_wrapped(lines[i - 1], line, width):
            joined[-1] = f"{joined[-1].rstrip()} {line.lstrip()}"
        else:
            joined.append(line)
    return joined


def _was_wrapped(before: str, line: str, width: int) -> bool:
    if not before.strip() or not line.strip():
        return False
    stripped = line.lstrip()
    if _OWN_LINE.match(stripped) or _COLUMNS.search(before.strip()) or _COLUMNS.search(stripped):
        return False
    if len(before) - len(before.lstrip()) > 3 and len(line) - len(stripped) > 3 and width == 0:
        return False
    first_word = stripped.split(maxsplit=1)[0]
    return 0 < width < len(before.rstrip()) + 1 + len(first_word)


def _wrap_width(lines: list[str]) -> int:
    """The width that the lines of a text were filled to, less some slack; 0 if they were not."""
    inner = sorted(len(line.rstrip()) for line, after in pairwise(lines) if line.strip() and after.strip())
    if not inner:
        return 0
    # The 90th percentile: the odd overlong line (an address, a table) doesn't count.
    width = inner[int(len(inner) * 0.9)]
    if not _NARROWEST <= width <= _WIDEST:
        return 0
    # Editors and people fill to a few columns less here and there.
    return width - 4


def _paragraphs(text: str) -> list[list[str]]:
    return [part.split("\n") for part in re.split(r"\n[ \t]*(?:\n[ \t]*)+", text) if part.strip()]


def _add_paragraph(builder: ContentBuilder, lines: list[str], width: int) -> None:
    lines = [line for line in lines if line.strip()] if width else lines
    while len(lines) >= 2 and _is_underlined(lines[0], lines[1]):
        builder.heading(_LEVELS[lines[1].strip()[0]], lines[0])
        lines = lines[2:]
    if lines:
        unwrapped = unwrap(lines, width)
        builder.paragraph(unwrapped[0]) if len(unwrapped) == 1 else builder.block("\n".join(unwrapped))


def _is_underlined(title: str, rule: str) -> bool:
    title, rule = title.strip(), rule.strip()
    return (
        len(rule) >= 3
        and _UNDERLINE.match(rule) is not None
        and abs(len(title) - len(rule)) <= 2
        and any(character.isalpha() for character in title)
        and not _COLUMNS.search(title)
    )


def _title(text: str) -> str:
    """The first paragraph, if it looks like a title: one short line that doesn't end like a sentence."""
    first = text.split("\n\n", 1)[0]
    is_line = "\n" not in first and len(first) <= _LONGEST_TITLE and not first.endswith((".", ",", ";", ":"))
    is_words = any(c.isalpha() for c in first) and max(map(len, first.split()), default=0) <= _LONGEST_WORD
    return first if is_line and is_words else ""
