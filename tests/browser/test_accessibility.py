"""The web chat for everyone: by axe's rules, by keyboard alone, without motion, on a narrow screen."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Error, Page, expect

from .chatting import FAR_QUESTION, QUESTION, STICKING_OUT, ask, picture, visiting

# Axe itself, read once; the tests run what it returns in the page.
AXE = Axe()


def findings(page: Page) -> list[tuple[str, str, Any]]:
    """What axe finds that is serious or critical: the rule, its weight, and where."""
    found = AXE.run(page).response["violations"]
    return [
        (f["id"], f["impact"], [node["html"][:160] for node in f["nodes"]])
        for f in found
        if f["impact"] in ("serious", "critical")
    ]


def open_pdf(page: Page) -> None:
    ask(page, QUESTION)
    page.locator("#pc-now .pc-chip").first.click()
    page.get_by_role("button", name="Page", exact=True).click()
    expect(page.locator(".pc-sheet img")).to_be_visible()


def open_large(page: Page) -> None:
    open_pdf(page)
    page.get_by_role("button", name="Large page").click()


def open_editor(page: Page) -> None:
    ask(page, QUESTION)
    page.get_by_role("button", name="Edit question").click()
    page.locator("#pc-now .pc-rate").get_by_role("button", name="No").click()
    page.get_by_text("Why these passages").click()
    page.locator("#pc-export summary").click()


def open_menus(page: Page) -> None:
    page.locator("#pc-all").click() if page.locator("#pc-all").is_visible() else None
    page.locator("#pc-documents li").first.get_by_label("More").click()
    page.locator(".pc-pick").first.check()


VIEWS: dict[str, Callable[[Page], Any]] = {
    "welcome": lambda page: None,
    "answer": lambda page: ask(page, QUESTION),
    "declined": lambda page: ask(page, FAR_QUESTION),
    "failure": lambda page: ask(page, "What is a T cell? " * 40 + "And fail, and fail"),  # its heading scrolls
    "editor": open_editor,
    "pdf": open_pdf,
    "large page": open_large,
    "menus": open_menus,
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Browser, server: str, scheme: Any) -> None:
    found = {}
    with visiting(browser, server, color_scheme=scheme) as page:
        for name, reach in VIEWS.items():
            page.locator("#pc-new").click()
            expect(page.locator(".pc-turn")).to_have_count(0)
            reach(page)
            found[name] = findings(page)
            picture(page, f"axe-{name}-{scheme}")
        page.evaluate("pincite.chooseView('text')")
    assert found == {key: [] for key in VIEWS}


def test_axe_finds_nothing_serious_on_a_phone(browser: Browser, server: str) -> None:
    with visiting(browser, server, 390, 844, has_touch=True) as page:
        ask(page, QUESTION)
        found = [findings(page)]
        page.locator("#pc-now .pc-chip").first.tap()
        expect(page.locator("#pc-view mark").first).to_be_in_viewport()
        found.append(findings(page))
        assert page.evaluate(STICKING_OUT) == []
        page.locator("#pc-close").tap()
        page.get_by_role("button", name="Documents", exact=True).tap()
        found.append(findings(page))
        page.locator("#pc-close").tap()
        page.get_by_role("button", name="Conversations", exact=True).tap()
        expect(page.locator("#pc-side")).to_be_visible()
        found.append(findings(page))
        assert page.evaluate(STICKING_OUT) == []
        assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert found == [[]] * 4


def tab_to(page: Page, selector: str) -> None:
    """Presses Tab until the focus is at `selector`, and sees that it shows."""
    for _ in range(150):
        page.keyboard.press("Tab")
        if page.evaluate("(s) => document.activeElement.matches(s)", selector):
            outline = "getComputedStyle(document.activeElement).outlineStyle"
            assert page.evaluate(outline) != "none", f"the focus at {selector} does not show"
            return
    pytest.fail(f"the keyboard does not reach {selector}")


def test_everything_is_done_by_keyboard_alone(page: Page) -> None:
    # Ask.
    page.keyboard.press("Escape")
    page.locator("body").press("/")
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator("#pc-now .pc-turn[data-state=done]")).to_have_count(1)
    expect(page.locator("#pc-said")).to_contain_text("Answered, with")
    # Cite, and read the source.
    page.evaluate("document.activeElement.blur()")
    tab_to(page, "#pc-now .pc-chip")
    expect(page.locator(".pc-card")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#pc-view .pc-title")).to_be_focused()
    expect(page.locator("#pc-view mark").first).to_be_in_viewport()
    tab_to(page, "#pc-view .pc-more")
    # Scope.
    tab_to(page, "#pc-scope")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Filter documents")).to_be_focused()
    tab_to(page, ".pc-pick")
    page.keyboard.press("Space")
    expect(page.locator("#pc-scope")).to_contain_text("Asks 1 of")
    # Export.
    tab_to(page, "#pc-export summary")
    page.keyboard.press("Enter")
    tab_to(page, "a[data-export=markdown]")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".md")
    # A conversation's menu, opened and left.
    tab_to(page, "#pc-conversations .pc-menu summary")
    page.keyboard.press("Enter")
    tab_to(page, "#pc-conversations .pc-act")
    page.keyboard.press("Escape")
    expect(page.locator("#pc-conversations .pc-menu[open]")).to_have_count(0)


# What has the focus, if it cannot be seen: outside of the window, or under something else. What is drawn for it may be
# the label that it stands in.
UNSEEN = """(() => {
    const at = document.activeElement;
    if (at === document.body) return null;
    // The box of the question has a border of another colour.
    if (!at.closest("#pc-question") && getComputedStyle(at.closest("label") ?? at).outlineStyle === "none") return at.outerHTML;
    const shown = at.closest("label") ?? at;
    const { left, top, right, bottom } = shown.getClientRects()[0];
    const x = (Math.max(left, 0) + Math.min(right, innerWidth)) / 2, y = (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2;
    const over = document.elementFromPoint(x, y);
    if (over && (shown.contains(over) || over.contains(shown))) return null;
    return `${at.outerHTML.slice(0, 90)} at ${x}, ${y} under ${over?.outerHTML.slice(0, 90)}`;
})()"""


def press_until(page: Page, key: str, selector: str, most: int = 400) -> None:
    """Presses `key` until the focus is at `selector`; wherever it comes by, it is seen."""
    for _ in range(most):
        page.keyboard.press(key)
        try:
            page.wait_for_function(f"{UNSEEN} === null", timeout=5_000)  # what slides up takes a moment
        except Error:
            pytest.fail(f"The focus is not seen: {page.evaluate(UNSEEN)}")
        if page.evaluate("(s) => document.activeElement.matches(s)", selector):
            return
    pytest.fail(f"{key} does not lead to {selector}")


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_tab_enter_arrows_and_space_are_enough(browser: Browser, server: str, width: int, height: int) -> None:
    """From opening the page on, without a shortcut of Pincite's own and without a mouse."""
    name = f"keys-{width}"
    with visiting(browser, server, width, height, color_scheme="light") as page:
        keys = page.keyboard
        # Ask. Where there is room the box has the focus already.
        if not page.evaluate("document.activeElement.matches('#pc-question textarea')"):
            press_until(page, "Tab", "#pc-question textarea")
        keys.type(QUESTION)
        keys.press("Enter")
        expect(page.locator("#pc-now .pc-turn[data-state=done]")).to_have_count(1)
        # Cite: the answer stands before the box.
        press_until(page, "Shift+Tab", "#pc-now .pc-chip")
        picture(page, f"{name}-chip")
        keys.press("Enter")
        # Source: it has the focus, is read by the arrows, has more, and is closed again.
        expect(page.locator("#pc-view .pc-title")).to_be_focused()
        expect(page.locator("#pc-view mark").first).to_be_in_viewport()
        picture(page, f"{name}-source")
        scrolled = page.locator("#pc-view").evaluate("(view) => view.scrollTop")
        press_until(page, "Shift+Tab", "#pc-view", 2)
        for _ in range(8):
            keys.press("ArrowDown")
        page.wait_for_function("(was) => document.getElementById('pc-view').scrollTop > was", arg=scrolled)
        press_until(page, "Tab", "#pc-view .pc-more")
        with page.expect_response("**/page/source*"):
            keys.press("Space")
        expect(page.locator("#pc-view, #pc-view .pc-more").and_(page.locator(":focus"))).to_have_count(1)
        press_until(page, "Shift+Tab", "#pc-close" if width < 1000 else "#pc-all")
        keys.press("Enter")
        expect(page.locator("#pc-view")).to_be_hidden()
        expect(page.locator("#pc-now .pc-chip").first).to_be_focused()
        # Scope.
        press_until(page, "Tab", "#pc-scope")
        keys.press("Enter")
        expect(page.get_by_label("Filter documents")).to_be_focused()
        press_until(page, "Tab", ".pc-pick")
        keys.press("Space")
        expect(page.locator("#pc-scope")).to_contain_text("Asks 1 of")
        picture(page, f"{name}-scope")
        if width < 1000:  # the documents lie over the conversation
            press_until(page, "Shift+Tab", "#pc-close")
            keys.press("Enter")
            expect(page.locator("#pc-scope")).to_be_focused()
        # Export.
        press_until(page, "Shift+Tab", "#pc-export summary")
        keys.press("Enter")
        picture(page, f"{name}-export")
        press_until(page, "Tab", "a[data-export=bibtex]", 3)
        with page.expect_download() as download:
            keys.press("Enter")
        assert download.value.suggested_filename.endswith(".bib")
        # And on: the focus is not lost.
        press_until(page, "Tab", "#pc-question textarea")


def test_nothing_moves_for_those_who_do_not_want_it(browser: Browser, server: str) -> None:
    with visiting(browser, server, 390, 844, reduced_motion="reduce") as page:
        assert page.evaluate("getComputedStyle(document.querySelector('#pc-panel')).transitionDuration") == "0s"
        box = page.get_by_label("Your question")
        box.fill("What is a T cell, slowly?")
        box.press("Enter")
        expect(page.locator("#pc-now .pc-busy")).to_be_visible()
        assert page.evaluate("getComputedStyle(document.querySelector('.pc-busy')).animationName") == "none"
