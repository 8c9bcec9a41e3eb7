"""Kills an ingest at named points and at random moments, and proves that nothing was lost or left behind.

    python -m tests.durability.kills [--kills N] [--seed S] [--real] [--large]

Every trial changes a folder, starts to bring a library in line with it (or to remove documents, or to build it
from nothing) in a process of its own, and kills that process inside the write: at a named point of the code, after so many steps
of SQLite's own machine, or after a random time. That the kill landed inside is told by the process itself, through
a pipe. Then the library must be whole, hold every document that both states have, in one of its two versions, and
nothing else; finishing the interrupted work must make it equal a library built from nothing: documents, texts,
vectors and searches. With --real the bundled encoder is used instead of one of hashed words, with --large
the indexes of a large library.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from ingest import Library, LibraryError, pipeline, repair, store
from ingest.database import FILE, Database
from ingest.indexes import derived
from ingest.indexes.dense import DenseIndex
from ingest.indexes.postings import WordIndex
from ingest.indexes.signs import SignIndex
from ingest.reading import Part, parts
from retriever import Retriever
from tests.conftest import FakeEncoder

WORDS = """tumour antigen receptor tolerance vaccine fever platelet cytokine marrow serum graft allergen antibody lymph
relapse dose infusion checkpoint thymus biopsy interferon melanoma spleen mucosa peptide virus""".split()
FILES = 14
# Chosen so that every interval between two durable steps is entered.
POINTS: tuple[tuple[Any, str], ...] = (
    (pipeline, "put"),
    (store.Store, "put"),
    (store.Store, "remove"),
    (store.Store, "set_meta"),
    (DenseIndex, "save"),
    (SignIndex, "save"),
    (WordIndex, "save"),
    (derived, "save"),
    (derived, "_sync"),
    (repair, "write_list"),
    (os, "replace"),
)
STEPS = 200  # of SQLite's machine, between two chances to be killed


@dataclass(slots=True)
class Outcome:
    """How the trials went."""

    landed: Counter[str] = field(default_factory=Counter)
    missed: int = 0
    faults: list[str] = field(default_factory=list)


class Killer:
    """Counts the points that are passed, and kills this process at one of them."""

    def __init__(self, pipe: int, at: tuple[str, int] | None) -> None:
        self.pipe = pipe
        self.at = at
        self.passed: Counter[str] = Counter()
        self.inside = False

    def passing(self, point: str) -> int:
        """Notes that `point` is passed; returns 0, with which SQLite goes on."""
        if self.inside:
            self.passed[point] += 1
            if self.at == (point, self.passed[point]):
                os.write(self.pipe, b"K")
                os.kill(os.getpid(), signal.SIGKILL)
        return 0

    def watch(self) -> None:
        """Puts the points into the code."""
        for owner, name in POINTS:
            original = getattr(owner, name)
            setattr(owner, name, self._wrapped(original, f"{getattr(owner, '__name__', owner)}.{name}"))
        killer = self

        execute = Database.execute

        def watched(db: Database, sql: str, *rest: Any, **named: Any) -> Any:
            if sql != "COMMIT":
                return execute(db, sql, *rest, **named)
            killer.passing("commit begins")
            done = execute(db, sql, *rest, **named)
            killer.passing("commit is done")
            return done

        opened = Database.__init__

        def opening(db: Database, *args: Any, **named: Any) -> None:
            opened(db, *args, **named)
            db.set_progress_handler(lambda: bool(killer.passing("SQLite")), STEPS)

        Database.execute = watched  # type: ignore[method-assign,assignment]
        Database.__init__ = opening  # type: ignore[method-assign,assignment]

    def _wrapped(self, original: Callable[..., Any], point: str) -> Callable[..., Any]:
        def wrapper(*args: Any, **named: Any) -> Any:
            self.passing(f"{point} begins")
            done = original(*args, **named)
            self.passing(f"{point} is done")
            return done

        return wrapper


class InProcess:
    """Reads in this process: a child of the victim's own for every trial would take most of the time."""

    def __init__(self, seconds: float) -> None:
        assert seconds > 0

    def stop(self) -> None:
        """Nothing is being read."""

    def read(self, data: bytes, name: str, known: Mapping[str, str]) -> Iterator[Part]:
        """The parts of a file."""
        return parts(data, name, known)

    def close(self) -> None:
        """Nothing is open."""


