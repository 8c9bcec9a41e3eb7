"""Documents in real Chromium: dropped in, read while asking goes on, asked alone, tagged, removed, seen page by page."""

import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from ingest import Library

from .chatting import FAR_QUESTION, QUESTION, ROOT, STICKING_OUT, ask, picture, post, ready, serving, status, visiting

DROP = """(files) => {
    const moved = new DataTransfer();
    for (const [name, text] of files) moved.items.add(new File([text], name));
    for (const kind of ["dragover", "drop"]) {
        document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: moved, bubbles: true, cancelable: true }));
    }
}"""
GARDEN = "# Garden\n\nThe Zorblax garden has seven plum trees and a pond with a green frog called Emil.\n"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, encoder_cache: object) -> Path:
    """A library of two short notes, one of them tagged, and one whose names are as long as they may be."""
    folder = tmp_path_factory.mktemp("notes")
    for name, text in (
        ("kettle.md", "# Kettle\n\nThe Zorblax kettle is blue and was bought by aunt Ottilie in 1907.\n"),
        ("lamp.md", "# Lamp\n\nThe Zorblax lamp is green and was made by Professor Quibble in 1911.\n"),
    ):
        (folder / name).write_text(text, "utf-8")
    long = folder / ("x" * 200 + ".md")
    stove = f"## {'Z' * 200}\n\nThe Zorblax stove of {'z' * 200} is hot.\n"
    oven = "## Colour of the oven\n\nThe colour of the Zorblax oven is green, for it was painted in 1912.\n"
    long.write_text(f"# {'Y' * 200}\n\n{stove}\n{oven}", "utf-8")
    with Library.open(folder / "library", create=True) as opened:
        opened.ingest(folder / "kettle.md", tags=("kitchen",))
        opened.ingest(folder / "lamp.md")
        opened.ingest(long, tags=("t" * 200,))
    return folder / "library"


@pytest.fixture(scope="module")
def notes(library: Path) -> Iterator[str]:
    with serving(library) as address:
        yield address


def test_dropped_files_are_read_while_asking_goes_on(browser: Browser, notes: str, library: Path) -> None:
    with visiting(browser, notes) as page:
        page.evaluate(DROP, [["garden.md", GARDEN], ["broken.pdf", "%PDF-1.7 nothing"]])
        jobs = page.locator("#pc-jobs")
        expect(jobs.locator("tr[data-job]")).to_have_count(2)
        ask(page, "What colour is the Zorblax kettle?")
        expect(page.locator("#pc-now .pc-chip").first).to_be_visible()
        page.locator("#pc-all").click()
        expect(jobs.locator("[data-state=ready]")).to_contain_text("garden.md", timeout=20_000)
        failed = jobs.locator("[data-state=failed]")
        expect(failed).to_contain_text(re.compile("broken.pdf.*failed.+"), timeout=20_000)
        expect(jobs.locator("tr[data-job]").first).to_contain_text("broken.pdf")
        expect(page.locator("#pc-documents li")).to_have_count(4)
        picture(page, "uploads")
        # What was read is asked at once, and its file is kept in the library.
        ask(page, "What is the frog in the Zorblax garden called?")
        expect(page.locator("#pc-now .pc-answer")).to_contain_text("Emil")
        assert (library / "uploads" / "garden.md").read_text("utf-8") == GARDEN
        # A second try with a better file under the name, and the list of what is done cleared.
        page.locator("#pc-all").click()
        expect(failed.get_by_role("button", name="Try again")).to_have_count(0)
        page.locator("#pc-files").set_input_files(
            {
                "name": "broken.pdf",
                "mimeType": "application/pdf",
                "buffer": printed("The Zorblax bridge is made of oak."),
            }
        )
        expect(jobs.locator("[data-state=ready]")).to_have_count(2, timeout=20_000)
        jobs.get_by_role("button", name="Clear").click()
        expect(jobs.locator("tr")).to_have_count(0)
        # Another file of the name is kept beside; the one that is there is said to be there.
        page.locator("#pc-files").set_input_files(
            {"name": "garden.md", "mimeType": "text/markdown", "buffer": GARDEN.replace("Emil", "Otto").encode()}
        )
        expect(jobs.locator("[data-state=ready]")).to_contain_text("garden (2).md", timeout=20_000)
        page.evaluate(DROP, [["garden.md", GARDEN]])
        expect(jobs.locator("tr[data-job]").first).to_contain_text("already in the library", timeout=20_000)
        picture(page, "uploads-again")
        # Who comes later does not see what came of it.
        page.reload()
        ready(page)
        expect(page.locator("#pc-documents li")).to_have_count(6)
        expect(jobs.locator("tr")).to_have_count(0)
        # Removed again, with its file.
        garden = page.locator("#pc-documents li").filter(has=page.get_by_text("garden.md", exact=True))
        garden.get_by_label("More").click()
        garden.get_by_role("button", name="Remove").click()
        garden.get_by_role("button", name="Really remove?").click()
        expect(garden).to_have_count(0, timeout=20_000)
        assert not (library / "uploads" / "garden.md").exists()


