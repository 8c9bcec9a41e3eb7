"""The whole way in: files -> documents -> passages -> vectors -> the store, in steps that read like a list."""

import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .discover import File, discover, name_for
from .documents import Content, Document, Passage
from .encode import Encoder
from .errors import NoTextError, SourceError
from .split import split
from .store import Known, Source, Store, Vectors

# Documents are encoded and stored together once they have this many new passages: enough to fill the
# encoder's batches with texts of like length, few enough to lose little when interrupted.
GROUP_PASSAGES = 128


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an ingest is: files done of all, and passages encoded so far."""

    files: int
    of_files: int
    passages: int
    name: str


@dataclass(slots=True)
class Report:
    """What an ingest did. `failed` lists files that could not be read, each with its reason."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
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
            "unchanged": self.unchanged,
            "failed": [{"path": path, "reason": reason} for path, reason in self.failed],
            "skipped": self.skipped,
            "encoded": self.encoded,
            "documents": self.documents,
            "passages": self.passages,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True)
class _Prepared:
    document: Document
    passages: list[Passage]
    hashes: list[bytes]
    source: Source | None


def ingest_paths(
    store: Store,
    encoder: Encoder,
    paths: Iterable[str | os.PathLike[str]],
    leave_out: Path,
    progress: Callable[[Progress], None] | None = None,
) -> Report:
    """Brings the store in line with the files and folders at `paths`.

    SourceError for a path that is not there or holds nothing that can be read; a single bad file is
    listed in the report and the run goes on.
    """
    from .readers import SUFFIXES

    began = time.perf_counter()
    report = Report()
    found = discover(paths, SUFFIXES, leave_out)
    report.skipped = dict(found.skipped)
    with store.reading():
        known, taken = store.known(), store.names()
    gone = _gone(found.folders, {file.path for file in found.files}, known)
    if not found.files and not gone:
        where = ", ".join(str(path) for path in found.folders)
        raise SourceError(f"There is nothing to read in {where}; Pincite reads {' '.join(sorted(SUFFIXES))}")

    group: list[_Prepared] = []
    for number, file in enumerate(found.files, 1):
        if progress:
            progress(Progress(number - 1, len(found.files), report.encoded, _shown(file.below)))
        prepared = _prepare(file, known.get(str(file.path)), taken, store, encoder, report)
        if prepared:
            taken[prepared.document.id] = str(file.path)
            group.append(prepared)
        if sum(len(p.passages) for p in group) >= GROUP_PASSAGES:
            report.encoded += put(store, encoder, group)
            group.clear()
    if group:
        report.encoded += put(store, encoder, group)
    if gone:
        with store.writing() as generation:
            for name in gone:
                store.remove(name, generation)
        report.removed += len(gone)
    if progress:
        progress(Progress(len(found.files), len(found.files), report.encoded, ""))
    with store.reading():
        report.documents, report.passages = store.counts()
    report.seconds = time.perf_counter() - began
    return report


def ingest_documents(store: Store, encoder: Encoder, documents: Iterable[Document]) -> int:
    """Stores documents that are not files; how many passages were encoded."""
    encoded, group = 0, list[_Prepared]()
    for document in documents:
        group.append(_cut(document, encoder, None))
        if sum(len(p.passages) for p in group) >= GROUP_PASSAGES:
            encoded += put(store, encoder, group)
            group.clear()
    return encoded + put(store, encoder, group)


def put(store: Store, encoder: Encoder, group: Sequence[_Prepared]) -> int:
    """Encodes what is new in `group` and stores all of it in one change; how many passages were encoded."""
    texts = {
        hash: encoder_text(passage)
        for prepared in group
        for hash, passage in zip(prepared.hashes, prepared.passages, strict=True)
    }
    with store.reading():
        vectors = store.known_vectors(texts)
    new = [hash for hash in texts if hash not in vectors]
    vectors.update(zip(new, _encode(encoder, [texts[hash] for hash in new]), strict=True))
    with store.writing() as generation:
        for prepared in group:
            own = [vectors[hash] for hash in prepared.hashes]
            store.put(prepared.document, prepared.passages, prepared.hashes, own, prepared.source, generation)
    return len(new)


