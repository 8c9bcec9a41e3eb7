"""The SQLite file under the store: a checksum on every page, and SQLite's errors in plain words.

SQLite's own checksum VFS (https://sqlite.org/cksumvfs.html) keeps eight bytes at the end of each page and compares
them whenever a page is read: what the disk has altered is an error, never an answer. It comes with apsw.
"""

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import apsw.sqlite_extra
from filelock import FileLock, Timeout

from .errors import LibraryError, LockedError

FILE = "pincite.db"
# Who holds this file's lock may write.
LOCK = "writer.lock"
# SQLite's name of the VFS, and the bytes that it wants at the end of a page.
_VFS = "cksmvfs"
_CHECKSUM_BYTES = 8
# The pages that a connection keeps in memory; each is verified once, when it is read.
CACHE_KIB = 12_288
_WAIT_MS = 30_000
# What SQLite raises only where the file is not what it wrote.
_DAMAGE = (
    *(apsw.CorruptError, apsw.NotADBError, apsw.FormatError, apsw.SQLError),
    *(apsw.ConstraintError, apsw.MismatchError, apsw.TooBigError, UnicodeDecodeError),
)


class Database(apsw.Connection):
    """A connection to a library's SQLite file. Use from one thread at a time.

    An empty file is made if `create`. Where its folder cannot be written to, it is only read.
    """

    def __init__(self, path: Path, create: bool = False, cache_kib: int = CACHE_KIB) -> None:
        _load_checksums()
        if not create and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
            name = f"{path.absolute().as_uri()}?{_reading(path)}"
            super().__init__(name, apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI, _VFS)
        else:
            flags = apsw.SQLITE_OPEN_READWRITE | (apsw.SQLITE_OPEN_CREATE if create else 0)
            super().__init__(str(path), flags, _VFS)
        try:
            self.set_busy_timeout(_WAIT_MS)
            if create:
                self.reserve_bytes("main", _CHECKSUM_BYTES)
            if not self.readonly("main"):
                self.pragma("journal_mode", "wal")
            self.pragma("synchronous", "full")
            self.pragma("foreign_keys", True)
            self.pragma("cache_size", -cache_kib)
            if not create:
                self._check_whole(path)
        except BaseException:
            self.close()
            raise

    def _check_whole(self, path: Path) -> None:
        """What the checksums do not tell: that they are there, and that no page is missing at the end."""
        if not int(str(self.pragma("checksum_verification"))):
            raise apsw.CorruptError("its pages have no checksums")
        pages, size = int(str(self.pragma("page_count"))), int(str(self.pragma("page_size")))
        log = path.with_name(f"{path.name}-wal")
        if path.stat().st_size < pages * size and not (log.exists() and log.stat().st_size):
            raise apsw.CorruptError("its end is missing")


def _reading(path: Path) -> str:
    """How SQLite is to read a file that may not be written here: with its log, while another user writes it.

    Without a log nobody writes it, so that no lock is needed; and none could be made.
    """
    log, shared = (path.with_name(f"{path.name}-{end}") for end in ("wal", "shm"))
    return "mode=ro" if log.exists() and os.access(shared, os.R_OK) else "immutable=1"


def _load_checksums() -> None:
    if _VFS not in apsw.vfs_names():
        connection = apsw.Connection(":memory:")
        try:
            apsw.sqlite_extra.load(connection, "cksumvfs")
        finally:
            connection.close()


def make(path: Path, schema: str) -> None:
    """Makes the file at `path` with the tables of `schema`, if it is not there; it is never there by half."""
    if path.exists():
        return
    with FileLock(path.with_name(LOCK), timeout=_WAIT_MS / 1000):
        if path.exists():
            return
        new = path.with_name(f"{path.name}.new")
        for left in path.parent.glob(f"{new.name}*"):
            left.unlink()
        database = Database(new, create=True)
        try:
            database.execute(f"BEGIN; {schema} COMMIT")
        finally:
            database.close()
        os.replace(new, path)
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes durable what was renamed in `folder`."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """SQLite's and the file system's errors as LibraryErrors that say what to do."""
    try:
        yield
    except (apsw.BusyError, apsw.LockedError, Timeout) as exc:
        raise LockedError(f"Another process is writing to {path.parent}; try again when it has finished.") from exc
    except apsw.ConnectionClosedError as exc:
        raise LibraryError(f"The library at {path.parent} was closed here; open it again.") from exc
    except apsw.FullError as exc:
        raise LibraryError(f"The disk of {path.parent} is full; nothing was changed. Free some space.") from exc
    except apsw.ReadOnlyError as exc:
        raise LibraryError(f"The library at {path.parent} cannot be written: it is read-only here.") from exc
    except (apsw.CantOpenError, apsw.PermissionsError) as exc:
        raise LibraryError(f"The library at {path.parent} cannot be opened: {_one_line(exc)}.") from exc
    except apsw.IOError as exc:
        if getattr(exc, "extendedresult", None) == apsw.SQLITE_IOERR_DATA:
            raise damaged(path.parent, "a page does not agree with its checksum") from exc
        raise LibraryError(f"The library at {path.parent} cannot be used: {_one_line(exc)}.") from exc
    except _DAMAGE as exc:
        if "within a transaction" in str(exc):
            raise LibraryError(f"The library at {path.parent} cannot be changed while it is read here.") from exc
        if "no such table" in str(exc):
            raise LibraryError(f"{path} is not a Pincite library, or is damaged; {remedy(path.parent)}") from exc
        raise damaged(path.parent, _one_line(exc)) from exc
    except OSError as exc:
        raise LibraryError(f"The library at {path.parent} cannot be used: {exc.strerror or exc}.") from exc


def checked_name(name: str) -> str:
    """The name of a document; TypeError for what is no str."""
    if not isinstance(name, str):
        raise TypeError(f"a document is named by a str, not by {name!r:.80}")
    return name


def as_stored(name: str) -> str | None:
    """`name` for SQLite to look for; None, which equals nothing there, where it is no Unicode and can be in no row."""
    text = checked_name(name)
    return text if text.encode(errors="ignore").decode() == text else None


def damaged(folder: Path, what: str) -> LibraryError:
    """The error that says that the library in `folder` is damaged, and how to mend it."""
    return LibraryError(f"The library at {folder} is damaged ({what}); {remedy(folder)}")


def remedy(folder: Path) -> str:
    """How a library is mended."""
    return f"mend it with: pincite check --repair --library {shlex.quote(str(folder))}"


def _one_line(error: Exception) -> str:
    """What went wrong, without the damaged text that SQLite repeats."""
    return " ".join(str(error).split())[:120]
