"""Prints some articles of the corpus as PDF and HTML, so that pages and formats show in the shipped library.

make editions        (needs Chromium, as the browser tests do)
"""

import shutil
from pathlib import Path

from markdown_it import MarkdownIt
from mdit_py_plugins.front_matter import front_matter_plugin
from playwright.sync_api import sync_playwright

CORPUS = Path(__file__).parents[1] / "corpus"
EDITIONS = CORPUS / "editions"
AS_PDF = ("pd-1-and-pd-l1", "immune-related-adverse-events")
AS_HTML = ("car-t-cells",)

STYLE = """
body { font: 11pt/1.5 Georgia, "DejaVu Serif", serif; max-width: 42em; margin: auto; color: #111 }
h1, h2, h3 { line-height: 1.2; break-after: avoid } table { border-collapse: collapse; font-size: 10pt }
td, th { border: 1px solid #999; padding: .2em .5em; text-align: left }
"""


def page(article: str) -> str:
    """The HTML of one article, complete."""
    source = (CORPUS / f"{article}.md").read_text("utf-8")
    title = next(line for line in source.splitlines() if line.startswith("title:")).removeprefix("title:").strip(' "')
    body = MarkdownIt("commonmark").enable("table").use(front_matter_plugin).render(source)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head>\n<body>\n{body}</body></html>\n"
    )


def main() -> None:
    """Writes the editions below corpus/editions."""
    EDITIONS.mkdir(exist_ok=True)
    for article in AS_HTML:
        (EDITIONS / f"{article}.html").write_text(page(article), "utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        for article in AS_PDF:
            sheet = browser.new_page()
            sheet.set_content(page(article))
            sheet.pdf(
                path=EDITIONS / f"{article}.pdf",
                format="A4",
                margin={"top": "22mm", "bottom": "22mm", "left": "22mm", "right": "22mm"},
                display_header_footer=True,
                header_template="<span></span>",
                footer_template='<div style="font-size:8pt;width:100%;text-align:center" class="pageNumber"></div>',
            )
        browser.close()


if __name__ == "__main__":
    main()
