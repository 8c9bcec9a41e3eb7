"""How long it takes to find that nothing has changed: python -m tests.benchmarks.unchanged [--files 10000]

Ingests so many small files, and one larger one among them, with the bundled encoder. Then times, each the best of
some rounds, an ingest in which nothing has changed, and one in which one paragraph of the larger file has: in a
process that has the library open, and as the whole command `pincite ingest`, its start included. Exit 1 if the
first takes 3 seconds or more, the second one second more than that, or encodes more than the passages it changed.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from ingest import Library, Report

WORDS = """tumour antigen receptor tolerance vaccine fever platelet cytokine marrow serum graft allergen antibody lymph
relapse dose infusion checkpoint thymus biopsy interferon melanoma spleen mucosa peptide virus""".split()
PARAGRAPHS = 40
MAX_SECONDS = 3.0
MAX_MORE_SECONDS = 1.0


def write_files(folder: Path, files: int, draw: random.Random) -> Path:
    """Writes the files, a hundred a folder; the larger one."""
    for number in range(files - 1):
        file = folder / f"{number // 100}" / f"note-{number}.md"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"# Note {number}\n\n{' '.join(draw.choices(WORDS, k=12)).capitalize()}.\n", "utf-8")
    large = folder / "large.md"
    paragraphs = [" ".join(draw.choices(WORDS, k=120)).capitalize() + "." for _ in range(PARAGRAPHS)]
    large.write_text("# Large\n\n" + "\n\n".join(paragraphs) + "\n", "utf-8")
    return large


def edit(file: Path, number: int) -> None:
    """Adds a sentence to one paragraph."""
    paragraphs = file.read_text("utf-8").split("\n\n")
    paragraphs[1 + number % PARAGRAPHS] += f" Sentence {number} is new."
    file.write_text("\n\n".join(paragraphs), "utf-8")


def passages(library: Library, name: str) -> set[str]:
    """The texts of a document's passages as they are encoded: without the white space behind them."""
    with library.reading() as store:
        return {passage.text.strip() for passage in store.contents(name).passages}


def timed(work: Callable[[], object]) -> float:
    """How many seconds `work` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, place = Path(name) / "folder", Path(name) / "library"
        folder.mkdir()
        large = write_files(folder, args.files, random.Random(0))
        reports: dict[str, list[Report]] = {"nothing": [], "a paragraph": []}
        wrong = []
        with Library.open(place, create=True) as library:
            first = library.ingest(folder)
            print(f"{first.documents} files, {first.passages} passages: first ingest {first.seconds:.1f} s")
            for number in range(args.rounds):
                reports["nothing"].append(library.ingest(folder))
                before = passages(library, "large.md")
                edit(large, number)
                report = library.ingest(folder)
                reports["a paragraph"].append(report)
                new = len(passages(library, "large.md") - before)
                if report.encoded != new or not new:
                    wrong.append(f"{report.encoded} passages encoded, {new} are new")
        seconds = {what: min(report.seconds for report in each) for what, each in reports.items()}
        encoded = [report.encoded for report in reports["a paragraph"]]
        command = [
            sys.executable,
            "-c",
            "from ui.cli import main; main()",
            "ingest",
            str(folder),
            "--library",
            str(place),
        ]

        def run() -> None:
            subprocess.run(command, check=True, capture_output=True)

        whole = min(timed(run) for _ in range(args.rounds))
        edited = []
        for number in range(args.rounds):
            edit(large, args.rounds + number)
            edited.append(timed(run))
    print(f"nothing changed:     {seconds['nothing']:.2f} s; as a command {whole:.2f} s")
    print(f"a paragraph changed: {seconds['a paragraph']:.2f} s; as a command {min(edited):.2f} s; encoded {encoded}")
    if seconds["nothing"] >= MAX_SECONDS:
        wrong.append("finding that nothing changed takes too long")
    if seconds["a paragraph"] - seconds["nothing"] >= MAX_MORE_SECONDS:
        wrong.append("the change of a paragraph takes too long")
    print("\n".join(wrong))
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