def in_child(function: Callable[[], Any]) -> Any:
    """What `function` returns, run in a process of its own (JSON)."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(read)
        status = 1
        try:
            with os.fdopen(write, "w") as out:
                json.dump(function(), out)
            status = 0
        finally:
            os._exit(status)
    os.close(write)
    with os.fdopen(read) as answers:
        text = answers.read()
    os.waitpid(pid, 0)
    return json.loads(text)


def run_victim(
    work: Callable[[], None], at: tuple[str, int] | None, after: float | None
) -> tuple[bool, Counter[str], float]:
    """Runs `work` in a child and kills it; whether that landed inside, the points passed, and the seconds taken."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(read)
        try:
            killer = Killer(write, at)
            killer.watch()
            os.write(write, b"B")
            killer.inside = True
            work()
            os.write(write, b"E" + json.dumps(killer.passed).encode())
        finally:
            os._exit(0)
    os.close(write)
    began = time.monotonic()
    with os.fdopen(read, "rb") as told:
        first = told.read(1)
        if after is not None:
            time.sleep(after)
            os.kill(pid, signal.SIGKILL)
        rest = told.read()
    _, status = os.waitpid(pid, 0)
    seconds = time.monotonic() - began
    if rest.startswith(b"E"):
        return False, Counter(json.loads(rest[1:])), seconds
    landed = first == b"B" and os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    return landed and (at is None or rest == b"K"), Counter(), seconds


class Trials:
    """A folder, a library of it, and what both should hold."""

    def __init__(self, place: Path, seed: int) -> None:
        self.place = place
        self.folder, self.library = place / "folder", place / "library"
        self.random = random.Random(seed)
        self.outcome = Outcome()
        self.folder.mkdir()
        for _ in range(FILES):
            self._write(f"{self._word()}-{self.random.randrange(1000)}.md")

    def _word(self) -> str:
        return self.random.choice(WORDS)

    def _paragraph(self) -> str:
        return " ".join(
            f"{' '.join(self._word() for _ in range(9)).capitalize()}." for _ in range(self.random.randrange(2, 9))
        )

    def _write(self, name: str) -> None:
        body = "\n\n".join(self._paragraph() for _ in range(self.random.randrange(1, 9)))
        (self.folder / name).write_text(f"# {self._word()}\n\n{body}\n", "utf-8")

    def _edit(self) -> None:
        """Changes the folder in some places."""
        files = sorted(self.folder.iterdir())
        for path in self.random.sample(files, 3):
            lines = path.read_text("utf-8").split("\n\n")
            lines[self.random.randrange(1, len(lines))] = self._paragraph()
            path.write_text("\n\n".join(lines), "utf-8")
        gone, moved = self.random.sample(files, 2)
        gone.unlink()
        moved.rename(moved.with_name(f"{self._word()}-{self.random.randrange(1000)}-moved.md"))
        self._write(f"{self._word()}-{self.random.randrange(1000)}.md")

    def trial(self) -> None:
        """One kill, the proofs, and the work finished."""
        kind = self.random.choice(["first", "again", "again", "remove"])
        before = in_child(self.texts)
        doomed: list[str] = []
        if kind == "first":
            shutil.rmtree(self.library, ignore_errors=True)
            before = {}
        elif kind == "again":
            self._edit()
        else:
            doomed = self.random.sample(sorted(before), min(4, len(before)))
        after = {n: t for n, t in before.items() if n not in doomed}
        if kind != "remove":
            after = in_child(self.folder_texts)

        def work() -> None:
            with Library.open(self.library, create=True) as opened:
                if kind == "remove":
                    opened.remove(*(name for name in doomed if name in {d.document for d in opened.documents()}))
                else:
                    opened.ingest(self.folder)

        saved = self.place / "saved"
        shutil.rmtree(saved, ignore_errors=True)
        if self.library.exists():
            shutil.copytree(self.library, saved)
        _, points, seconds = run_victim(work, None, None)
        shutil.rmtree(self.library, ignore_errors=True)  # back to the state before, and now in earnest
        if saved.exists():
            shutil.copytree(saved, self.library)
        if self.random.random() < 0.4 or not points:
            label, landed = "a random moment", self._at_random(work, seconds)
        else:
            label = self.random.choice(sorted(points))
            landed = run_victim(work, (label, self.random.randint(1, points[label])), None)[0]
        if landed:
            self.outcome.landed[f"{kind}: {label}"] += 1
        else:
            self.outcome.missed += 1
        self._judge(f"{kind}, killed at {label}", before, after)
        in_child(work)
        now = in_child(lambda: {"texts": self.texts(), "problems": self.problems()})
        if now != {"texts": after, "problems": []}:
            self._fault(
                f"{kind}, finished after a kill at {label}: {self._difference(now['texts'], after)} {now['problems']}"
            )

    def _at_random(self, work: Callable[[], None], seconds: float) -> bool:
        return run_victim(work, None, self.random.uniform(0, seconds * 0.9))[0]

    def _judge(self, what: str, before: dict[str, str], after: dict[str, str]) -> None:
        """Compares the library as the kill left it with the two states it may be between."""
        if not (self.library / FILE).exists():
            if before:
                self._fault(f"{what}: the library is gone")
            return
        found = in_child(lambda: {"texts": self.texts(), "problems": self.problems()})
        if found["problems"]:
            self._fault(f"{what}: {found['problems']}")
        for name, text in found["texts"].items():
            if text not in (before.get(name), after.get(name)):
                self._fault(f"{what}: {name} is in neither state")
        for name in set(before) & set(after) - set(found["texts"]):
            self._fault(f"{what}: {name} is lost")

    def texts(self) -> dict[str, str]:
        """The text of every document in the library."""
        if not (self.library / FILE).exists():
            return {}
        try:
            with Library.open(self.library) as opened:
                return {info.document: opened.text(info.document) for info in opened.documents()}
        except LibraryError as exc:
            return {"!": str(exc)} if "not a Pincite" not in str(exc) else {}

    def problems(self) -> list[str]:
        """What the library's own check finds."""
        try:
            with Library.open(self.library) as opened:
                return opened.check()
        except LibraryError as exc:
            # Killed before its first table was there: nothing was in it, and ingesting makes it.
            return [] if "not a Pincite" in str(exc) else [str(exc)]

    def folder_texts(self) -> dict[str, str]:
        """What the library should hold for the folder as it is now."""
        found = {}
        for path in sorted(self.folder.iterdir()):
            (part,) = parts(path.read_bytes(), path.name)
            assert part.content
            found[path.name] = part.content.text
        return found

    def equals_clean_build(self, searches: int) -> None:
        """Compares the library with one built from nothing, down to vectors and searches."""

        def whole(place: Path) -> Any:
            with Retriever.open(place) as retriever:
                opened = retriever.library
                opened.ingest(self.folder)
                draw = random.Random(5)
                asked = [" ".join(draw.sample(WORDS, 4)) for _ in range(searches)]
                with opened.reading() as of:
                    vectors = sorted(
                        (p.document, p.start, v.pooled.hex(), v.codes.hex(), p.text, p.heading)
                        for p, v in of.passages(sorted(of.passage_ids())).values()
                    )
                return {
                    "documents": [info.to_dict() for info in retriever.documents()],
                    "vectors": vectors,
                    "searches": [
                        [(h["document"], h["start"], round(h["score"], 9), h["found_by"]) for h in found["hits"]]
                        for found in (retriever.search(question).to_dict() for question in asked)
                    ],
                }

        def compare() -> str:
            clean = self.place / "clean"
            shutil.rmtree(clean, ignore_errors=True)
            with Library.open(clean, create=True):
                pass
            one, other = whole(self.library), whole(clean)
            return ", ".join(key for key in one if one[key] != other[key])

        differs = in_child(compare)
        if differs:
            self._fault(f"differs from a clean build: {differs}")

    def _difference(self, found: dict[str, str], expected: dict[str, str]) -> str:
        return ", ".join(sorted(name for name in {*found, *expected} if found.get(name) != expected.get(name)))

    def _fault(self, what: str) -> None:
        self.outcome.faults.append(what)
        print(f"FAULT {what}", file=sys.stderr)


