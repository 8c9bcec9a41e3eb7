"""What holds for a document whatever format it is written in: nothing is lost, offsets, headings and pages are exact.

One document is drawn and written in every format, then read and cut as an ingest does it. Each paragraph must be
there once, in order, word for word, under its heading and on its page; and its passages must tile the text.
"""

import email.message
import html
import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ingest import Document
from ingest.readers import SUFFIXES, expand, read
from ingest.split import split
from tests.conftest import FakeEncoder
from tests.making import Placed, docx, odf, p, pdf, pptx, shape, xlsx, zipped

WORDS = (
    "naïve cells T-cell 3.5 mg of PD-1 Ünal über café “quoted” it’s 40% (in all) the dose, Dr. Weiß wait; bed".split()
)


@dataclass(frozen=True)
class Chapter:
    """A heading and the paragraphs below it. Where a format has pages, it begins one."""

    heading: str
    paragraphs: list[str]


def sentence(words: list[str]) -> str:
    return f"See {' '.join(words)}."


sentences = st.lists(st.sampled_from(WORDS), min_size=2, max_size=30).map(sentence)
paragraphs = st.lists(sentences, min_size=1, max_size=6).map(" ".join)


@st.composite
def written(draw: st.DrawFn) -> list[Chapter]:
    """Chapters. Each paragraph and heading has a number of its own, so that it can be told from all others."""
    bodies = draw(st.lists(st.lists(paragraphs, min_size=1, max_size=4), min_size=1, max_size=4))
    return [
        Chapter(f"Part {LETTERS[i]}", [f"Item {LETTERS[i]}{j} here. {text}" for j, text in enumerate(body)])
        for i, body in enumerate(bodies)
    ]


LETTERS = "ABCD"
NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)  # that takes minutes; the documents are small enough


def joined(heading: Callable[[str], str], paragraph: Callable[[str], str], end: str = "") -> Callable[..., bytes]:
    """A writer that puts headings and paragraphs one after another."""

    def write(chapters: list[Chapter]) -> bytes:
        return "".join(
            heading(chapter.heading) + "".join(map(paragraph, chapter.paragraphs)) + end for chapter in chapters
        ).encode()

    return write


def within(before: str, write: Callable[..., bytes], after: str) -> Callable[..., bytes]:
    return lambda chapters: before.encode() + write(chapters) + after.encode()


def xml(text: str) -> str:
    return html.escape(text, quote=False)


def tex(text: str) -> str:
    return text.replace("%", "\\%")


def rtf(text: str) -> str:
    return "".join(c if ord(c) < 128 else f"\\u{ord(c)}?" for c in text)


# Helvetica's widths (Adobe's metrics) of the characters used here, in thousandths of its size.
WIDTHS = {222: "ijl’", 278: " .,:;ftIï", 333: "r()-“”", 500: "ckvxyszJ", 611: "TFZ", 667: "ABEKPSVXY", 722: "wCDHNRUÜ"}
WIDTH = {c: width for width, letters in (WIDTHS | {833: "mM", 889: "%", 944: "W"}).items() for c in letters}


