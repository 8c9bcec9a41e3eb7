"""Questions in, cited answers out."""

from .answers import Answer, Citation, Found, Hit, LibraryState, Turn, Verdict
from .retriever import Retriever, ask

__all__ = ["Answer", "Citation", "Found", "Hit", "LibraryState", "Retriever", "Turn", "Verdict", "ask"]
