"""The HTTP face for programs: `/api/*`, an OpenAI-shaped `/v1/*`, and MCP at `/mcp`, over one Retriever.

Every failure that a caller can act on is one sentence: {"error": sentence}; under `/v1` in the OpenAI shape,
under `/mcp` as a tool's error. The status tells the kind: 404 no such document, 413 body too large, 422 a
request that does not make sense, 503 a library that cannot answer now.

`Guard` stands before everything, the web chat included. Pincite has no accounts: whoever reaches the port
may read the library. So a request must name this machine as its host (a web site that points its own name at
127.0.0.1 does not) and may come from no other site's page; and no answer lets a browser load from elsewhere.
"""

import json
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import anyio
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ingest import MAX_QUESTION_CHARS, PinciteError, QuestionError, UnknownDocumentError
from retriever import Answer, Retriever, Turn

from . import render

# Room for a question with a long history; a larger body is refused before it is read.
MAX_BODY_BYTES = 1_000_000
# Answers that are worked on at once: beyond the processor's cores more threads only wait for each other.
AT_ONCE = 4

# What Gradio needs (it builds its templates with eval) and nothing besides; nothing from another host.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_MCP_VERSIONS = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")

QuestionText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUESTION_CHARS),
    Field(description="The question, in plain words.", examples=["What does blocking PD-1 do?"]),
]


class _Form(BaseModel):
    """A request body in which an unknown key is an error, so that a typing mistake never passes unseen."""

    model_config = ConfigDict(extra="forbid", strict=True)


class TurnForm(_Form):
    """One utterance of the conversation so far."""

    role: Literal["user", "assistant"]
    text: str


class AskForm(_Form):
    """A question, with the conversation it belongs to."""

    question: QuestionText
    history: list[TurnForm] = Field([], max_length=200, description="The conversation so far, oldest first.")
    documents: list[str] = Field([], max_length=1000, description='Only these, or such as "papers/*.pdf".')
    tags: list[str] = Field([], max_length=100, description="Only documents with one of these tags.")


class SearchForm(AskForm):
    """A question, and how many passages to bring."""

    k: int = Field(10, ge=1, le=100, description="How many passages, from 1 to 100.")


class ReadForm(_Form):
    """A span of a document, in characters of its text."""

    document: str = Field(description="The document, as a citation names it.")
    start: int = Field(0, ge=0, description="The first character, from 0.")
    end: int | None = Field(None, ge=0, description="The character after the last; without it, the end.")


class ChatMessage(BaseModel):
    """A message of the OpenAI form; what Pincite does not know in it is passed over."""

    role: str
    content: str | list[dict[str, Any]] | None = None

    def text(self) -> str:
        """The words of the message, whichever of the two forms they came in."""
        if isinstance(self.content, list):
            return "\n".join(str(part.get("text", "")) for part in self.content if part.get("type") == "text")
        return self.content or ""


class ChatForm(BaseModel):
    """A chat completion request of the OpenAI form: `model` and sampling settings have no effect."""

    messages: list[ChatMessage] = Field(min_length=1, max_length=400, description="The conversation, oldest first.")
    model: str = "pincite"
    stream: bool = False


