"""LaTeX sources."""

import re
import unicodedata

from ...documents import Content
from ..building import ContentBuilder, normalise, one_line
from ..decoding import decode
from ..flow import Flow
from ..words import words
from .source import COMMENT, after_space, end_of, expanded, group, optional, without_verbatim

_TOKEN = re.compile(r"\\([a-zA-Z@]+\*?|[^a-zA-Z])|\$\$?|[{}~&]|\n[ \t]*\n\s*|---?|``|''")
_SECTIONS = {
    "part": 1, "chapter": 2, "section": 3, "frametitle": 3, "subsection": 4, "subsubsection": 5, "paragraph": 6,
    "subparagraph": 7,
}  # fmt: skip
_LISTS = {"itemize": None, "enumerate": 1, "description": None, "compactitem": None, "compactenum": 1}
_MATHS = words("equation align gather multline displaymath eqnarray alignat flalign math dmath split IEEEeqnarray")
_TABLES = words("tabular tabularx tabulary longtable tabu array")
_STATEMENTS = words(
    "theorem lemma proposition corollary definition remark example proof conjecture claim exercise assumption"
)
_DRAWINGS = words("tikzpicture pgfpicture picture filecontents CJK asy forest")
# Commands that show nothing of their arguments; how many of those they take.
_SILENT = {
    **dict.fromkeys(("bibitem", "hyperref", "newline"), 0),
    **dict.fromkeys(
        words(
            "addbibresource author bibliography bibliographystyle cline cmidrule color colorbox date "
            "documentclass geometry glossary graphicspath href hspace hypersetup includegraphics include "
            "index input label markright pagestyle phantom raisebox scalebox selectlanguage textcolor "
            "thanks thispagestyle title usepackage vspace"
        ),
        1,
    ),
    **dict.fromkeys(
        words(
            "DeclareMathOperator addtocounter addtolength fontsize markboth multicolumn multirow "
            "newcommand newtheorem providecommand renewcommand resizebox rule setcounter setlength"
        ),
        2,
    ),
    **dict.fromkeys(("addcontentsline", "definecolor", "newenvironment"), 3),
}
_SIGNS = {
    "ldots": "…", "dots": "…", "quad": " ", "qquad": " ", "slash": "/", "textbackslash": "\\", "textasciitilde": "~",
    "textasciicircum": "^", "textbullet": "•", "textendash": "–", "textemdash": "—", "textquotesingle": "'", "S": "§",
    "P": "¶", "copyright": "©", "pounds": "£", "euro": "€", "textdegree": "°", "dag": "†", "LaTeX": "LaTeX",
    "TeX": "TeX", "BibTeX": "BibTeX",
    "ss": "ß", "ae": "æ", "AE": "Æ", "o": "ø", "O": "Ø", "aa": "å", "AA": "Å", "l": "ł", "L": "Ł",
    "oe": "œ", "OE": "Œ", "i": "i", "j": "j", "-": "", "/": "", ",": " ", ";": " ", ":": " ", "!": "", " ": " ",
    "\n": " ", "@": "",
}  # fmt: skip
# The commands of accents and the combining characters that they stand for.
_ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "c": "\u0327", "v": "\u030c", "H": "\u030b", "u": "\u0306", "k": "\u0328", "r": "\u030a", "d": "\u0323",
}  # fmt: skip


def read_tex(data: bytes, name: str) -> Content:
    """The text of a LaTeX source: headings, paragraphs, lists, tables, formulas, notes.

    Commands are carried out or dropped. Formulas stay as they are written. Files that are included are not read.
    """
    source = normalise(decode(data, name))
    title = re.search(r"\\title\s*(?:\[[^\]]*\])?\s*(?=\{)", source)
    reader = _Reader()
    if title:
        shown = _Reader().inline(COMMENT.sub(r"\1", group(source, title.end())[0]))
        reader.title = re.sub(r"\[\d+\]$", "", shown)  # the mark of the thanks
    source, kept = without_verbatim(source)
    source = expanded(COMMENT.sub(r"\1", source))
    body = re.search(r"\\begin\{document\}(.*?)(?:\\end\{document\}|\Z)", source, re.DOTALL)
    if body and reader.title:
        reader.builder.heading(1, reader.title)
    reader.read(body[1] if body else source, kept)
    reader.end()
    return reader.builder.finish(reader.title)


