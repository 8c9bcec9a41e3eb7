"""Which files an ingest is about, in which order, and under which name each is kept."""

import itertools
import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .database import FILE as LIBRARY
from .errors import SourceError
from .settings import expanded, path_text

# What turns the direction of writing: a name that holds it reads otherwise than it is.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True)
class File:
    """A file to ingest: its absolute path, and its path below the folder that was named (or its own name)."""

    path: Path
    below: str


@dataclass(frozen=True, slots=True)
class Discovery:
    """What the named paths hold. `folders` are the folders that were named: what is gone below them is removed.

    `skipped` counts the files of unknown kind by suffix, and links to folders, which are not followed: they may lead
    in a circle. `closed` are folders below them that may not be listed, each with the reason.
    """

    files: tuple[File, ...]
    folders: tuple[Path, ...]
    skipped: Mapping[str, int]
    closed: tuple[tuple[Path, str], ...]


def discover(paths: Iterable[str | os.PathLike[str]], suffixes: frozenset[str], leave_out: Path) -> Discovery:
    """The files at `paths`, folders searched through, in a fixed order; SourceError for a path that is not there.

    Hidden files and folders, what Office leaves beside an open document, and the folder `leave_out` are passed over.
    A file that is named itself is taken whatever its suffix.
    """
    files: dict[Path, File] = {}
    folders: list[Path] = []
    skipped: Counter[str] = Counter()
    closed: list[tuple[Path, str]] = []
    for named in paths:
        if not path_text(named):
            raise SourceError("A path is empty; name a file or a folder.")
        try:
            # Not resolved through links: a linked file keeps the place where the user sees it.
            path = Path(os.path.abspath(expanded(named)))
            is_folder, is_there = path.is_dir(), path.exists()
        except OSError as exc:
            raise SourceError(f"{shown(str(named))} cannot be read: {exc.strerror}.") from exc
        if is_folder:
            folders.append(path)
            for found in _walk(path, leave_out, closed):
                if _is_link(found) and os.path.isdir(found):  # noqa: PTH112
                    skipped["link to a folder"] += 1
                elif found.suffix.lower() in suffixes:
                    files.setdefault(found, File(found, found.relative_to(path).as_posix()))
                else:
                    skipped[found.suffix.lower() or "no suffix"] += 1
        elif is_there:
            files.setdefault(path, File(path, path.name))
        else:
            raise SourceError(f"{named} does not exist; give a file or a folder that does.")
    return Discovery(tuple(files.values()), tuple(folders), skipped, tuple(closed))


def _walk(folder: Path, leave_out: Path, closed: list[tuple[Path, str]]) -> Iterator[Path]:
    def refused(error: OSError) -> None:
        if Path(error.filename) == folder:
            raise SourceError(f"{folder} cannot be listed: {error.strerror}.") from error
        closed.append((Path(error.filename), f"it cannot be listed ({error.strerror})"))

    for root, names, files in os.walk(folder, onerror=refused):
        if LIBRARY in files:  # the folder is a library as well
            names[:] = [n for n in names if n != "indexes"]
        names[:] = sorted(n for n in names if not n.startswith(".") and Path(root, n) != leave_out)
        links = [n for n in names if _is_link(Path(root, n))]
        yield from (Path(root, f) for f in sorted([*files, *links]) if not f.startswith((".", "~$")))


def _is_link(path: Path) -> bool:
    return os.path.islink(path)  # noqa: PTH114  # raises nothing where a folder may be listed but not entered


def name_for(file: File, taken: Mapping[str, str | None]) -> str:
    """The name of the document made from `file`: as much of its path as no other document has taken, as it is shown.

    `taken` maps names to the source paths of their documents.

    >>> name_for(File(Path("/a/b/c.md"), "c.md"), {"c.md": "/x/c.md"})
    'b/c.md'
    """
    parts = [shown(part) for part in file.path.parts[1:]]
    for count in range(len(Path(file.below).parts), len(parts) + 1):
        name = "/".join(parts[-count:])
        if name not in taken:
            return name
    whole = shown(str(file.path))
    numbered = (f"{whole} ({number})" for number in itertools.count(2))
    return next(name for name in itertools.chain([whole], numbered) if name not in taken)


def changed_ns(status: os.stat_result) -> int:
    """When a file was changed last, in nanoseconds: its contents, or what stands under its name."""
    return max(status.st_mtime_ns, status.st_ctime_ns)


def shown(name: str) -> str:
    r"""`name` as it can be printed: without control characters, those that turn the direction of writing among
    them, and without bytes that are no UTF-8.

    >>> shown("a\nb.md")
    'a\ufffdb.md'
    """
    text = os.fsencode(name).decode("utf-8", "replace")
    controls = (c in _TURNING or unicodedata.category(c) in ("Cc", "Zl", "Zp") for c in text)
    return "".join("\ufffd" if control else c for c, control in zip(text, controls, strict=True))
