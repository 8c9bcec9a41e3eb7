"""sentence-transformers and a flat FAISS index, nothing else: what is longer than the model's window is cut off."""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import faiss
from sentence_transformers import SentenceTransformer

from .sources import ASKED, MODEL, Source


class Adapter:
    def __init__(self, folder: Path) -> None:
        self.index, self.names = folder / "index.faiss", folder / "names.json"
        self.model = SentenceTransformer(MODEL)

    def build(self, sources: Sequence[Source]) -> int:
        vectors = self.model.encode([source.whole for source in sources])
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(vectors)
        self.index.parent.mkdir(parents=True)
        faiss.write_index(index, str(self.index))
        self.names.write_text(json.dumps([source.id for source in sources]), "utf-8")
        return len(sources)

    def open(self, mode: str) -> Callable[[str], Iterable[str]]:
        index, names = faiss.read_index(str(self.index)), json.loads(self.names.read_text("utf-8"))

        def search(question: str) -> list[str]:
            found = index.search(self.model.encode([question]), ASKED)[1][0]
            return [names[i] for i in found if i >= 0]

        return search
