"""The web chat in real Chromium, over the real library: what a reader does, and what must never happen.

Every test fails on an error in the browser's console and on any request that leaves the server.
"""

import json
import os
import re
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from playwright.sync_api import Browser, Page, Route, expect

from .chatting import (
    AWAY,
    FAR_QUESTION,
    QUESTION,
    ROOT,
    STICKING_OUT,
    answered,
    ask,
    expect_marked,
    marked,
    one_line,
    picture,
    post,
    ready,
    status,
    text_of,
    visiting,
)


def test_a_citation_opens_its_paragraph_with_the_quote_marked(page: Page, server: str) -> None:
    answer = post(server, "/api/ask", question=QUESTION)
    assert answer["answered"]
    ask(page, QUESTION)
    chips = page.locator("#pc-now .pc-chip")
    assert set(chips.all_inner_texts()) == {str(cited["number"]) for cited in answer["citations"]}
    for cited in answer["citations"]:
        chips.get_by_text(str(cited["number"]), exact=True).first.click()
        expect(page.locator("#pc-place")).to_have_text(f"Source {cited['number']} of {len(answer['citations'])}")
        expect(page.locator("#pc-view .pc-title")).to_have_text(cited["title"])
        expect_marked(page, cited["quote"])
        mark = page.locator("#pc-view mark").first
        expect(mark).to_be_in_viewport()
        text = text_of(server, cited["document"])
        assert text[cited["start"] : cited["end"]] == cited["quote"]
        first = text.rfind("\n\n", 0, cited["start"]) + 2 if "\n\n" in text[: cited["start"]] else 0
        paragraph = text[first:].partition("\n\n")[0]
        assert one_line(mark.locator("xpath=..").inner_text()) == one_line(paragraph)


def test_the_first_source_stands_beside_the_answer_at_once(page: Page) -> None:
    ask(page, QUESTION)
    expect(page.locator("#pc-place")).to_have_text(re.compile("Source 1 of"))
    expect(page.locator("#pc-view mark").first).to_be_in_viewport()
    expect(page.get_by_label("Your question")).to_be_focused()


def test_hovering_a_citation_shows_its_paragraph_with_the_quote_marked(page: Page) -> None:
    ask(page, QUESTION)
    quote = page.locator("#pc-now .pc-sources .pc-quote").first.inner_text()
    page.locator("#pc-now .pc-chip").first.hover()
    card = page.locator(".pc-card")
    expect(card.locator("mark")).to_have_text(quote)
    assert len(card.locator(".pc-excerpt").inner_text()) > len(quote)
    picture(page, "preview")
    page.mouse.move(5, 5)
    expect(card).to_have_count(0)


def test_a_citation_that_is_clicked_while_its_preview_comes_is_previewed_once(browser: Browser, server: str) -> None:
    """The pointer and the focus both ask for the preview; `visiting` sees that no script fails."""
    with visiting(browser, server) as page:
        ask(page, QUESTION)
        expect(page.locator("#pc-place")).to_have_text(re.compile("Source 1 of"))
        page.evaluate("""() => {
            const chip = document.querySelector("#pc-now .pc-chip");
            chip.dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));
            chip.focus();
        }""")
        expect(page.locator(".pc-card .pc-excerpt mark")).to_have_count(1)
        page.wait_for_timeout(300)  # until what was asked for twice has come twice
        expect(page.locator(".pc-card .pc-excerpt")).to_have_count(1)


def test_what_the_library_does_not_hold_is_said_and_the_nearest_passages_open(page: Page) -> None:
    ask(page, FAR_QUESTION)
    declined = page.locator("#pc-now .pc-declined")
    expect(declined).to_contain_text("Not in your documents")
    expect(declined).to_contain_text("nothing found on")
    picture(page, "declined")
    expect(page.locator("#pc-now .pc-chip")).to_have_count(0)
    row = page.locator("#pc-now .pc-row").first
    row.click()
    expect(page.locator("#pc-view .pc-title")).to_have_text(row.locator("strong").inner_text())
    expect(page.locator("#pc-view mark").first).to_be_in_viewport()


