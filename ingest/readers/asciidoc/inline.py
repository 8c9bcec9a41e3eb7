"""The text of AsciiDoc inline markup."""

import re
from collections.abc import Callable
from html import unescape

# Inline markup, in the order in which it is taken off. Constrained marks need a border of a word.
_INLINE: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"(?<![\\\w])(?:linkgit|man):([\w.{}-]+)\[(\d)\]"), r"\1(\2)"),
    (
        re.compile(r"(?:link|xref|mailto|image):([^\s\[]+)\[([^\]]*)\]"),
        lambda m: m[2].split(",")[0].strip('"') or m[1],
    ),
    (
        re.compile(r"((?:https?|ftp|irc)://[^\s\[\]<>]+)\[([^\]]*)\]"),
        lambda m: m[2].split(",")[0].strip('"^') or m[1],
    ),
    (re.compile(r"<<([^,<>\n]{1,200})(?:,\s*([^<>]{1,200}))?>>"), lambda m: m[2] or m[1].lstrip("#_")),
    (re.compile(r"(?:kbd|btn|menu|pass|stem|latexmath|asciimath):\w*\[([^\]]*)\]"), r"\1"),
    (
        re.compile(r"\[\[[^\[\]\n]{0,200}\]\]|\(\(\([^()\n]{0,200}\)\)\)|indexterm:\[[^\]]*\]|anchor:\w+\[[^\]]*\]"),
        "",
    ),
    (re.compile(r"\(\(([^()\n]{1,200})\)\)"), r"\1"),
    (re.compile(r"\[[.#][\w.#-]+\](?=[`*_#])"), ""),
    (re.compile(r"(?<![\w`\\])`\+(.+?)\+`(?!\w)"), r"\1"),
    (re.compile(r"``(?=[^`'\s])([^`']{1,200})(?<=\S)''"), r"“\1”"),
    (re.compile(r"``([^`]+)``|(?<![\w`\\])`(?=\S)([^`]+?)(?<=\S)`(?!\w)"), lambda m: m[1] or m[2]),
    (
        re.compile(r"\*\*(?=\S)(.+?)\*\*|(?<![\w*\\])\*(?=\S)([^*]+?)(?<=\S)\*(?![\w*])"),
        lambda m: m[1] or m[2],
    ),
    (re.compile(r"__(?=\S)(.+?)__|(?<![\w_\\])_(?=\S)([^_]+?)(?<=\S)_(?![\w_])"), lambda m: m[1] or m[2]),
    (re.compile(r"(?<![\w#\\])#(?=\S)([^#]+?)(?<=\S)#(?!\w)"), r"\1"),
    (re.compile(r"(?<=\d)\^(\d+)\^"), r"^\1"),
    (re.compile(r"\^(\w+)\^|~(\w+)~"), lambda m: m[1] or m[2]),
    (re.compile(r"\\([*_`#^~{<\[])"), r"\1"),
)


def without_markup(text: str) -> str:
    """The text that `text` shows, its inline markup taken off.

    >>> without_markup("Use `git add`, see https://x.y[the *docs*] and linkgit:git-rm[1].")
    'Use git add, see the docs and git-rm(1).'
    """
    for pattern, replacement in _INLINE:
        text = pattern.sub(replacement, text)
    return unescape(text)
