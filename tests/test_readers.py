"""The readers: what a file says, normalised, with exact headings and pages.

Past 500 lines: most of them are the small files themselves, each beside what is expected of it.
"""

import subprocess
import sys
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.documents import Content, page_at
from ingest.errors import NoTextError, SourceError
from ingest.readers import SUFFIXES, markdown, read
from ingest.readers.building import ContentBuilder, normalise
from ingest.readers.decoding import decode
from ingest.readers.tables import row_lines, spread
from ingest.readers.text import unwrap

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def check(content: Content) -> None:
    """What holds for whatever a reader returns."""
    assert normalise(content.text) == content.text
    assert content.text == content.text.strip("\n")
    content.text.encode("utf-8")
    starts = [section.start for section in content.sections]
    assert starts == sorted(set(starts))
    for section in content.sections:
        assert content.text.startswith(section.path[-1], section.start)
        assert section.start == 0 or content.text[section.start - 2 : section.start] == "\n\n"
    assert [page.start for page in content.pages] == sorted({page.start for page in content.pages})
    assert all(page.start < len(content.text) for page in content.pages)


def read_str(text: str, name: str) -> Content:
    content = read(text.encode(), name)
    check(content)
    return content


# --- the builder ---------------------------------------------------------------------------------

WORDS = st.text(max_size=30)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("heading"), st.integers(1, 6), WORDS),
        st.tuples(st.sampled_from(["paragraph", "verse", "block", "line", "extend"]), WORDS),
        st.tuples(st.just("glue"), WORDS),
        st.tuples(st.just("page"), st.none()),
        st.tuples(st.just("end_lines")),
    ),
    max_size=30,
)


@given(STEPS)
def test_sections_and_pages_of_any_content_are_in_order_and_lie_in_its_text(steps: list[tuple[str, Any]]) -> None:
    builder = ContentBuilder()
    pages = 0
    for step, *arguments in steps:
        if step == "page":
            pages += 1
            builder.page(pages)
        elif step == "glue":
            builder.extend(arguments[0], glue="")
        else:
            getattr(builder, step)(*arguments)
    content = builder.finish()
    check(content)
    assert builder.empty == (not content.text)
    numbers = [page.number for page in content.pages]
    assert numbers == sorted(set(numbers))


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert not {"\r", "\u00a0", "\u00ad"} & set(once)


def test_normalise_spells_out_ligatures_and_drops_what_cannot_be_written() -> None:
    assert normalise("e\ufb03cient \ud800 \u202eabc\u202c") == "efficient \ufffd abc"


def test_a_page_begins_where_its_first_text_stands_even_inside_a_paragraph() -> None:
    builder = ContentBuilder()
    builder.page(1)
    builder.paragraph("T cells kill")
    builder.page(2)
    builder.extend("tumour cells.")
    builder.page(3)
    builder.page(4)
    builder.paragraph("End.")
    content = builder.finish()
    assert content.text == "T cells kill tumour cells.\n\nEnd."
    assert page_at(content.pages, content.text.index("kill")) == 1
    assert page_at(content.pages, content.text.index("tumour")) == 2
    assert page_at(content.pages, content.text.index("End")) == 4


def test_an_empty_heading_opens_nothing_and_levels_may_jump() -> None:
    builder = ContentBuilder()
    builder.heading(1, "A")
    builder.heading(4, "B")
    builder.heading(2, "C")
    builder.heading(3, " \n ")
    assert [section.path for section in builder.finish().sections] == [("A",), ("A", "B"), ("A", "C")]


# --- tables --------------------------------------------------------------------------------------


def test_a_heading_that_repeats_the_one_right_above_it_is_left_out() -> None:
    builder = ContentBuilder()
    for level, text in ((1, "Guide"), (2, "Guide"), (2, "Use"), (2, "Use it")):
        builder.heading(level, text)
    builder.paragraph("Words.")
    builder.heading(2, "Use it")
    content = builder.finish()
    assert content.text == "Guide\n\nUse\n\nUse it\n\nWords.\n\nUse it"
    assert content.sections[0].path == ("Guide",)


