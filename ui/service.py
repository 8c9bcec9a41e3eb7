"""The retriever as every face of the server uses it: so many questions at a time, each within its time, all counted."""

import asyncio
import os
import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

from ingest import BusyError, PinciteError, TooSlowError
from retriever import Answer, Found, Retriever, Turn

from .metrics import Metrics

# Answers that are worked on at once: one more than cores, for each waits for Python's lock or the encoder at times (on
# two cores 26 answers/s with 3, 24 with 2, 26 with 4). More only wait, unless it is for a language model.
AT_ONCE = min((os.cpu_count() or 1) + 1, 8)
AT_ONCE_WITH_LLM = 16
# Questions that may wait for their turn; one more is told to come again.
WAITING = 256
# How long one may take, its wait included, unless the settings say otherwise.
ANSWER_SECONDS = 90.0

T = TypeVar("T")


class Asked(NamedTuple):
    """A question, what was said before it, and the documents that it is put to; what `Retriever.ask` takes."""

    question: str
    history: Iterable[Turn] = ()
    documents: Iterable[str] = ()
    tags: Iterable[str] = ()


class Service:
    """Asks `retriever`, which the caller keeps open, for the faces of one server."""

    def __init__(self, retriever: Retriever, seconds: float = ANSWER_SECONDS, at_once: int = AT_ONCE) -> None:
        self.retriever = retriever
        self.metrics = Metrics()
        self._seconds = seconds
        # Threads of its own: what takes too long keeps its thread until it ends, and takes no one else's.
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="pincite")
        self._inside = 0

    async def ask(self, face: str, asked: Asked) -> Answer:
        """The answer to what was asked; counted, and raises, as `stream` does."""
        async for said in self.stream(face, asked):
            if isinstance(said, Answer):
                return said
        raise AssertionError("a stream ends with its answer")

    async def stream(self, face: str, asked: Asked) -> AsyncGenerator[Found | str | Answer, None]:
        """What `Retriever.stream` gives, as it comes, counted as asked through `face`.

        BusyError before the first is given; TooSlowError at any time; or what the retriever raises.
        """
        came = began = time.perf_counter()
        loop = asyncio.get_running_loop()
        until = loop.time() + self._seconds
        queue: asyncio.Queue[Found | str | Answer | None] = asyncio.Queue()
        nobody_listens = threading.Event()

        def work() -> None:
            nonlocal began
            began = time.perf_counter()
            for said in self.retriever.stream(*asked):
                if nobody_listens.is_set():
                    return
                loop.call_soon_threadsafe(queue.put_nowait, said)

        outcome = "failed"
        try:
            with self._turn():
                working = loop.run_in_executor(self._threads, work)
                working.add_done_callback(lambda _: queue.put_nowait(None))
                while (said := await self._in_time(queue.get(), until - loop.time())) is not None:
                    if isinstance(said, Answer):
                        outcome = ""
                        self.metrics.answered(face, said, began - came)
                    yield said
                await working
        except PinciteError:
            outcome = "refused"
            raise
        except (GeneratorExit, asyncio.CancelledError):  # the client has heard enough, or is gone
            outcome = outcome and "refused"
            raise
        finally:
            nobody_listens.set()
            if outcome:
                self.metrics.asks.labels(face, outcome).inc()

    async def search(self, asked: Asked, k: int) -> Found:
        """The `k` best passages; raises as `ask` does."""
        self.metrics.searches.inc()
        return await self.run(lambda: self.retriever.search(asked.question, k, *asked[1:]))

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns, done in a thread in its turn; BusyError, TooSlowError, or what it raises."""
        with self._turn():
            return await self._in_time(asyncio.get_running_loop().run_in_executor(self._threads, work), self._seconds)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if self._inside >= AT_ONCE + WAITING:
            raise BusyError("Too many questions are being answered; ask again in a moment.")
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1

    async def _in_time(self, result: Awaitable[T], seconds: float) -> T:
        try:
            return await asyncio.wait_for(result, seconds)
        except TimeoutError as exc:
            raise TooSlowError(f"No answer was found within {self._seconds:g} seconds; ask again.") from exc

    def close(self) -> None:
        """Lets go of the threads; what is being answered is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)
