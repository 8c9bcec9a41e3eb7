"""Products by one thread, and the program's own setting afterwards."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from ingest import Library, one_thread_for_products, products
from retriever import Retriever
from retriever.search import Candidate


class Pool:
    """What threadpoolctl gives for a library of threads."""

    num_threads = 7

    def set_num_threads(self, count: int) -> None:
        self.num_threads = count


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Pool:
    """The only pool there is."""
    made = Pool()
    monkeypatch.setattr(products, "_pools", lambda: [made])
    return made


def test_the_program_has_its_threads_back_when_the_last_is_out(pool: Pool) -> None:
    first_is_out = threading.Event()

    def second() -> int:
        with one_thread_for_products():
            first_is_out.wait(10)
            return pool.num_threads

    with ThreadPoolExecutor(1) as others, pytest.raises(KeyError), one_thread_for_products():
        assert pool.num_threads == 1
        counted = others.submit(second)
        while products._inside < 2:
            pass
        raise KeyError
    # The other one was still inside when the first left.
    first_is_out.set()
    assert counted.result() == 1
    assert pool.num_threads == 7


def test_questions_are_worked_on_by_one_thread(library: Library, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def searched(*_: object) -> list[Candidate]:
        seen.append(pool.num_threads)
        return []

    monkeypatch.setattr("retriever.retriever.search", searched)
    Retriever(library).search("kettle")
    assert seen == [1]
    assert pool.num_threads == 7


def test_numpy_has_such_a_pool_or_does_without() -> None:
    np.ones((2, 2)) @ np.ones((2, 2))
    with one_thread_for_products():
        assert all(pool.num_threads == 1 for pool in products._pools())
