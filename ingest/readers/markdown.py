"""Markdown: CommonMark with tables, footnotes, definition lists and front matter."""

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..documents import Content
from .building import ContentBuilder, normalise, one_line
from .decoding import decode
from .flow import Flow
from .text import add_text

if TYPE_CHECKING:
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

    Rule = Callable[[StateBlock, int, int, bool], bool]

_FRONT_TITLE = re.compile(r"^title\s*[:=]\s*(.+?)\s*$", re.MULTILINE | re.IGNORECASE)
_TOML_FRONT = re.compile(r"\A\+\+\+\n(.*?\n)\+\+\+(?:\n|\Z)", re.DOTALL)
# Links between notes: "[[page]]", "[[page|what is shown]]".
_WIKI_LINK = re.compile(r"\[\[(?:[^\[\]|\n]*\|)?([^\[\]|\n]*[^\W\d_][^\[\]|\n]*)\]\]")
_TASK = re.compile(r"\[([ xX])\] ")
# What mdBook puts in the place of such a line is in another file: "{{#include ../main.rs:here}}".
_INCLUDE = re.compile(r"^[ \t]*\{\{#\w+[^{}\n]*\}\}[ \t]*\n?", re.MULTILINE)
# So many blocks in each other are read, a list being two: what is deeper the parser would drop, and at 400 Python's
# stack is full. From here on everything is a paragraph.
_MAX_LEVEL = 100
_MAX_INLINE_LEVEL = 20
_NOT_BELOW = ("blockquote", "list", "deflist", "footnote_def", "reference")
_QUOTE_MARKS = re.compile(r"^(?:>[ \t]*)+", re.MULTILINE)
# Heading identifiers and classes of Pandoc, kramdown and mdBook: "## Title {#id .class}".
_ATTRIBUTES = re.compile(r"\s*\{[#.:][^{}]*\}\s*$")


def read_markdown(data: bytes, name: str) -> Content:
    """The text that a Markdown file shows when it is rendered, its markup taken off.

    Headings open sections; lists keep their marks; a table becomes one line per row that names its
    headers; code stands as it is; a link is its text, an image its description; a footnote stands at the end
    behind its mark. Front matter is not text: of it, only the title is used.
    """
    return parse_markdown(decode(data, name))


def parse_markdown(text: str, builder: ContentBuilder | None = None) -> Content:
    """The content of Markdown `text`; with a `builder`, it is added to what that has already."""
    builder = builder or ContentBuilder()
    writer = _Writer(builder)
    text = normalise(text)
    if front := _TOML_FRONT.match(text):
        writer.title = _front_title(front[1])
        text = text[front.end() :]
    text = _INCLUDE.sub("", text)
    try:
        tokens = _parse(text)
    except RecursionError:
        add_text(builder, text)
    else:
        writer.write(tokens)
    return builder.finish(writer.title)


def _parse(text: str) -> "list[Token]":
    from markdown_it import MarkdownIt
    from mdit_py_plugins.deflist import deflist_plugin
    from mdit_py_plugins.dollarmath import dollarmath_plugin
    from mdit_py_plugins.footnote import footnote_plugin
    from mdit_py_plugins.front_matter import front_matter_plugin

    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": _MAX_LEVEL + 10}).enable(["table", "strikethrough"])
    parser.use(front_matter_plugin).use(footnote_plugin).use(deflist_plugin)
    parser.use(dollarmath_plugin, allow_space=False, allow_digits=False, double_inline=True)
    for rule in parser.block.ruler.__rules__:
        if rule.name in _NOT_BELOW:
            parser.block.ruler.at(rule.name, _shallow(rule.fn), {"alt": rule.alt})
    parser.core.ruler.before("inline", "blocks_read", _blocks_read)
    parser.core.ruler.before("footnote_tail", "all_footnotes", _all_footnotes)
    return parser.parse(text)


def _shallow(rule: "Rule") -> "Rule":
    """`rule`, which finds nothing any more where the blocks around are too many: what stands there is a paragraph."""
    return lambda state, start, end, silent: state.level < _MAX_LEVEL and rule(state, start, end, silent)


def _blocks_read(state: "StateCore") -> None:
    """Leaves of the deepest quotes their text only, and limits what is nested in a line: there, nothing is lost."""
    state.md.options["maxNesting"] = _MAX_INLINE_LEVEL
    for token in state.tokens:
        if token.type == "inline" and token.level > _MAX_LEVEL:
            token.content = _QUOTE_MARKS.sub("", token.content)


