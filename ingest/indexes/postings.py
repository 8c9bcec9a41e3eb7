"""The words of a large library: BM25 over postings of its own, where SQLite's take too long.

FTS5 works out the score of every passage that holds any word of the question, some 1.5 microseconds each: a quarter of
a second among a million passages, seconds for a long question. Here a posting is a passage's id with how often the word
stands in it, and a word's postings lie side by side in a file that is mapped, not read. What is added later is held in
memory until the file is made anew. BM25 is FTS5's, but for phrases; whatever the index has been through, its scores are
those of one made anew.
"""

import hashlib
import math
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from ..errors import LibraryError
from .lexical import stem, words

Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]

# As in FTS5.
K1, B = 1.2, 0.75
# A word that stands more often in a passage counts as so many.
MOST_TIMES = 65_535
# So many passages are counted together when the file is made; it bounds the memory that takes.
COUNTED_TOGETHER = 50_000
# Every so manieth score is looked at to guess where the best begin.
SAMPLED = 64


class _Arrays(NamedTuple):
    """The file's arrays: n passages in order of id, t stems in order of key, p postings in order of stem and id."""

    passages: npt.NDArray[np.uint32]  # (n,)
    lengths: npt.NDArray[np.uint32]  # (n,) in words
    keys: npt.NDArray[np.uint64]  # (t,)
    starts: npt.NDArray[np.uint64]  # (t + 1,)
    ids: npt.NDArray[np.uint32]  # (p,)
    times: npt.NDArray[np.uint16]  # (p,)


class WordIndex:
    """Passage ids by BM25. Not safe for writing while reading."""

    def __init__(self, arrays: _Arrays) -> None:
        self._arrays = arrays
        self._recent: dict[int, tuple[array[int], array[int]]] = {}
        self._recent_ids, self._recent_lengths = array("I"), array("I")
        self._removed: Ids = np.zeros(0, np.int64)
        self._weighed: tuple[Floats, int] | None = None

    @classmethod
    def build(cls, texts: Iterable[tuple[int, str]]) -> Self:
        """The index of passages (id, text), by id."""
        return cls(_postings(texts))

    @classmethod
    def load(cls, path: Path) -> Self:
        """The index in file `path`, whose checksum the caller has compared; LibraryError if unreadable."""
        try:
            with path.open("rb") as file:
                return cls(_Arrays(*(_mapped(file, path) for _ in _Arrays._fields)))
        except (ValueError, OSError) as exc:
            raise LibraryError(f"{path} cannot be read.") from exc

    def save(self, path: Path) -> None:
        """Writes the index to `path`; the caller makes it durable. ValueError if it has changed since it was built."""
        if self.has_changed:
            raise ValueError("an index that has changed is built anew")
        with path.open("wb") as file:
            for values in self._arrays:
                np.save(file, values)

    @property
    def has_changed(self) -> bool:
        """Whether passages were added or removed since it was built or loaded."""
        return bool(self._recent_ids or len(self._removed))

    def __len__(self) -> int:
        return self._lengths()[1]

    def ids(self) -> Ids:
        """The ids of all passages in the index."""
        every = np.concatenate([self._arrays.passages, np.array(self._recent_ids, np.uint32)]).astype(np.int64)
        return np.asarray(every[~np.isin(every, self._removed)], np.int64)

    def add(self, texts: Iterable[tuple[int, str]]) -> None:
        """Adds passages (id, text), whose ids must be new and higher than those before."""
        self._weighed = None
        for id, text in texts:
            found = words(text)
            for term, times in Counter(map(stem, found)).items():
                ids, counts = self._recent.setdefault(_key(term), (array("I"), array("H")))
                ids.append(id)
                counts.append(min(times, MOST_TIMES))
            self._recent_ids.append(id)
            self._recent_lengths.append(len(found))

    def remove(self, ids: Ids) -> None:
        """Removes passages; ids that are not there are passed over."""
        self._weighed = None
        self._removed = np.union1d(self._removed, ids)

    def document_frequency(self, term: str) -> int:
        """How many passages hold the word with that Porter stem."""
        return sum(len(ids) - int(np.isin(self._removed, ids).sum()) for ids, _ in self._of(term))

    def search(self, terms: Sequence[str], k: int, within: Ids | None = None) -> list[tuple[int, float]]:
        """The `k` best (passage id, BM25 score) for these Porter stems, best first, ties by id; higher is better.

        With `within`, only among these ids. A word of half of the passages or more counts nothing.
        """
        lengths, passages = self._lengths()
        scores = np.zeros(len(lengths), np.float32)
        for term in terms:
            held = self.document_frequency(term)
            if not 0 < 2 * held < passages:
                continue
            rarity = np.float32(math.log((passages - held + 0.5) / (held + 0.5)))
            for ids, times in self._of(term):
                # Step by step in place: less memory is gone through than by the formula as books write it.
                at, share = ids.astype(np.intp), times.astype(np.float32)
                weighed = lengths.take(at)
                weighed += share
                share *= np.float32(K1 + 1)
                share /= weighed
                share *= rarity
                scores[at] = scores.take(at) + share
        if within is not None:
            allowed = np.zeros_like(scores)
            chosen = within[within < len(scores)]
            allowed[chosen] = scores[chosen]
            scores = allowed
        found = _highest(scores, k)
        return list(zip(found.tolist(), scores[found].tolist(), strict=True))

    def holds(self, id: int, text: str) -> bool:
        """Whether passage `id` is under each word of `text`, as often as the word stands there."""
        return all(
            [int(times[ids == id].sum()) for ids, times in self._of(term) if id in ids] == [min(count, MOST_TIMES)]
            for term, count in Counter(map(stem, words(text))).items()
        )

    def _lengths(self) -> tuple[Floats, int]:
        """What each passage's length weighs against its words, by id, endless if it was removed; how many there are."""
        if self._weighed is None:
            every = np.concatenate([self._arrays.passages, np.array(self._recent_ids, np.uint32)]).astype(np.int64)
            lengths = np.concatenate([self._arrays.lengths, np.array(self._recent_lengths, np.uint32)])
            there = ~np.isin(every, self._removed)
            mean = max(float(lengths[there].mean()), 1.0) if there.any() else 1.0
            weights = np.full(int(every.max()) + 1 if len(every) else 0, np.inf, np.float32)
            weights[every[there]] = K1 * (1 - B + B * lengths[there] / mean)
            self._weighed = weights, int(there.sum())
        return self._weighed

    def _of(self, term: str) -> Iterator[tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint16]]]:
        """The postings of a stem, those in the file and those in memory: ids, ascending, and how often it is there."""
        key = _key(term)
        place = self._place(key)
        if place is not None:
            start, end = int(self._arrays.starts[place]), int(self._arrays.starts[place + 1])
            yield self._arrays.ids[start:end], self._arrays.times[start:end]
        if key in self._recent:
            ids, times = self._recent[key]
            yield np.array(ids, np.uint32), np.array(times, np.uint16)

    def _place(self, key: int) -> int | None:
        keys = self._arrays.keys
        place = int(np.searchsorted(keys, np.uint64(key)))
        return place if place < len(keys) and int(keys[place]) == key else None