def test_a_follow_up_keeps_the_conversation_and_old_citations_open(page: Page) -> None:
    ask(page, "What is tocilizumab given for?")
    first_quote = page.locator("#pc-now .pc-quote").first.inner_text()
    ask(page, "How is it given?")
    expect(page.locator("#pc-now .pc-searched")).to_contain_text("tocilizumab", ignore_case=True)
    expect(page.locator(".pc-turn")).to_have_count(2)
    page.locator("#pc-past .pc-row").first.click()
    expect_marked(page, first_quote)


def test_the_keyboard_reaches_everything(page: Page) -> None:
    page.evaluate("document.activeElement.blur()")
    page.locator("body").press("/")
    box = page.get_by_label("Your question")
    expect(box).to_be_focused()
    expect(box).to_have_value("")
    ask(page, FAR_QUESTION)
    expect(box).to_be_focused()
    place = page.locator("#pc-place")
    page.keyboard.press("Escape")
    expect(box).not_to_be_focused()
    for key, number in ("]", 1), ("]", 2), ("[", 1):
        page.keyboard.press(key)
        expect(place).to_have_text(re.compile(f"^Passage {number} of "))
    # In the box they are text, also at its beginning.
    page.keyboard.press("/")
    page.keyboard.type("[3.2] what")
    expect(box).to_have_value("[3.2] what")
    expect(place).to_have_text(re.compile("^Passage 1 of "))
    ask(page, QUESTION)
    expect(place).to_have_text(re.compile("^Source 1 of "))
    page.locator("#pc-now .pc-chip").last.focus()
    expect(page.locator(".pc-card")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#pc-view .pc-title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Your documents", exact=True)).to_be_visible()
    expect(page.locator("#pc-now .pc-chip").last).to_be_focused()


def test_back_closes_the_source_and_then_leads_home(browser: Browser, server: str) -> None:
    with visiting(browser, server) as page:
        ask(page, QUESTION)
        page.locator("#pc-now .pc-chip").first.click()
        expect(page.locator("#pc-view .pc-title")).to_be_focused()
        page.locator("#pc-now .pc-chip").last.click()
        page.go_back()
        expect(page.locator("#pc-shelf")).to_be_visible()
        expect(page.locator("#pc-now .pc-chip").last).to_be_focused()
        page.go_forward()
        expect(page.locator("#pc-view mark").first).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#pc-shelf")).to_be_visible()
        page.go_back()
        expect(page.locator("#pc-welcome")).to_be_visible()
        expect(page.locator(".pc-turn")).to_have_count(0)
        assert page.url.rstrip("/") == server


def test_an_example_is_asked_with_one_click(page: Page) -> None:
    page.get_by_role("button", name=QUESTION).click()
    answered(page, QUESTION)
    expect(page.locator("#pc-welcome")).to_be_hidden()


def test_a_document_can_be_read_on_its_own(page: Page) -> None:
    first = page.locator(".pc-doc").first
    title = first.locator(".pc-doc-title").inner_text()
    first.click()
    expect(page.locator("#pc-view .pc-title")).to_have_text(title)
    expect(page.locator("#pc-view mark")).to_have_count(0)
    page.locator("#pc-all").click()
    expect(page.get_by_role("heading", name="Your documents", exact=True)).to_be_visible()


def test_more_of_the_document_comes_on_demand(page: Page) -> None:
    ask(page, QUESTION)
    blocks = page.locator("#pc-view .pc-text > :is(p, h3)")
    expect(page.locator("#pc-view mark").first).to_be_visible()
    quote = marked(page)
    before = blocks.count()
    page.locator("#pc-view .pc-more").last.click()
    expect(blocks).not_to_have_count(before)
    assert blocks.count() > before
    assert marked(page) == quote


def test_stop_ends_the_waiting(page: Page) -> None:
    ask(page, QUESTION)
    expect(page.locator("#pc-place")).to_have_text(re.compile("^Source 1 of "))
    box = page.get_by_label("Your question")
    box.fill("What is a T cell, slowly?")
    box.press("Enter")
    expect(page.locator("#pc-now .pc-busy")).to_have_text("Searching your documents…")
    expect(page.locator("#pc-place")).to_have_text("From the answer before")
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#pc-now")).to_contain_text("Stopped.", timeout=2_500)
    # As long as it takes to type. Gradio closes the stopped stream meanwhile; a question asked within
    # about 0.2 s of a stop can miss its answer and has to be sent again.
    page.wait_for_timeout(1_000)
    ask(page, QUESTION)
    expect(page.locator("#pc-now .pc-chip").first).to_be_visible()
    expect(page.locator(".pc-turn")).to_have_count(3)


def test_a_server_that_is_away_is_said_once_and_the_question_kept(browser: Browser, server: str) -> None:
    with visiting(browser, server, expected=AWAY) as page:
        box, told = page.get_by_label("Your question"), page.locator("#pc-told")
        page.route("**/queue/join*", lambda route: route.fulfill(status=503, json={"detail": "Queue is full."}))
        box.fill(QUESTION)
        box.press("Enter")
        expect(told).to_have_text("Pincite could not take the question: ask again.")
        page.unroute("**/queue/join*")
        page.context.set_offline(True)
        box.press("Enter")
        expect(told).to_contain_text("Pincite does not answer")
        expect(told).to_contain_text("your question is kept")
        expect(page.locator(".toast-body")).to_be_hidden()
        # It comes back, and Gradio loads the page again.
        page.context.set_offline(False)
        expect(told).to_be_empty(timeout=20_000)
        ready(page)
        expect(box).to_have_value(QUESTION)
        expect(box).to_be_focused()
        page.keyboard.press("Enter")
        answered(page, QUESTION)


def test_an_example_that_is_pressed_while_the_server_is_away_is_kept(browser: Browser, server: str) -> None:
    with visiting(browser, server, expected=AWAY) as page:
        box, example = page.get_by_label("Your question"), page.locator(".pc-example").first
        words = example.inner_text()
        page.context.set_offline(True)
        example.click()
        expect(page.locator("#pc-told")).to_contain_text("your question is kept")
        expect(box).to_have_value(words)
        page.context.set_offline(False)
        expect(page.locator("#pc-told")).to_be_empty(timeout=20_000)
        ready(page)
        expect(box).to_have_value(words)
        box.press("Enter")
        answered(page, words)


def test_an_unforeseen_failure_is_said_and_the_chat_goes_on(page: Page) -> None:
    ask(page, "What is a T cell, and fail")
    expect(page.locator("#pc-now .pc-failure")).to_contain_text("Pincite failed inside")
    ask(page, QUESTION)
    expect(page.locator("#pc-now .pc-chip").first).to_be_visible()
    expect(page.locator("#pc-past .pc-failure")).to_contain_text("Pincite failed inside")


def test_a_question_is_edited_and_asked_again_in_its_place(page: Page) -> None:
    ask(page, "What is tocilizumab given for?")
    ask(page, QUESTION)
    first = page.locator("#pc-past .pc-turn")
    first.get_by_role("button", name="Edit question").click()
    editor = first.get_by_role("textbox", name="Question")
    expect(editor).to_be_focused()
    editor.fill("What does CTLA-4 do?")
    editor.press("Enter")
    sure = first.get_by_role("button", name="Really ask? 1 later question goes.")
    expect(sure).to_be_focused()
    picture(page, "edit")
    expect(page.locator(".pc-turn")).to_have_count(2)
    sure.press("Enter")
    answered(page, "What does CTLA-4 do?")
    expect(page.locator(".pc-turn")).to_have_count(1)
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator("#pc-now .pc-turn")).to_have_attribute("data-state", "busy")
    answered(page, "What does CTLA-4 do?")
    expect(page.locator(".pc-turn")).to_have_count(1)