def _all_footnotes(state: "StateCore") -> None:
    """Makes the footnotes that nothing refers to the last ones; they would be left out."""
    notes = state.env.get("footnotes", {"refs": {}})
    for label, number in notes["refs"].items():
        if number < 0:
            notes["list"][len(notes["list"])] = {"label": label.removeprefix(":"), "count": 0}


class _Writer:
    """Writes the block tokens of a parsed file down in order."""

    def __init__(self, builder: ContentBuilder) -> None:
        self.title = ""
        self._builder = builder
        self._flow = Flow(builder)
        self._quotes = 0
        self._is_term = False
        self._rows: list[list[str]] = []
        self._header_rows = 0

    def write(self, tokens: "Sequence[Token]") -> None:
        for i, token in enumerate(tokens):
            match token.type:
                case "front_matter":
                    self.title = _front_title(token.content)
                case "inline":
                    self._inline(token, tokens[i - 1])
                case "fence" | "code_block":
                    self._flow.code(token.content)
                case "math_block" | "math_block_label" | "amsmath":
                    self._flow.code(f"$${token.content}$$")
                case "html_block":
                    self._html(token.content)
                case "bullet_list_open":
                    self._flow.open_list()
                case "ordered_list_open":
                    self._flow.open_list(int(token.attrGet("start") or 1))
                case "bullet_list_close" | "ordered_list_close":
                    self._flow.close_list()
                case "list_item_open":
                    self._flow.open_item()
                case "list_item_close":
                    self._flow.close_item()
                case "blockquote_open":
                    self._quotes += 1
                case "blockquote_close":
                    self._quotes -= 1
                case "dt_open" | "dt_close":
                    self._is_term = token.type == "dt_open"
                case "dl_close":
                    self._flow.end()
                case "table_open":
                    self._rows, self._header_rows = [], 0
                case "tr_open":
                    self._rows.append([])
                case "thead_close":
                    self._header_rows = len(self._rows)
                case "table_close":
                    self._flow.table(self._rows, self._header_rows)
                case "footnote_block_open":
                    self._flow.open_list()
                case "footnote_block_close":
                    self._flow.close_list()
                case "footnote_open":
                    self._flow.open_item(f"[{_footnote_mark(token)}] ")
                case "footnote_close":
                    self._flow.close_item()
        self._flow.end()

    def _inline(self, token: "Token", opened_by: "Token") -> None:
        text = _plain(token.children or [])
        if opened_by.type == "heading_open":
            text = _ATTRIBUTES.sub("", text)
            if self._quotes:
                self._flow.text(text)
            else:
                self._flow.heading(int(opened_by.tag[1:]), text)
        elif opened_by.type in ("th_open", "td_open"):
            self._rows[-1].append(text)
        elif self._is_term:
            self._flow.term(text)
        else:
            if self._flow.in_item and (task := _TASK.match(text)):
                text = ("☐ " if task.group(1) == " " else "☑ ") + text[task.end() :]
            self._flow.text(text, keep_breaks="\n" in text)

    def _html(self, html: str) -> None:
        from .html import add_html

        self._flow.end()
        add_html(self._builder, html, whole_page=False)


def _plain(tokens: "Sequence[Token]") -> str:
    """The text of inline tokens, the line breaks in it being those that were asked for."""
    parts: list[str] = []
    for token in tokens:
        match token.type:
            case "text":
                parts.append(_WIKI_LINK.sub(r"\1", token.content))
            case "code_inline" | "text_special":
                parts.append(token.content)
            case "softbreak":
                parts.append(" ")
            case "hardbreak":
                parts.append("\n")
            case "math_inline":
                parts.append(f"${token.content}$")
            case "math_inline_double":
                parts.append(f"$${token.content}$$")
            case "image":
                parts.append(_plain(token.children or []))
            case "html_inline":
                parts.append("\n" if token.content.lower().startswith("<br") else "")
            case "footnote_ref":
                parts.append(f"[{_footnote_mark(token)}]")
    return "".join(parts)


def _footnote_mark(token: "Token") -> str:
    return str(token.meta.get("label") or token.meta["id"] + 1)


def _front_title(front: str) -> str:
    """The title in YAML or TOML front matter, found without reading the rest of it."""
    found = _FRONT_TITLE.search(front)
    if found is None:
        return ""
    title = found.group(1)
    if len(title) > 1 and title[0] == title[-1] and title[0] in "\"'":
        title = title[1:-1].replace("''", "'") if title[0] == "'" else title[1:-1].replace('\\"', '"')
    return one_line(title)
