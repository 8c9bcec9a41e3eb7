"""A scripted language model: an OpenAI-compatible server on loopback whose every reply a test writes.

    with ScriptedLLM(say("Water boils [1].")) as llm: Settings(llm_base_url=llm.url)

A script is called with the request and sends raw bytes; `say` makes one of words. It is the server's side of
the HTTP only: what it is asked, and that the client copes, is real.
"""

import json
import threading
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

Request = dict[str, Any]
Script = Callable[["Handler", Request], None]


class Handler(BaseHTTPRequestHandler):
    """One request; `start`, `chunk` and `wait` are what scripts are made of."""

    server: "_Server"
    protocol_version = "HTTP/1.0"  # the end of a reply is the end of the connection

    def do_POST(self) -> None:
        """Keeps the request and follows the script."""
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append(request)
        self.server.headers.append({k.lower(): v for k, v in self.headers.items()})
        try:
            self.server.script(self, request)
        except OSError:  # the client has gone, as it should
            self.server.left.set()

    def start(self, status: int = 200, kind: str = "text/event-stream") -> None:
        """Sends the head of the reply."""
        self.send_response(status)
        self.send_header("content-type", kind)
        self.end_headers()

    def chunk(self, text: str, finish: str | None = None) -> None:
        """Sends a piece of text as the OpenAI stream does."""
        choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
        self.send(f"data: {json.dumps({'id': 'x', 'object': 'chat.completion.chunk', 'choices': [choice]})}\n\n")

    def send(self, data: str | bytes) -> None:
        """Sends these bytes."""
        self.wfile.write(data if isinstance(data, bytes) else data.encode())
        self.wfile.flush()

    def wait(self, seconds: float) -> None:
        """Waits so long, or until the server is closed; then the reply ends."""
        if self.server.closing.wait(seconds):
            raise ConnectionAbortedError

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    script: Script
    asked: list[Request]
    headers: list[dict[str, str]]
    closing: threading.Event
    left: threading.Event

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is no error here."""


class ScriptedLLM:
    """The server, on a port of its own, while the `with` lasts. `asked` are the requests it got."""

    def __init__(self, script: Script) -> None:
        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.script = script
        self.asked = self._server.asked = []
        self.headers = self._server.headers = []
        self.left = self._server.left = threading.Event()
        self._server.closing = threading.Event()
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def script(self, script: Script) -> None:
        """Makes the server follow another script from now on."""
        self._server.script = script

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.closing.set()
        self._server.shutdown()
        self._server.server_close()


def say(text: str | Callable[[Request], str], pieces: int = 5, reason: str = "stop") -> Script:
    """The script that says `text`, or what it makes of the request, in pieces of so many characters.

    `reason`: why it ends.
    """

    def script(handler: Handler, request: Request) -> None:
        words = text if isinstance(text, str) else text(request)
        handler.start()
        for i in range(0, len(words), pieces):
            handler.chunk(words[i : i + pieces])
        handler.chunk("", reason)
        handler.send("data: [DONE]\n\n")

    return script


def send(*parts: str | bytes, status: int = 200, kind: str = "text/event-stream", seconds: float = 0) -> Script:
    """The script that sends raw parts, waiting `seconds` after each."""

    def script(handler: Handler, request: Request) -> None:
        handler.start(status, kind)
        for part in parts:
            handler.send(part)
            handler.wait(seconds)

    return script


def for_ever(part: str | bytes, seconds: float = 0.01) -> Script:
    """The script that sends one part again and again."""

    def script(handler: Handler, request: Request) -> None:
        handler.start()
        while True:
            handler.send(part)
            handler.wait(seconds)

    return script


def asked_for(request: Request) -> str:
    """All that a request tells the model, as one text."""
    return "\n".join(message["content"] for message in request["messages"])


def replies(texts: Iterable[str]) -> Script:
    """The script that says the next of `texts` at each request."""
    rest = iter(list(texts))
    return say(lambda request: next(rest))


__all__ = ["Handler", "Request", "Script", "ScriptedLLM", "asked_for", "for_ever", "replies", "say", "send"]
