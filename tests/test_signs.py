"""The index of signs against `vectors @ question`."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from ingest import LibraryError
from ingest.indexes import signs
from ingest.indexes.signs import SignIndex

Floats = npt.NDArray[np.float32]
DIMENSION = 100  # not a multiple of eight


def drawn(seed: int, count: int) -> Floats:
    """Vectors in groups, as passages on the same subject are."""
    draw = np.random.default_rng(seed)
    groups = np.random.default_rng(0).standard_normal((20, DIMENSION))
    vectors = groups[draw.integers(0, 20, count)] + draw.standard_normal((count, DIMENSION))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def filled(count: int = 2000) -> tuple[SignIndex, npt.NDArray[np.int64], Floats]:
    index, ids, vectors = SignIndex.empty(DIMENSION), 3 * np.arange(count) + 7, drawn(1, count)
    index.add(ids[: count // 2], vectors[: count // 2])
    index.add(ids[count // 2 :], vectors[count // 2 :])
    return index, ids, vectors


def test_the_nearest_are_among_the_likeliest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signs, "KEPT_BY_SIGNS", 600)
    index, ids, vectors = filled()
    index.remove(ids[:300])
    chosen = ids[::2]
    for question in drawn(2, 20):
        cosines = dict(zip(ids.tolist(), (vectors @ question).tolist(), strict=True))
        for within, allowed in ((None, ids[300:]), (chosen, np.intersect1d(chosen, ids[300:]))):
            best = sorted(allowed.tolist(), key=lambda id: -cosines[id])[:10]
            found = index.search(question, 200, within)
            assert len(found) == len({id for id, _ in found}) == 200
            assert {id for id, _ in found} <= set(allowed.tolist())
            assert len(set(best) & {id for id, _ in found}) >= 9
            assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
            errors = [score - cosines[id] for id, score in found]
            assert np.abs(errors).max() < 0.45  # of a hundred signs


def test_few_and_none() -> None:
    empty = SignIndex.empty(DIMENSION)
    assert empty.search(drawn(2, 1)[0], 5) == []
    assert len(empty.ids()) == 0
    index, ids, _ = filled(30)
    assert sorted(id for id, _ in index.search(drawn(2, 1)[0], 100)) == ids.tolist()
    assert [id for id, _ in index.search(drawn(2, 1)[0], 100, ids[3:4])] == ids[3:4].tolist()
    index.clear()
    assert (len(index), index.search(drawn(2, 1)[0], 5)) == (0, [])


def test_saved_and_loaded_it_is_the_same(tmp_path: Path) -> None:
    index, ids, vectors = filled(50)
    index.save(tmp_path / "signs")
    loaded, question = SignIndex.load(tmp_path / "signs", DIMENSION), drawn(2, 1)[0]
    assert loaded.search(question, 20) == index.search(question, 20)
    loaded.remove(ids[:5])
    loaded.add(np.array([999]), question[None])
    assert loaded.search(question, 1)[0][0] == 999
    assert loaded.disagreeing(ids[5:], vectors[5:]).tolist() == []
    (tmp_path / "damaged").write_bytes((tmp_path / "signs").read_bytes()[:-1])
    with pytest.raises(LibraryError, match="cannot be read"):
        SignIndex.load(tmp_path / "damaged", DIMENSION)


def test_vectors_that_are_not_those_of_the_index_are_told() -> None:
    index, ids, vectors = filled(50)
    rounded = vectors.astype(np.float16).astype(np.float32)
    assert index.disagreeing(ids, rounded).tolist() == []
    others = vectors.copy()
    others[[4, 9]] = vectors[[9, 4]]
    assert index.disagreeing(ids, others).tolist() == ids[[4, 9]].tolist()
