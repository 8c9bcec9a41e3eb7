"""The FAISS index over the pooled vectors: exact inner products, which are cosines here."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import LibraryError
from .late import Floats

Ids = npt.NDArray[np.int64]

# How near two vectors must come to count as the same (bfloat16 differs by 1e-4).
SAME_VECTOR = 0.999


def read(path: Path, reader: str) -> Any:
    """What FAISS's function of that name reads from file `path`; LibraryError if it cannot."""
    import faiss

    # FAISS reads lengths from the file before it allocates: nothing may claim more than the file holds.
    faiss.set_deserialization_vector_byte_limit(max(path.stat().st_size, 1))
    try:
        return getattr(faiss, reader)(str(path))
    except RuntimeError as exc:
        raise LibraryError(f"{path} cannot be read.") from exc


class DenseIndex:
    """Passage ids by the cosine of their vectors with a question's. Not safe for writing while reading."""

    def __init__(self, index: Any) -> None:
        self._index = index

    @classmethod
    def empty(cls, dimension: int) -> "DenseIndex":
        """An index without passages for vectors of length `dimension`."""
        import faiss

        return cls(faiss.IndexIDMap2(faiss.IndexFlatIP(dimension)))

    @classmethod
    def load(cls, path: Path) -> "DenseIndex":
        """The index in file `path`, whose checksum the caller has compared; LibraryError if unreadable."""
        return cls(read(path, "read_index"))

    def save(self, path: Path) -> None:
        """Writes the index to `path`; the caller makes it durable."""
        import faiss

        faiss.write_index(self._index, str(path))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def ids(self) -> Ids:
        """The ids of all passages in the index, in no particular order."""
        import faiss

        return np.asarray(faiss.vector_to_array(self._index.id_map), np.int64)

    def disagreeing(self, ids: Ids, vectors: Floats) -> Ids:
        """Those of the ids whose vectors are not the same as these (n, d); all must be in the index."""
        held = np.stack([self.vector(id) for id in ids])
        with np.errstate(all="ignore"):  # what is damaged may be no number
            same = np.einsum("nd,nd->n", held, vectors) >= SAME_VECTOR
        return np.asarray(ids[~same], np.int64)

    def vector(self, id: int) -> Floats:
        """The vector stored for one passage, shape (d,)."""
        return np.asarray(self._index.reconstruct(int(id)), np.float32)

    def add(self, ids: Ids, vectors: Floats) -> None:
        """Adds passages: ids (n,), vectors (n, d) of length 1. The ids must be new."""
        if len(ids):
            self._index.add_with_ids(np.ascontiguousarray(vectors, np.float32), np.ascontiguousarray(ids, np.int64))

    def remove(self, ids: Ids) -> None:
        """Removes passages; ids that are not there are passed over."""
        if len(ids):
            self._index.remove_ids(np.ascontiguousarray(ids, np.int64))

    def clear(self) -> None:
        """Removes every passage."""
        self._index.reset()

    def search(self, vector: Floats, k: int, within: Ids | None = None) -> list[tuple[int, float]]:
        """The `k` best (id, cosine) for one question vector (d,), best first; fewer if there are fewer.

        With `within`, only among these ids.
        """
        k = min(k, len(self) if within is None else len(within))
        if not k:
            return []
        import faiss

        # One question is searched for by one thread anyway; starting the others costs milliseconds.
        faiss.omp_set_num_threads(1)
        only = None if within is None else faiss.SearchParameters(sel=faiss.IDSelectorBatch(within))  # type: ignore[call-arg]  # SWIG takes it
        scores, ids = self._index.search(np.ascontiguousarray(vector[None], np.float32), k, params=only)
        return [(int(i), float(s)) for i, s in zip(ids[0], scores[0], strict=True) if i >= 0]
