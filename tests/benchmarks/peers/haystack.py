"""Haystack: its in-memory store, hybrid by reciprocal rank fusion; the store is one JSON file between two processes."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from haystack import Document, Pipeline
from haystack.components.joiners import DocumentJoiner
from haystack.components.preprocessors import DocumentSplitter
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack_integrations.components.embedders.sentence_transformers import (
    SentenceTransformersDocumentEmbedder,
    SentenceTransformersTextEmbedder,
)

from .sources import ASKED, MODEL, Source, passages


class Adapter:
    def __init__(self, folder: Path) -> None:
        self.file = folder / "store.json"
        self.embedder = SentenceTransformersTextEmbedder(model=MODEL, progress_bar=False)
        self.embedder.warm_up()  # the embedder of documents takes the same model

    def build(self, sources: Sequence[Source]) -> int:
        splitter = DocumentSplitter(split_by="word", split_length=200, split_overlap=0)

        def split(text: str) -> list[str]:
            return [str(part.content) for part in splitter.run(documents=[Document(content=text)])["documents"]]

        documents = [
            Document(id=f"{name} {number}", content=text, meta={"document": name})
            for number, (name, text) in enumerate(passages(sources, split))
        ]
        embedder = SentenceTransformersDocumentEmbedder(model=MODEL, progress_bar=False)
        embedder.warm_up()
        store = InMemoryDocumentStore()
        store.write_documents(embedder.run(documents=documents)["documents"])
        self.file.parent.mkdir(parents=True)
        store.save_to_disk(str(self.file))
        return len(documents)

    def open(self, mode: str) -> Callable[[str], Iterable[str]]:
        store = InMemoryDocumentStore.load_from_disk(str(self.file))
        pipeline = Pipeline()
        pipeline.add_component("embedder", self.embedder)
        pipeline.add_component("vectors", InMemoryEmbeddingRetriever(store, top_k=ASKED))
        pipeline.add_component("words", InMemoryBM25Retriever(store, top_k=ASKED))
        pipeline.add_component("joiner", DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=ASKED))
        pipeline.connect("embedder.embedding", "vectors.query_embedding")
        pipeline.connect("vectors", "joiner")
        pipeline.connect("words", "joiner")

        def search(question: str) -> list[str]:
            found = pipeline.run({"embedder": {"text": question}, "words": {"query": question}})
            return [document.meta["document"] for document in found["joiner"]["documents"]]

        return search
