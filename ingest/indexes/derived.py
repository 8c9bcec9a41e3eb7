"""The indexes on disk: a file each and per generation, and one pointer to the current ones.

They are written to new files, made durable, and then named in `current.json` by one atomic rename; whoever has an
older generation open keeps it. What is damaged, missing or behind is never an error: the indexes catch up from the
store, from nothing if need be.

A small library has its vectors in an exact index and leaves the words to SQLite. A large one (`LARGE_PASSAGES`) has its
vectors' signs, and postings of its words.
"""

import hashlib
import json
import os
import random
from collections.abc import Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from ..database import sync_folder
from ..errors import LibraryError
from ..store import Store
from .dense import DenseIndex
from .late import Floats
from .postings import WordIndex
from .signs import SignIndex

FOLDER = "indexes"
POINTER = "current.json"
# With more passages than this a library is large, whatever it was before; measured in DESIGN.md.
LARGE_PASSAGES = 30_000
# So many passages more, as a share of those there are, make the postings anew; fewer are held in memory beside them.
RECENT_SHARE = 0.5
# Of so many passages the words are compared with those of the index.
CHECKED_WORDS = 1_000


@dataclass(slots=True)
class Indexes:
    """What a library is searched with; without `words` SQLite searches them."""

    dense: DenseIndex | SignIndex
    words: WordIndex | None = None

    @classmethod
    def empty(cls, dimension: int, large: bool = False) -> "Indexes":
        """Indexes without passages for vectors of length `dimension`."""
        return cls(SignIndex.empty(dimension), WordIndex.build(())) if large else cls(DenseIndex.empty(dimension))


def load(folder: Path, dimension: int) -> tuple[Indexes, int]:
    """The indexes on disk with their generation; empty ones of generation 0 if they are not whole."""
    pointer = _pointer(folder)
    try:
        files = {folder / FOLDER / str(name): digest for name, digest in pointer["files"].items()}
        if pointer["dimension"] == dimension and all(_sha256(file) == digest for file, digest in files.items()):
            dense, *words = sorted(files)
            if words:
                return Indexes(SignIndex.load(dense, dimension), WordIndex.load(*words)), int(pointer["generation"])
            return Indexes(DenseIndex.load(dense)), int(pointer["generation"])
    except (OSError, KeyError, LibraryError):
        pass  # not whole: what is returned below is filled from the store
    return Indexes.empty(dimension), 0


def saved_generation(folder: Path) -> int:
    """The generation that the indexes on disk claim to be of; 0 if there are none."""
    return int(_pointer(folder).get("generation", 0))


def catch_up(indexes: Indexes, generation: int, store: Store, dimension: int) -> int:
    """Brings `indexes` from `generation` to the store's; returns that. Inside `store.reading` or `writing`."""
    was_large = indexes.words is not None
    large = store.counts()[1] > LARGE_PASSAGES
    if store.generation == generation and large == was_large:
        return generation
    if generation > store.generation or large != was_large:  # of a later state or another library, or not fit any more
        empty = Indexes.empty(dimension, large)
        indexes.dense, indexes.words, generation = empty.dense, empty.words, 0
    removed = np.array(store.removed_since(generation), np.int64)
    indexes.dense.remove(removed)
    ids: list[int] = []
    vectors: list[bytes] = []
    for id, pooled in store.pooled_since(generation):
        ids.append(id)
        vectors.append(pooled)
        if len(ids) == 10_000:
            _add(indexes.dense, ids, vectors)
    _add(indexes.dense, ids, vectors)
    if indexes.words is not None:
        indexes.words.remove(removed)
        added = store.changes_since(generation) - len(removed)
        if generation and added <= RECENT_SHARE * len(indexes.words):
            indexes.words.add(store.texts_since(generation))
        else:
            indexes.words = WordIndex.build(store.texts_since(0))
    return store.generation


def complete(indexes: Indexes, store: Store) -> None:
    """Makes `indexes`, which have caught up with the store, such as can be saved. Inside `store.reading`."""
    if indexes.words is not None and indexes.words.has_changed:
        indexes.words = WordIndex.build(store.texts_since(0))


