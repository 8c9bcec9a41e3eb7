"""Office documents. Each is put together here from the few parts that matter.

Past 500 lines: most of them are those parts, each beside what is expected of it.
"""

import io
import re
import struct
import warnings
import zipfile
from itertools import pairwise

import pytest

from ingest.documents import Content, page_at
from ingest.errors import NoTextError, SourceError
from ingest.readers import SUFFIXES, Member, archives, expand, read
from ingest.readers.building import normalise
from ingest.readers.number_formats import shown_number
from tests.making import docx, odf, p, pptx, shape, xlsx, zipped


def check(content: Content) -> Content:
    assert normalise(content.text) == content.text
    assert all(content.text.startswith(section.path[-1], section.start) for section in content.sections)
    assert all(a.start < b.start for a, b in pairwise(content.pages))
    return content


# --- Word ----------------------------------------------------------------------------------------


STYLES = (
    '<w:style w:styleId="T"><w:name w:val="Title"/></w:style>'
    '<w:style w:styleId="b1"><w:name w:val="heading 1"/></w:style>'
    '<w:style w:styleId="own"><w:name w:val="My own"/><w:basedOn w:val="b1"/></w:style>'
    '<w:style w:styleId="code"><w:name w:val="Source Code"/></w:style>'
    '<w:style w:styleId="toc"><w:name w:val="toc 1"/></w:style>'
)


def test_docx_headings_follow_their_styles_and_outlines() -> None:
    body = p("A Title", "T") + p("Contents ... 3", "toc") + p("One", "b1") + p("text") + p("Two", "own")
    body += p("Three", more='<w:outlineLvl w:val="1"/>')
    content = check(read(docx(body, styles=STYLES), "a.docx"))
    assert content.title == "A Title"
    assert [section.path for section in content.sections] == [
        ("A Title",),
        ("A Title", "One"),
        ("A Title", "Two"),
        ("A Title", "Two", "Three"),
    ]
    assert "Contents" not in content.text


def test_docx_reads_changes_as_accepted_and_notes_at_the_end() -> None:
    body = (
        "<w:p><w:r><w:t>Kept</w:t></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del>"
        '<w:ins><w:r><w:t xml:space="preserve"> new</w:t></w:r></w:ins><w:r><w:footnoteReference w:id="2"/></w:r>'
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r><w:r><w:tab/><w:t>x</w:t><w:br/><w:t>y</w:t></w:r></w:p>"
    )
    notes = '<w:footnote w:id="2"><w:p><w:r><w:t>The note.</w:t></w:r></w:p></w:footnote>'
    assert check(read(docx(body, footnotes=notes), "a.docx")).text == "Kept new[1] x\ny\n\n[1] The note."


