"""The vectors of a large library as one bit a dimension: every passage is looked at, the best are then read exactly.

A passage is the signs of its rotated vector, as in late interaction, so that 48 bytes stand for 768 and nothing is
trained: any passage can be added or removed, and the same library gives the same index. A search goes from coarse to
fine: the passages whose signs differ least from the question's, of these the best by the question's own values
against the signs; whoever asks compares those with the vectors in the store. Measured in DESIGN.md.
"""

from pathlib import Path
from typing import Any, Self, cast

import numpy as np
import numpy.typing as npt

from .dense import read
from .late import Floats, rotation

Ids = npt.NDArray[np.int64]
Signs = npt.NDArray[np.uint8]

# So many passages are kept by their signs alone, whatever is asked for.
KEPT_BY_SIGNS = 4_000
# Rotated values so near to 0 may have either sign: the vector was rounded, or rotated on another machine.
EITHER_SIGN = 1e-3


class SignIndex:
    """Passage ids by the likeness of their vectors' signs with a question. Not safe for writing while reading."""

    def __init__(self, index: Any, dimension: int) -> None:
        import faiss

        self._index = index
        self._flat = cast(Any, faiss.downcast_IndexBinary(index.index))
        self._flat.use_heap = False  # counting is faster where thousands are kept
        self._dimension = dimension

    @classmethod
    def empty(cls, dimension: int) -> Self:
        """An index without passages for vectors of length `dimension`."""
        import faiss

        return cls(faiss.IndexBinaryIDMap(faiss.IndexBinaryFlat(8 * _bytes(dimension))), dimension)

    @classmethod
    def load(cls, path: Path, dimension: int) -> Self:
        """The index in file `path`, whose checksum the caller has compared; LibraryError if unreadable."""
        return cls(read(path, "read_index_binary"), dimension)

    def save(self, path: Path) -> None:
        """Writes the index to `path`; the caller makes it durable."""
        import faiss

        faiss.write_index_binary(self._index, str(path))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def ids(self) -> Ids:
        """The ids of all passages in the index, in the order they were added."""
        return self._ids().copy()

    def add(self, ids: Ids, vectors: Floats) -> None:
        """Adds passages: ids (n,), vectors (n, d). The ids must be new and higher than those before."""
        if len(ids):
            self._index.add_with_ids(self._signs(vectors), np.ascontiguousarray(ids, np.int64))

    def remove(self, ids: Ids) -> None:
        """Removes passages; ids that are not there are passed over."""
        if len(ids):
            self._index.remove_ids(np.ascontiguousarray(ids, np.int64))

    def clear(self) -> None:
        """Removes every passage."""
        self._index.reset()

    def search(self, vector: Floats, k: int, within: Ids | None = None) -> list[tuple[int, float]]:
        """The about `k` best (id, estimated cosine) for one question vector (d,), best first; fewer if there are fewer.

        With `within`, only among these ids.
        """
        import faiss

        kept = min(max(k, KEPT_BY_SIGNS), len(self) if within is None else len(within))
        if not kept:
            return []
        only = None
        if within is not None:
            allowed = np.zeros(int(within.max()) + 1, bool)
            allowed[within] = True
            chosen: Any = np.packbits(allowed, bitorder="little")
            only = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(chosen))  # type: ignore[call-arg]  # SWIG takes it
        faiss.omp_set_num_threads(1)
        _, found = self._index.search(self._signs(vector[None]), kept, params=only)
        ids = found[0][found[0] >= 0]
        rotated = vector @ rotation(self._dimension)
        bits = np.unpackbits(self._stored()[np.searchsorted(self._ids(), ids)], axis=1)[:, : self._dimension]
        likeness = (2.0 * (bits.astype(np.float32) @ rotated) - rotated.sum()) / np.sqrt(self._dimension)
        best = np.lexsort((ids, -likeness))[:k]
        return list(zip(ids[best].tolist(), likeness[best].tolist(), strict=True))

    def disagreeing(self, ids: Ids, vectors: Floats) -> Ids:
        """Those of the ids whose signs are not those of their vectors (n, d); all must be in the index."""
        rotated = vectors @ rotation(self._dimension)
        stored = np.unpackbits(self._stored()[np.searchsorted(self._ids(), ids)], axis=1)[:, : self._dimension]
        differs = (stored != (rotated > 0)) & ~(np.abs(rotated) < EITHER_SIGN)
        return np.asarray(ids[differs.any(axis=1)], np.int64)

    def _signs(self, vectors: Floats) -> Signs:
        return np.packbits(vectors @ rotation(self._dimension) > 0, axis=1)

    def _ids(self) -> Ids:
        """The ids of all passages, ascending: the index's own memory, not a copy."""
        import faiss

        if not len(self):
            return np.zeros(0, np.int64)
        return np.asarray(faiss.rev_swig_ptr(self._index.id_map.data(), len(self)))

    def _stored(self) -> Signs:
        """The signs of all passages, shape (n, bytes), in this order: the index's own memory, not a copy."""
        import faiss

        count, width = len(self), _bytes(self._dimension)
        return np.asarray(faiss.rev_swig_ptr(self._flat.xb.data(), count * width).reshape(count, width))


def _bytes(dimension: int) -> int:
    return -(-dimension // 8)