def _postings(texts: Iterable[tuple[int, str]]) -> _Arrays:
    numbers = _Numbers()
    passages, lengths = array("I"), array("I")
    runs = []  # of each part: stems by number, places of passages, and how often the one is in the other, in this order
    rows = iter(texts)
    while part := list(islice(rows, COUNTED_TOGETHER)):
        flat, sizes, first = array("I"), array("I"), len(passages)
        for id, text in part:
            found = words(text)
            flat.extend(map(numbers.__getitem__, found))
            sizes.append(len(found))
            passages.append(id)
        place = np.repeat(np.arange(len(part), dtype=np.uint64), sizes)
        both, times = np.unique(np.array(flat, np.uint64) << 32 | place, return_counts=True)
        runs.append(
            (
                (both >> 32).astype(np.uint32),
                (both & 0xFFFFFFFF).astype(np.uint32) + first,
                np.minimum(times, MOST_TIMES).astype(np.uint16),
            )
        )
        lengths.extend(sizes)
    t, ids = len(numbers.stems), np.array(passages, np.uint32)
    counts = np.sum([np.zeros(t, np.int64), *(np.bincount(stems, minlength=t) for stems, _, _ in runs)], axis=0)
    keys = np.array([_key(term) for term in numbers.stems], np.uint64)
    order = np.argsort(keys)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts[order])])
    free = np.empty(t, np.int64)  # where the next posting of each stem goes
    free[order] = starts[:-1]
    held, often = np.empty(int(starts[-1]), np.uint32), np.empty(int(starts[-1]), np.uint16)
    for stems, places, times in runs:
        here = np.bincount(stems, minlength=t)
        before = np.cumsum(here) - here
        to = free[stems] + np.arange(len(stems)) - before[stems]
        held[to] = ids[places]
        often[to] = times
        free += here
    return _Arrays(
        ids,
        np.array(lengths, np.uint32),
        keys[order],
        starts.astype(np.uint64),
        held,
        often,
    )


class _Numbers(dict[str, int]):
    """The number of each word's stem, counted from 0 as they come."""

    def __init__(self) -> None:
        self.stems: dict[str, int] = {}

    def __missing__(self, word: str) -> int:
        self[word] = number = self.stems.setdefault(stem(word), len(self.stems))
        return number


def _key(term: str) -> int:
    return int.from_bytes(hashlib.blake2b(term.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def _highest(scores: Floats, k: int) -> Ids:
    """Where the `k` highest scores above 0 are, highest first, the first of equal ones first."""
    sample = np.sort(scores[::SAMPLED])[::-1]
    guess = 2 * k // SAMPLED + 16
    found = (
        np.flatnonzero(scores >= sample[guess]) if guess < len(sample) and sample[guess] > 0 else np.zeros(0, np.int64)
    )
    if len(found) < k:
        found = np.flatnonzero(scores)
    return found[np.lexsort((found, -scores[found]))[:k]]


def _mapped(file: Any, path: Path) -> npt.NDArray[Any]:
    """The next array in an open file, mapped; ValueError if there is none."""
    version = np.lib.format.read_magic(file)
    if version != (1, 0):
        raise ValueError("written by another numpy")
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    place = file.tell()
    size = dtype.itemsize * int(np.prod(shape))
    if place + size > path.stat().st_size:
        raise ValueError("its end is missing")
    file.seek(size, 1)
    return np.memmap(path, dtype, "r", place, shape) if size else np.zeros(shape, dtype)
