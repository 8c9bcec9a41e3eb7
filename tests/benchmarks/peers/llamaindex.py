"""LlamaIndex: vectors in FAISS, and the fusion of those with its BM25 retriever, by ranks or by scores."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import faiss
from llama_index.core import StorageContext, VectorStoreIndex, load_index_from_storage
from llama_index.core.llms import MockLLM
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.retrievers import QueryFusionRetriever
from llama_index.core.schema import TextNode
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from llama_index.retrievers.bm25 import BM25Retriever
from llama_index.vector_stores.faiss import FaissVectorStore

from .sources import ASKED, MODEL, Source, passages


class Adapter:
    def __init__(self, folder: Path) -> None:
        self.vectors, self.words = str(folder / "vectors"), str(folder / "words")
        self.embedding = HuggingFaceEmbedding(model_name=MODEL)

    def build(self, sources: Sequence[Source]) -> int:
        splitter = SentenceSplitter(chunk_size=256, chunk_overlap=20)
        nodes = [
            TextNode(
                text=text,
                metadata={"document": name},
                excluded_embed_metadata_keys=["document"],
            )
            for name, text in passages(sources, splitter.split_text)
        ]
        store = FaissVectorStore(faiss.IndexFlatIP(384))
        context = StorageContext.from_defaults(vector_store=store)
        VectorStoreIndex(nodes, storage_context=context, embed_model=self.embedding).storage_context.persist(
            self.vectors
        )
        BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=ASKED).persist(self.words)
        return len(nodes)

    def open(self, mode: str) -> Callable[[str], Iterable[str]]:
        context = StorageContext.from_defaults(
            vector_store=FaissVectorStore.from_persist_dir(self.vectors), persist_dir=self.vectors
        )
        index = load_index_from_storage(context, embed_model=self.embedding)
        retriever = index.as_retriever(similarity_top_k=ASKED)
        if mode != "dense":
            retriever = QueryFusionRetriever(
                [retriever, BM25Retriever.from_persist_dir(self.words)],
                llm=MockLLM(),  # never asked: one query means the question itself
                mode="reciprocal_rerank" if mode == "hybrid" else "relative_score",
                similarity_top_k=ASKED,
                num_queries=1,
                use_async=False,
            )
        return lambda question: [found.node.metadata["document"] for found in retriever.retrieve(question)]
