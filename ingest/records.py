"""What the store gives and takes, a record each."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .discover import changed_ns
from .documents import Document, Passage
from .errors import LibraryError
from .indexes.late import Floats


@dataclass(frozen=True, slots=True)
class Source:
    """The file a document was read from, as it was then."""

    path: str
    size: int
    mtime_ns: int  # the later of its contents' and its name's (`changed_ns`)

    def is_current(self) -> bool:
        """Whether the file, which is no archive, is still as it was read, by size and time; OSError if it is gone."""
        status = Path(self.path).stat()
        return (self.size, self.mtime_ns) == (status.st_size, changed_ns(status))


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """One line of `pincite documents`."""

    document: str
    title: str
    passages: int
    sha256: str
    tags: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The line as the contract's JSON."""
        return {
            "document": self.document,
            "title": self.title,
            "passages": self.passages,
            "sha256": self.sha256,
            "tags": list(self.tags),
        }


@dataclass(frozen=True, slots=True)
class Known:
    """What the store remembers of a document that came from a file."""

    name: str
    sha256: str
    source: Source


@dataclass(frozen=True, slots=True)
class Vectors:
    """What is stored of a passage's encoding: `pooled` (float16 bytes) and `codes` (token codes)."""

    pooled: bytes
    codes: bytes

    @property
    def vector(self) -> Floats:
        """The pooled vector, shape (d,), float32."""
        return np.frombuffer(self.pooled, "<f2").astype(np.float32)


@dataclass(frozen=True, slots=True)
class Contents:
    """A document as it is stored: its passages with the hashes of what was encoded and their vectors."""

    document: Document
    passages: list[Passage]
    hashes: list[bytes]
    vectors: list[Vectors]
    source: Source | None


def named(names: Iterable[str], pattern: str) -> set[str]:
    """Those of the names that `pattern` is, or, if none is, those that match it as one with wildcards.

    >>> sorted(named(["a[1].md", "a1.md"], "a[1].md")), sorted(named(["a.md", "b.md"], "?.md"))
    (['a[1].md'], ['a.md', 'b.md'])
    """
    names = list(names)
    # As it is typed: macOS keeps "é" as two characters.
    composed = partial(unicodedata.normalize, "NFC")
    for matches in (
        str.__eq__,
        lambda n, p: composed(n) == composed(p),
        lambda n, p: fnmatchcase(composed(n), composed(p)),
    ):
        if found := {name for name in names if matches(name, pattern)}:
            return found
    return set()


def checked_tags(tags: Sequence[str]) -> list[str]:
    """The tags; LibraryError for one that is blank or not on one line, TypeError for what is no several strings."""
    if isinstance(tags, str) or not isinstance(tags, Iterable) or not all(isinstance(tag, str) for tag in tags):
        raise TypeError(f"tags are several strings, not {tags!r}")
    for tag in tags:
        if not tag.strip() or not tag.isprintable():
            raise LibraryError(f"A tag is a word or several on one line, not {tag!r}.")
    return list(tags)
