"""What is shown: marks become chips, quotes are marked where they stand, and no document's words become code."""

import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ingest import Document, DocumentInfo, Page, Passage, Section
from retriever import Answer, Citation, Hit, LibraryState
from ui import lists, panel, render
from ui.conversations import Conversation, Scope
from ui.render import TurnId
from ui.suggestions import Suggestion
from ui.uploads import Job

TEXT = "Cells\n\nT cells kill tumour cells. They need a signal. [7] & more.\n\nHistory\n\nFirst seen in 1961 <b>."
HOSTILE = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    '"><svg onload=alert(1)>',
    "javascript:alert(1)",
    '<a href="http://evil.example/?q=1">click</a>',
    "![x](http://evil.example/leak.png)",
    "${alert(1)} {{constructor.constructor('alert(1)')()}}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    '<style>@import "http://evil.example/x.css";</style>',
    "' onmouseover='alert(1)",
]


def passage(text: str = TEXT, title: str = "Cells", document: str = "cells.md", page: int | None = None) -> Passage:
    return Passage(document, title, f"{title} > Killing", page, 0, len(text), text)


def cite(number: int, quote: str, of: Passage, verdict: str = "exact") -> Citation:
    start = of.text.index(quote)
    return Citation(number, of, start, start + len(quote), quote, of.page, verdict)  # type: ignore[arg-type]


def answer(text: str, *citations: Citation, answered: bool = True, **changes: object) -> Answer:
    hits = (
        Hit(passage(), 0.9, {"dense": 1, "words": 3}),
        Hit(passage("Other words."), 0.4, {"words": 1}),
    )
    fields: dict[str, object] = {
        "question": "What kills?",
        "searched_for": "What kills?",
        "answered": answered,
        "text": text,
        "confidence": 0.93,
        "citations": citations,
        "evidence": hits,
        "library": LibraryState(1, 1, 2),
    }
    return Answer(**(fields | changes))  # type: ignore[arg-type]


def document(text: str = TEXT, title: str = "About cells", id: str = "cells.md") -> Document:
    sections = (Section(0, ("About cells",)), Section(TEXT.index("History"), ("About cells", "History")))
    return Document(id, title, text, "0" * 64, sections, (Page(0, 3),))


def source(quote: str, before: int = 1, after: int = 1, of: Document | None = None) -> str:
    shown = of or document()
    start = shown.text.index(quote)
    return panel.source(shown, start, start + len(quote), before, after)


