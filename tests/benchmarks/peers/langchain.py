"""LangChain: its FAISS store, and the ensemble of that with its BM25 retriever, which is made anew at each start."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from langchain_classic.retrievers import EnsembleRetriever
from langchain_community.retrievers import BM25Retriever
from langchain_community.vectorstores import FAISS
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter

from .sources import ASKED, MODEL, Source, passages


class Adapter:
    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)
        self.embeddings = HuggingFaceEmbeddings(model_name=MODEL)

    def build(self, sources: Sequence[Source]) -> int:
        splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
        names, texts = zip(*passages(sources, splitter.split_text), strict=True)
        store = FAISS.from_texts(list(texts), self.embeddings, metadatas=[{"document": name} for name in names])
        store.save_local(self.folder)
        return len(texts)

    def open(self, mode: str) -> Callable[[str], Iterable[str]]:
        store = FAISS.load_local(self.folder, self.embeddings, allow_dangerous_deserialization=True)
        retriever = store.as_retriever(search_kwargs={"k": ASKED})
        if mode == "hybrid":
            documents = [store.docstore.search(name) for name in store.index_to_docstore_id.values()]
            words = BM25Retriever.from_documents(documents, k=ASKED)
            retriever = EnsembleRetriever(retrievers=[words, retriever], weights=[0.5, 0.5])
        return lambda question: [document.metadata["document"] for document in retriever.invoke(question)]
