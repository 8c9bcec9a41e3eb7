"""Word documents: clause numbers, breaks, comments (those of OpenDocument too). The rest is in test_readers_office."""

import io
import zipfile

from ingest.readers import read
from tests.making import docx, odf, p, pptx, relations, shape, zipped
from tests.test_readers_office import STYLES, check


def numbering(*levels: str, of: str = "0") -> str:
    """A definition of a list from its levels: "decimal %1." for instance, XML behind a third space."""
    xml = ""
    for n, level in enumerate(levels):
        format_, text, *more = level.split(" ", 2)
        text = text.replace("_", " ")
        xml += f'<w:lvl w:ilvl="{n}"><w:start w:val="1"/><w:numFmt w:val="{format_}"/><w:lvlText w:val="{text}"/>'
        xml += "".join(more) + "</w:lvl>"
    return f'<w:abstractNum w:abstractNumId="{of}">{xml}</w:abstractNum>'


def number(id_: str, more: str = "", of: str = "0") -> str:
    return f'<w:num w:numId="{id_}"><w:abstractNumId w:val="{of}"/>{more}</w:num>'


def clause(text: str, level: int | None = 0, id_: str = "1", style: str = "", more: str = "") -> str:
    put = "" if level is None else f'<w:ilvl w:val="{level}"/>'
    return p(text, style, more=f'<w:numPr>{put}<w:numId w:val="{id_}"/></w:numPr>{more}')


LEGAL = numbering("decimal %1.", "decimal %1.%2", "lowerLetter (%3)", "lowerRoman (%4)") + number("1")


def test_docx_clauses_are_numbered_on_under_headings_of_the_same_list() -> None:
    styles = STYLES.replace('"heading 1"/>', '"heading 1"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>')
    body = p("Definitions", "own") + clause("Term one", 1) + clause("Term two", 1) + clause("", 1) + clause("deep", 2)
    body += p("Payment", "b1") + clause("Pay promptly", 1) + p("Between") + clause("Pay fully", 1)
    body += clause("now", 2) + clause("later", 2) + clause("so", 3) + clause("or so", 3) + clause("Loose", 0, "0", "b1")
    content = check(read(docx(body, styles=styles, numbering=LEGAL), "a.docx"))
    assert content.text.split("\n\n") == [
        "1. Definitions",
        "1.1 Term one",
        "1.2 Term two",
        "    (a) deep",  # of 1.3, which is empty
        "2. Payment",
        "2.1 Pay promptly",
        "Between",
        "2.2 Pay fully",
        "    (a) now\n    (b) later",
        "(i) so",
        "(ii) or so",
        "Loose",
    ]
    assert [section.path for section in content.sections] == [("1. Definitions",), ("2. Payment",), ("Loose",)]


def test_docx_lists_of_one_definition_count_on_and_begin_anew_where_they_say_so() -> None:
    lists = numbering("upperRoman Article_%1", "decimal %1.%2 <w:isLgl/>", "decimal %3) <w:lvlRestart w:val='0'/>")
    anew = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="{}"/></w:lvlOverride>'
    lists += number("1") + number("2", anew.format(7)) + number("3")
    body = clause("a") + clause("b", 1) + clause("c", 2) + clause("d") + clause("e", 1) + clause("f", 2)
    body += clause("g", 0, "2") + clause("h", 0, "2") + clause("i", 0, "3") + clause("j", 1)
    body += clause("", 1, more="<w:rPr><w:del/></w:rPr>") + clause("k", 1)
    assert check(read(docx(body, numbering=lists), "a.docx")).text.replace("\n\n", "\n") == (
        "Article I a\n1.1 b\n    1) c\nArticle II d\n2.1 e\n    2) f\nArticle VII g\nArticle VIII h\nArticle IX i\n9.1 j\n9.2 k"
    )