class Guard:
    """ASGI middleware: who may ask, how much may be sent, and which headers every answer carries."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on with a counted body and guarded headers, or refuses it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        headers = Headers(scope=scope)
        refusal = self._refusal(headers)
        if refusal is not None:
            await refusal(scope, receive, guarded)
            return
        taken = 0
        too_large = False

        async def counted() -> Message:
            nonlocal taken, too_large
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > MAX_BODY_BYTES:
                # A body without a declared length: to the application the client has gone.
                too_large = True
                return {"type": "http.disconnect"}
            return message

        async def answered(message: Message) -> None:
            if not too_large:
                await guarded(message)

        try:
            await self._app(scope, counted, answered)
        except ClientDisconnect:
            if not too_large:
                raise
        if too_large:
            await _too_large()(scope, receive, guarded)

    def _refusal(self, headers: Headers) -> Response | None:
        if not _is_local(headers.get("host", "")):
            return _error("Pincite answers only this machine: call it by 127.0.0.1 or localhost.", 403)
        origin = headers.get("origin")
        if origin is not None and not _is_local(urlsplit(origin).netloc):
            return _error("Pincite answers no other site's page.", 403)
        declared = headers.get("content-length", "0")
        if not declared.isdecimal() or int(declared) > MAX_BODY_BYTES:
            return _too_large()
        return None


class _GuardedApp(FastAPI):
    """A FastAPI application behind `Guard`, which stands outside even the handler of unforeseen errors."""

    def build_middleware_stack(self) -> ASGIApp:
        return Guard(super().build_middleware_stack())


def _gives(what: str) -> dict[int | str, dict[str, Any]]:
    """What a route answers, for its description; the failures are the same for all."""
    return {
        200: {"description": what},
        422: {"description": "The request does not make sense."},
        503: {"description": "The library cannot answer now."},
    }


def create_app(retriever: Retriever) -> FastAPI:
    """The application that answers from `retriever`, which the caller keeps open and closes."""
    app = _GuardedApp(
        title="Pincite",
        summary="Questions to your own documents; every citation is a character-exact span.",
        description="Offsets count characters of a document's text, from 0, end exclusive. A failure is "
        '`{"error": sentence}`. MCP (streamable HTTP) is at `/mcp`: ask, search, read_passage, list_documents.',
        version="1",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    limiter = anyio.CapacityLimiter(AT_ONCE)
    _tell_errors(app)

    async def ask(question: str, history: list[Turn], *within: list[str]) -> Answer:
        return await anyio.to_thread.run_sync(lambda: retriever.ask(question, history, *within), limiter=limiter)

    @app.post(
        "/api/ask",
        summary="An answer with its citations",
        description="With `Accept: text/event-stream` the answer comes as events: `searched`, "
        "`text` (its words, piece by piece), then `answer` (the whole of it).",
        responses=_gives("ANSWER: `answered`, `text` with [1] marks, `confidence`, `citations`, `evidence`."),
    )
    async def api_ask(form: AskForm, request: Request) -> Response:
        answer = await ask(form.question, _turns(form), form.documents, form.tags)
        if "text/event-stream" in request.headers.get("accept", ""):
            return _events(_ask_events(answer))
        return JSONResponse(answer.to_dict())

    @app.post(
        "/api/search",
        summary="The passages that answer best, best first",
        responses=_gives("`searched_for` and `hits`."),
    )
    async def api_search(form: SearchForm) -> Response:
        found = await anyio.to_thread.run_sync(
            lambda: retriever.search(form.question, form.k, _turns(form), form.documents, form.tags), limiter=limiter
        )
        return JSONResponse(found.to_dict())

    @app.get(
        "/api/documents",
        summary="The documents in the library",
        responses=_gives("A list of `document`, `title`, `passages`, `sha256`."),
    )
    def api_documents() -> Response:
        return JSONResponse([listed.to_dict() for listed in retriever.documents()])

    @app.get("/api/health", summary="Whether the library answers", responses=_gives("`status`, `library`."))
    def api_health() -> Response:
        return JSONResponse({"status": "ok", "library": retriever.state.to_dict()})

    @app.get("/api/docs", include_in_schema=False)
    def api_docs() -> Response:
        return HTMLResponse(render.reference(app.openapi()))

    @app.get("/v1/models", summary="The one model, in OpenAI's form", responses=_gives("A list with `pincite`."))
    def models() -> Response:
        model = {"id": "pincite", "object": "model", "created": 0, "owned_by": "pincite"}
        return JSONResponse({"object": "list", "data": [model]})

    @app.post(
        "/v1/chat/completions",
        summary="An answer in OpenAI's form",
        description="The last user message is the question. The content ends with the numbered sources; "
        "`citations` on the message and the reply are those of /api/ask.",
        responses=_gives("A chat completion; with `stream`, its chunks as events."),
    )
    async def completions(form: ChatForm) -> Response:
        question, history = _conversation(form)
        answer = await ask(question, history)
        if form.stream:
            return _events(_chunks(answer))
        return JSONResponse(_completion(answer))

    tools: dict[str, tuple[str, type[_Form], Callable[[Any], Any]]] = {
        "ask": (
            "Answers a question from the user's documents, with exact quotes; `answered` tells if they do.",
            AskForm,
            lambda form: retriever.ask(form.question, _turns(form), form.documents, form.tags).to_dict(),
        ),
        "search": (
            "Finds the passages of the user's documents that bear on a question, best first.",
            SearchForm,
            lambda form: retriever.search(form.question, form.k, _turns(form), form.documents, form.tags).to_dict(),
        ),
        "read_passage": (
            "Reads a span of a document, such as the surroundings of a citation.",
            ReadForm,
            lambda form: {
                "document": form.document,
                "start": form.start,
                "text": retriever.text(form.document)[form.start : form.end],
            },
        ),
        "list_documents": (
            "Lists the documents in the library.",
            _Form,
            lambda form: {"documents": [listed.to_dict() for listed in retriever.documents()]},
        ),
    }

    @app.post("/mcp", include_in_schema=False)
    async def mcp(request: Request) -> Response:
        try:
            message = json.loads(await request.body())
        except ValueError:
            return _rpc_error(None, -32700, "The body is not JSON.", 400)
        if not isinstance(message, dict) or not isinstance(message.get("method"), str):
            return _rpc_error(None, -32600, "The body is not one JSON-RPC request.", 400)
        if "id" not in message:
            return Response(status_code=202)
        wanted = message.get("params")
        params: dict[str, Any] = wanted if isinstance(wanted, dict) else {}
        match message["method"]:
            case "initialize":
                asked = params.get("protocolVersion")
                result: dict[str, Any] = {
                    "protocolVersion": asked if asked in _MCP_VERSIONS else _MCP_VERSIONS[0],
                    "capabilities": {"tools": {}},
                    "serverInfo": {"name": "pincite", "version": app.version},
                }
            case "ping":
                result = {}
            case "tools/list":
                result = {"tools": [_tool(name, told, form) for name, (told, form, _) in tools.items()]}
            case "tools/call" if params.get("name") in tools:
                _, form, work = tools[params["name"]]
                given = params.get("arguments") or {}
                result = await anyio.to_thread.run_sync(_call, form, work, given, limiter=limiter)
            case "tools/call":
                return _rpc_error(message["id"], -32602, f"There is no tool {params.get('name')!r:.80}.")
            case method:
                return _rpc_error(message["id"], -32601, f"There is no method {method!r:.80}.")
        return JSONResponse({"jsonrpc": "2.0", "id": message["id"], "result": result})

    # The server sends nothing unasked and keeps no session, which MCP lets it say by 405.
    @app.api_route("/mcp", methods=["GET", "DELETE"], include_in_schema=False)
    def no_stream() -> Response:
        return _error("Send MCP messages by POST.", 405)

    return app


def status_of(error: PinciteError) -> int:
    """The HTTP status that says what kind of failure `error` is."""
    match error:
        case QuestionError():
            return 422
        case UnknownDocumentError():
            return 404
    return 503


def sentence_of(errors: list[Any]) -> str:
    """What is wrong with a request, in one sentence, from pydantic's list of errors (the first is told)."""
    first = errors[0]
    place = ".".join(str(step) for step in first["loc"] if step != "body")
    if first["type"] == "json_invalid":
        return "The body is not valid JSON."
    if place in ("question", "") and first["type"] == "string_too_short":
        return "The question is empty: ask something."
    if place in ("question", "") and first["type"] == "string_too_long":
        return f"The question is longer than {MAX_QUESTION_CHARS:,} characters: ask a shorter one."
    return f"{place or 'The body'}: {first['msg'][:1].lower()}{first['msg'][1:]}."


