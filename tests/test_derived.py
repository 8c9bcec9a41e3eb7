"""The index on disk: whatever happens to its files, what is read equals the store."""

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock

import ingest.library
from ingest import Document, Library, LibraryError
from ingest.database import FILE
from ingest.indexes import derived
from ingest.indexes.dense import DenseIndex
from ingest.indexes.postings import WordIndex
from ingest.indexes.signs import SignIndex

DIMENSION = 64
WORDS = "kettle cellar cider bicycle lamp spoon garden ladder window candle carpet mirror drawer basket".split()


def documents(first: int, last: int) -> Iterator[Document]:
    for n in range(first, last):
        yield Document(f"d{n}", "", " ".join(random.Random(n).choices(WORDS, k=9)), "")


def state(index: DenseIndex | SignIndex) -> dict[int, bytes]:
    assert isinstance(index, DenseIndex)
    ids = index.ids().tolist()
    assert len(ids) == len(set(ids)), "a passage is in the index twice"
    return {id: index.vector(id).tobytes() for id in ids}


def stored(library: Library) -> dict[int, bytes]:
    """The index that the store calls for, worked out from its vectors alone."""
    found = {}
    with library.reading() as store:
        for id, pooled in store.pooled_since(0):
            vector = np.frombuffer(pooled, "<f2").astype(np.float32)
            found[id] = np.asarray(vector / np.linalg.norm(vector), np.float32).tobytes()
    return found


def read(library: Library) -> dict[int, bytes]:
    """The index as a search in a new process finds it."""
    with Library.open(library.folder) as other, other.reading():
        return state(other.dense())


def near(one: dict[int, bytes], other: dict[int, bytes]) -> bool:
    return one.keys() == other.keys() and all(
        np.allclose(np.frombuffer(one[id], np.float32), np.frombuffer(other[id], np.float32), atol=1e-6) for id in one
    )


@pytest.fixture
def filled(library: Library) -> Library:
    library.ingest_documents(documents(0, 12))
    return library


def index_files(library: Library) -> list[Path]:
    return sorted(path for path in (library.folder / "indexes").iterdir() if path.name != "documents.json")


def test_the_index_on_disk_is_the_one_of_the_store(filled: Library) -> None:
    pointer, file = index_files(filled)
    assert (pointer.name, file.name) == ("current.json", f"dense-{filled.store.generation}.faiss")
    index, generation = derived.load(filled.folder, DIMENSION)
    assert generation == filled.store.generation == derived.saved_generation(filled.folder)
    assert near(state(index.dense), stored(filled))


