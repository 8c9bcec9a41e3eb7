"""Pincite by its public interface."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ingest import Document, Library
from retriever import Retriever

from .sources import ASKED, Source


class Adapter:
    def __init__(self, folder: Path) -> None:
        self.library = Library.open(folder / "library", create=not folder.exists())
        assert self.library.encoder  # loaded by being looked at

    def build(self, sources: Sequence[Source]) -> int:
        self.library.ingest_documents(Document(s.id, s.title, s.text, sha256="") for s in sources)
        return sum(info.passages for info in self.library.documents())

    def open(self, mode: str) -> Callable[[str], Iterable[str]]:
        retriever = Retriever(self.library)
        return lambda question: [hit.passage.document for hit in retriever.search(question, k=ASKED).hits]
