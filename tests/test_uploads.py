"""Files and changes that come from the page: done one after the other beside the server, each with its state."""

import io
import shutil
import time
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import anyio
import pytest

from ingest import Library, Report, SourceError, shipped
from ui import lists
from ui import uploads as module
from ui.uploads import Job, Uploads, safe_name

CORPUS = Path(__file__).parents[1] / "corpus"


@pytest.fixture
def uploads(library: Library) -> Iterator[Uploads]:
    opened = Uploads(library.folder)
    yield opened
    opened.close()


def receive(uploads: Uploads, name: str, *chunks: bytes) -> Job:
    async def body() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    return anyio.run(uploads.receive, name, body())


def ended(uploads: Uploads) -> list[Job]:
    """The jobs, once all have ended."""
    until = time.monotonic() + 30
    while not all(job.ended for job in uploads.jobs()):
        assert time.monotonic() < until
        time.sleep(0.01)
    return uploads.jobs()


def test_a_file_is_kept_and_read(uploads: Uploads, library: Library) -> None:
    receive(uploads, "../notes.md", b"# Kettle\n\nThe kettle", b" is blue.\n")
    [job] = ended(uploads)
    assert (job.name, job.state) == ("notes.md", "ready")
    assert library.text("notes.md") == "Kettle\n\nThe kettle is blue."
    assert [path.name for path in uploads.folder.iterdir()] == ["notes.md"]


def test_another_file_of_the_same_name_is_kept_beside_and_the_same_one_is_said_to_be_there(
    uploads: Uploads, library: Library
) -> None:
    receive(uploads, "notes.txt", b"The kettle is blue.")
    ended(uploads)
    receive(uploads, "notes.txt", b"The kettle is red.")
    assert [(job.name, job.told) for job in ended(uploads)][-1] == (
        "notes (2).txt",
        "1 passage. notes.txt stays, too",
    )
    for name, told in (
        ("notes.txt", "already in the library"),
        ("copy.txt", "already in the library as notes.txt"),
    ):
        receive(uploads, name, b"The kettle is blue.")
        assert [(job.name, job.state, job.told) for job in ended(uploads)][-1] == (name, "ready", told)
    assert library.text("notes.txt") == "The kettle is blue."
    assert [d.document for d in library.documents()] == ["notes (2).txt", "notes.txt"]
    assert sorted(path.name for path in uploads.folder.iterdir()) == ["notes (2).txt", "notes.txt"]


def test_what_is_kept_beside_its_namesake_can_take_its_place(uploads: Uploads, library: Library) -> None:
    receive(uploads, "notes.txt", b"The kettle is blue.")
    uploads.tag("notes.txt", ("kitchen",))
    receive(uploads, "notes.txt", b"The kettle is red.")
    *_, beside = ended(uploads)
    assert "Replace notes.txt" in lists.jobs(uploads.jobs())
    assert not uploads.replace(99)
    assert uploads.replace(beside.number)
    done = next(job for job in ended(uploads) if job.number == beside.number)
    assert (done.name, done.state, done.told) == ("notes.txt", "ready", "replaced")
    assert [(d.document, d.tags) for d in library.documents()] == [("notes.txt", ("kitchen",))]
    assert library.text("notes.txt") == "The kettle is red."
    assert library.check() == []
    assert [path.name for path in uploads.folder.iterdir()] == ["notes.txt"]
    assert "Replace" not in lists.jobs(uploads.jobs())
    assert not uploads.replace(beside.number)


def test_a_file_that_failed_goes_with_its_job_and_no_other(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch, library: Library
) -> None:
    receive(uploads, "notes.txt", b"The kettle is blue.")
    ended(uploads)
    receive(uploads, "broken.pdf", b"%PDF-1.4 no")
    receive(uploads, "broken.pdf", b"%PDF-1.4 neither")
    assert "broken.pdf" in [job.name for job in ended(uploads) if job.state == "failed"]
    with monkeypatch.context() as patch:  # what is there already is not lost by a failure
        patch.setattr(Library, "ingest", lambda *args, **named: (_ for _ in ()).throw(SourceError("as asked")))
        receive(uploads, "notes.txt", b"The kettle is blue.")
        assert [job.state for job in ended(uploads)][-1] == "failed"
    monkeypatch.setattr(module, "_SHOWN_SECONDS", -1.0)
    assert uploads.jobs() == []
    assert [path.name for path in uploads.folder.iterdir()] == ["notes.txt"]


