"""Markup, data, mail and books: what each reader makes of a small file of its kind.

Past 500 lines: most of them are the small files themselves, each beside what is expected of it.
"""

import io
import json
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.documents import Content
from ingest.errors import NoTextError, SourceError
from ingest.readers import read
from ingest.readers.building import normalise


def blocks(text: str | bytes, name: str) -> list[str]:
    return content_of(text, name).text.split("\n\n")


def content_of(text: str | bytes, name: str) -> Content:
    content = read(text.encode() if isinstance(text, str) else text, name)
    assert normalise(content.text) == content.text
    starts = [section.start for section in content.sections]
    assert starts == sorted(set(starts))
    assert all(content.text.startswith(section.path[-1], section.start) for section in content.sections)
    return content


# --- reStructuredText ----------------------------------------------------------------------------

RST = """\
=====
Title
=====

:Author: Jane
:Date: 2026

Intro with *emphasis*, **bold**, ``a*b``, :func:`~os.path.join`, :pep:`8`, `a link <http://x>`_
and a note [#n]_ by |who|.

First part
----------

A paragraph::

    code(x)

      more

- one
  goes on

  second paragraph
- two

  1. inner

term
    its meaning

.. note:: Take care.

.. code-block:: python
   :caption: x

   y = 1

.. versionadded:: 3.1
   It is new.

.. image:: x.png
   :alt: A cell under light

.. a comment
   that goes on

.. |who| replace:: nobody
.. _target: http://x

====  ======
Drug  Target
====  ======
nivo  PD-1
ipi   CTLA-4
      again
====  ======

+------+--------+
| Drug | Target |
+======+========+
| nivo | PD-1   |
+------+--------+

.. list-table::
   :header-rows: 1

   * - Drug
     - Target
   * - nivo
     - PD-1

Deeper
~~~~~~

>>> f(1)
2

| a verse
| of two lines

.. [#n] The note.
"""


def test_rst() -> None:
    content = content_of(RST, "a.rst")
    assert content.title == "Title"
    assert [section.path for section in content.sections] == [
        ("Title",),
        ("Title", "First part"),
        ("Title", "First part", "Deeper"),
    ]
    assert content.text.split("\n\n") == [
        "Title",
        "Author: Jane\nDate: 2026",
        "Intro with emphasis, bold, a*b, join, PEP 8, a link and a note[n] by nobody.",
        "First part",
        "A paragraph:",
        "code(x)",
        "  more",
        "- one goes on",
        "second paragraph",
        "- two\n  1. inner",
        "term: its meaning",
        "Note: Take care.",
        "y = 1",
        "New in version 3.1: It is new.",
        "A cell under light",
        "Drug: nivo | Target: PD-1\nDrug: ipi | Target: CTLA-4 again",
        "Drug: nivo | Target: PD-1",
        "Drug: nivo | Target: PD-1",
        "Deeper",
        ">>> f(1)\n2",
        "a verse\nof two lines",
        "[n] The note.",
    ]


def test_rst_a_role_at_the_beginning_of_a_line_is_no_field() -> None:
    text = "Text.\n\n:pep:`649` gives it as:\n\n  quoted\n\n:c:func:`f`: a function.\n"
    assert blocks(text, "a.rst") == ["Text.", "PEP 649 gives it as:", "quoted", "f: a function."]


def test_rst_header_of_fields_as_in_peps() -> None:
    content = content_of(
        "PEP: 8\nTitle: Style Guide\nAuthor: Guido,\n        Barry\n\nIntro\n=====\n\nText.\n", "a.rst"
    )
    assert content.title == "Style Guide"
    assert content.text.startswith("PEP: 8\nTitle: Style Guide\nAuthor: Guido, Barry\n\nIntro")


def test_rst_another_mark_begins_another_list() -> None:
    text = "- one\n- two\n\n#. auto\n#. more\n\n* star\n\n3. three\n#. four\n"
    assert blocks(text, "a.rst") == ["- one\n- two", "1. auto\n2. more", "- star", "3. three\n4. four"]


def test_rst_alternative_texts_of_images() -> None:
    text = (
        "Press |go| or |bare|.\n\n.. figure:: x.png\n   :alt: Cell\n\n   The caption.\n\n"
        ".. |go| image:: go.png\n   :alt: the green\n         button\n   :width: 3\n.. |bare| image:: b.png\n"
    )
    assert blocks(text, "a.rst") == ["Press the green button or .", "Cell", "The caption."]


# --- AsciiDoc ------------------------------------------------------------------------------------

