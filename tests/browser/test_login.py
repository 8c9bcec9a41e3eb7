"""The page of a server with a token in real Chromium: in with the token, out again, and back where one was."""

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from .chatting import QUESTION, answered, ready, serving, visiting

TOKEN = "correct-horse-battery"


def log_in(page: Page) -> None:
    """Shows the token, and waits for the page."""
    page.get_by_label("The server's token").fill(TOKEN)
    page.keyboard.press("Enter")
    ready(page)


def test_a_session_that_ended_leads_to_the_login_and_back(browser: Browser, chat_library: Path) -> None:
    context = browser.new_context()
    with serving(chat_library, TOKEN=TOKEN) as address:
        page = context.new_page()
        page.goto(f"{address}/?q=What+is+BCG%3F")
        page.get_by_label("The server's token").fill("wrong")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_have_text("That is not the token.")
        log_in(page)
        answered(page, "What is BCG?")  # which the address asked
        there = page.url
        # The question is not lost, nor the place.
        context.clear_cookies()
        box = page.get_by_label("Your question")
        box.fill(QUESTION)
        box.press("Enter")
        log_in(page)
        assert page.url == there
        expect(page.get_by_label("Your question")).to_have_value(QUESTION)
        # A source is not there either without a session.
        context.clear_cookies()
        page.locator("#pc-now .pc-chip").first.click()
        log_in(page)
        assert page.url == there
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_label("The server's token")).to_be_visible()
        page.goto(there)
        log_in(page)
    context.close()


def test_without_a_token_there_is_nothing_to_log_out_of(browser: Browser, server: str) -> None:
    with visiting(browser, server) as page:
        expect(page.get_by_role("button", name="Log out")).to_have_count(0)
