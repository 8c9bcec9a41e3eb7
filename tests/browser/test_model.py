"""An answer that a language model words, in real Chromium: it appears as it is checked, and shows its verdicts."""

import threading
from pathlib import Path

from playwright.sync_api import Browser, expect

from ingest import Library

from ..scripted_llm import Handler, Request, ScriptedLLM
from .chatting import ask, picture, serving, visiting

NOTE = "# Kettle\n\nThe Zorblax kettle is blue. It was bought by aunt Ottilie in 1907.\n"


def test_a_worded_answer_appears_sentence_by_sentence_with_its_verdicts(
    browser: Browser, tmp_path: Path, encoder_cache: object
) -> None:
    go_on = threading.Event()

    def script(handler: Handler, request: Request) -> None:
        handler.start()
        handler.chunk("The Zorblax kettle is blue [1]. ")
        handler.chunk("Aunt Ottilie bought it in 1907 [1]. ")
        go_on.wait(60)
        handler.chunk("The kettle was sold to the king of Spain in 1955 for 40 gold coins [1].")
        handler.chunk("", "stop")
        handler.send("data: [DONE]\n\n")

    (tmp_path / "kettle.md").write_text(NOTE, "utf-8")
    with Library.open(tmp_path / "library", create=True) as library:
        library.ingest(tmp_path / "kettle.md")
    with ScriptedLLM(script) as llm:
        settings = {"LLM_BASE_URL": llm.url, "LLM_MODEL": "scripted", "LLM_UNSUPPORTED": "mark"}
        with serving(tmp_path / "library", **settings) as address, visiting(browser, address) as page:
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
