"""The server: the web chat, the API and MCP at one address, with patience for slow clients but not without end."""

import asyncio
import errno
import logging
import socket
import sys
import threading
import webbrowser
from contextlib import closing, suppress
from typing import Any

from ingest import PinciteError, Settings
from retriever import Retriever

from .api import create_app
from .conversations import Conversations
from .guard import LOCAL_NAMES, Access
from .service import AT_ONCE, AT_ONCE_WITH_LLM
from .uploads import Uploads

PORT = 7860
# Where that port is taken so many are tried, itself included.
PORTS_TRIED = 10
# How long the head of a request may take to arrive.
HEAD_SECONDS = 10.0


def serve(retriever: Retriever, host: str = "127.0.0.1", port: int | None = None, open_browser: bool = False) -> None:
    """Serves the chat, the API and MCP until it is interrupted; prints the address first.

    Without a port it is `PORT`, or the next one that is free. Raises PinciteError where the port is taken, and for
    another host than this machine if no token is set.
    """
    settings: Settings = retriever.library.settings
    if host not in LOCAL_NAMES and not settings.token:
        raise PinciteError(f"Whoever reaches {host} could read your documents: set a token first, PINCITE_TOKEN=...")
    listening = listen(host, port) if port is not None else _listen_near(host)
    from .web import mount_chat

    access = Access.of(settings, host)
    at_once = AT_ONCE_WITH_LLM if settings.llm_base_url else AT_ONCE
    conversations, uploads = Conversations.open(retriever.library.folder), Uploads(retriever.library.folder, settings)
    uploads.find_again(retriever.library.missing())
    app = create_app(retriever, access, settings.answer_seconds, at_once)
    server = server_of(mount_chat(app, conversations, uploads))
    address = _address(host, listening.getsockname()[1])
    if port is None and listening.getsockname()[1] != PORT:
        print(f"Port {PORT} is taken, so it is another; choose one with --port (make run PORT=...).", file=sys.stderr)
    with suppress(OSError):  # nobody need read it
        print(f"Pincite is at {address} (stop it with Ctrl+C)", flush=True)
    if open_browser:
        threading.Timer(1.0, webbrowser.open, (address,)).start()
    # Ctrl+C is how it is meant to end; uvicorn has closed everything before it passes the interrupt on.
    with listening, closing(conversations), closing(uploads), suppress(KeyboardInterrupt):
        server.run(sockets=[listening])


def server_of(app: Any) -> Any:
    """The uvicorn server that serves `app` to the sockets that its `run` is given."""
    import uvicorn

    # A page that stays open holds its connection; it must not hold up the end, nor is its end an error.
    config = uvicorn.Config(
        app, log_level="warning", server_header=False, timeout_graceful_shutdown=1, http=_patient_protocol(), ws="none"
    )
    logging.getLogger("uvicorn.error").addFilter(_is_not_a_page_left_open)
    return uvicorn.Server(config)


def _address(host: str, port: int) -> str:
    """The address to open: that of this machine where the server listens at all of its addresses."""
    named = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # told apart, not bound
    return f"http://[{named}]:{port}" if ":" in named else f"http://{named}:{port}"


def _patient_protocol() -> Any:
    """uvicorn's HTTP protocol, which ends a connection whose request does not come.

    uvicorn itself waits for ever for the first byte of the first request, and for the last of any head.
    """
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class PatientProtocol(H11Protocol):
        """Gives each request's head `HEAD_SECONDS`."""

        _waiting: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._wait()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self._is_at_work():
                self._stop_waiting()
            elif self._waiting is None:
                self._wait()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_waiting()
            super().connection_lost(exc)

        def _is_at_work(self) -> bool:
            return self.cycle is not None and not self.cycle.response_complete

        def _wait(self) -> None:
            self._waiting = self.loop.call_later(HEAD_SECONDS, self._give_up)

        def _stop_waiting(self) -> None:
            if self._waiting is not None:
                self._waiting.cancel()
                self._waiting = None

        def _give_up(self) -> None:
            self._waiting = None
            if not self._is_at_work() and not self.transport.is_closing():
                self.transport.close()

    return PatientProtocol


def _is_not_a_page_left_open(record: logging.LogRecord) -> bool:
    cut_off = record.exc_info is not None and record.exc_info[0] is asyncio.CancelledError
    return not cut_off and "timeout graceful shutdown exceeded" not in str(record.msg)


def _listen_near(host: str) -> socket.socket:
    """A socket bound to `PORT`, or to the first of the next ones that is free."""
    for port in range(PORT, PORT + PORTS_TRIED):
        try:
            return listen(host, port)
        except PinciteError as exc:
            # An address that is not this machine's fails at every port.
            if not isinstance(exc.__cause__, OSError) or exc.__cause__.errno != errno.EADDRINUSE:
                raise
    raise PinciteError(f"Ports {PORT} to {PORT + PORTS_TRIED - 1} are taken: choose another with --port.")


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to the address; port 0 takes a free one. Bound here, to say plainly why it cannot be."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except (OSError, OverflowError) as exc:
        listening.close()
        other = port % 65000 + 1
        raise PinciteError(
            f"Port {port} cannot be used ({exc.args[-1]}): choose another, such as --port {other}."
        ) from exc
    return listening
