"""The FAISS index against `vectors @ question`."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import LibraryError
from ingest.indexes.dense import DenseIndex

Floats = npt.NDArray[np.float32]


def drawn(seed: int, count: int, dimension: int = 32) -> Floats:
    vectors = np.random.default_rng(seed).standard_normal((count, dimension))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def ids(*values: int) -> npt.NDArray[np.int64]:
    return np.array(values, np.int64)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 1000),
    count=st.integers(1, 200),
    k=st.integers(1, 250),
    gone=st.sets(st.integers(0, 199), max_size=50),
)
def test_search_is_the_product_with_every_vector(seed: int, count: int, k: int, gone: set[int]) -> None:
    index, vectors, question = DenseIndex.empty(32), drawn(seed, count), drawn(seed + 1, 1)[0]
    names = np.random.default_rng(seed).permutation(10 * count)[:count].astype(np.int64)
    index.add(names[: count // 2], vectors[: count // 2])
    index.add(names[count // 2 :], vectors[count // 2 :])
    index.remove(names[[i for i in gone if i < count]])
    left = [i for i in range(count) if i not in gone]
    cosines = {int(names[i]): float(vectors[i] @ question) for i in left}
    expected = sorted(cosines, key=lambda id: -cosines[id])[:k]
    found = index.search(question, k)
    assert [id for id, _ in found] == expected
    assert [score for _, score in found] == pytest.approx([cosines[id] for id in expected], abs=1e-5)
    assert len(index) == len(left)
    assert sorted(index.ids().tolist()) == sorted(cosines)
    for i in left[:5]:
        assert np.array_equal(index.vector(int(names[i])), vectors[i])


def test_an_empty_index_finds_nothing() -> None:
    index = DenseIndex.empty(32)
    assert index.search(drawn(0, 1)[0], 10) == []
    index.add(ids(), drawn(0, 0))
    index.remove(ids(4))
    assert len(index) == 0


def test_cleared_it_is_empty_and_can_be_filled_again() -> None:
    index = DenseIndex.empty(32)
    index.add(ids(1, 2), drawn(0, 2))
    index.clear()
    assert (len(index), index.search(drawn(1, 1)[0], 5)) == (0, [])
    index.add(ids(2), drawn(0, 1))
    ((id, score),) = index.search(drawn(0, 1)[0], 5)
    assert id == 2
    assert score == pytest.approx(1.0)


def test_saved_and_loaded_it_is_the_same(tmp_path: Path) -> None:
    index, question = DenseIndex.empty(32), drawn(9, 1)[0]
    index.add(ids(*range(100, 150)), drawn(0, 50))
    index.remove(ids(120))
    index.save(tmp_path / "index.faiss")
    loaded = DenseIndex.load(tmp_path / "index.faiss")
    assert loaded.search(question, 49) == index.search(question, 49)
    loaded.add(ids(7), question[None])
    ((id, score),) = loaded.search(question, 1)
    assert id == 7
    assert score == pytest.approx(1.0)


def test_a_file_that_is_no_index_is_refused(tmp_path: Path) -> None:
    index = DenseIndex.empty(32)
    index.add(ids(*range(50)), drawn(0, 50))
    index.save(tmp_path / "whole")
    data = (tmp_path / "whole").read_bytes()
    for number, damaged in enumerate([b"", b"garbage", data[:40], data[:-1], data[:20] + b"\xff" * 16 + data[36:]]):
        file = tmp_path / str(number)
        file.write_bytes(damaged)
        with pytest.raises(LibraryError, match="cannot be read"):
            DenseIndex.load(file)
