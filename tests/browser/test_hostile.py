"""Hostile words in real Chromium: none of 500 payloads runs, and none reaches out, wherever it stands.

They stand in file names, titles, bodies, tables and questions of a real library, a hundred each, and all of them are
put on the page: in lists, answers, sources, previews, names of uploads, titles of conversations.
"""

import itertools
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from ingest import Library
from retriever import Retriever
from ui.conversations import Conversations, Scope

from .chatting import ask, ready, serving, status, visiting

PLACES = ("name", "title", "body", "table", "question")
PER_PLACE = 100
HOST = "http://evil.example"
# {js} is what would run, {url} what would be asked for.
TEMPLATES = (
    "<script>{js}</script>",
    "<script src={url}></script>",
    "<img src=x onerror={js}>",
    "<img src={url}>",
    "<svg onload={js}>",
    "<svg><script>{js}</script></svg>",
    "<svg><animate onbegin={js} attributeName=x dur=1s>",
    "<svg><image href={url}></svg>",
    "<math><mtext><img src=x onerror={js}></mtext></math>",
    "<body onload={js}>",
    "<iframe src='javascript:{js}'></iframe>",
    "<iframe srcdoc='<script>parent.{js}</script>'></iframe>",
    "<iframe src={url}></iframe>",
    "<object data={url}></object>",
    "<embed src={url}>",
    "<video><source onerror={js}></video>",
    "<audio src={url} autoplay></audio>",
    "<details open ontoggle={js}>",
    "<input autofocus onfocus={js}>",
    "<select autofocus onfocus={js}>",
    "<a href='javascript:{js}' autofocus onfocus={js}>x</a>",
    "<a href=//evil.example/ping ping={url}>x</a>",
    "<form action={url}><button id=pc-new>x</button></form>",
    "<link rel=stylesheet href={url}>",
    "<link rel=prefetch href={url}>",
    "<style>@import '{url}';</style>",
    "<style>body{{background:url({url})}}</style>",
    "<div style='background:url({url})'>x</div>",
    "<meta http-equiv=refresh content='0;url={url}'>",
    "<base href={url}>",
    "<marquee onstart={js}>x</marquee>",
    "<template><script>{js}</script></template><noscript><p title='</noscript><img src=x onerror={js}>'>",
    "'\"><img src=x onerror={js}>",
    '" autofocus onfocus={js} x="',
    "' onmouseover='{js}",
    "--><script>{js}</script><!--",
    "]]><script>{js}</script>",
    "</textarea><script>{js}</script>",
    "</title><script>{js}</script>",
    "${{{js}}} {{{{{js}}}}} <%= {js} %>",
    "{{{{constructor.constructor('{js}')()}}}}",
    "[x](javascript:{js})",
    "![x]({url})",
    "[![x]({url})]({url})",
    "<<script>script>{js}<</script>/script>",
    "&lt;img src=x onerror={js}&gt;",
    "<button type=button data-ask='x' data-act=remove onclick={js} class=pc-new>x</button>",
    "<article class=pc-turn id=pc-now data-state=done onpointerover={js}>",
    "<img srcset='{url} 1x' onload={js}>",
    "<table background={url}><td background={url}>",
)
# How a payload is dressed up, so that a filter does not know it.
DRESSES = (
    lambda text: text,
    str.upper,
    lambda text: text.replace("<", "<\t").replace("=", " = "),
    lambda text: text.replace("javascript", "java&#x0a;script").replace(" on", "/on"),
    lambda text: text.replace("<", "&lt;").replace(">", "&gt;"),
    lambda text: "".join(f"&#{ord(c)};" for c in text),
    lambda text: text.replace("<", "\uff1c"),
    lambda text: f"</p></li></td>{text}",
    lambda text: text.replace("script", "scr\u0000ipt").replace("\u0000", ""),
    lambda text: quote(text),
)
SIGNS = """[...document.querySelectorAll("#pc-desk *, #pc-masthead *, .pc-card *")].filter((e) =>
    ["SCRIPT", "IFRAME", "OBJECT", "EMBED", "IMG", "VIDEO", "AUDIO", "FORM", "BASE", "META", "LINK", "STYLE", "MATH"]
        .includes(e.tagName) && !e.closest("#pc-question, .pc-note, .pc-editor")
    || [...e.attributes].some((a) => a.name.startsWith("on") || /^\\s*(javascript:|\\/\\/|https?:)/i.test(a.value)
        && ["href", "src", "action", "ping"].includes(a.name))).map((e) => e.outerHTML.slice(0, 200))"""


def payloads() -> dict[str, list[str]]:
    """A hundred different payloads for every place; what they would do tells which one it was."""
    made = itertools.product(DRESSES, TEMPLATES)
    texts = [
        dress(template.format(js=f"window.hacked={number}", url=f"{HOST}/{number}"))
        for number, (dress, template) in enumerate(made, 1)
    ]
    assert len(set(texts)) == len(texts) == PER_PLACE * len(PLACES)
    return {place: texts[i :: len(PLACES)] for i, place in enumerate(PLACES)}