@contextmanager
def prepared(real: bool, large: bool = False) -> Iterator[None]:
    """The encoder and the reader that the trials run with; the index file is written in most trials."""
    encoder = FakeEncoder()
    with (
        nullcontext() if real else patch("ingest.library.encoder_of", lambda settings, fingerprint=None: encoder),
        patch("ingest.pipeline.Reading", InProcess),
        patch("ingest.library.STALE_PASSAGES", 3),
        patch("ingest.indexes.derived.LARGE_PASSAGES", 10) if large else nullcontext(),
    ):
        yield


def run(kills: int, seed: int, real: bool = False, searches: int = 200, large: bool = False) -> Outcome:
    """So many kills that landed, with all proofs."""
    with tempfile.TemporaryDirectory() as place, prepared(real, large):
        trials = Trials(Path(place), seed)
        while (landed := trials.outcome.landed.total()) < kills and len(trials.outcome.faults) < 20:
            trials.trial()
            if landed and landed % 100 == 0 and sys.stderr.isatty():
                print(f"{landed} kills", file=sys.stderr)
        trials.equals_clean_build(searches)
    return trials.outcome


def main() -> None:
    """Runs the trials and prints what happened."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--real", action="store_true", help="with the bundled encoder")
    parser.add_argument("--large", action="store_true", help="with the indexes of a large library")
    arguments = parser.parse_args()
    began = time.monotonic()
    outcome = run(arguments.kills, arguments.seed, arguments.real, large=arguments.large)
    for point, count in sorted(outcome.landed.items()):
        print(f"{count:5d}  {point}")
    print(
        f"{outcome.landed.total()} kills inside a write, {outcome.missed} came too late, "
        f"{len(outcome.faults)} faults, {time.monotonic() - began:.0f} s"
    )
    sys.exit(bool(outcome.faults))


if __name__ == "__main__":
    main()