def test_asking_an_early_question_again_says_first_what_goes(page: Page) -> None:
    for question in ("What is tocilizumab given for?", QUESTION, "What does CTLA-4 do?"):
        ask(page, question)
    first = page.locator("#t1")
    first.get_by_role("button", name="Ask again").click()
    sure = first.get_by_role("button", name="Really ask again? 2 later questions go.")
    page.get_by_label("Your question").focus()
    expect(sure).to_have_count(0)
    expect(page.locator(".pc-turn")).to_have_count(3)
    first.get_by_role("button", name="Ask again").click()
    sure.click()
    answered(page, "What is tocilizumab given for?")
    expect(page.locator(".pc-turn")).to_have_count(1)


def test_what_was_searched_for_can_be_changed(page: Page) -> None:
    ask(page, "What is tocilizumab given for?")
    ask(page, "How is it given?")
    searched = page.locator("#pc-now .pc-searched")
    searched.get_by_role("button", name="Change").click()
    editor = page.locator("#pc-now").get_by_role("textbox", name="Search for")
    assert "tocilizumab" in editor.input_value().lower()
    # What would be understood from what was asked before is searched for as it stands, and the question stays.
    editor.fill("And how long is it given?")
    editor.press("Enter")
    expect(searched).to_contain_text("Searched for: And how long is it given? Change")
    answered(page, "How is it given?")
    expect(page.locator(".pc-turn")).to_have_count(2)
    # So it is when it is asked again, also after a reload; the question edited is searched for anew.
    page.reload()
    ready(page)
    searched.evaluate("(line) => line.id = 'old'")
    page.locator("#pc-now").get_by_role("button", name="Ask again").click()
    expect(page.locator("#old")).to_have_count(0)
    expect(searched).to_contain_text("Searched for: And how long is it given? Change")
    page.locator("#pc-now").get_by_role("button", name="Edit question").click()
    page.locator("#pc-now").get_by_role("textbox", name="Question").press("Enter")
    expect(searched).to_contain_text("tocilizumab", ignore_case=True)