def test_docx_lists_count_and_begin_anew_below_each_item() -> None:
    numbering = (
        '<w:abstractNum w:abstractNumId="7"><w:lvl w:ilvl="0"><w:start w:val="3"/><w:numFmt w:val="decimal"/></w:lvl>'
        '<w:lvl w:ilvl="1"><w:numFmt w:val="lowerLetter"/></w:lvl></w:abstractNum>'
        '<w:abstractNum w:abstractNumId="8"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="8"/></w:num>'
    )

    def item(text: str, level: int, number: int = 1) -> str:
        return p(text, more=f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>')

    body = item("one", 0) + item("in", 1) + item("in", 1) + item("two", 0) + item("in", 1) + item("dot", 0, 2)
    content = check(read(docx(body, numbering=numbering), "a.docx"))
    assert content.text == "3. one\n  a. in\n  b. in\n4. two\n  a. in\n- dot"


def test_docx_table_with_merged_cells_and_header() -> None:
    def cell(text: str, more: str = "") -> str:
        return f"<w:tc><w:tcPr>{more}</w:tcPr>{p(text)}</w:tc>"

    merged, goes_on = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    body = (
        '<w:tbl><w:tblPr><w:tblLook w:firstRow="1"/></w:tblPr>'
        f"<w:tr>{cell('Drug')}{cell('Target')}</w:tr>"
        f"<w:tr>{cell('nivolumab', merged)}{cell('PD-1')}</w:tr>"
        f"<w:tr>{cell('', goes_on)}{cell('again')}</w:tr></w:tbl>"
    )
    assert check(read(docx(body), "a.docx")).text == "Drug: nivolumab | Target: PD-1\nDrug: nivolumab | Target: again"


def test_docx_pages_where_word_laid_them_out_even_inside_a_paragraph() -> None:
    body = p("First") + (
        "<w:p><w:r><w:t>It begins</w:t></w:r><w:r><w:lastRenderedPageBreak/>"
        '<w:t xml:space="preserve"> and ends.</w:t></w:r></w:p>'
    )
    content = check(read(docx(body), "a.docx"))
    assert content.text == "First\n\nIt begins and ends."
    assert [page_at(content.pages, content.text.index(word)) for word in ("First", "begins", "and")] == [
        1,
        1,
        2,
    ]


def test_docx_text_boxes_code_formulas_and_drawings_in_two_ways() -> None:
    box = f"<w:txbxContent>{p('boxed')}</w:txbxContent>"
    body = (
        f"<w:p><w:r><w:t>around</w:t></w:r><w:r><mc:AlternateContent><mc:Choice>{box}</mc:Choice>"
        f"<mc:Fallback>{box}</mc:Fallback></mc:AlternateContent></w:r></w:p>"
        + p("x = 1", "code")
        + p("  y", "code")
        + "<w:p><m:oMath><m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup>"
        "<m:f><m:num><m:r><m:t>a+b</m:t></m:r></m:num><m:den><m:r><m:t>c</m:t></m:r></m:den></m:f></m:oMath></w:p>"
    )
    assert check(read(docx(body, styles=STYLES), "a.docx")).text == "around\n\nboxed\n\nx = 1\n  y\n\nx^2(a+b)/c"


# --- PowerPoint ----------------------------------------------------------------------------------


def test_pptx_slides_are_pages_in_the_order_of_the_show() -> None:
    second = shape("body", "a", '<a:pPr lvl="1"/><a:r><a:t>b</a:t></a:r>') + shape("title", "Last")
    first = shape("ctrTitle", "Opening") + shape("sldNum", "7") + shape("", "free text")
    content = check(read(pptx(second, first), "a.pptx"))  # the list of slides has them the other way round
    assert content.text == "Opening\n\nfree text\n\nLast\n\n- a\n  - b"
    assert [section.path for section in content.sections] == [("Opening",), ("Last",)]
    assert [(page.number, content.text[page.start :][:4]) for page in content.pages] == [
        (1, "Open"),
        (2, "Last"),
    ]


def test_pptx_tables_charts_and_notes() -> None:
    cells = "".join(f"<a:tc><a:txBody><a:p><a:r><a:t>{t}</a:t></a:r></a:p></a:txBody></a:tc>" for t in "AB")
    values = "".join(f"<a:tc><a:txBody><a:p><a:r><a:t>{t}</a:t></a:r></a:p></a:txBody></a:tc>" for t in "12")
    table = f'<a:tbl><a:tblPr firstRow="1"/><a:tr>{cells}</a:tr><a:tr>{values}</a:tr></a:tbl>'
    chart = '<p:graphicFrame><c:chart r:id="c"/></p:graphicFrame>'
    data = pptx(f"<p:graphicFrame>{table}</p:graphicFrame>{chart}", notes="Say it slowly.")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    point = '<c:pt idx="0"><c:v>{}</c:v></c:pt>'
    parts["ppt/chart.xml"] = (
        f'<c:c xmlns:c="c"><c:ser><c:tx>{point.format("Cases")}</c:tx><c:cat>{point.format("2020")}</c:cat>'
        f"<c:val>{point.format('7')}</c:val></c:ser></c:c>"
    )
    content = check(read(zipped(parts), "a.pptx"))
    assert content.text == "A: 1 | B: 2\n\n2020 | Cases: 7\n\nNotes: Say it slowly."


# --- Excel ---------------------------------------------------------------------------------------


def test_xlsx_rows_name_their_headers_and_values_are_shown_as_in_their_cells() -> None:
    styles = (
        '<numFmts><numFmt numFmtId="164" formatCode="dd/mm/yyyy"/></numFmts>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="9"/></cellXfs>'
    )
    rows = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>Trial results</t></is></c></row>'
        '<row r="3"><c r="A3" t="s"><v>0</v></c><c r="B3" t="s"><v>1</v></c><c r="D3" t="s"><v>2</v></c></row>'
        '<row r="4"><c r="A4" t="str"><v>A</v></c><c r="B4" s="1"><v>45382</v></c><c r="D4" s="2"><v>0.4</v></c></row>'
        '<row r="5"><c r="A5" t="b"><v>1</v></c><c r="B5"><v>0.30000000000000004</v></c></row>'
    )
    content = check(read(xlsx({"Data": rows, "Empty": ""}, ("Arm", "Start", "Rate"), styles), "t.xlsx"))
    assert content.text == "Data\n\nTrial results\n\nArm: A | Start: 2024-03-31 | Rate: 40%\nArm: TRUE | Start: 0.3"
    assert content.title == "t"


