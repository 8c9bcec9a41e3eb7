"""txtai: hybrid with its defaults; it has no splitter that works without a download, so what is too long is cut off."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from txtai import Embeddings

from .sources import ASKED, MODEL, Source


class Adapter:
    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)
        # What is on disk names its model and loads it.
        self.embeddings = Embeddings() if folder.exists() else Embeddings(path=MODEL, hybrid=True, content=True)

    def build(self, sources: Sequence[Source]) -> int:
        self.embeddings.index((source.id, source.whole) for source in sources)
        self.embeddings.save(self.folder)
        return len(sources)

    def open(self, mode: str) -> Callable[[str], Iterable[str]]:
        self.embeddings.load(self.folder)
        return lambda question: [found["id"] for found in self.embeddings.search(question, ASKED)]