def test_a_question_that_is_too_long_is_told_and_not_cut(page: Page) -> None:
    box, told = page.get_by_label("Your question"), page.locator("#pc-told")
    box.fill("x" * 4001)
    expect(told).to_have_text("A question may have 4,000 characters, this one has 4,001. Shorten it to ask.")
    picture(page, "too-long")
    box.press("Enter")
    box.press("End")
    box.press("Backspace")
    expect(told).to_be_hidden()
    expect(box).to_have_value("x" * 4000)
    expect(page.locator(".pc-turn")).to_have_count(0)
    box.fill("")


def test_suggestions_that_come_late_are_not_put_under_the_next_answer(page: Page) -> None:
    held: list[Route] = []
    page.route("**/page/suggestions*", lambda route: route.continue_() if held else held.append(route))
    ask(page, QUESTION)
    expect(page.locator("#pc-now .pc-turn[data-number='1'] .pc-chip").first).to_be_visible()
    ask(page, "How is tocilizumab given?")
    expect(page.locator("#pc-now .pc-next")).to_have_count(1)
    with page.expect_response("**/page/suggestions*"):
        held[0].continue_()
    page.wait_for_timeout(200)
    expect(page.locator("#pc-now .pc-next")).to_have_count(1)
    page.unroute("**/page/suggestions*")


def test_suggestions_are_questions_that_the_library_answers(page: Page) -> None:
    ask(page, QUESTION)
    suggestion = page.locator("#pc-now .pc-suggestion").first
    expect(suggestion).to_be_visible(timeout=20_000)
    question = suggestion.get_attribute("data-ask")
    assert question
    picture(page, "suggestions")
    suggestion.click()
    answered(page, question)
    expect(page.locator("#pc-now .pc-chip").first).to_be_visible()
    expect(page.locator("#pc-now .pc-searched")).to_have_count(0)
    expect(page.locator(".pc-turn")).to_have_count(2)


def test_why_these_passages(page: Page) -> None:
    ask(page, QUESTION)
    page.get_by_text("Why these passages").click()
    table = page.locator("#pc-now .pc-why table")
    assert table.locator("th").all_inner_texts()[0] == "passage"
    assert table.locator("th").count() > 2
    picture(page, "why")
    table.locator(".pc-link").first.click()
    expect(page.locator("#pc-view mark").first).to_be_in_viewport()


