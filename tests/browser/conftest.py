"""One browser for all tests of the web chat, and one server over a copy of the shipped library for those that read it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from .chatting import launched, serving, visiting

# A machine that does other things meanwhile is slow, not broken.
expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium."""
    with launched() as opened:
        yield opened


@pytest.fixture(scope="session")
def chat_library(demo_library: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the shipped library: the chat keeps its conversations in it."""
    folder = tmp_path_factory.mktemp("chat") / "library"
    shutil.copytree(demo_library, folder)
    return folder


@pytest.fixture(scope="session")
def server(chat_library: Path) -> Iterator[str]:
    """The address of a server over the shipped articles."""
    with serving(chat_library) as address:
        yield address


@pytest.fixture(scope="module")
def tab(browser: Browser, server: str) -> Iterator[Page]:
    """The chat, open and ready, for all tests of a file; at the end, that nothing went wrong and nothing went out."""
    with visiting(browser, server) as opened:
        yield opened


@pytest.fixture
def page(tab: Page) -> Page:
    """The chat with a new conversation, as it stands before the first question."""
    tab.mouse.move(5, 5)
    tab.locator("#pc-new").click()
    expect(tab.locator(".pc-turn")).to_have_count(0)
    expect(tab.locator("#pc-welcome")).to_be_visible()
    tab.evaluate("pincite.openShelf(); pincite.askAll()")
    return tab
