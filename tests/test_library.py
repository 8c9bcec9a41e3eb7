"""A library over its life: files come, change, move and go; processes write, read and die.

Past 500 lines: a random history of changes and the single cases share the same few steps, files and ways to compare.
"""

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest import (
    Document,
    EncoderError,
    Library,
    LibraryError,
    Page,
    Progress,
    Section,
    Settings,
    SourceError,
    UnknownDocumentError,
)
from ingest.database import FILE, LOCK, Database
from retriever import Retriever

TESTS = Path(__file__).parent
WORDS = "kettle cellar cider bicycle lamp spoon garden ladder window candle carpet mirror drawer basket hammer".split()
QUESTIONS = ["Where is the kettle?", "cider in the cellar", "a ladder and a candle", "mirror"]
# A process of its own with the fast encoder; what follows is run there.
WRITER = f"""
import runpy, sys
import ingest.library
from ingest import Document, Library, LibraryError
shared = runpy.run_path({str(TESTS / "conftest.py")!r})
encoder = shared["FakeEncoder"]()
ingest.library.encoder_of = lambda settings, fingerprint=None: encoder
library = Library.open(sys.argv[1], create=True)
"""


def paragraph(seed: int, words: int = 130) -> str:
    """Words enough that a paragraph is a passage of its own."""
    return " ".join(random.Random(seed).choices(WORDS, k=words)).capitalize() + "."


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.md").write_text(f"# {name.title()}\n\n{text}\n", "utf-8")


def whole(library: Library) -> dict[str, Any]:
    """All that a user can see of a library."""
    with Retriever.open(library.folder, settings=library.settings) as retriever:
        return {
            "documents": [info.to_dict() for info in library.documents()],
            "texts": [library.document(info.document) for info in library.documents()],
            "found": [
                [(hit.passage, hit.score, hit.found_by) for hit in retriever.search(question, k=100).hits]
                for question in QUESTIONS
            ],
        }


def rounded(state: dict[str, Any]) -> dict[str, Any]:
    """The state with scores compared to five places: the order in which vectors are summed may differ."""
    return state | {"found": [[(p, round(s, 5), dict(by)) for p, s, by in hits] for hits in state["found"]]}