class Html(HTMLParser):
    """HTML as a browser reads it: its tags with their attributes, and the words that a reader sees."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.mark.parametrize("text", ["", "One.", "A. [1][2] B? [3]\n\nC! d e f", "no end [1]", "\n\n[1] x.", "a.b. c…  d"])
def test_pieces_lose_nothing(text: str) -> None:
    assert "".join(render.pieces(text)) == text


def test_a_mark_becomes_a_chip_only_if_it_has_a_citation() -> None:
    html = render.turn(answer("T cells kill tumour cells. [1] See [7].", cite(1, "T cells kill", passage())), TurnId(4))
    assert len(re.findall('class="pc-chip"', html)) == 1
    assert 'href="#t4-s1"' in html
    assert html.count('id="t4-s1"') == 1
    assert "See\u00a0[7]." in Html(html).words


def test_two_turns_share_no_id() -> None:
    shown = answer("T cells kill tumour cells. [1]", cite(1, "T cells kill", passage()))
    ids = [re.findall(r' id="([^"]+)"', render.turn(shown, TurnId(number))) for number in (1, 11)]
    assert ids[0]
    assert not set(ids[0]) & set(ids[1])


def test_a_citation_leads_to_its_span_and_page() -> None:
    cited = cite(1, "They need a signal.", passage(document="a b&c/dé.md", page=2))
    html = unescape(render.turn(answer("They need a signal. [1]", cited), TurnId(1)))
    assert f'data-source="document=a+b%26c%2Fd%C3%A9.md&start={cited.start}&end={cited.end}"' in html
    assert "Cells · Killing · p. 2".replace(" · ", "") in Html(html).words


def test_a_model_s_sentence_shows_its_verdict_and_the_answer_its_note() -> None:
    cited = (cite(1, "They need a signal.", passage(), "unsupported"), cite(2, "T cells kill", passage(), "supported"))
    html = render.turn(answer("Wrong. [1] Right. [2]", *cited, note="One sentence was left out."), TurnId(1))
    assert html.count("does not bear out the sentence") == 2  # at the mark, and at the source
    assert html.count("pc-doubted") == 1
    assert html.count("supports the sentence") == 1
    assert "One sentence was left out." in html


def test_the_search_is_shown_only_where_it_differs_from_the_question() -> None:
    assert "Searched for" not in render.turn(answer("x", searched_for="what  kills?"), TurnId(1))
    assert "Searched for: What kills? (about: cells)" in render.turn(
        answer("x", searched_for="What kills? (about: cells)"), TurnId(1)
    )


def test_a_declined_question_is_said_plainly_with_the_nearest_passages() -> None:
    html = render.turn(answer("", answered=False, confidence=0.04), TurnId(1))
    assert "Not in your documents" in html
    assert html.count('class="pc-row"') == 2
    assert "4\u00a0%" in Html(html).words


def test_a_question_put_to_some_documents_is_declined_for_those_alone() -> None:
    declined = answer("Not in your documents: nothing found on “x”.", answered=False, confidence=0.04)
    html = unescape(render.turn(declined, TurnId(1, "c"), within=lists.within(Scope(("a.md",)))))
    assert "Not in the 1 document you asked: nothing found on “x”." in html
    assert "Ask all documents" in html
    assert "our documents" not in html.replace("Searching your documents", "")
    assert "Ask all documents" not in render.turn(declined, TurnId(1, "c"))


def test_jobs_that_failed_stand_first_then_the_newest_without_those_of_an_earlier_visit() -> None:
    done, failed, busy = Job(1, "add", "1.md"), Job(2, "add", "2.md"), Job(3, "add", "3.md", state="reading")
    done, failed = replace(done, state="ready"), replace(failed, state="failed", told="2.md is not text.")
    html = lists.jobs([done, failed, busy, replace(done, number=4, name="4.md")])
    assert html.index("2.md") < html.index("3.md") < html.index("4.md") < html.index("1.md")
    assert "1 of 4 to do, 1 of 4 failed" in html
    assert html.count("2.md") == 1, "the reason stands beside the name, and does not say it again"
    assert 'data-last="4"' in html
    later = lists.jobs([done, failed, busy], after=2)
    assert "3.md" in later
    assert "2.md" not in later
    assert 'data-last="2"' in lists.jobs([done, failed], after=9)


def test_why_shows_every_ranker_and_a_dash_where_it_did_not_find_the_passage() -> None:
    table = render.turn(answer("x"), TurnId(1)).partition("<table>")[2]
    assert re.findall(r'<th scope="col">([^<]*)', table) == ["passage", "meaning", "words"]
    assert re.findall(r"<td>(\d|-)</td>", table) == ["1", "3", "-", "1"]


@pytest.mark.parametrize("above", ["Killing\n\n", "Cells\n\nKilling\n\n", "Cells\n\n"])
def test_a_passage_is_shown_without_the_title_and_headings_it_begins_with(above: str) -> None:
    found = Hit(passage(f"{above}T cells kill."), 1.0, {"dense": 1})
    html = render.turn(answer("", answered=False, evidence=(found,)), TurnId(1))
    assert '<span class="pc-quote">T cells kill.</span>' in html


@pytest.mark.parametrize(
    ("confidence", "level", "shown"),
    [(0.999, "high", "99"), (0.8, "high", "80"), (0.6, "fair", "60"), (0.001, "low", "1")],
)
def test_confidence_never_promises_certainty(confidence: float, level: str, shown: str) -> None:
    told = render.assurance(answer("x", confidence=confidence))
    assert told[0] == level
    assert f"{shown}\u00a0%" in told[1]


def test_the_quote_is_marked_in_its_whole_paragraph() -> None:
    html = source("They need a signal. [7] &")
    assert re.findall("<mark>(.*?)</mark>", html) == ["They need a signal. [7] &amp;"]
    paragraph = re.search("<p>(.*?)</p>", html.partition('class="pc-text"')[2])
    assert paragraph
    assert Html(paragraph[1]).words == "T cells kill tumour cells. They need a signal. [7] & more."


def test_neighbours_are_dimmed_and_headings_are_headings() -> None:
    html = source("They need")
    assert '<h3 class="pc-near">History</h3>' in html
    assert "About cells" in html
    assert "page 3" in html
    assert "cells.md" in html
    assert "Show what follows" in html
    assert "Show what comes before" not in html


def test_a_quote_over_two_paragraphs_is_marked_in_both() -> None:
    html = source("two.\n\nThree", 0, 0, Document("a.txt", "", "One two.\n\nThree four.\n\nFive.", "0" * 64))
    assert re.findall("<mark>(.*?)</mark>", html) == ["two.", "Three"]
    assert "pc-near" not in html
    assert "Five" not in html


@pytest.mark.parametrize(("before", "after", "shown"), [(0, 0, 1), (1, 0, 2), (0, 2, 3), (9, 9, 4)])
def test_as_many_neighbours_as_asked_for(before: int, after: int, shown: int) -> None:
    html = source("They need", before, after).partition('class="pc-text"')[2]
    assert len(re.findall(r"<(?:p|h3)\b", html)) == shown
    assert html.count("pc-near") == shown - 1


def test_a_document_opened_to_be_read_is_neither_marked_nor_dimmed() -> None:
    html = panel.source(document(), 0, 0, 0, 40)
    assert "First seen" in html
    assert not re.search("<mark|pc-near|pc-copy|pc-more", html)


@pytest.mark.parametrize("words_of_theirs", HOSTILE)
def test_no_document_puts_code_on_the_page(words_of_theirs: str) -> None:
    p = passage(words_of_theirs, title=words_of_theirs, document=words_of_theirs)
    shown = answer(f"{words_of_theirs} [1]", cite(1, words_of_theirs, p), question=words_of_theirs)
    declined = answer("", answered=False, evidence=(Hit(p, 1.0, {words_of_theirs: 1}),), searched_for=words_of_theirs)
    held = document(words_of_theirs, words_of_theirs, words_of_theirs)
    listed = [DocumentInfo(words_of_theirs, words_of_theirs, 1, "0" * 64, (words_of_theirs,))]
    for html in (
        render.turn(shown, TurnId(1)),
        render.turn(declined, TurnId(1)),
        render.answering(words_of_theirs, TurnId(1, "c"), shown.text, shown.citations),
        render.failure(words_of_theirs, words_of_theirs, TurnId(1, words_of_theirs)),
        panel.source(held, 0, 5, 1, 1),
        panel.source(held, 0, 0, 1, 1, words_of_theirs, words_of_theirs, words_of_theirs),
        panel.gone(words_of_theirs, words_of_theirs, words_of_theirs),
        lists.documents(listed),
        lists.jobs([Job(1, "add", words_of_theirs, state="failed", told=words_of_theirs)]),
        lists.conversations([Conversation("x", words_of_theirs, Scope(), 0.0)], "", True),
        lists.suggestions([Suggestion(words_of_theirs, words_of_theirs)]),
        lists.examples([Suggestion(words_of_theirs, words_of_theirs)]),
    ):
        page = Html(html)
        assert {name for name, _ in page.tags} <= render.TAGS
        assert not [name for _, attributes in page.tags for name in attributes if name.startswith(("on", "style"))]
        assert all(attributes.get("href", "#t1-s1") in ("#t1-s1", "/?c=x") for _, attributes in page.tags)
        assert words_of_theirs in page.words, "shown as the words they are"
    appearing = Html(render.answering(words_of_theirs, TurnId(1, "c"), shown.text, shown.citations))
    assert appearing.words.count(words_of_theirs) == 2, "in the question and in the answer"


def test_clean_is_a_wall_of_its_own() -> None:
    dirty = '<p onclick="x()" style="a">a<script>b</script><img src=x><a href="http://evil">c</a><a href="#s">d</a></p>'
    assert render.clean(dirty) == '<p>a<a>c</a><a href="#s">d</a></p>'


def test_markdown_carries_the_sources_and_no_image() -> None:
    p = passage("![x](http://evil.example/a.png)", title="A *b* [c]", page=4)
    shown = render.as_markdown(answer("Yes ![x](http://evil.example/a.png) [1]", cite(1, p.text, p)))
    assert "![" not in shown
    assert "1. A \\*b\\* \\[c\\] - Killing - p. 4 (cells.md, characters 0-31)" in shown


def test_what_is_copied_is_plain_text() -> None:
    p = passage(title="A *b* [c]", document="msa_v2.md", page=4)
    html = render.turn(answer("T cells. ![x] [1]", cite(1, p.text, p)), TurnId(1))
    (copied,) = [of["data-copy"] for _, of in Html(html).tags if of.get("data-copy")]
    assert copied.startswith("T cells. ![x] [1]\n\nSources:\n\n1. A *b* [c] - Killing - p. 4 (msa_v2.md, characters ")


def test_sources_of_one_title_are_told_apart_by_their_files() -> None:
    old, new, other = passage(document="old.md"), passage(document="new.md"), passage(title="Rest", document="rest.md")
    cited = [cite(n, of.text, of) for n, of in enumerate((old, new, old, other), 1)]
    words = Html(render.turn(answer("Yes. [1][2][3][4]", *cited), TurnId(1))).words
    assert [words.count(name) for name in ("old.md", "new.md", "rest.md")] == [2, 1, 0]
    alone = Html(render.turn(answer("Yes. [1][2]", cited[0], cited[2]), TurnId(1))).words
    assert "old.md" not in alone, "one document needs no telling apart"
    nearest = (Hit(old, 0.9, {"words": 1}), Hit(new, 0.8, {"words": 2}))
    html = render.turn(answer("", answered=False, evidence=nearest), TurnId(1))
    for part in html.split('<details class="pc-why">'):  # the nearest passages, and why
        assert Html(part).words.count("old.md") == Html(part).words.count("new.md") == 1


def test_what_is_titled_alike_is_told_apart_by_ear() -> None:
    def heard(html: str, *tags: str) -> list[str]:
        return [of["aria-label"] or "" for tag, of in Html(html).tags if tag in tags and of.get("aria-label")]

    named = (("old.md", "Lease"), ("new.md", "Lease"), ("rest.md", "Rest"), ("one", ""), ("two", ""))
    listed = lists.documents([DocumentInfo(name, title, 1, "0" * 64, ()) for name, title in named])
    names = ["Lease, old.md", "Lease, new.md", "Rest", "one", "two"]
    assert heard(listed, "input", "summary") == [f"{what} {n}" for n in names for what in ("Ask only", "More:")]
    old, new = passage(document="old.md"), passage(document="new.md")
    chips = heard(render.turn(answer("Yes. [1][2]", cite(1, old.text, old), cite(2, new.text, new)), TurnId(1)), "a")
    assert [chip.endswith(name) for chip, name in zip(chips, (" - old.md", " - new.md"), strict=True)] == [True, True]
    assert not heard(render.turn(answer("Yes. [1]", cite(1, old.text, old)), TurnId(1)), "a")[0].endswith("old.md")


def test_what_a_document_is_counted_in_has_the_name_that_readers_know() -> None:
    for name, told in (("talk.pptx", "slide 2"), ("stock.xlsx", "sheet 2"), ("book.epub", "part 2"), ("a.pdf", "p. 2")):
        of = passage(document=name, page=2)
        said = render.turn(answer("Yes. [1]", cite(1, of.text, of), evidence=(Hit(of, 0.9, {"words": 1}),)), TurnId(1))
        assert [told in part for part in said.split("<h3")] == [True, True], "the chip's name, and its source's"
        assert told in said.partition("pc-why")[2]
        assert f"Killing, {told}".replace(", ", " - ") in render.as_markdown(answer("Yes. [1]", cite(1, of.text, of)))
    shown = panel.source(Document("talk.pptx", "Talk", TEXT, "0" * 64, pages=(Page(0, 2),)), 0, 5, 0, 0)
    assert '<p class="pc-where">slide 2</p>' in shown


def test_a_long_name_of_a_file_may_break_between_its_words() -> None:
    html = lists.jobs([Job(1, "add", "004_Scottish-<b>Law.md", state="ready")])
    assert "004_<wbr>Scottish-<wbr>&lt;b&gt;Law.md" in html
    assert "004_Scottish-<b>Law.md" in Html(html).words


def test_an_empty_library_says_what_to_do() -> None:
    assert "pincite ingest" in lists.documents([])


LIST = "Before firing:\n1. Sweep it,\nall of it.\n12. Check.\n  - One & two.\n\n-5 is cold."


def test_code_keeps_its_lines_in_answers_and_sources() -> None:
    code = "def kill(cell):\n    cell.die()"
    text = f"To kill, write:\n\n{code}"
    of = passage(text)
    html = render.turn(answer(f"{text} [1]", cite(1, text, of)), TurnId(1))
    assert '<p>To kill, write:</p><p class="pc-code">def kill(cell):\n    cell.die()' in html
    shown = panel.source(document(text), 0, len(text), 0, 0)
    assert '<p class="pc-code"><mark>def kill(cell):\n    cell.die()</mark></p>' in shown


def test_the_lines_of_a_list_hang_in_answers_and_sources() -> None:
    of = passage(LIST)
    shown = render.turn(answer(LIST.replace("two.", "two. [1]"), cite(1, "Check.\n  - One", of)), TurnId(1))
    opened = source("Check.\n  - One", of=document(LIST))
    for html in (shown, opened):
        assert re.findall(r'class="pc-item ([^"]*)"', html) == ["pc-in0 pc-counted", "pc-in0 pc-counted", "pc-in1"]
        assert re.findall(r'<span class="pc-bullet">(?:<mark>)?([^<]*)', html) == ["1. ", "12. ", "- "]
        assert "<p>-5 is cold.</p>" in html.replace(' class="pc-near"', "")
    assert re.search(r">One &amp; two\.&nbsp;<a [^>]*>1</a></span>", shown)
    assert re.findall("<mark>(.*?)</mark>", opened) == ["Check.", "- ", "One"]


def test_doubt_about_an_answer_is_told_calmly() -> None:
    for confidence in (0.35, 0.6, 0.9):
        _, told = render.assurance(answer("It kills. [1]", confidence=confidence))
        assert told.startswith("Your documents")
    style = (Path(render.__file__).parent / "assets" / "pincite.css").read_text("utf-8")
    assert not [
        line for line in style.splitlines() if ".pc-sure" in line and ("--pc-bad" in line or "--pc-fair" in line)
    ]


def test_the_rows_of_a_table_stand_apart_with_their_columns_names_dimmed() -> None:
    text = "Doses\nDrug: Gentamicin | Dose: 5 mg/kg: once\nDrug: Colchicine | Dose: 0.5 mg"
    quote = "Drug: Gentamicin | Dose: 5 mg/kg: once"
    shown = render.turn(answer(f"{quote} [1]", cite(1, quote, passage(text))), TurnId(1))
    assert '<span class="pc-cells"><span class="pc-dim">Drug: </span>Gentamicin<span class="pc-dim"> | </span>' in shown
    assert '<span class="pc-dim">Dose: </span>5 mg/kg: once' in shown
    opened = panel.source(document(text), text.index(quote), text.index(quote) + len(quote), 0, 0)
    assert opened.count('<span class="pc-cells">') == 2
    assert "<mark>Gentamicin</mark>" in opened
    words = unescape(re.sub("<[^>]+>", "", re.search(r'<div class="pc-text">(.*)</div>', opened, re.DOTALL)[1]))  # type: ignore[index]
    assert words == text.replace("\n", ""), "no character is lost"
    formula = "The rule: it gives P(A | B) of both"
    assert '<span class="pc-dim">The' not in panel.source(document(formula), 0, len(formula), 0, 0)
