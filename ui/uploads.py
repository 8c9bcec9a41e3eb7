"""What readers do to the documents of a library from the page: add files, read them again, tag them, remove them.

One thread does one job after the other with a library of its own, so that asking goes on meanwhile; every job's
state can be looked up. Files that come from a browser are kept in the folder `uploads` of the library, under
their own names, so that they can be read again; another file of the same name is kept beside, with a number.
"""

import filecmp
import hashlib
import itertools
import os
import re
import threading
import time
import unicodedata
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import anyio

from ingest import Library, PinciteError, Progress, Settings, SourceError, shipped

from .render import count

FOLDER = "uploads"
# The largest file that the page takes; `pincite ingest` takes larger ones.
MAX_UPLOAD_BYTES = 50_000_000
_NAME_BYTES = 180
# Jobs that are done are shown so many at most, and so long.
_SHOWN = 200
_SHOWN_SECONDS = 600.0
# What may be otherwise the next time: a machine that was busy, a disk that did not answer.
_PASSING = re.compile(r"cannot be opened|more than \d+ seconds|broke down")

State = Literal["queued", "reading", "encoding", "ready", "failed"]
Kind = Literal["add", "remove", "tag", "replace", "articles"]


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to do. `told` says how far it is, what came of it, or why it failed.

    `new` are files that came with the job, and go with it if it fails; `refused` is what fails each time it is tried.
    `beside` is the document whose name the file would have had.
    """

    number: int
    kind: Kind
    name: str
    path: Path | None = None
    tags: tuple[str, ...] = ()
    again: bool = False
    new: bool = False
    refused: bool = False
    beside: str = ""
    state: State = "queued"
    told: str = ""
    changed: float = 0.0

    @property
    def ended(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self.state in ("ready", "failed")


class Uploads:
    """The jobs of the library in `folder`, oldest first. Safe to use from several threads."""

    def __init__(self, folder: Path, settings: Settings | None = None) -> None:
        self.folder = (folder / FOLDER).absolute()
        self._library = folder
        self._settings = settings
        self._jobs: dict[int, Job] = {}
        self._waiting: deque[int] = deque()
        self._numbers = itertools.count(1)
        self._mutex = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = False

    async def receive(self, name: str, body: AsyncIterator[bytes]) -> Job:
        """Keeps a file and queues it to be read; SourceError if it is too large or cannot be kept."""
        path = self.folder / safe_name(name)
        part = path.with_name(f".{path.name}.{next(self._numbers)}.part")
        size = 0
        try:
            self.folder.mkdir(exist_ok=True)
            async with await anyio.open_file(part, "wb") as file:
                async for chunk in body:
                    size += len(chunk)
                    if size > MAX_UPLOAD_BYTES:
                        raise SourceError(too_large(path.name))
                    await file.write(chunk)
            path, new = await anyio.to_thread.run_sync(self._keep, part, path)
        except OSError as exc:
            raise SourceError(f"{path.name} cannot be kept in the library: {exc.strerror}.") from exc
        finally:
            part.unlink(missing_ok=True)
        return self._queue("add", path.name, path, new=new)

    def _keep(self, part: Path, path: Path) -> tuple[Path, bool]:
        """Keeps what came under its name, or beside another file of that name; where, and whether it is new there."""
        with self._mutex:
            failed = {job.path for job in self._jobs.values() if job.new and job.state == "failed"}
            for number in itertools.count(1):
                place = path if number == 1 else path.with_name(f"{path.stem} ({number}){path.suffix}")
                if not place.exists() or place in failed:
                    os.replace(part, place)
                    return place, True
                if filecmp.cmp(part, place, shallow=False):
                    return place, False
        raise AssertionError("numbers do not end")

    def reread(self, name: str, path: Path) -> Job:
        """Queues the source of a document to be read again, changed or not."""
        return self._queue("add", name, path, again=True)

    def find_again(self, missing: Iterable[str]) -> None:
        """Queues what came from a browser to be found where it is now, if the library was moved with it.

        `missing` are documents whose files are not where they were read from.
        """
        for name in dict.fromkeys(name.partition("/")[0] for name in missing):  # of an archive's members, the archive
            if (self.folder / name).is_file():
                self._queue("add", name, self.folder / name)

    def remove(self, name: str) -> Job:
        """Queues a document to be removed, and its file if it came from a browser."""
        return self._queue("remove", name)

    def remove_articles(self) -> Job:
        """Queues the articles that come with Pincite to be removed."""
        return self._queue("articles", "the articles that come with Pincite")

    def replace(self, number: int) -> bool:
        """Queues what job `number` kept beside another document to take its place; whether there is such a one."""
        with self._mutex:
            job = self._jobs.get(number)
            if job is None or not job.beside:
                return False
            self._jobs[number] = replace(job, kind="replace", state="queued", told="", new=False)
            self._start(number)
            return True

    def tag(self, name: str, tags: tuple[str, ...]) -> Job:
        """Queues a document to get these tags in place of those it has."""
        return self._queue("tag", name, tags=tags)

    def jobs(self) -> list[Job]:
        """All jobs that are shown."""
        with self._mutex:
            self._forget(lambda job: time.monotonic() - job.changed > _SHOWN_SECONDS)
            return list(self._jobs.values())

    def retry(self, number: int) -> bool:
        """Queues a failed job again; whether there is such a one."""
        with self._mutex:
            job = self._jobs.get(number)
            if job is None or job.state != "failed":
                return False
            self._jobs[number] = replace(job, state="queued", told="")
            self._start(number)
            return True

    def dismiss(self) -> None:
        """Forgets the jobs that have ended."""
        with self._mutex:
            self._forget(lambda job: True)

    def _forget(self, which: Callable[[Job], bool]) -> None:
        """Forgets such jobs as have ended, with the files of those that failed. The mutex is held."""
        for job in [job for job in self._jobs.values() if job.ended and which(job)]:
            del self._jobs[job.number]
            if job.new and job.state == "failed" and job.path is not None:
                job.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Waits for the job in hand, and leaves the others."""
        with self._mutex:
            self._closing = True
            thread = self._thread
        if thread is not None:
            thread.join()
        self.dismiss()

    def _queue(
        self,
        kind: Kind,
        name: str,
        path: Path | None = None,
        tags: tuple[str, ...] = (),
        again: bool = False,
        new: bool = False,
    ) -> Job:
        with self._mutex:
            job = Job(next(self._numbers), kind, name, path, tags, again, new)
            same = [j.number for j in self._jobs.values() if j.ended and (j.kind, j.name) == (kind, name)]
            for number in same:  # what came of it before says nothing any more
                del self._jobs[number]
            ready = [j.number for j in self._jobs.values() if j.state == "ready"]
            for number in ready[: max(0, len(self._jobs) - _SHOWN)]:
                del self._jobs[number]
            self._jobs[job.number] = job
            self._start(job.number)
            return job

    def _start(self, number: int) -> None:
        self._waiting.append(number)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="pincite-uploads", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        """Does what waits, then ends: an idle server keeps no second encoder in memory."""
        library: Library | None = None
        try:
            while True:
                with self._mutex:
                    if self._closing or not self._waiting:
                        self._thread = None
                        return
                    number = self._waiting.popleft()
                try:
                    library = library or Library.open(self._library, settings=self._settings)
                    told = self._do(library, number)
                except PinciteError as exc:
                    self._change(number, "failed", str(exc))
                except BaseException:
                    # Nobody waits for this thread: its failure must be seen where the job is.
                    self._change(number, "failed", "Pincite failed inside; its log says where.")
                    with self._mutex:
                        self._thread = None
                    raise
                else:
                    self._change(number, "ready", told)
        finally:
            if library is not None:
                library.close()

    def _do(self, library: Library, number: int) -> str:
        """Does one job; what came of it. Raises PinciteError."""
        job = self._jobs[number]
        if job.kind == "remove":
            source = library.source_path(job.name)
            library.remove(job.name)
            if source is not None and self._is_copy(source) and not _is_read(library, source):
                source.unlink(missing_ok=True)
            return "removed"
        if job.kind == "articles":
            names = shipped(library)
            library.remove(*names)
            return f"{count(len(names), 'document')} removed"
        if job.kind == "tag":
            library.set_tags(job.name, job.tags)
            return "tagged"
        assert job.path is not None
        self._change(number, "reading")
        if job.kind == "replace":
            return self._take_the_place(library, number)
        if job.again and job.name in library.missing():
            raise SourceError("Its file is gone; what was read of it stays. Put the file back, or remove the document.")
        before = {d.document: d.sha256 for d in library.documents()}
        if job.new and job.path.exists() and (same := self._held(library, job.path, before)):
            job.path.unlink()
            return "already in the library" + (f" as {same}" if same != job.name else "")
        was_read = _is_read(library, job.path)
        report = library.ingest(job.path, progress=self._telling(number), again=job.again)
        if report.failed:
            reason = report.failed[0][1]
            # A copy, which nobody changes, is refused for what is in it: to keep it would be of no use.
            refused = self._is_copy(job.path) and job.path.exists() and not _PASSING.search(reason)
            self._replace(number, refused=refused)
            if refused and not was_read and not _is_read(library, job.path):
                job.path.unlink()
            raise SourceError(reason)
        if report.moved and not report.encoded:
            return "found where it is now"
        if job.again and not report.encoded:
            return "read again, nothing new in it"
        came = [d for d in library.documents() if before.get(d.document) != d.sha256]
        if came or report.changed:
            passages = count(sum(d.passages for d in came) or report.encoded, "passage")
            told = f"{count(len(came), 'document')}, {passages}" if len(came) > 1 else passages
            other = re.sub(r" \(\d+\)(?=(\.[^.]*)?\Z)", "", job.name)  # whose name it would have had
            if job.new and other != job.name and other in before:
                told += f". {other} stays, too"
                source = library.source_path(other)
                if source is not None and source.name == other and self._is_copy(source):
                    self._replace(number, beside=other)
            return told
        return "already in the library" if report.unchanged else "nothing to read in it"

    def _take_the_place(self, library: Library, number: int) -> str:
        """Has the file of a job be the one of the document that it was kept beside, whose name and tags stay."""
        job = self._jobs[number]
        place = self.folder / job.beside
        assert job.path is not None
        if job.path.exists():  # else it is there already, and was not read yet
            if job.name in {d.document for d in library.documents()}:
                library.remove(job.name)
            os.replace(job.path, place)
        report = library.ingest(place, progress=self._telling(number), again=True)
        if report.failed:
            raise SourceError(report.failed[0][1])
        self._replace(number, name=job.beside, path=place, kind="add", beside="")
        return "replaced"

    def _held(self, library: Library, path: Path, names: Mapping[str, str]) -> str | None:
        """The document that was read from the same bytes at another place where they still are, if there is one."""
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        for name in (name for name, sha256 in names.items() if sha256 == digest):
            source = library.source_path(name)
            if source is None or (source != path and source.exists()):
                return name
        return None

    def _is_copy(self, path: Path) -> bool:
        """Whether a file is one that came from a browser: only such are ever deleted."""
        return path.parent.resolve() == self.folder.resolve()

    def _telling(self, number: int) -> Callable[[Progress], None]:
        def tell(progress: Progress) -> None:
            self._change(number, "encoding", count(progress.passages, "passage") if progress.passages else "")

        return tell

    def _change(self, number: int, state: State, told: str = "") -> None:
        self._replace(number, state=state, told=told, changed=time.monotonic())

    def _replace(self, number: int, **values: Any) -> None:
        with self._mutex:
            if number in self._jobs:
                self._jobs[number] = replace(self._jobs[number], **values)


