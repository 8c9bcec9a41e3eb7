"""Reading in a child process: what breaks a reader breaks nothing else."""

import io
import os
import signal
import threading
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest import Library, SourceError
from ingest import reading as reading_module
from ingest.reading import Part, Reading, parts

TEXT = b"# Cells\n\nT cells kill what is infected.\n"


@pytest.fixture(name="reading")
def _reading() -> Iterator[Reading]:
    child = Reading()
    yield child
    child.close()


def zipped(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def bomb_of_filters(megabytes: int) -> bytes:
    """A PDF of few bytes whose one page's content is packed twice and unpacks to `megabytes`."""
    packed = zlib.compress(zlib.compress(b"BT (a) Tj ET\n" * (megabytes * 80_000), 9), 9)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<<>>>>",
        b"<</Filter[/FlateDecode/FlateDecode]/Length %d>>stream\n%s\nendstream" % (len(packed), packed),
    ]
    data = b"%PDF-1.4\n"
    for number, body in enumerate(objects, 1):
        data += b"%d 0 obj%s\nendobj\n" % (number, body)
    return data + b"trailer<</Root 1 0 R/Size 5>>\n%%EOF"


def test_the_child_reads_what_the_reader_reads(reading: Reading) -> None:
    (found,) = reading.read(TEXT, "cells.md")
    assert found == next(parts(TEXT, "cells.md"))
    assert found.content is not None
    assert (found.content.title, found.reason) == ("Cells", None)
    assert found.content.sections[0].path == ("Cells",)


def test_what_cannot_be_read_is_said(reading: Reading) -> None:
    with pytest.raises(SourceError, match="empty"):
        reading.read(b"", "x.md")
    with pytest.raises(SourceError, match=r"x\.docx"):
        reading.read(b"PK\x03\x04 no zip at all", "x.docx")


def test_a_child_that_dies_is_replaced(reading: Reading) -> None:
    reading.start()
    assert reading._child
    os.kill(reading._child.pid, signal.SIGKILL)
    with pytest.raises(SourceError, match="broke down|too much"):
        reading.read(TEXT * 100_000, "a.md")
    assert reading.read(TEXT, "a.md")[0].content


def test_a_child_that_dies_at_work_is_replaced(reading: Reading) -> None:
    slow = b"<html><body>" + b"<div>" * 4_000 + b"x" + b"</div>" * 4_000
    reading.read(TEXT, "a.md")
    assert reading._child
    killer = threading.Timer(0.02, os.kill, (reading._child.pid, signal.SIGKILL))
    killer.start()
    with pytest.raises(SourceError, match="too much"):
        while True:
            reading.read(slow, "slow.html")
    assert reading.read(TEXT, "a.md")[0].content


def test_a_file_that_takes_too_long_is_refused(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    reading.read(TEXT, "a.md")
    monkeypatch.setattr(reading_module, "SECONDS", 0.1)
    monkeypatch.setattr(reading_module, "SECONDS_PER_MEGABYTE", 0.0)
    data = b"".join(b"<p>Sentence %d of many.</p>" % n for n in range(400_000))
    began = time.monotonic()
    with pytest.raises(SourceError, match="takes more than 0 seconds"):
        reading.read(data, "long.html")
    assert time.monotonic() - began < 5
    monkeypatch.undo()
    assert reading.read(TEXT, "a.md")[0].content


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system does not limit a process's memory")
def test_a_file_that_grows_beyond_all_memory_is_refused(reading: Reading) -> None:
    try:
        found = reading.read(bomb_of_filters(1500), "bomb.pdf")
    except SourceError as exc:
        assert "bomb.pdf" in str(exc)  # either end is a good one
    else:
        assert all(part.reason or part.content for part in found)
    assert reading.read(TEXT, "a.md")[0].content


def test_members_of_an_archive_are_documents(reading: Reading) -> None:
    data = zipped({"a/cells.md": TEXT, "b.txt": b"Plain words.", "bad.pdf": b"%PDF-1.4 nothing", "x.exe": b"MZ"})
    found = {part.name: part for part in reading.read(data, "all.zip")}
    assert set(found) == {"all.zip/a/cells.md", "all.zip/b.txt", "all.zip/bad.pdf"}
    assert found["all.zip/bad.pdf"].content is None
    assert "bad.pdf" in (found["all.zip/bad.pdf"].reason or "")


def names(library: Library) -> list[str]:
    return [info.document for info in library.documents()]


def test_an_archive_is_followed_like_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    archive = folder / "papers.zip"
    archive.write_bytes(zipped({"a.md": TEXT, "sub/b.txt": b"Plain words about nothing."}))
    with Library.open(tmp_path / "lib", create=True) as library:
        report = library.ingest(folder)
        assert (report.added, report.failed) == (2, [])
        assert names(library) == ["papers.zip/a.md", "papers.zip/sub/b.txt"]
        assert library.text("papers.zip/a.md") == "Cells\n\nT cells kill what is infected."
        again = library.ingest(folder)
        assert (again.unchanged, again.added, again.encoded) == (2, 0, 0)
        archive.write_bytes(zipped({"a.md": TEXT, "c.txt": b"Other words about something."}))
        third = library.ingest(folder)
        assert (third.added, third.removed, third.unchanged, third.encoded) == (1, 1, 1, 1)
        assert names(library) == ["papers.zip/a.md", "papers.zip/c.txt"]
        archive.unlink()
        assert library.ingest(folder).removed == 2
        assert library.check() == []


def test_a_bad_file_stops_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.md").write_bytes(TEXT)
    (folder / "b.zip").write_bytes(b"PK\x03\x04 torn")
    (folder / "c.pdf").write_bytes(b"%PDF-1.7 torn")
    (folder / "d.md").write_bytes(TEXT + b"More.")
    with Library.open(tmp_path / "lib", create=True) as library:
        report = library.ingest(folder)
        assert report.added == 2
        assert sorted(Path(path).name for path, _ in report.failed) == ["b.zip", "c.pdf"]


def test_a_part_is_content_or_a_reason() -> None:
    found = list(parts(zipped({"a.md": TEXT, "b.pdf": b"%PDF"}), "z.zip"))
    assert [isinstance(part, Part) and (part.content is None) != (part.reason is None) for part in found] == [
        True,
        True,
    ]
