"""`/v1/*`: Pincite as a model in OpenAI's form, so that any such chat client can ask it and gets the citations.

The last user message is the question and the messages before it its history. `max_tokens` and `stop` end the content
early; sampling settings have no effect, and what a client would break without is refused. The content ends with the
numbered sources; `citations`, on the message and on the reply, are those of ANSWER, all of them in any case.
"""

import re
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from ingest import PinciteError, QuestionError
from retriever import Answer, Found, Turn

from . import render
from .events import event, stream
from .guard import told
from .service import Asked, Service

_COMPLETIONS = "/v1/chat/completions"
_MODEL = {"id": "pincite", "object": "model", "created": 0, "owned_by": "pincite"}
# As many texts as OpenAI's own takes.
_MOST_STOPS = 4
# Stands between what was streamed of an answer that is another in the end, and that one.
_WITHDRAWN = "What stands above is withdrawn."
_WORD = re.compile(r"\S+")


class ChatMessage(BaseModel):
    """A message of the OpenAI form; what Pincite does not know in it is passed over."""

    role: str
    content: str | list[dict[str, Any]] | None = None

    def text(self) -> str:
        """The words of the message, whichever of the two forms they came in."""
        if isinstance(self.content, list):
            return "\n".join(str(part.get("text") or "") for part in self.content if part.get("type") == "text")
        return self.content or ""

    def is_unread(self) -> bool:
        """Whether there is something in the message, an image say, but no words."""
        other = isinstance(self.content, list) and any(part.get("type") != "text" for part in self.content)
        return other and not self.text().strip()


class StreamOptions(BaseModel):
    """What a stream is to hold besides the text."""

    include_usage: bool | None = None


class Ending(NamedTuple):
    """Where the content of a reply ends before its end."""

    words: int | None
    stops: tuple[str, ...]

    def kept(self, content: str) -> tuple[str, str]:
        """What is kept of the whole `content`, and OpenAI's reason why it ends there.

        >>> Ending(3, ("\\n",)).kept("one two three four"), Ending(3, ("\\n",)).kept("one\\ntwo")
        (('one two three', 'length'), ('one', 'stop'))
        """
        end = min((at for stop in self.stops if (at := content.find(stop)) >= 0), default=len(content))
        words = [word.end() for word in _WORD.finditer(content, 0, end)]
        if self.words is not None and len(words) > self.words:
            return content[: words[self.words - 1]], "length"
        return content[:end], "stop"

    def sure(self, content: str) -> str:
        """What is kept of `content` whatever follows it: a stop may have begun, and white space may not count.

        >>> Ending(None, ("[2]",)).sure("Fever. ["), Ending(2, ("b c",)).sure("a b")
        ('Fever.', 'a')
        """
        begun = [n for stop in self.stops for n in range(1, len(stop)) if content.endswith(stop[:n])]
        sure = content[: len(content) - max(begun, default=0)].rstrip()
        return self.kept(content)[0][: len(sure)]


class ChatForm(BaseModel):
    """A chat completion request of the OpenAI form."""

    messages: list[ChatMessage] = Field(min_length=1, max_length=400, description="The conversation, oldest first.")
    model: str = Field("pincite", description="`pincite`, as /v1/models lists it.")
    max_tokens: int | None = Field(
        None, ge=1, description="As many words, the sources' among them, for want of tokens."
    )
    max_completion_tokens: int | None = Field(None, ge=1, description="The same by its newer name; the smaller counts.")
    stop: str | list[str] | None = Field(None, description=f"The content ends before it; {_MOST_STOPS} texts at most.")
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: int | None = Field(None, description="1: there is one answer.")
    tool_choice: str | dict[str, Any] | None = Field(None, description='"none" or "auto": no tools are called.')
    response_format: dict[str, Any] | None = Field(None, description='{"type": "text"}: answers are text.')

    def refusal(self) -> str:
        """Why a client that asks for this would break on an answer; empty if it would not."""
        if self.n not in (None, 1):
            return "Pincite gives one answer to a question: leave out n."
        if self.tool_choice not in (None, "none", "auto"):
            return "Pincite calls no tools: leave out tool_choice."
        if self.response_format and self.response_format.get("type") != "text":
            return "Pincite answers in text, not in JSON: leave out response_format; /api/ask gives the answer as JSON."
        if len(self._stops()) > _MOST_STOPS or "" in self._stops():
            return f"Pincite stops before one of 1 to {_MOST_STOPS} texts, none of them empty: send stop so."
        return ""

    def ending(self) -> Ending:
        """Where the content is to end, by `max_tokens` and `stop`."""
        most = [n for n in (self.max_tokens, self.max_completion_tokens) if n is not None]
        return Ending(min(most, default=None), self._stops())

    def _stops(self) -> tuple[str, ...]:
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())