def test_any_byte_of_the_pointer_may_be_lost(filled: Library) -> None:
    pointer = filled.folder / "indexes" / "current.json"
    data, expected = pointer.read_bytes(), stored(filled)
    filled.remove("d3")  # the file lags: a pointer that lies about its generation would show
    expected = stored(filled)
    assert derived.saved_generation(filled.folder) < filled.store.generation
    with FileLock(filled.folder / "writer.lock"):  # else whoever reads would write the file anew
        for place in range(len(data)):
            for byte in {data[place] ^ 1, data[place] ^ 4, ord("9"), ord('"'), ord("e"), 0xFF} - {data[place]}:
                pointer.write_bytes(data[:place] + bytes([byte]) + data[place + 1 :])
                assert near(read(filled), expected), (place, byte)
                assert derived.saved_generation(filled.folder) <= filled.store.generation
        for damaged in (b"", b"[]", b'"x"', b"null", b"{}", data[:-1], data[: len(data) // 2], b"[" * 300):
            pointer.write_bytes(damaged)
            assert near(read(filled), expected)
            assert derived.saved_generation(filled.folder) == 0


def test_any_byte_of_the_file_may_be_lost(filled: Library) -> None:
    _, file = index_files(filled)
    data, expected = file.read_bytes(), stored(filled)
    draw = random.Random(3)
    for place in {*range(0, 120), *range(len(data) - 40, len(data)), *draw.sample(range(len(data)), 60)}:
        file.write_bytes(data[:place] + bytes([data[place] ^ (1 << draw.randrange(8))]) + data[place + 1 :])
        index, generation = derived.load(filled.folder, DIMENSION)
        assert (len(index.dense), generation) == (0, 0)
    assert near(read(filled), expected)
    for damaged in (b"", data[:-1], data + b"x"):
        file.write_bytes(damaged)
        assert near(read(filled), expected)
    file.unlink()
    assert near(read(filled), expected)
    shutil.rmtree(filled.folder / "indexes")
    assert near(read(filled), expected)


def test_a_pointer_to_another_file_is_not_followed(filled: Library, tmp_path: Path) -> None:
    pointer, _ = index_files(filled)
    other = DenseIndex.empty(DIMENSION)
    other.add(np.array([777], np.int64), np.ones((1, DIMENSION), np.float32))
    other.save(tmp_path / "other.faiss")
    values = json.loads(pointer.read_text())
    pointer.write_text(json.dumps(values | {"file": "../../other.faiss"}))
    assert near(read(filled), stored(filled))


def test_an_index_of_another_encoder_is_not_used(filled: Library) -> None:
    index, generation = derived.load(filled.folder, 32)
    assert (len(index.dense), generation) == (0, 0)


def test_an_index_that_lags_catches_up(filled: Library) -> None:
    """A small change does not write the index anew; whoever reads it brings it up to the store."""
    saved = derived.saved_generation(filled.folder)
    filled.remove("d2", "d7")
    filled.ingest_documents(documents(5, 15))
    filled.ingest_documents(documents(20, 22))
    filled.remove("d20")
    assert derived.saved_generation(filled.folder) == saved < filled.store.generation
    assert near(read(filled), stored(filled))
    with filled.reading():
        assert near(state(filled.dense()), stored(filled))
    assert filled.check() == []


def test_an_index_that_lags_by_much_is_written_anew(filled: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest.library, "STALE_PASSAGES", 3)
    filled.ingest_documents(documents(20, 23))
    saved = derived.saved_generation(filled.folder)
    assert saved < filled.store.generation
    filled.ingest_documents(documents(23, 24))
    assert derived.saved_generation(filled.folder) == filled.store.generation
    assert [path.name for path in index_files(filled)] == ["current.json", f"dense-{filled.store.generation}.faiss"]
    assert near(read(filled), stored(filled))


def test_a_reader_of_an_older_state_does_not_use_a_newer_index(
    filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest.library, "STALE_PASSAGES", 0)
    with Library.open(filled.folder) as reader:
        with reader.reading() as store:
            before = stored(reader)
            generation = store.generation
            filled.remove("d1", "d2", "d3")
            filled.ingest_documents(documents(20, 30))
            assert derived.saved_generation(filled.folder) > generation
            assert near(state(reader.dense()), before)
        with reader.reading():
            assert near(state(reader.dense()), stored(filled))


def test_an_index_newer_than_a_store_that_was_put_back_is_not_used(filled: Library, tmp_path: Path) -> None:
    folder = filled.folder
    filled.close()
    shutil.copy(folder / FILE, tmp_path / "backup")
    with Library.open(folder) as library:
        library.check(repair=True)
        library.remove("d1", "d2")
        library.check(repair=True)
    shutil.copy(tmp_path / "backup", folder / FILE)
    with Library.open(folder) as library:
        assert near(read(library), stored(library))
        library.ingest_documents(documents(30, 31))
        assert near(read(library), stored(library))
        assert library.check() == []


def test_a_catching_up_that_was_interrupted_leaves_nothing_half_done(
    filled: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Library.open(filled.folder) as reader:
        with reader.reading():
            reader.dense()
        filled.ingest_documents(documents(20, 25))
        add = derived._add

        def interrupted(*args: Any) -> None:
            add(*args)
            raise KeyboardInterrupt

        monkeypatch.setattr(derived, "_add", interrupted)
        with pytest.raises(KeyboardInterrupt), reader.reading():
            reader.dense()
        monkeypatch.setattr(derived, "_add", add)
        with reader.reading():
            assert near(state(reader.dense()), stored(filled))


def test_a_write_that_fails_keeps_the_index_that_was_there(filled: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    before = [(path.name, path.read_bytes()) for path in index_files(filled)]
    index, generation = derived.load(filled.folder, DIMENSION)

    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    for step in ("os.replace", "os.fsync"):
        with monkeypatch.context() as patch:
            patch.setattr(f"ingest.indexes.derived.{step}", full)
            with pytest.raises(LibraryError, match="No space left .*documents are safe"):
                derived.save(filled.folder, index, DIMENSION, generation + 1)
        whole = [(path.name, path.read_bytes()) for path in index_files(filled) if path.suffix != ".part"]
        assert whole == before
    derived.save(filled.folder, index, DIMENSION, generation)
    assert [path.name for path in index_files(filled)] == [name for name, _ in before], "left-overs are swept away"


def test_a_large_library_is_searched_by_signs_and_postings(filled: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """It finds what a small one does, catches up, and is small again when it has shrunk."""
    monkeypatch.setattr(ingest.library, "STALE_PASSAGES", 3)

    def found(library: Library) -> tuple[list[int], dict[int, float]]:
        with Library.open(library.folder) as other, other.reading():
            vector = other.encoder.encode_question("a lamp in the drawer").pooled[0]
            return [id for id, _ in other.nearest(vector, 5)], dict(other.search_words("lamp basket drawer", 50))

    before = found(filled)
    monkeypatch.setattr(derived, "LARGE_PASSAGES", 11)
    assert found(filled)[0] == before[0]  # whoever reads finds that it is large now, and writes what that calls for
    assert [path.suffix for path in index_files(filled)] == [".json", ".signs", ".postings"]
    filled.ingest_documents(documents(30, 34))
    filled.remove("d30", "d31", "d32", "d33")
    names = [f"dense-{filled.store.generation}.signs", f"words-{filled.store.generation}.postings"]
    assert [path.name for path in index_files(filled)] == ["current.json", *names]
    assert found(filled)[0] == before[0]
    assert found(filled)[1] == pytest.approx(before[1], rel=2e-3)
    filled.ingest_documents(documents(40, 42))  # too few to be written: who reads catches up
    saved = derived.saved_generation(filled.folder)
    filled.remove("d3", "d40")
    assert derived.saved_generation(filled.folder) == saved < filled.store.generation
    assert filled.check() == []
    _, words = found(filled)
    with filled.reading() as store:
        assert words.keys() == dict(store.search_words('"lamp" OR "basket" OR "drawer"', 50)).keys()
        (new,) = store.passage_ids(["d41"])
        (vector,) = derived.unit(list(store.pooled([new]).values()))
        assert [id for id, _ in filled.nearest(vector, 1)] == [new]
        assert [cosine for _, cosine in filled.nearest(vector, 1)] == pytest.approx([1.0])
        others = np.array(sorted(store.passage_ids() - {new}), np.int64)
        assert new not in {id for id, _ in filled.nearest(vector, 50, others)}
    filled.remove(*(f"d{n}" for n in (0, 1, 2, 4)))
    assert [path.name for path in index_files(filled)] == ["current.json", f"dense-{filled.store.generation}.faiss"]
    assert filled.check() == []


def test_check_compares_signs_and_postings_with_the_store(filled: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(derived, "LARGE_PASSAGES", 5)
    assert filled.check(repair=True) == []
    with filled.reading() as store:
        indexes, generation = filled.indexes(), store.generation
        vectors = derived.unit([pooled for _, pooled in store.pooled_since(0)])
        texts = dict(store.texts_since(0))
    indexes.dense.clear()
    indexes.dense.add(np.arange(2, 13), vectors[[1, 3, 2, *range(4, 12)]])
    indexes.words = WordIndex.build((id, texts[id] if id != 7 else "kettle") for id in range(1, 12))
    derived.save(filled.folder, indexes, DIMENSION, generation)
    assert filled.check() == [
        "the dense index holds 0 passages too many, 1 too few",
        "the word index holds 0 passages too many, 1 too few",
        *(f"the dense index holds another vector than the store for passage {id}" for id in (3, 4)),
        "the word index holds other words than the store for passage 7",
    ]
    assert filled.check(repair=True) == []