def test_each_row_says_what_its_cells_mean() -> None:
    rows = [["Drug", "Target"], ["nivolumab", "PD-1"], ["", "CTLA-4"], ["", ""]]
    assert row_lines(rows, 1) == ["Drug: nivolumab | Target: PD-1", "Target: CTLA-4"]
    assert row_lines(rows, 0) == ["Drug | Target", "nivolumab | PD-1", "CTLA-4"]
    assert row_lines(rows[:1], 1) == ["Drug | Target"]


def test_headers_over_two_rows_are_read_together() -> None:
    rows = [[("Response", 2, 1)], [("n", 1, 1), ("%", 1, 1)], [("7", 1, 1), ("40", 1, 1)]]
    assert row_lines(spread(rows, 2), 2) == ["Response n: 7 | Response %: 40"]


def test_a_cell_that_spans_rows_stands_in_each_of_them() -> None:
    assert spread([[("a", 1, 3), ("b", 1, 1)], [("c", 1, 1)], []]) == [["a", "b"], ["a", "c"], ["a"]]


@given(st.lists(st.lists(st.tuples(st.just("x"), st.integers(0, 9), st.integers(0, 9)), max_size=6), max_size=8))
def test_spans_never_make_a_table_grow_out_of_bounds(rows: list[list[tuple[str, int, int]]]) -> None:
    grid = spread(rows)
    assert len(grid) == len(rows)
    assert all(len(line) <= 1000 for line in grid)


# --- which reader --------------------------------------------------------------------------------


def test_importing_the_readers_loads_no_parser() -> None:
    code = "import sys, ingest.readers; print([m for m in sys.modules if m.split('.')[0] in %r])"
    heavy = ("pypdfium2", "selectolax", "markdown_it", "lxml", "charset_normalizer", "docutils")
    out = subprocess.run([sys.executable, "-c", code % (heavy,)], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_every_reader_names_an_empty_file(suffix: str) -> None:
    with pytest.raises(NoTextError, match=f"a{suffix}"):
        read(b"", f"a{suffix}")
    with pytest.raises(SourceError, match=f"a{suffix}"):
        read(b" \n\t ", f"a{suffix}")


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_every_reader_refuses_a_picture(suffix: str) -> None:
    with pytest.raises(SourceError, match=f"a{suffix}"):
        read(PNG, f"a{suffix}")


def test_a_picture_named_text_is_refused_by_its_kind() -> None:
    with pytest.raises(SourceError, match=r"^x\.txt is not text \(it looks like a PNG image\)\.$"):
        read(PNG, "x.txt")
    with pytest.raises(SourceError, match="not text"):
        read(bytes(range(256)) * 4, "x.md")


def test_text_that_begins_like_a_signature_is_text() -> None:
    for start in ("ID3 tags", "BZh is", "RIFF", "MZ was", "BM stands", "PAR1 reader"):
        assert read_str(f"{start} in a sentence.", "a.txt").text.startswith(start)


def test_a_file_of_an_unknown_kind_is_read_as_it_stands_if_it_is_text() -> None:
    code = "def f(x):\n    return (x +\n            1)"
    assert read_str(code, "a.py").text == code


def test_without_a_title_the_file_name_is_the_title() -> None:
    assert read_str("It ends like a sentence.", "notes/trial 7.txt").title == "trial 7"


# --- plain text ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "cp1252"]
)
def test_text_in_any_usual_encoding(encoding: str) -> None:
    text = "Ein Tumor wächst über Jahre; die Behandlung dauert länger als nötig. Große Studien – später – fehlen."
    assert read(text.encode(encoding), "a.txt").text == text


def test_japanese_in_its_seven_bit_encoding() -> None:
    assert read("これは日本語です。 ABC".encode("iso2022_jp"), "a.txt").text == "これは日本語です。 ABC"
    assert read("Größe: \x1b$B usw.".encode(), "a.txt").text == "Größe: usw."  # UTF-8 after all


