"""The web chat: a Gradio page mounted at "/", and the parts of it at `/page/*` (`parts.py`).

Gradio carries the asking: the question box, the queue, streaming and stopping. What is shown comes from `render` as
finished HTML. No session holds a conversation: it stands in the library (`conversations.py`), the page's address names
it, and every event brings along (as `wish`, JSON made by `assets/asking.js`) which one it is about. So a conversation
outlives a reload and a restart, and a citation of an old turn opens as well as one of the last.
"""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any, Self

import anyio
from fastapi import Response
from fastapi.responses import JSONResponse
from starlette.routing import Match, Mount
from starlette.types import Scope as Asgi

from ingest import MAX_QUESTION_CHARS, PinciteError, UnknownDocumentError
from retriever import Answer, Retriever

from . import lists, parts, render
from .answering import BROKEN, Answering, InHand
from .api import Server
from .conversations import STOPPED, Conversation, Conversations, KeptTurn, Scope
from .guard import MAX_BODY_BYTES
from .service import Asked, Service
from .suggestions import FirstQuestions
from .uploads import Uploads

# An extractive answer is there at once; it appears sentence by sentence so that the eye can follow, and
# however long it is, within about a second.
_STEP_SECONDS = 0.08
_SHOWN_WITHIN_SECONDS = 1.0
# How often the queue is looked at: no one waits noticeably for it, and an idle server is idle.
_QUEUE_SECONDS = 0.01

