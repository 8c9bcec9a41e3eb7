"""MCP (https://modelcontextprotocol.io): the library as tools for a language model's program.

At `/mcp` by POST (streamable HTTP, one JSON reply to each request, no sessions), and line by line over standard
input and output with `pincite mcp`. Both put each message through `Tools.reply`.
"""

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, TextIO

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import TypeAdapter, ValidationError

from ingest import PinciteError, QuestionError
from retriever import Answer, Retriever

from .forms import HITS, AskForm, Form, ReadForm, SearchForm, listed_by, sentence_of
from .guard import told
from .service import Service

VERSIONS = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
_INSTRUCTIONS = (
    "The user's own documents. `ask` answers a question with exact quotes; if `answered` is false the documents do not "
    "hold the answer: say so. Cite by document and quote. `read_passage` reads around a citation's start and end."
)
# JSON-RPC's own codes.
_NOT_JSON, _NOT_A_REQUEST, _NO_METHOD, _WRONG_PARAMS = -32700, -32600, -32601, -32602


@dataclass(frozen=True, slots=True)
class Tool:
    """One thing that a model's program may have done."""

    title: str
    description: str
    form: type[Form]
    work: Callable[[Any], dict[str, Any]]


class Tools:
    """What a retriever can do, by the names that MCP clients see. `answered` is told every answer."""

    def __init__(self, retriever: Retriever, answered: Callable[[Answer], None] = lambda answer: None) -> None:
        def ask(form: AskForm) -> dict[str, Any]:
            answer = retriever.ask(*form.asked())
            answered(answer)
            return answer.to_dict()

        def search(form: SearchForm) -> dict[str, Any]:
            return retriever.search(form.question, form.k or HITS, *form.asked()[1:]).to_dict()

        def read_passage(form: ReadForm) -> dict[str, Any]:
            document, start = retriever.document(form.document), form.start or 0
            whole = document.text
            if not (text := whole[start : form.end]):
                end = len(whole) if form.end is None else form.end
                raise QuestionError(
                    f"There is no text from {start} to {end}; that of the document is 0 to {len(whole)}."
                )
            return {"document": document.id, "start": start, "end": start + len(text), "text": text}

        def list_documents(form: Form) -> dict[str, Any]:
            return {"documents": [listed.to_dict() for listed in retriever.documents()]}

        self._tools = {
            "ask": Tool(
                "Ask the documents",
                "Answers a question from the user's documents, with exact quotes; `answered` tells if they do.",
                AskForm,
                ask,
            ),
            "search": Tool(
                "Search the documents",
                "Finds the passages of the user's documents that bear on a question, best first.",
                SearchForm,
                search,
            ),
            "read_passage": Tool(
                "Read a passage",
                "Reads a span of a document, such as the surroundings of a citation.",
                ReadForm,
                read_passage,
            ),
            "list_documents": Tool("List the documents", "Lists the documents in the library.", Form, list_documents),
        }

    def reply(self, message: Any) -> dict[str, Any] | None:
        """The reply to one message; None where none is due."""
        if not isinstance(message, dict) or not isinstance(message.get("method"), str):
            if isinstance(message, dict) and ("result" in message or "error" in message):
                return None  # a reply, though nothing was asked
            return failure(None, _NOT_A_REQUEST, "This is not one JSON-RPC request.")
        if "id" not in message:
            return None
        number = message["id"]
        if isinstance(number, bool) or not isinstance(number, str | int | float):
            return failure(None, _NOT_A_REQUEST, "The id of a request is a string or a number.")
        wanted = message.get("params")
        params: dict[str, Any] = wanted if isinstance(wanted, dict) else {}
        match message["method"]:
            case "initialize":
                asked = params.get("protocolVersion")
                result: dict[str, Any] = {
                    "protocolVersion": asked if asked in VERSIONS else VERSIONS[0],
                    "capabilities": {"tools": {}},
                    "serverInfo": {"name": "pincite", "title": "Pincite", "version": version("pincite")},
                    "instructions": _INSTRUCTIONS,
                }
            case "ping":
                result = {}
            case "tools/list":
                result = {"tools": [_described(name, tool) for name, tool in self._tools.items()]}
            case "tools/call" if isinstance(params.get("name"), str) and params["name"] in self._tools:
                result = _call(self._tools[params["name"]], params.get("arguments") or {})
            case "tools/call":
                return failure(number, _WRONG_PARAMS, f"There is no tool {params.get('name')!r:.80}.")
            case method:
                return failure(number, _NO_METHOD, f"There is no method {method!r:.80}.")
        return {"jsonrpc": "2.0", "id": number, "result": result}