def test_what_tells_a_terminal_how_to_show_a_text_is_left_out() -> None:
    log = b"\x1b[31mERROR\x1b[0m \x1b]8;;http://x\x1b\\disk\x1b]8;;\x07 full \x1b[38;5;1m\x1b(Bnow\x1b[K \x1blast"
    assert read(log, "a.log").text == "ERROR disk full now last"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Café", "cp1252"),
        ("Author: José", "cp1252"),
        ("# Café\n\nnaïve", "cp1252"),
        ("Price: 5 €", "cp1252"),
        ("Temperature 25 °C ± 2 µg", "cp1252"),
        ("10 m² · 5 m³, ½ tsp", "cp1252"),
        ("„groß“ und «klein»", "cp1252"),
        ("Übergröße ÄÖÜ", "cp1252"),
        ("L’été dernier, il a été créé à l’œuvre: ça, où?", "cp1252"),
        ("Molière met Søren Kierkegaard, and Søren met Molière.", "cp1252"),
        ("Kaplan–Meier, Sjögren’s, Guillain-Barré, Ménière, Søren, Ibáñez", "cp1252"),
        ("Zażółć gęślą jaźń", "cp1250"),
        ("Wałęsa", "cp1250"),
        ("Česká republika má dvě třetiny", "cp1250"),
        ("Ştefan cel Mare şi Sfânt, domnul ţării", "cp1250"),
        ("Szép őszi idő van, hűvös szél fúj", "cp1250"),
        ("Zażółć gęślą jaźń", "iso8859_2"),
        ("Česká republika má dvě třetiny", "iso8859_2"),
        ("Çığ düştü, İstanbul'da güneş şimdi doğdu", "cp1254"),
        ("Žemaitė rašė lietuviškai, ąžuolas, šaltinių", "cp1257"),
        ("Иммунотерапия опухолей — это лечение, которое помогает иммунной системе.", "cp1251"),
        ("Иммунотерапия опухолей - это лечение, которое помогает иммунной системе.", "koi8_r"),
        ("がん免疫療法は、T細胞などの免疫系を利用する治療法である。副作用は比較的少ない。", "cp932"),
        ("がん免疫療法は、T細胞などの免疫系を利用する治療法である。副作用は比較的少ない。", "euc_jp"),
        ("免疫疗法是利用免疫系统治疗癌症的方法。它改变了黑色素瘤的治疗。", "gb18030"),
        ("中文文本 with English words and 中国 inside of it", "gb18030"),
        ("면역요법은 면역 체계를 이용하여 암을 치료하는 방법이다.", "euc_kr"),
    ],
)
def test_short_texts_in_legacy_encodings(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding), "a.txt") == text


def test_utf8_that_is_cut_or_holds_a_stray_byte_is_utf8() -> None:
    text = "Größe naïve Müller café 5 €"
    assert decode(text.encode()[:-1], "a.txt") == text[:-1] + "\ufffd"
    assert decode(text.encode() + b"\xff", "a.txt") == text + "\ufffd"
    assert decode("Größe ".encode() + b"\xc3", "a.txt") == "Größe \ufffd"


def test_a_few_control_characters_make_no_text_binary() -> None:
    for data in (b"dos file text\n\x1a", b"dos file\x08 text", b"\x07dos file text", b"dos file text" + bytes(500)):
        assert read(data, "a.txt").text == "dos file text"
    for data in (b"\x00\x01\x02\x03abc", b"abc\x01\x02\x03\x04\x05defghi"):
        with pytest.raises(SourceError, match="not text"):
            read(data, "a.txt")


def test_utf8_with_a_damaged_byte_is_still_utf8() -> None:
    data = ("Größe und Maße, " * 40).encode() + b"\xff ende"
    assert read(data, "a.txt").text.startswith("Größe und Maße")


def test_hard_wrapped_prose_is_unwrapped_and_nothing_else() -> None:
    prose = (
        "Checkpoint inhibitors block proteins that keep T cells from\n"
        "attacking a tumour. They have changed how melanoma and many\n"
        "other cancers are treated, and some patients live for years\n"
        "after the end of it.\n\n"
    )
    text = prose + "Jane Doe\nCancer Centre\nOxford\n\n- first, with a text that goes on over the\n  line\n- second\n"
    content = read_str(text, "a.txt")
    first, address, items = content.text.split("\n\n")
    assert first == " ".join(prose.split())
    assert address == "Jane Doe\nCancer Centre\nOxford"
    assert items.endswith("\n- second")


def test_unwrapping_goes_by_the_room_that_was_left() -> None:
    assert unwrap(["aaa bbb ccc ddd", "eee", "fff"], 16) == ["aaa bbb ccc ddd eee", "fff"]
    assert unwrap(["aaa bbb ccc ddd", "* eee"], 16) == ["aaa bbb ccc ddd", "* eee"]


