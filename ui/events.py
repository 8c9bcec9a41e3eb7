"""An answer as it is told piece by piece: server-sent events (https://html.spec.whatwg.org/#server-sent-events)."""

import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi.responses import StreamingResponse


def event(data: Any, name: str = "") -> str:
    """One event. JSON has no line breaks, so its data is one line.

    >>> event({"text": "a"}, "text")
    'event: text\\ndata: {"text": "a"}\\n\\n'
    """
    return (f"event: {name}\n" if name else "") + f"data: {json.dumps(data, ensure_ascii=False)}\n\n"


def stream(events: AsyncIterator[str]) -> StreamingResponse:
    """The events as one response, which no proxy on the way is to keep or to collect."""
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)