def _is_read(library: Library, path: Path) -> bool:
    """Whether a document was read from the file, or from a member of it."""
    with library.reading() as store:
        near = [name for name, source in store.names().items() if source and source.startswith(str(path))]
    return any(library.source_path(name) == path for name in near)


def safe_name(name: str) -> str:
    """The name under which a file from a browser is kept: its own, as far as it is harmless and not too long.

    Raises SourceError if nothing is left of it.

    >>> safe_name("../../etc/pass\\x00wd.md"), safe_name("C:\\\\papers\\\\Über uns.pdf")
    ('passwd.md', 'Über uns.pdf')
    """
    last = re.split(r"[\\/]", unicodedata.normalize("NFC", name))[-1]
    plain = "".join(c for c in last if unicodedata.category(c)[0] != "C").strip().lstrip(".").strip()
    stem, dot, suffix = plain.rpartition(".")
    if len(suffix.encode()) > 20:
        stem, dot, suffix = plain, "", ""
    room = _NAME_BYTES - len(f"{dot}{suffix}".encode())
    kept = (stem or suffix).encode()[:room].decode(errors="ignore") + (f"{dot}{suffix}" if stem else "")
    if not kept:
        raise SourceError("The file has no name that can be kept; rename it.")
    return kept


def too_large(name: str) -> str:
    """The sentence that refuses a file for its size."""
    return f"{name} is larger than {MAX_UPLOAD_BYTES // 1_000_000} MB: split it, or add it with pincite ingest."
