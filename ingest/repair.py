"""Makes a damaged library whole: what can be read of it is kept, the rest is read again from the sources.

So that the sources are known even where nothing of the store can be read, their list lies beside it.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import apsw

from .database import FILE, sync_folder
from .documents import Document
from .encode import Encoder
from .errors import LibraryError
from .indexes.derived import FOLDER, POINTER
from .pipeline import MEMBER, Progress, cut, ingest_paths, passage_hash, put
from .records import Contents, Source
from .store import Store

LIST = Path(FOLDER) / "documents.json"
# The store that is made stands here until it takes the place of the damaged one.
_NEW = "repairing"

Found = TypeVar("Found")
# Every document's name, the path of its source if it has one, and its tags.
Listed = dict[str, tuple[str | None, tuple[str, ...]]]


def write_list(folder: Path, store: Store) -> None:
    """Writes the list of documents and sources beside the store; inside `store.reading`."""
    sources = store.names()
    listed = [[info.document, sources.get(info.document), list(info.tags)] for info in store.documents()]
    body = {"generation": store.generation, "documents": listed}
    part = folder / f"{LIST}.part"
    try:
        part.parent.mkdir(exist_ok=True)
        with part.open("w", encoding="utf-8") as file:
            json.dump(body | {"check": _digest(body)}, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, folder / LIST)
    except OSError as exc:
        raise LibraryError(
            f"The list of documents could not be written to {folder} ({exc.strerror}). What the library holds so "
            "far is safe; mend that and run it again for the rest."
        ) from exc


def list_is_current(folder: Path, store: Store) -> bool:
    """Whether the list beside the store is whole and of its generation; inside `store.reading`."""
    return _read_list(folder)[1] == store.generation


def list_is_damaged(folder: Path) -> bool:
    """Whether the list beside the store is not as it was written, or is gone; it may be behind the store."""
    return not _read_list(folder)[1] and ((folder / LIST).exists() or (folder / FOLDER / POINTER).exists())


def remake(folder: Path, encoder: Encoder, seconds: float, told: Callable[[Progress], None] | None) -> list[str]:
    """Makes the store in `folder` anew from what can be read of it and from the sources; what is lost, a sentence each.

    Vectors are kept where they are whole and of this encoder. `seconds` is how long a small file may take to read.
    Call it as the only writer and with no connection open. The damaged store gives way at the very end.
    """
    place = folder / _NEW
    shutil.rmtree(place, ignore_errors=True)
    old = _opened(folder)
    try:
        listed = _listed(folder, old)
        new = Store.open(place, create=True)
        try:
            lost = _fill(new, old, listed, encoder, seconds, told)
        finally:
            new.close()
    finally:
        if old:
            old.close()
    try:
        for name in (f"{FILE}-wal", f"{FILE}-shm"):
            (folder / name).unlink(missing_ok=True)
        os.replace(place / FILE, folder / FILE)
        sync_folder(folder)
        shutil.rmtree(place)
    except OSError as exc:
        raise LibraryError(f"The library at {folder} cannot be written: {exc.strerror}.") from exc
    return lost


def _fill(
    new: Store,
    old: Store | None,
    listed: Listed,
    encoder: Encoder,
    seconds: float,
    told: Callable[[Progress], None] | None,
) -> list[str]:
    with new.writing():
        new.set_meta("encoder", encoder.spec.name)
        new.set_meta("fingerprint", encoder.spec.fingerprint)
    same_encoder = old is not None and _readable(lambda: old.meta("fingerprint")) == encoder.spec.fingerprint
    unread: dict[str, str] = {}
    for name, (source, tags) in listed.items():
        held = _held(old, name) if old else None
        if held and same_encoder:
            with new.writing() as generation:
                new.put(held.document, held.passages, held.hashes, held.vectors, held.source, generation)
        elif held:
            put(new, encoder, [cut(held.document, encoder, held.source)])
        elif source:
            # Its name and tags wait for the source to be read: a size that no file has makes it a changed one.
            unread[name] = source
            empty = Document(name, name, "", "", (), ())
            with new.writing() as generation:
                new.put(empty, [], [], [], Source(source, -1, 0), generation)
        else:
            unread[name] = ""
        with new.writing():
            new.tag([name], tags)
    paths = {source.partition(MEMBER)[0] for source in unread.values()}
    there = sorted(path for path in paths if path and Path(path).exists())
    if there:
        ingest_paths(new, lambda: encoder, there, new.path.parent.parent.absolute(), told, seconds=seconds)
    with new.reading():
        waiting = [known.name for known in new.known().values() if known.source.size < 0]
    with new.writing() as generation:
        for name in waiting:
            new.remove(name, generation)
    with new.reading():
        missing = unread.keys() - new.names().keys()
    return [f"{name} is lost: neither what was stored of it nor its source can be read" for name in sorted(missing)]


def _opened(folder: Path) -> Store | None:
    try:
        return Store.open(folder)
    except LibraryError:
        return None


def _listed(folder: Path, old: Store | None) -> Listed:
    """The documents as the store tells them, else as the list beside it does."""
    if old:
        infos, sources = _readable(old.documents), _readable(old.names)
        if infos is not None and sources is not None:
            return {info.document: (sources.get(info.document), info.tags) for info in infos}
    listed, generation = _read_list(folder)
    if not generation:
        raise LibraryError(
            f"Nothing of the library at {folder} can be read, nor the list of its sources; "
            "move it away and ingest them again."
        )
    return listed


def _read_list(folder: Path) -> tuple[Listed, int]:
    """The list beside the store and the generation it is of; nothing and 0 if it is not as it was written."""
    try:
        body: dict[str, Any] = json.loads((folder / LIST).read_text("utf-8"))
        if body.pop("check") != _digest(body):
            return {}, 0
        return {name: (source, tuple(tags)) for name, source, tags in body["documents"]}, int(body["generation"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}, 0


def _held(old: Store, name: str) -> Contents | None:
    """The document `name` as it was stored, None if it is not whole."""
    held = _readable(lambda: old.contents(name))
    if not held or held.hashes != [passage_hash(passage) for passage in held.passages]:
        return None
    ends = [0, *(passage.end for passage in held.passages)]
    tiled = all((p.start, p.end) == (end, end + len(p.text)) for p, end in zip(held.passages, ends, strict=False))
    return held if tiled and ends[-1] == len(held.document.text) else None


def _readable(read: Callable[[], Found]) -> Found | None:
    """What `read` gives, None if the store is damaged where it reads."""
    try:
        return read()
    except (LibraryError, apsw.Error, ValueError, TypeError):
        return None


def _digest(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
