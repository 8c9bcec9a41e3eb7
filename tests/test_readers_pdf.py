"""The PDF reader: reading order, whole paragraphs, exact pages. The PDFs are made here, line by line."""

import pytest

from ingest.documents import Content, page_at
from ingest.errors import NoTextError, SourceError
from ingest.readers import read
from ingest.readers.building import normalise


def pdf(*pages: list[tuple[float, float, float, str]], title: str = "", bold: float = 99) -> bytes:
    """A PDF whose pages (595 x 842 points) show lines given as (x, y, size, text), from size `bold` in bold."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b""]
    kids = []
    for page in pages:
        shown = b"".join(
            b"BT /F%d %g Tf %g %g Td (%s) Tj ET\n"
            % (
                2 if size >= bold else 1,
                size,
                x,
                y,
                text.encode("cp1252").replace(b"(", rb"\(").replace(b")", rb"\)"),
            )
            for x, y, size, text in page
        )
        objects.append(b"<</Length %d>>stream\n%sendstream" % (len(shown), shown))
        fonts = b"<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
        fonts += b"/F2<</Type/Font/Subtype/Type1/BaseFont/Helvetica-Bold/Encoding/WinAnsiEncoding>>>>"
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R/Resources<</Font%s>>>>"
            % (len(objects), fonts)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(kids), b" ".join(kids))
    objects.append(b"<</Title(%s)>>" % title.encode())
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"<</Size %d/Root 1 0 R/Info %d 0 R>>" % (len(objects) + 1, len(objects))
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer%s\nstartxref\n%d\n%%%%EOF" % (
        len(objects) + 1,
        table,
        trailer,
        len(out),
    )


def column(x: float, top: float, *texts: str, size: float = 10) -> list[tuple[float, float, float, str]]:
    """Lines one below the other."""
    return [(x, top - 12 * i, size, text) for i, text in enumerate(texts)]


def read_pdf(*pages: list[tuple[float, float, float, str]], **options: object) -> Content:
    content = read(pdf(*pages, **options), "a.pdf")  # type: ignore[arg-type]  # keywords of pdf()
    assert normalise(content.text) == content.text
    assert all(content.text.startswith(section.path[-1], section.start) for section in content.sections)
    assert [page.start for page in content.pages] == sorted({page.start for page in content.pages})
    return content


FULL = "A line of text that is as long as the column of this page is wide in"


def test_lines_are_joined_to_paragraphs_and_gaps_and_indents_part_them() -> None:
    content = read_pdf(
        column(50, 700, FULL, FULL, "the end.")
        + column(50, 650, FULL, "the second end.")
        + column(62, 626, "Indented " + FULL[3:])
        + column(50, 614, FULL, "the third end.")
    )
    assert content.text.split("\n\n") == [
        f"{FULL} {FULL} the end.",
        f"{FULL} the second end.",
        f"Indented {FULL[3:]} {FULL} the third end.",
    ]


def test_columns_are_read_one_after_the_other_even_if_drawn_across() -> None:
    left = [f"left column line number {i} goes" for i in range(8)]
    right = [f"right column line number {i} goes" for i in range(8)]
    across = [
        line for pair in zip(column(50, 700, *left), column(320, 700, *right), strict=True) for line in pair
    ]
    for page in (across, column(50, 700, *left) + column(320, 700, *right)):
        text = read_pdf(page).text
        assert text.index("left column line number 7") < text.index("right column line number 0")


def test_a_paragraph_over_a_page_break_is_whole_and_its_page_start_is_exact() -> None:
    content = read_pdf(
        column(50, 110, FULL, FULL) + [(280, 30, 10, "Page 1")],
        column(50, 790, "the other page. More.") + [(280, 30, 10, "Page 2")],
    )
    assert content.text == f"{FULL} {FULL} the other page. More."
    start = content.text.index("the other page")
    assert page_at(content.pages, start - 1) == 1
    assert page_at(content.pages, start) == 2


def test_a_footnote_between_the_parts_of_a_paragraph_stands_before_it() -> None:
    content = read_pdf(
        column(50, 700, FULL, FULL, FULL, "whole.")
        + column(50, 600, FULL, FULL)
        + [(50, 60, 7, "1 A footnote in small type.")],
        column(50, 790, "the other page. More."),
    )
    assert content.text.endswith(f"1 A footnote in small type.\n\n{FULL} {FULL} the other page. More.")
    assert page_at(content.pages, content.text.index("footnote")) == 1


def test_divided_words_are_healed_and_compounds_kept() -> None:
    healed = read_pdf(
        column(50, 700, FULL, f"{FULL[:-3]} immuno-", "therapy of the T-", "cell kind. Known: immunotherapy.")
    )
    assert "immunotherapy of the T-cell kind" in healed.text
    kept = read_pdf(
        column(50, 700, FULL, f"{FULL[:-3]} well-", "known and non-", "small. A well-known thing.")
    )
    assert "well-known and non-small" in kept.text


def test_running_heads_and_page_numbers_are_left_out() -> None:
    pages = [
        [
            (50, 800, 9, "Annual report"),
            (500, 800, 9, f"{i}"),
            *column(50, 700, f"Text number {i} of it ends here."),
        ]
        for i in range(1, 5)
    ]
    text = read_pdf(*pages).text
    assert text.split("\n\n") == [f"Text number {i} of it ends here." for i in range(1, 5)]


def test_slide_titles_at_the_same_height_are_not_running_heads() -> None:
    pages = [
        [(50, 790, 24, f"Slide about {word}"), *column(50, 600, FULL, "The end.")]
        for word in ("a cat", "dogs", "us", "x y")
    ]
    assert "Slide about dogs" in read_pdf(*pages).text


def test_headings_by_type_and_title_by_size() -> None:
    content = read_pdf(
        [
            (50, 760, 22, "The Norman Conquest"),
            (50, 720, 14, "1 Origins"),
            *column(50, 700, FULL, FULL, "end."),
        ]
        + [(50, 640, 12, "1.1 Rollo"), *column(50, 620, FULL, FULL, "end.")]
        + [(50, 560, 14, "2 England"), *column(50, 540, FULL, FULL, "end.")],
        bold=12,
    )
    assert content.title == "The Norman Conquest"
    assert [section.path[1:] for section in content.sections] == [
        (),
        ("1 Origins",),
        ("1 Origins", "1.1 Rollo"),
        ("2 England",),
    ]


def test_the_claimed_title_counts_only_if_the_page_says_it_too() -> None:
    page = [(50, 760, 22, "The Norman Conquest"), *column(50, 700, FULL, "end.")]
    assert read_pdf(page, title="Norman conquest").title == "Norman conquest"
    assert read_pdf(page, title="Template 2003 of the office").title == "The Norman Conquest"
    assert read_pdf(page, title="Microsoft Word - x.doc").title == "The Norman Conquest"


def test_a_table_becomes_rows() -> None:
    rows = [("Drug", "Target", "Year"), ("nivolumab", "PD-1", "2014"), ("ipilimumab", "CTLA-4", "2011")]
    page = [
        (50 + 150 * i, 700 - 14 * j, 10, cell) for j, row in enumerate(rows) for i, cell in enumerate(row)
    ]
    assert read_pdf(page).text == "Drug | Target | Year\nnivolumab | PD-1 | 2014\nipilimumab | CTLA-4 | 2011"


def test_list_items_are_lines_of_one_block() -> None:
    page = column(50, 700, "Symptoms are:") + column(
        60, 680, "• fever", "• fatigue, which can last for weeks", "• rash"
    )
    assert read_pdf(page).text == "Symptoms are:\n\n- fever\n- fatigue, which can last for weeks\n- rash"


def test_text_printed_twice_to_look_bold_is_read_once() -> None:
    page = [(50, 700, 12, "Twice printed"), (50.3, 700, 12, "Twice printed")]
    assert read_pdf(page).text == "Twice printed"


def test_a_scan_is_named_as_one() -> None:
    with pytest.raises(NoTextError, match=r"^scan\.pdf has no text layer: .*OCR"):
        read(pdf([]), "scan.pdf")


def test_a_pdf_cut_off_is_named_and_a_pdf_by_another_name_is_read() -> None:
    data = pdf(column(50, 700, "Hello there."))
    with pytest.raises(SourceError, match=r"^a\.pdf cannot be read as a PDF"):
        read(data[:40], "a.pdf")
    assert read(data, "report").text == "Hello there."


def test_an_encrypted_pdf_asks_for_its_password() -> None:
    encrypt = b"/Encrypt<</Filter/Standard/V 1/R 2/P -1/O(%s)/U(%s)>>/ID[(a)(a)]" % (b"o" * 32, b"u" * 32)
    data = pdf(column(50, 700, "Secret.")).replace(b"/Root 1 0 R", encrypt + b"/Root 1 0 R")
    with pytest.raises(SourceError, match="password"):
        read(data, "a.pdf")
