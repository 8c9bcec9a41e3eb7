"""Many readers search while a writer ingests: none fails, and none ever sees parts of two states.

    python -m tests.durability.readers [--readers 50] [--minutes 5] [--real]

The writer changes every document of a small folder, each time to another edition, adds or removes one more, and
ingests: an edition comes in by one change of the library, and a removal is another. Every reader is a process of its own
that asks and searches all the time. What it is given must be of one edition, the generation that the answer names must
never go back, and two readers at one generation must be given the same edition and counts, and equal hits for an equal
question. With --real the bundled encoder is used instead of one of hashed words; that takes 200 MB for each reader.
"""

import argparse
import json
import os
import random
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

from ingest import Library
from retriever import Retriever
from tests.conftest import FakeEncoder

DOCUMENTS = 20
QUESTIONS = ("Which dose of the infusion?", "the antigen of the tumour", "marrow serum graft", "What is thymus?")
WORDS = """tumour antigen receptor tolerance vaccine fever platelet cytokine marrow serum graft allergen antibody lymph
relapse dose infusion checkpoint thymus biopsy interferon melanoma spleen mucosa peptide virus""".split()
PAUSE_SECONDS = 0.05  # between two questions of a reader, so that the writer gets on with fifty of them on two cores


def write_edition(folder: Path, number: int) -> None:
    """Makes all documents of the folder say of which edition they are; one of them comes and goes."""
    draw = random.Random(number)
    for document in range(DOCUMENTS):
        body = " ".join(draw.choices(WORDS, k=40))
        (folder / f"note-{document}.md").write_text(f"# Note\n\nEdition-{number} holds: {body}.\n", "utf-8")
    extra = folder / "extra.md"
    if number % 2:
        extra.write_text("# Extra\n\nThe dose of the infusion comes and goes.\n", "utf-8")
    else:
        extra.unlink(missing_ok=True)


def seen(retriever: Retriever, question: str, ask: bool) -> dict[str, Any]:
    """What a reader is given: the generation, the counts, the editions in it, and the hits."""
    if ask:
        answer = retriever.ask(question).to_dict()
        hits, state = answer["evidence"], answer["library"]
        quotes = [c["quote"] for c in answer["citations"]]
        assert all(any(quote in hit["text"] for hit in hits) for quote in quotes), "a quote is in no hit"
    else:
        with retriever.library.reading() as store:  # the state that the search below sees
            documents, passages = store.counts()
            state = {"generation": store.generation, "documents": documents, "passages": passages}
            hits = retriever.search(question, k=30).to_dict()["hits"]
    texts = " ".join(hit["text"] for hit in hits)
    return {
        "state": state,
        "editions": sorted(set(re.findall(r"Edition-(\d+)", texts))),
        "hits": [(hit["document"], hit["start"], round(hit["score"], 6)) for hit in hits],
    }


def read(place: Path, out: Path, until: float, seed: int) -> None:
    """A reader's life: what it was given goes to `out`, a line for each question."""
    draw = random.Random(seed)
    with Retriever.open(place) as retriever, out.open("w", encoding="utf-8") as lines:
        while time.monotonic() < until:
            question, ask = draw.choice(QUESTIONS), draw.random() < 0.3
            found = seen(retriever, question, ask)
            lines.write(json.dumps({"question": question, "ask": ask, **found}) + "\n")
            time.sleep(PAUSE_SECONDS)


def started(work: Any, *arguments: Any) -> int:
    """The process that does `work`; its exit status is 1 if that fails."""
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        try:
            work(*arguments)
        except BaseException as error:  # noqa: BLE001  # told to the parent by the status
            print(f"FAULT {type(error).__name__}: {error}", file=sys.stderr)
            os._exit(1)
        os._exit(0)
    return pid


def faults(files: list[Path]) -> Iterator[str]:
    """What does not agree in what the readers were given."""
    states: dict[int, Any] = {}
    found: dict[tuple[int, str, bool], Any] = {}
    for file in files:
        last = 0
        for number, line in enumerate(file.read_text("utf-8").splitlines()):
            one = json.loads(line)
            where, generation = f"{file.stem}, question {number}", one["state"]["generation"]
            if len(one["editions"]) > 1:
                yield f"{where}: editions {one['editions']} in one answer"
            if generation < last:
                yield f"{where}: generation {generation} after {last}"
            last = generation
            state = (one["state"], one["editions"] if one["hits"] else None)
            if states.setdefault(generation, state) != state:
                yield f"{where}: {state} and {states[generation]} at one generation"
            key = (generation, one["question"], one["ask"])
            if found.setdefault(key, one["hits"]) != one["hits"]:
                yield f"{where}: other hits than another reader at generation {generation}"


@contextmanager
def prepared(real: bool) -> Iterator[None]:
    """The encoder of the trial; the index file is written anew at every ingest, so that readers meet many of them."""
    encoder = FakeEncoder()
    with (
        nullcontext() if real else patch("ingest.library.encoder_of", lambda settings, fingerprint=None: encoder),
        patch("ingest.library.STALE_PASSAGES", 3),
    ):
        yield


def main() -> None:
    """Runs the trial and prints what happened."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--real", action="store_true", help="with the bundled encoder")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, prepared(given.real):
        folder, place = Path(name) / "folder", Path(name) / "library"
        folder.mkdir()

        def write(editions: range, until: float) -> int:
            with Library.open(place, create=True) as library:
                for edition in editions:
                    if time.monotonic() > until:
                        return edition
                    write_edition(folder, edition)
                    report = library.ingest(folder)
                    assert not report.failed, report.failed
            return editions.stop

        def write_apart(until: float) -> None:
            editions = write(range(2, 1_000_000), until)
            (Path(name) / "editions").write_text(str(editions))

        os.waitpid(started(write, range(1, 2), float("inf")), 0)
        until = time.monotonic() + given.minutes * 60
        outs = [Path(name) / f"reader-{n}.jsonl" for n in range(given.readers)]
        pids = [started(read, place, out, until, n) for n, out in enumerate(outs)]
        writer = started(write_apart, until)
        failed = sum(os.waitpid(pid, 0)[1] != 0 for pid in (writer, *pids))
        wrong = list(faults(outs))
        lines = [line for out in outs for line in out.read_text("utf-8").splitlines()]
        generations = {json.loads(line)["state"]["generation"] for line in lines}
        editions = (Path(name) / "editions").read_text() if (Path(name) / "editions").exists() else "no"
        with Library.open(place) as library:
            problems = library.check()
    print(
        f"{given.readers} readers, {given.minutes:g} minutes: {len(lines)} questions over {editions} editions and "
        f"{len(generations)} generations; {failed} processes failed, {len(wrong)} mixed states, check: {problems or 'whole'}"
    )
    print("\n".join(wrong[:20]))
    raise SystemExit(bool(failed or wrong or problems or not lines))


if __name__ == "__main__":
    main()
