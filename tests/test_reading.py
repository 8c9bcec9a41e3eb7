"""Reading in a child process: what breaks a reader breaks nothing else."""

import hashlib
import io
import os
import re
import resource
import signal
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest import Library, SourceError, pipeline
from ingest import reading as reading_module
from ingest.discover import changed_ns
from ingest.readers import read
from ingest.reading import Part, Reading, parts
from ingest.records import Source

from .bombs import BOMBS
from .conftest import FakeEncoder

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


def only(reading: Reading, data: bytes, name: str) -> Part:
    (part,) = reading.read(data, name)
    return part


def test_the_child_reads_what_the_reader_reads(reading: Reading) -> None:
    found = only(reading, TEXT, "cells.md")
    assert (found.name, found.sha256) == ("cells.md", hashlib.sha256(TEXT).hexdigest())
    assert found.content == read(TEXT, "cells.md")
    assert found.reason is None
    assert list(parts(TEXT, "cells.md")) == [found]


def test_parts_that_are_not_wanted_disturb_nothing(reading: Reading) -> None:
    assert next(iter(reading.read(zipped({"a.md": TEXT, "b.md": TEXT}), "z.zip"))).name == "z.zip/a.md"
    assert only(reading, b"Other words.", "c.txt").name == "c.txt"


def test_what_is_known_is_not_read_again(reading: Reading) -> None:
    (found,) = reading.read(TEXT, "cells.md", {"cells.md": hashlib.sha256(TEXT).hexdigest()})
    assert (found.content, found.reason) == (None, None)
    (found,) = reading.read(TEXT, "cells.md", {"cells.md": hashlib.sha256(b"other").hexdigest()})
    assert found.content


def test_what_cannot_be_read_is_said(reading: Reading) -> None:
    with pytest.raises(SourceError, match="empty"):
        list(reading.read(b"", "x.md"))
    with pytest.raises(SourceError, match=r"x\.docx"):
        list(reading.read(b"PK\x03\x04 no zip at all", "x.docx"))
    for members in ({}, {"x.exe": b"MZ"}):
        with pytest.raises(SourceError, match=r"z\.zip holds no file of a kind that Pincite reads"):
            list(reading.read(zipped(members), "z.zip"))


def test_a_child_that_dies_is_replaced(reading: Reading) -> None:
    reading.start()
    assert reading._child
    os.kill(reading._child.pid, signal.SIGKILL)
    with pytest.raises(SourceError, match="broke down|too much"):
        list(reading.read(TEXT * 100_000, "a.md"))
    assert only(reading, TEXT, "a.md").content


def test_a_child_that_dies_at_work_is_replaced(reading: Reading) -> None:
    slow = b"<html><body>" + b"<div>" * 4_000 + b"x" + b"</div>" * 4_000
    list(reading.read(TEXT, "a.md"))
    assert reading._child
    killer = threading.Timer(0.02, os.kill, (reading._child.pid, signal.SIGKILL))
    killer.start()
    with pytest.raises(SourceError, match="too much"):
        while True:
            list(reading.read(slow, "slow.html"))
    assert only(reading, TEXT, "a.md").content


def test_a_file_that_takes_too_long_is_refused(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    list(reading.read(TEXT, "a.md"))
    monkeypatch.setattr(reading, "seconds", 0.1)
    monkeypatch.setattr(reading_module, "SECONDS_PER_MEGABYTE", 0.0)
    data = b"".join(b"<p>Sentence %d of many.</p>" % n for n in range(400_000))
    began = time.monotonic()
    with pytest.raises(SourceError, match="takes more than 0 seconds"):
        list(reading.read(data, "long.html"))
    assert time.monotonic() - began < 5
    monkeypatch.undo()
    assert only(reading, TEXT, "a.md").content


def test_members_of_an_archive_are_documents(reading: Reading) -> None:
    data = zipped({"a/cells.md": TEXT, "b.txt": b"Plain words.", "bad.pdf": b"%PDF-1.4 nothing", "x.exe": b"MZ"})
    found = {part.name: part for part in reading.read(data, "all.zip")}
    assert set(found) == {"all.zip/a/cells.md", "all.zip/b.txt", "all.zip/bad.pdf"}
    assert found["all.zip/bad.pdf"].content is None
    assert "bad.pdf" in (found["all.zip/bad.pdf"].reason or "")


def test_a_member_that_breaks_its_reader_costs_that_member_only(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = b"".join(b"<p>Sentence %d of many.</p>" % n for n in range(400_000))
    data = zipped({"a.md": TEXT, "slow.html": slow, "z.md": TEXT + b"More."})
    monkeypatch.setattr(reading, "_seconds", lambda name, size: 0.1 if size == len(slow) else 30.0)
    a, b, c = reading.read(data, "all.zip")
    assert (a.reason, c.reason) == (None, None)
    assert c.content
    assert re.fullmatch(r"slow.html is refused: reading it takes more than \d seconds.", b.reason or "")


@pytest.mark.parametrize("name", BOMBS)
def test_no_bomb_goes_off(reading: Reading, name: str) -> None:
    reading.seconds = 2.0
    data = BOMBS[name]()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    list(reading.read(TEXT, "a.md"))
    try:
        found = list(reading.read(data, name))
    except SourceError as exc:
        assert str(exc).startswith(name)
    else:
        assert sum(len(part.content.text) for part in found if part.content) < 50_000_000
    assert only(reading, TEXT, "a.md").content
    reading.close()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 10  # the processor's: it may be busy


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


def test_a_bad_member_is_reported_and_one_of_the_same_name_is_found_again(tmp_path: Path) -> None:
    archive = tmp_path / "z.zip"
    members = {"./a.md": TEXT, "a.md": b"Other words.", "b.zip": b"PK torn", "disk.img": b"\0" * 20_000_000}
    archive.write_bytes(zipped(members))
    with Library.open(tmp_path / "lib", create=True) as library:
        report = library.ingest(archive)
        assert report.failed == [
            (str(archive / "b.zip"), "b.zip cannot be opened: the file is damaged or cut off."),
        ]
        assert names(library) == ["z.zip/a (2).md", "z.zip/a.md"]
        assert (library.source("z.zip/a.md"), library.source("z.zip/a (2).md")) == (TEXT, b"Other words.")
        os.utime(archive, ns=(1, 1))
        assert library.ingest(archive).unchanged == 2


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


def test_a_fault_while_reading_ahead_ends_the_run(
    library: Library, tmp_path: Path, fake_encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        (tmp_path / f"{name}.md").write_bytes(TEXT + name.encode())
    spans = fake_encoder.token_spans

    def faulty(text: str) -> list[tuple[int, int]]:
        if text.endswith("b"):
            raise RuntimeError("a fault")
        return spans(text)

    monkeypatch.setattr(fake_encoder, "token_spans", faulty)
    with pytest.raises(RuntimeError, match="a fault"):
        library.ingest(tmp_path)
    monkeypatch.undo()


def test_long_files_are_not_read_ahead(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abcd":
        (tmp_path / f"{name}.md").write_bytes(TEXT * 3 + name.encode())
    monkeypatch.setattr(pipeline, "LONG_CHARS", 50)
    assert library.ingest(tmp_path).added == 4


def test_files_touched_but_not_changed_are_not_read(library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(TEXT)
    library.ingest(tmp_path)
    os.utime(tmp_path / "a.md", ns=(1, 1))
    assert library.ingest(tmp_path).unchanged == 1
    with library.reading() as store:
        seen = changed_ns((tmp_path / "a.md").stat())
        assert store.source("a.md") == Source(str(tmp_path / "a.md"), len(TEXT), seen)
