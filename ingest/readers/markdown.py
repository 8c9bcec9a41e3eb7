"""Markdown: CommonMark with tables, footnotes, definition lists and front matter."""

import re
from collections.abc import Callable, Sequence
from html import unescape
from itertools import takewhile
from typing import TYPE_CHECKING

from ..documents import Content
from ..sentences import heads
from .building import ContentBuilder, normalise, one_line
from .decoding import decode
from .flow import Flow
from .text import add_text

if TYPE_CHECKING:
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

    Rule = Callable[[StateBlock, int, int, bool], bool]

# What stands between two such lines at the top; between dashes it may also be text between two rules.
_FRONT = re.compile(
    r"\A(?:\+\+\+[ \t]*\n(.*?\n)\+\+\+|---[ \t]*\n(?=[^\s-])(.*?\n)(?:---|\.\.\.))[ \t]*(?:\n|\Z)", re.DOTALL
)
_YAML_KEY = re.compile(r"""(?:[\w.-]+(?: [\w.-]+){0,2}|"[^"]+"|'[^']+')[ \t]*:(?:\s|$)""")
# Lines of YAML that hold no key: blank, indented, a list's, a comment, the end of something in brackets.
_YAML_MORE = re.compile(r"\s*$|\s|- |-$|#|[]})]")
# A key of front matter that says something, and all that is said: the rest of the line and the indented lines below.
_FRONT_FIELD = re.compile(
    r"^(title|subtitle|authors?|description|abstract|summary)[ \t]*[:=][ \t]*(.*(?:\n+(?:[ \t]+|- ).*)*)",
    re.MULTILINE | re.IGNORECASE,
)
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
# What an image shows: `alt="..."`.
_ALT = re.compile(r"""\balt\s*=\s*(["'])(.*?)\1""", re.DOTALL | re.IGNORECASE)
# A line that begins as a clause does: "3.1 The", "§ 3 The", "Section 2. Notice"; as an item does: "(a) the".
_CLAUSE = re.compile(
    r"(?:(?:§|Article|Clause|Section)[ ]?\d+[a-z]?|\d{1,3}(?=\.\d))(?:\.\d{1,3})*(?:[.:)]?[ ]+[\"“'‘(]?[A-Z]|[.:]?$)"
)
_ITEM = re.compile(r"\((?:[a-z]|[ivx]{2,4}|\d{1,2})\) \S")
_CLOSED = re.compile(r"[.:;,](?: and| or)?$")
# A line break that the file has and its reader does not see; Markdown has no such character.
_SOFT = "\0"
# Raised behind a number it would run into that: "10<sup>6</sup>" is not 106. (Ordinals are none: 1st, 2e, 3o.)
_RAISED = re.compile(r"[-+\u2212\u2013]?(?:\d[\d.,]*|[^\W\daeo_])(?: ?[-+\u2212\u2013*/] ?\w+)*")
# Heading identifiers and classes of Pandoc, kramdown and mdBook: "## Title {#id .class}".
_ATTRIBUTES = re.compile(r"\s*\{[#.:][^{}]*\}\s*$")


def read_markdown(data: bytes, name: str) -> Content:
    """The text that a Markdown file shows when it is rendered, its markup taken off.

    Headings open sections; lists keep their marks; a table becomes one line per row that names its
    headers; code stands as it is; a link is its text, an image its description; a footnote stands at the end
    behind its mark. Of front matter stand above it all the subtitle, authors and description; the rest is for programs.
    """
    return parse_markdown(decode(data, name))


def parse_markdown(text: str, builder: ContentBuilder | None = None) -> Content:
    """The content of Markdown `text`; with a `builder`, it is added to what that has already."""
    builder = builder or ContentBuilder()
    writer = _Writer(builder)
    text = normalise(text)
    if (front := _FRONT.match(text)) and (front[1] or _is_yaml(front[2])):
        text = text[front.end() :]
        writer.front(front[1] or front[2])
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

    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": _MAX_LEVEL + 10}).enable(["table", "strikethrough"])
    parser.use(footnote_plugin).use(deflist_plugin)
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

    def front(self, matter: str) -> None:
        """Writes down what front matter says in words, and keeps the title."""
        for key, value in _FRONT_FIELD.findall(matter):
            if key.lower() == "title":
                self.title = self.title or _scalar(value)
            elif key.lower().startswith("author"):
                names = map(_scalar, value.strip("[] ").split("," if value.startswith("[") else "\n"))
                self._builder.paragraph(f"{key.capitalize()}: {', '.join(filter(None, names))}")
            else:
                self._builder.paragraph(_scalar(value))

    def write(self, tokens: "Sequence[Token]") -> None:
        for i, token in enumerate(tokens):
            match token.type:
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
                    self._flow.open_list(int(token.attrs.get("start", 1)))
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
        lines = _lines(token.children or [])
        if self._flow.in_numbered_item and len(lines) > 1 and lines[0][:1].isupper() and heads(lines[0], lines[1:]):
            self._flow.text(lines.pop(0))
        text = _unwrapped(lines)
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
    return _unwrapped(_lines(tokens))


