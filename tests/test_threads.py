"""One library, several threads: nobody waits for a writer, and everyone sees whole states."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ingest import Document, Library
from retriever import Retriever

SENTENCE = "The kettle number {0} is blue, and the lamp number {0} is green."


def documents(low: int, high: int) -> list[Document]:
    return [Document(f"d{n}", f"Doc {n}", SENTENCE.format(n), "") for n in range(low, high)]


@pytest.fixture
def filled(library: Library) -> Library:
    library.ingest_documents(documents(0, 20))
    return library


def elsewhere(work: Callable[[], Any]) -> Any:
    """What `work` returns in a thread of its own, soon."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(work).result(timeout=20)


def test_nobody_waits_for_a_writer(filled: Library) -> None:
    retriever = Retriever(filled)
    before = retriever.ask("Which colour has kettle number 3?")
    with filled._writing(), filled.store.writing():
        filled.store.remove("d3", filled.store.generation)
        assert len(filled.documents()) == 19, "who writes sees what is written"
        answer = elsewhere(lambda: retriever.ask("Which colour has kettle number 3?"))
        assert len(elsewhere(filled.documents)) == 20, "others do not, before it is done"
    assert answer.evidence == before.evidence


def test_readers_do_not_wait_for_each_other(filled: Library) -> None:
    both = threading.Barrier(2, timeout=20)

    def read() -> int:
        with filled.reading() as store:
            both.wait()
            return store.counts()[0]

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(lambda _: read(), range(2))) == [20, 20]


def test_a_reading_within_a_reading_is_the_same(filled: Library) -> None:
    def read() -> None:
        with filled.reading() as outer, filled.reading() as inner:
            assert outer is inner is filled.store
            inner.counts()

    with filled.reading():
        elsewhere(read)


def test_threads_that_ask_while_one_writes_see_whole_states(filled: Library) -> None:
    retriever = Retriever(filled)
    ended = threading.Event()

    def ask() -> int:
        asked = 0
        while not ended.is_set() or not asked:
            answer = retriever.ask("Which colour has kettle number 3?")
            asked += 1
            state = answer.library
            assert state.documents == state.passages
            for hit in answer.evidence:
                assert hit.passage.text == SENTENCE.format(hit.passage.document.removeprefix("d"))
        return asked

    with ThreadPoolExecutor(3) as threads:
        asking = [threads.submit(ask) for _ in range(3)]
        try:
            for low in range(20, 60, 4):
                filled.ingest_documents(documents(low, low + 4))
                filled.remove(f"d{low}", f"d{low + 1}")
        finally:
            ended.set()
        assert sum(future.result(timeout=60) for future in asking) >= 3
    with filled.reading():
        assert len(filled.dense()) == filled.store.counts()[1] == 40
    assert filled.check() == []


def test_a_reader_finds_the_passages_of_its_own_state_only(filled: Library) -> None:
    """Though another thread has brought the index, which they share, to a later state."""
    vector = filled.encoder.encode_question("Which colour has kettle number 3?").pooled[0]
    with filled.reading():
        before = filled.nearest(vector, 5)

        def change() -> list[tuple[int, float]]:
            with Library.open(filled.folder, settings=filled.settings) as other:
                other._encoder = filled.encoder
                other.remove("d3")
                other.ingest_documents([Document("e", "", "Which colour has kettle number 3?", "")])
            with filled.reading():
                return filled.nearest(vector, 5)

        after = elsewhere(change)
        assert {id for id, _ in before} != {id for id, _ in after}
        assert filled.nearest(vector, 5) == before