def _tell_errors(app: FastAPI) -> None:
    """Makes every failure one sentence in JSON."""

    def told(request: Request, message: str, status: int) -> Response:
        if request.url.path.startswith("/v1/"):
            kind = "invalid_request_error" if status < 500 else "server_error"
            return JSONResponse({"error": {"message": message, "type": kind, "param": None, "code": None}}, status)
        return _error(message, status)

    async def known(request: Request, exc: Exception) -> Response:
        assert isinstance(exc, PinciteError)
        return told(request, str(exc), status_of(exc))

    async def malformed(request: Request, exc: Exception) -> Response:
        assert isinstance(exc, RequestValidationError)
        return told(request, sentence_of(list(exc.errors())), 422)

    async def unknown(request: Request, exc: Exception) -> Response:
        return told(request, "Pincite failed inside; its log says where.", 500)

    app.add_exception_handler(PinciteError, known)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(Exception, unknown)


def _turns(form: AskForm) -> list[Turn]:
    return [Turn(turn.role, turn.text) for turn in form.history]


def _conversation(form: ChatForm) -> tuple[str, list[Turn]]:
    """The question and the turns before it; a system's instructions mean nothing to an answer that quotes."""
    spoken = [m for m in form.messages if m.role in ("user", "assistant")]
    if not spoken or spoken[-1].role != "user":
        raise QuestionError("The last message must be the user's question.")
    question = spoken.pop().text()
    history = [_spoken(message) for message in spoken]
    return question, history