def start(folder: Path, code: str, *args: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", WRITER + code, str(folder), *args],
        env=os.environ | {"PYTHONPATH": str(TESTS.parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


# --- in line with the files --------------------------------------------------------------------------


def test_a_second_ingest_changes_nothing(library: Library, tmp_path: Path, fake_encoder: Any) -> None:
    write(tmp_path / "house", kitchen=paragraph(1), cellar=paragraph(2))
    first = library.ingest(tmp_path / "house")
    assert (first.added, first.documents, first.encoded) == (2, 2, first.passages)
    before, generation, encoded = whole(library), library.store.generation, fake_encoder.encoded
    again = library.ingest(tmp_path / "house")
    assert (again.added, again.changed, again.removed, again.unchanged, again.encoded) == (0, 0, 0, 2, 0)
    assert whole(library) == before
    assert library.store.generation == generation
    os.utime(tmp_path / "house" / "kitchen.md", ns=(0, 0))  # another time, the same bytes
    touched = library.ingest(tmp_path / "house")
    assert (touched.changed, touched.unchanged) == (0, 2)
    assert whole(library) == before
    assert fake_encoder.encoded == encoded


def test_only_what_changed_is_encoded(library: Library, tmp_path: Path, fake_encoder: Any) -> None:
    parts = [paragraph(seed) for seed in range(12)]
    write(tmp_path / "house", kitchen="\n\n".join(parts), cellar=paragraph(90))
    library.ingest(tmp_path / "house")
    encoded = fake_encoder.encoded
    parts[5] = paragraph(50)
    write(tmp_path / "house", kitchen="\n\n".join([*parts[:2], *parts[3:]]))
    report = library.ingest(tmp_path / "house")
    assert (report.changed, report.unchanged, report.encoded) == (1, 1, 1)
    assert fake_encoder.encoded == encoded + 1
    (tmp_path / "house" / "kitchen.md").rename(tmp_path / "house" / "pantry.md")
    moved = library.ingest(tmp_path / "house")
    assert (moved.added, moved.removed, moved.encoded) == (1, 1, 0)
    assert [info.document for info in library.documents()] == ["cellar.md", "pantry.md"]


names = st.sampled_from(["a", "b", "c", "sub/a", "sub/d"])
steps = st.one_of(
    st.tuples(st.just("write"), names, st.lists(st.integers(0, 8), min_size=1, max_size=4)),
    st.tuples(st.just("delete"), names, st.none()),
    st.tuples(st.just("move"), names, names),
    st.tuples(st.just("ingest"), st.none(), st.none()),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=st.lists(steps, min_size=2, max_size=12))
def test_after_any_history_it_equals_a_library_made_anew(
    history: list[tuple[str, Any, Any]], tmp_path_factory: pytest.TempPathFactory, fake_encoder: object
) -> None:
    place = tmp_path_factory.mktemp("history")
    house = place / "house"
    write(house / "sub", a=paragraph(3))
    write(house, always=paragraph(4))
    with Library.open(place / "lived", create=True) as lived, Library.open(place / "anew", create=True) as anew:
        lived.ingest(house)
        for what, name, value in [*history, ("ingest", None, None)]:
            file = house / f"{name}.md"
            if what == "write":
                write(file.parent, **{file.stem: "\n\n".join(paragraph(seed) for seed in value)})
            elif what == "delete":
                file.unlink(missing_ok=True)
            elif what == "move" and file.exists():
                file.replace(house / f"{value}.md")
            elif what == "ingest":
                lived.ingest(house)
        anew.ingest(house)
        assert rounded(whole(lived)) == rounded(whole(anew))
        assert lived.check() == []


def test_what_is_gone_is_removed_only_below_the_named_folder(library: Library, tmp_path: Path) -> None:
    write(tmp_path / "house", kitchen=paragraph(1), cellar=paragraph(2))
    write(tmp_path / "shed", tools=paragraph(3))
    library.ingest(tmp_path / "house", tmp_path / "shed")
    (tmp_path / "house" / "kitchen.md").unlink()
    (tmp_path / "shed" / "tools.md").unlink()
    report = library.ingest(tmp_path / "house")
    assert (report.removed, report.documents) == (1, 2)
    assert [info.document for info in library.documents()] == ["cellar.md", "tools.md"]
    (tmp_path / "house" / "cellar.md").unlink()
    assert library.ingest(tmp_path / "house").removed == 1, "a folder may become empty"


def test_a_document_is_found_by_the_names_that_it_had(library: Library, tmp_path: Path) -> None:
    write(tmp_path / "house", kitchen=paragraph(1), cellar=paragraph(2))
    library.ingest(tmp_path / "house")
    text = library.text("kitchen.md")
    for before, now in (("kitchen.md", "galley.md"), ("galley.md", "canteen.md")):
        (tmp_path / "house" / before).rename(tmp_path / "house" / now)
        assert library.ingest(tmp_path / "house").moved == 1
    assert (library.document("kitchen.md").id, library.text("galley.md")) == ("canteen.md", text)
    assert library.source("kitchen.md") == (tmp_path / "house" / "canteen.md").read_bytes()
    for change in (library.remove, lambda name: library.set_tags(name, ["old"])):
        with pytest.raises(UnknownDocumentError):
            change("kitchen.md")
    write(tmp_path / "house", kitchen=paragraph(3))
    library.ingest(tmp_path / "house")
    assert library.document("kitchen.md").id == "kitchen.md"
    (tmp_path / "house" / "canteen.md").rename(tmp_path / "house" / "galley.md")
    library.ingest(tmp_path / "house")
    library.remove("galley.md")
    with pytest.raises(UnknownDocumentError):
        library.document("canteen.md")


def test_a_renamed_folder_is_the_same_documents(library: Library, tmp_path: Path, fake_encoder: Any) -> None:
    write(tmp_path / "north", kitchen=paragraph(1), cellar=paragraph(2))
    write(tmp_path / "south", kitchen=paragraph(1))  # a copy is no move
    library.ingest(tmp_path / "north", tags=["house"])
    library.ingest(tmp_path / "south")
    before, encoded = library.documents(), fake_encoder.encoded
    (tmp_path / "north").rename(tmp_path / "west")
    report = library.ingest(tmp_path / "west")
    assert (report.added, report.removed, report.moved, report.missing) == (2, 2, 2, [])
    assert library.documents() == before
    assert library.source_path("kitchen.md") == tmp_path / "west" / "kitchen.md"
    assert fake_encoder.encoded == encoded
    assert library.check() == []


def test_moving_between_named_folders_loses_nothing(library: Library, tmp_path: Path) -> None:
    write(tmp_path / "north", kitchen=paragraph(1), attic=paragraph(3))
    write(tmp_path / "south", cellar=paragraph(2))
    library.ingest(tmp_path / "north", tmp_path / "south")
    (tmp_path / "north" / "kitchen.md").rename(tmp_path / "south" / "kitchen.md")
    report = library.ingest(tmp_path / "north", tmp_path / "south")
    assert (report.added, report.removed, report.moved) == (1, 1, 1)
    assert [info.document for info in library.documents()] == ["attic.md", "cellar.md", "kitchen.md"]


def test_files_that_are_gone_from_elsewhere_are_told_and_their_documents_stay(library: Library, tmp_path: Path) -> None:
    write(tmp_path / "disk", kitchen=paragraph(1), cellar=paragraph(2))
    write(tmp_path / "house", attic=paragraph(3))
    library.ingest(tmp_path / "disk")
    assert library.missing() == []
    (tmp_path / "disk").rename(tmp_path / "away")
    report = library.ingest(tmp_path / "house")
    assert (report.removed, report.missing) == (0, ["cellar.md", "kitchen.md"])
    assert library.missing() == report.to_dict()["missing"] == report.missing
    assert len(library.documents()) == 3
    (tmp_path / "away").rename(tmp_path / "disk")
    assert library.ingest(tmp_path / "disk").unchanged == 2
    assert library.missing() == []


def test_a_file_that_was_named_itself_stays_when_its_folder_is_ingested(library: Library, tmp_path: Path) -> None:
    write(tmp_path / "house", kitchen=paragraph(1))
    (tmp_path / "house" / "diary.journal").write_text("Rain. The cellar is wet.", "utf-8")
    library.ingest(tmp_path / "house" / "diary.journal")
    report = library.ingest(tmp_path / "house")
    assert (report.added, report.removed, report.documents) == (1, 0, 2)


def test_two_files_of_one_name_get_two_names_that_stay(library: Library, tmp_path: Path) -> None:
    for house, seed in (("north", 1), ("south", 2)):
        write(tmp_path / house, kitchen=paragraph(seed))
    library.ingest(tmp_path / "north")
    library.ingest(tmp_path / "south")
    assert [info.document for info in library.documents()] == ["kitchen.md", "south/kitchen.md"]
    write(tmp_path / "south", kitchen=paragraph(3))
    library.ingest(tmp_path / "south", tmp_path / "north")
    assert paragraph(1) in library.text("kitchen.md")
    assert paragraph(3) in library.text("south/kitchen.md")


def test_a_path_named_twice_is_read_once(library: Library, tmp_path: Path) -> None:
    write(tmp_path / "house", kitchen=paragraph(1))
    report = library.ingest(tmp_path / "house", tmp_path / "house" / "kitchen.md", f"{tmp_path}/house/../house")
    assert (report.added, report.unchanged, report.documents) == (1, 0, 1)


def test_a_library_inside_the_folder_is_passed_over(tmp_path: Path, fake_encoder: object) -> None:
    write(tmp_path / "house", kitchen=paragraph(1))
    for place in ("house/library", "house"):
        with Library.open(tmp_path / place, create=True) as library:
            library.ingest(tmp_path / "house")
            library.ingest(tmp_path / "house")
            assert [info.document for info in library.documents()] == ["kitchen.md"]


# --- what cannot be read -----------------------------------------------------------------------------


def test_a_bad_file_is_listed_and_the_run_goes_on(library: Library, tmp_path: Path) -> None:
    house = tmp_path / "house"
    write(house, attic=paragraph(1), zoo=paragraph(2))
    (house / "binary.txt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    (house / "dangling.md").symlink_to(house / "absent")
    (house / "empty.md").write_bytes(b"")
    (house / "white.txt").write_bytes(b" \n\n ")
    (house / "photo.xyz").write_bytes(b"?")
    (house / ".hidden.md").write_text("secret", "utf-8")
    os.mkfifo(house / "pipe.txt")
    report = library.ingest(house)
    assert [Path(path).name for path, _ in report.failed] == [
        "binary.txt", "dangling.md", "empty.md", "pipe.txt", "white.txt",
    ]  # fmt: skip
    assert all(reason and "Error" not in reason for _, reason in report.failed)
    assert (report.added, report.skipped) == (2, {".xyz": 1})
    assert [info.document for info in library.documents()] == ["attic.md", "zoo.md"]
    assert [f["path"] for f in report.to_dict()["failed"]] == [path for path, _ in report.failed]


def test_a_name_that_is_no_text_is_listed(library: Library, tmp_path: Path) -> None:
    house = tmp_path / "house"
    write(house, kitchen=paragraph(1))
    try:
        Path(os.fsdecode(os.fsencode(house) + b"/caf\xe9.md")).write_text("# A caf\n\nCider.", "utf-8")
    except OSError:
        pytest.skip("this file system takes only names that are text")
    report = library.ingest(house)
    assert (report.added, len(report.failed)) == (1, 1)
    assert report.failed[0][0].encode("utf-8").endswith("caf\ufffd.md".encode())


def test_a_file_that_went_bad_leaves_the_library(library: Library, tmp_path: Path) -> None:
    house = tmp_path / "house"
    write(house, attic=paragraph(1), cellar=paragraph(2), kitchen=paragraph(3))
    library.ingest(house)
    (house / "attic.md").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    (house / "cellar.md").unlink()
    report = library.ingest(house)
    assert (report.removed, len(report.failed), report.documents) == (2, 1, 1)


def test_a_path_that_is_not_there_changes_nothing(library: Library, tmp_path: Path) -> None:
    write(tmp_path / "house", kitchen=paragraph(1))
    library.ingest(tmp_path / "house")
    before = whole(library)
    with pytest.raises(SourceError, match="absent does not exist"):
        library.ingest(tmp_path / "house", tmp_path / "absent")
    (tmp_path / "bare").mkdir()
    with pytest.raises(SourceError, match="nothing to read in .*bare; Pincite reads .*\\.md"):
        library.ingest(tmp_path / "bare")
    with pytest.raises(ValueError, match="at least one"):
        library.ingest()
    assert whole(library) == before


# --- reading, removing, checking ---------------------------------------------------------------------


def test_a_document_comes_back_as_it_went_in(library: Library) -> None:
    text = "  Title\n\nA short text. 🫖\n\nThe end\n"
    sections = (Section(2, ("Title",)), Section(26, ("Title", "The end")))
    document = Document("odd: näme", "Title", text, "0" * 64, sections, (Page(0, 1), Page(26, 4)))
    assert library.ingest_documents([document]) > 0
    assert library.document("odd: näme") == document
    assert library.text("odd: näme") == text
    assert library.ingest_documents([]) == 0


def test_remove_is_all_or_nothing(library: Library, tmp_path: Path) -> None:
    write(tmp_path / "house", kitchen=paragraph(1), cellar=paragraph(2))
    library.ingest(tmp_path / "house")
    before = whole(library)
    with pytest.raises(UnknownDocumentError, match="attic"):
        library.remove("kitchen.md", "attic.md")
    assert whole(library) == before
    library.remove("kitchen.md", "kitchen.md")
    assert [info.document for info in library.documents()] == ["cellar.md"]
    assert all(p.document == "cellar.md" for hits in whole(library)["found"] for p, _, _ in hits)
    assert library.ingest(tmp_path / "house").added == 1, "its file is still there"


def test_a_name_that_is_no_unicode_is_no_document_s(library: Library) -> None:
    for use in (library.document, library.text, library.remove):
        with pytest.raises(UnknownDocumentError, match="no document"):
            use("\ud800")


def test_inside_reading_a_change_is_refused(library: Library, tmp_path: Path) -> None:
    write(tmp_path, kitchen=paragraph(1))
    with library.reading(), pytest.raises(LibraryError, match="cannot be changed while it is read"):
        library.ingest(tmp_path / "kitchen.md")
    assert library.ingest(tmp_path / "kitchen.md").added == 1, "and is possible after it"


def spoil_nothing(library: Library) -> None:
    pass


def spoil_text(library: Library) -> None:
    library.store._db.execute("UPDATE passages SET text = replace(text, 'kettle', 'saddle')")


def spoil_span(library: Library) -> None:
    library.store._db.execute("UPDATE passages SET first = first + 1 WHERE id = 2")


def spoil_vector(library: Library) -> None:
    library.store._db.execute(
        "UPDATE vectors SET pooled = (SELECT pooled FROM vectors WHERE passage = 3) WHERE passage = 1"
    )


def spoil_vectors(library: Library) -> None:
    library.store._db.execute("DELETE FROM vectors WHERE passage = 2")


def spoil_owner(library: Library) -> None:
    library.store._db.execute("PRAGMA foreign_keys = OFF")
    library.store._db.execute("UPDATE passages SET document = 77 WHERE id = 2")


def spoil_words(library: Library) -> None:
    library.store._db.execute("INSERT INTO lexical (rowid, context, text) VALUES (99, 'no', 'such passage')")


def spoil_index(library: Library) -> None:
    (file,) = (library.folder / "indexes").glob("*.faiss")
    file.write_bytes(file.read_bytes()[:-1])


@pytest.mark.parametrize("busy", [False, True])
def test_an_index_that_was_made_anew_to_answer_is_kept_unless_another_writes(
    library: Library, tmp_path: Path, busy: bool
) -> None:
    write(tmp_path / "house", kitchen=paragraph(1), cellar=paragraph(9))
    library.ingest(tmp_path / "house")
    spoil_index(library)
    lock = FileLock(library.folder / "writer.lock") if busy else nullcontext()
    with lock, Library.open(library.folder) as reader, reader.reading():
        assert len(reader.dense()) == 2
    assert bool(library.check()) == busy


@pytest.mark.parametrize(
    ("spoil", "told", "mended"),
    [
        (spoil_nothing, None, True),
        (spoil_text, "lexical index|not that of its text", True),
        (spoil_span, "do not tile", True),
        (spoil_vector, "not that of its text|another vector", False),
        (spoil_vectors, "1 passages have no vector", True),
        (spoil_owner, "without its owner", True),
        (spoil_words, "lexical index", True),
        (spoil_index, "dense index is damaged", True),
    ],
)
def test_check_finds_what_is_wrong(
    library: Library, tmp_path: Path, spoil: Callable[[Library], None], told: str | None, mended: bool
) -> None:
    write(tmp_path / "house", kitchen="\n\n".join(map(paragraph, range(6))), cellar=paragraph(9))
    library.ingest(tmp_path / "house", tags=["house"])
    before = whole(library)
    spoil(library)
    found = library.check()
    if told is None:
        assert found == []
    else:
        assert found
        assert re.search(told, "\n".join(found)), found
    assert (library.check(repair=True) == []) == mended
    assert (library.check() == []) == mended
    if mended:
        assert whole(library) == before
        assert {info.tags for info in library.documents()} == {("house",)}


def test_an_empty_library_is_whole(library: Library) -> None:
    assert library.check() == []
    assert library.documents() == []


def test_progress_runs_to_the_end(library: Library, tmp_path: Path) -> None:
    write(tmp_path / "house", **{f"room{n}": paragraph(n) for n in range(5)})
    seen: list[Progress] = []
    report = library.ingest(tmp_path / "house", progress=seen.append)
    assert [p.files for p in seen] == [0, 0, 1, 2, 3, 4, 5], "told before the encoder is loaded, and for each file"
    assert {p.of_files for p in seen} == {5}
    assert seen[-1].passages == report.encoded == report.passages


def test_a_library_keeps_to_its_encoder(library: Library, tmp_path: Path) -> None:
    write(tmp_path / "house", kitchen=paragraph(1))
    library.ingest(tmp_path / "house")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    told = "encoded with all-MiniLM-L6-v2"
    for encoder, error, match in (
        (str(tmp_path / "model"), LibraryError, f"{told}, the setting says .*model; run: pincite check --repair"),
        (str(tmp_path / "absent"), EncoderError, f"folder .*absent is not there.*{told}"),
    ):
        with (
            Library.open(library.folder, settings=Settings(encoder=encoder)) as other,
            pytest.raises(error, match=match),
        ):
            other.ingest(tmp_path / "house")


def test_a_library_is_a_folder_with_a_library(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    with pytest.raises(LibraryError, match="is a file"):
        Library.open(tmp_path / "file", create=True)
    with pytest.raises(LibraryError, match="pincite ingest"):
        Library.open(tmp_path)
    with pytest.raises(LibraryError, match="cannot be used"):
        Library.open(tmp_path / "file" / "below", create=True)


def test_places_that_cannot_be_looked_at_are_told(library: Library, tmp_path: Path) -> None:
    long = tmp_path / ("x" * 300)
    with pytest.raises(SourceError, match=r"cannot be read: File name too long"):
        library.ingest(long)
    for use in (lambda: Library.open(long), lambda: Library.open(long, create=True), lambda: Library.repair(long)):
        with pytest.raises(LibraryError, match=r"cannot be used: File name too long"):
            use()


def test_a_name_like_a_user_s_home_is_a_file(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("~notes.txt").write_text("The lamp is green.")
    assert library.ingest("~notes.txt").added == 1
    with pytest.raises(SourceError, match="~no-such-user/x does not exist"):
        library.ingest("~no-such-user/x")


def test_what_is_asked_of_a_closed_library_is_refused_in_words(library: Library) -> None:
    library.close()
    with pytest.raises(LibraryError, match="was closed here; open it again"):
        library.documents()
    with pytest.raises(LibraryError, match="was closed here; open it again"):
        library.remove("a.txt")


def test_a_library_that_is_only_read_is_checked_in_full(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("The lamp is green.")
    library.ingest(tmp_path / "a.txt")
    monkeypatch.setattr("os.access", lambda path, mode: mode != os.W_OK)
    with Library.open(library.folder) as opened:
        assert [info.document for info in opened.documents()] == ["a.txt"], "what its writer has not moved from the log"
    library.close()
    (library.folder / LOCK).unlink()
    with Library.open(library.folder) as opened:
        assert opened.check() == []
        with pytest.raises(LibraryError, match="read-only"):
            opened.remove("a.txt")
    monkeypatch.undo()
    db = Database(library.folder / FILE)
    db.execute("UPDATE passages SET text = 'The lamp is amber.'")
    db.close()
    monkeypatch.setattr("os.access", lambda path, mode: mode != os.W_OK)
    with Library.open(library.folder, settings=library.settings) as opened:
        assert "lexical index" in "".join(opened.store.problems())


def test_an_index_that_cannot_be_written_loses_no_document(library: Library, tmp_path: Path) -> None:
    write(tmp_path / "house", kitchen=paragraph(1))
    (library.folder / "indexes").write_text("in the way", "utf-8")
    with pytest.raises(LibraryError, match="holds so far is safe"):
        library.ingest(tmp_path / "house")
    assert len(whole(library)["found"][0]) == 1


# --- several processes -------------------------------------------------------------------------------


def test_a_second_writer_is_turned_away_and_readers_are_not(library: Library, tmp_path: Path) -> None:
    write(tmp_path / "house", kitchen=paragraph(1))
    library.ingest(tmp_path / "house")
    with FileLock(library.folder / "writer.lock"):
        for change in (lambda: library.ingest(tmp_path / "house"), lambda: library.remove("kitchen.md"), library.check):
            with pytest.raises(LibraryError, match="Another process is writing"):
                change()
        assert len(library.documents()) == 1
    library.remove("kitchen.md")


def test_of_two_writers_at_once_each_finishes_or_is_told(library_folder: Path, tmp_path: Path) -> None:
    for house in ("north", "south"):
        write(tmp_path / house, **{f"{house}{n}": paragraph(n) for n in range(40)})
    code = "library.ingest(sys.argv[2]); print('done')"
    both = [start(library_folder, code, str(tmp_path / house)) for house in ("north", "south")]
    told = [process.communicate(timeout=60) for process in both]
    done = [house for house, (out, _) in zip(("north", "south"), told, strict=True) if out == "done\n"]
    assert done
    for out, err in told:
        assert out == "done\n" or "Another process is writing" in err
    with Library.open(library_folder) as library:
        names = [info.document for info in library.documents()]
    assert names == sorted(f"{house}{n}.md" for house in done for n in range(40))


def test_a_reader_in_another_process_sees_whole_states(
    library_folder: Path, fake_encoder: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every state is: some documents, all of one version. The index is written with each of them."""
    code = """
import itertools
ingest.library.STALE_PASSAGES = ingest.library.STALE_SHARE = 0
for version in itertools.count():
    count = 3 + version % 3
    library.ingest_documents(
        Document(f"d{n}", "Doc", f"The kettle number {n} is of version {version}.", "") for n in range(count)
    )
    print(version, flush=True)
    library.remove(*(f"d{n}" for n in range(count)))
"""
    process = start(library_folder, code)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "0\n"
        seen: set[str] = set()
        until = time.monotonic() + 4
        while time.monotonic() < until or len(seen) < 5:
            with Retriever.open(library_folder) as retriever:
                for _ in range(3):
                    answer = retriever.ask("Which version is the kettle?")
                    versions = {hit.passage.text.rsplit(" ", 1)[1] for hit in answer.evidence}
                    assert len(versions) <= 1
                    assert len(answer.evidence) == answer.library.documents == answer.library.passages
                    seen |= versions
            assert time.monotonic() < until + 30, seen
    finally:
        process.kill()
        process.communicate()
    with Library.open(library_folder) as library:
        assert library.check() == []


def test_what_was_reported_as_done_outlives_a_kill(library_folder: Path, tmp_path: Path, fake_encoder: object) -> None:
    code = """
n = int(sys.argv[2])
while True:
    library.ingest_documents([Document(f"d{n}", "Doc", f"The kettle number {n} is blue.", "")])
    print(n, flush=True)
    n += 1
"""
    done: list[int] = []
    for round in range(3):
        process = start(library_folder, code, str(len(done)))
        assert process.stdout is not None
        reported = [int(process.stdout.readline())]
        time.sleep(0.1 + 0.07 * round)
        process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate()
        reported += [int(line) for line in rest.splitlines()]
        with Library.open(library_folder) as library:
            found = {info.document for info in library.documents()}
            assert {f"d{n}" for n in reported} <= found
            assert library.check() == []
            done = list(range(len(found)))
            assert found == {f"d{n}" for n in done}


def test_an_ingest_that_was_interrupted_is_taken_up_again(library: Library, tmp_path: Path, fake_encoder: Any) -> None:
    write(tmp_path / "house", **{f"room{n}": "\n\n".join(paragraph(10 * n + i) for i in range(10)) for n in range(30)})

    def interrupt(progress: Progress) -> None:
        if progress.files == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        library.ingest(tmp_path / "house", progress=interrupt)
    kept = library.documents()
    assert 0 < len(kept) < 30
    assert library.check() == []
    encoded = fake_encoder.encoded
    report = library.ingest(tmp_path / "house")
    assert (report.unchanged, report.added) == (len(kept), 30 - len(kept))
    assert report.encoded == fake_encoder.encoded - encoded == 300 - sum(info.passages for info in kept)


def test_a_folder_that_may_not_be_listed_costs_only_itself(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "house", kitchen=paragraph(1))
    write(tmp_path / "house" / "cellar", wine=paragraph(2))
    library.ingest(tmp_path / "house")
    write(tmp_path / "house", attic=paragraph(3))
    closed, list_folder, is_file = tmp_path / "house" / "cellar", os.scandir, Path.is_file

    def scandir(path: str) -> object:
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return list_folder(path)

    def looked_at(path: Path) -> bool:
        if closed in path.parents:
            raise PermissionError(13, "Permission denied", str(path))
        return is_file(path)

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(Path, "is_file", looked_at)
    report = library.ingest(tmp_path / "house")
    monkeypatch.undo()
    assert (report.added, report.removed, report.documents) == (1, 0, 3)
    assert report.failed == [(str(closed), "it cannot be listed (Permission denied)")]


def test_names_are_printable_and_office_locks_and_links_to_folders_are_passed_over(
    library: Library, tmp_path: Path
) -> None:
    house = tmp_path / "house"
    write(house, kitchen=paragraph(1))
    (house / "two\nlines\x1b.md").write_text("Words.")
    (house / "two\nlines\x07.md").write_text("Other words.")
    (house / "cod\u202egnp.md").write_text("It reads as codmd.png.")
    (house / "~$plan.docx").write_bytes(b"\x00owner")
    (house / "loop").symlink_to(house)
    report = library.ingest(house)
    assert (report.added, report.failed, report.skipped) == (4, [], {"link to a folder": 1})
    assert {info.document: info.title for info in library.documents()} == {
        "house/two\ufffdlines\ufffd.md": "two lines",
        "two\ufffdlines\ufffd.md": "two lines",
        "cod\ufffdgnp.md": "codgnp",
        "kitchen.md": "Kitchen",
    }
    assert library.ingest(house).unchanged == 4
