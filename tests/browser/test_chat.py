"""The web chat in real Chromium, over the real library: what a reader does, and what must never happen.

Every test fails on an error in the browser's console and on any request that leaves the server.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from ingest import Library

ROOT = Path(__file__).parents[2]
QUESTION = "How does blocking PD-1 help T cells attack a tumour?"
FAR_QUESTION = "Which team won the football world cup in 1998?"
# The server of these tests: the real one, but that it can be told to be slow and to fail.
SERVE = """
import sys, time
from retriever import Retriever
from ui.server import serve

class Moody:
    def __init__(self, real): self.real = real
    def __getattr__(self, name): return getattr(self.real, name)
    def ask(self, question, *more):
        if "slowly" in question: time.sleep(3)
        if "and fail" in question: raise RuntimeError("as asked")
        return self.real.ask(question, *more)

with Retriever.open(sys.argv[1]) as retriever:
    serve(Moody(retriever), port=0)
"""
CHROMIUMS = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
NAMED_CHROMIUM = os.environ.get("CHROMIUM")
CHROMIUM_ARGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
HOSTILE = """---
title: '<img src=x onerror="window.hacked=1"> ![leak](http://evil.example/a.png)'
---

# <script>window.hacked=2</script> Zorblax therapy

Zorblax therapy was first described by Professor Quibble in 1907. <svg onload="window.hacked=3"> It cures hiccups.
Zorblax therapy ${window.hacked=4} costs {{window.hacked=5}} nine pence. ![leak](http://evil.example/b.png)

<iframe src="http://evil.example/c"></iframe> <a href="javascript:window.hacked=6">Zorblax</a>
"""


@contextmanager
def serving(library: Path) -> Iterator[str]:
    """The address of a server over `library`, in a process of its own as when a user runs it."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", SERVE, str(library)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            told = process.stdout.readline()
            address = re.search(r"http://\S+", told)
            assert address, f"the server did not start: {told!r}"
            yield address[0]
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture(scope="module")
def server(demo_library: Path) -> Iterator[str]:
    with serving(demo_library) as address:
        yield address


@pytest.fixture(scope="module")
def hostile_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("hostile")
    sources = folder / "sources"
    sources.mkdir()
    (sources / "<b onmouseover=window.hacked=7>'\".md").write_text(HOSTILE, "utf-8")
    with Library.open(folder / "library", create=True) as library:
        library.ingest(sources)
    with serving(folder / "library") as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = NAMED_CHROMIUM or next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found is None:
        pytest.fail("no Chromium: run tests/chromium.sh, or name one in CHROMIUM")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=CHROMIUM_ARGS)
        yield opened
        opened.close()


@contextmanager
def visiting(browser: Browser, address: str, width: int = 1280, height: int = 800, **options: Any) -> Iterator[Page]:
    """The chat at `address`, open and ready; afterwards, that nothing went wrong and nothing went out."""
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    page = context.new_page()
    requests: list[str] = []
    problems: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda m: problems.append(m.text) if m.type in ("error", "warning") else None)
    page.on("dialog", lambda dialog: problems.append(f"dialog: {dialog.message}"))
    page.goto(address)
    expect(page.locator("#pc-view h2")).to_have_count(1)
    yield page
    assert page.evaluate("window.hacked") is None
    context.close()
    assert problems == []
    inside = (f"{address}/", "data:", f"blob:{address}/")
    assert [url for url in requests if not url.startswith(inside)] == []


@pytest.fixture
def page(browser: Browser, server: str) -> Iterator[Page]:
    with visiting(browser, server) as opened:
        yield opened


def ask(page: Page, question: str) -> None:
    """Asks, and waits until the turn is complete."""
    turns = page.locator(".pc-turn").count()
    box = page.get_by_label("Your question")
    box.fill(question)
    box.press("Enter")
    expect(page.locator(".pc-turn")).to_have_count(turns + 1)
    expect(page.locator("#pc-now .pc-turn[data-state=done] .pc-question")).to_have_text(question, timeout=20_000)


def post(server: str, path: str, **body: Any) -> Any:
    request = Request(server + path, json.dumps(body).encode(), {"content-type": "application/json"})
    with urlopen(request, timeout=30) as reply:
        return json.load(reply)


def status(address: str, body: bytes | None = None) -> int:
    try:
        with urlopen(Request(address, body), timeout=30) as reply:
            return int(reply.status)
    except HTTPError as refused:
        return refused.code


def text_of(server: str, document: str) -> str:
    arguments = {"name": "read_passage", "arguments": {"document": document}}
    read = post(server, "/mcp", jsonrpc="2.0", id=1, method="tools/call", params=arguments)
    return str(read["result"]["structuredContent"]["text"])


def marked(page: Page) -> str:
    return " ".join(page.locator("#pc-view mark").all_inner_texts())


def one_line(text: str) -> str:
    return " ".join(text.split())


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
        assert one_line(marked(page)) == one_line(cited["quote"])
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


def test_hovering_a_citation_shows_its_quote(page: Page) -> None:
    ask(page, QUESTION)
    quote = page.locator("#pc-now .pc-sources .pc-quote").first.inner_text()
    page.locator("#pc-now .pc-chip").first.hover()
    expect(page.locator(".pc-card .pc-quote")).to_have_text(quote)
    page.mouse.move(5, 5)
    expect(page.locator(".pc-card")).to_have_count(0)


