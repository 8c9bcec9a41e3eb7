"""The library's source of truth: one SQLite file with documents, passages, their vectors and words.

Every change is one transaction that raises the generation by one; a reader holds a read transaction for
as long as it needs one whole state (WAL: it never blocks the writer, nor the other way round). The text
of a document is nowhere but in its passages, which tile it. The lexical index (FTS5, BM25, Porter stems)
is part of the same file and so of the same transaction. What is derived (`indexes/`) catches up by the
generation of each passage and the list of removed ones.
"""

import json
import shlex
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import apsw

from .database import CACHE_KIB, FILE, Database, as_stored, damaged, make, remedy, translated
from .documents import Document, Page, Passage, Section
from .errors import FormatError, LibraryError, UnknownDocumentError
from .indexes.lexical import document_frequencies, words
from .records import Contents, DocumentInfo, Known, Source, Vectors

FORMAT = 3
# Before a name that a document had, it is the key in `meta` of the name that it was given instead.
_MOVED = "moved: "
_ABSENT = "There is no document {!r} in the library; pincite documents lists them."

_SCHEMA = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,        -- what users call it: the path below its folder
    title TEXT NOT NULL,
    sha256 TEXT NOT NULL,             -- of the source bytes
    sections TEXT NOT NULL,           -- JSON [[start, [heading, ...]], ...]
    pages TEXT NOT NULL,              -- JSON [[start, number], ...]
    source TEXT UNIQUE,               -- absolute path; NULL if it did not come from a file
    size INTEGER, mtime_ns INTEGER    -- of the source when it was read
);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,   -- never used twice
    document INTEGER NOT NULL REFERENCES documents(id),
    first INTEGER NOT NULL, last INTEGER NOT NULL,   -- span in characters, end exclusive
    heading TEXT, page INTEGER,
    context TEXT NOT NULL,            -- title and headings: encoded and indexed, never quoted
    text TEXT NOT NULL,
    hash BLOB NOT NULL,               -- of what was encoded
    generation INTEGER NOT NULL
);
CREATE INDEX passages_by_document ON passages(document, first);
CREATE INDEX passages_by_hash ON passages(hash);
CREATE INDEX passages_by_generation ON passages(generation);
CREATE TABLE vectors (
    passage INTEGER PRIMARY KEY REFERENCES passages(id),
    pooled BLOB NOT NULL,             -- float16, little endian
    codes BLOB NOT NULL               -- token codes, see indexes/late.py
);
CREATE TABLE tags (
    document INTEGER NOT NULL REFERENCES documents(id), tag TEXT NOT NULL, PRIMARY KEY (document, tag)
) WITHOUT ROWID;
CREATE TABLE removed (passage INTEGER PRIMARY KEY, generation INTEGER NOT NULL);
CREATE VIRTUAL TABLE lexical USING fts5(
    context, text, content='passages', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE terms USING fts5vocab('lexical', 'row');
INSERT INTO meta VALUES ('format', '{FORMAT}'), ('generation', '1');
"""


class Store:
    """One connection to the store. Use from one thread at a time."""

    def __init__(self, path: Path, connection: Database) -> None:
        self.path = path
        self.read_only = connection.readonly("main")
        self._db = connection
        # Of which generation these are; counting a million rows takes a while.
        self._counts: tuple[int, tuple[int, int]] = (-1, (0, 0))

    @classmethod
    def open(cls, folder: Path, create: bool = False, cache_kib: int = CACHE_KIB) -> "Store":
        """The store in `folder`; LibraryError if there is none, or it is damaged or of another format."""
        path = folder / FILE
        if not path.is_file() and (folder / "indexes").is_dir():
            raise LibraryError(f"The library at {folder} has lost its {FILE}; {remedy(folder)}")
        if not create and not path.is_file():
            raise LibraryError(
                f"There is no library at {folder}; "
                f"make one with: pincite ingest FOLDER --library {shlex.quote(str(folder))}"
            )
        with translated(path):
            if create:
                folder.mkdir(parents=True, exist_ok=True)
                make(path, _SCHEMA)
            db = Database(path, cache_kib=cache_kib)
            try:
                store = cls(path, db)
                found = store.meta("format")
                if found != str(FORMAT):
                    raise FormatError(
                        f"The library at {folder} has format {found}, this version reads {FORMAT}; "
                        "move it away and ingest the sources again."
                    )
            except BaseException:
                db.close()
                raise
        return store

    def close(self) -> None:
        """Closes the connection."""
        self._db.close()

    # -- transactions ----------------------------------------------------------------------------------

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One whole state: nothing that others write meanwhile is seen inside."""
        with translated(self.path):
            if self._db.in_transaction:
                yield
                return
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                if self._db.in_transaction:  # after some errors SQLite has ended it already
                    self._db.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[int]:
        """One change: all of it or nothing. Yields the generation that it makes."""
        with translated(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                generation = int(self.meta("generation") or 0) + 1
                self.set_meta("generation", str(generation))
                yield generation
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
            finally:  # what was counted in between may be undone, or have changed since
                self._counts = (-1, (0, 0))

    def meta(self, key: str) -> str | None:
        """The value stored under `key`, or None."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def set_meta(self, key: str, value: str) -> None:
        """Stores `value` under `key`; inside `writing`."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    # -- reading ---------------------------------------------------------------------------------------

    @property
    def generation(self) -> int:
        """The number of changes made so far."""
        return int(self.meta("generation") or 0)

    def counts(self) -> tuple[int, int]:
        """How many documents and passages there are."""
        if self._counts[0] != self.generation:
            documents = self._number("SELECT count(*) FROM documents")
            self._counts = self.generation, (documents, self._number("SELECT count(*) FROM passages"))
        return self._counts[1]

    def documents(self) -> list[DocumentInfo]:
        """All documents, by name."""
        rows = self._db.execute(
            "SELECT name, title, (SELECT count(*) FROM passages p WHERE p.document = d.id), sha256, "
            "(SELECT json_group_array(tag) FROM (SELECT tag FROM tags t WHERE t.document = d.id ORDER BY tag)) "
            "FROM documents d ORDER BY name"
        )
        return [DocumentInfo(name, title, n, sha, tuple(json.loads(tags))) for name, title, n, sha, tags in rows]

    def known(self) -> dict[str, Known]:
        """The documents that came from files, by absolute path of the file."""
        rows = self._db.execute("SELECT name, sha256, source, size, mtime_ns FROM documents WHERE source NOT NULL")
        return {source: Known(name, sha, Source(source, size, mtime)) for name, sha, source, size, mtime in rows}

    def names(self) -> dict[str, str | None]:
        """Every document's name -> the path of its source file, None if it came from elsewhere."""
        return dict(self._db.execute("SELECT name, source FROM documents"))

    def has(self, name: str) -> bool:
        """Whether there is a document called `name`."""
        return self._number("SELECT count(*) FROM documents WHERE name = ?", (as_stored(name),)) > 0

    def moved(self, name: str) -> str | None:
        """The name that the document called `name` was given when its file was moved, None if it was not."""
        return self.meta(_MOVED + name) if as_stored(name) else None

    def document(self, name: str) -> Document:
        """The document called `name`, put together from its passages; UnknownDocumentError if there is none."""
        row = self._db.execute(
            "SELECT id, title, sha256, sections, pages FROM documents WHERE name = ?", (as_stored(name),)
        ).fetchone()
        if not row:
            raise UnknownDocumentError(_ABSENT.format(name))
        id, title, sha256, sections, pages = row
        parts = self._db.execute("SELECT text FROM passages WHERE document = ? ORDER BY first", (id,))
        return Document(
            id=name,
            title=title,
            text="".join(part for (part,) in parts),
            sha256=sha256,
            sections=tuple(Section(start, tuple(path)) for start, path in self._rows(sections)),
            pages=self._pages(pages),
        )

    def contents(self, name: str) -> Contents:
        """All that is stored of the document `name`; UnknownDocumentError if there is none."""
        document = self.document(name)
        rows: list[tuple[Any, ...]] = self._db.execute(
            "SELECT d.name, d.title, p.heading, p.page, p.first, p.last, p.text, p.hash, v.pooled, v.codes "
            "FROM passages p JOIN documents d ON d.id = p.document JOIN vectors v ON v.passage = p.id "
            "WHERE d.name = ? ORDER BY p.first",
            (name,),
        ).fetchall()
        return Contents(
            document,
            [Passage(*row[:7]) for row in rows],
            [row[7] for row in rows],
            [Vectors(row[8], row[9]) for row in rows],
            self.source(name),
        )

    def source(self, name: str) -> Source | None:
        """The file that the document `name` was read from, None if it did not come from one."""
        row = self._db.execute("SELECT source, size, mtime_ns FROM documents WHERE name = ?", (name,)).fetchone()
        return Source(*row) if row and row[0] else None

    def pages(self, name: str) -> tuple[Page, ...]:
        """Where the pages of document `name` begin; empty for a source without pages."""
        row = self._db.execute("SELECT pages FROM documents WHERE name = ?", (name,)).fetchone()
        return self._pages(row[0]) if row else ()

    def _pages(self, text: str) -> tuple[Page, ...]:
        return tuple(Page(start, number) for start, number in self._rows(text))

    def _rows(self, text: str) -> list[tuple[Any, Any]]:
        try:
            return [(first, second) for first, second in json.loads(text)]
        except (ValueError, TypeError) as exc:
            raise damaged(self.path.parent, str(exc)) from exc

    def passages(self, ids: Sequence[int]) -> dict[int, tuple[Passage, Vectors]]:
        """Passages with their vectors by id; ids that are not there are left out."""
        rows = self._db.execute(
            "SELECT p.id, d.name, d.title, p.heading, p.page, p.first, p.last, p.text, v.pooled, v.codes "
            "FROM passages p JOIN documents d ON d.id = p.document JOIN vectors v ON v.passage = p.id "
            "WHERE p.id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(ids)),),
        )
        return {row[0]: (Passage(*row[1:8]), Vectors(row[8], row[9])) for row in rows}

    def known_vectors(self, hashes: Iterable[bytes]) -> dict[bytes, Vectors]:
        """The vectors of passages that were encoded from the same text before, by hash."""
        found = {}
        for hash in set(hashes):
            row = self._db.execute(
                "SELECT v.pooled, v.codes FROM passages p JOIN vectors v ON v.passage = p.id WHERE p.hash = ? LIMIT 1",
                (hash,),
            ).fetchone()
            if row:
                found[hash] = Vectors(*row)
        return found

    def pooled_since(self, generation: int) -> Iterator[tuple[int, bytes]]:
        """(passage id, pooled vector) of every passage added after `generation`, by id."""
        yield from self._db.execute(
            "SELECT p.id, v.pooled FROM passages p JOIN vectors v ON v.passage = p.id "
            "WHERE p.generation > ? ORDER BY p.id",
            (generation,),
        )

    def texts_since(self, generation: int) -> Iterator[tuple[int, str]]:
        """(passage id, all its words) of every passage added after `generation`, by id."""
        yield from self._db.execute(
            "SELECT id, context || ' ' || text FROM passages WHERE generation > ? ORDER BY id", (generation,)
        )

    def texts(self, ids: Sequence[int]) -> dict[int, str]:
        """All the words of passages, by id; ids that are not there are left out."""
        return dict(
            self._db.execute(
                "SELECT id, context || ' ' || text FROM passages WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(list(ids)),),
            )
        )

    def pooled(self, ids: Sequence[int]) -> dict[int, bytes]:
        """The pooled vectors of passages, by id; ids that are not there are left out."""
        return dict(
            self._db.execute(
                "SELECT passage, pooled FROM vectors WHERE passage IN (SELECT value FROM json_each(?))",
                (json.dumps(sorted(ids)),),
            )
        )

    def removed_since(self, generation: int) -> list[int]:
        """The ids of passages removed after `generation`."""
        return [id for (id,) in self._db.execute("SELECT passage FROM removed WHERE generation > ?", (generation,))]

    def changes_since(self, generation: int) -> int:
        """How many passages were added or removed after `generation`."""
        return self._number(
            "SELECT (SELECT count(*) FROM passages WHERE generation > ?1) + "
            "(SELECT count(*) FROM removed WHERE generation > ?1)",
            (generation,),
        )

    def passage_ids(self, documents: Iterable[str] | None = None) -> set[int]:
        """The ids of all passages, or of those in the documents of these names."""
        if documents is None:
            return {id for (id,) in self._db.execute("SELECT id FROM passages")}
        return {id for (id,) in self._db.execute(_WITHIN, (json.dumps(list(documents)),))}

    def search_words(self, match: str, k: int, within: Iterable[int] | None = None) -> list[tuple[int, float]]:
        """The `k` best (passage id, BM25 score) for an FTS5 expression, best first; higher is better.

        With `within`, only among these ids.
        """
        only, ids = "", list[str]()
        if within is not None:  # the plus keeps SQLite from searching once for each id
            only, ids = "AND +rowid IN (SELECT value FROM json_each(?))", [json.dumps([int(id) for id in within])]
        rows = self._db.execute(
            f"SELECT rowid, -bm25(lexical) FROM lexical WHERE lexical MATCH ? {only} ORDER BY rank, rowid LIMIT ?",
            (match, *ids, k),
        )
        return [(id, score) for id, score in rows]

    def holds_word(self, word: str) -> bool:
        """Whether a passage holds `word`, given in lower case, letter for letter."""
        stem = "SELECT p.text FROM lexical l JOIN passages p ON p.id = l.rowid WHERE lexical MATCH ?"
        # Of some with its stem the words are looked at; "adoption" may stand behind many that hold "adopted".
        few = self._db.execute(f"{stem} LIMIT 20", (f'"{word}"',))
        spelled = self._db.execute(f"{stem} AND p.text LIKE ?", (f'"{word}"', f"%{word}%"))
        return any(word in words(text) for rows in (few, spelled) for (text,) in rows)

    def document_frequencies(self, stems: Iterable[str]) -> dict[str, int]:
        """How many passages hold the words with these Porter stems; without those that none holds."""
        return document_frequencies(self._db, stems)

    # -- writing (inside `writing`) --------------------------------------------------------------------

    def put(
        self,
        document: Document,
        passages: Sequence[Passage],
        hashes: Sequence[bytes],
        vectors: Sequence[Vectors],
        source: Source | None,
        generation: int,
        moved: str | None = None,
    ) -> None:
        """Stores a document in place of any of the same name or source, and of the one called `moved`; their tags stay.

        ValueError if the passages do not tile the text.
        """
        if "".join(p.text for p in passages) != document.text:
            raise ValueError(f"the passages of {document.id} do not tile its text")
        tags = []
        for name in self._replaced(document.id, source, moved):
            tags += self._db.execute(
                "SELECT tag FROM tags WHERE document = (SELECT id FROM documents WHERE name = ?)", (name,)
            ).fetchall()
            self.remove(name, generation)
        if moved and moved != document.id:
            self.set_meta(_MOVED + moved, document.id)
        self._db.execute(
            "INSERT INTO documents (name, title, sha256, sections, pages, source, size, mtime_ns) "
            "VALUES (?,?,?,?,?,?,?,?)",
            (
                document.id,
                document.title,
                document.sha256,
                json.dumps([[s.start, s.path] for s in document.sections], ensure_ascii=False),
                json.dumps([[p.start, p.number] for p in document.pages]),
                *((source.path, source.size, source.mtime_ns) if source else (None, None, None)),
            ),
        )
        owner = self._db.last_insert_rowid()
        self._db.executemany("INSERT OR IGNORE INTO tags VALUES (?, ?)", [(owner, tag) for (tag,) in tags])
        for passage, hash, vector in zip(passages, hashes, vectors, strict=True):
            place = (owner, passage.start, passage.end, passage.heading, passage.page)
            self._db.execute(
                "INSERT INTO passages (document, first, last, heading, page, context, text, hash, generation) "
                "VALUES (?,?,?,?,?,?,?,?,?)",
                (*place, passage.context, passage.text, hash, generation),
            )
            id = self._db.last_insert_rowid()
            self._db.execute("INSERT INTO vectors VALUES (?,?,?)", (id, vector.pooled, vector.codes))
            whole = (id, passage.context, passage.text)
            self._db.execute("INSERT INTO lexical (rowid, context, text) VALUES (?,?,?)", whole)

    def tag(self, names: Iterable[str], tags: Sequence[str]) -> None:
        """Gives documents tags, in addition to those they have."""
        self._db.executemany(
            "INSERT OR IGNORE INTO tags SELECT id, ? FROM documents WHERE name = ?",
            [(tag, name) for name in names for tag in tags],
        )

    def untag(self, name: str) -> None:
        """Takes all its tags from a document."""
        self._db.execute("DELETE FROM tags WHERE document = (SELECT id FROM documents WHERE name = ?)", (name,))

    def touch(self, source: Source) -> None:
        """Remembers that the document from this file is unchanged though size or time of the file differ."""
        self._db.execute(
            "UPDATE documents SET size = ?, mtime_ns = ? WHERE source = ?", (source.size, source.mtime_ns, source.path)
        )

    def remove(self, name: str, generation: int) -> None:
        """Removes the document `name` with its passages, vectors and words; UnknownDocumentError if absent."""
        row = self._db.execute("SELECT id FROM documents WHERE name = ?", (as_stored(name),)).fetchone()
        if not row:
            raise UnknownDocumentError(_ABSENT.format(name))
        rows = self._db.execute("SELECT id, context, text FROM passages WHERE document = ?", row).fetchall()
        self._db.executemany("INSERT INTO lexical (lexical, rowid, context, text) VALUES ('delete', ?, ?, ?)", rows)
        ids = [(id,) for id, _, _ in rows]
        self._db.executemany("DELETE FROM vectors WHERE passage = ?", ids)
        self._db.executemany("DELETE FROM passages WHERE id = ?", ids)
        self._db.executemany("INSERT INTO removed VALUES (?, ?)", [(id, generation) for (id,) in ids])
        self._db.execute("DELETE FROM tags WHERE document = ?", row)
        self._db.execute("DELETE FROM documents WHERE id = ?", row)

    def _replaced(self, name: str, source: Source | None, moved: str | None) -> list[str]:
        values = (name, moved, source.path if source else None)
        rows = self._db.execute("SELECT name FROM documents WHERE name IN (?, ?) OR source = ?", values)
        return [row[0] for row in rows]

    # -- checking --------------------------------------------------------------------------------------

    def problems(self) -> list[str]:
        """What is wrong inside the store itself, a sentence each; empty when nothing is."""
        try:
            with translated(self.path):
                return self._problems()
        except LibraryError as exc:
            return [str(exc)]

    def _problems(self) -> list[str]:
        found = [
            f"the database is damaged: {row[0]}"
            for row in self._db.execute("PRAGMA integrity_check(20)")
            if row[0] != "ok"
        ]
        found += [
            f"the table {row[0]} has a row without its owner" for row in self._db.execute("PRAGMA foreign_key_check")
        ]
        without = self._number("SELECT count(*) FROM passages WHERE id NOT IN (SELECT passage FROM vectors)")
        if without:
            found.append(f"{without} passages have no vector")
        for name, title in self._db.execute("SELECT name, title FROM documents").fetchall():
            end = 0
            for first, last, text in self._db.execute(
                "SELECT first, last, text FROM passages WHERE document = (SELECT id FROM documents WHERE name = ?) "
                "ORDER BY first",
                (name,),
            ):
                if first != end or last - first != len(text):
                    found.append(f"the passages of {name} ({title}) do not tile its text at {first}")
                    break
                end = last
        try:
            with self._writable() as db:
                db.execute("INSERT INTO lexical (lexical, rank) VALUES ('integrity-check', 1)")
        except apsw.Error as exc:
            found.append(f"the lexical index does not agree with the passages: {exc}")
        return found

    @contextmanager
    def _writable(self) -> Iterator[apsw.Connection]:
        """This database, or where it is read-only a copy that is gone afterwards: FTS5 checks itself by an INSERT."""
        if not self.read_only:
            yield self._db
            return
        with closing(apsw.Connection("")) as copy:  # without a name: a temporary file
            with copy.backup("main", self._db, "main") as backup:
                backup.step()
            yield copy

    def _number(self, sql: str, values: Sequence[Any] = ()) -> int:
        return int(next(iter(self._db.execute(sql, values)))[0])

    def rebuild_words(self) -> None:
        """Builds the lexical index anew from the passages; inside `writing`."""
        self._db.execute("INSERT INTO lexical (lexical) VALUES ('rebuild')")


# The passages of the documents in a JSON list of names.
_WITHIN = (
    "SELECT p.id FROM passages p JOIN documents d ON d.id = p.document WHERE d.name IN (SELECT value FROM json_each(?))"
)
