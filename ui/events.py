"""An answer as it is told piece by piece: server-sent events (https://html.spec.whatwg.org/#server-sent-events)."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

from fastapi.responses import StreamingResponse

_EVENTS, _JSON = "text/event-stream", "application/json"
_QUALITY = re.compile(r"q=([01](?:\.\d{0,3})?)")


def event(data: Any, name: str = "") -> str:
    """One event. JSON has no line breaks, so its data is one line.

    >>> event({"text": "a"}, "text")
    'event: text\\ndata: {"text": "a"}\\n\\n'
    """
    return (f"event: {name}\n" if name else "") + f"data: {json.dumps(data, ensure_ascii=False)}\n\n"


def are_wanted(accept: str) -> bool:
    """Whether a client with this `Accept` header prefers events to JSON (RFC 9110, 12.5.1).

    It does if it names them and gives them the higher `q`; of equal ones, if it does not name JSON before them.

    >>> are_wanted("text/event-stream"), are_wanted("application/json;q=0.5, text/event-stream;q=0.9")
    (True, True)
    >>> are_wanted("*/*"), are_wanted("application/json, text/event-stream"), are_wanted("text/event-stream;q=0")
    (False, False, False)
    """
    weights: dict[str, float] = {}
    for part in accept.lower().split(","):
        name, *parameters = (each.strip() for each in part.split(";"))
        told = next((match for each in parameters if (match := _QUALITY.fullmatch(each))), None)
        weights.setdefault(name, float(told[1]) if told else 1.0)
    events, named = weights.get(_EVENTS, 0.0), list(weights)
    json_too = next((weights[name] for name in (_JSON, "application/*", "*/*") if name in weights), 0.0)
    if events == json_too and _JSON in weights:
        return events > 0 and named.index(_EVENTS) < named.index(_JSON)
    return events > 0 and events >= json_too


def stream(events: AsyncIterator[str]) -> StreamingResponse:
    """The events as one response, which no proxy on the way is to keep or to collect."""
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(events, media_type=_EVENTS, headers=headers)
