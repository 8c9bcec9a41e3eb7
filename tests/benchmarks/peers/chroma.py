"""Chroma: a collection on disk with its embedding function for sentence-transformers; it splits nothing by itself."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import chromadb
from chromadb.utils.embedding_functions import SentenceTransformerEmbeddingFunction

from .sources import ASKED, MODEL, Source


class Adapter:
    def __init__(self, folder: Path) -> None:
        self.client = chromadb.PersistentClient(str(folder), chromadb.Settings(anonymized_telemetry=False))
        self.collection = self.client.get_or_create_collection(
            "documents",
            embedding_function=SentenceTransformerEmbeddingFunction(model_name=MODEL),
            configuration={"hnsw": {"space": "cosine"}},
        )

    def build(self, sources: Sequence[Source]) -> int:
        at_once = self.client.get_max_batch_size()
        for first in range(0, len(sources), at_once):
            batch = sources[first : first + at_once]
            self.collection.add(ids=[s.id for s in batch], documents=[s.whole for s in batch])
        return len(sources)

    def open(self, mode: str) -> Callable[[str], Iterable[str]]:
        return lambda question: self.collection.query(query_texts=[question], n_results=ASKED)["ids"][0]