ADOC = """\
= Title
:version: 2.0

Text of {version} with `code`, *bold*, _emph_, https://x.y[a link] and linkgit:git-add[1].footnote:[The note.]

== Part
// a comment
. one
. two
** inner
+
goes on

term::
  its meaning

----
code *x*

  y
----

NOTE: Take care.

.A table
|===
|Drug |Target

|nivo |PD-1
|===

Old style
---------

include::other.adoc[]

----
more
----
"""


def test_asciidoc() -> None:
    content = content_of(ADOC, "a.adoc")
    assert [section.path for section in content.sections] == [
        ("Title",),
        ("Title", "Part"),
        ("Title", "Old style"),
    ]
    assert content.text.split("\n\n") == [
        "Title",
        "Text of 2.0 with code, bold, emph, a link and git-add(1).[1]",
        "Part",
        "1. one\n2. two\n  - inner",
        "goes on",
        "term: its meaning",
        "code *x*",
        "  y",
        "Note: Take care.",
        "A table",
        "Drug: nivo | Target: PD-1",
        "Old style",
        "more",
        "[1] The note.",
    ]


# --- LaTeX ---------------------------------------------------------------------------------------

TEX = r"""
\documentclass{article} % comment
\newcommand{\drug}[1]{\textbf{#1}}
\title{Checkpoint \emph{inhibitors}\thanks{Supported.}}
\begin{document}
\maketitle
\begin{abstract}On \drug{ipilimumab}.\end{abstract}
\section{Intro}\label{s}
Poincar\'e --- ``na\"{\i}ve'' \cite[p.~3]{doe}, 50\,\% of $x_1^2$ and $n$.\footnote{The note.}
% all comment

\begin{enumerate}\item one \item two
\begin{itemize}\item inner\end{itemize}
\end{enumerate}
\begin{equation}\label{e} E = mc^2 \end{equation}
\begin{tabular}{ll}\toprule Drug & Target \\ \midrule nivo & PD-1 \\ \bottomrule\end{tabular}
\begin{verbatim}
x = 1 % kept
\end{verbatim}
\end{document} gone
"""


def test_asciidoc_characters_by_name_and_quotes() -> None:
    text = "The ``main branch'' at HEAD{caret}, see linkgit:git-fsmonitor{litdd}daemon[1]; a &lt; b and {unknown}."
    assert blocks(text, "a.adoc") == ["The “main branch” at HEAD^, see git-fsmonitor--daemon(1); a < b and {unknown}."]


def test_lines_that_mdbook_replaces_are_left_out() -> None:
    text = "Before.\n\n```rust\n{{#rustdoc_include ../src/main.rs:here}}\n```\n\n{{#include a.md}}\n\nAfter `{{#x}}`."
    assert blocks(text, "a.md") == ["Before.", "After {{#x}}."]


def test_tex() -> None:
    content = content_of(TEX, "a.tex")
    assert content.title == "Checkpoint inhibitors"
    assert content.sections[-1].path == ("Checkpoint inhibitors", "Intro")
    assert content.text.split("\n\n")[1:] == [
        "Abstract",
        "On ipilimumab.",
        "Intro",
        "Poincaré — “naïve” [doe, p. 3], 50 % of $x_1^2$ and n.[2]",
        "1. one\n2. two\n  - inner",
        "$$E = mc^2$$",
        "Drug: nivo | Target: PD-1",
        "x = 1 % kept",
        "[1] Supported.",
        "[2] The note.",
    ]


def tex_blocks(body: str, preamble: str = "") -> list[str]:
    return blocks(f"\\documentclass{{article}}{preamble}\n\\begin{{document}}{body}\\end{{document}}", "a.tex")


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (r"See \href{http://a.b/c%20d}{the linked page} and more.", "See the linked page and more."),
        (r"See \url{http://a.b/c%20d\%20e} and more.", "See http://a.b/c%20d%20e and more."),
        (r"\verb|50% off| second \verb*+a%{b+ words", "50% off second a%{b words"),
        (r"\lstinline[language=C]!a%b! \lstinline{a%{b}} \mintinline{c}|%d| end", "a%b a%{b} %d end"),
        (r"See \href{http://a.b%20c and more.", "See http://a.b%20c and more."),
    ],
)
def test_tex_a_percent_sign_in_an_address_or_in_code_is_no_comment(source: str, shown: str) -> None:
    assert tex_blocks(f"{source}\n\n\\section{{Second}}\nText.") == [shown, "Second", "Text."]


