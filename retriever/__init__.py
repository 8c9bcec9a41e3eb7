"""Questions in, cited answers out."""

from .answers import Answer, Citation, Found, Hit, LibraryState, Piece, Turn, Verdict
from .retriever import Retriever, ask
from .search import MAX_HITS
from .write import NOT_IN_LIBRARY

__all__ = [
    "MAX_HITS",
    "NOT_IN_LIBRARY",
    "Answer",
    "Citation",
    "Found",
    "Hit",
    "LibraryState",
    "Piece",
    "Retriever",
    "Turn",
    "Verdict",
    "ask",
]
