"""The conversations of a library, kept beside its store: what was asked, what was answered, and from which words.

An answer is kept whole, with its quotes, so that a citation of an old turn can be opened at any time, and so that a
document that has changed since can be told from one that has not (`whereabouts.py`). Nothing of it is searched or
encoded; it is a file of its own, since it belongs to the readers and not to the documents: deleting it loses no source.
"""

import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from ingest import Library, LibraryError, Passage, present_name
from retriever import Answer, Citation, Hit, LibraryState, Turn

FILE = "conversations.db"
# What is kept of a turn that its reader stopped.
STOPPED = "Stopped."
_FORMAT = 3
_TITLE_CHARS = 80
# Conversations that a list shows at most; older ones are found by searching.
_LISTED = 200
# The note under a rating is a remark, not a document.
MAX_NOTE_CHARS = 2000
_SCHEMA = f"""
CREATE TABLE conversations (
    id TEXT PRIMARY KEY, title TEXT NOT NULL,
    scope TEXT NOT NULL,              -- JSON {{"documents": [...], "tags": [...]}}
    updated REAL NOT NULL             -- seconds since 1970
) WITHOUT ROWID;
CREATE TABLE turns (
    conversation TEXT NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
    number INTEGER NOT NULL,          -- from 1
    question TEXT NOT NULL,
    answer TEXT,                      -- JSON, the ANSWER of the contract; NULL where there is none
    failure TEXT NOT NULL,            -- why there is none, in a sentence
    asked REAL NOT NULL,
    rating INTEGER NOT NULL DEFAULT 0, note TEXT NOT NULL DEFAULT '',
    scope TEXT NOT NULL DEFAULT '{{}}',  -- that of the conversation when it was asked
    search_for TEXT NOT NULL DEFAULT '',  -- what its reader had it search for in place of its question
    PRIMARY KEY (conversation, number)
) WITHOUT ROWID;
PRAGMA user_version = {_FORMAT};
"""
# What makes a file of each earlier format one of the next.
_LATER = (
    "ALTER TABLE turns ADD COLUMN scope TEXT NOT NULL DEFAULT '{}';",
    "ALTER TABLE turns ADD COLUMN search_for TEXT NOT NULL DEFAULT '';",
)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which documents a conversation asks: all, if both are empty; else those named and those with one of the tags."""

    documents: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @classmethod
    def of(cls, value: Any) -> Self:
        """The scope that JSON of the page stands for; what makes no sense in it is left out."""
        given = value if isinstance(value, Mapping) else {}
        parts = (given.get("documents"), given.get("tags"))
        return cls(*(tuple(str(v) for v in part) if isinstance(part, list | tuple) else () for part in parts))

    def now(self, library: Library) -> Self:
        """The scope with the names that its documents have now, if their files were moved since they were chosen."""
        with library.reading() as store:
            return replace(self, documents=tuple(dict.fromkeys(present_name(store, d) for d in self.documents)))

    def to_dict(self) -> dict[str, list[str]]:
        """The scope as JSON."""
        return {"documents": list(self.documents), "tags": list(self.tags)}


@dataclass(frozen=True, slots=True)
class KeptTurn:
    """A question with what came of it. Without an answer, `failure` says why; both are missing while it is worked on.

    `rating` is 1 (helpful), -1 (not helpful) or 0 (not said). `search_for` is what the reader put in place of what the
    question would be searched for as, if anything.
    """

    number: int
    question: str
    answer: Answer | None
    failure: str
    asked: float
    rating: int = 0
    note: str = ""
    scope: Scope = field(default_factory=Scope)
    search_for: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation as it is kept. Its id is random: whoever has it can open it."""

    id: str
    title: str
    scope: Scope
    updated: float
    turns: tuple[KeptTurn, ...] = ()

    def history(self, before: int) -> list[Turn]:
        """The answered turns before turn number `before`, as the retriever takes them."""
        done = [(t.question, t.answer) for t in self.turns if t.answer is not None and t.number < before]
        return [t for question, answer in done for t in (Turn("user", question), Turn("assistant", answer.text))]

    def turn(self, number: int) -> KeptTurn | None:
        """The turn of that number, if there is one."""
        return next((t for t in self.turns if t.number == number), None)