def add_openai(app: FastAPI, service: Service) -> None:
    """The routes of `/v1`."""
    failures: dict[int | str, dict[str, Any]] = {
        400: {"description": "The request wants what Pincite does not do: several answers, tools, JSON."},
        404: {"description": "There is no such model."},
        422: {"description": "The request does not make sense."},
        503: {"description": "The library cannot answer now."},
    }

    @app.get(
        "/v1/models",
        summary="The one model, in OpenAI's form",
        responses={200: {"description": "A list with `pincite`."}},
    )
    def models() -> Response:
        return JSONResponse({"object": "list", "data": [_MODEL]})

    @app.get(
        "/v1/models/{name}",
        summary="One model, in OpenAI's form",
        responses={200: {"description": "`pincite`."}, 404: {"description": "There is no such model."}},
    )
    def model(name: str) -> Response:
        if name == _MODEL["id"]:
            return JSONResponse(_MODEL)
        return _no_model(name)

    @app.post(
        _COMPLETIONS,
        summary="An answer in OpenAI's form",
        description="The last user message is the question. The content ends with the numbered sources; "
        "`citations` on the message and the reply are those of /api/ask. `usage` and `max_tokens` count words, for "
        "want of tokens.",
        responses={200: {"description": "A chat completion; with `stream`, its chunks as events."}, **failures},
    )
    async def completions(form: ChatForm) -> Response:
        if form.model != _MODEL["id"]:
            return _no_model(form.model)
        if refusal := form.refusal():
            return told(_COMPLETIONS, refusal, 400)
        asked = _asked(form)
        if form.stream:
            said = service.stream("openai", asked)
            await anext(said)  # what is refused is refused before anything is said
            with_usage = bool(form.stream_options and form.stream_options.include_usage)
            return stream(_chunks(said, form.ending(), asked if with_usage else None))
        return JSONResponse(_completion(await service.ask("openai", asked), asked, form.ending()))


def _no_model(name: str) -> Response:
    sentence = f"There is no model {name!r:.80}; there is {_MODEL['id']!r}."
    return told(_COMPLETIONS, sentence, 404, param="model", code="model_not_found")


def _asked(form: ChatForm) -> Asked:
    """The question and the turns before it; a system's instructions mean nothing to an answer that quotes."""
    spoken = [m for m in form.messages if m.role in ("user", "assistant")]
    if not spoken or spoken[-1].role != "user":
        raise QuestionError("The last message must be the user's question.")
    last = spoken.pop()
    if last.is_unread():
        raise QuestionError("Only text is read, no images and no files: put the question in words.")
    return Asked(last.text(), [_spoken(message) for message in spoken])


def _spoken(message: ChatMessage) -> Turn:
    """A message as a turn, an answer without what was withdrawn of it and without the sources listed under it."""
    text = message.text()
    if message.role == "user":
        return Turn("user", text)
    _, withdrawn, rest = text.partition(f"\n\n{_WITHDRAWN}")
    text = rest.partition("\n\n")[2] if withdrawn else text
    return Turn("assistant", text.partition("\n\nSources:\n")[0])


def _completion(answer: Answer, asked: Asked, ending: Ending) -> dict[str, Any]:
    citations = answer.to_dict()["citations"]
    content, finish = ending.kept(render.as_markdown(answer))
    message = {"role": "assistant", "content": content, "refusal": None, "citations": citations}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
    return _frame("chat.completion") | {"choices": [choice], "usage": _usage(asked, content), "citations": citations}


def _usage(asked: Asked, content: str) -> dict[str, int]:
    """The words of the conversation and of the answer: nothing is billed by tokens here, and none are counted."""
    said = sum(len(text.split()) for text in (asked.question, *(turn.text for turn in asked.history)))
    replied = len(content.split())
    return {"prompt_tokens": said, "completion_tokens": replied, "total_tokens": said + replied}


def _frame(kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{uuid.uuid4().hex}", "object": kind, "created": int(time.time()), "model": _MODEL["id"]}


async def _chunks(
    said: AsyncIterator[Found | str | Answer], ending: Ending, counted: Asked | None
) -> AsyncIterator[str]:
    """The completion as OpenAI's stream sends it; the citations are in the last chunk of the choice.

    The usage follows where what was asked is to be `counted`.
    """
    frame = _frame("chat.completion.chunk")

    def chunk(delta: Mapping[str, Any], finish: str | None = None, **more: Any) -> str:
        return event(frame | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]} | more)

    yield chunk({"role": "assistant", "content": ""})
    content = sent = ""
    try:
        async for each in said:
            text = each if isinstance(each, str) else ""
            if isinstance(each, Answer):
                whole = render.as_markdown(each)
                # A language model that failed in the middle is followed by the answer that counts.
                changed = f"\n\n{_WITHDRAWN} {each.note or ''}".rstrip() + f"\n\n{whole}"
                text = whole[len(content) :] if whole.startswith(content) else changed
            content += text.replace("![", "!\\[")
            kept = ending.kept(content)[0] if isinstance(each, Answer) else ending.sure(content)
            for piece in render.pieces(kept[len(sent) :]):
                sent += piece
                yield chunk({"content": piece})
            if isinstance(each, Answer):
                citations = each.to_dict()["citations"]
                yield chunk({"citations": citations}, ending.kept(content)[1], citations=citations)
    except PinciteError as exc:
        yield event({"error": {"message": str(exc), "type": "server_error", "param": None, "code": None}})
        return
    if counted:
        yield event(frame | {"choices": [], "usage": _usage(counted, sent)})
    yield "data: [DONE]\n\n"