def _lines(tokens: "Sequence[Token]") -> list[str]:
    """The text of inline tokens, line by line as the file has it."""
    parts: list[str] = []
    for i, token in enumerate(tokens):
        match token.type:
            case "text":
                parts.append(_WIKI_LINK.sub(r"\1", token.content))
            case "code_inline" | "text_special":
                parts.append(token.content)
            case "softbreak":
                parts.append(_SOFT)
            case "hardbreak":
                parts.append("\n")
            case "math_inline":
                parts.append(f"${token.content}$")
            case "math_inline_double":
                parts.append(f"$${token.content}$$")
            case "image":
                parts.append(_plain(token.children or []))
            case "html_inline":
                parts.append(_html_inline(token.content, parts, tokens[i + 1 : i + 5]))
            case "footnote_ref":
                parts.append(f"[{_footnote_mark(token)}]")
    return "".join(parts).split(_SOFT)


def _unwrapped(lines: Sequence[str]) -> str:
    """Lines of one paragraph put together, the clauses and items that begin one left apart.

    >>> _unwrapped(["2.1 The Client pays.", "2.2 It pays", "in euros:", "(a) at once; or", "(b) later."])
    '2.1 The Client pays.\\n2.2 It pays in euros:\\n(a) at once; or\\n(b) later.'
    >>> _unwrapped(["It needs version", "3.1 of the server, see paragraph", "(b) below and section", "3.2 Notes."])
    'It needs version 3.1 of the server, see paragraph (b) below and section 3.2 Notes.'
    """
    text = lines[0]
    listed = sum(_ITEM.match(line) is not None for line in lines) > 1
    for line in lines[1:]:
        clause = _CLAUSE.match(line)
        opens = clause or (listed and _ITEM.match(line))
        begins = (opens and _CLOSED.search(text.rstrip())) or (clause and _CLAUSE.match(text))
        text += ("\n" if begins else " ") + line
    return text


def _html_inline(html: str, before: list[str], after: "Sequence[Token]") -> str:
    """What an HTML tag in a line adds to the text between which it stands."""
    tag = html.strip("<> ").split(maxsplit=1)[0].lower()
    if tag in ("br", "br/"):
        return "\n"
    if tag == "img" and (alt := _ALT.search(html)):
        return unescape(alt[2])
    if tag in ("/sup", "/sub"):
        return ")" if any(part in ("^(", "_(") for part in before[-4:]) else ""
    last = before[-1][-1:] if before else ""
    if tag not in ("sup", "sub") or not last.isdigit():
        return ""
    inside = takewhile(lambda token: token.type != "html_inline", after)
    raised = "".join(token.content or " " for token in inside)
    if not _RAISED.fullmatch(raised):
        return ""
    return ("^" if tag == "sup" else "_") + ("(" if " " in raised else "")


def _footnote_mark(token: "Token") -> str:
    return str(token.meta.get("label") or token.meta["id"] + 1)


def _is_yaml(matter: str) -> bool:
    """Whether what stands between two lines of dashes is front matter: keys with values, and nothing else."""
    lines = matter.split("\n")
    return any(map(_YAML_KEY.match, lines)) and all(_YAML_KEY.match(line) or _YAML_MORE.match(line) for line in lines)


def _scalar(value: str) -> str:
    """A string of YAML or TOML without its marks, on one line."""
    text = one_line(re.sub(r"^[>|][+-]?\d?[ \t]*\n|^\s*(?:- )?(?:name: )?", "", value))
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1].replace("''", "'") if text[0] == "'" else text[1:-1].replace('\\"', '"')
    return text