def test_tex_comments_and_what_looks_like_code_in_them() -> None:
    assert tex_blocks("One % \\begin{verbatim}\n\ntwo 5\\% % x\n  goes on.") == ["One", "two 5% goes on."]
    assert tex_blocks("\\begin{lstlisting}\n5 % {x\n\\end{lstlisting}After.") == ["5 % {x", "After."]


@pytest.mark.parametrize(
    "source",
    [
        r"\section{Un closed", r"\textbf{Un closed", r"\label{Un closed", r"\begin{equation} Un closed", r"\[ Un closed",
        r"Un } closed", r"\iffalse Un closed",
    ],
)  # fmt: skip
def test_tex_what_nothing_closes_swallows_nothing(source: str) -> None:
    text = f"{source}\n\nCosts $5 \\emph{{here}}.\n\nAnd $6.\\footnote{{Note.}}"
    assert tex_blocks(text) == ["Un closed", "Costs $5 here.", "And $6.[1]", "[1] Note."]


def test_tex_accents_come_out_composed() -> None:
    source = r"""G\"odel, Erd\H{o}s, Schr\"{o}dinger, c\^ote, \'oscar, \=o, \`o, \'{\i}, \"\i, \v{c}, \c c, \r a, \k{a},
        \'{\^e}, \o, \'{\o}, Yal\i{}n, \~{}"""
    shown = "Gödel, Erdős, Schrödinger, côte, óscar, ō, ò, í, ï, č, ç, å, ą, ế, ø, ǿ, Yalın, ~"
    assert tex_blocks(source) == [shown]


def test_tex_the_macros_of_the_author() -> None:
    preamble = (
        r"\newcommand{\opt}[2][dflt]{#1-#2}\newcommand\outer[1]{<\inner{#1}>}\providecommand\inner[1]{(#1)}\def\pct{\%}"
    )
    shown = "dflt-b c-d <(x)> <((y))> 5%"
    assert tex_blocks(r"\opt{b} \opt[c]{d} \outer{x} \outer{\inner{y}} 5\pct", preamble) == [shown]
    preamble = r"\newcommand\a[1]{\b{#1#1}}\newcommand\b[1]{\a{#1#1}}"
    assert tex_blocks(r"Before \a{x} after.", preamble) == ["Before after."]  # each calls the other: cut off


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (r"A \iffalse hid \ifx\x\y a\else b\fi den\else else\fi{} Z", "A else Z"),
        (r"A \iftrue yes\else no\fi{} $a \iff b$ Z", r"A yes $a \iff b$ Z"),
        (r"\newif\ifdraft A \ifdraft hidden\else shown\fi{} Z", "A shown Z"),
        (r"\newif\ifdraft\drafttrue A \ifdraft shown\else hidden\fi{} Z", "A shown Z"),
    ],
)
def test_tex_conditions(source: str, shown: str) -> None:
    assert tex_blocks(source) == [shown]


def test_tex_title_page() -> None:
    preamble = r"\title{T\thanks{Grant.}}\author{Jane Roe\thanks{Lab.} \and Max Poe}\date{May 2020}"
    below = "Authors: Jane Roe[2], Max Poe\nDate: May 2020"
    assert tex_blocks(r"\maketitle Text.", preamble) == ["T", below, "Text.", "[1] Grant.", "[2] Lab."]
    assert tex_blocks(r"\maketitle Text.", r"\title{T}\author{Jane \\ Lab \and Max}\date{\today}") == [
        "T",
        "Authors: Jane, Lab; Max",
        "Text.",
    ]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (r"\SI{10}{\kilo\gram}, \qty[x=y]{5}{\percent}, \si{kg.m^2}, \ang{30}", "10 kg, 5 %, kg m^2, 30°"),
        (r"\num{1e5}, \qtyrange{1}{5}{\metre\per\second\squared}", "1 × 10^5, 1–5 m/s^2"),
        (
            r"\cite{a} \citep[p.~3]{a,b} \citep[see][ch. 2]{a} \citet[][p. 4]{a}",
            "[a] [a, b, p. 3] [see a, ch. 2] [a, p. 4]",
        ),
        (r"\parbox[t]{3cm}{pb} \makebox[3cm][l]{mb} \hyperref[a]{hr} \raisebox{1pt}[2pt]{rb}", "pb mb hr rb"),
        (r"\texorpdfstring{a}{b} \noindent [Kept] \nocite{x}", "a [Kept]"),
        (r"\footnote{One.\par Two.}", "[1]\n\n[1] One. Two."),
        (r"\subfigure[sub cap]{\includegraphics{a}}", "sub cap"),
    ],
)
def test_tex_commands_and_their_arguments(source: str, shown: str) -> None:
    assert tex_blocks(source) == shown.split("\n\n")


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (
            r"\multicolumn{2}{c}{Title row} \\ \hline Name & N \\ \hline a & 1 \\ \hline",
            ["Title row", "Name: a | N: 1"],
        ),
        (
            r"\multirow{2}{*}{Name} & \multicolumn{2}{c}{Dose} \\ \cmidrule(lr){2-3} & low & high \\ \midrule"
            r"\multirow{2}{*}{A} & 1 & 2 \\ & 3 & 4 \\",
            ["Name: A | Dose low: 1 | Dose high: 2\nName: A | Dose low: 3 | Dose high: 4"],
        ),
        (
            r"Name & \multicolumn{2}{c}{Dose} \\ & low & high \\ \hline A & 1 & 2",
            ["Name: A | Dose low: 1 | Dose high: 2"],
        ),
        (r"a & b \\ c & d \\ \hline Total & e", ["a | b\nc | d\nTotal | e"]),
        (r"\makecell{A\\B} & \url{a&b} \\ \hline 1\&2 & 3", ["A B: 1&2 | a&b: 3"]),
        (
            r"\caption{C} \\ A & B \\ \endfirsthead A & B \\ \endhead next & page \\ \endfoot 1 & 2",
            ["C", "A: 1 | B: 2"],
        ),
    ],
)
def test_tex_tables(source: str, shown: list[str]) -> None:
    assert tex_blocks(rf"\begin{{tabular}}{{lll}}{source}\end{{tabular}}") == shown