def test_to_read_again_is_to_read_what_has_not_changed_too(uploads: Uploads, library: Library) -> None:
    receive(uploads, "notes.txt", b"The kettle is blue.")
    ended(uploads)
    path = library.source_path("notes.txt")
    assert path is not None
    assert library.ingest(path).unchanged == 1
    uploads.reread("notes.txt", path)
    assert [(job.state, job.told) for job in ended(uploads)] == [("ready", "read again, nothing new in it")]
    assert [d.document for d in library.documents()] == ["notes.txt"]


def test_what_is_to_be_read_again_may_be_gone(uploads: Uploads, library: Library) -> None:
    receive(uploads, "notes.txt", b"The kettle is blue.")
    ended(uploads)
    (uploads.folder / "notes.txt").unlink()
    uploads.reread("notes.txt", uploads.folder / "notes.txt")
    [job] = ended(uploads)
    assert (job.state, job.told.partition(";")[0]) == ("failed", "Its file is gone")
    assert library.text("notes.txt") == "The kettle is blue."


def test_a_library_that_was_moved_finds_its_uploads(uploads: Uploads, library: Library, tmp_path: Path) -> None:
    receive(uploads, "notes.md", b"# Kettle\n\nThe kettle is blue.\n")
    ended(uploads)
    library.set_tags("notes.md", ["kitchen"])
    library.close()
    with Library.open(shutil.move(library.folder, tmp_path / "moved")) as moved:
        assert moved.missing() == ["notes.md"]
        there = Uploads(moved.folder)
        there.find_again(["gone.md", *moved.missing()])
        assert [(job.state, job.told) for job in ended(there)] == [("ready", "found where it is now")]
        there.close()
        assert moved.missing() == []
        assert [(d.document, d.tags) for d in moved.documents()] == [("notes.md", ("kitchen",))]


def test_what_cannot_be_read_says_why_and_can_be_tried_again(uploads: Uploads) -> None:
    receive(uploads, "broken.pdf", b"%PDF-1.4 no")
    [job] = ended(uploads)
    assert job.state == "failed"
    assert job.told
    (uploads.folder / "broken.pdf").write_bytes(b"")
    (uploads.folder / "broken.pdf").unlink()
    assert uploads.retry(job.number)
    [again] = ended(uploads)
    assert "does not exist" in again.told
    assert not uploads.retry(99)
    uploads.dismiss()
    assert uploads.jobs() == []


def test_an_empty_file_is_one_of_those_that_failed(uploads: Uploads, library: Library) -> None:
    receive(uploads, "none.txt")
    assert [(job.name, job.state, job.told) for job in ended(uploads)] == [("none.txt", "failed", "none.txt is empty.")]
    assert library.documents() == []
    assert list(uploads.folder.iterdir()) == [], "what is refused each time is not kept"


