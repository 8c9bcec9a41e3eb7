"""The language model behind an OpenAI-compatible address: messages in, text out piece by piece.

Whatever the server does (dead, slow, endless, garbage, an error), the outcome is text or one LLMError whose
message says what happened, within the time-out. The request is read in a thread of its own, because a server
that trickles bytes which make no text would keep a reader busy for ever. No tools are offered, no redirect
is followed, and the key is sent nowhere but to that address.
"""

import importlib
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from ingest import CutShortError, LLMError, Settings

Messages = Sequence[dict[str, str]]

CONNECT_SECONDS = 5.0
# The first word may take this share of the whole time: a model that has not begun by then will not end in time.
FIRST_SHARE = 0.5
# An answer has some 60 words. What goes beyond these is cut off, whatever limit the server keeps.
MAX_TOKENS = 600
MAX_CHARS = 6000
MAX_BYTES = 4_000_000
# The reasons, as servers call them, for which a reply ends because it is whole.
_WHOLE = frozenset({"stop", "eos", "eos_token", "end_turn", "stop_sequence"})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class LLM:
    """A chat model at `settings.llm_base_url`. Nothing is loaded or sent before it is first asked."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def stream(self, messages: Messages, seconds: float) -> Iterator[str]:
        """The model's reply, piece by piece; LLMError where it fails, ends too early, or does not end.

        It is over within `seconds`, however the server behaves. CutShortError, at the end, where the server cut it off.
        """
        importlib.import_module("openai.resources.chat")  # takes a second the first time, which is not the server's
        late = f"The language model did not answer within {seconds:.0f} seconds"
        request = _Request(self._settings, list(messages), seconds)
        threading.Thread(target=request.run, name="pincite-llm", daemon=True).start()
        began = time.monotonic()
        limit, length = began + seconds * FIRST_SHARE, 0
        try:
            while True:
                left = limit - time.monotonic()
                if left <= 0:  # whoever was slow, the server or the reader of its pieces
                    raise LLMError(late)
                try:
                    piece = request.pieces.get(timeout=left)
                except queue.Empty:
                    raise LLMError(late) from None
                if piece is None:
                    break
                length += len(piece)
                if length > MAX_CHARS:
                    raise LLMError("The language model did not come to an end")
                yield piece
                limit = began + seconds
        finally:
            request.close()
        if request.failure:
            raise LLMError(request.failure)
        if not length:
            raise LLMError("The language model sent no text")
        if request.cut:
            raise CutShortError("The language model's answer was cut off")

    def reply(self, messages: Messages, seconds: float) -> str:
        """The model's whole reply, as `stream` gives it."""
        return "".join(self.stream(messages, seconds))


class _Request:
    """One request, run in a thread: `pieces` brings its text and then None; `failure` says what went wrong.

    `cut`: what it brought is not the whole reply.
    """

    def __init__(self, settings: Settings, messages: list[dict[str, str]], seconds: float) -> None:
        self.pieces: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self.failure = "The language model's reply broke off"
        self.cut = False
        self._settings, self._messages, self._seconds = settings, messages, seconds
        self._closed = threading.Event()
        self._client: Any = None

    def close(self) -> None:
        """Ends the request, wherever it stands."""
        self._closed.set()
        if self._client is not None:
            self._client.close()

    def run(self) -> None:
        """Sends the request and hands on what comes."""
        import httpx2
        import openai

        host = urlsplit(self._settings.llm_base_url).hostname or ""
        try:
            # The key is always given: else the client would send this address one that was meant for another.
            self._client = openai.OpenAI(
                base_url=self._settings.llm_base_url,
                api_key=self._settings.llm_api_key or "none",
                max_retries=0,
                http_client=httpx2.Client(
                    timeout=httpx2.Timeout(self._seconds, connect=min(CONNECT_SECONDS, self._seconds)),
                    trust_env=host not in _LOOPBACK,  # a proxy is no way to this machine
                    follow_redirects=False,
                    event_hooks={"response": [_bounded]},
                ),
            )
            self._client.organization = self._client.project = None  # nor anything else of the environment's
            self.failure = self._read()
        except openai.APITimeoutError:
            self.failure = "The language model did not answer in time"
        except openai.APIConnectionError:
            self.failure = f"The language model at {host} cannot be reached"
        except openai.APIStatusError as exc:
            self.failure = f"The language model's server answered with error {exc.status_code}"
        except (openai.OpenAIError, httpx2.HTTPError, httpx2.InvalidURL, RuntimeError, ValueError, OSError):
            # RuntimeError: the client was closed meanwhile, since the time was up.
            self.failure = "The language model sent something that cannot be read"
        finally:
            self.pieces.put(None)
            self.close()

    def _read(self) -> str:
        """Hands on the pieces; gives what went wrong, "" if nothing did."""
        begun = ended = None
        for chunk in self._open():
            if self._closed.is_set():
                break
            begun = True
            choices = getattr(chunk, "choices", None)
            if not isinstance(choices, list) or not choices:
                continue
            text = getattr(getattr(choices[0], "delta", None), "content", None)
            if isinstance(text, str) and text:
                self.pieces.put(text)
            ended = getattr(choices[0], "finish_reason", None) or ended
        if not begun:
            return "The language model sent something that cannot be read"
        self.cut = str(ended).lower() not in _WHOLE
        return "" if ended else "The language model's reply broke off"

    def _open(self) -> Any:
        """The stream of chunks. Some servers refuse the limits that others want; then they are left out."""
        import openai

        wanted = {"model": self._settings.llm_model or "default", "messages": self._messages, "stream": True}
        try:
            return self._client.chat.completions.create(**wanted, temperature=0, max_tokens=MAX_TOKENS)
        except openai.BadRequestError:
            return self._client.chat.completions.create(**wanted)


def _bounded(response: Any) -> None:
    """Makes a response fail that sends more bytes than any answer has."""
    import httpx2

    class Bounded(httpx2.SyncByteStream):
        def __init__(self, stream: Any) -> None:
            self._stream = stream

        def __iter__(self) -> Iterator[bytes]:
            taken = 0
            for part in self._stream:
                taken += len(part)
                if taken > MAX_BYTES:
                    raise ValueError("more bytes than an answer has")
                yield part

        def close(self) -> None:
            self._stream.close()

    response.stream = Bounded(response.stream)
