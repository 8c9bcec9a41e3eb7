"""Who may ask, how often, how much at once: the middleware that stands before everything, the web chat included.

Whoever reaches the port may read the library, so a request must name this machine as its host (a web site that points
its own name at 127.0.0.1 does not) and may come from no other site's page; no answer lets a browser load from
elsewhere. Where a token is set (`PINCITE_TOKEN`; other machines are served only then) every request must show it:
programs as `Authorization: Bearer TOKEN`, browsers by the cookie that the page `/login` gives (`login.py`). Of every
request the body is limited in size and in time, and of every client the number of requests a minute.
"""

import asyncio
import ipaddress
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ingest import Settings

from .allowance import Allowance
from .login import OPEN_PATHS, is_authorised

# Room for a question with a long history; a larger body is refused before it is read.
MAX_BODY_BYTES = 1_000_000
# A body may take so long, and longer only as much as it is larger: 10 KB a second is a bad mobile line.
BODY_SECONDS = 20.0
SLOWEST_BYTES_PER_SECOND = 10_000

# What Gradio needs (it builds its templates with eval) and nothing besides; nothing from another host.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    # "no-referrer" would make the browser call the origin of the login form "null".
    "referrer-policy": "same-origin",
}
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Access:
    """Who may use a server. `names` are those by which it may be called; with a token, also any IP address."""

    token: str = field(default="", repr=False)
    names: frozenset[str] = LOCAL_NAMES
    requests_per_minute: int = Settings().requests_per_minute

    @classmethod
    def of(cls, settings: Settings, host: str = "127.0.0.1") -> "Access":
        """What `settings` say, for a server that listens at `host`."""
        own = {host.lower(), socket.gethostname().lower()} if settings.token else set()
        named = {name.strip().lower() for name in settings.server_names.split(",") if name.strip()}
        return cls(settings.token, LOCAL_NAMES | own | named, settings.requests_per_minute)


class Guard:
    """ASGI middleware that passes on what `access` allows, with a limited body and guarded headers.

    `body_limits` maps the beginning of a path to the bytes that a body there may have. `counted` is told every status.
    """

    def __init__(
        self, app: ASGIApp, access: Access, body_limits: Mapping[str, int], counted: Callable[[int], None]
    ) -> None:
        self._app = app
        self._access = access
        self._body_limits = body_limits
        self._counted = counted
        self._allowance = Allowance(access.requests_per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, or refuses it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
                self._counted(message["status"])
            await send(message)

        limit = next((n for path, n in self._body_limits.items() if scope["path"].startswith(path)), MAX_BODY_BYTES)
        refusal = self._refusal(scope, limit)
        if refusal is not None:
            await refusal(scope, receive, guarded)
            return
        body = _Body(receive, limit)

        async def answered(message: Message) -> None:
            if body.refused is None:
                await guarded(message)

        try:
            await self._app(scope, body.receive, answered)
        except ClientDisconnect:
            if body.refused is None:
                raise
        if body.refused is not None:
            await told(scope["path"], *body.refused)(scope, receive, guarded)

    def _refusal(self, scope: Scope, limit: int) -> Response | None:
        headers, path = Headers(scope=scope), scope["path"]
        host = headers.get("host", "")
        if not self._is_own(host):
            return told(path, "Pincite does not answer to that name: call it by 127.0.0.1, or set server_names.", 403)
        origin = headers.get("origin")
        if origin is not None and not self._is_own_page(origin, host):
            return told(path, "Pincite answers no other site's page.", 403)
        client = scope["client"][0] if scope.get("client") else ""
        wait = self._allowance.wait_seconds(client)
        if wait:
            refusal = told(path, f"Too many requests: wait {wait} seconds.", 429)
            refusal.headers["retry-after"] = str(wait)
            return refusal
        declared = headers.get("content-length", "0")
        if not declared.isdecimal() or int(declared) > limit:
            return told(path, f"The request is larger than {limit:,} bytes.", 413)
        if self._access.token and path not in OPEN_PATHS and not is_authorised(headers, self._access.token):
            if scope["method"] == "GET" and "text/html" in headers.get("accept", ""):
                asked_for = path + (f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else "")
                return RedirectResponse(f"/login?next={quote(asked_for)}", 303)
            refusal = told(path, "Show the server's token: Authorization: Bearer TOKEN.", 401)
            refusal.headers["www-authenticate"] = "Bearer"
            return refusal
        return None

    def _is_own(self, address: str) -> bool:
        name = host_of(address)
        if name is None:
            return False
        return name in self._access.names or (bool(self._access.token) and _is_ip(name))

    def _is_own_page(self, origin: str, host: str) -> bool:
        """Whether a page of `origin` may call the server at `host`: one of the same address, or of its other names."""
        try:
            netloc, port = urlsplit(origin).netloc, urlsplit(origin).port
            own_port = urlsplit(f"//{host}").port
        except ValueError:
            return False
        if netloc.lower() == host.lower():
            return True
        name = host_of(netloc)
        return name in self._access.names and (port == own_port or name not in LOCAL_NAMES)


class _Body:
    """The body of a request as the application receives it; `refused` is why it is cut off, and the status."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._taken = 0
        self._whole = False
        self._began = time.monotonic()
        self.refused: tuple[str, int] | None = None

    async def receive(self) -> Message:
        """The next message; to the application, a client whose body is too large or too slow has gone."""
        if self._whole:
            return await self._receive()
        until = self._began + BODY_SECONDS + self._taken / SLOWEST_BYTES_PER_SECOND
        try:
            message = await asyncio.wait_for(self._receive(), until - time.monotonic())
        except TimeoutError:
            self.refused = ("The request took too long to arrive.", 408)
            return {"type": "http.disconnect"}
        self._taken += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._taken > self._limit:
            self.refused = (f"The request is larger than {self._limit:,} bytes.", 413)
            return {"type": "http.disconnect"}
        return message


def told(path: str, sentence: str, status: int, param: str | None = None, code: str | None = None) -> Response:
    """A failure as one sentence: {"error": sentence}, under `/v1` in the OpenAI shape with its `param` and `code`."""
    if f"{path}/".startswith("/v1/"):
        kind = "invalid_request_error" if status < 500 else "server_error"
        return JSONResponse({"error": {"message": sentence, "type": kind, "param": param, "code": code}}, status)
    return JSONResponse({"error": sentence}, status)


def host_of(address: str) -> str | None:
    """The host in `address` (with or without a port), in small letters; None if it is malformed.

    >>> host_of("LOCALHOST:7860"), host_of("[::1]:7860"), host_of("localhost@evil"), host_of("[::1")
    ('localhost', '::1', None, None)
    """
    try:
        parts = urlsplit(f"//{address}")
        if parts.port == 0 or parts.username is not None or parts.path or parts.query or parts.fragment:
            return None
        return parts.hostname
    except ValueError:
        return None


def _is_ip(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