def problems(indexes: Indexes, store: Store) -> list[str]:
    """Where `indexes`, which have caught up, differ from the store, a sentence each. Inside `store.reading`."""
    found = []
    expected, held = store.passage_ids(), {"dense": set(indexes.dense.ids().tolist())}
    if indexes.words is not None:
        held["word"] = set(indexes.words.ids().tolist())
    for name, ids in held.items():
        if ids != expected:
            found.append(
                f"the {name} index holds {len(ids - expected)} passages too many, {len(expected - ids)} too few"
            )
    rows = ((id, pooled) for id, pooled in store.pooled_since(0) if id in held["dense"])
    while part := list(islice(rows, 10_000)):
        vectors = unit([pooled for _, pooled in part])
        found += [
            f"the dense index holds another vector than the store for passage {id}"
            for id in indexes.dense.disagreeing(np.array([id for id, _ in part], np.int64), vectors)
        ]
    if indexes.words is not None:
        for id, text in store.texts(sampled(expected & held["word"], CHECKED_WORDS)).items():
            if not indexes.words.holds(id, text):
                found.append(f"the word index holds other words than the store for passage {id}")
    return found


def sampled(ids: Set[int], most: int) -> list[int]:
    """At most so many of the ids, drawn at random but always the same."""
    return random.Random(0).sample(sorted(ids), min(most, len(ids)))  # noqa: S311  # a sample, not a secret


def save(folder: Path, indexes: Indexes, dimension: int, generation: int) -> None:
    """Makes complete `indexes` the current ones on disk, durably; LibraryError if the disk refuses."""
    place = folder / FOLDER
    kind = "faiss" if isinstance(indexes.dense, DenseIndex) else "signs"
    parts = {f"dense-{generation}.{kind}": indexes.dense.save}
    if indexes.words is not None:
        parts[f"words-{generation}.postings"] = indexes.words.save
    files = {}
    try:
        place.mkdir(exist_ok=True)
        for name, write in parts.items():
            part = place / f"{name}.part"
            write(part)
            _sync(part)
            files[name] = _sha256(part)
            os.replace(part, place / name)
        pointer = {"files": files, "dimension": dimension, "generation": generation}
        part = place / f"{POINTER}.part"
        part.write_text(json.dumps(pointer | {"check": _digest(pointer)}), "utf-8")
        _sync(part)
        os.replace(part, place / POINTER)
        sync_folder(place)
        for old in (*place.glob("dense-*"), *place.glob("words-*"), *place.glob("*.part")):
            if old.name not in files:
                with suppress(PermissionError):  # where a file that a reader has mapped cannot go, it goes next time
                    old.unlink(missing_ok=True)
    except (OSError, RuntimeError) as exc:  # FAISS raises RuntimeError where a write fails
        reason = exc.strerror if isinstance(exc, OSError) else "the disk refused"
        raise LibraryError(
            f"The index could not be written to {place} ({reason}); the documents are safe, "
            "and the index is made when there is room."
        ) from exc


def _pointer(folder: Path) -> dict[str, Any]:
    """What the pointer says; empty if it is not there or not as it was written."""
    try:
        pointer: dict[str, Any] = json.loads((folder / FOLDER / POINTER).read_text("utf-8"))
        return pointer if pointer.pop("check") == _digest(pointer) else {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _digest(pointer: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(pointer, sort_keys=True).encode()).hexdigest()


def _add(index: DenseIndex | SignIndex, ids: list[int], vectors: list[bytes]) -> None:
    if ids:
        index.add(np.array(ids, np.int64), unit(vectors))
        ids.clear()
        vectors.clear()


def unit(pooled: Sequence[bytes]) -> Floats:
    """The vectors that the store holds, shape (n, d), of length 1."""
    table = np.frombuffer(b"".join(pooled), "<f2").astype(np.float32).reshape(len(pooled), -1)
    return np.asarray(table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-12), np.float32)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
