"""The HTTP face for programs: `/api/*`, and beside it `/v1/*` (OpenAI's form), `/mcp` and `/metrics`.

Every failure that a caller can act on is one sentence: {"error": sentence}; under `/v1` in the OpenAI shape, under
`/mcp` as a tool's error. The status tells the kind: 401 no token, 403 another site or name, 404 no such document
or route, 405 a route that wants another method, 408 a body that does not arrive, 413 one too large, 422 a request that
does not make sense, 429 too many of them, 503 a library that cannot answer now, 504 an answer that takes too long.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import escape
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from ingest import BusyError, PinciteError, QuestionError, TooSlowError, UnknownDocumentError
from retriever import Answer, Found, Retriever

from . import render
from .events import are_wanted, event, stream
from .forms import (
    HITS,
    AnswerShape,
    AskForm,
    DocumentShape,
    ErrorShape,
    FoundShape,
    HealthShape,
    SearchForm,
    listed_by,
    sentence_of,
)
from .guard import Access, Guard, told
from .login import add_login
from .mcp import add_mcp
from .openai_api import add_openai
from .service import ANSWER_SECONDS, AT_ONCE, Service

# Where what programs call begins.
_OURS = ("/api/", "/v1/", "/mcp/", "/metrics/")


class Server(FastAPI):
    """A FastAPI application behind `Guard`, which stands outside even the handler of unforeseen errors."""

    def __init__(self, service: Service, access: Access, **more: Any) -> None:
        super().__init__(**more)
        self.service = service
        self.access = access
        # Beginning of a path -> the largest body there, for a face that takes files.
        self.body_limits: dict[str, int] = {}

    def build_middleware_stack(self) -> ASGIApp:
        """FastAPI's own, behind the guard."""

        def counted(status: int) -> None:
            self.service.metrics.responses.labels(str(status)).inc()

        answering = super().build_middleware_stack()

        async def plain(scope: Scope, receive: Receive, send: Send) -> None:
            if scope.get("method") == "HEAD":  # answered as GET is; the server leaves out the body
                scope = {**scope, "method": "GET"}
            if scope["type"] == "http" and scope["path"].startswith(_OURS):
                # "/api/ask/" is "/api/ask": few programs send a question again where they are redirected.
                scope = {**scope, "path": scope["path"].rstrip("/")}
            await answering(scope, receive, send)

        return Guard(plain, self.access, self.body_limits, counted)

    def mount(self, path: str, app: ASGIApp, name: str | None = None) -> None:
        """Mounts another application; what it does not have is told as this one tells it."""
        if isinstance(app, FastAPI):
            for status in (404, 405):
                app.add_exception_handler(status, _refused)
        super().mount(path, app, name)


def _gives(what: str, shape: type[BaseModel] | Any = None, *failures: int) -> dict[int | str, dict[str, Any]]:
    """What a route answers, for its description; these failures are the same for all."""
    meant = {
        401: "The server has a token, and it was not shown.",
        403: "The server was called by a name that is not its own, or from another site's page.",
        404: "There is no such document or tag.",
        413: "The request is too large.",
        422: "The request does not make sense.",
        429: "Too many requests; `Retry-After` says when the next may come.",
        503: "The library cannot answer now.",
        504: "The answer takes too long.",
    }
    known: dict[int | str, dict[str, Any]] = {
        status: {"description": meant[status], "model": ErrorShape} for status in (401, 403, *failures, 429, 503)
    }
    return {200: {"description": what, **({"model": shape} if shape else {})}, **known}


