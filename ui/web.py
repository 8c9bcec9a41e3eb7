"""The web chat: a Gradio page mounted at "/", and its source panel at `/page/*`.

Gradio carries the conversation: the question box, the queue, streaming and stopping. What is shown comes from
`render` as finished HTML. The source panel needs no session: a citation names its span, `/page/source`
renders it, and `assets/pincite.js` puts it on the page; so a citation of an old turn opens as well as one of
the last.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import anyio
from fastapi import FastAPI, Query, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse

from ingest import MAX_QUESTION_CHARS, PinciteError
from retriever import Answer, Retriever, Turn

from . import render
from .guard import MAX_BODY_BYTES
from .service import AT_ONCE

_ASSETS = Path(__file__).parent / "assets"
# Questions to the shipped articles. Another library is offered those of them that it answers.
_EXAMPLES = (
    "How does blocking PD-1 help T cells attack a tumour?",
    "What is given for severe cytokine release syndrome?",
    "Why can interferon treatment not be used for longer or at higher doses?",
    "Can allergen immunotherapy cause anaphylaxis?",
)
# An extractive answer is there at once; it appears sentence by sentence so that the eye can follow, and
# however long it is, within about a second.
_STEP_SECONDS = 0.08
_SHOWN_WITHIN_SECONDS = 1.0
# Paragraphs around a quote that the panel shows at first, and the most that it may be asked for.
_AROUND = 3
_MOST_AROUND = 400
# Paragraphs of a document that is opened without a quote.
_FIRST_PARAGRAPHS = 40

_HEAD = """
<link rel="stylesheet" href="/page/pincite.css">
<script src="/page/pincite.js"></script>
<meta name="color-scheme" content="light dark">
"""
_MASTHEAD = """
<header class="pc-masthead"><h1>Pincite</h1><p>Answers from your documents, with the exact source</p>
<nav aria-label="Pages"><button type="button" id="pc-show-documents">Documents</button>
<a href="/api/docs">API</a></nav>
</header>
"""
_WELCOME = """
<h2>Ask your documents</h2>
<p>Every sentence of an answer leads to the words it comes from. If your documents do not hold an answer,
Pincite says so.</p>
"""
_PANEL = """
<section class="pc-panel" aria-label="Source">
<div class="pc-bar">
<button type="button" id="pc-all">All documents</button>
<span id="pc-place"></span>
<button type="button" id="pc-previous" aria-label="Previous source" title="Previous source  [">‹</button>
<button type="button" id="pc-next" aria-label="Next source" title="Next source  ]">›</button>
<button type="button" id="pc-close" aria-label="Close the source">×</button>
</div>
<div id="pc-view" tabindex="0" role="region" aria-label="Text of the source"></div>
</section>
"""
_HINT = (
    "<p><kbd>/</kbd> ask <kbd>[</kbd> <kbd>]</kbd> walk through the sources <kbd>Esc</kbd> close or stop</p>"
    '<p class="pc-hidden" id="pc-said" role="status"></p>'
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A finished turn of one reader's conversation: what was asked, what was said, and how it looks.

    `answer` is empty where the turn failed; such a turn is shown, but is not part of the history.
    """

    question: str
    answer: str
    html: str


@dataclass(frozen=True, slots=True)
class Talk:
    """One reader's conversation. `asking` is the question that is being answered now, or empty."""

    exchanges: tuple[Exchange, ...] = ()
    asking: str = ""

    def history(self) -> list[Turn]:
        """The conversation as the retriever takes it."""
        done = [e for e in self.exchanges if e.answer]
        return [t for e in done for t in (Turn("user", e.question), Turn("assistant", e.answer))]

    def shown(self) -> str:
        """Every finished turn as HTML."""
        return "".join(e.html for e in self.exchanges)

    def ended(self, answer: str, html: str) -> "Talk":
        """The conversation once the question in hand has got `answer`, shown as `html`."""
        return Talk((*self.exchanges, Exchange(self.asking, answer, html)))


