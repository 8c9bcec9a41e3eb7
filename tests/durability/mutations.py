"""Damages the files of a library in thousands of ways: each must be found out and mended, or change nothing.

    python -m tests.durability.mutations [--mutations 10000] [--seed 1] [--large]

A mutation alters one file of a small library: bits, bytes, blocks, its length, or takes it away. Then

1. questions are asked: each answer is that of the whole library, or an error in one sentence;
2. `check` is asked: it finds the damage, or the library is proved to be the same (documents, texts, vectors,
   codes, searches);
3. `repair` mends it: the library is the same again, and `check` finds nothing.

Not among the mutations is a whole page in the place of another: it agrees with its own checksum (DESIGN.md, "Checksums").

The encoder is a fast one that really ranks; everything else is the product. Exit 1 if one mutation did otherwise.
"""

import argparse
import random
import shutil
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

from ingest import Library, PinciteError
from retriever import Retriever
from tests.conftest import FakeEncoder

QUESTIONS = ("the antigen of the tumour", "marrow serum graft", "Which dose of the infusion?", "thymus")
WORDS = """tumour antigen receptor tolerance vaccine fever platelet cytokine marrow serum graft allergen antibody lymph
relapse dose infusion checkpoint thymus biopsy interferon melanoma spleen mucosa peptide virus""".split()
DOCUMENTS = 12
PARAGRAPHS = 6


def made(folder: Path, sources: Path, draw: random.Random) -> None:
    """A library in `folder` of documents in `sources`, some of which have been changed and removed again."""
    sources.mkdir()
    for n in range(DOCUMENTS):
        texts = [" ".join(draw.choices(WORDS, k=60)).capitalize() + "." for _ in range(PARAGRAPHS)]
        (sources / f"note{n}.md").write_text(f"# Note {n}\n\n" + "\n\n".join(texts), "utf-8")
    (sources / "gone.md").write_text("# Gone\n\nThis goes away.", "utf-8")
    with Library.open(folder, create=True) as library:
        library.ingest(sources, tags=["notes"])
        (sources / "gone.md").unlink()
        (sources / "note3.md").write_text("# Note 3\n\nOnly the spleen is left.", "utf-8")
        library.ingest(sources)


def searched(library: Library) -> list[Any]:
    """What the questions find."""
    retriever = Retriever(library)
    return [[(h.passage, round(h.score, 5), h.found_by) for h in retriever.search(q, k=20).hits] for q in QUESTIONS]


def state(library: Library) -> dict[str, Any]:
    """All that the library holds."""
    with library.reading() as store:
        names = [info.document for info in library.documents()]
        contents = [store.contents(name) for name in names]
        return {"documents": library.documents(), "contents": contents, "searches": searched(library)}


def mutated(folder: Path, draw: random.Random) -> str:
    """Alters one file in `folder`; what was done, in words."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size)
    # The store is the largest by far; the small files are to have their share.
    file = draw.choice(files) if draw.random() < 0.3 else folder / "pincite.db"
    data = bytearray(file.read_bytes())
    at = draw.randrange(len(data))
    kind = draw.choice(("bit", "byte", "block", "zeros", "cut", "longer", "gone"))
    if kind in ("cut", "longer", "gone") and draw.random() < 0.7:
        kind = "bit"
    match kind:
        case "bit":
            data[at] ^= 1 << draw.randrange(8)
        case "byte":
            data[at] = (data[at] + draw.randrange(1, 256)) % 256
        case "block":
            end = min(len(data), at + draw.choice((8, 512, 4096)))
            data[at:end] = draw.randbytes(end - at)
        case "zeros":
            end = min(len(data), at + draw.choice((8, 512, 4096)))
            data[at:end] = bytes(end - at)
        case "cut":
            del data[at:]
        case "longer":
            data += draw.randbytes(draw.choice((1, 4096)))
        case "gone":
            file.unlink()
    if kind != "gone":
        file.write_bytes(data)
    return f"{file.name}: {kind} at {at}"


class Trials:
    """The mutations of one library, and what came of them."""

    def __init__(self, seed: int, place: Path) -> None:
        self.draw = random.Random(seed)
        self.place = place
        self.library = place / "library"
        self.outcomes: Counter[str] = Counter()
        self.faults: list[str] = []
        made(self.library, place / "sources", self.draw)
        with Library.open(self.library) as opened:
            self.whole = state(opened)

    def run(self, mutations: int) -> None:
        """So many mutations, each of the whole library."""
        copy = self.place / "copy"
        for number in range(mutations):
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(self.library, copy)
            what = f"{number} {mutated(copy, self.draw)}"
            try:
                told = self._told(copy, what)
                if told:
                    lost = Library.repair(copy)
                    with Library.open(copy) as opened:
                        if lost or state(opened) != self.whole or opened.check():
                            self.faults.append(f"{what}: not mended: {lost}")
                    self.outcomes[f"found by {told}, and mended"] += 1
            except Exception as error:  # noqa: BLE001  # whatever it is, it is a fault
                self.faults.append(f"{what}: {type(error).__name__}: {error}")

    def _told(self, folder: Path, what: str) -> str:
        """Who told of the damage: opening, asking or check; empty if there is none."""
        try:
            opened = Library.open(folder)
        except PinciteError as error:
            return self._sentence(error, "opening", what)
        with opened:
            by = ""
            try:
                if searched(opened) != self.whole["searches"]:
                    self.faults.append(f"{what}: a search found something else")
            except PinciteError as error:
                by = self._sentence(error, "asking", what)
            try:
                problems = opened.check()
            except PinciteError as error:
                self._sentence(error, "check", what)
                problems = [str(error)]
            if problems:
                return by or "check"
            if by:
                self.faults.append(f"{what}: asking failed, check found nothing")
            elif state(opened) != self.whole:
                self.faults.append(f"{what}: nobody found it")
            else:
                self.outcomes["changes nothing"] += 1
            return ""

    def _sentence(self, error: PinciteError, by: str, what: str) -> str:
        if "\n" in str(error) or len(str(error)) > 600:
            self.faults.append(f"{what}: {by} says: {error}")
        return by


@contextmanager
def trials(seed: int, large: bool = False) -> Iterator[Trials]:
    """Trials in a folder of their own, with the fast encoder; with the indexes of a large library if `large`."""
    encoder = FakeEncoder()
    with (
        tempfile.TemporaryDirectory() as place,
        patch("ingest.library.encoder_of", lambda settings, fingerprint=None: encoder),
        patch("ingest.indexes.derived.LARGE_PASSAGES", 10) if large else nullcontext(),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore", RuntimeWarning)  # damaged vectors may hold what is no number
        yield Trials(seed, Path(place))


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutations", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--large", action="store_true", help="with the indexes of a large library")
    given = parser.parse_args()
    began = time.monotonic()
    with trials(given.seed, given.large) as tried:
        tried.run(given.mutations)
        for outcome, count in tried.outcomes.most_common():
            print(f"{count:7} {outcome}")
        print(f"{len(tried.faults):7} faults, {time.monotonic() - began:.0f} s")
        for fault in tried.faults[:40]:
            print("  " + fault[:300])
    raise SystemExit(bool(tried.faults))


if __name__ == "__main__":
    main()
