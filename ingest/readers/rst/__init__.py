"""reStructuredText, with the directives and roles of Docutils and Sphinx.

Read by our own parser: Docutils puts an error message in place of every role and directive that only Sphinx knows.
"""

import re

from ...documents import Content
from ..building import ContentBuilder, normalise, one_line
from ..decoding import decode
from .blocks import Reader

_HEADER_TITLE = re.compile(r":?title:\s*(.+)", re.IGNORECASE)


def read_rst(data: bytes, name: str) -> Content:
    """The text of a reStructuredText file, markup taken off: headings, paragraphs, lists, tables, code, notes.

    The title is the first heading, or that in a header of fields ("Title: ...", as in PEPs).
    """
    lines = normalise(decode(data, name)).expandtabs(8).split("\n")
    builder = ContentBuilder()
    reader = Reader(builder, lines)
    reader.read(lines)
    reader.end()
    header = next((found[1] for line in lines[:15] if (found := _HEADER_TITLE.match(line))), "")
    return builder.finish(one_line(header))