# --- RTF -----------------------------------------------------------------------------------------

RTF = rb"""{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Cyr;}}
{\stylesheet{\s0 Normal;}{\s1 heading 1;}}{\info{\title The title}}{\header{head}}
\pard\s1 Chapter\par\pard\s0 Caf\'e9 \u8211- end{\footnote note}.\par
{\*\unknown secret}{\f1 \'c0\'c1}{\v hidden}\par
{\listtext 1.\tab}one\par{\listtext\'b7\tab}two\par
\trowd\pard\intbl Drug\cell Dose\cell\row\pard\intbl nivo\cell 1\cell\row
\pard{\field{\*\fldinst HYPERLINK "x"}{\fldrslt shown}} end\par}"""


def test_rtf() -> None:
    content = content_of(RTF, "a.rtf")
    assert content.title == "The title"
    assert content.sections[0].path == ("Chapter",)
    assert content.text.split("\n\n") == [
        "Chapter",
        "Café – end[1].",
        "[1] note",
        "АБ",
        "1. one\n- two",
        "Drug | Dose\nnivo | 1",
        "shown end",
    ]


# --- tables and data -----------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_with_any_delimiter(delimiter: str) -> None:
    rows = ['Drug;"Dose; mg"', "nivolumab;240", "", 'ipilimumab;"3 ""or"" 1"']
    text = "\n".join(row.replace(";", delimiter) for row in rows)
    dose = " ".join("Dose; mg".replace(";", delimiter).split())
    rows = [f"Drug: nivolumab | {dose}: 240", f'Drug: ipilimumab | {dose}: 3 "or" 1']
    assert content_of(text, "a.csv").text.split("\n") == rows


def test_csv_without_a_header() -> None:
    assert blocks("1,2\n3,4\n", "a.csv") == ["1 | 2\n3 | 4"]


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        # The header is the first row, wherever the first number stands.
        ("name,answer;Ann,yes;Bob,no;Cat,12;Dan,yes", "name: Ann | answer: yes;name: Bob | answer: no;name: Cat"),
        ("name,city,age;Ann,Rome,;Bob,Rome,;Cat,Rome,32", "name: Ann | city: Rome;name: Bob | city: Rome;name: Cat"),
        ("name,,age;Ann,Smith,unknown;Bob,Jones,30", "name: Ann | Smith | age: unknown;name: Bob | Jones | age: 30"),
        ("name,rise;Ann,-3.30 €;Bob,n/a", "name: Ann | rise: -3.30 €;name: Bob | rise: n/a"),
        # A list of names and values has none.
        ("Client,Bob;Date,Monday;Total,5", "Client | Bob;Date | Monday;Total | 5"),
        ("Name,Alice;Age,42;City,Rome", "Name | Alice;Age | 42;City | Rome"),
        # Dates and years name columns, unless they are what the column holds.
        ("Name,2024-01-01,2024-02-01;A,1,2", "Name: A | 2024-01-01: 1 | 2024-02-01: 2"),
        ("Name,2019,2020;A,1,2", "Name: A | 2019: 1 | 2020: 2"),
        ("Ann,2024-01-01,2024-02-01;Bob,2023-01-01,2023-05-01", "Ann | 2024-01-01 | 2024-02-01;Bob | 2023-01-01"),
        ("Ann,1990;Bob,1985", "Ann | 1990;Bob | 1985"),
        ("Cash,2023-12-31;Stock,7", "Cash | 2023-12-31;Stock | 7"),
        # A group belongs to the empty cells to its right.
        (",2022,,2023,;Name,H1,H2,H1,H2;A,1,2,3,4", "Name: A | 2022 H1: 1 | 2022 H2: 2 | 2023 H1: 3 | 2023 H2: 4"),
        ("Zone,City,2022,;,,H1,H2;N,Oslo,1,2", "Zone: N | City: Oslo | 2022 H1: 1 | 2022 H2: 2"),
    ],
)
def test_the_header_of_a_csv_file(rows: str, lines: str) -> None:
    assert content_of(rows.replace(";", "\n"), "a.csv").text.startswith(lines.replace(";", "\n"))


