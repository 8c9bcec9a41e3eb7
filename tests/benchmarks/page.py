"""How fast the web chat opens and answers: python -m tests.benchmarks.page LIBRARY [--opened 10] [--asked 12]

Starts the server over LIBRARY and Chromium. Printed: the time from opening the page, each time as one that was never here,
until a question can be typed; and from the return key until the first words of its answer are on the page, for questions
made from the library's own words.
"""

import argparse
import itertools
import os
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import expect

from tests.benchmarks.load import questions
from tests.browser.chatting import launched, ready, serving

# Found by its place: a look-up by its label takes Playwright a second on a page that lists a thousand documents.
BOX = "#pc-question textarea"
# Tells, in the page's own time, how long the first words of the next answer take from now on.
WATCH = """() => {
    const began = performance.now(), before = document.querySelectorAll(".pc-turn").length;
    window.firstWords = new Promise((told) => {
        const look = () => {
            const turn = [...document.querySelectorAll(".pc-turn")][before];
            const words = turn && turn.querySelector(".pc-answer, .pc-declined");
            if (words && words.textContent.trim()) told(performance.now() - began);
        };
        new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
    });
}"""


def line(what: str, milliseconds: Sequence[float]) -> str:
    """What was measured, in words."""
    low, high = min(milliseconds), max(milliseconds)
    return (
        f"{what}: median {statistics.median(milliseconds):.0f} ms, {low:.0f} to {high:.0f}, {len(milliseconds)} times"
    )


def main() -> None:
    """Measures one library."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", type=Path)
    parser.add_argument("--opened", type=int, default=10, help="how often the page is opened")
    parser.add_argument("--asked", type=int, default=12, help="so many questions")
    options = parser.parse_args()
    opening, answering = [], []
    with serving(options.library) as address, launched() as browser:
        for _ in range(options.opened):
            context = browser.new_context(viewport={"width": 1280, "height": 800})
            page = context.new_page()
            began = time.perf_counter()
            page.goto(address, wait_until="commit")
            box = page.locator(BOX)
            box.fill("x")
            opening.append((time.perf_counter() - began) * 1000)
            context.close()
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(address)
        ready(page)
        box = page.locator(BOX)
        for n, question in enumerate(itertools.islice(questions(options.library), options.asked), 1):
            box.fill(question)
            page.evaluate(WATCH)
            box.press("Enter")
            answering.append(page.evaluate("() => window.firstWords"))
            expect(page.locator(".pc-turn[data-state=done]")).to_have_count(n)
    print(f"load {os.getloadavg()[0]:.1f}")
    print(line("a question can be typed", opening))
    print(line("first words of an answer", answering))


if __name__ == "__main__":
    main()
