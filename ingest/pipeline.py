"""The whole way in: files -> documents -> passages -> vectors -> the store, in steps that read like a list."""

import hashlib
import os
import queue
import stat
import threading
import time
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .discover import File, changed_ns, discover, name_for, shown
from .documents import Document, Passage
from .encode import Encoder
from .errors import SourceError
from .kept_tags import forget_tags, give_back_tags, keep_tags
from .reading import MAX_FILE_BYTES, SECONDS, Part, Reading
from .records import Known, Source, Vectors
from .split import split
from .store import Store

# Documents are encoded and stored together once they have this many new passages: enough to fill the
# encoder's batches with texts of like length, few enough to lose little when interrupted.
GROUP_PASSAGES = 128
# The token vectors of so many passages are in memory at once (40 MB), however long a document is.
ENCODED_TOGETHER = 512
# So many files are read ahead of the encoder; behind one with so much text none, until that is taken.
READ_AHEAD = 16
LONG_CHARS = 1_000_000
# What stands between an archive and the document in it, in the path of a source; no file's absolute path holds it.
MEMBER = "//"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an ingest is: files done of all, and passages encoded so far."""

    files: int
    of_files: int
    passages: int
    name: str


@dataclass(slots=True)
class Report:
    """What an ingest did. `failed` lists files that could not be read, each with its reason.

    `moved` is how many of those added and removed are the same bytes at another place; `missing` are the documents
    whose files are not there any more, but were not in the folders that were named: they stay.
    """

    added: int = 0
    changed: int = 0
    removed: int = 0
    moved: int = 0
    unchanged: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)
    encoded: int = 0
    documents: int = 0
    passages: int = 0
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """The report as the contract's JSON."""
        return {
            "added": self.added,
            "changed": self.changed,
            "removed": self.removed,
            "moved": self.moved,
            "unchanged": self.unchanged,
            "failed": [{"path": path, "reason": reason} for path, reason in self.failed],
            "missing": self.missing,
            "skipped": self.skipped,
            "encoded": self.encoded,
            "documents": self.documents,
            "passages": self.passages,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A document cut and ready to store. `source` is None if it is not from a file.

    `moved` is the name of the document that it takes the place of, if its file was moved.
    """

    document: Document
    passages: list[Passage]
    hashes: list[bytes]
    source: Source | None
    is_new: bool = True
    moved: str | None = None


@dataclass(slots=True)
class _Read:
    """What came of a file: documents to store, and what is to be said and done besides.

    `unchanged` are sources that hold what they held, `gone` the names of documents that are no longer in the file.
    """

    below: str
    documents: list[_Prepared] = field(default_factory=list)
    unchanged: list[Source] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)


def ingest_paths(
    store: Store,
    load_encoder: Callable[[], Encoder],
    paths: Iterable[str | os.PathLike[str]],
    leave_out: Path,
    progress: Callable[[Progress], None] | None = None,
    tags: Sequence[str] = (),
    seconds: float = SECONDS,
    again: bool = False,
) -> Report:
    """Brings the store in line with the files and folders at `paths`; `tags` are given to all they hold.

    `again` reads also what has not changed, for a reader may have.

    `load_encoder` is called if there is something to encode; `seconds` is how long a small file may take to read.

    SourceError for a path that is not there or holds nothing that can be read; a single bad file is
    listed in the report and the run goes on. Files are read in a process of their own while the encoder works.
    """
    from .readers import ARCHIVES, SUFFIXES

    began = time.perf_counter()
    report = Report()
    found = discover(paths, SUFFIXES | ARCHIVES, leave_out)
    report.skipped = dict(found.skipped)
    with store.reading():
        shelf = _Shelf(store.known(), store.names(), again)
    report.failed += [(shown(str(path)), reason) for path, reason in found.closed]
    present = {file.path for file in found.files}
    gone = shelf.gone(found.folders, present)
    # Reached by a link in the place of a folder, or named itself once and passed over now: kept, and kept current.
    files = [*found.files, *shelf.reached(found.folders, present)]
    if not files and not gone and not found.closed:
        where = ", ".join(str(path) for path in found.folders)
        raise SourceError(f"There is nothing to read in {where}; Pincite reads {' '.join(sorted(SUFFIXES | ARCHIVES))}")
    changed = [file for file in files if again or not _unchanged(file, shelf, report)]

    done = len(files) - len(changed)

    def tell(read: int, name: str, encoded: int = 0) -> None:
        if progress:
            progress(Progress(done + read, len(files), report.encoded + encoded, name))

    moved: set[str] = set()
    if changed:
        tell(0, "")  # before the encoder is loaded, which the first time takes a while
        moved = _take_in(store, load_encoder(), changed, shelf, seconds, report, tell)
        report.moved, report.removed = len(moved), report.removed + len(moved)
    _remove(store, [name for name in gone if name not in moved], report)
    forget_tags(store, lambda source: _is_gone(_file_of(source)))
    with store.reading():
        report.missing = missing(store, present)
    if tags:
        with store.reading():
            shelf = _Shelf(store.known(), {})
        names = [known.name for file in found.files for known in shelf.of(file.path)]
        with store.writing():
            store.tag(names, tags)
    tell(len(changed), "")
    with store.reading():
        report.documents, report.passages = store.counts()
    report.seconds = time.perf_counter() - began
    return report


def _take_in(
    store: Store,
    encoder: Encoder,
    files: Sequence[File],
    shelf: "_Shelf",
    seconds: float,
    report: Report,
    tell: Callable[[int, str, int], None],
) -> set[str]:
    """Reads, encodes and stores what is in the files; adds to the report what came of it.

    Returns the names that documents had whose files were moved.
    """
    moved: set[str] = set()
    group: list[_Prepared] = []
    touched: list[Source] = []
    with closing(_read_beside(files, shelf, encoder, seconds)) as found:
        for number, file in enumerate(found):
            tell(number, file.below, 0)
            report.failed += file.failed
            report.unchanged += len(file.unchanged)
            touched += [source for source in file.unchanged if source != shelf.known[source.path].source]
            _remove(store, file.gone, report, keep=True)
            for prepared in file.documents:
                report.added, report.changed = report.added + prepared.is_new, report.changed + (not prepared.is_new)
                if prepared.moved:
                    moved.add(prepared.moved)
                group.append(prepared)
                if sum(len(p.passages) for p in group) >= GROUP_PASSAGES:
                    report.encoded += put(store, encoder, group, partial(tell, number + 1, file.below))
                    group.clear()
    report.encoded += put(store, encoder, group)
    if touched:
        with store.writing():
            for source in touched:
                store.touch(source)
    return moved


class _Shelf:
    """What the library holds of each file: documents by source, the members of an archive by the archive."""

    def __init__(self, known: dict[str, Known], taken: dict[str, str | None], again: bool = False) -> None:
        self.known = known
        self.again = again
        self.taken = taken
        self.names = {source: name for name, source in taken.items() if source is not None}
        self._members: dict[str, list[str]] = {}
        # By the bytes that they were read from: what a file that was moved was known as.
        self._by_sha: dict[str, list[str]] = {}
        for source, entry in known.items():
            self._by_sha.setdefault(entry.sha256, []).append(source)
            path, mark, _ = source.partition(MEMBER)
            if mark:
                self._members.setdefault(path, []).append(source)

    def of(self, path: Path) -> list[Known]:
        """What was made of the file at `path`: one document, or those in an archive."""
        source = str(path)
        return [self.known[s] for s in (*self._members.get(source, ()), source) if s in self.known]

    def name(self, file: File, source: str) -> str:
        """The name under which the document made from `file` is kept; from now on it is taken."""
        name = self.names.get(source) or name_for(file, self.taken)
        self.taken[name], self.names[source] = source, name
        return name

    def moved(self, sha256: str) -> str | None:
        """The name of a document of these bytes whose file is gone, which it gives up; None if there is none."""
        for source in self._by_sha.get(sha256, ()):
            if _is_gone(_file_of(source)):
                self._by_sha[sha256].remove(source)
                name = self.names.pop(source)
                del self.taken[name]
                return name
        return None

    def reached(self, folders: Sequence[Path], present: set[Path]) -> list[File]:
        """The files that documents were read from, below `folders`, that are there and yet not `present`."""
        found = {}
        for path in {_file_of(source) for source in self.known} - present:
            folder = next((f for f in folders if f in path.parents), None)
            if folder and not _is_gone(path):
                found[path] = File(path, path.relative_to(folder).as_posix())
        return [found[path] for path in sorted(found)]

    def gone(self, folders: Sequence[Path], present: set[Path]) -> list[str]:
        """The documents whose files were below `folders` and are not there any more."""
        names = []
        for source, entry in self.known.items():
            path = _file_of(source)
            if path in present or not any(folder in path.parents for folder in folders):
                continue
            if _is_gone(path):  # one that was named itself and is passed over in its folder stays
                names.append(entry.name)
        return names


def missing(store: Store, present: Collection[Path] = ()) -> list[str]:
    """The documents whose files are not there any more, by name; those `present` are not looked for. In `reading`."""
    files = {known.name: _file_of(source) for source, known in store.known().items()}
    return sorted(name for name, file in files.items() if file not in present and _is_gone(file))


def _file_of(source: str) -> Path:
    """The file in which a source is: itself, or the archive of a member."""
    return Path(source.partition(MEMBER)[0])


def _is_gone(path: Path) -> bool:
    """Whether there is no file at `path`: not one that may only not be looked at."""
    try:
        return not path.is_file()
    except OSError:
        return False


def _unchanged(file: File, shelf: _Shelf, report: Report) -> bool:
    """Whether the library holds the file as it is, by size and time."""
    known = shelf.of(file.path)
    try:
        status = file.path.stat()
    except OSError:
        return False  # the reader will say why
    same = bool(known) and all(
        (k.source.size, k.source.mtime_ns) == (status.st_size, changed_ns(status)) for k in known
    )
    report.unchanged += len(known) if same else 0
    return same


def _read_beside(files: Sequence[File], shelf: _Shelf, encoder: Encoder, seconds: float) -> Generator[_Read]:
    """What came of the files, in their order: read in another process while the caller works, a few ahead of it."""
    ahead: queue.Queue[_Read | None] = queue.Queue(READ_AHEAD)
    reading = Reading(seconds)
    stop = threading.Event()

    def run() -> None:
        try:
            for file in files:
                if stop.is_set():
                    return
                read = _read(file, reading, shelf, encoder)
                ahead.put(read)
                if sum(len(prepared.document.text) for prepared in read.documents) > LONG_CHARS:
                    ahead.join()
        finally:
            reading.close()
            ahead.put(None)

    with ThreadPoolExecutor(1, "reader") as pool:
        running = pool.submit(run)
        try:
            while (file := ahead.get()) is not None:
                ahead.task_done()
                yield file
            running.result()
        finally:
            stop.set()
            reading.stop()
            while not running.done():  # it may be waiting for room
                with suppress(queue.Empty):
                    ahead.get(timeout=0.05)
                    ahead.task_done()


def _read(file: File, reading: Reading, shelf: _Shelf, encoder: Encoder) -> _Read:
    """What came of one file."""
    before = {known.source.path: known for known in shelf.of(file.path)}
    read = _Read(shown(file.below))

    def failed(reason: str) -> _Read:
        kept = f"; its earlier version {'is out of' if read.gone else 'stays in'} the library" if before else ""
        read.failed.append((shown(str(file.path)), (reason.rstrip(".") if kept else reason) + kept))
        return read

    if os.fsencode(file.path).decode("utf-8", "replace") != str(file.path):
        return failed("its name is not text in UTF-8; rename it")
    try:
        status = file.path.stat()
        if not stat.S_ISREG(status.st_mode):  # a pipe may never end
            return failed("it is not an ordinary file")
        data = file.path.read_bytes() if status.st_size <= MAX_FILE_BYTES else b""
    except OSError as exc:
        return failed(f"it cannot be opened ({exc.strerror})")
    present = set()
    try:
        if status.st_size > MAX_FILE_BYTES:
            raise SourceError(f"it is larger than {MAX_FILE_BYTES // 1_000_000} MB; split it")
        shas = {} if shelf.again else {_part_name(file, source): known.sha256 for source, known in before.items()}
        for part in reading.read(data, file.path.name, shas):
            place, path = _placed(file, part)
            if part.reason is not None:
                read.failed.append((shown(str(place.path)), part.reason))
                continue
            present.add(path)
            source = Source(path, status.st_size, changed_ns(status))
            if part.content is None:
                read.unchanged.append(source)
                continue
            moved = shelf.moved(part.sha256) if path not in before else None
            document = Document.of(shelf.name(place, path), part.sha256, part.content)
            read.documents.append(cut(document, encoder, source, path not in before, moved))
    except SourceError as exc:  # what it held before is no longer what it holds
        read.documents.clear()
        read.unchanged.clear()
        read.gone += [known.name for known in before.values()]
        return failed(str(exc))
    read.gone += [known.name for path, known in before.items() if path not in present]
    if read.failed:  # an archive, which is looked at again each time: what is wrong in it is said each time
        read.documents = [replace(prepared, source=_unlike(prepared.source)) for prepared in read.documents]
        read.unchanged = [_unlike(source) for source in read.unchanged]
    return read


def _unlike(source: Source | None) -> Source:
    """`source` with a time that no file has."""
    assert source
    return replace(source, mtime_ns=-1)


def _placed(file: File, part: Part) -> tuple[File, str]:
    """Where a part of a file stands, an archive being like a folder; and the path of it as a source."""
    member = part.name.removeprefix(file.path.name).lstrip("/")
    if not member:
        return file, str(file.path)
    return File(file.path / member, f"{file.below}/{member}"), f"{file.path}{MEMBER}{member}"


def _part_name(file: File, source: str) -> str:
    """The name of the part of a file that has this path as a source."""
    return file.path.name + source.removeprefix(str(file.path)).replace(MEMBER, "/", 1)


def ingest_documents(store: Store, encoder: Encoder, documents: Iterable[Document]) -> int:
    """Stores documents that are not files; how many passages were encoded."""
    encoded, group = 0, list[_Prepared]()
    for document in documents:
        group.append(cut(document, encoder))
        if sum(len(p.passages) for p in group) >= GROUP_PASSAGES:
            encoded += put(store, encoder, group)
            group.clear()
    return encoded + put(store, encoder, group)


def put(store: Store, encoder: Encoder, group: Sequence[_Prepared], told: Callable[[int], None] | None = None) -> int:
    """Encodes what is new in `group` and stores all of it in one change; how many passages were encoded.

    `told` is called with that number as it grows.
    """
    if not group:
        return 0
    texts = {
        hash: encoder_text(passage)
        for prepared in group
        for hash, passage in zip(prepared.hashes, prepared.passages, strict=True)
    }
    with store.reading():
        vectors = store.known_vectors(texts)
    new = [hash for hash in texts if hash not in vectors]
    for number, (hash, encoded) in enumerate(zip(new, _encode(encoder, [texts[h] for h in new]), strict=True), 1):
        vectors[hash] = encoded
        if told and number % ENCODED_TOGETHER == 0:
            told(number)
    with store.writing() as generation:
        for prepared in group:
            own = [vectors[hash] for hash in prepared.hashes]
            store.put(
                prepared.document, prepared.passages, prepared.hashes, own, prepared.source, generation, prepared.moved
            )
            give_back_tags(store, prepared.document.id, prepared.source)
    return len(new)


def encoder_text(passage: Passage) -> str:
    """What the encoder is given for a passage: its context and its text."""
    return f"{passage.context}\n{passage.text.strip()}" if passage.context else passage.text.strip()


def passage_hash(passage: Passage) -> bytes:
    """A digest of what the encoder is given: equal digests share their vectors."""
    return hashlib.blake2b(encoder_text(passage).encode(), digest_size=16).digest()


def _encode(encoder: Encoder, texts: list[str]) -> Iterator[Vectors]:
    for first in range(0, len(texts), ENCODED_TOGETHER):
        encoded = encoder.encode_passages(texts[first : first + ENCODED_TOGETHER])
        for pooled, codes in zip(encoded.pooled, encoder.compress(encoded), strict=True):
            yield Vectors(pooled.astype("<f2").tobytes(), codes)


def _remove(store: Store, names: Sequence[str], report: Report, keep: bool = False) -> None:
    """Removes documents; `keep` their tags if their files may hold them again."""
    if names:
        with store.writing() as generation:
            if keep:
                keep_tags(store, names)
            for name in names:
                store.remove(name, generation)
        report.removed += len(names)


def cut(
    document: Document, encoder: Encoder, source: Source | None = None, is_new: bool = True, moved: str | None = None
) -> _Prepared:
    """A document cut into passages, ready for `put`."""
    passages = split(document, encoder.token_spans, encoder.spec.max_tokens)
    return _Prepared(document, passages, [passage_hash(p) for p in passages], source, is_new, moved)


def differences(encoder: Encoder, passage: Passage, stored: Vectors) -> float:
    """The cosine between a passage's stored vector and one encoded now: 1 if they agree."""
    encoded = encoder.encode_passages([encoder_text(passage)])
    vector = stored.vector
    with np.errstate(all="ignore"):  # what is damaged may be no number
        return float(encoded.pooled[0] @ vector / max(float(np.linalg.norm(vector)), 1e-12))