def add_mcp(app: FastAPI, service: Service) -> None:
    """The route `/mcp`."""
    tools = Tools(service.retriever, lambda answer: service.metrics.answered("mcp", answer))

    @app.post("/mcp", include_in_schema=False)
    async def mcp(request: Request) -> Response:
        spoken = request.headers.get("mcp-protocol-version")
        if spoken is not None and spoken not in VERSIONS:
            return JSONResponse(failure(None, _NOT_A_REQUEST, f"Speak MCP {VERSIONS[0]}, not {spoken!r:.40}."), 400)
        try:
            message = _message(await request.body())
        except (ValueError, RecursionError):
            return JSONResponse(failure(None, _NOT_JSON, "The body is not JSON."), 400)
        reply = await service.run(lambda: tools.reply(message))
        if reply is None:
            return Response(status_code=202)
        return JSONResponse(reply, 400 if reply["id"] is None else 200)

    # The server sends nothing unasked and keeps no session, which MCP lets it say by 405.
    @app.api_route("/mcp", methods=["GET", "DELETE"], include_in_schema=False)
    def no_stream() -> Response:
        return told("/mcp", "Send MCP messages by POST.", 405)


def speak(retriever: Retriever, lines: Iterable[str] | None = None, out: TextIO | None = None) -> None:
    """Answers the messages in `lines` (standard input), one a line, on `out` (standard output) until they end."""
    tools = Tools(retriever)
    out = out or sys.stdout
    for line in lines if lines is not None else sys.stdin:
        if not line.strip():
            continue
        try:
            reply = tools.reply(_message(line))
        except (ValueError, RecursionError):
            reply = failure(None, _NOT_JSON, "The line is not JSON.")
        if reply is not None:
            # In ASCII, whatever encoding the terminal has.
            print(json.dumps(reply), file=out, flush=True)


def failure(number: Any, code: int, message: str) -> dict[str, Any]:
    """An error of the protocol, in JSON-RPC's form."""
    return {"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": message}}


def _message(text: str | bytes) -> Any:
    """What a message says. ValueError if it is no JSON, or holds what no reply could repeat: NaN, half a character."""
    message = json.loads(text)
    json.dumps(message, ensure_ascii=False, allow_nan=False).encode()
    return message


def _described(name: str, tool: Tool) -> dict[str, Any]:
    hints = {"title": tool.title, "readOnlyHint": True, "openWorldHint": False}
    schema = tool.form.model_json_schema()
    return {
        "name": name,
        "title": tool.title,
        "description": tool.description,
        "inputSchema": schema,
        "annotations": hints,
    }


def _call(tool: Tool, arguments: Any) -> dict[str, Any]:
    """A tool's result in MCP's form; what the caller can act on is a result too, marked as an error."""
    try:
        found = tool.work(TypeAdapter(tool.form).validate_python(arguments))
    except ValidationError as exc:
        return {"isError": True, "content": [{"type": "text", "text": sentence_of(list(exc.errors()))}]}
    except PinciteError as exc:
        return {"isError": True, "content": [{"type": "text", "text": listed_by("list_documents", exc)}]}
    text = json.dumps(found, ensure_ascii=False)
    return {"isError": False, "content": [{"type": "text", "text": text}], "structuredContent": found}