def test_what_the_library_does_not_hold_is_said_and_the_nearest_passages_open(page: Page) -> None:
    ask(page, FAR_QUESTION)
    expect(page.locator("#pc-now .pc-declined")).to_contain_text("Not in your documents")
    expect(page.locator("#pc-now .pc-chip")).to_have_count(0)
    row = page.locator("#pc-now .pc-row").first
    row.click()
    expect(page.locator("#pc-view .pc-title")).to_have_text(row.locator("strong").inner_text())
    expect(page.locator("#pc-view mark").first).to_be_in_viewport()


def test_a_follow_up_keeps_the_conversation_and_old_citations_open(page: Page) -> None:
    ask(page, "What is tocilizumab given for?")
    first_quote = page.locator("#pc-now .pc-quote").first.inner_text()
    ask(page, "How is it given?")
    expect(page.locator("#pc-now .pc-searched")).to_contain_text("tocilizumab")
    expect(page.locator(".pc-turn")).to_have_count(2)
    page.locator("#pc-past .pc-row").first.click()
    expect(page.locator("#pc-view mark").first).to_be_visible()
    assert one_line(first_quote)[:40] in one_line(marked(page))


def test_the_keyboard_reaches_everything(page: Page) -> None:
    page.locator("body").press("/")
    box = page.get_by_label("Your question")
    expect(box).to_be_focused()
    expect(box).to_have_value("")
    ask(page, FAR_QUESTION)
    page.evaluate("document.activeElement.blur()")
    place = page.locator("#pc-place")
    for key, number in ("]", 1), ("]", 2), ("[", 1):
        page.keyboard.press(key)
        expect(place).to_have_text(re.compile(f"^Passage {number} of "))
    ask(page, QUESTION)
    expect(place).to_have_text(re.compile("^Source 1 of "))
    page.locator("#pc-now .pc-chip").last.focus()
    expect(page.locator(".pc-card")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#pc-view .pc-title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#pc-view h2")).to_have_text("Your documents")


def test_an_example_is_asked_with_one_click(page: Page) -> None:
    page.get_by_role("button", name=QUESTION).click()
    expect(page.locator("#pc-now .pc-turn[data-state=done] .pc-question")).to_have_text(QUESTION, timeout=20_000)
    expect(page.locator("#pc-welcome")).to_be_hidden()


def test_a_document_can_be_read_on_its_own(page: Page) -> None:
    first = page.locator(".pc-doc").first
    title = first.locator(".pc-doc-title").inner_text()
    first.click()
    expect(page.locator("#pc-view .pc-title")).to_have_text(title)
    expect(page.locator("#pc-view mark")).to_have_count(0)
    page.locator("#pc-all").click()
    expect(page.locator("#pc-view h2")).to_have_text("Your documents")


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
    box = page.get_by_label("Your question")
    box.fill("What is a T cell, slowly?")
    box.press("Enter")
    expect(page.locator("#pc-now .pc-busy")).to_have_text("Searching your documents…")
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#pc-now")).to_contain_text("Stopped.", timeout=2_500)
    # As long as it takes to type. Gradio closes the stopped stream meanwhile; a question asked within
    # about 0.2 s of a stop can miss its answer and has to be sent again.
    page.wait_for_timeout(1_000)
    ask(page, QUESTION)
    expect(page.locator("#pc-now .pc-chip").first).to_be_visible()
    expect(page.locator(".pc-turn")).to_have_count(2)


def test_an_unforeseen_failure_is_said_and_the_chat_goes_on(page: Page) -> None:
    ask(page, "What is a T cell, and fail")
    expect(page.locator("#pc-now .pc-failure")).to_contain_text("Pincite failed inside")
    expect(page.get_by_label("Your question")).to_have_value("What is a T cell, and fail")
    ask(page, QUESTION)
    expect(page.locator("#pc-now .pc-chip").first).to_be_visible()


def test_no_document_runs_code_or_reaches_out(browser: Browser, hostile_server: str) -> None:
    with visiting(browser, hostile_server) as page:
        expect(page.locator("#pc-examples button")).to_have_count(0)  # it could answer none of them
        ask(page, "Who first described Zorblax therapy?")
        expect(page.locator("#pc-now .pc-chip").first).to_be_visible()
        expect(page.locator("#pc-view .pc-title")).to_contain_text("<img src=x")
        page.locator("#pc-now .pc-chip").first.hover()
        expect(page.locator(".pc-card")).to_contain_text("<img src=x")
        page.locator("#pc-now summary").click()
        ask(page, '<img src=x onerror="window.hacked=8"> What does Zorblax therapy cost?')
        page.locator("#pc-all").click()
        expect(page.locator(".pc-doc-name")).to_contain_text("onmouseover")
        page.locator(".pc-doc").hover()
        assert page.locator("#pc-desk :is(img, iframe, script, [onerror], [onload], [onmouseover])").count() == 0


def test_on_a_phone_nothing_is_cut_off_and_the_source_slides_up(browser: Browser, server: str) -> None:
    with visiting(browser, server, 390, 844, has_touch=True, color_scheme="dark") as page:
        wide = """[document.documentElement, ...document.querySelectorAll("#pc-masthead *, #pc-desk *")]
            .filter((e) => Math.max(e.getBoundingClientRect().right, e.scrollLeft + e.clientWidth) > innerWidth + 1)
            .map((e) => e.outerHTML.slice(0, 80))"""
        assert page.evaluate(wide) == []
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        ask(page, QUESTION)
        panel = page.locator("#pc-panel")
        expect(panel).to_be_hidden()
        page.locator("#pc-now .pc-chip").first.tap()
        expect(page.locator("#pc-view mark").first).to_be_in_viewport()
        assert page.evaluate(wide) == []
        page.locator("#pc-close").tap()
        expect(panel).to_be_hidden()
        page.get_by_role("button", name="Documents", exact=True).tap()
        expect(panel).to_be_visible()


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
