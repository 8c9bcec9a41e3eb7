"""The source of a document, looked at again when it is asked for: where a span stands, a picture of a page, its bytes.

Only a viewer that shows the page asks, and it needs the source for that anyway; so nothing is stored, and the
rectangles are exact to the character. A source that is gone or has changed is said to be so, and never shown.
"""

import base64
import hashlib
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .documents import Document, PageImage, Rectangle
from .errors import SourceError
from .pipeline import MEMBER
from .reading import Reading
from .store import Store


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a document was read from: a file, or with `member` an archive and the path in it."""

    document: Document
    file: Path
    member: str

    @classmethod
    def of(cls, store: Store, name: str) -> "Origin":
        """That of the document `name`; SourceError if it was not read from a file. Inside `store.reading`."""
        document, source = store.document(name), store.source(name)
        if source is None:
            raise SourceError(f"{name} was not read from a file.")
        path, _, member = source.path.partition(MEMBER)
        return cls(document, Path(path), member)

    def source(self, seconds: float) -> bytes:
        """The bytes that the document was read from; SourceError if they are not there any more.

        `seconds` is how long opening an archive may take.
        """
        if self.member:
            return base64.b64decode(self._look({"source": True}, seconds)["source"])
        data = self._data()
        if hashlib.sha256(data).hexdigest() != self.document.sha256:
            raise SourceError(f"{self.document.id} has changed since it was read; ingest it again.")
        return data

    def rectangles(self, start: int, end: int, seconds: float) -> list[Rectangle]:
        """Where a span of the document stands: a rectangle a line, none if it is not a PDF.

        ValueError for a span outside the text; SourceError if the source is gone or has changed since it was read.
        `seconds` is how long reading it again may take.
        """
        if not 0 <= start < end <= len(self.document.text):
            raise ValueError(f"there is no span {start}:{end} in {self.document.id}")
        text = hashlib.sha256(self.document.text.encode()).hexdigest()
        found = self._look({"rectangles": [start, end], "text": text}, seconds)["rectangles"]
        return [Rectangle(*values) for values in found]

    def page_image(self, page: int, width_pixels: int, seconds: float) -> PageImage | None:
        """A picture of a page, None if the document is not a PDF; SourceError if page or source is not there."""
        seen = self._look({"image": [page, width_pixels]}, seconds)["image"]
        return PageImage(page, seen[0], seen[1], base64.b64decode(seen[2])) if seen else None

    def _look(self, wanted: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        part = f"{self.file.name}/{self.member}" if self.member else self.file.name
        with closing(Reading(seconds)) as reading:
            return reading.look(self._data(), self.file.name, {"part": part, "sha256": self.document.sha256, **wanted})

    def _data(self) -> bytes:
        try:
            return self.file.read_bytes()
        except OSError as exc:
            raise SourceError(
                f"The source of {self.document.id}, {self.file}, cannot be opened: {exc.strerror}."
            ) from exc
