"""The README's picture of the chat, taken of a real answer from the shipped articles: python -m tests.browser.readme."""

from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import expect

from ingest import Library

from .chatting import ROOT, ask, launched, serving, visiting

PICTURE = Path(__file__).with_name("readme.png")
# What was asked before, and the question whose answer is shown.
BEFORE = ("Can allergen immunotherapy prevent asthma?", "How is BCG given for bladder cancer?")
SHOWN = "What are the side effects of checkpoint inhibitors?"


def take(picture: Path = PICTURE) -> None:
    """Takes the picture, 1280 by 800 pixels."""
    with TemporaryDirectory() as folder:
        library = Path(folder) / "library"
        with Library.open(library, create=True) as opened:
            opened.ingest(ROOT / "corpus")
        with serving(library) as address, launched() as browser, visiting(browser, address) as page:
            for question in (*BEFORE, SHOWN):
                page.locator("#pc-new").click()
                expect(page.locator(".pc-turn")).to_have_count(0)
                ask(page, question)
            expect(page.locator("#pc-now .pc-next")).to_be_visible(timeout=20_000)
            page.get_by_label("Your question").blur()
            page.mouse.move(5, 5)
            page.wait_for_timeout(500)
            page.screenshot(path=str(picture))


if __name__ == "__main__":
    take()
