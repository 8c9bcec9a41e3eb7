"""Folders as people have them: odd names, links, files that change places; and watching them."""

import os
import threading
import time
import zipfile
from pathlib import Path

import pytest
from filelock import FileLock

from ingest import Library, LibraryError, SourceError, follow
from ingest.database import FILE, LOCK
from ingest.repair import list_is_current


def test_names_that_look_alike_are_documents_of_their_own(library: Library, tmp_path: Path) -> None:
    for control in "\n\t\a\x1b\r\v\f\b":
        (tmp_path / f"new{control}line.md").write_text(f"Line {ord(control)}.")
    assert (library.ingest(tmp_path).added, len(library.documents())) == (8, 8)
    assert library.ingest(tmp_path).unchanged == 8


def test_a_name_with_wildcards_in_it_is_a_name(library: Library, tmp_path: Path) -> None:
    for name in ("report[1].md", "report1.md", "cafe\u0301.md"):
        (tmp_path / name).write_text(f"{name}.")
    library.ingest(tmp_path)
    assert library.within(["report[1].md"]) == frozenset({"report[1].md"})
    assert library.within(["report?.md"]) == frozenset({"report1.md"})
    assert library.within(["caf\u00e9.md"]) == frozenset({"cafe\u0301.md"})


def test_files_that_changed_places_are_read_again(library: Library, tmp_path: Path) -> None:
    one, two = tmp_path / "one.md", tmp_path / "two.md"
    one.write_text("Kettle.")
    two.write_text("Bottle.")
    for path in (one, two):
        os.utime(path, ns=(10**18, 10**18))
    library.ingest(tmp_path)
    time.sleep(0.01)  # a change of place is told by a time of its own
    one.rename(tmp_path / "aside")
    two.rename(one)
    (tmp_path / "aside").rename(two)
    assert library.ingest(tmp_path).changed == 2
    assert library.text("one.md") == "Bottle."


def test_what_a_link_in_the_place_of_a_folder_leads_to_is_kept_current(library: Library, tmp_path: Path) -> None:
    sub = tmp_path / "house" / "sub"
    sub.mkdir(parents=True)
    (sub / "a.md").write_text("Old words.")
    library.ingest(tmp_path / "house")
    sub.rename(tmp_path / "outside")
    sub.symlink_to(tmp_path / "outside")
    (tmp_path / "outside" / "a.md").write_text("New words.")
    assert library.ingest(tmp_path / "house").changed == 1
    assert library.text("sub/a.md") == "New words."
    assert library.ingest(tmp_path / "house").unchanged == 1


def test_a_file_that_is_none_any_more_is_said_to_be_out(library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("Words.")
    library.ingest(tmp_path)
    (tmp_path / "a.md").write_bytes(b"")
    ((_, reason),) = library.ingest(tmp_path).failed
    assert reason.endswith("; its earlier version is out of the library")


def test_tags_outlast_a_moment_in_which_the_file_holds_nothing(library: Library, tmp_path: Path) -> None:
    note = tmp_path / "a.md"
    (tmp_path / "b.md").write_text("Another file.")
    for spoilt in (b"", b"\x00\x01\x02" * 100):
        note.write_text("Words.")
        library.ingest(tmp_path)
        library.set_tags("a.md", ["work"])
        note.write_bytes(spoilt)
        assert library.ingest(tmp_path).documents == 1
        note.write_text("Other words.")
        library.ingest(tmp_path)
        assert [info.tags for info in library.documents()][:1] == [("work",)]
    note.write_bytes(b"")
    library.ingest(tmp_path)
    note.unlink()
    library.ingest(tmp_path)
    note.write_text("A new file.")
    library.ingest(tmp_path)
    assert [info.tags for info in library.documents()][:1] == [()], "another file has none of them"


def test_what_is_wrong_in_an_archive_is_said_each_time(library: Library, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("good.md", "Words.")
        archive.writestr("bad.docx", "No Word file.")
    first = library.ingest(tmp_path)
    assert (first.added, len(first.failed)) == (1, 1)
    second, generation = library.ingest(tmp_path), library.store.generation
    assert (second.unchanged, second.encoded, second.failed) == (1, 0, first.failed)
    assert library.ingest(tmp_path).failed == first.failed
    assert library.store.generation == generation, "nothing was written"


def test_an_empty_path_is_not_the_folder_one_is_in(library: Library, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="A path is empty"):
        library.ingest("")
    with pytest.raises(LibraryError, match="path is empty"):
        Library.open("")


def test_several_in_a_list_are_no_path_and_no_name(library: Library, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"a path is a str or a Path, not \['a.md'\]"):
        library.ingest(["a.md"])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"a document is named by a str, not by \['a.md'\]"):
        library.remove(["a.md"])  # type: ignore[arg-type]


def test_tags_are_words_and_kept_in_the_list_of_sources(library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("Words.")
    for wrong in ("work", [5], ["work", None], 5):
        with pytest.raises(TypeError, match="tags are several strings"):
            library.ingest(tmp_path, tags=wrong)  # type: ignore[arg-type]
    for bad in ("", " ", "two\nlines"):
        with pytest.raises(LibraryError, match="A tag is a word"):
            library.ingest(tmp_path, tags=[bad])
    library.ingest(tmp_path)
    library.set_tags("a.md", ["work"])
    with library.reading() as store:
        assert list_is_current(library.folder, store)


def test_a_library_without_its_store_is_mended_not_made_anew(library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("Words.")
    library.ingest(tmp_path)
    library.close()
    (library.folder / FILE).unlink()
    for create in (False, True):
        with pytest.raises(LibraryError, match=r"has lost its pincite.db; mend it with: pincite check --repair"):
            Library.open(library.folder, create=create)


def test_a_folder_with_a_dead_link_is_followed_and_another_writer_waited_for(library: Library, tmp_path: Path) -> None:
    house = tmp_path / "house"
    house.mkdir()
    (house / "a.md").write_text("Words.")
    (house / "dead.md").symlink_to(tmp_path / "nowhere")
    reports = follow(library, [house], seconds=0.05)
    assert next(reports).added == 1
    (house / "b.md").write_text("More words.")
    lock = FileLock(library.folder / LOCK, thread_local=False)
    lock.acquire()
    threading.Timer(1.0, lock.release).start()
    assert next(reports).added == 1