def test_docx_numbers_come_from_styles_and_what_those_are_based_on() -> None:
    levels = numbering(
        "decimal %1", "cardinalText Part_%2 <w:pStyle w:val='second'/>", "none Note:", "bullet _", of="5"
    )
    link = '<w:abstractNum w:abstractNumId="6"><w:numStyleLink w:val="L"/></w:abstractNum>'
    lists = levels.replace("<w:lvl ", '<w:styleLink w:val="L"/><w:lvl ', 1) + link + number("9", of="6")
    style = '<w:style w:styleId="{}"><w:name w:val="{}"/><w:basedOn w:val="{}"/><w:pPr><w:numPr>{}</w:numPr></w:pPr></w:style>'
    styles = style.format("first", "A", "", '<w:numId w:val="9"/>') + style.format("second", "B", "first", "")
    styles += style.format("third", "C", "second", "") + style.format("out", "D", "first", '<w:numId w:val="0"/>')
    body = p("one", "first") + p("in", "second") + p("in", "third") + p("out", "out") + clause("none", 2, "9")
    body += clause("blank", 3, "9") + clause("two", None, "9", "first")
    text = check(read(docx(body, styles=styles, numbering=lists), "a.docx")).text
    assert text.split("\n\n") == ["1 one", "Part One in", "Part Two in", "out", "Note: none", "blank", "2 two"]


def test_docx_cells_have_their_numbers_and_boxes_in_them_stand_once() -> None:
    box = f"<w:p><w:r><w:txbxContent>{p('boxed')}</w:txbxContent></w:r></w:p>"
    cells = [clause("") + box, p("first"), clause(""), p("second")]
    rows = "".join(f"<w:tr><w:tc>{a}</w:tc><w:tc>{b}</w:tc></w:tr>" for a, b in (cells[:2], cells[2:]))
    content = check(read(docx(f"<w:tbl>{rows}</w:tbl>" + clause("below"), numbering=LEGAL), "a.docx"))
    assert content.text == "1. | first\n2. | second\n\nboxed\n\n3. below"


def run(text: str, raised: bool = False) -> str:
    set_ = '<w:rPr><w:vertAlign w:val="superscript"/></w:rPr>' if raised else ""
    return f'<w:r>{set_}<w:t xml:space="preserve">{text}</w:t></w:r>'


def test_docx_words_around_a_page_or_column_break_are_not_glued() -> None:
    laid_out = "<w:lastRenderedPageBreak/>"
    for kind in ("page", "column"):
        body = f'<w:p><w:r><w:t>Last words.</w:t><w:br w:type="{kind}"/><w:t>First words.</w:t></w:r></w:p>'
        body += (
            '<w:p><w:r><w:br w:type="page"/><w:t>Whole.</w:t></w:r></w:p><w:p><w:r><w:br w:type="page"/></w:r></w:p>'
        )
        text = "Last words.\nFirst words.\n\nWhole."
        assert check(read(docx(body), "a.docx")).text == text
        content = check(read(docx(body.replace("<w:t>First", f"{laid_out}<w:t>First")), "a.docx"))
        assert content.text == text
        assert content.text[content.pages[1].start :].lstrip().startswith("First")


def test_docx_raised_numbers_are_powers_even_in_several_runs() -> None:
    body = f"<w:p>{run('3 × 10')}{run('-5', True)}{run(', 2')}{run('n', True)}{run(', 10')}{run('−', True)}{run('7', True)}"
    body += f"{run(', 1')}{run('st', True)}{run(' in 10')}{run('6 ', True)}{run('or 2')}{run('n', True)}{run('+1', True)}{run(', word')}{run('3', True)}</w:p>"
    assert check(read(docx(body), "a.docx")).text == "3 × 10^-5, 2^n, 10^−7, 1st in 10^6 or 2^(n+1), word3"


def test_docx_comments_stand_behind_their_paragraph_or_table() -> None:
    mark = '<w:r><w:commentReference w:id="{}"/></w:r></w:p>'
    body = (
        p("Head", "b1").replace("</w:p>", mark.format(1)) + p("Body") + p("x", "code").replace("</w:p>", mark.format(3))
    )
    row = "<w:tr>" + "".join(f"<w:tc>{p(text)}</w:tc>" for text in "ab") + "</w:tr>"
    body = f"<w:tbl>{row}{row.replace('</w:p>', mark.format(2), 1)}</w:tbl>" + body
    comments = "".join(
        f'<w:comment w:id="{n}" w:author="{author}">{p(text)}{p("Really.")}</w:comment>'
        for n, author, text in ((1, "Ann", "Why?"), (2, "", "Odd."), (3, "Bob", "Old."))
    )
    assert check(read(docx(body, styles=STYLES, comments=comments), "a.docx")).text.split("\n\n") == [
        "a | b\na | b",
        "Comment: Odd. Really.",
        "Head",
        "Comment by Ann: Why? Really.",
        "Body",
        "x",
        "Comment by Bob: Old. Really.",
    ]


