"""The store: a change is made whole or not at all, and damage is told, never guessed around."""

import random
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from ingest import Document, Library, LibraryError, Page, Passage, PinciteError, Section, UnknownDocumentError
from ingest.database import FILE
from ingest.records import Source, Vectors
from ingest.store import FORMAT, Store
from retriever import Retriever

TEXT = "Alpha beta.\n\nGamma delta. 🧬"


@pytest.fixture
def store(library_folder: Path) -> Iterator[Store]:
    opened = Store.open(library_folder, create=True)
    yield opened
    opened.close()


def document(name: str = "d.md", text: str = TEXT, sha256: str = "ab") -> Document:
    return Document(name, f"Title of {name}", text, sha256, (Section(0, ("A", "B")),), (Page(0, 1), Page(13, 2)))


def passages(of: Document) -> list[Passage]:
    cut = of.text.index("\n\n") + 2 if "\n\n" in of.text else len(of.text)
    spans = [(0, cut), (cut, len(of.text))] if cut < len(of.text) else [(0, cut)]
    return [Passage(of.id, of.title, of.heading_at(s), of.page_at(s), s, e, of.text[s:e]) for s, e in spans]


def vectors(number: int) -> Vectors:
    return Vectors(np.full(4, number, "<f2").tobytes(), bytes([number]) * 3)


def put(store: Store, of: Document, source: Source | None = None, number: int = 1) -> None:
    own = passages(of)
    hashes = [f"{of.id} {number} {p.start}".encode() for p in own]
    with store.writing() as generation:
        store.put(of, own, hashes, [vectors(number + n) for n in range(len(own))], source, generation)


def everything(store: Store) -> dict[str, object]:
    names = [info.document for info in store.documents()]
    return {
        "generation": store.generation,
        "documents": store.documents(),
        "texts": [store.document(name) for name in names],
        "passages": store.passages(sorted(store.passage_ids())),
        "words": store.search_words('"alpha" OR "gamma"', 10),
        "known": store.known(),
        "removed": store.removed_since(0),
    }


def test_what_goes_in_comes_out(store: Store) -> None:
    source = Source("/a/d.md", 40, 123456789)
    put(store, document(), source)
    assert store.document("d.md") == document()
    assert store.pages("d.md") == document().pages
    assert store.pages("absent") == ()
    assert store.counts() == (1, 2)
    assert [info.to_dict() for info in store.documents()] == [
        {"document": "d.md", "title": "Title of d.md", "passages": 2, "sha256": "ab", "tags": []}
    ]
    assert store.names() == {"d.md": "/a/d.md"}
    known = store.known()["/a/d.md"]
    assert (known.name, known.sha256, known.source) == ("d.md", "ab", source)
    found = store.passages([1, 2, 99])
    assert [found[id] for id in (1, 2)] == list(zip(passages(document()), [vectors(1), vectors(2)], strict=True))
    assert found[1][1].vector.tolist() == [1.0] * 4
    assert store.known_vectors([b"d.md 1 0", b"absent"]) == {b"d.md 1 0": vectors(1)}
    assert store.problems() == []


def test_an_exception_leaves_everything_as_it_was(store: Store) -> None:
    put(store, document())
    before = everything(store)

    def change(generation: int) -> None:
        store.remove("d.md", generation)
        other = document("e.md")
        store.put(other, passages(other), [b"1", b"2"], [vectors(1), vectors(2)], None, generation)
        store.set_meta("encoder", "another")

    for error in (ValueError("as meant"), KeyboardInterrupt()):
        with pytest.raises(type(error)), store.writing() as generation:
            change(generation)
            raise error
    assert everything(store) == before
    assert store.problems() == []
    assert store.meta("encoder") is None
    with store.writing() as generation:
        change(generation)
    assert [info.document for info in store.documents()] == ["e.md"]


def test_a_failure_half_way_through_a_document_leaves_everything(store: Store) -> None:
    put(store, document())
    before = everything(store)
    changed = document(text="Alpha.\n\nOmega.")
    for own, hashes in (
        (passages(changed)[:1], [b"1"]),  # do not tile the text
        (passages(changed), [b"1"]),  # one hash for two
    ):
        with pytest.raises(ValueError, match="tile|shorter|longer"), store.writing() as generation:
            store.put(changed, own, hashes, [vectors(1), vectors(2)], None, generation)
    assert everything(store) == before


def test_a_document_put_again_takes_the_place_of_the_first(store: Store) -> None:
    put(store, document())
    put(store, document("other.md", "Gamma."))
    generation = store.generation
    put(store, document(text="Alpha zeta.", sha256="cd"))
    assert store.generation == generation + 1
    assert store.counts() == (2, 2)
    assert store.document("d.md").text == "Alpha zeta."
    assert len(store.search_words('"beta"', 5)) == 0
    assert len(store.search_words('"zeta"', 5)) == 1
    assert store.removed_since(generation) == [1, 2]
    assert store.problems() == []


