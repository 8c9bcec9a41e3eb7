"""The dense index on disk: a file per generation, and one pointer to the current one.

The index is written to a new file, made durable, and then named in `current.json` by one atomic rename;
whoever has an older generation open keeps it. What is damaged, missing or behind is never an error: the
index catches up from the store, from nothing if need be.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from ..database import sync_folder
from ..errors import LibraryError
from ..store import Store
from .dense import DenseIndex

FOLDER = "indexes"
POINTER = "current.json"


def load(folder: Path, dimension: int) -> tuple[DenseIndex, int]:
    """The dense index on disk with its generation; an empty one of generation 0 if none is whole."""
    pointer = _pointer(folder)
    try:
        file = folder / FOLDER / str(pointer["file"])
        if pointer["dimension"] == dimension and _sha256(file) == pointer["sha256"]:
            return DenseIndex.load(file), int(pointer["generation"])
    except (OSError, KeyError, LibraryError):
        pass  # not whole: what is returned below is filled from the store
    return DenseIndex.empty(dimension), 0


def saved_generation(folder: Path) -> int:
    """The generation that the index on disk claims to be of; 0 if there is none."""
    return int(_pointer(folder).get("generation", 0))


def catch_up(index: DenseIndex, generation: int, store: Store) -> int:
    """Brings `index` from `generation` to the store's; returns that. Inside `store.reading` or `writing`."""
    if generation > store.generation:  # of a state after the one that is read, or of another library
        index.clear()
        generation = 0
    if store.generation != generation:
        index.remove(np.array(store.removed_since(generation), np.int64))
        ids: list[int] = []
        vectors: list[bytes] = []
        for id, pooled in store.pooled_since(generation):
            ids.append(id)
            vectors.append(pooled)
            if len(ids) == 10_000:
                _add(index, ids, vectors)
        _add(index, ids, vectors)
    return store.generation


def save(folder: Path, index: DenseIndex, dimension: int, generation: int) -> None:
    """Makes `index` the current one on disk, durably; LibraryError if the disk refuses."""
    place = folder / FOLDER
    file = place / f"dense-{generation}.faiss"
    try:
        place.mkdir(exist_ok=True)
        part = file.with_suffix(".part")
        index.save(part)
        _sync(part)
        digest = _sha256(part)
        os.replace(part, file)
        pointer = {"file": file.name, "sha256": digest, "dimension": dimension, "generation": generation}
        part = place / f"{POINTER}.part"
        part.write_text(json.dumps(pointer | {"check": _digest(pointer)}), "utf-8")
        _sync(part)
        os.replace(part, place / POINTER)
        sync_folder(place)
        for old in (*place.glob("dense-*"), *place.glob("*.part")):
            if old.name != file.name:
                old.unlink(missing_ok=True)
    except (OSError, RuntimeError) as exc:  # FAISS raises RuntimeError where a write fails
        raise LibraryError(
            f"The index could not be written to {place} ({exc}); the documents are safe, "
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


def _add(index: DenseIndex, ids: list[int], vectors: list[bytes]) -> None:
    if ids:
        table = np.frombuffer(b"".join(vectors), "<f2").astype(np.float32).reshape(len(ids), -1)
        table /= np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-12)
        index.add(np.array(ids, np.int64), table)
        ids.clear()
        vectors.clear()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
