"""The browser's way to show the token: a page that takes it once and gives a cookie.

The cookie holds a digest of the token, not the token, so that it outlives a restart and ends with the token.
"""

import hashlib
import hmac
from html import escape
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from fastapi import FastAPI, Request, Response
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, RedirectResponse

from .allowance import Allowance

COOKIE = "pincite_session"
_DAYS_30 = 30 * 24 * 3600
# What the page of the login itself is made of.
OPEN_PATHS = frozenset({"/login", "/page/pincite.css", "/favicon.ico"})
# Tokens of one client that are looked at in a minute: nobody mistypes more often.
TRIES_PER_MINUTE = 10

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Pincite: log in</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<link rel="stylesheet" href="/page/pincite.css"></head>
<body class="pc-plain"><main class="pc-login">
<h1>Pincite</h1>
<form method="post" action="/login">
<p><label for="token">The server's token</label></p>
<p><input id="token" name="token" type="password" autocomplete="current-password" required autofocus></p>
<input type="hidden" name="next" value="{next}">
<p><button type="submit">Log in</button></p>
<p role="alert">{told}</p>
</form></main></body></html>
"""


def session_of(token: str) -> str:
    """What the cookie of a browser holds that has shown `token`."""
    return hmac.new(token.encode(), b"pincite session", hashlib.sha256).hexdigest()


def is_authorised(headers: Headers, token: str) -> bool:
    """Whether a request with these headers shows `token`, by itself or by the cookie; compared in constant time."""
    scheme, _, shown = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and _same(shown.strip(), token):
        return True
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return False
    return cookie is not None and _same(cookie.value, session_of(token))


def add_login(app: FastAPI, token: str) -> None:
    """The pages `/login` and `/logout`, for a server with a token."""
    tries = Allowance(TRIES_PER_MINUTE)

    @app.get("/login", include_in_schema=False)
    def page(next: str = "/") -> Response:
        return _page(next)

    @app.post("/login", include_in_schema=False)
    async def log_in(request: Request) -> Response:
        form = parse_qs((await request.body()).decode("utf-8", "replace"))
        target = form.get("next", ["/"])[0]
        wait = tries.wait_seconds(request.client.host if request.client else "")
        if wait:
            return _page(target, f"Too many tries: wait {wait} seconds.", 429, {"retry-after": str(wait)})
        if not _same(form.get("token", [""])[0].strip(), token):
            return _page(target, "That is not the token.", 401)
        reply = RedirectResponse(_local(target), 303)
        secure = request.url.scheme == "https"
        reply.set_cookie(
            COOKIE, session_of(token), max_age=_DAYS_30, path="/", secure=secure, httponly=True, samesite="strict"
        )
        return reply

    @app.post("/logout", include_in_schema=False)
    def log_out() -> Response:
        reply = RedirectResponse("/login", 303)
        reply.delete_cookie(COOKIE, path="/")
        return reply


def _page(next: str, told: str = "", status: int = 200, headers: dict[str, str] | None = None) -> Response:
    page = _PAGE.format(next=escape(_local(next)), told=escape(told))
    return HTMLResponse(page, status, {"cache-control": "no-store", **(headers or {})})


def _local(target: str) -> str:
    """`target` if it is a path on this server, else the start page.

    >>> _local("/?q=Why%3F"), _local("//evil.example"), _local("https://evil.example")
    ('/?q=Why%3F', '/', '/')
    """
    is_path = target.startswith("/") and not target.startswith("//") and "\\" not in target and target.isprintable()
    return target if is_path else "/"


def _same(shown: str, expected: str) -> bool:
    return hmac.compare_digest(shown.encode("utf-8", "replace"), expected.encode())
