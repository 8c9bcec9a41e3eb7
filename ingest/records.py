"""What the store gives and takes, a record each."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .documents import Document, Passage
from .indexes.late import Floats


@dataclass(frozen=True, slots=True)
class Source:
    """The file a document was read from, as it was then."""

    path: str
    size: int
    mtime_ns: int


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