def mount_chat(app: FastAPI, retriever: Retriever) -> FastAPI:
    """`app` with the web chat at "/" and the parts of its page at `/page`."""
    _mount_page_parts(app, retriever)
    # Read when Gradio is imported: nothing is sent to anyone, nothing is asked of a model hub.
    for name in ("GRADIO_ANALYTICS_ENABLED", "GRADIO_RUN_HISTORY"):
        os.environ[name] = "False"
    for name in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK"):
        os.environ[name] = "1"
    import gradio as gr

    mounted: FastAPI = gr.mount_gradio_app(
        app,
        _page(retriever),
        path="/",
        theme=gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
        head=_HEAD,
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        show_error=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        favicon_path=str(_ASSETS / "pincite.png"),
        max_file_size=MAX_BODY_BYTES,
    )
    return mounted


def _mount_page_parts(app: FastAPI, retriever: Retriever) -> None:
    """The stylesheet, the script, and the two views of the source panel."""
    for name in ("pincite.css", "pincite.js"):
        app.get(f"/page/{name}", include_in_schema=False)(_file(_ASSETS / name))

    @app.post("/gradio_api/upload", include_in_schema=False)
    def no_upload() -> Response:
        # Gradio's own would keep files of anyone's in a temporary folder, which the page has no use for.
        return JSONResponse({"error": "The chat takes no files: add them with pincite ingest."}, 403)

    @app.get("/page/library", include_in_schema=False)
    def library() -> Response:
        return HTMLResponse(render.library(retriever.documents()))

    @app.get("/page/source", include_in_schema=False)
    def source(
        document: str,
        start: Annotated[int, Query(ge=0)],
        end: Annotated[int, Query(ge=0)],
        before: Annotated[int, Query(ge=0, le=_MOST_AROUND)] = _AROUND,
        after: Annotated[int, Query(ge=0, le=_MOST_AROUND)] = _AROUND,
    ) -> Response:
        shown = retriever.document(document)
        if not start <= end <= len(shown.text):
            changed = f"{document} has changed: it has no characters {start} to {end} any more."
            return JSONResponse({"error": changed}, 409)
        if start == end:
            before, after = 0, after + _FIRST_PARAGRAPHS
        return HTMLResponse(render.source(shown, start, end, before, after))


def _file(path: Path) -> Any:
    def send() -> Response:
        # Asked for anew each time, sent only if changed: an upgrade shows at once.
        return FileResponse(path, headers={"cache-control": "no-cache"})

    return send