def test_underlined_lines_are_headings_and_form_feeds_are_pages() -> None:
    content = read_str("Melanoma\n========\n\nOne.\n\nStaging\n-------\nTwo.\n\fThree.", "a.txt")
    assert [section.path for section in content.sections] == [("Melanoma",), ("Melanoma", "Staging")]
    assert content.title == "Melanoma"
    assert page_at(content.pages, content.text.index("Three")) == 2


# --- Markdown ------------------------------------------------------------------------------------


def test_markdown_is_stripped_to_what_it_shows() -> None:
    content = read_str(
        "---\ntitle: 'It''s a title'\nsources: [secret]\n---\n# CAR-T *cells* {#car}\n\n"
        "Text with **bold**, `code`, [a link](http://x.y) and\na soft break.[^1]\n\n"
        "## Steps\n\n1. one\n2. two\n   - inner\n\n> quoted\n\n```python\nx = 1\n\n  y = 2\n```\n\n"
        "| Drug | Target |\n|---|---|\n| **a** | b |\n\n"
        "![A cell under the microscope](x.png)\n\n[^1]: The note.\n",
        "a.md",
    )
    assert content.title == "It's a title"
    assert "secret" not in content.text
    assert content.text.split("\n\n") == [
        "CAR-T cells",
        "Text with bold, code, a link and a soft break.[1]",
        "Steps",
        "1. one\n2. two\n  - inner",
        "quoted",
        "x = 1",
        "  y = 2",
        "Drug: a | Target: b",
        "A cell under the microscope",
        "[1] The note.",
    ]
    assert content.sections[-1].path == ("CAR-T cells", "Steps")


def test_nothing_is_lost_however_deep_markdown_is_nested() -> None:
    shown = {
        "".join("  " * n + f"- item {n}.\n" for n in range(60)): [f"item {n}." for n in range(60)],
        ">" * 25 + " words": ["words"],
        ">" * 2_000 + " words": ["words"],
        ">" * 2_000 + "\n" + ">" * 2_000 + " words": ["words"],
        "1. > " * 500 + "words": ["words"],
        "[^a] and\n\n" + "[^a]: " * 101 + "words": ["words"],
        "[![" * 5_000 + "words": ["words"],
    }
    for text, parts in shown.items():
        content = read_str(f"First.\n\n{text}\n\n# End\n\nThe end.", "a.md")
        assert all(part in content.text for part in ["First.", *parts, "End\n\nThe end."]), text[:20]
        assert content.title == "End"
    assert ">" not in read_str(">" * 2_000 + " words", "a.md").text


def test_markdown_that_fills_the_stack_is_read_as_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown, "_MAX_LEVEL", 10_000)
    assert read_str("> " * 5_000 + "words\n\nThe end.", "a.md").text.endswith("> words\n\nThe end.")


def test_front_matter_in_toml_and_links_between_notes() -> None:
    content = read_str('+++\ntitle = "Notes"\n+++\nSee [[T cells|the cells]] and [[B cells]], not x[[1]].', "a.md")
    assert content.title == "Notes"
    assert content.text == "See the cells and B cells, not x[[1]]."


def test_a_rule_at_the_top_is_no_front_matter() -> None:
    slides = "---\n\n# Slide one\n\nJust one sentence here.\n\n---\n\n# Slide two\n\nb\n"
    assert read_str(slides, "a.md").text == "Slide one\n\nJust one sentence here.\n\nSlide two\n\nb"
    for text in ("A sentence: with a colon.\nAnd more.", "- a\n- b", "title: x\n\nProse."):
        assert read_str(f"---\n{text}\n\n---\n\nEnd.", "a.md").text.endswith(f"{text[-3:]}\n\nEnd."), text
    assert read_str("---\ntitle: never ended\n", "a.md").text == "title: never ended"


