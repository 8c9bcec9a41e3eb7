"""The PDF reader: reading order, whole paragraphs, exact pages. The PDFs are made here, line by line."""

import re
from collections.abc import Sequence

import pypdfium2
import pytest

from ingest.documents import Content, Rectangle, page_at
from ingest.errors import NoTextError, SourceError
from ingest.readers import read
from ingest.readers.building import normalise
from ingest.readers.pdf import rectangles_of
from ingest.readers.pdf.glyphs import opened
from ingest.readers.pdf.lines import read_sheets
from ingest.readers.pdf.prose import Hyphens
from tests.making import Placed, column, pdf


def read_pdf(*pages: Sequence[Placed], **options: object) -> Content:
    content = read(pdf(*pages, **options), "a.pdf")  # type: ignore[arg-type]  # keywords of pdf()
    assert normalise(content.text) == content.text
    assert all(content.text.startswith(section.path[-1], section.start) for section in content.sections)
    assert [page.start for page in content.pages] == sorted({page.start for page in content.pages})
    return content


ADDRESS = "https://example.org/a/page/with/a/long/name.html"
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
    across = [line for pair in zip(column(50, 700, *left), column(320, 700, *right), strict=True) for line in pair]
    for page in (across, column(50, 700, *left) + column(320, 700, *right)):
        text = read_pdf(page).text
        assert text.index("left column line number 7") < text.index("right column line number 0")