def test_xlsx_a_header_over_several_columns_names_each_of_them() -> None:
    rows = (
        '<row r="1"><c r="A1" t="str"><v>Zone</v></c><c r="B1" t="str"><v>2023</v></c></row>'
        '<row r="2"><c r="B2" t="str"><v>Sales</v></c><c r="C2" t="str"><v>Profit</v></c></row>'
        '<row r="4"><c r="A4" t="str"><v>EU</v></c><c r="B4"><v>7</v></c><c r="C4"><v>2</v></c></row>'
    )
    merges = '<mergeCells><mergeCell ref="B1:C1"/></mergeCells>'
    content = check(read(xlsx({"Sheet1": rows}, merges=merges), "t.xlsx"))
    assert content.text == "Zone: EU | 2023 Sales: 7 | 2023 Profit: 2"


def test_xlsx_a_cell_merged_downwards_stands_in_each_row_and_never_makes_a_header_of_data() -> None:
    def row(number: int, **cells: str) -> str:
        texts = "".join(f'<c r="{at}{number}" t="str"><v>{text}</v></c>' for at, text in cells.items())
        return f'<row r="{number}">{texts}</row>'

    rows = row(1, A="Region", B="City", C="Sales") + row(3, A="North", B="Oslo", C="high") + row(4, B="Bergen", C="low")
    merges = "".join(f'<mergeCell ref="{cells}"/>' for cells in ("A1:A2", "B1:B2", "C1:C2", "A3:A4"))
    content = check(read(xlsx({"Sheet1": rows}, merges=f"<mergeCells>{merges}</mergeCells>"), "t.xlsx"))
    assert content.text == "Region: North | City: Oslo | Sales: high\nRegion: North | City: Bergen | Sales: low"
    rows = row(1, A="Product", B="Sales") + row(2, A="Name", B="2023", C="2024") + row(3, A="Tea", B="5", C="6")
    merges = '<mergeCells><mergeCell ref="B1:C1"/></mergeCells>'
    content = check(read(xlsx({"Sheet1": rows}, merges=merges), "t.xlsx"))
    assert content.text == "Product Name: Tea | Sales 2023: 5 | Sales 2024: 6"
    rows = row(1, A="Name", B="Answer") + row(2, A="Ann", B="yes") + row(3, A="Bob", B="no") + row(4, A="Cat", B="12")
    content = check(read(xlsx({"Sheet1": rows + row(5, A="Dan", B="yes")}), "t.xlsx"))
    assert content.text.splitlines()[0] == "Name: Ann | Answer: yes"


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        ("1.5", "[h]:mm", "36:00"),
        ("-0.01", "[mm]:ss", "-14:24"),
        ("1234", "00000", "01234"),
        ("50", '0" mg"', "50 mg"),
        ("1234.5", '"$"#,##0.00', "$1,234.50"),
        ("-1234.5", '_("$"* #,##0.00_);_("$"* \\(#,##0.00\\)', "-$1,234.50"),
        ("1234.5678", "#,##0.00\\ [$€-407]", "1,234.5678 €"),  # nothing is rounded away
        ("1234567", '0.0,,"M"', "1.234567M"),
        ("0.1234", "0.0%", "12.34%"),
        ("0.5", "# ?/?", "0.5"),
        ("123456", "0.00E+00", "123456"),
        ("5", 'General" units"', "5 units"),
        ("5", '"yes";"no"', "5"),
        ("3", "[Red]0;[Blue]-0", "3"),
        ("5551234", "[<=9999999]###-####", "5551234"),
        ("45383", 'd "de" mmmm', "2024-04-01"),
        ("0.5", "h:mm AM/PM", "12:00:00"),
        ("1e300", "#,##0", "1e+300"),
    ],
)
def test_numbers_are_shown_by_their_formats(value: str, code: str, shown: str) -> None:
    assert shown_number(value, code) == shown


