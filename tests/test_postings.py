"""Postings against SQLite's ranking of the same words, and a file that is not what was written."""

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ingest import Document, LibraryError, Passage, stem
from ingest.indexes import postings
from ingest.indexes.postings import WordIndex
from ingest.records import Vectors
from ingest.store import Store

WORDS = "kettle cellar cider bicycle lamp spoon garden ladder window candle carpet mirror drawer basket".split()
QUESTION = ["kettle", "cider", "lamp", "zebra", "house"]


def text(seed: int) -> str:
    draw = random.Random(seed)
    return " ".join(["house", *draw.choices(WORDS, range(1, len(WORDS) + 1), k=draw.randrange(3, 30))])


def ids(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, np.int64)


@pytest.fixture
def store(library_folder: Path) -> Iterator[Store]:
    """Passages 1 to 200, of which the first ten are removed again."""
    opened = Store.open(library_folder, create=True)
    for numbers in (range(1, 101), range(101, 201)):
        with opened.writing() as generation:
            for n in numbers:
                passage = Passage(f"d{n}", "", None, None, 0, len(text(n)), text(n))
                document = Document(f"d{n}", "", text(n), "")
                opened.put(document, [passage], [b"h"], [Vectors(b"\0\0", b"\0")], None, generation)
    with opened.writing() as generation:
        for n in range(1, 11):
            opened.remove(f"d{n}", generation)
    yield opened
    opened.close()


def scored(store: Store) -> list[tuple[int, float]]:
    """What SQLite finds for the question; a word of all passages counts next to nothing there and is left out here."""
    return [(id, score) for id, score in store.search_words(" OR ".join(QUESTION), 1000) if score > 1e-4]


def same(found: list[tuple[int, float]], expected: list[tuple[int, float]], within: float) -> bool:
    """Whether the scores are the same, place for place, and the ids where scores differ."""
    scores = dict(expected)
    return len(found) == len(expected) and all(
        abs(score - at) <= within * at and abs(score - scores.get(id, 0.0)) <= within * at
        for (id, score), (_, at) in zip(found, expected, strict=True)
    )


def test_scores_are_those_of_sqlite(store: Store, tmp_path: Path) -> None:
    built = WordIndex.build(store.texts_since(0))
    built.save(tmp_path / "words")
    terms = [stem(word) for word in QUESTION]
    expected = scored(store)
    for index in (built, WordIndex.load(tmp_path / "words")):
        assert same(index.search(terms, 1000), expected, within=0.002)
        assert index.search(terms, 20) == index.search(terms, 1000)[:20]
        for term in [*terms, stem("candle")]:  # that of all passages too
            assert index.document_frequency(term) == store.document_frequencies([term]).get(term, 0)
        assert index.ids().tolist() == sorted(store.passage_ids())


def test_whatever_it_has_been_through_it_is_as_if_made_anew() -> None:
    index = WordIndex.build((n, text(n)) for n in range(1, 151))
    assert not index.has_changed
    index.add((n, text(n)) for n in range(151, 201))
    index.remove(ids(*range(1, 11), 160, 999))
    anew = WordIndex.build((n, text(n)) for n in range(11, 201) if n != 160)
    terms = [stem(word) for word in QUESTION]
    assert index.search(terms, 1000) == anew.search(terms, 1000)
    assert len(index) == len(anew) == 189
    assert index.ids().tolist() == anew.ids().tolist()
    for term in [*terms, stem("candle")]:
        assert index.document_frequency(term) == anew.document_frequency(term)
    assert all(index.holds(n, text(n)) for n in (20, 180))
    assert not any(index.holds(n, f"{text(n)} kettle") for n in (20, 180))
    with pytest.raises(ValueError, match="built anew"):
        index.save(Path("nowhere"))


def test_only_within_and_ties_by_id() -> None:
    index = WordIndex.build((n, "kettle lamp" if n < 6 else "spoon candle") for n in (2, 3, 5, *range(6, 40)))
    assert [id for id, _ in index.search(["kettl"], 10)] == [2, 3, 5]
    assert [id for id, _ in index.search(["kettl"], 10, ids(3, 5, 7, 777))] == [3, 5]
    assert [id for id, _ in index.search(["kettl"], 2)] == [2, 3]
    assert index.search(["absent"], 5) == index.search([], 5) == WordIndex.build(()).search(["kettl"], 5) == []


def test_counted_in_parts_it_is_the_same_file(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    WordIndex.build(store.texts_since(0)).save(tmp_path / "whole")
    monkeypatch.setattr(postings, "COUNTED_TOGETHER", 7)
    WordIndex.build(store.texts_since(0)).save(tmp_path / "parts")
    assert (tmp_path / "parts").read_bytes() == (tmp_path / "whole").read_bytes()


@pytest.mark.parametrize("share", [0.0, 0.001, 0.2, 1.0])
def test_the_highest_are_those_of_sorting(share: float) -> None:
    draw = np.random.default_rng(4)
    scores = (draw.integers(1, 500, 30_000) * (draw.random(30_000) < share)).astype(np.float32)
    expected = [i for i in np.argsort(-scores, kind="stable")[:700] if scores[i] > 0]
    assert postings._highest(scores, 700).tolist() == expected
    gathered = np.zeros(30_000, np.float32)  # none of them where the guess looks
    gathered[1:40] = 1.0
    assert postings._highest(gathered, 50).tolist() == list(range(1, 40))


def test_a_file_that_is_no_index_is_refused(tmp_path: Path) -> None:
    WordIndex.build([(1, "kettle"), (2, "lamp")]).save(tmp_path / "whole")
    data = (tmp_path / "whole").read_bytes()
    for number, damaged in enumerate([b"", b"garbage", data[:200], data[:-1]]):
        (tmp_path / str(number)).write_bytes(damaged)
        with pytest.raises(LibraryError, match="cannot be read"):
            WordIndex.load(tmp_path / str(number))