class Conversations:
    """All conversations of one library. Safe to use from several threads."""

    def __init__(self, connection: sqlite3.Connection, lasting: bool) -> None:
        self._db = connection
        self._mutex = threading.Lock()
        self.lasting = lasting

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The conversations kept in a library's folder; LibraryError if the file there is not what it should be.

        Where the folder cannot be written to, they last as long as this object.
        """
        try:
            return cls(_connected(folder / FILE), True)
        except sqlite3.OperationalError:
            return cls(_connected(":memory:"), False)
        except sqlite3.DatabaseError as exc:
            raise LibraryError(
                f"{folder / FILE} is damaged ({exc}): move it away, and conversations begin anew."
            ) from exc

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    def search(self, words: str = "") -> list[Conversation]:
        """Conversations without their turns, the latest first; with `words`, those that hold all of them."""
        holds = " AND ".join(
            "(title LIKE ? ESCAPE '\\' OR EXISTS (SELECT 1 FROM turns WHERE conversation = id "
            "AND (question LIKE ? ESCAPE '\\' OR json_extract(answer, '$.text') LIKE ? ESCAPE '\\')))"
            for _ in words.split()
        )
        patterns = [_pattern(word) for word in words.split() for _ in range(3)]
        with self._reading() as db:
            rows = db.execute(
                f"SELECT id, title, scope, updated FROM conversations {'WHERE ' + holds if holds else ''} "
                "ORDER BY updated DESC, id LIMIT ?",
                (*patterns, _LISTED),
            ).fetchall()
        return [Conversation(id, title, _scope(scope), updated) for id, title, scope, updated in rows]

    def get(self, id: str) -> Conversation | None:
        """The conversation with that id and all its turns, if there is one."""
        with self._reading() as db:
            found = db.execute("SELECT id, title, scope, updated FROM conversations WHERE id = ?", (id,)).fetchone()
            turns = db.execute(
                "SELECT number, question, answer, failure, asked, rating, note, scope, search_for FROM turns "
                "WHERE conversation = ? ORDER BY number",
                (id,),
            ).fetchall()
        if found is None:
            return None
        kept = tuple(
            KeptTurn(
                number,
                question,
                recalled(json.loads(answer)) if answer else None,
                why,
                asked,
                rating,
                note,
                _scope(scope),
                search_for,
            )
            for number, question, answer, why, asked, rating, note, scope, search_for in turns
        )
        return Conversation(found[0], found[1], _scope(found[2]), found[3], kept)

    def begin(
        self, id: str, question: str, scope: Scope, instead_of: int = 0, search_for: str = ""
    ) -> tuple[Conversation, int]:
        """The conversation `id` (a new one, if there is none) with a turn more that asks `question`, and its number.

        With `instead_of`, the turn takes the place of that one, and what followed it is gone.
        """
        now = time.time()
        with self._writing() as db:
            if not db.execute("SELECT 1 FROM conversations WHERE id = ?", (id,)).fetchone():
                id = secrets.token_urlsafe(9)
                db.execute("INSERT INTO conversations VALUES (?, ?, '{}', ?)", (id, titled(question), now))
            if instead_of > 0:
                db.execute("DELETE FROM turns WHERE conversation = ? AND number >= ?", (id, instead_of))
                if instead_of == 1:
                    db.execute("UPDATE conversations SET title = ? WHERE id = ?", (titled(question), id))
            last = db.execute("SELECT max(number) FROM turns WHERE conversation = ?", (id,)).fetchone()[0] or 0
            kept = json.dumps(scope.to_dict())
            db.execute("UPDATE conversations SET updated = ?, scope = ? WHERE id = ?", (now, kept, id))
            db.execute(
                "INSERT INTO turns (conversation, number, question, failure, asked, scope, search_for) "
                "VALUES (?, ?, ?, '', ?, ?, ?)",
                (id, last + 1, question, now, kept, search_for),
            )
        conversation = self.get(id)
        assert conversation is not None
        return conversation, last + 1

    def finish(self, id: str, number: int, outcome: Answer | str) -> KeptTurn | None:
        """Keeps the answer of a turn, or the sentence that says why there is none; the turn, unless it is gone.

        A turn that has its answer keeps it: a failure that comes later is that of showing it.
        """
        answer = json.dumps(outcome.to_dict(), ensure_ascii=False) if isinstance(outcome, Answer) else None
        failure = outcome if isinstance(outcome, str) else ""
        with self._writing() as db:
            db.execute(
                "UPDATE turns SET answer = ?, failure = ? WHERE conversation = ? AND number = ? AND answer IS NULL",
                (answer, failure, id, number),
            )
        conversation = self.get(id)
        return conversation.turn(number) if conversation else None

    def rename(self, id: str, title: str) -> bool:
        """Gives a conversation another title; whether there is one."""
        with self._writing() as db:
            return db.execute("UPDATE conversations SET title = ? WHERE id = ?", (titled(title), id)).rowcount > 0

    def delete(self, id: str) -> bool:
        """Deletes a conversation with its turns; whether there was one."""
        with self._writing() as db:
            return db.execute("DELETE FROM conversations WHERE id = ?", (id,)).rowcount > 0

    def rate(self, id: str, number: int, rating: int, note: str) -> bool:
        """Keeps what the reader thinks of an answer; whether there is one."""
        with self._writing() as db:
            changed = db.execute(
                "UPDATE turns SET rating = ?, note = ? WHERE conversation = ? AND number = ? AND answer NOT NULL",
                (rating, note[:MAX_NOTE_CHARS], id, number),
            )
            return changed.rowcount > 0

    def has_ratings(self) -> bool:
        """Whether any answer was rated."""
        with self._reading() as db:
            return db.execute("SELECT 1 FROM turns WHERE rating != 0 LIMIT 1").fetchone() is not None

    def rated(self) -> list[tuple[Conversation, KeptTurn]]:
        """Every turn that was rated, with its conversation."""
        with self._reading() as db:
            ids = db.execute("SELECT DISTINCT conversation FROM turns WHERE rating != 0 ORDER BY 1").fetchall()
        found = [conversation for (id,) in ids if (conversation := self.get(id))]
        return [(conversation, turn) for conversation in found for turn in conversation.turns if turn.rating]

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._mutex:
            try:
                yield self._db
            except sqlite3.Error as exc:
                raise LibraryError(f"The conversations cannot be read: {exc}.") from exc

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._mutex:
            try:
                with self._db:
                    yield self._db
            except sqlite3.Error as exc:
                raise LibraryError(f"The conversation cannot be kept: {exc}.") from exc


def recalled(answer: Mapping[str, Any]) -> Answer:
    """The answer whose `to_dict()` was kept. The passage of a citation is then no more than its quote."""
    citations = tuple(
        Citation(c["number"], _passage(c, c["quote"]), c["start"], c["end"], c["quote"], c["page"], c["verdict"])
        for c in answer["citations"]
    )
    hits = tuple(Hit(_passage(h, h["text"]), h["score"], h["found_by"]) for h in answer["evidence"])
    known = {name: answer[name] for name in Answer.__dataclass_fields__ if name in answer}
    return Answer(**known | {"citations": citations, "evidence": hits, "library": LibraryState(**answer["library"])})


def titled(text: str) -> str:
    """`text` as the title of a conversation: one line, not too long, never empty.

    >>> titled("  What is\\n a T cell? ")
    'What is a T cell?'
    """
    line = " ".join(text.split()) or "Untitled"
    return line if len(line) <= _TITLE_CHARS else line[: _TITLE_CHARS - 1].rstrip() + "…"


def _scope(text: str) -> Scope:
    return Scope.of(json.loads(text))


def _passage(kept: Mapping[str, Any], text: str) -> Passage:
    where = (kept["document"], kept["title"], kept["heading"], kept["page"], kept["start"], kept["end"])
    return Passage(*where, text)


def _pattern(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _connected(path: Path | str) -> sqlite3.Connection:
    db = sqlite3.connect(path, check_same_thread=False, timeout=10)
    try:
        db.execute("PRAGMA foreign_keys = ON")
        if path != ":memory:":
            db.execute("PRAGMA journal_mode = WAL")
        (found,) = db.execute("PRAGMA user_version").fetchone()
        if found == 0:
            db.executescript(f"BEGIN; {_SCHEMA} COMMIT;")
        elif 0 < found < _FORMAT:
            later = " ".join(_LATER[found - 1 :])
            db.executescript(f"BEGIN; {later} PRAGMA user_version = {_FORMAT}; COMMIT;")
        elif found != _FORMAT:
            raise sqlite3.DatabaseError(f"it has format {found}, this version reads {_FORMAT}")
    except BaseException:
        db.close()
        raise
    return db