def test_xlsx_hidden_sheets_are_left_out_and_hidden_rows_are_read() -> None:
    row = '<row r="1" {}><c r="A1" t="str"><v>{}</v></c></row>'
    sheets = {"Now": row.format('hidden="1"', "filtered"), 'Old" state="hidden': row.format("", "draft")}
    assert check(read(xlsx(sheets), "t.xlsx")).text == "Now\n\nfiltered"


def test_xlsx_dates_name_columns_and_strings_are_what_they_spell() -> None:
    xfs = "".join(f'<xf numFmtId="{number}"/>' for number in (0, 17, 4))
    rows = (
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" s="1"><v>45292</v></c><c r="C1" s="1"><v>45323</v></c></row>'
        '<row r="2"><c r="A2" t="s"><v>1</v></c><c r="B2" s="2"><v>1234.5</v></c><c r="C2"><v>2</v></c>'
        '<c r="D2" t="d"><v>2024-04-01T00:00:00</v></c></row>'
    )
    strings = ("Na_x000D__x000A_me_x005F_x000D_", "東京</t><rPh><t>トウキョウ</t></rPh><t>")
    content = check(read(xlsx({"Sheet1": rows}, strings, f"<cellXfs>{xfs}</cellXfs>"), "t.xlsx"))
    assert content.text == "Na me_x000D_: 東京 | 2024-01-01: 1,234.50 | 2024-02-01: 2 | 2024-04-01"


# --- OpenDocument --------------------------------------------------------------------------------


def test_odt_headings_lists_tables_notes_and_hidden_text() -> None:
    styles = (
        '<text:list-style style:name="L"><text:list-level-style-number text:level="1" style:num-format="1"/>'
        "</text:list-style>"
        '<style:style style:name="H"><style:text-properties text:display="none"/></style:style>'
    )
    body = (
        '<text:h text:outline-level="1">Head</text:h>'
        '<text:p>a<text:s text:c="2"/>b<text:note><text:note-citation>1</text:note-citation><text:note-body>'
        "<text:p>The note.</text:p></text:note-body></text:note>"
        '<text:span text:style-name="H">hidden</text:span></text:p>'
        "<text:tracked-changes><text:p>deleted</text:p></text:tracked-changes>"
        '<text:list text:style-name="L"><text:list-item><text:p>one</text:p></text:list-item>'
        "<text:list-item><text:p>two</text:p></text:list-item></text:list>"
        "<table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>Drug</text:p></table:table-cell>"
        "<table:table-cell><text:p>Target</text:p></table:table-cell></table:table-row></table:table-header-rows>"
        "<table:table-row><table:table-cell><text:p>x</text:p></table:table-cell><table:table-cell><text:p>y</text:p>"
        "</table:table-cell></table:table-row></table:table>"
    )
    content = check(read(odf("text", body, styles), "a.odt"))
    assert content.text.split("\n\n") == [
        "Head",
        "a b[1]",
        "1. one\n2. two",
        "Drug: x | Target: y",
        "[1] The note.",
    ]
    assert content.sections[0].path == ("Head",)


def test_odp_slides_and_ods_sheets_are_pages() -> None:
    box = "<draw:text-box><text:p>{}</text:p></draw:text-box>"
    slide = f'<draw:page><draw:frame presentation:class="title">{box}</draw:frame></draw:page>'
    show = check(read(odf("presentation", slide.format("One") + slide.format("Two")), "a.odp"))
    assert [(page.number, show.text[page.start :][:3]) for page in show.pages] == [(1, "One"), (2, "Two")]
    cells = "".join(f"<table:table-cell><text:p>{text}</text:p></table:table-cell>" for text in ("Arm", "Rate"))
    values = "".join(f"<table:table-cell><text:p>{text}</text:p></table:table-cell>" for text in ("A", "40%"))
    rows = f"<table:table-row>{cells}</table:table-row><table:table-row>{values}</table:table-row>"
    empty = '<table:table-cell table:number-columns-repeated="16384"/>'
    empty = f'<table:table-row table:number-rows-repeated="1048576">{empty}</table:table-row>'
    book = read(odf("spreadsheet", f'<table:table table:name="T">{rows}{empty}</table:table>'), "a.ods")
    assert check(book).text == "T\n\nArm: A | Rate: 40%"