def test_an_older_version_of_a_file_is_replaced_at_a_press(browser: Browser, notes: str, library: Path) -> None:
    with visiting(browser, notes) as page:
        jobs = page.locator("#pc-jobs")
        for said in ("three rakes", "five rakes"):
            page.evaluate(DROP, [["shed.md", f"# Shed\n\nThe Zorblax shed holds {said}.\n"]])
            expect(jobs.locator("[data-state=ready]").first).to_contain_text("shed", timeout=20_000)
        expect(jobs).to_contain_text("shed.md stays, too", timeout=20_000)
        picture(page, "namesake")
        jobs.get_by_role("button", name="Replace shed.md").click()
        jobs.get_by_role("button", name="Really replace shed.md?").click()
        expect(jobs).to_contain_text("replaced", timeout=20_000)
        shed = page.locator("#pc-documents li").filter(has_text=re.compile("shed"))
        expect(shed).to_have_count(1)
        expect(shed).to_contain_text("shed.md")
        ask(page, "What does the Zorblax shed hold?")
        expect(page.locator("#pc-now .pc-answer")).to_contain_text("five rakes")
        assert (library / "uploads" / "shed.md").read_text("utf-8").endswith("five rakes.\n")
        page.locator("#pc-all").click()
        shed.get_by_label("More").click()
        shed.get_by_role("button", name="Remove").click()
        shed.get_by_role("button", name="Really remove?").click()
        expect(shed).to_have_count(0, timeout=20_000)


def test_what_is_empty_or_without_a_name_is_refused_in_words(browser: Browser, notes: str) -> None:
    with visiting(browser, notes) as page:
        page.evaluate(DROP, [["empty.md", ""]])
        expect(page.locator("#pc-jobs [data-state=failed]")).to_contain_text("empty.md", timeout=20_000)
        expect(page.locator("#pc-jobs .pc-jobs-head")).to_contain_text("1 of 1 failed")
    assert status(f"{notes}/page/uploads?name=..", b"x", "PUT") == 422


def test_a_question_is_put_to_chosen_documents_only(browser: Browser, notes: str) -> None:
    question = "What colour is the Zorblax kettle?"
    with visiting(browser, notes) as page:
        scope = page.locator("#pc-scope")
        expect(scope).to_have_text(re.compile(r"^Asks all \d documents$"))
        page.get_by_label("Ask only Lamp").check()
        expect(scope).to_have_text(re.compile(r"^Asks 1 of \d documents$"))
        ask(page, question)
        expect(page.locator("#pc-now .pc-row").filter(has_text="Kettle")).to_have_count(0)
        ask(page, FAR_QUESTION)
        declined = page.locator("#pc-now .pc-declined")
        expect(declined).to_contain_text("Not in the 1 document you asked")
        # It is the conversation's own, also after a reload.
        page.reload()
        expect(scope).to_have_text(re.compile(r"^Asks 1 of \d documents$"))
        expect(page.get_by_label("Ask only Lamp")).to_be_checked()
        picture(page, "scope")
        declined.get_by_role("button", name="Ask all documents").click()
        expect(declined).to_contain_text("Not in your documents")
        expect(page.locator(".pc-turn")).to_have_count(2)
        expect(scope).to_have_text(re.compile("^Asks all"))
        page.get_by_role("button", name="kitchen", exact=True).click()
        expect(scope).to_have_text("Asks documents tagged kitchen")
        ask(page, question)
        expect(page.locator("#pc-now .pc-row").first).to_contain_text("Kettle")
        page.locator("#pc-new").click()
        expect(scope).to_have_text(re.compile("^Asks all"))