_HEAD = """
<link rel="stylesheet" href="/page/pincite.css">
<script type="module" src="/page/pincite.js"></script>
<meta name="color-scheme" content="light dark">
"""
# The timer of Gradio's loading sign asks for 60 frames a second for ever, also when the sign has gone, which takes some
# per cent of a core. Nothing here moves for longer than seconds: what asks frame after frame gets one a second then.
_FRAMES = """
<script>
(() => {
    const frame = window.requestAnimationFrame.bind(window);
    let since = 0;
    window.requestAnimationFrame = (callback) => {
        const began = since || performance.now();
        const run = (at) => {
            since = began;
            try { callback(at); } finally { since = 0; }
        };
        if (performance.now() - began < 3000) return frame(run);
        setTimeout(() => frame(run), 1000);
        return 0;
    };
})();
</script>
"""
# What the page says of itself to those who show links, and what Gradio has there.
_LINKED = """
<meta property="og:title" content="Pincite">
<meta property="og:description" content="Answers from your documents, with the exact source">
"""
_OF_GRADIO = re.compile(r'<meta\s+(?:property|name)="(?:og|twitter):[^>]*>')
# Where a path begins that is never Gradio's: what is not there is told by Pincite.
_OWN = frozenset({"api", "v1", "mcp", "metrics", "page", "login", "logout"})
# Gradio puts the script on the page when the page is made, so that the page may be there first.
_ADDRESS = """async () => {
    while (!window.pincite) await new Promise((done) => setTimeout(done, 20));
    await pincite.apart();
    return [pincite.address()];
}"""
_MASTHEAD = """
<header class="pc-masthead">
<button type="button" id="pc-show-side" aria-expanded="false" aria-controls="pc-side">Conversations</button>
<h1>Pincite</h1><p>Answers from your documents, with the exact source</p>
<nav aria-label="Pages"><button type="button" id="pc-show-documents">Documents</button>
<details class="pc-menu" id="pc-export" hidden><summary>Export</summary><div>
<a data-export="markdown">Markdown</a><a data-export="json">JSON</a>
<a data-export="bibtex">References, BibTeX</a><a data-export="csl">References, CSL-JSON</a>
</div></details>
<a href="/api/docs">API</a></nav>
</header>
"""
_SIDE = """
<nav class="pc-side" aria-label="Conversations">
<button type="button" id="pc-new">New conversation</button>
<input type="search" id="pc-find" placeholder="Search conversations" aria-label="Search conversations" maxlength="200">
<div id="pc-conversations"></div>
{foot}</nav>
"""
_LOG_OUT = '<form class="pc-side-foot" method="post" action="/logout"><button class="pc-link">Log out</button></form>'
_WELCOME = """
<h2>Ask your documents</h2>
<p>Every sentence of an answer leads to the words it comes from. If your documents do not hold an answer,
Pincite says so.</p>
<div id="pc-examples"></div>
"""
_PANEL = """
<section class="pc-panel" aria-label="Sources">
<div class="pc-bar">
<button type="button" id="pc-all">All documents</button>
<span id="pc-place"></span>
<button type="button" id="pc-previous" aria-label="Previous source" title="Previous source  [">‹</button>
<button type="button" id="pc-next" aria-label="Next source" title="Next source  ]">›</button>
<button type="button" id="pc-close" aria-label="Close the source">×</button>
</div>
<div id="pc-shelf">
<div class="pc-shelf-head"><h2 class="pc-title">Your documents</h2>
<label class="pc-add">Add files<input type="file" id="pc-files" class="pc-hidden" multiple></label></div>
<div id="pc-jobs" role="region" aria-label="Files on their way" aria-live="polite"></div>
<input type="search" id="pc-filter" placeholder="Filter by name or tag" aria-label="Filter documents">
<p class="pc-where" id="pc-none" role="status" hidden>No document has these words in its title, name or tags.</p>
<div id="pc-documents" tabindex="0" role="region" aria-label="Documents"></div>
</div>
<div id="pc-view" tabindex="0" role="region" aria-label="Text of the source" hidden></div>
</section>
"""
# Above the question: what is wrong with it as it is typed, or with the address that led here.
_SCOPE = (
    f'<p id="pc-told" role="status" data-most-chars="{MAX_QUESTION_CHARS}"></p>'
    '<p class="pc-scope"><button type="button" id="pc-scope" title="Choose documents">Asks all documents</button>'
    '<button type="button" id="pc-scope-all" hidden>Ask all</button></p>'
)
_HINT = (
    '<p><span class="pc-outside"><kbd>/</kbd></span><span class="pc-inside"><kbd>Enter</kbd></span> ask '
    '<span class="pc-outside"><kbd>[</kbd> <kbd>]</kbd> walk through the sources</span> '
    '<kbd>Esc</kbd> close or stop<span class="pc-inside">, then leave the box</span></p>'
    '<p class="pc-hidden" id="pc-said" role="status"></p>'
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What an event of the page is about, as the page says it.

    `number` is the turn that is being answered, `instead_of` one whose place a new question takes; 0 means none.
    `search_for` is to be searched for as it stands, in place of what the question means in its conversation.
    """

    conversation: str = ""
    question: str = ""
    search_for: str = ""
    number: int = 0
    instead_of: int = 0
    scope: Scope = field(default_factory=Scope)
    typed: bool = False

    @classmethod
    def read(cls, text: str | None) -> Self:
        """The wish that JSON from the page holds; what makes no sense in it is left out."""
        try:
            given = json.loads(text or "{}")
        except ValueError:
            given = {}
        given = given if isinstance(given, dict) else {}

        def number(name: str) -> int:
            value = given.get(name)
            return value if isinstance(value, int) and 0 < value < 1_000_000 else 0

        return cls(
            str(given.get("conversation") or "")[:40],
            str(given.get("question") or ""),
            str(given.get("search_for") or "").strip(),
            number("number"),
            number("instead_of"),
            Scope.of(given.get("scope")),
            bool(given.get("typed")),
        )


def mount_chat(app: Server, conversations: Conversations, uploads: Uploads) -> Server:
    """`app` with the web chat at "/" and the parts of its page at `/page`; what is passed the caller closes."""

    @app.post("/gradio_api/upload", include_in_schema=False)
    def no_upload() -> Response:
        # Gradio's own would keep files of anyone's in a temporary folder, which the page has no use for.
        return JSONResponse({"error": "Files are added by PUT /page/uploads, or with pincite ingest."}, 403)

    offered = FirstQuestions(app.service.retriever)
    offered.now()  # which also loads the model before the first reader waits for it
    parts.add_parts(app, app.service.retriever, conversations, uploads, offered)
    app.body_limits |= parts.BODY_LIMITS
    # Read when Gradio is imported: nothing is sent to anyone, nothing is asked of a model hub.
    for name in ("GRADIO_ANALYTICS_ENABLED", "GRADIO_RUN_HISTORY"):
        os.environ[name] = "False"
    for name in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK"):
        os.environ[name] = "1"
    import gradio as gr
    from gradio.routes import templates
    from jinja2 import ChoiceLoader, DictLoader

    template, shipped = "frontend/index.html", templates.env.loader
    assert shipped is not None
    own = _OF_GRADIO.sub("", shipped.get_source(templates.env, template)[0]).replace(
        "<head>", f"<head>{_FRAMES}{_LINKED}", 1
    )
    templates.env.loader = ChoiceLoader([DictLoader({template: own}), shipped])
    gr.mount_gradio_app(
        app,
        _page(app.service, conversations, _LOG_OUT if app.access.token else ""),
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
        favicon_path=str(parts.ASSETS / "pincite.png"),
        max_file_size=MAX_BODY_BYTES,
    )
    routes = app.router.routes
    routes[-1] = _Rest("/", routes[-1].app)  # type: ignore[attr-defined]  # a Mount
    return app


class _Rest(Mount):
    """Gradio's place: what is left of the paths, of which it would else take every one."""

    def matches(self, scope: Asgi) -> tuple[Match, Asgi]:
        """Whether the request is Gradio's."""
        if scope["path"].removeprefix("/").split("/")[0] in _OWN:  # "*" has no slash
            return Match.NONE, {}
        return super().matches(scope)


def _page(service: Service, conversations: Conversations, foot: str) -> Any:
    """The Gradio page, with `foot` below the conversations. Its events are private: programs use the API."""
    import gradio as gr

    retriever, answering = service.retriever, Answering(service, conversations)
    worded = bool(retriever.library.settings.llm_base_url)

    def box(asking: bool, value: str | None = None) -> Any:
        change: dict[str, Any] = {"submit_btn": not asking, "stop_btn": asking}
        return gr.update(**change) if value is None else gr.update(value=value, **change)

    async def converse(question: str, wish: str, request: gr.Request) -> AsyncIterator[tuple[Any, ...]]:
        asked, question = Wish.read(wish), question.strip()
        if not question:
            yield gr.skip(), gr.skip(), gr.skip(), gr.skip()
            return
        if len(question) > MAX_QUESTION_CHARS:
            told = f"The question is longer than {MAX_QUESTION_CHARS:,} characters: ask a shorter one."
            yield box(False), gr.skip(), render.failure(question[:200] + "…", told, render.TurnId(0)), gr.skip()
            return
        session = str(request.session_hash)
        look = answering.look(session)
        try:
            scope = asked.scope.now(retriever.library)
            conversation, number = await anyio.to_thread.run_sync(
                conversations.begin,
                asked.conversation,
                question,
                scope,
                asked.instead_of,
                asked.search_for,
            )
        except PinciteError as exc:
            yield box(False), gr.skip(), render.failure(question, str(exc), render.TurnId(0)), gr.skip()
            return
        at = render.TurnId(number, conversation.id)
        try:
            within = _present(scope, retriever)
        except PinciteError as exc:
            kept = conversations.finish(conversation.id, number, str(exc))
            yield box(False), _past(conversation, number), _shown(kept, conversation.id), gr.update(visible=False)
            return
        # What is to be searched for as it stands is not understood from what was said before.
        history = () if asked.search_for else conversation.history(number)
        put = Asked(asked.search_for or question, history, within.documents, within.tags)
        turn = answering.begin(conversation.id, number, question, put)
        if answering.looks(session, look):
            cleared = "" if asked.typed else None
            searching = render.searching(question, at)
            yield box(True, cleared), _past(conversation, number), searching, gr.update(visible=False)
        async for now, ends in following(turn, at, session, look, by_and_by=not worded):
            yield box(False) if ends else gr.skip(), gr.skip(), now, gr.skip()

    async def following(
        turn: InHand, at: render.TurnId, session: str, look: object, by_and_by: bool = False
    ) -> AsyncIterator[tuple[str, bool]]:
        """A turn in hand as HTML whenever there is more of it, and whether it is done; as long as the page looks."""
        async for said in turn.follow():
            if not answering.looks(session, look):
                return
            if by_and_by and turn.answer:
                break  # its first words need not wait until it is kept
            if said:  # by a language model, which takes its time
                yield render.answering(turn.question, at, said.text, said.citations), False
        if by_and_by and turn.answer:
            async for text in _appearing(turn.answer):
                if not answering.looks(session, look):
                    return
                yield render.answering(turn.question, at, text, turn.answer.citations), False
        await asyncio.wait([turn.task])
        if not answering.looks(session, look):
            return
        if not turn.task.cancelled():
            turn.task.result()  # raises what nobody foresaw
        conversation = await anyio.to_thread.run_sync(conversations.get, at.conversation)
        kept = conversation.turn(at.number) if conversation else None
        answering.away(session, look)
        yield _shown(kept, at.conversation), True

    async def ended(wish: str, why: str) -> tuple[Any, ...]:
        """What is shown when an answer is not awaited any more: the whole of it if it was found, else `why`."""
        asked = Wish.read(wish)
        if not asked.number:  # Gradio tells of a stop as of a failure: then nothing is being asked any more
            return box(False), gr.skip()
        await answering.stop(asked.conversation, asked.number)
        kept = conversations.finish(asked.conversation, asked.number, why)
        return box(False), _shown(kept, asked.conversation)

    async def stop(wish: str) -> tuple[Any, ...]:
        return await ended(wish, STOPPED)

    async def broken(wish: str) -> tuple[Any, ...]:
        return await ended(wish, BROKEN)

    async def opened(wish: str, request: gr.Request) -> AsyncIterator[tuple[Any, ...]]:
        """The conversation that the page's address names, or a new one: its turns, and whether to greet."""
        session = str(request.session_hash)
        look = answering.look(session)
        id = Wish.read(wish).conversation
        in_hand = answering.of(id)  # before the conversation is read: what is done by then is not in hand any more
        conversation = await anyio.to_thread.run_sync(conversations.get, id) if id else None
        if not answering.looks(session, look):
            return
        if conversation is None:
            told = render.notice("There is no such conversation any more.") if id else ""
            yield box(False), _past(None, 0), told, gr.update(visible=True)
            return
        conversation = replace(conversation, scope=conversation.scope.now(retriever.library))
        last = conversation.turns[-1] if conversation.turns else None
        at = render.TurnId(last.number if last else 0, conversation.id)
        past, turn = _past(conversation, at.number), in_hand.get(at.number)
        if turn is None:
            shown = _shown(last, conversation.id) if last else ""
            yield box(False), past, shown, gr.update(visible=last is None)
            return
        yield box(True), past, render.searching(turn.question, at), gr.update(visible=False)
        async for now, ends in following(turn, at, session, look):
            yield box(False) if ends else gr.skip(), gr.skip(), now, gr.skip()

    with gr.Blocks(title="Pincite", analytics_enabled=False, fill_width=True) as page:
        gr.HTML(_MASTHEAD, elem_id="pc-masthead", apply_default_css=False)
        with gr.Row(elem_id="pc-desk"):
            gr.HTML(_SIDE.format(foot=foot), elem_id="pc-side", apply_default_css=False)
            with gr.Column(elem_id="pc-talk"):
                with gr.Column(elem_id="pc-log"):
                    with gr.Column(elem_id="pc-welcome") as welcome:
                        gr.HTML(_WELCOME, apply_default_css=False)
                    past = gr.HTML(elem_id="pc-past", apply_default_css=False)
                    now = gr.HTML(elem_id="pc-now", apply_default_css=False)
                with gr.Column(elem_id="pc-dock"):
                    gr.HTML(_SCOPE, apply_default_css=False)
                    question = gr.Textbox(
                        label="Your question",
                        show_label=False,
                        placeholder="Ask your documents…",
                        elem_id="pc-question",
                        lines=1,
                        max_lines=8,
                        submit_btn=True,
                        stop_btn=False,
                    )
                    gr.HTML(_HINT, elem_id="pc-hint", apply_default_css=False)
            gr.HTML(_PANEL, elem_id="pc-panel", apply_default_css=False)
        # What the scripts press and fill in: Gradio has no other way to start an event from a script.
        with gr.Row(elem_id="pc-levers"):
            asking_lever = gr.Button("ask", elem_id="pc-ask")
            opening_lever = gr.Button("open", elem_id="pc-open")
        asked, wish = gr.Textbox(visible=False), gr.Textbox(visible=False)

        shown = [question, past, now, welcome]
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        # "multiple": until Gradio has closed what was stopped, it would let the next question fall. No limit: these
        # events only look on, and the service limits what is worked on.
        asking: dict[str, Any] = {"concurrency_limit": None, "trigger_mode": "multiple", **quiet}
        begun: list[Any] = [
            question.submit(converse, [question, wish], shown, js="(text) => pincite.typed(text)", **asking),
            asking_lever.click(converse, [asked, wish], shown, js="() => pincite.wanted()", **asking),
        ]
        # One after the other, so that `broken` sees what `stop` has done.
        ending: dict[str, Any] = {"concurrency_id": "ending", "concurrency_limit": 1, **quiet}
        in_hand = "() => [pincite.inHand()]"
        question.stop(stop, [wish], [question, now], js=in_hand, cancels=begun, **ending)
        for event in begun:
            event.failure(broken, [wish], [question, now], js=in_hand, **ending)
        opening: dict[str, Any] = {"js": _ADDRESS, **asking}
        page.load(opened, [wish], shown, **opening)
        opening_lever.click(opened, [wish], shown, **opening)
    page.queue(max_size=64)
    # Gradio looks every millisecond for an event and every ten for progress, which no event here tells.
    page._queue.sleep_when_free, page._queue.progress_update_sleep_when_free = _QUEUE_SECONDS, 1.0
    return page


def _present(asked: Scope, retriever: Retriever) -> Scope:
    """What of a scope there still is in the library; UnknownDocumentError if nothing is."""
    if asked == Scope():
        return asked
    infos = retriever.documents()
    names, tags = {d.document for d in infos}, {tag for d in infos for tag in d.tags}
    present = Scope(tuple(d for d in asked.documents if d in names), tuple(t for t in asked.tags if t in tags))
    if present == Scope():
        raise UnknownDocumentError(
            "None of the chosen documents is in the library any more: choose others, or ask all."
        )
    return present


def _past(conversation: Conversation | None, before: int) -> str:
    """Every turn before that number, behind a mark of what conversation it is."""
    turns = [t for t in conversation.turns if t.number < before] if conversation else []
    mark = lists.mark(conversation)
    return mark + "".join(_shown(turn, conversation.id) for turn in turns if conversation)


def _shown(turn: KeptTurn | None, conversation: str) -> str:
    """A kept turn as HTML."""
    if turn is None:
        return render.notice("The conversation was deleted.")
    at = render.TurnId(turn.number, conversation, turn.search_for)
    if turn.answer is not None:
        return render.turn(turn.answer, at, turn.rating, turn.note, lists.within(turn.scope))
    if turn.failure == STOPPED:
        return render.stopped(turn.question, at)
    return render.failure(turn.question, turn.failure or "The answer was cut off: ask again.", at)


async def _appearing(answer: Answer) -> AsyncIterator[str]:
    """The answer's text, a piece longer each time; nothing where there is no answer."""
    if not answer.answered:
        return
    parts = render.pieces(answer.text)
    step = min(_STEP_SECONDS, _SHOWN_WITHIN_SECONDS / len(parts))
    text = ""
    for part in parts[:-1]:
        text += part
        yield text
        await asyncio.sleep(step)