def test_what_front_matter_says_in_words_is_read() -> None:
    content = read_str(
        "---\r\n# a comment\r\ntitle: T\r\n\r\nsubtitle: 'S'\r\ntags:\r\n- hidden\r\n\"last run\": 2026\r\n"
        'description: >-\r\n  Folded\r\n  text.\r\n\r\n  More.\r\nauthor: [Ann B, "Cy D"]\r\n---\r\n# H\r\n\r\nBody.',
        "a.md",
    )
    assert content.title == "T"
    assert content.text == "S\n\nFolded text. More.\n\nAuthor: Ann B, Cy D\n\nH\n\nBody."
    assert read_str("---\nauthors:\n  - name: Ann\n  - Bo\n...\nBody.", "a.md").text == "Authors: Ann, Bo\n\nBody."
    assert read_str('+++\ndescription = "What it is"\n+++\nBody.', "a.md").text == "What it is\n\nBody."


def test_raised_numbers_and_pictures_in_tags_inside_markdown() -> None:
    text = "10<sup>6</sup>, 10<sup>-5</sup>, 2<sup>n</sup>, 2<sup>n -\n1</sup>, 1<sup>st</sup>, H<sub>2</sub>O and 10<sub>2</sub>.[^1]\n\n[^1]: N."
    assert read_str(text, "a.md").text == "10^6, 10^-5, 2^n, 2^(n - 1), 1st, H2O and 10_2.[1]\n\n[1] N."
    assert read_str('See <img src="x" alt="a cell &amp; more"> here.', "a.md").text == "See a cell & more here."


def test_a_list_may_begin_at_zero() -> None:
    assert read_str("0. zero\n1. one", "a.md").text == "0. zero\n1. one"


def test_a_footnote_that_nothing_refers_to_is_kept() -> None:
    text = read(b"See.[^b]\n\n[^a]: Nobody asks.\n[^b]: Somebody asks.\n", "a.md").text
    assert text == "See.[b]\n\n[b] Somebody asks.\n[a] Nobody asks."


def test_html_inside_markdown_is_read_as_html() -> None:
    content = read_str("# T\n\n<div><p>Inside &amp; out</p><script>x()</script></div>\n\nA<br>B <b>c</b>", "a.md")
    assert content.text == "T\n\nInside & out\n\nA\nB c"


# --- HTML ----------------------------------------------------------------------------------------


def test_html_without_the_chrome_of_the_site() -> None:
    content = read_str(
        "<html><head><title>Normans - Encyclopedia</title><style>p{}</style></head><body>"
        "<header><a href=/>Home</a></header><nav><ul><li>Menu</ul></nav>"
        "<main><article><header><h1>Normans<a class=headerlink href=#n>¶</a></h1></header>"
        "<p>They came from<br>the <i>north</i>.<p hidden>hidden<p style='display: none'>none"
        "<ul><li>one<ul><li>inner</ul><li>two</ul><dl><dt>Duke<dd>a ruler</dl>"
        "<pre>a\n  b</pre><table><tr><th>Year<th>King<tr><td>1066<td>William</table>"
        "<div role=contentinfo>Kept in here</div><p>10<sup>5</sup> and note<sup><a href=#f>2</a></sup></article></main>"
        "<footer>Imprint</footer><script>alert(1)</script></body></html>",
        "a.html",
    )
    assert content.title == "Normans"
    assert content.text.split("\n\n") == [
        "Normans",
        "They came from\nthe north.",
        "- one\n  - inner\n- two",
        "Duke: a ruler",
        "a\n  b",
        "Year: 1066 | King: William",
        "Kept in here",
        "10^5 and note[2]",
    ]


def test_html_in_a_declared_encoding() -> None:
    data = '<meta charset="windows-1251"><p>Иммунотерапия опухолей</p>'.encode("cp1251")
    assert read(data, "a.html").text == "Иммунотерапия опухолей"


def test_a_layout_table_is_not_a_data_table() -> None:
    content = read_str("<table><tr><td><p>One.</p><p>Two.</p></td></tr></table>", "a.html")
    assert content.text == "One.\n\nTwo."


XHTML = '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/>%s</head><body>%s</body></html>'


@pytest.mark.parametrize(
    "empty", ["<iframe src='x'/>", "<textarea/>", '<video title="a &gt; b" />', "<a id='n'/>", "<p/>"]
)
def test_an_empty_element_of_xhtml_swallows_nothing(empty: str) -> None:
    page = XHTML % ('<style/><script src="x.js"/>', f"<h1>One</h1>{empty}<p>Some<br/>words.</p>")
    content = read_str(page, "a.xhtml")
    assert content.title == "One"
    assert content.text == "One\n\nSome\nwords."