def test_a_blank_line_in_a_csv_file_parts_tables_only_where_another_begins() -> None:
    first, second = "Region,Q1,Q2\nNorth,1,2\n", "Region,Q3,Q4\nNorth,5,6\n"
    rows = ["Region: North | Q1: 1 | Q2: 2", "Region: North | Q3: 5 | Q4: 6"]
    assert blocks(f"{first}\n{second}", "a.csv") == rows
    assert blocks(f"{first}\nCosts by region\n{second}", "a.csv") == [rows[0], "Costs by region", rows[1]]
    assert blocks(f"{first}\nSouth,unknown,4\nWest,5,6\n", "a.csv") == [
        f"{rows[0]}\nRegion: South | Q1: unknown | Q2: 4\nRegion: West | Q1: 5 | Q2: 6"
    ]
    assert blocks("Name,City\nAnn,Rome\n\nBob,Oslo\nCat,Bern\n", "a.csv") == [
        "Name: Ann | City: Rome\nName: Bob | City: Oslo\nName: Cat | City: Bern"
    ]
    assert blocks("Name,City\n\nAnn,Rome\n\nBob,Oslo\n", "a.csv") == ["Name: Ann | City: Rome\nName: Bob | City: Oslo"]
    assert blocks(f"Client,Bob\nTotal,5\nPaid,no\n\n{first}", "a.csv") == [
        "Client | Bob\nTotal | 5\nPaid | no",
        rows[0],
    ]
    assert blocks(f"{first}\nClient,Bob\nTotal,5\nPaid,no\n", "a.csv") == [
        rows[0],
        "Client | Bob\nTotal | 5\nPaid | no",
    ]


@given(st.text(alphabet='a1,;"\n\t|', min_size=1, max_size=60))
def test_any_csv_is_read_or_named_empty(text: str) -> None:
    with suppress(NoTextError):
        content_of(text, "a.csv")


def test_json_records_and_long_texts() -> None:
    record = {
        "title": "Dose",
        "text": "First.\n\nSecond.",
        "year": 2024,
        "tags": ["a", "b"],
        "by": {"name": "Ann"},
        "no": None,
    }
    assert blocks(json.dumps([record]), "a.json") == [
        "Dose",
        "year: 2024 | tags: a, b",
        "First.",
        "Second.",
        "by.name: Ann",
    ]
    assert blocks('{"a": "\\ud800", "b": [1, 2]}', "a.json") == ["a: \ufffd | b: 1, 2"]
    assert blocks('{"a": 1}\n{"a": 2}\n', "a.jsonl") == ["a: 1", "a: 2"]
    assert blocks('{"a": 1}\n{"a": 2}\n', "a.json") == ["a: 1", "a: 2"]


def test_json_numbers_stay_as_written_and_no_value_is_lost() -> None:
    data = (
        b'{"version": 1.10, "tiny": 1E-7, "pi": 3.14159265358979323846, "n": 12345678901234567890, "v": 1, "v": [2.50]}'
    )
    text = "version: 1.10 | tiny: 1E-7 | pi: 3.14159265358979323846 | n: 12345678901234567890\n\nv: 1\n\nv: 2.50"
    assert read(data, "a.json").text == text
    assert read(data, "a.jsonl").text == text
    assert read(b'{"a": 1.0, "b": {"c": 0.30}, "a": 2.0}', "b.json").text == "a: 1.0, 2.0\n\nb.c: 0.30"


