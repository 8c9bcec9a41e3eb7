"""How fast a folder comes in, as a share of what the encoder alone can do: python -m tests.benchmarks.throughput FOLDER

Each round ingests the folder into a new library, end to end, and then has the encoder encode the very same
passages from memory, all at once; the best of the rounds is printed for either. Processor seconds, those of
the reading child included, say the same on a machine that does other things besides. Afterwards: how long an
ingest takes in which nothing has changed, and one in which one paragraph has.
"""

import argparse
import os
import shutil
import tempfile
import time
from pathlib import Path

import ui  # noqa: F401  # as the command: numpy multiplies by one thread
from ingest import Library, Report, encoder_text
from ingest.readers import SUFFIXES


def processor_seconds() -> float:
    """What this process and its children that have ended used so far."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def ingest_new(folder: Path, place: Path) -> tuple[Report, float]:
    """The report of an ingest of `folder` into a new library at `place`, and the processor seconds it took."""
    shutil.rmtree(place, ignore_errors=True)
    with Library.open(place, create=True) as library:
        library.encoder.encode_passages(["Warm."])
        used = processor_seconds()
        return library.ingest(folder), processor_seconds() - used


def encode_alone(place: Path) -> tuple[float, float, float]:
    """Seconds that the encoder takes for all passages of the library: their vectors, the codes of those; processor's."""
    with Library.open(place) as library, library.reading() as store:
        passages = store.passages(sorted(store.passage_ids())).values()
        texts = list(dict.fromkeys(encoder_text(passage) for passage, _ in passages))
        library.encoder.encode_passages(["Warm."])
        began = time.perf_counter()
        used, coding = processor_seconds(), 0.0
        for first in range(0, len(texts), 512):
            encoded = library.encoder.encode_passages(texts[first : first + 512])
            coded = time.perf_counter()
            library.encoder.compress(encoded)
            coding += time.perf_counter() - coded
        return time.perf_counter() - began - coding, coding, processor_seconds() - used


def again(place: Path, folder: Path) -> tuple[float, Report]:
    """Seconds of an ingest of a library that is opened for it, and its report."""
    began = time.perf_counter()
    with Library.open(place) as library:
        report = library.ingest(folder)
    return time.perf_counter() - began, report


def edit_one(folder: Path) -> str:
    """Adds a sentence to a paragraph in the middle of the largest plain file; that file's name."""
    file = max((p for p in folder.rglob("*") if p.suffix in (".md", ".rst", ".adoc", ".txt")), key=_size)
    paragraphs = file.read_text("utf-8").split("\n\n")
    middle = next(i for i in range(len(paragraphs) // 2, len(paragraphs)) if len(paragraphs[i]) > 200)
    paragraphs[middle] += " One more sentence stands here now."
    file.write_text("\n\n".join(paragraphs), "utf-8")
    return file.name


def _size(path: Path) -> int:
    return path.stat().st_size


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=2)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        place, folder = Path(name) / "library", Path(name) / "folder"
        shutil.copytree(args.folder, folder)
        rounds = []
        for _ in range(args.rounds):
            report, used = ingest_new(folder, place)
            rounds.append((report.seconds, used, *encode_alone(place)))
        whole, worked, vectors, codes, encoded = (min(times) for times in zip(*rounds, strict=True))
        files = sum(path.suffix.lower() in SUFFIXES for path in folder.rglob("*"))
        print(f"{files} files, {report.documents} documents, {report.encoded} passages encoded")
        print(f"ingest, end to end      {whole:7.1f} s {report.encoded / whole:7.1f} passages/s")
        print(f"encoder: vectors        {vectors:7.1f} s {report.encoded / vectors:7.1f} passages/s")
        print(f"encoder: and codes      {vectors + codes:7.1f} s {report.encoded / (vectors + codes):7.1f} passages/s")
        print(f"share of vectors alone {vectors / whole:.1%}; of vectors and codes {(vectors + codes) / whole:.1%}")
        print(f"processor seconds: ingest {worked:.1f}, encoder alone {encoded:.1f}: {encoded / worked:.1%}")
        seconds, report = again(place, folder)
        print(f"nothing changed: {seconds:.2f} s ({report.seconds:.2f} s of them the ingest), {report.encoded} encoded")
        edited = edit_one(folder)
        seconds, report = again(place, folder)
        print(f"a sentence more in {edited}: {seconds:.2f} s ({report.seconds:.2f} s), {report.encoded} encoded")


if __name__ == "__main__":
    main()
