"""Follows files and folders: ingests them, and again whenever they have changed."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from .discover import changed_ns, discover
from .errors import LockedError, SourceError
from .library import Library
from .pipeline import Report

# How often the folders are looked through. A change is taken up when nothing has changed for one more look.
SECONDS = 2.0

Signature = dict[Path, tuple[int, int]]


def follow(
    library: Library, paths: Sequence[str | os.PathLike[str]], tags: Sequence[str] = (), seconds: float = SECONDS
) -> Iterator[Report]:
    """The report of the first ingest, and one more after every change; without end.

    A folder that holds nothing, or is not there for a while, is waited for.
    """
    last: Signature | None = None
    while True:
        now = signature(paths, library.folder)
        if now is not None and now != last:
            while (again := signature(paths, library.folder)) != now:  # still being written
                now = again
                time.sleep(seconds)
            try:
                yield library.ingest(*paths, tags=tags)
            except SourceError:  # nothing is there to read yet
                pass
            except LockedError:  # another process writes: next time
                time.sleep(seconds)
                continue
            last = now
        time.sleep(seconds)


def signature(paths: Sequence[str | os.PathLike[str]], leave_out: Path) -> Signature | None:
    """Size and time of every file that an ingest would read; None while a path is not there."""
    from .readers import ARCHIVES, SUFFIXES

    found: Signature = {}
    try:
        for file in discover(paths, SUFFIXES | ARCHIVES, leave_out.absolute()).files:
            with suppress(OSError):  # gone meanwhile, or a link to nothing
                status = file.path.stat()
                found[file.path] = (status.st_size, changed_ns(status))
    except SourceError:
        return None
    return found