def wrapped(text: str, points: float = 480, size: float = 10) -> list[str]:
    """The lines of `text` as a program sets them: broken at the last space that fits."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if sum(WIDTH.get(c, 556) for c in longer) * size / 1000 <= points:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def as_pdf(chapters: list[Chapter]) -> bytes:
    pages: list[list[Placed]] = []
    for chapter in chapters:
        lines: list[Placed] = [(50.0, 700.0, 16.0, chapter.heading)]
        y = 670.0
        for text in chapter.paragraphs:
            for line in wrapped(text):
                lines.append((50.0, y, 10.0, line))
                y -= 12
            y -= 12
        pages.append(lines)
    return pdf(*pages, bold=12)


# Where Word began a new page when it last laid the document out; it stands in a run, before its text.
LAID_OUT = "</w:t><w:lastRenderedPageBreak/><w:t>"


def as_docx(chapters: list[Chapter]) -> bytes:
    styles = '<w:style w:styleId="h"><w:name w:val="heading 1"/></w:style>'
    body = "".join(
        p(f"{LAID_OUT if i else ''}{xml(chapter.heading)}", "h") + "".join(p(xml(text)) for text in chapter.paragraphs)
        for i, chapter in enumerate(chapters)
    )
    return docx(body, styles=styles)


def as_odt(chapters: list[Chapter]) -> bytes:
    write = joined(
        lambda text: f'<text:h text:outline-level="1">{xml(text)}</text:h>',
        lambda text: f"<text:p>{xml(text)}</text:p>",
    )
    return odf("text", write(chapters).decode())


def as_pptx(chapters: list[Chapter]) -> bytes:
    return pptx(*(shape("title", c.heading) + shape("", *map(xml, c.paragraphs)) for c in reversed(chapters)))


def as_xlsx(chapters: list[Chapter]) -> bytes:
    return xlsx(
        {
            chapter.heading: "".join(
                f'<row r="{n}"><c r="A{n}" t="str"><v>{xml(text)}</v></c></row>'
                for n, text in enumerate(chapter.paragraphs, 1)
            )
            for chapter in chapters
        }
    )


def as_epub(chapters: list[Chapter]) -> bytes:
    numbers = range(len(chapters))
    items = "".join(f'<item id="c{n}" href="{n}.xhtml" media-type="application/xhtml+xml"/>' for n in numbers)
    spine = "".join(f'<itemref idref="c{n}"/>' for n in numbers)
    parts: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<c><rootfiles><rootfile full-path="p.opf"/></rootfiles></c>',
        "p.opf": f"<package><manifest>{items}</manifest><spine>{spine}</spine></package>",
    }
    return zipped(parts | {f"{n}.xhtml": WRITERS[".html"]([chapter]) for n, chapter in enumerate(chapters)})


def as_notebook(chapters: list[Chapter]) -> bytes:
    cells = [
        {"cell_type": "markdown", "source": text}
        for chapter in chapters
        for text in (f"# {chapter.heading}", *chapter.paragraphs)
    ]
    return json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}).encode()


def as_mail(chapters: list[Chapter]) -> bytes:
    message = email.message.EmailMessage()
    message["Subject"] = "Results"
    message.set_content("\n\n".join(text for chapter in chapters for text in chapter.paragraphs))
    return message.as_bytes()


def rows(chapters: list[Chapter]) -> list[dict[str, str]]:
    return [{"part": chapter.heading, "text": text} for chapter in chapters for text in chapter.paragraphs]


def table(mark: str) -> Callable[..., bytes]:
    def write(chapters: list[Chapter]) -> bytes:
        lines = [f"part{mark}text", *(f'{r["part"]}{mark}"{r["text"]}"' for r in rows(chapters))]
        return "\n".join(lines).encode()

    return write


as_html = joined(lambda text: f"<h1>{xml(text)}</h1>", lambda text: f"<p>{xml(text)}</p>")
WRITERS: dict[str, Callable[..., bytes]] = {
    ".txt": joined(lambda text: f"{text}\n{'=' * len(text)}\n\n", lambda text: f"{text}\n\n"),
    ".md": joined(lambda text: f"# {text}\n\n", lambda text: f"{text}\n\n"),
    ".rst": joined(lambda text: f"{text}\n{'=' * len(text)}\n\n", lambda text: f"{text}\n\n"),
    ".adoc": joined(lambda text: f"== {text}\n\n", lambda text: f"{text}\n\n"),
    ".org": joined(lambda text: f"* {text}\n\n", lambda text: f"{text}\n\n"),
    ".tex": within(
        "\\documentclass{article}\\begin{document}\n",
        joined(lambda text: f"\\section{{{text}}}\n\n", lambda text: f"{tex(text)}\n\n"),
        "\\end{document}\n",
    ),
    ".html": as_html,
    ".xhtml": within('<html xmlns="http://www.w3.org/1999/xhtml"><body>', as_html, "</body></html>"),
    ".xml": within(
        "<article><front/><body>",
        joined(lambda text: f"<sec><title>{xml(text)}</title>", lambda text: f"<p>{xml(text)}</p>", "</sec>"),
        "</body></article>",
    ),
    ".rtf": within(
        r"{\rtf1\ansi{\stylesheet{\s1 heading 1;}}",
        joined(lambda text: rf"\pard\s1\outlinelevel0 {text}\par ", lambda text: rf"\pard {rtf(text)}\par "),
        "}",
    ),
    ".docx": as_docx,
    ".odt": as_odt,
    ".pptx": as_pptx,
    ".xlsx": as_xlsx,
    ".epub": as_epub,
    ".pdf": as_pdf,
    ".ipynb": as_notebook,
    ".eml": as_mail,
    ".csv": table(","),
    ".tsv": table("\t"),
    ".json": lambda chapters: json.dumps(rows(chapters)).encode(),
    ".jsonl": lambda chapters: "\n".join(map(json.dumps, rows(chapters))).encode(),
    ".zip": lambda chapters: zipped({"a.md": WRITERS[".md"](chapters)}),
}
# These have no headings, only paragraphs, or rows; and these have pages.
WITHOUT_HEADINGS = {".eml", ".csv", ".tsv", ".json", ".jsonl"}
PAGED = {".pdf", ".pptx", ".epub", ".docx", ".xlsx"}


@pytest.mark.parametrize("suffix", WRITERS)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=NO_SHRINKING)
@given(chapters=written())
def test_nothing_is_lost_and_every_offset_heading_and_page_is_exact(suffix: str, chapters: list[Chapter]) -> None:
    ((name, data, _),) = expand(WRITERS[suffix](chapters), f"a{suffix}", SUFFIXES)
    document = Document.of(name, "", read(data, name))
    passages = split(document, FakeEncoder().token_spans)
    assert "".join(passage.text for passage in passages) == document.text
    assert all(document.text[passage.start : passage.end] == passage.text for passage in passages)
    at = 0
    for number, chapter in enumerate(chapters, 1):
        for text in chapter.paragraphs:
            at = document.text.index(text, at)
            inside = [passage for passage in passages if passage.start < at + len(text) and at < passage.end]
            if suffix not in WITHOUT_HEADINGS:
                assert {passage.heading for passage in inside} == {chapter.heading}
            if suffix in PAGED and (suffix != ".docx" or len(chapters) > 1):  # which has none if it is one page
                assert document.page_at(at) == number
                assert {passage.page for passage in inside} == {number}
            at += len(text)


def test_every_usual_format_is_written_here() -> None:
    told = ".txt .md .rst .adoc .html .xhtml .pdf .docx .pptx .xlsx .csv .tsv .json .jsonl .epub .odt .rtf .eml .ipynb .tex .xml"
    assert set(told.split()) <= WRITERS.keys() & SUFFIXES