def _spoken(message: ChatMessage) -> Turn:
    """A message as a turn, an answer without the source list that `render.as_markdown` put under it."""
    if message.role == "user":
        return Turn("user", message.text())
    return Turn("assistant", message.text().partition("\n\nSources:\n")[0])


def _ask_events(answer: Answer) -> Iterator[str]:
    yield _event({"searched_for": answer.searched_for, "passages": len(answer.evidence)}, "searched")
    for piece in render.pieces(answer.text):
        yield _event({"text": piece}, "text")
    yield _event(answer.to_dict(), "answer")


def _completion(answer: Answer) -> dict[str, Any]:
    citations = answer.to_dict()["citations"]
    message = {"role": "assistant", "content": render.as_markdown(answer), "citations": citations}
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": "pincite",
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        "citations": citations,
    }


def _chunks(answer: Answer) -> Iterator[str]:
    """The completion as OpenAI's stream sends it; the citations are in the last chunk."""
    whole = _completion(answer)
    frame = {key: whole[key] for key in ("id", "created", "model")} | {"object": "chat.completion.chunk"}

    def chunk(delta: Mapping[str, Any], finish: str | None = None, **more: Any) -> str:
        return _event(frame | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]} | more)

    yield chunk({"role": "assistant", "content": ""})
    for piece in render.pieces(render.as_markdown(answer)):
        yield chunk({"content": piece})
    yield chunk({"citations": whole["citations"]}, "stop", citations=whole["citations"])
    yield "data: [DONE]\n\n"


def _events(events: Iterator[str]) -> Response:
    async def stream() -> AsyncIterator[str]:
        for event in events:
            yield event

    return StreamingResponse(stream(), media_type="text/event-stream", headers={"cache-control": "no-store"})


def _event(data: Any, name: str = "") -> str:
    """One server-sent event. JSON has no line breaks, so its data is one line."""
    return (f"event: {name}\n" if name else "") + f"data: {json.dumps(data, ensure_ascii=False)}\n\n"


def _tool(name: str, told: str, form: type[_Form]) -> dict[str, Any]:
    hints = {"readOnlyHint": True, "openWorldHint": False}
    return {"name": name, "description": told, "inputSchema": form.model_json_schema(), "annotations": hints}


def _call(form: type[_Form], work: Callable[[Any], Any], arguments: Any) -> dict[str, Any]:
    """A tool's result in MCP's form; what the caller can act on is a result too, marked as an error."""
    try:
        found = work(TypeAdapter(form).validate_python(arguments))
    except ValidationError as exc:
        return {"isError": True, "content": [{"type": "text", "text": sentence_of(list(exc.errors()))}]}
    except PinciteError as exc:
        return {"isError": True, "content": [{"type": "text", "text": str(exc)}]}
    text = json.dumps(found, ensure_ascii=False)
    return {"isError": False, "content": [{"type": "text", "text": text}], "structuredContent": found}


def _rpc_error(number: Any, code: int, message: str, status: int = 200) -> Response:
    return JSONResponse({"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": message}}, status)


def _error(sentence: str, status: int) -> Response:
    return JSONResponse({"error": sentence}, status)


def _too_large() -> Response:
    return _error(f"The request is larger than {MAX_BODY_BYTES:,} bytes.", 413)


def _is_local(address: str) -> bool:
    """Whether `address` (host, with or without a port) is a name of this machine.

    >>> _is_local("127.0.0.1:7860"), _is_local("[::1]:7860"), _is_local("localhost.evil.example")
    (True, True, False)
    """
    try:
        parts = urlsplit(f"//{address}")
        return parts.port != 0 and parts.username is None and parts.hostname in _LOCAL_HOSTS
    except ValueError:
        return False