def test_a_second_try_is_offered_only_where_it_may_help(
    uploads: Uploads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own.pdf").write_bytes(b"%PDF-1.4 no")
    uploads.reread("own.pdf", tmp_path / "own.pdf")  # its owner may mend it
    receive(uploads, "broken.pdf", b"%PDF-1.4 no")
    receive(uploads, "program.exe", b"MZ\x00\x90\x00" * 99)
    assert [(job.name, job.state, job.refused) for job in ended(uploads)] == [
        ("own.pdf", "failed", False),
        ("broken.pdf", "failed", True),
        ("program.exe", "failed", True),
    ]
    offered = [line.count("Try again") for line in lists.jobs(uploads.jobs()).split("</tr>")[1:4]]
    assert offered == [0, 0, 1], "the newest first, below the head"
    slow = Report(failed=[("broken.pdf", "broken.pdf is refused: reading it takes more than 8 seconds.")])
    monkeypatch.setattr(Library, "ingest", lambda *args, **named: slow)
    receive(uploads, "broken.pdf", b"%PDF-1.4 no")
    assert not ended(uploads)[-1].refused


def test_too_large_a_file_is_refused_and_leaves_nothing(uploads: Uploads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_UPLOAD_BYTES", 10)
    with pytest.raises(SourceError, match="larger than"):
        receive(uploads, "big.txt", b"12345678", b"12345678")
    assert list(uploads.folder.iterdir()) == []
    assert uploads.jobs() == []


def test_tags_and_removal_wait_in_the_same_line(uploads: Uploads, library: Library) -> None:
    receive(uploads, "notes.txt", b"The kettle is blue.")
    uploads.tag("notes.txt", ("kitchen", "blue"))
    ended(uploads)
    assert library.documents()[0].tags == ("blue", "kitchen")
    uploads.tag("notes.txt", ("kitchen",))
    ended(uploads)
    assert library.documents()[0].tags == ("kitchen",)
    uploads.remove("notes.txt")
    assert {job.state for job in ended(uploads)} == {"ready"}
    assert library.documents() == []
    assert list(uploads.folder.iterdir()) == []


def test_a_removed_file_is_gone_wherever_the_library_was_named_from(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(library.folder.parent)
    (tmp_path / "link").symlink_to(library.folder)
    for folder in (Path(library.folder.name), tmp_path / "link", library.folder):
        other = Uploads(library.folder)
        receive(other, "notes.txt", b"The kettle is blue.")
        ended(other)
        uploads = Uploads(folder)
        receive(uploads, "plan.txt", b"The kettle goes out.")
        receive(uploads, "broken.pdf", b"%PDF-1.4 no")
        ended(uploads)
        for name in ("notes.txt", "plan.txt"):
            uploads.remove(name)
        ended(uploads)
        assert library.documents() == []
        assert list((library.folder / "uploads").iterdir()) == []
        uploads.close()


def test_an_archive_stays_while_a_document_of_it_does(uploads: Uploads, library: Library) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.txt", "The kettle is blue.")
        archive.writestr("b.txt", "The lamp is green.")
    receive(uploads, "house.zip", packed.getvalue())
    ended(uploads)
    for left, name in ((1, "house.zip/a.txt"), (0, "house.zip/b.txt")):
        uploads.remove(name)
        ended(uploads)
        assert len(library.documents()) == left
        assert len(list(uploads.folder.iterdir())) == left


def test_the_articles_that_come_with_pincite_go_together(uploads: Uploads, library: Library) -> None:
    for name in ("bcg.md", "ctla-4.md"):
        library.ingest(CORPUS / name)
    assert "came with Pincite" not in lists.documents(library.documents(), articles=shipped(library))
    receive(uploads, "notes.txt", b"The kettle is blue.")
    ended(uploads)
    shown = lists.documents(library.documents(), articles=shipped(library))
    assert "2 of them came with Pincite." in shown
    assert ">Remove 2 articles</button>" in shown
    uploads.remove_articles()
    assert ended(uploads)[-1].told == "2 documents removed"
    assert [d.document for d in library.documents()] == ["notes.txt"]
    assert (CORPUS / "bcg.md").exists()


def test_removing_a_document_leaves_a_file_that_is_the_user_s_own(
    uploads: Uploads, library: Library, tmp_path: Path
) -> None:
    own = tmp_path / "own.txt"
    own.write_text("The kettle is mine.", "utf-8")
    library.ingest(own)
    assert library.source_path("own.txt") == own
    uploads.remove("own.txt")
    ended(uploads)
    assert own.exists()
    assert library.documents() == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_unforeseen_failure_is_seen_and_the_next_job_is_done(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **named: object) -> None:
        raise RuntimeError("as asked")

    with monkeypatch.context() as patch:
        patch.setattr(Library, "ingest", fail)
        receive(uploads, "notes.txt", b"The kettle is blue.")
        assert "failed inside" in ended(uploads)[0].told
    receive(uploads, "notes.txt", b"The kettle is blue.")
    assert ended(uploads)[0].state == "ready"


@pytest.mark.parametrize("name", ["", "..", "...", "/", "\x00\x01", "\u202e"])
def test_a_file_without_a_name_is_refused(name: str) -> None:
    with pytest.raises(SourceError, match="rename"):
        safe_name(name)


@pytest.mark.parametrize(
    "name", ["a" * 400 + ".pdf", "ü" * 300, "../../etc/passwd", "C:\\evil\\con.md", ".hidden", "a\x00b.md", "a\nb.md"]
)
def test_a_name_is_one_harmless_part_of_a_path(name: str, tmp_path: Path) -> None:
    kept = safe_name(name)
    assert (tmp_path / kept).parent == tmp_path
    assert not kept.startswith(".")
    assert len(kept.encode()) <= 200
    assert kept.isprintable()
    (tmp_path / kept).write_bytes(b"x")
