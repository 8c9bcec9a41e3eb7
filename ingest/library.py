"""A library: one folder with everything that was built from the sources."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from .database import FILE, LOCK, checked_name, translated
from .documents import Document, PageImage, Rectangle
from .earlier_names import present_name
from .encode import Encoder, encoder_of, fingerprint_of, is_of, model_of
from .errors import FormatError, LibraryError, LockedError, UnknownDocumentError
from .indexes import derived
from .indexes.dense import SAME_VECTOR, DenseIndex, Ids
from .indexes.derived import Indexes
from .indexes.late import Floats
from .indexes.lexical import content_words, expression, rarest, stem
from .indexes.signs import SignIndex
from .pipeline import MEMBER, Progress, Report, differences, ingest_documents, ingest_paths, missing
from .places import Origin
from .records import DocumentInfo, checked_tags, named
from .repair import LIST, list_is_current, list_is_damaged, remake, write_list
from .settings import Settings, default_library, expanded, path_text
from .store import Store

# The index file is written anew once this share of it has changed; until then readers catch up from the store.
STALE_SHARE = 0.05
STALE_PASSAGES = 500
# What each further connection keeps in memory; the main one keeps more (database.py).
BORROWED_CACHE_KIB = 4_096
# How many passages `check` encodes again.
CHECKED_PASSAGES = 32
# So many passages that are nearest by their signs are compared by their vectors; measured in DESIGN.md.
READ_EXACTLY = 500


class Library:
    """What was built from the sources, open for reading and writing.

    Reading waits for no lock; writing takes the library's one writer lock and raises LibraryError while
    another process holds it. Safe to use from several threads: each reads by a connection of its own, while one writes.
    """

    def __init__(self, folder: Path, store: Store, settings: Settings) -> None:
        self.folder = folder
        self.settings = settings
        self._main = store
        # Connections for the threads that read while another uses the main one.
        self._idle: list[Store] = []
        self._of_thread = threading.local()
        self._dense_lock = threading.RLock()
        self._encoder_lock = threading.RLock()
        self._encoder: Encoder | None = None
        self._indexes: tuple[Indexes, int] | None = None
        self._mutex = threading.RLock()

    @classmethod
    def open(
        cls,
        folder: str | os.PathLike[str] | None = None,
        create: bool = False,
        settings: Settings | None = None,
    ) -> Self:
        """The library in `folder` (default: the user's); LibraryError if it is not there and not to be made."""
        path = _located(folder)
        settings = settings or Settings.read(path)
        return cls(path, Store.open(path, create), settings)

    def close(self) -> None:
        """Closes the library's files."""
        self._main.close()
        while self._idle:
            self._idle.pop().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- reading ---------------------------------------------------------------------------------------

    @property
    def store(self) -> Store:
        """The connection by which this thread reads: inside `reading` or a change its own, else the main one."""
        return getattr(self._of_thread, "store", None) or self._main

    @contextmanager
    def reading(self) -> Iterator[Store]:
        """One whole state of the library, for several reads that belong together."""
        if getattr(self._of_thread, "store", None):
            with self.store.reading():
                yield self.store
            return
        is_main = self._mutex.acquire(blocking=False)
        try:
            store = self._main if is_main else self._borrowed()
            self._of_thread.store = store
            try:
                with store.reading():
                    yield store
            finally:
                self._of_thread.store = None
                if not is_main:
                    self._idle.append(store)
        finally:
            if is_main:
                self._mutex.release()

    def _borrowed(self) -> Store:
        try:
            return self._idle.pop()
        except IndexError:
            return Store.open(self.folder, cache_kib=BORROWED_CACHE_KIB)

    @property
    def encoder(self) -> Encoder:
        """The encoder that the library's vectors are made with, loaded on first use."""
        with self._encoder_lock:
            if self._encoder is None:
                self._encoder = encoder_of(self.settings, self._fingerprint())
            return self._encoder

    def nearest(self, vector: Floats, k: int, within: Ids | None = None) -> list[tuple[int, float]]:
        """The `k` passages (id, cosine) nearest to `vector` (d,), best first, among the ids `within`; in `reading`.

        In a large library, while another thread reads a later state, passages of that state may be among them, and such
        as were removed in it are missing.
        """
        with self._dense_lock:
            index = self.dense()
            is_later = self._indexes is not None and self._indexes[1] > self.store.generation
            if isinstance(index, DenseIndex) and not is_later:
                return index.search(vector, k, within)
            likely = [] if isinstance(index, DenseIndex) else index.search(vector, max(k, READ_EXACTLY), within)
        if isinstance(index, DenseIndex):  # of another thread's state: that of one's own is made for this once
            held = dict(self.store.pooled_since(0))
            own = DenseIndex.empty(len(vector))
            if held:
                own.add(np.array(list(held), np.int64), derived.unit(list(held.values())))
            return own.search(vector, k, within)
        pooled = self.store.pooled([id for id, _ in likely])
        if not pooled:
            return []
        ids, cosines = np.array(list(pooled)), derived.unit(list(pooled.values())) @ vector
        best = np.lexsort((ids, -cosines))[:k]
        return list(zip(ids[best].tolist(), cosines[best].tolist(), strict=True))

    def search_words(self, text: str, k: int, within: Ids | None = None) -> list[tuple[int, float]]:
        """The `k` best passages (id, BM25) by the content words of `text`, best first, among the ids `within`.

        In `reading`. In a small library a compound such as PD-1 is looked for as a phrase too. Of a long text only
        the rarest words are looked for.
        """
        text = rarest(text, self.document_frequencies)
        with self._dense_lock:
            index = self.indexes().words
            if index is not None:
                return index.search([stem(word) for word in content_words(text)], k, within)
        match = expression(text)
        return self.store.search_words(match, k, within) if match else []

    def document_frequencies(self, terms: Iterable[str]) -> dict[str, int]:
        """How many passages hold the words with these Porter stems; without those that none holds. In `reading`.

        In a large library passages that were removed lately are counted too.
        """
        with self._dense_lock:
            index = self.indexes().words
            if index is not None:
                return {term: held for term in terms if (held := index.document_frequency(term))}
        return self.store.document_frequencies(terms)

    def _fingerprint(self) -> str | None:
        """That of the encoder which the library keeps to.

        LibraryError if the setting names another, EncoderError if that is not there.
        """
        with self.reading() as store:
            stored, fingerprint = store.meta("encoder"), store.meta("fingerprint")
        name, model = self.settings.encoder, model_of(fingerprint or "")
        if stored in (None, name) or fingerprint_of(name, f"The library was encoded with {stored}.") == model:
            return fingerprint
        raise LibraryError(
            f"The library was encoded with {stored}, the setting says {name}; "
            "run: pincite check --repair, to encode it anew, or unset PINCITE_ENCODER."
        )

    def dense(self) -> DenseIndex | SignIndex:
        """The index of the vectors, as `indexes`."""
        return self.indexes().dense

    def indexes(self) -> Indexes:
        """The indexes of the state being read, or of a later one that another thread reads; inside `reading`."""
        with self._dense_lock:
            if self._indexes and self._indexes[1] >= self.store.generation:
                return self._indexes[0]
            dimension = self.encoder.spec.dimension
            indexes, generation = self._indexes or derived.load(self.folder, dimension)
            words = indexes.words
            self._indexes = None  # if it is interrupted on the way they are not to be used
            self._indexes = (indexes, derived.catch_up(indexes, generation, self.store, dimension))
            if len(indexes.dense) and (not generation or indexes.words is not words):
                self._keep_rebuilt(*self._indexes)
            return indexes

    def _keep_rebuilt(self, indexes: Indexes, generation: int) -> None:
        """Writes indexes that had to be made anew, lest each process make them again; not where that cannot be now."""
        with suppress(LibraryError), _sole_writer(self.folder, wait_seconds=0.0):
            if generation >= derived.saved_generation(self.folder):  # else only this reader is behind
                derived.save(self.folder, indexes, self.encoder.spec.dimension, generation)

    def documents(self) -> list[DocumentInfo]:
        """All documents, by name."""
        with self.reading() as store:
            return store.documents()

    def document(self, name: str) -> Document:
        """One document with its text, also by a name that it had before; UnknownDocumentError if it is not there."""
        with self.reading() as store:
            return store.document(present_name(store, name))

    def missing(self) -> list[str]:
        """The documents whose files are not where they were read from, by name."""
        with self.reading() as store:
            return missing(store)

    def text(self, name: str) -> str:
        """The normalised text of a document, which all offsets count in."""
        return self.document(name).text

    def rectangles(self, name: str, start: int, end: int) -> list[Rectangle]:
        """Where the characters from `start` to `end` of a document stand on its pages: a rectangle a line.

        Empty unless the document is a PDF. ValueError for a span outside its text, SourceError if its source is gone
        or has changed since it was read.
        """
        return self._origin(name).rectangles(start, end, self.settings.read_seconds)

    def page_image(self, name: str, page: int, width_pixels: int = 1200) -> PageImage | None:
        """A picture of a page of a PDF, to draw `rectangles` on; None for a document that is not a PDF.

        A very long page makes a narrower one. SourceError for a page that is not there, and as for `rectangles`.
        """
        return self._origin(name).page_image(page, width_pixels, self.settings.read_seconds)

    def source(self, name: str) -> bytes:
        """The very bytes that a document was read from, also those of a file in an archive.

        SourceError if it was not read from a file, or that is gone or has changed since.
        """
        return self._origin(name).source(self.settings.read_seconds)

    def source_path(self, name: str) -> Path | None:
        """The file that a document was read from (of an archive's member, the archive); None if from elsewhere.

        UnknownDocumentError if there is no such document.
        """
        with self.reading() as store:
            source = store.source(store.document(name).id)
        return Path(source.path.partition(MEMBER)[0]) if source else None

    def _origin(self, name: str) -> Origin:
        with self.reading() as store:  # not while the source is read: that may take seconds
            return Origin.of(store, present_name(store, name))

    def within(self, documents: Iterable[str] = (), tags: Iterable[str] = ()) -> frozenset[str] | None:
        """The names of the documents that some patterns and tags pick; None, for all, if none are given.

        A pattern is a name, or, where no document has it, one with wildcards: "papers/*.pdf". A document is picked
        that one of them names or that has one of the tags. UnknownDocumentError for one that picks nothing.
        """
        patterns, wanted = list(documents), list(tags)
        if not patterns and not wanted:
            return None
        infos = self.documents()
        found: set[str] = set()
        for pattern in patterns:
            picked = named([info.document for info in infos], pattern)
            if not picked:
                raise UnknownDocumentError(
                    f"There is no document {pattern!r} in the library; pincite documents lists them."
                )
            found |= picked
        for tag in wanted:
            picked = {i.document for i in infos if tag in i.tags}
            if not picked:
                known = ", ".join(sorted({t for i in infos for t in i.tags}))
                there_are = f"the tags are: {known}." if known else "none has any tag."
                raise UnknownDocumentError(f"No document has the tag {tag!r}; {there_are}")
            found |= picked
        return frozenset(found)

    # -- writing ---------------------------------------------------------------------------------------

    def ingest(
        self,
        *paths: str | os.PathLike[str],
        progress: Callable[[Progress], None] | None = None,
        tags: Sequence[str] = (),
        again: bool = False,
    ) -> Report:
        """Brings the library in line with files and folders: new ones in, changed ones anew, gone ones out.

        `tags` are given to every document that the files make, in addition to those it has. `again` reads also what
        has not changed, since another version may read it otherwise.
        """
        if not paths:
            raise ValueError("name at least one file or folder")
        tags = checked_tags(tags)
        with self._writing():
            self._fingerprint()  # the encoder itself is not needed if nothing has changed
            try:
                seconds, place = self.settings.read_seconds, self.folder.absolute()
                return ingest_paths(self.store, self._pinned_encoder, paths, place, progress, tags, seconds, again)
            finally:
                self._save()

    def ingest_documents(self, documents: Iterable[Document]) -> int:
        """Stores documents that are not files; returns how many passages were encoded."""
        with self._writing():
            try:
                return ingest_documents(self.store, self._pinned_encoder(), documents)
            finally:
                self._save()

    def remove(self, *names: str) -> None:
        """Removes documents, all or none: UnknownDocumentError if one is not there."""
        with self._writing():
            with self.store.writing() as generation:
                for name in dict.fromkeys(map(checked_name, names)):
                    self.store.remove(name, generation)
            self._save()

    def set_tags(self, name: str, tags: Sequence[str]) -> None:
        """Gives a document these tags in place of those it has; UnknownDocumentError if it is not there."""
        tags = checked_tags(tags)
        with self._writing():
            with self.store.writing():
                self.store.document(name)
                self.store.untag(name)
                self.store.tag([name], tags)
            self._save()

    def check(self, repair: bool = False) -> list[str]:
        """What is wrong with the library, a sentence each; with `repair`, what could not be mended.

        Compares every derived index with the store, and a sample of the vectors with ones encoded now. A store
        that is damaged is made anew, from what can be read of it and from the sources (`Library.repair`).
        """
        if repair:
            self.close()
            mended = type(self).repair(self.folder, self.settings)
            self._main = Store.open(self.folder)
            self._indexes = None
            return mended
        # Where nobody can write there is no lock to be had, and no need of one.
        with nullcontext() if self.store.read_only else self._writing(), self.reading() as store:
            found = store.problems()
            if list_is_damaged(self.folder):
                found.append("the list of sources beside the store is damaged or gone (written by: check --repair)")
            if found and not store.counts()[1]:
                return found
        with self.reading():
            found += self._index_problems()
            found += self._vector_problems()
        return found

    @classmethod
    def repair(
        cls,
        folder: str | os.PathLike[str] | None = None,
        settings: Settings | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> list[str]:
        """Mends the library in `folder`, which may be too damaged to open; what could not be mended, a sentence each.

        The same is done for a library that was encoded with another encoder than the setting's: it is encoded anew.
        """
        path = _located(folder)
        settings = settings or Settings.read(path)
        lost: list[str] = []
        if not (path / FILE).is_file() and not (path / LIST).is_file():
            cls.open(path, settings=settings)  # raises
        with _sole_writer(path):
            if not _is_sound(path, settings):
                lost = remake(path, encoder_of(settings), settings.read_seconds, progress)
        with cls.open(path, settings=settings) as library:
            with library._writing():
                with library.store.writing():
                    library.store.rebuild_words()
                dimension = library.encoder.spec.dimension
                indexes = Indexes.empty(dimension)
                with library.store.reading():
                    generation = derived.catch_up(indexes, 0, library.store, dimension)
                    write_list(path, library.store)
                derived.save(path, indexes, dimension, generation)
            return lost + library.check()

    def _index_problems(self) -> list[str]:
        if not self.store.meta("fingerprint"):
            return []
        found = []
        dimension = self.encoder.spec.dimension
        indexes, generation = derived.load(self.folder, dimension)
        if not generation and (self.folder / derived.FOLDER / derived.POINTER).exists():
            found.append("the dense index is damaged (it is rebuilt when asked, and by: pincite check --repair)")
        derived.catch_up(indexes, generation, self.store, dimension)
        return found + derived.problems(indexes, self.store)

    def _vector_problems(self) -> list[str]:
        sample = derived.sampled(self.store.passage_ids(), CHECKED_PASSAGES)
        return [
            f"the vector of {passage.document} at {passage.start} is not that of its text"
            for passage, vectors in self.store.passages(sample).values()
            if not differences(self.encoder, passage, vectors) >= SAME_VECTOR
        ]

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._mutex, _sole_writer(self.folder):
            before = getattr(self._of_thread, "store", None)
            self._of_thread.store = self._main
            try:
                yield
            finally:
                self._of_thread.store = before

    def _pinned_encoder(self) -> Encoder:
        """The encoder, written down as the library's own before the first vector is stored."""
        encoder = self.encoder
        with self.reading() as store:
            pinned = store.meta("fingerprint")
        if not pinned:
            with self.store.writing():
                self.store.set_meta("encoder", self.settings.encoder)
                self.store.set_meta("fingerprint", encoder.spec.fingerprint)
        return encoder

    def _save(self) -> None:
        """Writes the indexes to disk where those on disk lag the store by much."""
        with self.store.reading():
            if not list_is_current(self.folder, self.store):
                write_list(self.folder, self.store)
            saved = derived.saved_generation(self.folder)
            lag = self.store.changes_since(saved if saved <= self.store.generation else 0)
            if not lag or (saved and lag <= max(STALE_PASSAGES, STALE_SHARE * self.store.counts()[1])):
                return
            indexes, generation = self.indexes(), self.store.generation
            derived.complete(indexes, self.store)
        derived.save(self.folder, indexes, self.encoder.spec.dimension, generation)


def _located(folder: str | os.PathLike[str] | None) -> Path:
    """Where the library `folder` is (the user's, if it is None); LibraryError where it can be none."""
    if folder is not None and not path_text(folder):
        raise LibraryError("The library's path is empty; name a folder.")
    path = expanded(folder) if folder is not None else default_library()
    with translated(path / FILE):
        if path.exists() and not path.is_dir():
            raise LibraryError(f"{path} is a file; a library is a folder.")
    return path


@contextmanager
def _sole_writer(folder: Path, wait_seconds: float = 0.5) -> Iterator[None]:
    from filelock import FileLock, Timeout

    try:
        with FileLock(folder / LOCK, timeout=wait_seconds):
            yield
    except Timeout as exc:
        raise LockedError(f"Another process is writing to {folder}; try again when it has finished.") from exc
    except OSError as exc:
        raise LibraryError(f"The library at {folder} cannot be written: {exc.strerror}.") from exc


def _is_sound(folder: Path, settings: Settings) -> bool:
    """Whether the store can be read, agrees with itself and holds vectors of the encoder that is set."""
    try:
        store = Store.open(folder)
    except FormatError:  # not damaged
        raise
    except LibraryError:
        return False
    try:
        with store.reading():
            own = is_of(settings, store.meta("encoder"), store.meta("fingerprint"))
        return own and not store.problems()
    except LibraryError:
        return False
    finally:
        store.close()