def test_broken_json_is_named_with_its_line() -> None:
    with pytest.raises(SourceError, match=r"a\.json cannot be read as JSON: .* line 2"):
        read(b'{"a":\n}', "a.json")
    with pytest.raises(SourceError, match="nested too deeply"):
        read(b"[" * 100_000, "a.json")


def test_notebook() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Head\n", "Some *text*."]},
        {
            "cell_type": "code",
            "source": "print(1)",
            "outputs": [
                {"output_type": "stream", "text": ["1\n"]},
                {"output_type": "execute_result", "data": {"text/plain": "2", "image/png": "xx"}},
                {"output_type": "error", "ename": "ZeroDivisionError", "evalue": "by zero", "traceback": ["boom"]},
                {"output_type": "error", "traceback": ["boom"]},
            ],
        },
    ]
    assert blocks(json.dumps({"cells": cells}), "a.ipynb") == [
        *("Head", "Some text.", "print(1)", "1", "2", "ZeroDivisionError: by zero")
    ]


# --- XML -----------------------------------------------------------------------------------------

JATS = """<!DOCTYPE article PUBLIC "-//NLM//DTD JATS" "x.dtd">
<article xmlns:xlink="l"><front><journal-meta><journal-title>J</journal-title></journal-meta>
<article-meta><title-group><article-title>A <italic>title</italic></article-title></title-group>
<contrib-group><contrib><name><surname>Doe</surname><given-names>Jane</given-names></name></contrib></contrib-group>
<abstract><p>Short.</p></abstract></article-meta></front>
<body><sec><label>1</label><title>Intro</title>
<p>Text <xref ref-type="bibr">3</xref>, 10<sup>5</sup>&nbsp;cells.
<list list-type="order"><list-item><p>one</p></list-item></list> After.</p>
<table-wrap><label>Table 1</label><caption><p>Doses</p></caption>
<table><thead><tr><th>Drug</th><th>Dose</th></tr></thead>
<tbody><tr><td>nivo</td><td>1</td></tr></tbody></table></table-wrap>
<fig><label>Fig. 1.</label><caption><p>A cell.</p></caption><graphic xlink:href="x"/></fig></sec></body>
<back><ref-list><ref><label>3</label><mixed-citation>Doe J. Paper.</mixed-citation></ref></ref-list></back>
</article>"""


def test_jats_article() -> None:
    content = content_of(JATS, "a.xml")
    assert content.title == "A title"
    assert content.text.split("\n\n") == [
        "A title",
        "Authors: Jane Doe",
        "Abstract",
        "Short.",
        "1 Intro",
        "Text [3], 10^5 cells.",
        "1. one",
        "After.",
        "Table 1. Doses",
        "Drug: nivo | Dose: 1",
        "Fig. 1. A cell.",
        "References",
        "[3] Doe J. Paper.",
    ]


def jats(body: str, back: str = "") -> str:
    front = "<front><article-meta><title-group><article-title>A</article-title></title-group></article-meta></front>"
    return f"<article>{front}<body>{body}</body><back>{back}</back></article>"


def test_jats_powers_and_references_in_brackets() -> None:
    one, two = ('<xref ref-type="bibr">1</xref>', '<xref ref-type="bibr"><sup>2</sup></xref>')
    body = f"<p>3 × 10<sup>-5</sup>, 2<sup>n</sup>, 1<sup>st</sup> [{one}, {two}], word{two}, {one}.</p>"
    assert blocks(jats(body), "a.xml")[1] == "3 × 10^-5, 2^n, 1st [1, 2], word[2], [1]."


def test_jats_what_follows_a_box_or_the_last_section_is_not_under_its_heading() -> None:
    box = "<boxed-text><label>Box 1</label><caption><title>Doses</title></caption><p>In the box.</p></boxed-text>"
    body = f"<sec><title>Intro</title><p>Text.</p>{box}<p>After.</p></sec>"
    back = "<ack><p>Thanks.</p></ack><fn-group><fn><p>No conflict.</p></fn></fn-group>"
    content = content_of(jats(body, back), "a.xml")
    assert content.text.split("\n\n")[1:] == [
        "Intro",
        "Text.",
        "Box 1. Doses",
        "In the box.",
        "After.",
        "Acknowledgements",
        "Thanks.",
        "Notes",
        "No conflict.",
    ]
    assert [section.path[-1] for section in content.sections] == ["A", "Intro", "Acknowledgements", "Notes"]