def test_odf_comments_stand_behind_what_they_are_about_and_notes_in_cells_once() -> None:
    def comment(text: str) -> str:
        return f"<office:annotation><creator>Ann</creator><date>2024</date><text:p>{text}</text:p></office:annotation>"

    def row(*cells: str) -> str:
        return (
            f"<table:table-row>{''.join(f'<table:table-cell>{c}</table:table-cell>' for c in cells)}</table:table-row>"
        )

    note = "<text:note><text:note-body><text:p>The note.</text:p></text:note-body></text:note>"
    table = f"<table:table>{row('<text:p>a</text:p>', '<text:p>b</text:p>')}"
    table += row(f"<text:p>c{note}</text:p>", f"<text:p>d{comment('Sure?')}</text:p>") + "</table:table>"
    body = f"<text:p>One{comment('Why?')} two.</text:p>{table}"
    assert check(read(odf("text", body), "a.odt")).text.split("\n\n") == [
        "One two.",
        "Comment by Ann: Why?",
        "a | b\nc[1] | d",
        "Comment by Ann: Sure?",
        "[1] The note.",
    ]
    sheet = f'<table:table table:name="T">{row(comment("Odd.") + "<text:p>Arm</text:p>", "<text:p>Rate</text:p>")}'
    sheet += row("<text:p>A</text:p>", "<text:p>40%</text:p>") + "</table:table>"
    assert check(read(odf("spreadsheet", sheet), "a.ods")).text == "T\n\nArm: A | Rate: 40%\n\nComment by Ann: Odd."
    slide = (
        f"<draw:page>{comment('Late.')}<draw:frame><draw:text-box><text:p>Text</text:p></draw:text-box></draw:frame>"
    )
    slides = read(odf("presentation", f"{slide}</draw:page>"), "a.odp")
    assert sorted(check(slides).text.split("\n\n")) == ["Comment by Ann: Late.", "Text"]


def test_docx_documents_in_the_document_are_read_where_they_stand() -> None:
    body = p("Before") + '<w:altChunk r:id="html"/><w:altChunk r:id="rtf"/><w:altChunk r:id="bad"/>' + p("After")
    with zipfile.ZipFile(io.BytesIO(docx(body))) as archive:
        parts: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    chunks = {
        "html": "<h1>Inside</h1><p>Some <b>words</b>.<ul><li>one<li>two</ul>",
        "rtf": r"{\rtf1 Old words.}",
        "bad": "{",
    }
    targets = {kind: f"aFChunk chunk.{kind if kind != 'bad' else 'docx'}" for kind in chunks}
    parts |= {f"word/{targets[kind].split()[1]}": data for kind, data in chunks.items()}
    parts["word/_rels/document.xml.rels"] = relations(**targets)
    content = check(read(zipped(parts), "a.docx"))
    assert content.text == "Before\n\nInside\n\nSome words.\n\n- one\n- two\n\nOld words.\n\nAfter"
    assert [section.path for section in content.sections] == [("Inside",)]


def test_slides_and_odt_raised_numbers_are_powers() -> None:
    text = '10</a:t></a:r><a:r><a:rPr baseline="30000"/><a:t>-5</a:t></a:r><a:r><a:t>, 1</a:t></a:r>'
    text += '<a:r><a:rPr baseline="30000"/><a:t>st</a:t></a:r>'
    assert check(read(pptx(shape("", f"<a:r><a:t>{text}")), "a.pptx")).text == "10^-5, 1st"
    styles = '<style:style style:name="S"><style:text-properties style:text-position="super 58%"/></style:style>'
    span = '<text:span text:style-name="S">{}</text:span>'
    body = f"<text:p>3 × 10{span.format('-5')} or <text:span>2</text:span>{span.format('n ')}, 1{span.format('st')}</text:p>"
    assert check(read(odf("text", body, styles), "a.odt")).text == "3 × 10^-5 or 2^n , 1st"