class _Reader:
    def __init__(self) -> None:
        self.builder = ContentBuilder()
        self.title = ""
        self._flow = Flow(self.builder)
        self._text: list[str] = []
        self._notes: list[str] = []
        self._kept: list[str] = []
        self._depth = 0

    def inline(self, source: str) -> str:
        """The text of a piece of source, on one line."""
        outer, self._text = self._text, []
        flow, self._flow = self._flow, Flow(ContentBuilder())
        self._walk(source)
        text, self._text = "".join(self._text), outer
        self._flow = flow
        return one_line(text)

    def read(self, source: str, kept: list[str]) -> None:
        """Reads a document; `kept` are its verbatim parts."""
        self._kept = kept
        self._walk(source)
        self._flush()

    def end(self) -> None:
        """Writes the notes down, each behind its mark."""
        for number, note in enumerate(self._notes, 1):
            self._flow.text(f"[{number}] {note}")
        self._flow.end()

    def _flush(self) -> None:
        text = "".join(self._text)
        self._text.clear()
        self._flow.text(text)

    def _walk(self, source: str) -> None:
        if self._depth > 60:
            self._text.append(source)
            return
        self._depth += 1
        i = 0
        for _ in range(len(source) + 1):
            token = _TOKEN.search(source, i)
            if token is None:
                break
            self._text.append(source[i : token.start()])
            i = self._token(source, token)
        self._text.append(source[i:])
        self._depth -= 1

    def _token(self, source: str, token: re.Match[str]) -> int:
        """Reads one token; where to go on."""
        sign, command = token[0], token[1]
        if command is not None:
            return self._command(source, command.rstrip("*") or "*", token.end())
        if sign.startswith("\n"):
            self._flush()
        elif sign in ("$", "$$"):
            end = source.find(sign, token.end())
            end = end if end >= 0 else len(source)
            formula = one_line(source[token.end() : end])
            self._text.append(formula if formula.isalnum() else f"{sign}{formula}{sign}")
            return end + len(sign)
        else:
            self._text.append({"~": " ", "--": "–", "---": "—", "``": "“", "''": "”", "&": " "}.get(sign, ""))
        return token.end()

    def _command(self, source: str, name: str, i: int) -> int:
        if name in _SECTIONS:
            self._flush()
            title, i = group(source, optional(source, i)[1])
            self._flow.heading(_SECTIONS[name] - (0 if self.title else 1) or 1, self.inline(title))
        elif name == "begin":
            return self._environment(source, i)
        elif name == "item":
            label, i = optional(source, i)
            self._flush()
            self._flow.close_item()
            self._flow.open_item()
            if label:
                self._flow.term(self.inline(label))
        elif name in ("[", "("):
            end = source.find("\\]" if name == "[" else "\\)", i)
            end = end if end >= 0 else len(source)
            self._text.append(f"${one_line(source[i:end])}$")
            return end + 2
        elif name in ("footnote", "thanks", "footnotetext"):
            note, i = group(source, optional(source, i)[1])
            self._notes.append(self.inline(note))
            self._text.append(f"[{len(self._notes)}]")
        elif name in (
            "cite",
            "citep",
            "citet",
            "parencite",
            "textcite",
            "autocite",
            "footcite",
            "citeauthor",
        ):
            while source[i : i + 1] == "[":
                i = optional(source, i)[1]
            keys, i = group(source, i)
            self._text.append(f"[{keys}]")
        elif name in ("ref", "eqref", "autoref", "cref", "Cref", "pageref", "url", "nolinkurl", "path"):
            label, i = group(source, i)
            self._text.append(label)
        elif name == "caption":
            self._flush()
            caption, i = group(source, optional(source, i)[1])
            self._flow.text(self.inline(caption))
        elif name == "kept":
            number, i = group(source, i)
            self._flush()
            self._flow.code(self._kept[int(number)] if number.isdigit() and int(number) < len(self._kept) else "")
        elif name == "verb":
            end = source.find(source[i : i + 1] or "|", i + 1)
            self._text.append(source[i + 1 : end])
            return max(end, i) + 1
        elif name in ("\\", "newline", "par"):
            self._text.append(" ")
            i = optional(source, i)[1]
            if name == "par":
                self._flush()
        elif name in _SIGNS:
            self._text.append(_SIGNS[name])
            i = after_space(source, i, name)
        elif name in _ACCENTS and (not name.isalpha() or source[i : i + 1] in ("{", " ")):
            letter, i = group(source, i)
            base = _SIGNS.get(letter.lstrip("\\"), letter)
            self._text.append(unicodedata.normalize("NFC", base[:1] + _ACCENTS[name] + base[1:]) if base else "")
        elif name in _SILENT:
            for _ in range(_SILENT[name]):
                i = group(source, optional(source, i)[1])[1]
            if name == "bibitem":
                self._flush()
                label, i = optional(source, i)
                key, i = group(source, i)
                self._text.append(f"[{label or key}] ")
        elif not name[0].isalpha():
            self._text.append(name if name in "%&#_${}" else "")
        else:
            i = after_space(source, optional(source, i)[1], name)
        return i

    def _environment(self, source: str, i: int) -> int:
        name, i = group(source, i)
        bare = name.rstrip("*")
        end, after = end_of(source, i, name)
        inner = source[i:end]
        self._flush()
        if bare in _LISTS:
            self._flow.open_list(_LISTS[bare])
            self._walk(inner[optional(inner, 0)[1] :])
            self._flush()
            self._flow.close_item()
            self._flow.close_list()
        elif bare in _MATHS:
            formula = re.sub(r"\\label\{[^}]*\}|\\nonumber|\\notag", "", inner)
            self._flow.text(f"$${one_line(formula)}$$")
        elif bare in _TABLES:
            self._table(inner, bare)
        elif bare not in _DRAWINGS:
            if bare == "abstract":
                self._flow.heading(3 if self.title else 2, "Abstract")
            elif bare in _STATEMENTS:
                label, at = optional(inner, 0)
                inner = inner[at:]
                self._flow.term(f"{bare.capitalize()} ({self.inline(label)})" if label else bare.capitalize())
            elif bare in (
                "minipage",
                "multicols",
                "adjustbox",
                "wrapfigure",
                "thebibliography",
                "column",
                "subfigure",
            ):
                inner = inner[group(inner, optional(inner, 0)[1])[1] :]
            elif bare in ("figure", "table", "frame", "block", "center", "tcolorbox"):
                inner = inner[optional(inner, 0)[1] :]
            self._walk(inner)
            self._flush()
        return after

    def _table(self, inner: str, name: str) -> None:
        at = optional(inner, 0)[1]
        for _ in range(2 if name in ("tabularx", "tabulary") else 1):
            at = group(inner, at)[1]
        rules = r"\\(?:hline|(?:top|mid|bottom)rule|end(?:first)?head|end(?:last)?foot|cmidrule\S*|cline\{[^}]*\})"
        parts = re.split(r"\\\\(?:\[[^\]]*\])?|\\tabularnewline", inner[at:])
        rows: list[list[str]] = []
        header_rows = 0
        for part in parts:
            # A rule below the first row sets it off as a header.
            if len(rows) == 1 and re.match(rf"\s*{rules}", part):
                header_rows = 1
            cells = re.split(r"(?<!\\)&", re.sub(rules, "", part))
            rows.append([self.inline(cell) for cell in cells])
        rows = [row for row in rows if any(row)]
        self._flow.table(rows, header_rows if len(rows) > 1 else 0)
