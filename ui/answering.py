"""The turns of the web chat that are being answered now, each by a task of its own, whoever looks on.

So an answer is found and kept also where its reader has gone to another conversation, or has loaded the page again:
who comes back follows it from where it is.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import anyio

from ingest import PinciteError
from retriever import Answer, Piece

from .conversations import STOPPED, Conversations
from .service import Asked, Service

_CUT = "You stopped this answer before it was whole."
BROKEN = "Pincite failed inside; its log says where. Ask again."


@dataclass(eq=False)
class InHand:
    """A turn that is being answered. `so_far` is what a language model has said of it by now.

    `answer` is there a little before the turn is done, which is when it is kept.
    """

    question: str
    so_far: Answer | None = None
    answer: Answer | None = None
    task: "asyncio.Task[None]" = field(init=False)
    stopped: bool = False
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self) -> None:
        """Wakes who follows."""
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def follow(self) -> AsyncIterator[Answer | None]:
        """The answer so far, at once and at every `tell`, until the turn is done."""
        while not self.task.done():
            news = self._news
            yield self.so_far
            if not self.task.done():
                await news.wait()


class Answering:
    """Answers turns of `conversations` by `service`. Used from the server's event loop only."""

    def __init__(self, service: Service, conversations: Conversations) -> None:
        self._service = service
        self._conversations = conversations
        self._turns: dict[tuple[str, int], InHand] = {}
        # What each session of a page looks at: the newest of its events; those before it have nothing more to show.
        self._looks: dict[str, object] = {}

    def look(self, session: str) -> object:
        """A look of a page at something, which ends those that it took before."""
        self._looks[session] = look = object()
        for turn in self._turns.values():
            turn.tell()
        return look

    def looks(self, session: str, look: object) -> bool:
        """Whether that is still what the page looks at."""
        return self._looks.get(session) is look

    def away(self, session: str, look: object) -> None:
        """Ends a look."""
        if self.looks(session, look):
            del self._looks[session]

    def begin(self, conversation: str, number: int, question: str, asked: Asked) -> InHand:
        """Begins to answer a turn that asks `question`, for which `asked` is put to the service."""
        for key, before in list(self._turns.items()):
            if key[0] == conversation and key[1] >= number:  # its place is taken
                before.task.cancel()
                del self._turns[key]
        self._turns[conversation, number] = turn = InHand(question)
        turn.task = asyncio.create_task(self._answered(conversation, number, turn, asked))
        turn.task.add_done_callback(lambda _: turn.tell())
        return turn

    def of(self, conversation: str) -> dict[int, InHand]:
        """The turns of a conversation that are being answered, by their numbers."""
        return {number: turn for (id, number), turn in self._turns.items() if id == conversation}

    async def stop(self, conversation: str, number: int) -> None:
        """Stops answering a turn, if it is being answered."""
        if turn := self._turns.get((conversation, number)):
            turn.stopped = True
            turn.task.cancel()
            await asyncio.wait([turn.task])
            self._forget(conversation, number, turn)  # a task that was stopped before its first step does not

    async def _answered(self, conversation: str, number: int, turn: InHand, asked: Asked) -> None:
        outcome: Answer | str = BROKEN
        try:
            async for said in self._service.stream("chat", asked):
                if isinstance(said, Answer):
                    turn.answer = outcome = replace(said, question=turn.question)
                    turn.tell()
                elif isinstance(said, Piece):
                    turn.so_far = said.so_far
                    turn.tell()
        except PinciteError as exc:
            outcome = str(exc)
        except asyncio.CancelledError:
            if isinstance(outcome, str) and turn.stopped and turn.so_far:
                outcome = replace(turn.so_far, question=turn.question, note=_CUT)
            elif isinstance(outcome, str):
                outcome = STOPPED if turn.stopped else ""
        finally:
            if self._turns.get((conversation, number)) is turn:
                await anyio.to_thread.run_sync(self._conversations.finish, conversation, number, outcome)
                self._forget(conversation, number, turn)

    def _forget(self, conversation: str, number: int, turn: InHand) -> None:
        if self._turns.get((conversation, number)) is turn:
            del self._turns[conversation, number]