def test_documents_are_filtered_tagged_and_read_again(browser: Browser, notes: str) -> None:
    with visiting(browser, notes) as page:
        page.get_by_label("Filter documents").fill("lamp xylophone")
        expect(page.get_by_text("No document has these words in its title, name or tags.")).to_be_visible()
        picture(page, "no-match")
        page.get_by_label("Filter documents").fill("lamp")
        expect(page.locator("#pc-none")).to_be_hidden()
        lamp = page.locator("#pc-documents li").filter(has_text="lamp.md")
        expect(lamp).to_be_visible()
        expect(page.locator("#pc-documents li").filter(has_text="kettle.md")).to_be_hidden()
        lamp.get_by_label("More").click()
        picture(page, "document-menu")
        lamp.get_by_role("button", name="Tags…").click()
        line = lamp.get_by_role("textbox")
        line.fill("evening, green things")
        line.press("Enter")
        expect(lamp.locator(".pc-doc-tag")).to_have_text(["evening", "green things"], timeout=20_000)
        lamp.get_by_label("More").click()
        lamp.get_by_role("button", name="Read again").click()
        expect(page.locator("#pc-jobs tr").filter(has_text="nothing new")).to_have_count(1, timeout=20_000)


def test_the_list_follows_what_a_command_does_to_the_library(browser: Browser, notes: str, library: Path) -> None:
    with visiting(browser, notes) as page, Library.open(library) as opened:
        held = len(opened.documents())
        count = page.locator("#pc-documents [data-count]")
        expect(count).to_have_attribute("data-count", str(held))
        page.wait_for_timeout(5000)  # not only where the page has just come
        (library.parent / "shed.md").write_text("# Shed\n\nThe Zorblax shed is full of rakes.\n", "utf-8")
        opened.ingest(library.parent / "shed.md")
        expect(count).to_have_attribute("data-count", str(held + 1))
        expect(page.locator("#pc-scope")).to_contain_text(f"all {held + 1} documents")
        opened.remove("shed.md")
        expect(count).to_have_attribute("data-count", str(held))


def test_the_shipped_articles_are_taken_out_at_a_press(browser: Browser, tmp_path: Path, encoder_cache: object) -> None:
    with Library.open(tmp_path / "library", create=True) as opened:
        for name in ("bcg.md", "ctla-4.md"):
            opened.ingest(ROOT / "corpus" / name)
    with serving(tmp_path / "library") as address, visiting(browser, address) as page:
        documents = page.locator("#pc-documents")
        expect(documents).not_to_contain_text("came with Pincite")
        offered = page.locator("#pc-welcome .pc-example")
        expect(offered).to_have_text(["How long does a BCG course last?"])
        pond = "\n## The pond\n\nThe pond of the Zorblax garden was dug in 1907 by four uncles, who kept eels in it.\n"
        page.evaluate(DROP, [["garden.md", GARDEN + pond]])
        expect(documents).to_contain_text("2 of them came with Pincite", timeout=20_000)
        page.get_by_role("button", name="Remove 2 articles").click()
        picture(page, "articles")
        page.get_by_role("button", name="Really remove 2 articles?").click()
        expect(page.locator("#pc-jobs")).to_contain_text("2 documents removed", timeout=20_000)
        expect(documents.locator("li")).to_have_count(1)
        expect(documents).to_contain_text("garden.md")
        expect(documents).to_be_focused()
        # The questions to begin with are those of the documents that there are now, also after a conversation.
        expect(offered).to_have_text(["The pond · Garden"])
        picture(page, "articles-gone")
        ask(page, "Who dug the pond of the Zorblax garden?")
        expect(offered).to_have_count(0)
        page.locator("#pc-new").click()
        expect(offered).to_have_text(["The pond · Garden"])