def test_a_document_of_the_same_source_is_replaced_whatever_its_name(store: Store) -> None:
    source = Source("/a/d.md", 1, 1)
    put(store, document("old.md"), source)
    put(store, document("new.md"), source)
    assert [info.document for info in store.documents()] == ["new.md"]
    store_touch = Source("/a/d.md", 2, 2)
    with store.writing():
        store.touch(store_touch)
    assert store.known()["/a/d.md"].source == store_touch
    put(store, document("x.md"))
    put(store, document("y.md"))
    assert store.counts()[0] == 3, "documents without a source are apart"


def test_removed_is_gone_from_everywhere(store: Store) -> None:
    put(store, document())
    put(store, document("other.md"))
    with store.writing() as generation:
        store.remove("d.md", generation)
    assert store.passage_ids() == {3, 4}
    assert [id for id, _ in store.search_words('"alpha"', 5)] == [3]
    assert store.document_frequencies(["alpha"]) == {"alpha": 1}
    assert store.removed_since(generation - 1) == [1, 2]
    assert store.removed_since(generation) == []
    assert store.problems() == []
    for call in (store.document, lambda name: store.remove(name, 9)):
        with pytest.raises(UnknownDocumentError, match="'d.md'"):
            call("d.md")


def test_ids_are_never_used_twice(store: Store) -> None:
    put(store, document())
    with store.writing() as generation:
        store.remove("d.md", generation)
    put(store, document())
    assert store.passage_ids() == {3, 4}


def test_the_generation_counts_changes(store: Store) -> None:
    first = store.generation
    put(store, document())
    put(store, document("e.md", "Alpha."))
    assert store.generation == first + 2
    assert [id for id, _ in store.pooled_since(0)] == [1, 2, 3]
    assert [id for id, _ in store.pooled_since(first + 1)] == [3]
    assert list(store.pooled_since(first + 2)) == []
    assert (store.changes_since(0), store.changes_since(first + 1)) == (3, 1)


def test_a_reader_keeps_its_state_while_another_writes(store: Store, library_folder: Path) -> None:
    put(store, document())
    reader = Store.open(library_folder)
    with reader.reading():
        before = everything(reader)
        put(store, document(text="Changed."))
        with reader.reading():
            assert everything(reader) == before
    assert reader.document("d.md").text == "Changed."
    reader.close()


def test_a_library_of_another_format_is_refused(library_folder: Path, store: Store) -> None:
    with store.writing():
        store.set_meta("format", "77")
    for create in (False, True):
        with pytest.raises(LibraryError, match=f"format 77, this version reads {FORMAT}"):
            Store.open(library_folder, create)


def test_two_can_make_the_same_library_at_once(library_folder: Path) -> None:
    """Whoever comes second finds it whole."""
    with ThreadPoolExecutor(8) as pool:
        stores = list(pool.map(lambda _: Store.open(library_folder, create=True), range(8)))
    put(stores[0], document())
    assert all(store.document("d.md") == document() for store in stores)
    for store in stores:
        store.close()
    assert sorted(path.name for path in library_folder.iterdir()) == [FILE, "writer.lock"]


# --- damage ------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # damaged vectors may hold what is no number
def test_damage_anywhere_is_told_in_one_sentence(library_folder: Path, tmp_path: Path, fake_encoder: object) -> None:
    """Whatever bytes of the file are lost: the library works, or a PinciteError says that it is damaged."""
    folder = library_folder
    (tmp_path / "house").mkdir()
    for n in range(12):
        (tmp_path / "house" / f"room{n}.md").write_text(f"# Room {n}\n\nThe kettle number {n} is blue.\n" * 20, "utf-8")
    with Library.open(folder, create=True) as library:
        library.ingest(tmp_path / "house")
        whole = {info.document: library.text(info.document) for info in library.documents()}
    data = (folder / FILE).read_bytes()
    draw = random.Random(4)
    told = 0
    for round in range(60):
        damaged = bytearray(data)
        if round < 40:
            first = draw.randrange(0, len(data), 64)
            damaged[first : first + draw.choice([1, 64, 4096])] = draw.randbytes(draw.choice([1, 64, 4096]))
        else:
            del damaged[draw.randrange(len(data)) :]
        copy = tmp_path / f"copy{round}"
        shutil.copytree(folder, copy)
        (copy / FILE).write_bytes(damaged)
        try:
            with Library.open(copy) as library, Retriever(library) as retriever:
                problems = library.check()
                for info in library.documents():
                    assert library.text(info.document) == whole.get(info.document) or problems
                retriever.ask("Where is the kettle?")
                library.ingest(tmp_path / "house")
        except PinciteError as error:
            told += 1
            assert len(str(error)) < 600
            assert "\n" not in str(error)
        shutil.rmtree(copy)
    assert told > 10