def test_jats_supplements_and_references_without_signs() -> None:
    here = "<caption><p>Click here for additional data file.</p></caption>"
    body = (
        "<p>Text.</p><supplementary-material><label>S1 Table</label><caption><p>All doses.</p></caption>"
        f"</supplementary-material><supplementary-material><media>{here}</media></supplementary-material>"
    )
    reference = (
        "<ref><element-citation><person-group><name><surname>El</surname><given-names>A</given-names></name>"
        "<name><surname>Doe</surname></name></person-group><article-title>A cell?</article-title><source>J Cit</source>"
        "<year>1999</year><volume>3</volume><issue>2</issue><fpage>5</fpage><lpage>9</lpage></element-citation></ref>"
    )
    mixed = (
        "<ref><mixed-citation>Doe J. <source>Cell</source> <volume>12</volume>:<fpage>3</fpage>.</mixed-citation></ref>"
    )
    assert blocks(jats(body, f"<ref-list>{reference}{mixed}</ref-list>"), "a.xml")[1:] == [
        "Text.",
        "S1 Table. All doses.",
        "References",
        "El A, Doe. A cell? J Cit. 1999. 3(2):5-9.\nDoe J. Cell 12:3.",
    ]


def test_feed_and_records_and_any_other_xml() -> None:
    body = "<description>&lt;p&gt;Text &amp;amp; more&lt;/p&gt;</description>"
    feed = f"<rss><channel><title>News</title><item><title>One</title>{body}</item></channel></rss>"
    assert blocks(feed, "a.xml") == ["News", "One", "Text & more"]
    data = "<all><land><name>Norway</name><capital>Oslo</capital></land><land><name>Chad</name><capital/></land></all>"
    assert blocks(data, "a.xml") == ["name: Norway | capital: Oslo", "name: Chad"]
    book = (
        "<book><title>B</title><chapter><title>C</title><para>Some <emphasis>text</emphasis>.</para></chapter></book>"
    )
    assert content_of(book, "a.xml").sections[-1].path == ("B", "C")


def test_data_in_xml_says_what_it_is() -> None:
    items = '<items><item name="Widget" id="w" price="5.00"/><item name="Gadget" price="7.50">desc</item></items>'
    assert blocks(items, "a.xml") == ["name: Widget | price: 5.00\nname: Gadget | price: 7.50 | item: desc"]
    price = '<all xmlns:x="http://www.w3.org/1999/xlink" x:href="y"><price currency="EUR">5.00</price>tail</all>'
    assert blocks(price, "a.xml") == ["price: 5.00 | price.currency: EUR", "tail"]
    owned = '<all><owner>X</owner><item n="1">one</item><item n="2">two</item></all>'
    assert blocks(owned, "a.xml") == ["owner: X", "n: 1 | item: one", "n: 2 | item: two"]
    assert blocks("<note>Some <b>bold</b> and <b>more</b> words.</note>", "a.xml") == [
        "note: Some bold and more words."
    ]
    project = (
        "<project><name>Y</name><version>1.10</version><comment>Not <b>mine</b>.</comment>"
        "<needs><need><name>dep</name><scope>test</scope></need></needs></project>"
    )
    content = content_of(project, "a.xml")
    assert content.text.split("\n\n") == ["Y", "version: 1.10 | comment: Not mine.", "name: dep | scope: test"]
    assert content.title == "Y"


def test_the_summary_of_an_atom_entry_is_kept_unless_the_content_begins_with_it() -> None:
    entry = "<entry><title>%s</title><summary>%s</summary><content type='html'>&lt;p&gt;Hello all&lt;/p&gt;</content></entry>"
    feed = f"<feed><title>F</title>{entry % ('E1', 'In short')}{entry % ('E2', 'Hello …')}</feed>"
    assert blocks(feed, "a.xml") == ["F", "E1", "In short", "Hello all", "E2", "Hello all"]


def test_xhtml_named_xml() -> None:
    page = (
        '<?xml version="1.0" encoding="windows-1251"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head>'
    )
    assert blocks((page + "<body><p>Иммунотерапия опухолей</p></body></html>").encode("cp1251"), "a.xml") == [
        "Иммунотерапия опухолей"
    ]


def test_xml_in_another_encoding_than_it_declares() -> None:
    data = '<?xml version="1.0" encoding="utf-8"?><a><b>größer</b></a>'
    assert blocks(data.encode("utf-16"), "a.xml") == ["b: größer"]


# --- mail and books ------------------------------------------------------------------------------

MAIL = """\
From: Ann <ann@x.org>
To: Bob <bob@x.org>
Subject: =?utf-8?q?Gr=C3=B6=C3=9Fe?=
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=A

--A
Content-Type: multipart/alternative; boundary=B

--B
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Plain wörds here.
--B
Content-Type: text/html

<p>Rich</p>
--B--
--A
Content-Type: application/pdf; name=dose.pdf
Content-Disposition: attachment; filename=dose.pdf
Content-Transfer-Encoding: base64

AAAA
--A
Content-Type: message/rfc822

Subject: Forwarded
From: Cy <cy@x.org>

Inner text.
--A--
"""