def test_long_names_push_nothing_away(browser: Browser, notes: str) -> None:
    too_wide = "[document.querySelector('#pc-log')].filter((log) => log.scrollWidth > log.clientWidth).length"
    with visiting(browser, notes, 390, 844) as page:
        expect(page.locator(".pc-example", has_text="YYY")).to_be_visible()
        assert (page.evaluate(STICKING_OUT), page.evaluate(too_wide)) == ([], 0)
        page.get_by_role("button", name="Documents", exact=True).click()
        page.locator(".pc-tag", has_text="ttt").click()
        expect(page.locator("#pc-scope")).to_contain_text("tagged ttt")
        picture(page, "long-names")
        page.locator(".pc-doc", has_text="xxx").click()
        expect(page.locator("#pc-view .pc-text")).to_be_in_viewport(ratio=0.2)
        picture(page, "long-source")
        page.locator("#pc-close").click()
        ask(page, "Why is the Zorblax stove hot, " + "w" * 200 + "?")
        page.get_by_text("Why these passages").click()
        expect(page.locator(".pc-suggestion", has_text="YYY").first).to_be_visible(timeout=20_000)
        assert (page.evaluate(STICKING_OUT), page.evaluate(too_wide)) == ([], 0)
        expect(page.locator("#pc-scope-all")).to_be_in_viewport(ratio=1)
        picture(page, "long-answer")


def test_a_quote_is_marked_on_the_page_of_a_pdf(page: Page, server: str) -> None:
    ask(page, QUESTION)
    cited = next(c for c in post(server, "/api/ask", question=QUESTION)["citations"] if c["document"].endswith(".pdf"))
    page.locator("#pc-now .pc-chip").get_by_text(str(cited["number"]), exact=True).first.click()
    page.get_by_role("button", name="Page", exact=True).click()
    image = page.locator(".pc-sheet img")
    expect(image).to_be_visible(timeout=20_000)
    page.wait_for_function("document.querySelector('.pc-sheet img').naturalWidth > 500")
    boxes = page.locator(".pc-box")
    expect(boxes.first).to_be_in_viewport()
    picture(page, "pdf-page")
    # Under each rectangle there is ink, and more of it than in a strip of the same size on the margin.
    ink = page.evaluate("""async () => {
        const image = document.querySelector(".pc-sheet img");
        await image.decode();
        const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
        const drawn = canvas.getContext("2d", { willReadFrequently: true });
        drawn.drawImage(image, 0, 0);
        return [...document.querySelectorAll(".pc-box")].map((box) => {
            const share = (name) => parseFloat(box.style[name]) / 100;
            const [x, y, w, h] = [share("left") * canvas.width, share("top") * canvas.height,
                share("width") * canvas.width, share("height") * canvas.height].map(Math.round);
            const { data } = drawn.getImageData(x, y, w, h);
            let dark = 0;
            for (let i = 0; i < data.length; i += 4) dark += data[i] < 128;
            return dark / (w * h);
        });
    }""")
    assert ink
    assert all(0.04 < share < 0.6 for share in ink), ink
    page.get_by_role("button", name="Next page").click()
    expect(page.locator(".pc-turn-page")).to_contain_text("Page 2 of")
    page.get_by_role("button", name="Text", exact=True).click()
    expect(page.locator("#pc-view mark").first).to_be_visible()


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_a_page_is_made_large_enough_to_read_around_the_quote(
    browser: Browser, server: str, width: int, height: int
) -> None:
    with visiting(browser, server, width, height) as page:
        ask(page, QUESTION)
        cited = next(
            c for c in post(server, "/api/ask", question=QUESTION)["citations"] if c["document"][-4:] == ".pdf"
        )
        page.locator("#pc-now .pc-chip").get_by_text(str(cited["number"]), exact=True).first.click()
        sheet, pane = page.locator(".pc-sheet"), page.locator(".pc-pane")
        page.get_by_role("button", name="Page", exact=True).click()
        expect(page.locator(".pc-box").first).to_be_in_viewport(ratio=1, timeout=20_000)
        small = sheet.bounding_box()
        page.get_by_role("button", name="Large page").click()
        large = sheet.bounding_box()
        assert small
        assert large
        assert large["width"] > 1.9 * small["width"]
        expect(page.locator(".pc-box").first).to_be_in_viewport()
        picture(page, f"pdf-page-large-{width}")
        assert page.locator("#pc-view").evaluate("(view) => view.scrollWidth - view.clientWidth") == 0
        # A press on it makes it small again, and another large around what was pressed.
        pane.click(position={"x": 40, "y": 200})
        expect(page.get_by_role("button", name="Page", exact=True)).to_have_attribute("aria-pressed", "true")
        pressed = pane.bounding_box()
        assert pressed
        page.mouse.click(pressed["x"] + pressed["width"] - 10, height - 100)
        expect(page.get_by_role("button", name="Large page")).to_have_attribute("aria-pressed", "true")
        assert pane.evaluate("(pane) => pane.scrollLeft > 0.9 * (pane.scrollWidth - pane.clientWidth)")
        # It stays large for the next source, until another view is chosen.
        page.get_by_role("button", name="Text", exact=True).click()
        expect(page.locator("#pc-view mark").first).to_be_visible()