def create_app(
    retriever: Retriever, access: Access | None = None, seconds: float = ANSWER_SECONDS, at_once: int = AT_ONCE
) -> Server:
    """The application that answers from `retriever`, which the caller keeps open and closes.

    `access` says who may use it (this machine), `seconds` how long it works on one answer, `at_once` on how many.
    """
    access = access or Access()
    service = Service(retriever, seconds, at_once)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        yield
        service.close()

    app = Server(
        service,
        access,
        lifespan=life,
        title="Pincite",
        summary="Questions to your own documents; every citation is a character-exact span.",
        description="Offsets count characters of a document's text, from 0, end exclusive. A failure is "
        '`{"error": sentence}`. MCP (streamable HTTP) is at `/mcp`: ask, search, read_passage, list_documents. '
        "`/metrics` is for Prometheus. A server with a token wants `Authorization: Bearer TOKEN`.",
        version=version("pincite"),
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    _tell_errors(app)

    @app.post(
        "/api/ask",
        summary="An answer with its citations",
        description="With `Accept: text/event-stream`, preferred to JSON, the answer comes as events: `searched`, "
        "`text` (its words, piece by piece), then `answer` (the whole of it, which alone counts); or `error`.",
        responses=_gives(
            "ANSWER: `answered`, `text` with [1] marks, `confidence`, `citations`, `evidence`.",
            AnswerShape, 404, 413, 422, 504,
        ),
    )  # fmt: skip
    async def api_ask(form: AskForm, request: Request) -> Response:
        asked = form.asked()
        if are_wanted(",".join(request.headers.getlist("accept"))):
            said = service.stream("api", asked)
            return stream(_ask_events(await anext(said), said))  # what is refused is refused by the first
        return JSONResponse((await service.ask("api", asked)).to_dict())

    @app.post(
        "/api/search",
        summary="The passages that answer best, best first",
        responses=_gives("`searched_for` and `hits`.", FoundShape, 404, 413, 422, 504),
    )
    async def api_search(form: SearchForm) -> Response:
        return JSONResponse((await service.search(form.asked(), form.k or HITS)).to_dict())

    @app.get(
        "/api/documents",
        summary="The documents in the library",
        responses=_gives("A list of `document`, `title`, `passages`, `sha256`, `tags`.", list[DocumentShape]),
    )
    def api_documents() -> Response:
        return JSONResponse([listed.to_dict() for listed in retriever.documents()])

    @app.get(
        "/api/health",
        summary="Whether the library answers",
        responses=_gives("`status`, `version`, `library`.", HealthShape),
    )
    def api_health() -> Response:
        return JSONResponse({"status": "ok", "version": app.version, "library": retriever.state.to_dict()})

    @app.get("/openapi.json", include_in_schema=False)
    def openapi() -> Response:
        return JSONResponse(app.openapi())

    @app.get("/api/docs", include_in_schema=False)
    def api_docs() -> Response:
        return HTMLResponse(render.reference(app.openapi()))

    @app.get("/metrics", include_in_schema=False)
    def metrics() -> Response:
        return Response(service.metrics.page(retriever.state), media_type=CONTENT_TYPE_LATEST)

    add_openai(app, service)
    add_mcp(app, service)
    if access.token:
        add_login(app, access.token)
    return app


def status_of(error: PinciteError) -> int:
    """The HTTP status that says what kind of failure `error` is."""
    match error:
        case QuestionError():
            return 422
        case UnknownDocumentError():
            return 404
        case TooSlowError():
            return 504
    return 503


def _tell_errors(app: FastAPI) -> None:
    """Makes every failure one sentence in JSON."""

    async def known(request: Request, exc: Exception) -> Response:
        assert isinstance(exc, PinciteError)
        path = request.url.path
        reply = told(
            path, listed_by("GET /api/documents", exc) if path.startswith("/api/") else str(exc), status_of(exc)
        )
        if isinstance(exc, BusyError):
            reply.headers["retry-after"] = "1"
        return reply

    async def malformed(request: Request, exc: Exception) -> Response:
        assert isinstance(exc, RequestValidationError)
        return told(request.url.path, sentence_of(list(exc.errors())), 422)

    async def unknown(request: Request, exc: Exception) -> Response:
        return told(request.url.path, "Pincite failed inside; its log says where.", 500)

    app.add_exception_handler(PinciteError, known)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(Exception, unknown)


async def _refused(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, HTTPException)
    if exc.detail == "There was an error parsing the body":  # FastAPI's 400 for what is no text or too deep
        return told(request.url.path, "The body is not valid JSON.", 422)
    sentence = {404: "There is nothing here; /api/docs tells what there is."}
    if exc.status_code == 405 and exc.headers:
        sentence[405] = f"Not by {request.method}, but by {exc.headers['Allow']}."
    said = sentence.get(exc.status_code, f"{exc.detail}.")
    is_browser = "text/html" in request.headers.get("accept", "")
    reply = _page(said, exc.status_code) if is_browser else told(request.url.path, said, exc.status_code)
    reply.headers.update(exc.headers or {})
    return reply


def _page(sentence: str, status: int) -> Response:
    """A failure as a person in a browser is told it, with the way home."""
    return HTMLResponse(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Pincite</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><link rel="stylesheet" href="/page/pincite.css"></head>'
        f'<body class="pc-plain"><main><h1>Pincite</h1><p>{escape(sentence)}</p>'
        '<p><a href="/">To the chat</a></p></main></body></html>',
        status,
    )


async def _ask_events(first: Found | str | Answer, rest: AsyncIterator[Found | str | Answer]) -> AsyncIterator[str]:
    yield _ask_event(first)
    try:
        async for said in rest:
            for part in render.pieces(said) if isinstance(said, str) else [said]:
                yield _ask_event(part)
    except PinciteError as exc:
        yield event({"error": str(exc)}, "error")


def _ask_event(said: Found | str | Answer) -> str:
    match said:
        case Found():
            return event({"searched_for": said.searched_for, "passages": len(said.hits)}, "searched")
        case Answer():
            return event(said.to_dict(), "answer")
    return event({"text": said}, "text")
