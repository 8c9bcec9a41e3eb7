"""Matrix products by one thread, while the encoder needs the processor.

OpenBLAS lets its threads spin for some 25 ms after every product, on the very cores that the encoder computes on
next: a question took 168 ms with them and 106 ms without (906 passages, two cores).
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

_lock = threading.Lock()
_inside = 0
_before: list[int] = []


@contextmanager
def one_thread_for_products() -> Iterator[None]:
    """Has numpy multiply matrices by one thread inside; what the program had set is back when the last one is out."""
    global _inside
    pools = _pools()
    with _lock:
        if not _inside:
            _before[:] = [pool.num_threads for pool in pools]
            _set(pools, [1] * len(pools))
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                _set(pools, _before)


@lru_cache(1)
def _pools() -> list[Any]:
    from threadpoolctl import ThreadpoolController

    return list(ThreadpoolController().select(internal_api="openblas").lib_controllers)


def _set(pools: list[Any], threads: list[int]) -> None:
    for pool, count in zip(pools, threads, strict=True):
        pool.set_num_threads(count)