def test_only_documents_of_the_library_have_pages(server: str) -> None:
    for document in ("/etc/passwd", "../../etc/passwd", "nothing.pdf", "ctla-4.md"):
        assert status(f"{server}/page/picture?document={document}&page=1") == 404
    assert status(f"{server}/page/picture?document=editions/pd-1-and-pd-l1.pdf&page=99") in (404, 422, 503)


def printed(text: str) -> bytes:
    """A PDF of one page with one line of text."""
    drawn = zlib.compress(f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode())
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d/Filter/FlateDecode>>stream\n%b\nendstream" % (len(drawn), drawn),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    made = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj%b endobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % len(made)
    return made + b"xref\n0 6\n0000000000 65535 f \n" + table + end


def test_the_list_of_files_stays_where_it_was_scrolled_to(browser: Browser, notes: str) -> None:
    with visiting(browser, notes) as page:
        # As if they were many.
        page.evaluate("document.styleSheets[0].insertRule('.pc-jobs { max-height: 2rem !important }')")
        page.evaluate(DROP, [["part.md", "# Part\n\nThe part is green."], ["none.md", "# None\n\nNone is green."]])
        jobs, ready = page.locator(".pc-jobs"), page.locator("#pc-jobs [data-state=ready]")
        expect(ready).to_have_count(2, timeout=30_000)
        jobs.focus()
        page.keyboard.press("End")
        page.wait_for_function("(jobs) => jobs.scrollTop > 20", arg=jobs.element_handle())
        page.evaluate(DROP, [["other.md", "# Other\n\nThe other is red."]])
        expect(ready).to_have_count(3, timeout=30_000)
        expect(jobs).to_be_focused()
        assert jobs.evaluate("(jobs) => jobs.scrollTop") > 20


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_the_way_to_other_pages_stays_in_sight(browser: Browser, server: str, width: int, height: int) -> None:
    with visiting(browser, f"{server}/?document=editions/pd-1-and-pd-l1.pdf", width, height) as page:
        page.get_by_role("button", name="Large page").click()
        onward, back = (page.get_by_role("button", name=name) for name in ("Next page", "Page before"))
        scrolled = "(view) => (view.scrollTop = view.scrollHeight, view.scrollTop)"
        assert page.locator("#pc-view").evaluate(scrolled) > 400
        for button in (onward, back):
            expect(button).to_be_in_viewport(ratio=1)
        picture(page, f"pdf-page-arrows-{width}")
        # Another page is read from its top, and can be followed by a next one.
        onward.focus()
        page.keyboard.press("Enter")
        expect(page.locator(".pc-turn-page")).to_have_text(re.compile("Page 2 of"))
        assert page.locator("#pc-view").evaluate("(view) => view.scrollTop") == 0
        expect(onward).to_be_focused()
        picture(page, f"pdf-page-second-{width}")
        while onward.is_enabled():
            page.keyboard.press("Enter")
            expect(page.locator(".pc-picture")).not_to_have_attribute("aria-busy", "true")
            page.wait_for_timeout(300)
        expect(back).to_be_focused()
        page.get_by_role("button", name="Text", exact=True).click()
        expect(back).to_be_hidden()