def _page(retriever: Retriever) -> Any:
    """The Gradio page. Its events are private: programs use the API, which has no queue."""
    import gradio as gr

    limiter = anyio.CapacityLimiter(AT_ONCE)

    def box(asking: bool, value: str | None = None) -> Any:
        change: dict[str, Any] = {"submit_btn": not asking, "stop_btn": asking}
        return gr.update(**change) if value is None else gr.update(value=value, **change)

    async def converse(question: str, talk: Talk) -> AsyncIterator[tuple[Any, ...]]:
        question = question.strip()
        if not question or talk.asking:
            yield gr.skip(), gr.skip(), gr.skip(), gr.skip(), gr.skip()
            return
        number = len(talk.exchanges) + 1
        talk = Talk(talk.exchanges, question)
        yield box(True, ""), talk.shown(), render.searching(question, number), talk, gr.update(visible=False)
        try:
            if len(question) > MAX_QUESTION_CHARS:
                raise PinciteError(f"The question is longer than {MAX_QUESTION_CHARS:,} characters: ask a shorter one.")
            answer = await anyio.to_thread.run_sync(retriever.ask, question, talk.history(), limiter=limiter)
        except PinciteError as exc:
            html = render.failure(question, str(exc), number)
            yield box(False, question), gr.skip(), html, talk.ended("", html), gr.skip()
            return
        talk = talk.ended(answer.text, render.turn(answer, number))
        async for text in _appearing(answer):
            yield gr.skip(), gr.skip(), render.answering(answer, number, text), talk, gr.skip()
        yield box(False), gr.skip(), talk.exchanges[-1].html, talk, gr.skip()

    def stop(talk: Talk) -> tuple[Any, ...]:
        """What stays when the reader stops: the whole answer if it was found, else a word that it was not."""
        if talk.asking:
            talk = talk.ended("", render.stopped(talk.asking, len(talk.exchanges) + 1))
        return box(False), talk.exchanges[-1].html if talk.exchanges else "", talk

    def broken(talk: Talk) -> tuple[Any, ...]:
        """What is shown when something failed that nobody foresaw; the log has the rest.

        Gradio calls this after a stop as well: then nothing is being asked any more, and nothing changes.
        """
        if not talk.asking:
            return gr.skip(), gr.skip(), gr.skip()
        number = len(talk.exchanges) + 1
        html = render.failure(talk.asking, "Pincite failed inside; its log says where. Ask again.", number)
        return box(False, talk.asking), html, talk.ended("", html)

    # Asked for real, which also loads the model before the first reader waits for it.
    offered = [example for example in _EXAMPLES if retriever.ask(example).answered]
    with gr.Blocks(title="Pincite", analytics_enabled=False, fill_width=True) as page:
        talk = gr.State(Talk())
        gr.HTML(_MASTHEAD, elem_id="pc-masthead", apply_default_css=False)
        with gr.Row(elem_id="pc-desk"):
            with gr.Column(elem_id="pc-talk"):
                with gr.Column(elem_id="pc-log"):
                    with gr.Column(elem_id="pc-welcome") as welcome:
                        gr.HTML(_WELCOME, apply_default_css=False)
                        with gr.Row(elem_id="pc-examples"):
                            examples = [gr.Button(example, variant="secondary") for example in offered]
                    past = gr.HTML(elem_id="pc-past", apply_default_css=False)
                    now = gr.HTML(elem_id="pc-now", apply_default_css=False)
                with gr.Column(elem_id="pc-dock"):
                    question = gr.Textbox(
                        label="Your question",
                        show_label=False,
                        placeholder="Ask your documents…",
                        elem_id="pc-question",
                        lines=1,
                        max_lines=8,
                        max_length=MAX_QUESTION_CHARS,
                        submit_btn=True,
                        stop_btn=False,
                    )
                    gr.HTML(_HINT, elem_id="pc-hint", apply_default_css=False)
            gr.HTML(_PANEL, elem_id="pc-panel", apply_default_css=False)

        shown = [question, past, now, talk, welcome]
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        # "multiple": until Gradio has closed what was stopped, it would let the next question fall.
        asking: dict[str, Any] = {"concurrency_limit": AT_ONCE, "trigger_mode": "multiple", **quiet}
        begun: list[Any] = [question.submit(converse, [question, talk], shown, **asking)]
        for example in examples:
            begun.append(example.click(converse, [example, talk], shown, **asking))
        # One after the other, so that `broken` sees what `stop` has done.
        ending: dict[str, Any] = {"concurrency_id": "ending", "concurrency_limit": 1, **quiet}
        question.stop(stop, [talk], [question, now, talk], cancels=begun, **ending)
        for event in begun:
            event.failure(broken, [talk], [question, now, talk], **ending)
    page.queue(max_size=64)
    return page


async def _appearing(answer: Answer) -> AsyncIterator[str]:
    """The answer's text, a piece longer each time."""
    if not answer.answered:
        return
    parts = render.pieces(answer.text)
    step = min(_STEP_SECONDS, _SHOWN_WITHIN_SECONDS / len(parts))
    text = ""
    for part in parts[:-1]:
        text += part
        yield text
        await asyncio.sleep(step)
