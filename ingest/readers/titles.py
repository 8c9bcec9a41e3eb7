"""Titles that files claim to have in their properties, and which of them are worth showing."""

import re

from .building import one_line

# What programs write where a title should be: their own names, file names, the word "title".
_EMPTY = re.compile(
    r"untitled|^(?:microsoft |powerpoint|slide \d|(?:word )?document\d*$|(?:presentation|book|title)\d*$|unknown$)|"
    r"\\|^\S+/\S+/\S*$|\.(?:docx?|dvi|exe|html?|indd|odt|pdf|pptx?|ps|qxd|rtf|tex|xlsx?)$",
    re.IGNORECASE,
)


def claimed_title(title: str) -> str:
    """`title`, or "" where it is what a program wrote by itself.

    >>> claimed_title("Dosing of nivolumab"), claimed_title("Microsoft Word - final3.doc")
    ('Dosing of nivolumab', '')
    """
    title = one_line(title)
    return "" if len(title) < 2 or _EMPTY.search(title) else title
