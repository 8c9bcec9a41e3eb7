"""Questions in, cited answers out."""

from .answers import Answer, Citation, Found, Hit, LibraryState, Turn, Verdict
from .retriever import Retriever, ask
from .search import MAX_HITS

__all__ = ["MAX_HITS", "Answer", "Citation", "Found", "Hit", "LibraryState", "Retriever", "Turn", "Verdict", "ask"]