def test_a_paragraph_over_a_page_break_is_whole_and_its_page_start_is_exact() -> None:
    content = read_pdf(
        [*column(50, 110, FULL, FULL), (280, 30, 10, "Page 1")],
        [*column(50, 790, "the other page. More."), (280, 30, 10, "Page 2")],
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
    kept = read_pdf(column(50, 700, FULL, f"{FULL[:-3]} well-", "known and non-", "small. A well-known thing."))
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


def test_what_a_page_alone_says_at_its_edges_is_text() -> None:
    tops = ["Patient: Alice Brown", "The tenant shall pay rent monthly.", "Results", "Table 2. Doses of the drug"]
    pages: list[list[Placed]] = [
        [(50, 800, 10, top), *column(50, 770, FULL, "the end."), (50, 60, 10, f"Total due: {100 * i} EUR")]
        for i, top in enumerate(tops, 1)
    ]
    text = read_pdf(*pages).text
    assert [line for line in tops if line not in text] == []
    assert [i for i in range(1, 5) if f"Total due: {100 * i} EUR" not in text] == []


def test_clauses_as_far_apart_as_running_heads_are_text() -> None:
    clauses = [f"{i}. The tenant shall {word} the flat." for i, word in enumerate("abcdefghijklmnopqrst" * 4, 1)]
    pages = [[(50, 790 - 40 * j, 11, clauses[20 * i + j]) for j in range(20)] for i in range(4)]
    text = read_pdf(*pages).text
    assert [clause for clause in clauses if clause not in text] == []


def test_a_line_as_near_to_the_text_as_its_lines_are_to_one_another_is_text_though_it_repeats() -> None:
    rows = [f"Position {i} of the bill" for i in range(60)]
    pages = [column(50, 770, *rows[:59], "Total due: 100 EUR") for _ in range(4)]
    assert read_pdf(*pages).text.count("Total due: 100 EUR") == 4


@pytest.mark.parametrize("number", ["{}", "- {} -", "Page {} of 30", "roman", "Cells, 2020, page {}", "far"])
def test_heads_of_left_and_right_pages_and_of_chapters_are_left_out(number: str) -> None:
    heads = ["Alpha cells", "Journal of Cells"] * 2 + ["Beta cells", "Journal of Cells"]
    pages, wanted = [], []
    for i, head in enumerate(heads):
        shown = {"roman": "ii iii iv v vi vii".split()[i], "far": "2 9 14 21 30 31".split()[i]}
        head_and_foot = [(50, 810, 9, head), (500, 40, 9, shown.get(number, number.format(i + 2)))]
        title = {0: "1 Alpha cells", 3: "2 Beta cells"}.get(i, f"Part {'abcdef'[i]} of it")
        pages.append([*head_and_foot, (50, 780, 14, title), *column(50, 750, FULL, f"{head[:2]}{i} ends.")])
        wanted += [title, f"{FULL} {head[:2]}{i} ends."]
    assert read_pdf(*pages).text.split("\n\n") == wanted


def test_headings_by_type_and_title_by_size() -> None:
    content = read_pdf(
        [
            (50, 760, 22, "The Norman Conquest"),
            (50, 720, 14, "1 Origins"),
            *column(50, 700, FULL, FULL, "end."),
            (50, 640, 12, "1.1 Rollo"),
            *column(50, 620, FULL, FULL, "end."),
            (50, 560, 14, "2 England"),
            *column(50, 540, FULL, FULL, "end."),
        ],
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
    page = [(50 + 150 * i, 700 - 14 * j, 10, cell) for j, row in enumerate(rows) for i, cell in enumerate(row)]
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


def test_line_breaks_that_were_wanted_stay() -> None:
    page = column(50, 700, FULL, FULL, "end.") + column(50, 640, "Jane Doe", "Oxford", "Headington Cancer Centre")
    assert read_pdf(page).text.endswith("Jane Doe\nOxford\nHeadington Cancer Centre")
    around_a_figure = column(50, 700, FULL, FULL, "text beside", "a figure goes on.")
    assert read_pdf(around_a_figure).text == f"{FULL} {FULL} text beside a figure goes on."


def test_code_keeps_its_lines_and_indents_and_a_fixed_pitch_word_does_not_part_a_sentence() -> None:
    code = [*column(50, 700, "`def f(x):", "`    return x"), (50, 664, 10, "`f(1)")]
    assert read_pdf(code).text == "def f(x):\n    return x\n\nf(1)"
    inside = column(50, 700, FULL, f"{FULL} at", f"`{ADDRESS}", "and so on.")
    assert read_pdf(inside).text == f"{FULL} {FULL} at {ADDRESS} and so on."


def test_raised_numbers_are_marks_of_notes_behind_words_and_powers_behind_numbers() -> None:
    page = [
        (50, 700, 10, "about 10"),
        (89, 704, 6, "5"),
        (95, 700, 10, "cells"),
        (115.5, 704, 6, "2"),
        (122, 700, 10, "live"),
    ]
    assert read_pdf([*page, *column(50, 650, FULL)]).text.startswith("about 10^5 cells[2] live")


def test_addresses_and_ranges_over_a_line_end_stay_whole() -> None:
    page = column(50, 700, f"{FULL[:40]} https://example.org/", f"path, {FULL[:62]} 12–", "15 of it.")
    text = read_pdf([*page, *column(50, 640, FULL, FULL, "end.")]).text
    assert "https://example.org/path" in text
    assert "12–15" in text


def test_a_table_of_contents_with_leaders_is_left_out() -> None:
    entries = [f"{i} Chapter of the book {'. ' * 20}{i * 7}" for i in range(1, 6)]
    assert read_pdf([*column(50, 700, *entries), *column(50, 500, FULL, "end.")]).text == f"{FULL} end."


def test_a_page_number_alone_is_left_out_but_a_number_in_the_text_is_not() -> None:
    assert read_pdf([*column(50, 700, FULL, "end."), (290, 30, 10, "1")]).text == f"{FULL} end."
    assert read_pdf([*column(50, 700, FULL, "end.", "7")]).text.endswith("7")


def test_text_that_runs_upwards_is_read_as_if_it_did_not() -> None:
    assert read_pdf(column(50, 700, FULL, FULL, "the end."), turned=True).text == f"{FULL} {FULL} the end."


def test_labels_at_the_margin_that_run_upwards_are_left_out() -> None:
    data = pdf(column(50, 700, FULL, FULL, "the end."))
    stamp = b"BT /F0 9 Tf 0 1 -1 0 20 300 Tm (stamp) Tj ET\n"
    length = data.index(b"/Length ") + 8
    old = int(data[length : data.index(b">>", length)])
    grown = data.replace(b"/Length %d" % old, b"/Length %d" % (old + len(stamp)), 1).replace(
        b"stream\n", b"stream\n" + stamp, 1
    )
    assert read(grown, "a.pdf").text == f"{FULL} {FULL} the end."


def test_the_outline_decides_what_a_heading_is() -> None:
    pages = [[(50, 760, 10, name), *column(50, 700, FULL, "end.")] for name in ("Alpha", "Beta")]
    pages[0].append((50, 500, 20, "Large but no heading"))
    content = read_pdf(*pages, outline="Alpha Beta")
    assert [section.path for section in content.sections] == [("Alpha",), ("Beta",)]


def test_what_is_drawn_out_of_order_is_read_in_order() -> None:
    title, first, second = (
        [(50, 780, 10, "Above all of it.")],
        column(50, 700, "first one."),
        column(50, 600, "second one."),
    )
    assert read_pdf([*second, *first, *title]).text == "Above all of it.\n\nfirst one.\n\nsecond one."


def test_a_cell_of_several_lines_stays_one_cell() -> None:
    rows = [("Drug", "Use"), ("nivolumab", "for melanoma"), ("", "and others"), ("ipilimumab", "for melanoma")]
    page = [(50 + 200 * i, 700 - 14 * j, 10, cell) for j, row in enumerate(rows) for i, cell in enumerate(row) if cell]
    text = read_pdf([*page, *column(50, 500, FULL, "end.")]).text
    assert text.startswith("Drug | Use\nnivolumab | for melanoma and others\nipilimumab | for melanoma\n\n")


def test_a_row_lower_than_the_others_or_at_another_place_is_a_row_of_its_own() -> None:
    rows = [("Item", "Number", "Price"), ("Widget", "2", "5.00"), ("Gadget", "1", "7.50")]
    page = [(50 + 150 * i, 700 - 14 * j, 10, cell) for j, row in enumerate(rows) for i, cell in enumerate(row)]
    table = "Item | Number | Price\nWidget | 2 | 5.00\nGadget | 1 | 7.50"
    total = [(200, 644, 10, "Total"), (350, 644, 10, "12.50")]
    assert read_pdf([*page, *total]).text == f"{table}\nTotal | 12.50"
    elsewhere = [(120, 658, 10, "Total"), (270, 658, 10, "12.50")]
    assert read_pdf([*page, *elsewhere]).text == f"{table}\nTotal | 12.50"


def test_a_numbered_heading_with_a_wide_gap_is_one_line_and_not_a_table() -> None:
    page = [(50, 700, 14, "1."), (90, 700, 14, "Introduction"), *column(50, 670, FULL, FULL, "end.")]
    assert read_pdf(page).sections[0].path == ("1. Introduction",)


def test_type_of_another_size_begins_another_paragraph() -> None:
    page = [*column(50, 700, FULL, FULL), (50, 676, 7, "small print below it")]
    assert read_pdf(page).text.split("\n\n") == [f"{FULL} {FULL}", "small print below it"]


def test_columns_below_a_title_are_read_in_order_however_they_are_drawn() -> None:
    title = [(50, 780, 10, "A title that runs over the whole of the page and over both of its columns, too")]
    left = column(50, 740, "left one", "left two", "left end.")
    right = column(320, 740, "right one", "right two", "right end.")
    assert read_pdf([*right, *left, *title]).text.split("\n\n")[1:] == [
        "left one left two left end.",
        "right one right two right end.",
    ]


def test_a_named_page_number_is_left_out_of_a_single_page() -> None:
    assert read_pdf([*column(50, 700, FULL, "end."), (270, 30, 10, "Page 3 of 9")]).text == f"{FULL} end."


def test_lines_know_the_characters_that_they_are_made_of() -> None:
    with opened(pdf([(50, 700, 10, "First line"), (50, 688, 10, "Second")]), "a.pdf") as file:
        first, second = read_sheets(file)[0].lines
    assert first.chars == ((0, len("First line") - 1),)
    ((begin, end),) = second.chars
    assert end - begin == len("Second") - 1
    assert first.x0 == pytest.approx(50, abs=2)
    assert first.y == 700


@pytest.mark.parametrize(
    ("before", "after", "joined"),
    [
        ("免疫", "疗法", "免疫疗法"),
        ("see x@", "y.org", "see x@y.org"),
        ("a sen-", "tence", "a sen-tence"),
        ("Anglo-", "Saxon", "Anglo-Saxon"),
        ("2019-", "2020", "2019-2020"),
        ("a dash -", "here", "a dash - here"),
        ("plain", "words", "plain words"),
    ],
)
def test_what_stands_between_two_lines(before: str, after: str, joined: str) -> None:
    kept, glue = Hyphens([]).joint(before, after)
    assert kept + glue + after == joined


def test_of_many_lines_one_hyphen_is_a_compound_s_own() -> None:
    told = "They all paid for it out of an approved fund of the government. " * 40
    lines = [*re.findall(r".{40,60} ", told), "The landlord keeps the money in a government-", "approved scheme."]
    assert "government-approved" in read(pdf(column(50, 800, *lines)), "a.pdf").text
    lines[3:5] = ["They paid for a thera-", "py with a medi-", "cine that they knew."]
    assert "therapy with a medicine" in read(pdf(column(50, 800, *lines)), "a.pdf").text


def places(data: bytes, quote: str) -> list[Rectangle]:
    text = read(data, "a.pdf").text
    start = text.index(quote)
    return rectangles_of(data, "a.pdf", start, start + len(quote))[1]


def ink(data: bytes, page: int, place: Rectangle | None = None) -> int:
    """How many dark pixels a page has when it is shown at 4 pixels a point, in all or in one place."""
    document = pypdfium2.PdfDocument(data)
    bitmap = document[page - 1].render(scale=4, grayscale=True)
    shown = bitmap.to_numpy().reshape(bitmap.height, bitmap.width) < 128
    if place:
        left, top, right, bottom = (round(4 * x) for x in (place.left, place.top, place.right, place.bottom))
        shown = shown[max(top, 0) : bottom, max(left, 0) : right]
    return int(shown.sum())


def test_the_place_of_a_line_is_known() -> None:
    (place,) = places(pdf([(50, 700, 10, "A line."), (50, 600, 10, "Alpha beta gamma.")]), "Alpha beta gamma.")
    assert place.page == 1
    assert place.left == pytest.approx(50, abs=1)
    assert place.top < 842 - 600 - 7  # above the height of capitals
    assert 842 - 600 < place.bottom < 842 - 600 + 5
    assert place.right == pytest.approx(50 + 10 * 8.3, abs=3)  # by Helvetica's widths


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_all_the_ink_of_a_quote_is_in_its_places_and_no_other(rotation: int) -> None:
    lines = [(60, 700, 10, "Alpha beta gamma delta"), (60, 688, 10, "zeta eta theta iota end.")]
    data, box = pdf(lines), b"/MediaBox[0 0 595 842]"

    def turned(data: bytes) -> bytes:  # PDFium mends the table of the file's objects
        return data.replace(box, box + b"/CropBox[40 30 500 800]/Rotate %d" % rotation)

    (first,), (second,) = places(turned(data), "gamma delta"), places(turned(data), "zeta eta theta")
    only = pdf([(60, 700, 10, "Alpha beta"), (60, 688, 10, "iota end.")])
    assert ink(turned(data), 1, first) + ink(turned(data), 1, second) > 0
    rest = ink(turned(data), 1) - ink(turned(data), 1, first) - ink(turned(data), 1, second)
    assert rest == pytest.approx(ink(turned(only), 1), rel=0.03)


def test_a_divided_word_and_a_page_break_are_found_on_both_sides() -> None:
    data = pdf(column(50, 700, FULL, "which ends in immu-", "nity."), column(50, 700, "Second page."))
    first, second = places(data, "immunity.")
    assert first.top < second.top
    assert second.left == pytest.approx(50, abs=1)
    assert [place.page for place in places(data, "nity.\n\nSecond")] == [1, 2]


def test_the_cells_of_a_table_are_found_in_their_rows() -> None:
    rows = [("Drug", "Use"), ("nivolumab", "yes"), ("ipilimumab", "yes")]
    data = pdf([(50 + 200 * i, 700 - 14 * j, 10, cell) for j, row in enumerate(rows) for i, cell in enumerate(row)])
    name, use = places(data, "ipilimumab | yes")
    assert name.top == pytest.approx(use.top, abs=2)
    assert name.top > 842 - 700 + 14
    assert [name.left, use.left] == pytest.approx([50, 250], abs=1)