def encoder_text(passage: Passage) -> str:
    """What the encoder is given for a passage: its context and its text."""
    return f"{passage.context}\n{passage.text.strip()}" if passage.context else passage.text.strip()


def passage_hash(passage: Passage) -> bytes:
    """A digest of what the encoder is given: equal digests share their vectors."""
    return hashlib.blake2b(encoder_text(passage).encode(), digest_size=16).digest()


def _encode(encoder: Encoder, texts: list[str]) -> Iterator[Vectors]:
    encoded = encoder.encode_passages(texts)
    for pooled, codes in zip(encoded.pooled, encoder.compress(encoded), strict=True):
        yield Vectors(pooled.astype("<f2").tobytes(), codes)


def _prepare(
    file: File, known: Known | None, taken: dict[str, str | None], store: Store, encoder: Encoder, report: Report
) -> _Prepared | None:
    """The document in `file`, cut and ready to store; None if it is unchanged or cannot be read."""
    from .readers import read

    if _shown(str(file.path)) != str(file.path):
        report.failed.append((_shown(str(file.path)), "its name is not text in UTF-8; rename it"))
        return None
    try:
        status = file.path.stat()
        if not stat.S_ISREG(status.st_mode):  # a pipe may never end
            report.failed.append((str(file.path), "it is not an ordinary file"))
            return None
        source = Source(str(file.path), status.st_size, status.st_mtime_ns)
        if known and known.source == source:
            report.unchanged += 1
            return None
        data = file.path.read_bytes()
    except OSError as exc:
        kept = "; its earlier version stays in the library" if known else ""
        report.failed.append((str(file.path), f"it cannot be opened ({exc.strerror}){kept}"))
        return None
    digest = hashlib.sha256(data).hexdigest()
    if known and known.sha256 == digest:
        with store.writing():
            store.touch(source)
        report.unchanged += 1
        return None
    try:
        content = read(data, file.path.name)
        if not content.text.strip():
            raise NoTextError("it holds no text")
    except SourceError as exc:
        report.failed.append((str(file.path), str(exc)))
        if known:  # what it held before is no longer what it holds
            with store.writing() as generation:
                store.remove(known.name, generation)
            report.removed += 1
        return None
    report.added, report.changed = report.added + (not known), report.changed + bool(known)
    if not content.title:
        content = Content(_title(file.path), content.text, content.sections, content.pages)
    return _cut(Document.of(name_for(file, taken), digest, content), encoder, source)


def _cut(document: Document, encoder: Encoder, source: Source | None) -> _Prepared:
    passages = split(document, encoder.token_spans, encoder.spec.max_tokens)
    return _Prepared(document, passages, [passage_hash(p) for p in passages], source)


def _title(path: Path) -> str:
    words = path.stem.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:] if words else path.name


def _shown(path: str) -> str:
    """`path` as text that can be printed: bytes of it that are no UTF-8 are replaced."""
    return os.fsencode(path).decode("utf-8", "replace")


def _gone(folders: Sequence[Path], present: set[Path], known: dict[str, Known]) -> list[str]:
    """The documents whose files were below `folders` and are not there any more."""
    return [
        entry.name
        for source, entry in known.items()
        if Path(source) not in present
        and any(folder in Path(source).parents for folder in folders)
        and not Path(source).is_file()  # one that was named itself and is passed over in its folder stays
    ]


def differences(encoder: Encoder, passage: Passage, stored: Vectors) -> float:
    """The cosine between a passage's stored vector and one encoded now: 1 if they agree."""
    encoded = encoder.encode_passages([encoder_text(passage)])
    vector = stored.vector
    with np.errstate(all="ignore"):  # what is damaged may be no number
        return float(encoded.pooled[0] @ vector / max(float(np.linalg.norm(vector)), 1e-12))
