"""Opens a library for a command, and says so on stderr where that takes a while: one may have to be built first."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ingest import Library, PinciteError, Progress, open_default
from retriever import Retriever

from .terminal import progress_bar


@contextmanager
def opened_retriever(library: Path | None) -> Iterator[Retriever]:
    """The retriever of the library in a folder, else of the user's, which is built where there is none yet."""
    with _building() as progress:
        retriever = Retriever.open(library, progress=progress)
    with retriever:
        yield retriever


def opened_library(library: Path | None) -> Library:
    """The library as it is; only a building of the user's that was interrupted is ended first."""
    if library is not None:
        return Library.open(library)
    with _building() as progress:
        return open_default(progress=progress, build=False)


@contextmanager
def _building() -> Iterator[Callable[[Progress], None]]:
    with progress_bar(
        "Building your library from the articles that come with Pincite, once; it takes a minute."
    ) as told:
        try:
            yield told
        except KeyboardInterrupt:
            raise PinciteError("Stopped. What was read so far is kept; the next command goes on with it.") from None