def test_characters_of_xhtml_and_what_only_looks_like_an_element() -> None:
    script = "<script>//<![CDATA[\nwrite('<script/><i/>')\n//]]></script><!-- <title/> -->"
    assert read_str(XHTML % (script, "<p>If <![CDATA[a < b & c]]> then.</p>"), "a.html").text == "If a < b & c then."


def test_raised_numbers_are_not_read_as_digits_of_the_number_before() -> None:
    page = (
        "3 × 10<sup>-5</sup>, 10<sup>−5</sup>, 2<sup>n</sup>, 2<sup>n+1</sup>, 5 kg m<sup>-2</sup>, H<sub>2</sub>O, "
        "Ca<sup>2+</sup>, 1<sup>st</sup>, 16<sup>e</sup>, word<sup>3</sup>, word<sup>a</sup>, <a href=x>link</a><sup>2</sup>"
    )
    read_as = "3 × 10^-5, 10^−5, 2^n, 2^(n+1), 5 kg m^-2, H2O, Ca2+, 1st, 16e, word3, worda, link2"
    assert read_str(f"<p>{page}</p>", "a.html").text == read_as
    cell = "<table><tr><th>Drug<th>Cells<tr><td>nivo<sup><a href=#n>1</a></sup><td>10<sup>6</sup></table>"
    assert read_str(cell, "a.html").text == "Drug: nivo[1] | Cells: 10^6"


def test_the_title_of_a_drawing_is_not_that_of_the_page() -> None:
    page = "<body><svg><title>Close</title></svg><h1>Real heading</h1><p>words</p>"
    assert read_str(page, "a.html").title == "Real heading"


CITIES = "<tr><th>City<th>Mayor<tr><td>Rome<td>Bob"


def test_a_header_further_down_begins_another_table() -> None:
    table = f"<table><tr><th>Drug<th>Dose<tr><td>nivo<td>1<tr><th>Sum<th>1<tr><td>ipi<td>2{CITIES}<tr><th>End<th>none</table>"
    assert read_str(table, "a.html").text.split() == (
        "Drug: nivo | Dose: 1 Drug: Sum | Dose: 1 Drug: ipi | Dose: 2 "
        "City: Rome | Mayor: Bob City: End | Mayor: none".split()
    )
    spanned = f"<table><tr><th>Drug<th>Dose<th>Day<tr><td rowspan=3>nivo<td>1<td>2{CITIES}</table>"
    assert "Drug: nivo | Dose: Rome | Day: Bob" in read_str(spanned, "a.html").text


def test_a_table_of_data_inside_one_for_layout() -> None:
    layout = "<table><tr><td>Left<td>Right</table>"
    page = f"<table><tr><td>Menu{layout}</td><td><p>Text.</p><table>{CITIES}</table></td></tr></table>"
    assert read_str(page, "a.html").text == "Menu\n\nLeft\n\nRight\n\nText.\n\nCity: Rome | Mayor: Bob"


def test_items_of_lists_have_the_numbers_that_a_browser_shows() -> None:
    page = (
        "<ol><li value=7>seven<ul><li>in</ul><li>eight</ol><p>x<ol reversed><li>two<li>one</ol><p>x"
        "<ol type=a start=3><li>c<li type=I>fourth</ol><p>x<ol style='list-style-type: upper-alpha'><li>A</ol>"
        "<p>x<ol start=0><li>zero</ol>"
    )
    assert read_str(page, "a.html").text.split("\n\nx\n\n") == [
        "7. seven\n  - in\n8. eight",
        "2. two\n1. one",
        "c. c\nIV. fourth",
        "A. A",
        "0. zero",
    ]


def test_html_nested_without_end_is_read() -> None:
    assert read_str("<div>" * 30_000 + "deep", "a.html").text == "deep"


@given(st.text(alphabet="<>/ap hr1ul-i=\"'td&#;x\n", max_size=80))
def test_no_markup_breaks_a_reader(text: str) -> None:
    for name in ("a.html", "a.md", "a.txt"):
        with suppress(NoTextError):
            read_str(text, name)
