"""What the page does while nobody does anything."""

from playwright.sync_api import Browser

from .chatting import ready, visiting

# Counts the frames that are asked of the browser itself.
COUNTING = """window.frames_asked = 0;
const frame = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (callback) => { window.frames_asked += 1; return frame(callback); };"""


def test_a_page_that_is_left_alone_asks_for_hardly_any_frames(browser: Browser, server: str) -> None:
    with visiting(browser, server) as page:
        page.context.add_init_script(COUNTING)
        page.reload()
        ready(page)
        page.wait_for_timeout(4000)
        before = page.evaluate("frames_asked")
        page.wait_for_timeout(3000)
        assert before > 10
        assert page.evaluate("frames_asked") - before < 10
        assert page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))") > 0