# --- the old formats -----------------------------------------------------------------------------


def ole(streams: dict[str, bytes]) -> bytes:
    """A compound file ([MS-CFB]) with these streams at its root, none of them small enough for the mini stream."""
    sectors: list[bytes] = []
    chains: list[int] = []

    def add(data: bytes) -> int:
        start = len(sectors)
        pieces = [data[i : i + 512].ljust(512, b"\0") for i in range(0, len(data), 512)]
        sectors.extend(pieces)
        chains.extend([*range(start + 1, start + len(pieces)), 0xFFFFFFFE])
        return start

    def entry(name: str, kind: int, start: int, size: int, right: int, below: int) -> bytes:
        text = name.encode("utf-16-le")
        head = text.ljust(64, b"\0") + struct.pack("<HBB", len(text) + 2, kind, 1)
        head += struct.pack("<III", 0xFFFFFFFF, right, below) + bytes(36)
        return head + struct.pack("<IQ", start, size)

    padded = {name: data.ljust(4096, b"\0") for name, data in streams.items()}
    starts = {name: add(data) for name, data in padded.items()}
    names = sorted(padded, key=lambda name: (len(name), name.upper()))
    entries = entry("Root Entry", 5, 0xFFFFFFFE, 0, 0xFFFFFFFF, 1)
    for i, name in enumerate(names, 1):
        right = i + 1 if i < len(names) else 0xFFFFFFFF
        entries += entry(name, 2, starts[name], len(padded[name]), right, 0xFFFFFFFF)
    directory = add(entries)
    fat = len(sectors)
    table = [*chains, 0xFFFFFFFD]
    sectors.append(b"".join(struct.pack("<I", n) for n in table).ljust(512, b"\xff"))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, directory, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    return header + struct.pack("<I", fat).ljust(436, b"\xff") + b"".join(sectors)


def test_msg_is_read_under_its_subject() -> None:
    parts = {
        "0037": "Dose",
        "0C1A": "Ann",
        "5D01": "ann@x.org",
        "0E04": "Bob",
        "1000": "First line.\r\n\r\nSecond.",
    }
    streams = {f"__substg1.0_{number}001F": text.encode("utf-16-le") for number, text in parts.items()}
    content = check(read(ole({"__properties_version1.0": b"", **streams}), "a.msg"))
    assert content.title == "Dose"
    assert content.text == "Dose\n\nFrom: Ann <ann@x.org>\nTo: Bob\nSubject: Dose\n\nFirst line.\n\nSecond."


def test_doc_is_put_together_from_its_pieces() -> None:
    small, wide = "Drug\x07Dose\x07\x07\rSee \x13HYPERLINK x\x14here\x15.\r", "größer\rnote"
    main = bytearray(0x400)
    struct.pack_into("<H", main, 10, 0x0200)
    at = len(main)
    main += small.encode("cp1252") + wide.encode("utf-16-le")
    counts = [0, len(small), len(small) + len(wide)]
    struct.pack_into("<i", main, 0x4C, len(small) + len("größer\r"))  # what follows is a footnote
    pieces = struct.pack("<III", *counts)
    for place in (2 * at | 0x40000000, at + len(small)):
        pieces += struct.pack("<HIH", 0, place, 0)
    clx = b"\x01\x02\x00ab" + b"\x02" + struct.pack("<I", len(pieces)) + pieces
    struct.pack_into("<II", main, 0x01A2, 0, len(clx))
    content = check(read(ole({"WordDocument": bytes(main), "1Table": clx}), "a.doc"))
    assert content.text == "Drug | Dose\n\nSee here.\n\ngrößer"


