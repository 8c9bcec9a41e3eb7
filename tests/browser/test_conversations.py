"""Kept conversations in real Chromium: found again after reload and restart, and honest about what has changed since."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

from ingest import Library

from .chatting import QUESTION, answered, ask, expect_marked, one_line, picture, post, ready, serving, visiting

KETTLE = "# Kitchen\n\n## The kettle\n\nThe kettle of the Zorblax family is blue and was bought in 1907.\n"
LAMP = "# Lamps\n\n## The lamp\n\nThe lamp of the Zorblax family was made by Professor Quibble in 1911.\n"


def test_a_conversation_is_found_renamed_and_deleted(page: Page) -> None:
    ask(page, "What is tocilizumab given for?")
    ask(page, "How is it given?")
    link = page.locator("#pc-conversations a[aria-current=page]")
    expect(link.locator(".pc-name")).to_have_text("What is tocilizumab given for?")
    expect(link.locator(".pc-when")).to_have_text(re.compile(r"\d:\d\d"))
    expect(page).to_have_title("What is tocilizumab given for? · Pincite")
    conversation = page.url.partition("?c=")[2]
    assert conversation
    heard = re.compile(r"^More: What is tocilizumab given for\?, .*\d:\d\d")  # others may be titled so
    expect(page.locator("#pc-conversations li:has(a[aria-current])").get_by_label(heard)).to_have_count(1)
    # Found by a word of an answer or a question, and not by another.
    find = page.get_by_label("Search conversations")
    find.fill("tocilizumab given")
    expect(link).to_have_count(1)
    find.fill("xylophone")
    expect(page.locator("#pc-conversations")).to_have_text("No conversation holds these words.")
    find.fill("")
    # Closed, the list leaves its room to the talk, and the sources stay at the right edge.
    page.locator("#pc-show-side").click()
    expect(find).to_be_hidden()
    edges = "['pc-talk', 'pc-panel'].map((id) => document.getElementById(id).getBoundingClientRect())"
    assert page.evaluate(f"(([talk, panel]) => [talk.left, innerWidth - panel.right])({edges})") == [0, 0]
    page.locator("#pc-show-side").click()
    item = page.locator(f'#pc-conversations li[data-conversation="{conversation}"]')
    item.get_by_label("More").click()
    picture(page, "conversations")
    item.get_by_role("button", name="Rename").click()
    title = item.get_by_role("textbox", name="Title")
    title.fill("My antibody")
    title.press("Enter")
    expect(item.locator(".pc-name")).to_have_text("My antibody")
    expect(page).to_have_title("My antibody · Pincite")
    # Another one, and back: both turns are there, what was typed too, and the first one's citation opens.
    box = page.get_by_label("Your question")
    box.fill("And to whom")
    page.locator("#pc-new").click()
    expect(page.locator(".pc-turn")).to_have_count(0)
    expect(page).to_have_title("Pincite")
    expect(box).to_have_value("")
    box.fill("Something else")
    item.locator("a").click()
    expect(page.locator(".pc-turn")).to_have_count(2)
    expect(box).to_have_value("And to whom")
    box.fill("")
    page.locator("#pc-new").click()
    expect(page.locator(".pc-turn")).to_have_count(0)  # else what comes back is taken for what was there
    expect(box).to_have_value("Something else")
    box.fill("")
    page.go_back()
    expect(page.locator(".pc-turn")).to_have_count(2)
    quote = page.locator("#pc-past .pc-quote").first.inner_text()
    page.locator("#pc-past .pc-chip").first.click()
    expect(page.locator("#pc-view mark").first).to_be_in_viewport()
    expect_marked(page, quote)
    # Back closes the source, and only then leads away.
    page.go_back()
    expect(page.get_by_role("heading", name="Your documents", exact=True)).to_be_visible()
    expect(page.locator(".pc-turn")).to_have_count(2)
    page.go_back()
    expect(page.locator(".pc-turn")).to_have_count(0)
    page.go_forward()
    expect(page.locator(".pc-turn")).to_have_count(2)
    expect(item.locator("a")).to_have_attribute("aria-current", "page")  # the list was drawn anew
    item.get_by_label("More").click()
    item.get_by_role("button", name="Delete").click()
    item.get_by_role("button", name="Really delete?").click()
    expect(item).to_have_count(0)
    expect(page.locator(".pc-turn")).to_have_count(0)


def test_addresses_lead_to_a_turn_a_question_and_a_span(page: Page, server: str) -> None:
    ask(page, "What is tocilizumab given for?")
    ask(page, QUESTION)
    conversation = page.url.partition("?c=")[2]
    page.goto(f"{server}/?c={conversation}&t=1&n=1")
    ready(page)
    expect(page.locator("#t1")).to_be_in_viewport()
    expect(page.locator("#pc-view mark").first).to_be_in_viewport()
    expect(page.locator("#pc-place")).to_have_text(re.compile("^Source 1 of"))
    for lost, told in (("t=99", "There is no question 99 in"), ("t=2&n=99", "There is no source 99 to")):
        page.goto(f"{server}/?c={conversation}&{lost}")
        expect(page.locator("#pc-told")).to_contain_text(told)
        expect(page.locator(".pc-turn")).to_have_count(2)
        picture(page, f"lost-{lost}")
    answer = post(server, "/api/ask", question=QUESTION)
    cited = answer["citations"][0]
    span = {name: cited[name] for name in ("document", "start", "end")}
    page.goto(f"{server}/?{urlencode(span)}")
    ready(page)
    expect(page.locator("#pc-view mark").first).to_be_in_viewport()
    expect_marked(page, cited["quote"])
    page.goto(f"{server}/?{urlencode({'q': QUESTION})}")
    answered(page, QUESTION)
    assert "?c=" in page.url
    page.goto(f"{server}/?c=nosuchthing")
    expect(page.locator("#pc-now")).to_contain_text("There is no such conversation any more.")


def test_a_conversation_is_set_well_and_printed_whole(page: Page) -> None:
    ask(page, f"Please tell me:\n\n{QUESTION}")
    expect(page.locator("#pc-view mark").first).to_be_visible()
    assert page.locator("#pc-now .pc-question").bounding_box()["height"] > 80  # type: ignore[index]  # three lines
    # Right to left, though the page is not; and a name without end leaves room for others.
    paragraph, place = "#pc-view .pc-text p", "#pc-now .pc-row-place"
    begins = """(at) => {
        const words = document.querySelector(at), range = document.createRange();
        words.textContent = "קולטן על תאי T.";
        range.setStart(words.firstChild, 0);
        range.setEnd(words.firstChild, 1);
        return words.getBoundingClientRect().right - range.getBoundingClientRect().right;
    }"""
    assert page.evaluate(begins, paragraph) < 2
    for name in (place, "#pc-documents .pc-doc-title", "#pc-documents .pc-doc-name"):
        page.evaluate("(at) => document.querySelector(at).textContent = 'endless '.repeat(200)", name)
        assert page.evaluate("(at) => document.querySelector(at).getBoundingClientRect().height < 80", name)
    page.emulate_media(media="print")
    for gone in ("#pc-masthead", "#pc-side", "#pc-dock", "#pc-panel"):
        expect(page.locator(gone)).to_be_hidden()
    page.set_viewport_size({"width": 700, "height": 300})
    log = page.locator("#pc-log")
    assert log.evaluate("(log) => getComputedStyle(log).overflowY") == "visible"
    assert log.evaluate("(log) => log.getBoundingClientRect().height") > 300
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 1280, "height": 800})
    # The source goes with the conversation that it belongs to.
    page.locator("#pc-new").click()
    expect(page.locator("#pc-view")).to_be_hidden()
    expect(page.locator("#pc-shelf")).to_be_visible()


def test_a_conversation_leaves_as_files(page: Page, tmp_path: Path) -> None:
    ask(page, QUESTION)
    quotes = page.locator("#pc-now .pc-row[data-number] .pc-quote").all_inner_texts()
    names = {"Markdown": "md", "JSON": "json", "References, BibTeX": "bib", "References, CSL-JSON": "csl.json"}
    got = {}
    for name, suffix in names.items():
        page.locator("#pc-export summary").click()
        if name == "Markdown":
            picture(page, "export")
        with page.expect_download() as download:
            page.get_by_role("link", name=name, exact=True).click()
        assert download.value.suggested_filename == f"how-does-blocking-pd-1-help-t-cells-attack-a-tumour.{suffix}"
        got[name] = Path(download.value.path()).read_text("utf-8")
    assert all(one_line(quote)[:30] in one_line(got["Markdown"]) for quote in quotes)
    assert json.loads(got["JSON"])["turns"][0]["answer"]["citations"]
    assert json.loads(got["References, CSL-JSON"])[0]["archive_location"] in got["References, BibTeX"]


def test_a_rating_with_its_note_is_kept_and_exported(page: Page) -> None:
    ask(page, QUESTION)
    rate = page.locator("#pc-now .pc-rate")
    rate.get_by_role("button", name="Yes").click()
    expect(rate.get_by_role("button", name="Yes")).to_have_attribute("aria-pressed", "true")
    note = page.get_by_label("Note", exact=True)
    note.fill("just what I wanted")
    picture(page, "rating")
    note.press("Enter")
    kept = page.locator("#pc-now p.pc-note span")
    expect(kept).to_have_text("just what I wanted")
    page.reload()
    ready(page)
    expect(kept).to_have_text("just what I wanted")
    expect(rate.get_by_role("button", name="Yes")).to_have_attribute("aria-pressed", "true")
    with page.expect_download() as download:
        page.get_by_role("link", name="Ratings as an evaluation set").click()
    assert download.value.suggested_filename == "pincite-ratings.zip"
    assert Path(download.value.path()).read_bytes()[:2] == b"PK"


def test_a_note_is_changed_after_it_was_given(browser: Browser, server: str) -> None:
    with visiting(browser, server, expected=["429"]) as page:
        change_a_note(page)


def expect_warning(page: Page, words: str) -> None:
    """What is said to whoever would ask the last question anew, who then does not."""
    page.get_by_role("button", name="Ask again").click()
    again = page.get_by_role("button", name=f"Really ask again? {words}")
    expect(again).to_be_focused()
    picture(page, "note-goes")
    page.get_by_role("button", name="Edit question").click()
    page.locator(".pc-editor [type=submit]").click()
    expect(page.locator(".pc-editor [type=submit]")).to_have_text(f"Really ask? {words}")
    picture(page, "note-goes-edited")
    page.locator(".pc-editor [data-act=cancel]").click()


def change_a_note(page: Page) -> None:
    ask(page, QUESTION)
    rate, kept = page.locator("#pc-now .pc-rate"), page.locator("#pc-now p.pc-note span")
    note, change = page.get_by_label("Note", exact=True), page.locator("#pc-now p.pc-note button")
    rate.get_by_role("button", name="No").click()
    expect(note).to_be_focused()
    page.keyboard.press("Escape")
    expect(note).to_have_count(0)
    expect(change).to_have_text("Add a note")
    expect(change).to_be_focused()
    page.keyboard.press("Enter")
    note.fill("the <b>wrong</b> page")
    page.get_by_role("button", name="Keep note").click()
    expect(kept).to_have_text("the <b>wrong</b> page")
    page.reload()
    ready(page)
    expect(change).to_have_text("Edit note")
    picture(page, "note-kept")
    change.click()
    expect(note).to_have_value("the <b>wrong</b> page")
    note.fill("given up")
    picture(page, "note-edited")
    page.get_by_role("button", name="Cancel").click()
    expect(kept).to_have_text("the <b>wrong</b> page")
    change.click()
    note.fill("the page after it")
    note.press("Enter")
    expect(kept).to_have_text("the page after it")
    expect(change).to_be_focused()
    # Whoever asks anew is told before that it goes.
    expect_warning(page, "Its rating and its note go.")
    # Another rating keeps it, to be changed; none has none.
    rate.get_by_role("button", name="Yes").click()
    expect(note).to_have_value("the page after it")
    page.reload()
    ready(page)
    expect(kept).to_have_text("the page after it")
    expect(rate.get_by_role("button", name="Yes")).to_have_attribute("aria-pressed", "true")
    # What the server did not take stays in the line.
    change.click()
    note.fill("is it kept?")
    page.route("**/page/rating", lambda route: route.fulfill(status=429, json={"error": "Too many requests."}))
    with page.expect_response("**/page/rating"):
        note.press("Enter")
    expect(page.locator("#pc-told")).to_have_text("Too many requests.")
    expect(note).to_have_value("is it kept?")
    page.unroute("**/page/rating")
    note.press("Enter")
    expect(kept).to_have_text("is it kept?")
    expect(page.locator("#pc-told")).to_be_empty()
    rate.get_by_role("button", name="Yes").click()
    expect(page.locator("#pc-now .pc-note")).to_have_count(0)
    rate.get_by_role("button", name="No").click()
    page.keyboard.press("Escape")
    expect_warning(page, "Its rating goes.")


@pytest.fixture
def kitchen(tmp_path: Path, encoder_cache: object) -> Iterator[Path]:
    """A folder of two documents, and the library made of it beside."""
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "kitchen.md").write_text(KETTLE, "utf-8")
    (sources / "lamps.md").write_text(LAMP, "utf-8")
    with Library.open(tmp_path / "library", create=True) as library:
        library.ingest(sources)
    yield tmp_path
    shutil.rmtree(tmp_path)


def test_a_tab_that_is_looked_at_again_shows_what_was_done_in_another(page: Page, server: str) -> None:
    ask(page, QUESTION)
    id = page.url.partition("?c=")[2]
    name = page.locator("#pc-conversations li").first.locator(".pc-name")
    expect(name).to_have_text(QUESTION)
    post(server, f"/page/conversations/{id}", title="Named elsewhere")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(name).to_have_text("Named elsewhere")
    expect(page).to_have_title("Named elsewhere · Pincite")


def test_an_old_citation_opens_after_a_restart_and_says_what_has_changed(browser: Browser, kitchen: Path) -> None:
    library = kitchen / "library"
    with serving(library) as address, visiting(browser, address) as page:
        ask(page, "What colour is the kettle of the Zorblax family?")
        ask(page, "Who made the lamp of the Zorblax family?")
        conversation = page.url.partition("?c=")[2]
    moved = KETTLE.replace("# Kitchen\n", f"# Kitchen\n\n{'New words. ' * 99}\n") + "\nMore.\n" * 30
    (kitchen / "sources" / "kitchen.md").write_text(moved, "utf-8")
    (kitchen / "sources" / "lamps.md").write_text(LAMP.replace("Quibble in 1911", "Quark in 1912"), "utf-8")
    with Library.open(library) as opened:
        assert opened.ingest(kitchen / "sources").changed == 2
    with serving(library) as address, visiting(browser, f"{address}/?c={conversation}") as page:
        expect(page.locator(".pc-turn")).to_have_count(2)
        page.set_viewport_size({"width": 1280, "height": 420})  # so low that the quote is scrolled to
        page.locator("#t1 .pc-chip").first.click()
        expect(page.locator("#pc-view .pc-changed")).to_contain_text("the words stand here now")
        expect(page.locator("#pc-view .pc-changed")).to_be_in_viewport(ratio=1)
        expect_marked(page, "The kettle of the Zorblax family is blue and was bought in 1907.")
        picture(page, "changed-moved")
        page.locator("#t2 .pc-chip").first.hover()
        expect(page.locator("#pc-card blockquote")).to_contain_text("Professor Quibble in 1911")
        assert "Quark" not in page.locator("#pc-card").inner_text(), "another paragraph is none of the quote's"
        page.set_viewport_size({"width": 1280, "height": 800})
        page.locator("#t2 .pc-chip").first.click()
        expect(page.locator("#pc-view .pc-changed")).to_contain_text("not in it any more")
        expect(page.locator("#pc-view blockquote")).to_contain_text("Professor Quibble in 1911")
        expect(page.locator("#pc-view mark")).to_have_count(0)
        picture(page, "changed-gone")
        # Removed from the page itself, while the conversation is open.
        page.locator("#pc-all").click()
        lamp = page.locator("#pc-documents li").filter(has_text="lamps.md")
        lamp.get_by_label("More").click()
        lamp.get_by_role("button", name="Remove").click()
        lamp.get_by_role("button", name="Really remove?").click()
        expect(lamp).to_have_count(0, timeout=20_000)
        page.locator("#t2 .pc-chip").first.click()
        expect(page.locator("#pc-view")).to_contain_text("not in the library any more")
        expect(page.locator("#pc-view blockquote")).to_contain_text("Professor Quibble in 1911")


def test_what_is_asked_before_something_goes_has_room_and_can_be_left(browser: Browser, server: str) -> None:
    with visiting(browser, server, 390, 844) as page:
        ask(page, QUESTION)
        page.locator("#pc-now .pc-rate").get_by_role("button", name="Yes").click()
        page.get_by_label("Note", exact=True).fill("yes")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Edit question").click()
        # The row of what can be done stands at the lower edge, and the longer words make it two.
        page.get_by_role("button", name="Ask again").evaluate("""(button) => {
            const log = document.getElementById("pc-log");
            log.scrollTop += button.getBoundingClientRect().bottom - log.getBoundingClientRect().bottom;
        }""")
        place = page.get_by_role("button", name="Ask again").bounding_box()
        assert place
        page.mouse.click(place["x"] + 5, place["y"] + 5)
        expect(page.get_by_role("button", name="Really ask again?")).to_be_in_viewport(ratio=1)
        picture(page, "note-goes-390")
        page.locator(".pc-editor [type=submit]").click()
        expect(page.locator(".pc-editor [type=submit]")).to_have_text(re.compile("^Really ask"))
        beside = page.get_by_role("button", name="Cancel").bounding_box()
        assert beside
        assert beside["x"] + beside["width"] < 390 - 15
        picture(page, "note-goes-edited-390")
        page.get_by_role("button", name="Cancel").click()
        expect(page.locator(".pc-editor")).to_have_count(0)


@pytest.mark.parametrize(("width", "height"), [(1280, 480), (390, 844)])
def test_the_conversation_follows_the_walk_through_the_sources(
    browser: Browser, server: str, width: int, height: int
) -> None:
    with visiting(browser, server, width, height) as page:
        ask(page, "Which antibodies block PD-1 and which block PD-L1?")
        page.locator("#pc-now .pc-chip").first.click()
        expect(page.locator("#pc-place")).to_have_text("Source 1 of 3")
        for key in "]", "]", "[":
            page.locator("#pc-log").evaluate(
                "(log) => (log.scrollTop = key === ']' ? 0 : log.scrollHeight)".replace("key", repr(key))
            )
            page.evaluate("document.activeElement.blur()")
            page.keyboard.press(key)
            expect(page.locator("#pc-now .pc-chip.pc-open").first).to_be_in_viewport(ratio=1)
            page.wait_for_timeout(300)
            over = page.evaluate("""() => {
                const { left, top, width, height } = document.querySelector("#pc-now .pc-chip.pc-open").getBoundingClientRect();
                return document.elementFromPoint(left + width / 2, top + height / 2)?.className;
            }""")
            assert "pc-chip" in over
        picture(page, f"walk-{width}")
