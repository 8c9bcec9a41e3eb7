"""The server, the browser and the reader's moves that the tests of the web chat share."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

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
    def stream(self, question, *more):
        if "slowly" in question: time.sleep(3)
        if "and fail" in question: raise RuntimeError("as asked")
        yield from self.real.stream(question, *more)

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
# Where pictures of what was tested are put, if anywhere: a folder, to look at them.
PICTURES = os.environ.get("PINCITE_TEST_PICTURES", "")
# Elements that stick out of a narrow page.
STICKING_OUT = """[document.documentElement, ...document.querySelectorAll("#pc-masthead *, #pc-desk *")]
    .filter((e) => e.checkVisibility() && !e.closest("[hidden], .pc-hidden"))
    .filter((e) => Math.max(e.getBoundingClientRect().right, e.scrollLeft + e.clientWidth) > innerWidth + 1)
    .map((e) => e.outerHTML.slice(0, 80))"""


@contextmanager
def serving(library: Path, **settings: str) -> Iterator[str]:
    """The address of a server over `library`, in a process of its own as when a user runs it."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | {f"PINCITE_{name}": s for name, s in settings.items()}
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


@contextmanager
def launched() -> Iterator[Browser]:
    """Chromium, started."""
    found = NAMED_CHROMIUM or next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found is None:
        pytest.fail("no Chromium: run tests/chromium.sh, or name one in CHROMIUM")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=CHROMIUM_ARGS)
        yield opened
        opened.close()


# Gradio's own script closes its stream when the page is left, and now and then complains of that itself: in the console,
# which is deaf for that moment, or as an error of the page.
LEAVING = """addEventListener("beforeunload", () => {
    const { error, warn } = console;
    console.error = console.warn = () => {};
    setTimeout(() => Object.assign(console, { error, warn }), 1000);
})"""
# What it says there, and the browser, of a server that is away.
AWAY = ("Failed to load resource", "Failed to fetch", "Connection errored out")
LEFT = "AbortError: signal is aborted without reason"


@contextmanager
def visiting(
    browser: Browser, address: str, width: int = 1280, height: int = 800, expected: Sequence[str] = (), **options: Any
) -> Iterator[Page]:
    """The chat at `address`, open and ready; afterwards, that nothing went wrong and nothing went out.

    `expected` are words of messages in the browser's console that are part of the test.
    """
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    context.add_init_script(LEAVING)
    page = context.new_page()
    requests: list[str] = []
    problems: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda m: problems.append(m.text) if m.type in ("error", "warning") else None)
    page.on("dialog", lambda dialog: problems.append(f"dialog: {dialog.message}"))
    page.goto(address)
    ready(page)
    yield page
    assert page.evaluate("window.hacked") is None, "words of a document ran as code"
    wrong = [problem for problem in problems if not any(words in problem for words in (*expected, LEFT))]
    context.close()
    assert not wrong, f"the browser's console says: {wrong}"
    server = "/".join(address.split("/")[:3])
    inside = (f"{server}/", "data:", f"blob:{server}/")
    outside = [url for url in requests if not url.startswith(inside)]
    assert not outside, f"asked elsewhere: {outside}"


def ready(page: Page) -> None:
    """Waits until the page is there and has its documents and its conversation."""
    expect(page.locator("#pc-documents > *")).not_to_have_count(0, timeout=20_000)
    expect(page.locator("#pc-past .pc-kept")).to_have_count(1, timeout=20_000)


def ask(page: Page, question: str) -> None:
    """Asks, and waits until the turn is complete."""
    turns = page.locator(".pc-turn").count()
    box = page.get_by_label("Your question")
    box.fill(question)
    box.press("Enter")
    expect(page.locator(".pc-turn")).to_have_count(turns + 1)
    answered(page, question)


def answered(page: Page, question: str) -> None:
    """Waits until the last turn is complete and asks `question`."""
    expect(page.locator("#pc-now .pc-turn[data-state=done] .pc-question")).to_have_text(question, timeout=20_000)


def picture(page: Page, name: str) -> None:
    """Keeps a picture of the page, if they are wanted."""
    if PICTURES:
        page.wait_for_timeout(300)
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"))


def post(server: str, path: str, **body: Any) -> Any:
    """What the server answers to JSON, as JSON."""
    request = Request(server + path, json.dumps(body).encode(), {"content-type": "application/json"})
    with urlopen(request, timeout=30) as reply:
        text = reply.read()
        return json.loads(text) if text else None


def status(address: str, body: bytes | None = None, method: str | None = None, **headers: str) -> int:
    """The status of the server's answer."""
    try:
        with urlopen(Request(address, body, headers, method=method), timeout=30) as reply:
            return int(reply.status)
    except HTTPError as refused:
        return refused.code


def text_of(server: str, document: str) -> str:
    """A document's text, as programs get it."""
    arguments = {"name": "read_passage", "arguments": {"document": document}}
    read = post(server, "/mcp", jsonrpc="2.0", id=1, method="tools/call", params=arguments)
    return str(read["result"]["structuredContent"]["text"])


def marked(page: Page) -> str:
    """The words that are marked in the source panel."""
    return one_line(" ".join(page.locator("#pc-view mark").all_inner_texts()))


def expect_marked(page: Page, words: str, seconds: float = 10.0) -> None:
    """Waits until the source panel marks `words` and nothing else; words that end in "…" are its beginning.

    A panel that shows another source shows that one until the new one has come.
    """
    words, deadline = one_line(words), time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (shown := marked(page)) == words or (words.endswith("…") and shown.startswith(words[:-1])):
            return
        page.wait_for_timeout(50)
    assert shown == words


def one_line(text: str) -> str:
    """`text` with its white space made plain."""
    return " ".join(text.split())
