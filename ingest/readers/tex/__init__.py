"""LaTeX sources."""

import re
import unicodedata
from collections.abc import Callable

from ...documents import Content
from ..building import ContentBuilder, normalise, one_line
from ..decoding import decode
from ..flow import Flow
from ..words import words
from .source import after_space, arguments, end_of, group, optional, options, settled
from .tables import read_table
from .units import number, quantity, unit

_TOKEN = re.compile(r"\\([a-zA-Z@]+\*?|[^a-zA-Z])|\$\$?|[{}~&]|\n[ \t]*\n\s*|---?|``|''")
# What may stand between dollar signs: no blank line.
_FORMULA = re.compile(r"(?:[^$\\\n]|\\[\s\S]|\n(?![ \t]*\n))*+")
_SECTIONS = {
    "part": 1, "chapter": 2, "section": 3, "frametitle": 3, "subsection": 4, "subsubsection": 5, "paragraph": 6,
    "subparagraph": 7,
}  # fmt: skip
_LISTS = {"itemize": None, "enumerate": 1, "description": None, "compactitem": None, "compactenum": 1}
_MATHS = words("equation align gather multline displaymath eqnarray alignat flalign math dmath split IEEEeqnarray")
_TABLES = words("tabular tabularx tabulary longtable tabu array")
_CITATIONS = words(
    "cite citep citet citealp citealt citeauthor citeyear citeyearpar citenum onlinecite Cite Citep Citet Citeauthor "
    "parencite textcite autocite footcite footcitetext smartcite supercite fullcite Parencite Textcite Autocite"
)
_STATEMENTS = words(
    "theorem lemma proposition corollary definition remark example proof conjecture claim exercise assumption"
)
_DRAWINGS = words("tikzpicture pgfpicture picture CJK asy forest")
# Commands that show nothing of their arguments; how many of those they take.
_SILENT = {
    **dict.fromkeys(
        words(
            "addbibresource address affil affiliation author bibliography bibliographystyle cline cmidrule color "
            "colorbox date documentclass geometry glossary graphicspath href hspace hypersetup includegraphics include "
            "index input institute label markright nocite pagestyle parbox phantom raisebox rotatebox scalebox "
            "selectlanguage subtitle textcolor thispagestyle title usepackage vspace"
        ),
        1,
    ),
    **dict.fromkeys(
        words(
            "DeclareMathOperator addtocounter addtolength fcolorbox fontsize markboth multicolumn multirow "
            "newcommand newtheorem providecommand renewcommand resizebox rule setcounter setlength"
        ),
        2,
    ),
    **dict.fromkeys(("addcontentsline", "definecolor", "newenvironment"), 3),
}
_SIGNS = {
    "ldots": "…", "dots": "…", "quad": " ", "qquad": " ", "slash": "/", "textbackslash": "\\", "textasciitilde": "~",
    "textasciicircum": "^", "textbullet": "•", "textendash": "–", "textemdash": "—", "textquotesingle": "'",
    "textquotedblleft": "“", "textquotedblright": "”", "textquoteleft": "‘", "textquoteright": "’",
    "guillemotleft": "«", "guillemotright": "»", "textunderscore": "_", "textbar": "|", "textless": "<",
    "textgreater": ">", "S": "§",
    "P": "¶", "copyright": "©", "pounds": "£", "euro": "€", "textdegree": "°", "dag": "†", "LaTeX": "LaTeX",
    "TeX": "TeX", "BibTeX": "BibTeX",
    "ss": "ß", "ae": "æ", "AE": "Æ", "o": "ø", "O": "Ø", "aa": "å", "AA": "Å", "l": "ł", "L": "Ł",
    "oe": "œ", "OE": "Œ", "i": "ı", "j": "ȷ", "-": "", "/": "", ",": " ", ";": " ", ":": " ", "!": "", " ": " ",
    "\n": " ", "@": "",
}  # fmt: skip
# The commands of accents and the combining characters that they stand for.
_ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "c": "\u0327", "v": "\u030c", "H": "\u030b", "u": "\u0306", "k": "\u0328", "r": "\u030a", "d": "\u0323",
}  # fmt: skip


