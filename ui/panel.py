"""The source panel as HTML: a span of a document in its paragraphs, or what became of a quote that is gone.

Pure functions of their arguments; every text is escaped, and every piece goes through `render.clean`.
"""

from bisect import bisect_right
from html import escape
from urllib.parse import urlencode

from ingest import Document, paragraphs

from .blocks import block
from .render import button, clean, place, trail
from .whereabouts import page_of


def source(
    document: Document, start: int, end: int, before: int, after: int, told: str = "", lost: str = "", link: str = ""
) -> str:
    """The source panel: the whole paragraphs that `start:end` touches, the quote marked, neighbours dimmed.

    `before` and `after` count the neighbouring paragraphs. An empty span marks and dims nothing: it is a document
    opened to be read from `start` on. `told` is a remark about a document that has changed, `lost` a quote that is not
    in it any more. `link` is the query of an address that opens this very place again.
    """
    spans = list(paragraphs(document.text))
    first = min(bisect_right(spans, start, key=lambda span: span[1]), max(0, len(spans) - 1))
    last = first
    while last + 1 < len(spans) and spans[last + 1][0] < end:
        last += 1
    low, high = max(0, first - before), min(len(spans), last + 1 + after)
    headings = {section.start for section in document.sections}
    body = ""
    for i, (opens, closes) in enumerate(spans[low:high], low):
        tag = "h3" if opens in headings else "p"
        near = "pc-near" if start < end and not first <= i <= last else ""
        # A heading that only says the title again is left out: the title stands above it.
        if tag == "p" or document.text[opens:closes] != document.title:
            body += block(
                document.text, opens, closes, lambda a, b: _marked(document.text, a, b, start, end), tag, near
            )
    name = document.title or document.id
    heading, page = document.heading_at(start), document.page_at(start)
    steps = escape(" · ".join(s for s in (trail(document.title, heading), page_of(document.id, page, "page")) if s))
    acts = button("pc-copy", f'data-copy-link="{escape(link)}"', "Copy link") if link else ""
    if start < end:
        quote = " ".join(document.text[start:end].split())
        cited = (
            f"“{quote}” - {place(name, heading, page_of(document.id, page))} ({document.id}, characters {start}-{end})"
        )
        acts += button("pc-copy", f'data-copy="{escape(cited)}"', "Copy citation")
    earlier = button("pc-more", 'data-more="earlier"', "Show what comes before") if low > 0 else ""
    later = button("pc-more", 'data-more="later"', "Show what follows") if high < len(spans) else ""
    # Only a PDF has pages that can be shown as they are printed.
    views = page_view = ""
    if page and document.id.lower().endswith(".pdf"):
        picture = escape(urlencode({"document": document.id, "page": page, "start": start, "end": end}))
        views = (
            '<div class="pc-views" role="group" aria-label="View">'
            + button("", 'data-view="text" aria-pressed="true"', "Text")
            + button("", 'data-view="page" aria-pressed="false"', "Page")
            + button("", 'data-view="large" aria-pressed="false"', "Large page")
            + "</div>"
        )
        page_view = f'<div class="pc-picture" data-picture="{picture}" hidden></div>'
    return clean(
        f'<header class="pc-source-head"><h2 class="pc-title" tabindex="-1">{escape(name)}</h2>'
        + (f'<p class="pc-where">{steps}</p>' if steps else "")
        + f'<p class="pc-file"><code>{escape(document.id)}</code><span>{acts}</span></p>{views}'
        # Where there is a quote to scroll to, what is said of it stays in sight.
        + ("" if lost else _changed(told, lost))
        + "</header>"
        + (_changed(told, lost) if lost else "")
        + page_view
        + f'<div class="pc-text">{earlier}{body}{later}</div>'
    )


def gone(name: str, title: str, quote: str) -> str:
    """The source panel for a citation of a document that is not in the library any more, under the title it had."""
    return clean(
        f'<header class="pc-source-head"><h2 class="pc-title" tabindex="-1">{escape(title or name)}</h2>'
        f'<p class="pc-file"><code>{escape(name)}</code></p></header>'
        + _changed("This document is not in the library any more.", quote)
    )


def _changed(told: str, lost: str) -> str:
    """What has changed since a citation was made, with the words as they were then."""
    quote = f"<p>The quote was:</p><blockquote>{escape(lost)}</blockquote>" if lost else ""
    return f'<div class="pc-changed" role="status"><p>{escape(told)}</p>{quote}</div>' if told else ""


def _marked(text: str, low: int, high: int, start: int, end: int) -> str:
    """`text[low:high]` with the part of `start:end` that lies in it marked."""
    a, b = max(low, start), min(high, end)
    if a >= b:
        return escape(text[low:high])
    return f"{escape(text[low:a])}<mark>{escape(text[a:b])}</mark>{escape(text[b:high])}"
