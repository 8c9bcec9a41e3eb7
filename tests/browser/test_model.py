"""An answer that a language model words, in real Chromium: it appears as it is checked, and shows its verdicts."""

import threading
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from ingest import Library

from ..scripted_llm import Handler, Request, Script, ScriptedLLM, asked_for
from .chatting import ask, picture, ready, serving, visiting

NOTE = "# Kettle\n\nThe Zorblax kettle is blue. It was bought by aunt Ottilie in 1907.\n"


@pytest.fixture
def library(tmp_path: Path, encoder_cache: object) -> Path:
    """A library of one short note."""
    (tmp_path / "kettle.md").write_text(NOTE, "utf-8")
    with Library.open(tmp_path / "library", create=True) as opened:
        opened.ingest(tmp_path / "kettle.md")
    return tmp_path / "library"


def saying(go_on: threading.Event, last: str, asked: str = "") -> Script:
    """Says the colour of the kettle; to a question with `asked` in it who bought it, too, and `last` once it may go on."""

    def script(handler: Handler, request: Request) -> None:
        handler.start()
        handler.chunk("The Zorblax kettle is blue [1]. ")
        if asked in asked_for(request):
            handler.chunk("Aunt Ottilie bought it in 1907 [1]. ")
            go_on.wait(60)
            handler.chunk(last)
        handler.chunk("", "stop")
        handler.send("data: [DONE]\n\n")

    return script


def test_a_worded_answer_appears_sentence_by_sentence_with_its_verdicts(browser: Browser, library: Path) -> None:
    go_on = threading.Event()
    script = saying(go_on, "The kettle was sold to the king of Spain in 1955 for 40 gold coins [1].")
    with ScriptedLLM(script) as llm:
        settings = {"LLM_BASE_URL": llm.url, "LLM_MODEL": "scripted", "LLM_UNSUPPORTED": "mark"}
        with serving(library, **settings) as address, visiting(browser, address) as page:
            box = page.get_by_label("Your question")
            box.fill("What colour is the Zorblax kettle?")
            box.press("Enter")
            appearing = page.locator("#pc-now .pc-turn[data-state=busy] .pc-answer")
            expect(appearing).to_contain_text(
                "kettle is blue", timeout=60_000
            )  # the client of the model is loaded first
            expect(appearing).not_to_contain_text("Spain")
            go_on.set()
            expect(page.locator("#pc-now .pc-turn[data-state=done]")).to_have_count(1, timeout=20_000)
            doubted = page.locator("#pc-now .pc-doubted")
            expect(doubted).to_have_count(1)
            assert "does not bear out" in (doubted.get_attribute("aria-label") or "")
            expect(page.locator("#pc-now .pc-sources")).to_contain_text("does not bear out the sentence")
            picture(page, "model")
            # A model that is gone: the sources are quoted, and a note says so.
            llm.script(lambda handler, request: handler.start(500))
            ask(page, "Who bought the Zorblax kettle?")
            expect(page.locator("#pc-now .pc-remark")).to_contain_text("the sources are quoted instead")
            expect(page.locator("#pc-now .pc-chip").first).to_be_visible()
            picture(page, "model-failed")


def test_an_answer_goes_on_where_it_belongs_while_its_reader_is_elsewhere(browser: Browser, library: Path) -> None:
    go_on = threading.Event()
    script = saying(go_on, "It was bought in 1907 [1]. ", asked="Which colour")
    with ScriptedLLM(script) as llm:
        settings = {"LLM_BASE_URL": llm.url, "LLM_MODEL": "scripted"}
        with serving(library, **settings) as address, visiting(browser, address) as page:
            ask(page, "What colour is the Zorblax kettle?")
            other = page.url
            page.locator("#pc-new").click()
            expect(page.locator(".pc-turn")).to_have_count(0)
            box = page.get_by_label("Your question")
            box.fill("Which colour has the Zorblax kettle?")
            box.press("Enter")
            busy = page.locator("#pc-now .pc-turn[data-state=busy] .pc-answer")
            expect(busy).to_contain_text("kettle is blue", timeout=60_000)
            mine = page.url
            item = page.locator("#pc-conversations a").filter(has_text="What colour")
            item.click()
            shown = page.locator("#pc-now .pc-turn[data-state=done]")
            expect(shown.locator(".pc-question")).to_have_text("What colour is the Zorblax kettle?")
            assert page.url == other
            # It is answered as well, while the other one is still being worded.
            ask(page, "Who bought the Zorblax kettle?")
            page.locator("#pc-conversations a").filter(has_text="Which colour").click()
            expect(busy).to_contain_text("kettle is blue")
            expect(page.locator("#pc-now .pc-question")).to_have_text("Which colour has the Zorblax kettle?")
            assert page.url == mine
            picture(page, "model-still")
            item.click()
            expect(shown.locator(".pc-question")).to_have_text("Who bought the Zorblax kettle?")
            page.go_back()
            expect(busy).to_have_count(1)
            go_on.set()
            expect(shown).to_contain_text("It was bought in 1907", timeout=20_000)
            expect(shown.locator(".pc-question")).to_have_text("Which colour has the Zorblax kettle?")
            expect(page.get_by_role("button", name="Ask", exact=True)).to_be_visible()
            item.click()
            expect(page.locator(".pc-turn")).to_have_count(2)
            assert [q.inner_text() for q in page.locator(".pc-question").all()] == [
                "What colour is the Zorblax kettle?",
                "Who bought the Zorblax kettle?",
            ]


def test_what_was_said_before_the_stop_stays_with_its_sources(browser: Browser, library: Path) -> None:
    go_on = threading.Event()
    with ScriptedLLM(saying(go_on, "It was sold in 1955 [1]. ")) as llm:
        settings = {"LLM_BASE_URL": llm.url, "LLM_MODEL": "scripted"}
        with serving(library, **settings) as address, visiting(browser, address) as page:
            box = page.get_by_label("Your question")
            box.fill("What colour is the Zorblax kettle?")
            box.press("Enter")
            busy = page.locator("#pc-now .pc-turn[data-state=busy]")
            expect(busy.locator(".pc-chip")).to_have_count(1, timeout=60_000)  # which can be opened meanwhile
            box.fill("Who bought it?")
            box.press("Enter")
            expect(page.locator("#pc-told")).to_have_text("The answer above comes first: wait for it, or stop it.")
            page.get_by_role("button", name="Stop", exact=True).click()
            shown = page.locator("#pc-now .pc-turn[data-state=done]")
            expect(shown.locator(".pc-answer")).to_contain_text("kettle is blue")
            expect(shown.locator(".pc-remark")).to_have_text("You stopped this answer before it was whole.")
            expect(page.locator("#pc-told")).to_be_empty()
            expect(box).to_have_value("Who bought it?")
            go_on.set()
            picture(page, "model-stopped")
            page.reload()
            ready(page)
            expect(shown.locator(".pc-answer")).to_contain_text("kettle is blue")
            page.locator("#pc-now .pc-chip").click()
            expect(page.locator("#pc-view mark")).to_contain_text("kettle is blue")