def test_ppt_slides_are_found_through_the_newest_edit() -> None:
    def record(kind: int, body: bytes, head: int = 0) -> bytes:
        return struct.pack("<HHI", head, kind, len(body)) + body

    def text(kind: int, chars: str) -> bytes:
        return record(3999, struct.pack("<I", kind)) + record(4000, chars.encode("utf-16-le"))

    slide = record(1006, record(61453, text(0, "The title") + text(1, "one\rtwo"), 0xF), 0xF)
    listed = record(4080, record(1011, struct.pack("<I", 5) + bytes(16)), 0xF)
    document = record(1000, listed, 0xF)
    stream = document + slide
    directory = record(6002, struct.pack("<III", 1 | 1 << 20, 0, 5 | 1 << 20) + struct.pack("<I", len(document)))
    edit = record(4085, struct.pack("<IIIII", 0, 0, 0, len(stream), 1))
    user = bytes(16) + struct.pack("<I", len(stream) + len(directory))
    data = ole({"PowerPoint Document": stream + directory + edit, "Current User": user})
    content = check(read(data, "a.ppt"))
    assert content.text == "The title\n\none\n\ntwo"
    assert content.pages[0].number == 1
    assert content.sections[0].path == ("The title",)


def test_xls_is_read_like_xlsx() -> None:
    def record(kind: int, body: bytes) -> bytes:
        return struct.pack("<HH", kind, len(body)) + body

    def label(row: int, column: int, text: str) -> bytes:
        return record(0x0204, struct.pack("<HHHHB", row, column, 0, len(text), 0) + text.encode())

    sheet = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x10, 0, 0, 0, 0)) + label(0, 0, "Arm") + label(0, 1, "Rate")
    sheet += label(1, 0, "A") + record(0x0203, struct.pack("<HHHd", 1, 1, 0, 40.0)) + record(0x0A, b"")
    head = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x05, 0, 0, 0, 0))
    name = struct.pack("<BB", 4, 0) + b"Data"
    size = len(head) + 4 + 6 + len(name) + 4
    book = head + record(0x85, struct.pack("<IH", size, 0) + name) + record(0x0A, b"") + sheet
    assert check(read(ole({"Workbook": book}), "a.xls")).text == "Data\n\nArm: A | Rate: 40"


# --- whatever is inside --------------------------------------------------------------------------


def test_a_document_is_read_by_what_it_is_and_not_by_its_name() -> None:
    assert read(docx(p("Hello.")), "a.doc").text == "Hello."
    assert read(b"<html><body><table><tr><td>a<td>b</table></body></html>", "report.xls").text == "a | b"
    assert read(b"{\\rtf1 Hello.\\par}", "a.doc").text == "Hello."
    page = b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<p>Saved page.</p>"
    assert read(page, "a.doc").text == "Saved page."
    assert read(b"Arm\tRate\nA\t40\n", "a.xls").text == "Arm: A | Rate: 40"


def test_an_encrypted_document_asks_for_its_password() -> None:
    with pytest.raises(SourceError, match=r"a\.xlsx is encrypted: a password"):
        read(ole({"EncryptedPackage": b"x"}), "a.xlsx")