def test_of_a_mail_the_text_is_read_that_says_something() -> None:
    def mail(plain: str) -> bytes:
        return (
            "Subject: Visit\nContent-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/plain\n\n"
            f"{plain}\n--x\nContent-Type: text/html\n\n<style>p {{ margin: 0 }}</style><p>{'We meet at noon. ' * 8}</p>\n--x--\n"
        ).encode()

    assert "noon" in read(mail("Your program shows no HTML."), "a.eml").text
    plain = read(mail("At one, all of us, at the gate, with what each of us was asked to bring."), "a.eml").text
    assert "At one" in plain
    assert "noon" not in plain


def test_mail() -> None:
    content = content_of(MAIL, "a.eml")
    assert content.title == "Größe"
    assert content.text.split("\n\n") == [
        "Größe",
        "From: Ann <ann@x.org>\nTo: Bob <bob@x.org>\nSubject: Größe",
        "Plain wörds here.",
        "Forwarded",
        "From: Cy <cy@x.org>\nSubject: Forwarded",
        "Inner text.",
        "Attachments: dose.pdf",
    ]


def epub(**more: str) -> bytes:
    out = io.BytesIO()
    package = (
        '<package xmlns:dc="d"><metadata><dc:title>The Book</dc:title><dc:creator>A. Uthor</dc:creator></metadata>'
        "<manifest>"
        '<item id="n" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
        '<item id="b" href="two.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="a" href="on%20e.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="n"/><itemref idref="a"/><itemref idref="b"/></spine></package>'
    )
    parts = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<c><rootfiles><rootfile full-path="O/p.opf"/></rootfiles></c>',
        "O/p.opf": package,
        "O/nav.xhtml": "<html><body>Contents</body></html>",
        "O/on e.xhtml": "<html><body><h1>One</h1><p>First.</p></body></html>",
        "O/two.xhtml": "<html><body><h1>Two</h1><p>Second.</p></body></html>",
    } | more
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def test_epub_chapters_are_pages_in_the_order_of_the_spine() -> None:
    content = content_of(epub(), "a.epub")
    assert content.title == "The Book"
    assert content.text.split("\n\n") == ["Authors: A. Uthor", "One", "First.", "Two", "Second."]
    assert [(page.number, content.text[page.start :][:3]) for page in content.pages] == [
        (1, "One"),
        (2, "Two"),
    ]


def test_chapters_of_a_book_are_read_as_xml_whatever_they_say() -> None:
    chapter = "<html><head><title/></head><body><h1>One</h1><p>First.</p></body></html>"
    assert content_of(epub(**{"O/on e.xhtml": chapter}), "a.epub").text.split("\n\n")[1:3] == ["One", "First."]


def test_epub_with_copy_protection_is_named() -> None:
    locked = '<e><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/></e>'
    with pytest.raises(SourceError, match="copy-protected"):
        read(epub(**{"META-INF/encryption.xml": locked}), "a.epub")


# --- no input breaks a reader --------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".rst", ".adoc", ".tex", ".json", ".xml", ".eml", ".ipynb"])
@given(text=st.text(alphabet="ab1:*`_|=-+~\\{}[]()<>/&#.\"' \n\t", min_size=1, max_size=80))
def test_any_text_is_read_or_refused_with_a_sentence(suffix: str, text: str) -> None:
    with suppress(SourceError):
        content_of(text, f"a{suffix}")


@given(st.text(alphabet="ab1\\{}'*;\n parutilscelow", max_size=80))
def test_any_rtf_is_read_or_refused(text: str) -> None:
    with suppress(SourceError):
        content_of("{\\rtf1 " + text, "a.rtf")


def test_a_term_whose_definition_is_code_announces_it() -> None:
    for text, suffix in (("Undo it::\n+\n----\n$ undo\n----\n", "adoc"), ("Undo it\n:     $ undo\n", "md")):
        assert content_of(text, f"x.{suffix}").text == "Undo it:\n\n$ undo"


def test_a_term_behind_a_list_in_a_definition_announces_its_code_too() -> None:
    text = "Redo it::\n+\n----\n$ redo\n----\n+\n<1> Again.\n\nUndo it::\n+\n----\n$ undo\n----\n"
    assert content_of(text, "x.adoc").text.endswith("\n\nUndo it:\n\n$ undo")
