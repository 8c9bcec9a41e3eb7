"""The words of a large library: BM25 over postings of its own, where SQLite's take too long.

FTS5 works out the score of every passage that holds any word of the question, some 1.5 microseconds each: a quarter of
a second among a million passages, seconds for a long question. Here a posting is a passage's id with what the word adds
to its score but for the word's rarity, and a word's postings lie side by side in a file that is mapped, not read.
What is added later is held in memory until the file is made anew. BM25 is FTS5's to the letter, but for phrases.
"""

import hashlib
import math
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
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
LEAST_RARITY = 1e-6
# So many passages are counted together when the file is made; it bounds the memory that takes.
COUNTED_TOGETHER = 50_000
# Every so manieth score is looked at to guess where the best begin.
SAMPLED = 64


class _Arrays(NamedTuple):
    """The file's arrays: n passages in order of id, t stems in order of key, p postings in order of stem and id."""

    passages: npt.NDArray[np.uint32]  # (n,)
    lengths: npt.NDArray[np.uint32]  # (n,) in words
    keys: npt.NDArray[np.uint64]  # (t,)
    counts: npt.NDArray[np.uint32]  # (t,) how many passages hold it
    starts: npt.NDArray[np.uint64]  # (t + 1,) none of those that more than half of the passages hold
    ids: npt.NDArray[np.uint32]  # (p,)
    shares: npt.NDArray[np.float16]  # (p,)


class WordIndex:
    """Passage ids by BM25. Not safe for writing while reading."""

    def __init__(self, arrays: _Arrays) -> None:
        self._arrays = arrays
        self._mean_words = float(arrays.lengths.mean()) if len(arrays.lengths) else 1.0
        self._recent: dict[int, tuple[array[int], array[float]]] = {}
        self._recent_ids: list[int] = []
        self._removed: Ids = np.zeros(0, np.int64)

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
        """How many passages were added, removed ones included until the file is made anew."""
        return len(self._arrays.passages) + len(self._recent_ids)

    def ids(self) -> Ids:
        """The ids of all passages in the index."""
        every = np.concatenate([self._arrays.passages.astype(np.int64), np.array(self._recent_ids, np.int64)])
        return np.asarray(every[~np.isin(every, self._removed)], np.int64)

    def add(self, texts: Iterable[tuple[int, str]]) -> None:
        """Adds passages (id, text), whose ids must be new and higher than those before."""
        for id, text in texts:
            found = words(text)
            for term, count in Counter(map(stem, found)).items():
                ids, shares = self._recent.setdefault(_key(term), (array("I"), array("f")))
                ids.append(id)
                shares.append(_share(count, len(found) / self._mean_words))
            self._recent_ids.append(id)

    def remove(self, ids: Ids) -> None:
        """Removes passages; ids that are not there are passed over."""
        self._removed = np.union1d(self._removed, ids)

    def document_frequency(self, term: str) -> int:
        """How many passages hold the word with that Porter stem, removed ones included until the file is made anew."""
        key = _key(term)
        place = self._place(key)
        recent = self._recent.get(key)
        return (0 if place is None else int(self._arrays.counts[place])) + (len(recent[0]) if recent else 0)

    def search(self, terms: Sequence[str], k: int, within: Ids | None = None) -> list[tuple[int, float]]:
        """The `k` best (passage id, BM25 score) for these Porter stems, best first, ties by id; higher is better.

        With `within`, only among these ids.
        """
        passages = len(self)
        if not passages:
            return []
        last = self._recent_ids[-1] if self._recent_ids else int(self._arrays.passages[-1])
        scores = np.zeros(last + 1, np.float32)
        for term in terms:
            held = self.document_frequency(term)
            rarity = max(math.log((passages - held + 0.5) / (held + 0.5)), LEAST_RARITY)
            for ids, shares in self._of(term):
                scores[ids] += np.float32(rarity) * shares
        scores[self._removed[self._removed <= last]] = 0.0
        if within is not None:
            allowed = np.zeros_like(scores)
            chosen = within[within <= last]
            allowed[chosen] = scores[chosen]
            scores = allowed
        found = _highest(scores, k)
        return list(zip(found.tolist(), scores[found].tolist(), strict=True))

    def holds(self, id: int, text: str) -> bool:
        """Whether passage `id` is under each word of `text`, but those in most passages, as if it were added now."""
        found = words(text)
        for term, count in Counter(map(stem, found)).items():
            share = _share(count, len(found) / self._mean_words)
            held = [values[ids == id].tolist() for ids, values in self._of(term)]
            is_left_out = not held and self.document_frequency(term) > 0
            if not is_left_out and [round(value / share, 2) for value in chain(*held)] != [1.0]:
                return False
        return True

    def _of(self, term: str) -> Iterator[tuple[npt.NDArray[np.uint32], Floats]]:
        """The postings of a stem, those in the file and those in memory; none if most passages hold it."""
        key = _key(term)
        place = self._place(key)
        if place is not None:
            start, end = int(self._arrays.starts[place]), int(self._arrays.starts[place + 1])
            if start == end:
                return
            yield self._arrays.ids[start:end], self._arrays.shares[start:end].astype(np.float32)
        if key in self._recent:
            ids, shares = self._recent[key]
            yield np.array(ids, np.uint32), np.array(shares, np.float32)

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
            ((both >> 32).astype(np.uint32), (both & 0xFFFFFFFF).astype(np.uint32) + first, times.astype(np.uint16))
        )
        lengths.extend(sizes)
    n, t = len(passages), len(numbers.stems)
    ids, relative = np.array(passages, np.uint32), np.array(lengths, np.float32)
    relative /= max(float(relative.mean()), 1.0) if n else 1.0
    counts = np.sum([np.zeros(t, np.int64), *(np.bincount(stems, minlength=t) for stems, _, _ in runs)], axis=0)
    keys = np.array([_key(term) for term in numbers.stems], np.uint64)
    order = np.argsort(keys)
    is_kept = 2 * counts <= n  # what more passages hold counts next to nothing
    sizes_in_order = np.where(is_kept, counts, 0)[order]
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes_in_order)])
    free = np.empty(t, np.int64)  # where the next posting of each stem goes
    free[order] = starts[:-1]
    held, shares = np.empty(int(starts[-1]), np.uint32), np.empty(int(starts[-1]), np.float16)
    for stems, places, times in runs:
        here = np.bincount(stems, minlength=t)
        before = np.cumsum(here) - here
        wanted = is_kept[stems]
        to = (free[stems] + np.arange(len(stems)) - before[stems])[wanted]
        held[to] = ids[places[wanted]]
        shares[to] = _share(times[wanted].astype(np.float32), relative[places[wanted]])
        free += here
    return _Arrays(
        ids,
        np.array(lengths, np.uint32),
        keys[order],
        counts[order].astype(np.uint32),
        starts.astype(np.uint64),
        held,
        shares,
    )


class _Numbers(dict[str, int]):
    """The number of each word's stem, counted from 0 as they come."""

    def __init__(self) -> None:
        self.stems: dict[str, int] = {}

    def __missing__(self, word: str) -> int:
        self[word] = number = self.stems.setdefault(stem(word), len(self.stems))
        return number


def _share(count: Any, length: Any) -> Any:
    """What a word that stands `count` times in a passage of `length` mean lengths adds for each unit of its rarity.

    >>> _share(1, 1.0), round(_share(2, 1.0), 3)
    (1.0, 1.375)
    """
    return count * (K1 + 1) / (count + K1 * (1 - B + B * length))


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
