"""The shipped articles, and the default library that is built from them on first use."""

from collections.abc import Callable
from pathlib import Path

from .errors import LibraryError
from .library import Library
from .pipeline import Progress
from .settings import Settings, default_library

# Set while the default library is being built: a build that was interrupted is taken up again.
_UNFINISHED = "unfinished"
_FOLDERS = Path(__file__).parent / "_corpus", Path(__file__).parents[1] / "corpus"


def corpus_folder() -> Path:
    """The folder of the shipped articles: inside the installed package, or beside it in a checkout."""
    for folder in _FOLDERS:
        if folder.is_dir():
            return folder
    raise LibraryError("The shipped articles are missing from this installation; reinstall pincite.")


def shipped(library: Library) -> frozenset[str]:
    """The names of the documents in the library that are shipped articles."""
    with library.reading() as store:
        sources = store.names()
    return frozenset(n for n, source in sources.items() if source and any(f in Path(source).parents for f in _FOLDERS))


def open_default(
    settings: Settings | None = None, progress: Callable[[Progress], None] | None = None, build: bool = True
) -> Library:
    """The user's library; where there is none yet, it is built from the shipped articles first.

    A build that was interrupted is taken up again. Without `build` none is begun: LibraryError where there is none.
    """
    library = Library.open(default_library(), create=build, settings=settings)
    with library.reading() as store:
        fresh = not store.changes_since(0)  # it never held a passage: an ingest of a mistyped path made it, say
    if build and fresh:
        with library.store.writing():
            library.store.set_meta(_UNFINISHED, "corpus")
    if library.store.meta(_UNFINISHED):
        library.ingest(corpus_folder(), progress=progress)
        with library.store.writing():
            library.store.set_meta(_UNFINISHED, "")
    return library