@pytest.mark.parametrize("suffix", [".docx", ".pptx", ".xlsx", ".odt", ".epub", ".doc", ".ppt", ".xls", ".msg"])
def test_a_damaged_document_is_named(suffix: str) -> None:
    whole = docx(p("Hello."))
    for data in (
        whole[: len(whole) // 2],
        ole({"Other": b"x"}),
        b"nothing of the kind",
        whole.replace(b"PK\x01\x02", b"PK\x09\x09"),
    ):
        with pytest.raises(SourceError, match="^a\\" + suffix):
            read(data, f"a{suffix}")


def test_bombs_are_refused_before_they_go_off() -> None:
    grown = docx("<w:p><w:r><w:t>" + "a" * 30_000_000)
    assert len(grown) < 100_000
    with pytest.raises(SourceError, match="beyond all measure"):
        read(grown, "a.docx")
    entities = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><a>&b;</a>'
    for data in (entities.encode(), entities.encode("utf-16")):
        with pytest.raises(SourceError, match="entities"):
            read(data, "a.xml")
    with pytest.raises(SourceError, match="nested"):
        read(("<a>" * 5_000 + "x" + "</a>" * 5_000).encode(), "a.xml")


def test_an_archive_is_expanded_to_its_documents() -> None:
    inner = zipped({"b.md": "# B", ".hidden": "x", "__MACOSX/b.md": "x"})
    data = zipped({"../../a.txt": "A.", "deep/inner.zip": inner, "c.docx": docx(p("C."))})
    found = expand(data, "all.zip", SUFFIXES)
    assert [name for name, _, _ in found] == ["all.zip/a.txt", "all.zip/deep/inner.zip/b.md", "all.zip/c.docx"]
    assert [read(part, name).text for name, part, _ in found] == ["A.", "B", "C."]
    assert expand(b"x", "a.txt", SUFFIXES) == [Member("a.txt", b"x")]
    with pytest.raises(SourceError, match="archive"):
        read(data, "all.zip")


def test_archives_in_archives_and_huge_members_come_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    nested = b"x"
    for _ in range(5):
        nested = zipped({"a.zip": nested})
    nothing = zipped({"b.txt": b"0" * 20_000_000, "c.zip": nested, "d.zip": b"PK torn", "e.md": b"E."})
    assert expand(nothing, "a.zip", SUFFIXES) == [
        Member("a.zip/b.txt", b"", "b.txt is refused: it grows beyond all measure when unpacked."),
        Member("a.zip/c.zip/a.zip/a.zip", b"", "a.zip is an archive in too many archives."),
        Member("a.zip/d.zip", b"", "d.zip cannot be opened: the file is damaged or cut off."),
        Member("a.zip/e.md", b"E."),
    ]
    monkeypatch.setattr(archives, "MAX_TOTAL_BYTES", 1_500)
    with pytest.raises(SourceError, match=r"^a\.zip is refused: it grows beyond all measure"):
        inner = zipped({f"{n}.txt": b"0" * 400 for n in range(3)})
        expand(zipped({"b.zip": inner, "c.txt": b"0" * 400}), "a.zip", SUFFIXES)


def stored(*members: tuple[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, warnings.catch_warnings(action="ignore"):  # the same name twice
        for name, text in members:
            archive.writestr(name, text)
    return out.getvalue()


def test_members_that_would_have_the_same_name_are_numbered() -> None:
    names = ("./c.md", "c.md", "a//b.md", "a/b.md", "../x.md", "x.md", "win\\d.md", "win/d.md", "c (2).md", "c.md")
    found = expand(stored(*((name, str(n)) for n, name in enumerate(names))), "z.zip", SUFFIXES)
    assert [(member.name.removeprefix("z.zip/"), member.data) for member in found] == [
        ("c.md", b"0"),
        ("c (3).md", b"1"),
        ("a/b.md", b"2"),
        ("a/b (2).md", b"3"),
        ("x.md", b"4"),
        ("x (2).md", b"5"),
        ("win/d.md", b"6"),
        ("win/d (2).md", b"7"),
        ("c (2).md", b"8"),
        ("c (4).md", b"9"),
    ]


def test_a_bad_member_costs_only_itself_and_what_is_not_read_is_not_unpacked() -> None:
    data = stored(("a.md", "Words."), ("b.md", "Torn words."), ("c.mp4", "Torn video"), ("d.md", "Secret."))
    data = data.replace(b"Torn", b"torn")  # the checksums are of other bytes now
    for header, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = [found.start() for found in re.finditer(re.escape(header), data)][3] + flags
        data = data[:at] + b"\1" + data[at + 1 :]
    assert expand(data, "z.zip", SUFFIXES) == [
        Member("z.zip/a.md", b"Words."),
        Member("z.zip/b.md", b"", "b.md cannot be read: it is damaged."),
        Member("z.zip/d.md", b"", "d.md is encrypted: a password is needed to read it."),
    ]
    with pytest.raises(SourceError, match=r"^y\.zip is encrypted"):
        secret = data.replace(b".md", b".mp").replace(b"d.mp", b"d.md")
        expand(secret, "y.zip", SUFFIXES)


def test_a_member_that_is_too_large_is_told_from_a_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_PART_BYTES", 1_000_000)
    (member, _) = expand(stored(("a.md", "x" * 1_000_001), ("b.md", "B.")), "z.zip", SUFFIXES)
    assert member.reason == "a.md is refused: it is larger than 1 MB when unpacked."


def test_documents_without_text_are_named() -> None:
    for data, name in (
        (docx(""), "a.docx"),
        (xlsx({"Sheet1": ""}), "a.xlsx"),
        (pptx(""), "a.pptx"),
        (odf("text", ""), "a.odt"),
    ):
        with pytest.raises(NoTextError, match=f"^{name} holds no text"):
            read(data, name)