# Commands of siunitx: how many arguments they take, and how these are shown.
_NUMBERS: dict[str, tuple[int, Callable[..., str]]] = {
    "num": (1, number),
    **dict.fromkeys(("si", "unit"), (1, unit)),
    **dict.fromkeys(("SI", "qty"), (2, quantity)),
    "numrange": (2, lambda first, last: f"{number(first)}–{number(last)}"),
    **dict.fromkeys(("SIrange", "qtyrange"), (3, lambda first, last, of: f"{number(first)}–{quantity(last, of)}")),
    "ang": (1, lambda degrees: quantity(degrees, "\\degree")),
}


def read_tex(data: bytes, name: str) -> Content:
    """The text of a LaTeX source: headings, paragraphs, lists, tables, formulas, notes.

    Commands are carried out or dropped. Formulas stay as they are written. Files that are included are not read.
    """
    source, kept = settled(normalise(decode(data, name)))
    body = re.search(r"\\begin\{document\}(.*?)(?:\\end\{document\}|\Z)", source, re.DOTALL)
    reader = _Reader(kept)
    reader.front_matter(source)
    if body and reader.title:
        reader.builder.heading(1, reader.title)
    reader.read(body[1] if body else source)
    reader.end()
    return reader.builder.finish(reader.title)


class _Reader:
    """Writes a document down; `kept` are its literal parts."""

    def __init__(self, kept: list[str]) -> None:
        self.builder = ContentBuilder()
        self.title = ""
        self._by: list[str] = []  # what stands below the title
        self._kept = kept
        self._flow = Flow(self.builder)
        self._text: list[str] = []
        self._notes: list[str] = []
        self._depth = 0

    def inline(self, source: str) -> str:
        """The text of a piece of source, on one line."""
        outer, self._text = self._text, []
        flow, self._flow = self._flow, Flow(ContentBuilder())
        self._walk(source)
        self._flush()
        self._flow.end()
        text = self._flow.builder.finish().text
        self._text, self._flow = outer, flow
        return one_line(text)

    def front_matter(self, source: str) -> None:
        """Takes the title and what stands below it from wherever it is given."""

        def given(*names: str) -> list[str]:
            pattern = re.compile(rf"\\(?:{'|'.join(names)})\*?\s*(?:\[[^\[\]]*\])*\s*(?=\{{)")
            return [group(source, found.end())[0] for found in pattern.finditer(source)]

        self.title = re.sub(r"\s*\[\d+\]", "", self.inline("".join(given("title")[:1])))  # without the marks of notes
        authors = [
            author for group_ in given("author") for author in re.split(r"\\(?:and|And|AND)(?![a-zA-Z])", group_)
        ]
        lines = (
            ("", given("subtitle")),
            ("Authors: ", authors),
            ("Affiliations: ", given("affil", "affiliation", "institute", "address")),
            ("Date: ", given("date")[:1]),
        )
        for label, parts in lines:
            shown = [", ".join(filter(None, map(self.inline, re.split(r"\\\\", part)))) for part in parts]
            text = ("; " if any(", " in part for part in shown) else ", ").join(filter(None, shown))
            self._by += [label + text] if text else []

    def read(self, source: str) -> None:
        """Reads a document."""
        self._walk(source)
        self._flush()

    def end(self) -> None:
        """Writes the notes down, each behind its mark."""
        for mark, note in enumerate(self._notes, 1):
            if note:
                self._flow.text(f"[{mark}] {note}")
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
            formula = _FORMULA.match(source, token.end())
            if formula is None or not source.startswith(sign, formula.end()):
                self._text.append(sign)
                return token.end()
            shown = one_line(formula[0])
            self._text.append(shown if shown.isalnum() else f"{sign}{shown}{sign}")
            return formula.end() + len(sign)
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
            if end < 0:
                return i
            self._text.append(f"${one_line(source[i:end])}$")
            return end + 2
        elif name in ("footnote", "thanks", "footnotetext"):
            note, i = group(source, optional(source, i)[1])
            self._notes.append(self.inline(note))
            self._text.append(f"[{len(self._notes)}]")
        elif name == "maketitle":
            self._title_page()
        elif name in _CITATIONS:
            around, i = options(source, after_space(source, i, name))
            keys, i = group(source, i)
            before, after = [self.inline(text) for text in (around if len(around) > 1 else ["", *around, ""])[:2]]
            places = ", ".join(filter(None, [*re.split(r"\s*,\s*", keys.strip()), after]))
            self._text.append(f"[{before} {places}]" if before else f"[{places}]")
        elif name in ("ref", "eqref", "autoref", "cref", "Cref", "pageref", "url", "nolinkurl", "path"):
            label, i = group(source, i)
            self._text.append(re.sub(r"\\([%#&_~$])", r"\1", label))
        elif name == "caption":
            self._flush()
            caption, i = group(source, optional(source, i)[1])
            self._flow.text(self.inline(caption))
        elif name in ("subfigure", "subfloat"):
            captions, i = options(source, i)
            self._flush()
            self._flow.text(self.inline("".join(captions[-1:])))
        elif name == "texorpdfstring":
            (shown, _), i = arguments(source, i, 2)
            self._walk(shown)
        elif name in _NUMBERS:
            count, form = _NUMBERS[name]
            given, i = arguments(source, i, count)
            self._text.append(form(*given))
        elif name in ("kept", "verb"):
            place, i = group(source, i)
            literal = self._kept[int(place)] if place.isdecimal() and int(place) < len(self._kept) else ""
            if name == "verb":
                self._text.append(literal)
            else:
                self._flush()
                self._flow.code(literal)
        elif name in ("\\", "newline", "par"):
            self._text.append(" ")
            i = optional(source, i)[1]
            if name == "par":
                self._flush()
        elif name in _SIGNS:
            self._text.append(_SIGNS[name])
            i = after_space(source, i, name)
        elif name in _ACCENTS and (not name.isalpha() or source[i : i + 1] in ("{", " ", "\\")):
            letter, i = group(source, i)
            base = self.inline(letter).replace("ı", "i").replace("ȷ", "j")
            accented = unicodedata.normalize("NFC", base[:1] + _ACCENTS[name] + base[1:])
            self._text.append(accented if base else name if name in "~^" else "")
        elif name in _SILENT:
            i = arguments(source, i, _SILENT[name])[1]
        elif name == "bibitem":
            self._flush()
            label, i = optional(source, i)
            key, i = group(source, i)
            self._text.append(f"[{label or key}] ")
        elif not name[0].isalpha():
            self._text.append(name if name in "%&#_${}" else "")
        else:
            i = after_space(source, options(source, i)[1], name)
        return i

    def _title_page(self) -> None:
        self._flush()
        self._flow.builder.lines(self._by)
        self._by = []

    def _environment(self, source: str, i: int) -> int:
        name, i = group(source, i)
        bare = name.rstrip("*")
        end, after = end_of(source, i, name)
        inner = source[i:end]
        self._flush()
        if after == end and (bare in _MATHS or bare in _DRAWINGS):  # never closed: all that follows is no formula
            return i
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
            if bare == "frontmatter":
                self._title_page()
            elif bare == "abstract":
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
        count = 2 if name in ("tabularx", "tabulary") else 1
        at = optional(inner, 0)[1]
        for _ in range(count):
            at = group(inner, at)[1]
        texts, rows, header_rows = read_table(inner[at:], self.inline)
        for text in texts:
            self._flow.text(text)
        self._flow.table(rows, header_rows)