def test_on_a_phone_nothing_is_cut_off_and_the_source_slides_up(browser: Browser, server: str) -> None:
    with visiting(browser, server, 390, 844, has_touch=True, color_scheme="dark") as page:
        assert page.evaluate(STICKING_OUT) == []
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        ask(page, QUESTION)
        panel = page.locator("#pc-panel")
        expect(panel).to_be_hidden()
        page.locator("#pc-now .pc-chip").first.tap()
        expect(page.locator("#pc-view mark").first).to_be_in_viewport()
        top, head = page.locator("#pc-view mark").first.bounding_box(), page.locator(".pc-source-head").bounding_box()
        assert top is not None
        assert head is not None
        assert top["y"] >= head["y"] + head["height"], "the head that stays covers no quote"
        assert page.evaluate(STICKING_OUT) == []
        picture(page, "phone-source")
        ask(page, FAR_QUESTION)
        expect(panel).to_be_hidden()  # it would cover the answer
        page.get_by_role("button", name="Documents", exact=True).tap()
        expect(panel).to_be_visible()
        expect(page.locator("#pc-documents li").first).to_be_visible()
        picture(page, "phone-documents")
        page.locator("#pc-close").tap()
        page.get_by_role("button", name="Conversations", exact=True).tap()
        expect(page.locator("#pc-side")).to_be_visible()
        assert page.evaluate(STICKING_OUT) == []
        picture(page, "phone-conversations")


def test_the_chat_s_server_takes_no_files_and_shows_none(server: str) -> None:
    for path in (
        "/gradio_api/file=/etc/passwd",
        f"/gradio_api/file={ROOT}/pyproject.toml",
        "/page/../web.py",
    ):
        assert status(server + path) in (403, 404)
    assert status(server + "/gradio_api/upload", b"x") == 403
    assert status(server + "/page/source?document=no&start=0&end=1") == 404


def test_a_taken_port_is_told_in_a_sentence(server: str, demo_library: Path) -> None:
    port = server.rpartition(":")[2]
    code = f"from ui.server import listen; listen('127.0.0.1', {port})"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert f"PinciteError: Port {port} cannot be used" in ended.stderr


def test_the_api_s_page_loads_nothing_from_elsewhere(browser: Browser, server: str) -> None:
    with visiting(browser, server) as page:
        page.get_by_role("link", name="API").click()
        expect(page.get_by_role("heading", name="Pincite API")).to_be_visible()


def test_gradio_answers_nothing_but_the_page(server: str) -> None:
    def told(method: str, path: str) -> tuple[int, Any, Any]:
        try:
            with urlopen(Request(server + path, method=method), timeout=30) as reply:
                return reply.status, json.loads(reply.read()), reply.headers
        except HTTPError as refused:
            return refused.code, json.loads(refused.read()), refused.headers

    for path in ("/api", "/api/nothing", "/page/nothing", "/metrics/nothing"):
        code, body, _ = told("GET", path)
        assert (code, list(body)) == (404, ["error"]), path
    assert told("GET", "/v1/nothing")[1]["error"]["type"] == "invalid_request_error"
    for method, path, allowed in (("GET", "/api/ask", "POST"), ("POST", "/api/documents", "GET")):
        code, body, headers = told(method, path)
        assert (code, list(body), headers["allow"]) == (405, ["error"], allowed)
    assert told("DELETE", "/v1/chat/completions")[1]["error"]["message"]
    assert told("GET", "/openapi.json")[1] == told("GET", "/api/openapi.json")[1]
    connection = HTTPConnection(server.removeprefix("http://"))
    connection.request("OPTIONS", "*")  # no path at all
    assert connection.getresponse().status == 404
    connection.close()


def test_who_shows_links_is_told_of_pincite(server: str) -> None:
    with urlopen(server, timeout=30) as reply:
        page = reply.read().decode()
    assert '<meta property="og:title" content="Pincite">' in page
    assert not re.search("<meta[^>]*gradio", page, re.IGNORECASE)


def test_no_line_begins_with_a_chip(page: Page) -> None:
    ask(page, QUESTION)
    apart = """() => [...document.querySelectorAll("#pc-now .pc-answer .pc-chip")].filter((chip) => {
        const before = document.createRange();
        before.selectNodeContents(chip.previousSibling);
        return chip.getBoundingClientRect().top > [...before.getClientRects()].pop().bottom;
    }).length"""
    for width in range(360, 430, 6):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(apart) == 0, width
    page.set_viewport_size({"width": 1280, "height": 800})


def test_blanks_are_not_taken_for_a_question(page: Page) -> None:
    box, told = page.get_by_label("Your question"), page.locator("#pc-told")
    box.fill("   ")
    box.press("Enter")
    expect(told).to_have_text("Type a question to ask.")
    box.fill("What")
    expect(told).to_be_hidden()
    expect(page.locator(".pc-turn")).to_have_count(0)
    box.fill("")