def file_name(payload: str) -> str:
    """The payload as a file's name, as near as a disk takes it."""
    return payload.replace("/", "∕").encode()[:200].decode(errors="ignore") + ".md"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, encoder_cache: object) -> tuple[Path, str]:
    """A library full of payloads, and a conversation in it that asks them."""
    folder = tmp_path_factory.mktemp("hostile")
    sources = folder / "sources"
    sources.mkdir()
    texts = payloads()
    for number in range(PER_PLACE):
        name, title, body, table, _ = (texts[place][number] for place in PLACES)
        text = f"# {title} Zorblax {number}\n\nZorblax number {number} costs {number} pence. {body}\n\n"
        (sources / file_name(name)).write_text(text + f"| kind | {table} |\n|---|---|\n| {table} | pence |\n", "utf-8")
    library = folder / "library"
    with Library.open(library, create=True) as opened:
        report = opened.ingest(sources, tags=texts["name"][:20])
        assert report.documents == PER_PLACE
    kept = Conversations.open(library)
    id = ""
    with Retriever.open(library) as retriever:
        for number, question in enumerate(texts["question"]):
            conversation, turn = kept.begin(id, question, Scope())
            id = conversation.id
            # Asked so that there is an answer of payloads; shown as the question that it is.
            answer = retriever.ask(f"What does Zorblax number {number} cost?")
            kept.finish(id, turn, answer)
            kept.rate(id, turn, 1, question)
        for title in texts["question"][:40]:
            kept.begin("", title, Scope())
    kept.close()
    return library, id


@pytest.fixture(scope="module")
def address(hostile: tuple[Path, str]) -> Iterator[str]:
    with serving(hostile[0]) as served:
        yield served


def stir(page: Page) -> None:
    """Moves over, focuses and clicks what a payload might have made; nothing of it is there to be found."""
    page.evaluate("""() => {
        for (const element of document.querySelectorAll("#pc-desk .pc-turn *, #pc-view *, #pc-documents *")) {
            for (const kind of ["mouseover", "pointerover", "focusin"]) {
                element.dispatchEvent(new Event(kind, { bubbles: false }));
            }
        }
    }""")
    assert page.evaluate(SIGNS) == []
    assert page.evaluate("window.hacked") is None


def test_no_payload_runs_or_reaches_out(browser: Browser, hostile: tuple[Path, str], address: str) -> None:
    _library, conversation = hostile
    texts = payloads()
    with visiting(browser, f"{address}/?c={conversation}", expected=["status of 4"]) as page:
        # All questions, answers, sources, titles and names are on the page.
        expect(page.locator(".pc-turn")).to_have_count(PER_PLACE)
        expect(page.locator("#pc-documents li")).to_have_count(PER_PLACE)
        expect(page.locator("#pc-conversations li")).to_have_count(41)
        shown = page.locator("#pc-talk").inner_text()
        assert sum(" ".join(q.split()) in " ".join(shown.split()) for q in texts["question"]) > 0.9 * PER_PLACE
        stir(page)
        # Every document is opened and read, which shows its body and its table.
        names = page.evaluate("[...document.querySelectorAll('#pc-documents li')].map((row) => row.dataset.document)")
        assert len(names) == PER_PLACE
        read = page.evaluate(
            """async (names) => {
                let read = 0;
                for (const document of names) {
                    await pincite.openAddress(new URLSearchParams({ document, start: 0, end: 0 }).toString());
                    read += document && window.document.querySelector("#pc-view .pc-text > p") !== null;
                }
                return read;
            }""",
            names,
        )
        assert read == PER_PLACE
        stir(page)
        for chip in page.locator("#pc-past .pc-chip").all()[:5]:
            chip.hover()
            expect(page.locator(".pc-card .pc-excerpt, .pc-card .pc-quote").first).to_be_visible()
            stir(page)
        for summary in page.get_by_text("Why these passages").all()[:3]:
            summary.click()
        # A name of an upload, a tag, a title of a conversation, a filter, a search.
        for name in texts["name"][:10]:
            status(f"{address}/page/uploads?name={quote(name)}", b"Zorblax of uploads.", "PUT")
        page.evaluate("pincite.loadJobs()")
        expect(page.locator("#pc-jobs tr[data-job]")).not_to_have_count(0)
        page.get_by_label("Search conversations").fill(texts["question"][0])
        page.locator("#pc-all").click()
        page.get_by_label("Filter documents").fill(texts["name"][0])
        page.get_by_label("Filter documents").fill("")
        stir(page)
        # Asked as a reader asks, and by an address.
        ask(page, texts["question"][1])
        stir(page)
        page.goto(f"{address}/?q={quote(texts['question'][2])}&document={quote(texts['name'][3])}")
        ready(page)
        expect(page.locator("#pc-now .pc-turn[data-state=done]")).to_have_count(1)
        stir(page)
