"""The retriever as every face of the server uses it: so many questions at a time, each within its time, all counted."""

import asyncio
import os
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from ingest import BusyError, PinciteError, TooSlowError
from retriever import Answer, Found, Retriever, Turn

from .metrics import Metrics

# Answers that are worked on at once: beyond the processor's cores more threads only wait for each other,
# unless they wait for a language model.
AT_ONCE = min(max(os.cpu_count() or 1, 2), 8)
AT_ONCE_WITH_LLM = 16
# Questions that may wait for their turn; one more is told to come again.
WAITING = 256
# How long one may take, its wait included, unless the settings say otherwise.
ANSWER_SECONDS = 60.0

T = TypeVar("T")


class Service:
    """Asks `retriever`, which the caller keeps open, for the faces of one server."""

    def __init__(self, retriever: Retriever, seconds: float = ANSWER_SECONDS, at_once: int = AT_ONCE) -> None:
        self.retriever = retriever
        self.metrics = Metrics()
        self._seconds = seconds
        # Threads of its own: what takes too long keeps its thread until it ends, and takes no one else's.
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="pincite")
        self._inside = 0

    async def ask(
        self,
        face: str,
        question: str,
        history: Iterable[Turn] = (),
        documents: Iterable[str] = (),
        tags: Iterable[str] = (),
    ) -> Answer:
        """The answer to `question`, counted as asked through `face`; BusyError, TooSlowError, or the retriever's."""
        came = time.perf_counter()
        began = came

        def work() -> Answer:
            nonlocal began
            began = time.perf_counter()
            return self.retriever.ask(question, history, documents, tags)

        outcome = "failed"
        try:
            answer = await self.run(work)
        except PinciteError:
            outcome = "refused"
            raise
        else:
            outcome = ""
            self.metrics.answered(face, answer, began - came)
            return answer
        finally:
            if outcome:
                self.metrics.asks.labels(face, outcome).inc()

    async def search(
        self,
        question: str,
        k: int,
        history: Iterable[Turn] = (),
        documents: Iterable[str] = (),
        tags: Iterable[str] = (),
    ) -> Found:
        """The `k` best passages; raises as `ask` does."""
        self.metrics.searches.inc()
        return await self.run(lambda: self.retriever.search(question, k, history, documents, tags))

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns, done in a thread in its turn; BusyError, TooSlowError, or what it raises."""
        if self._inside >= AT_ONCE + WAITING:
            raise BusyError("Too many questions are being answered; ask again in a moment.")
        self._inside += 1
        try:
            future = asyncio.get_running_loop().run_in_executor(self._threads, work)
            return await asyncio.wait_for(future, self._seconds)
        except TimeoutError as exc:
            raise TooSlowError(f"No answer was found within {self._seconds:g} seconds; ask again.") from exc
        finally:
            self._inside -= 1

    def close(self) -> None:
        """Lets go of the threads; what is being answered is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)
