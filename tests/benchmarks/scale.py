"""What a search costs in large libraries: python -m tests.benchmarks.scale LIBRARY... --questions SET... [--passages N...]

LIBRARY are libraries built from real documents, which lend their passages and vectors; SET are BEIR-form folders, which
lend their questions. For each N (default: 10,000, 100,000 and 1,000,000) a library of N passages is made with the store's own
methods. As far as the real passages last they are taken as they are. Beyond, a passage is made of sentences of
several real ones, so that words are as frequent as in real text; its vector is a real passage's mixed with another's and
with noise, and so are its codes. Printed: the time to build, size on disk, memory, and for each step of a search after
encoding the median and the 95th percentile, by the clock and in the processor's time of the asking thread. With
--libraries, the libraries are kept in DIR and used again.
"""

import argparse
import os
import random
import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

import retriever.search
from ingest import Document, Library, Passage, sentences
from ingest.indexes import derived
from ingest.pipeline import passage_hash
from ingest.records import Vectors
from ingest.store import Store
from retriever.evaluate import sets
from retriever.search import PROPOSED, Part, encode_query, search

# Shares of a drawn vector: the real passage's, another's of the same library, noise of length 1.
BASE, OTHER, NOISE = 0.75, 0.45, 0.35
# A token's code; one bit in eight is turned over.
CODE_BYTES = 48
PASSAGES_PER_DOCUMENT = 10
DOCUMENTS_PER_TRANSACTION = 500
# The steps of a search by the functions that take them.
STEPS: dict[str, tuple[tuple[Any, str], ...]] = {
    "dense": ((Library, "nearest"),),
    "words": ((Library, "search_words"),),
    "reading": ((Store, "passages"),),
    "late interaction": ((retriever.search, "similarities"), (retriever.search, "maxsim")),
    "smoothing": ((retriever.search, "smooth"),),
}


@dataclass(frozen=True, slots=True)
class Real:
    """A passage of a real document, its sentences, and its vectors."""

    passage: Passage
    sentences: tuple[str, ...]
    vectors: Vectors


def read(folders: Sequence[Path]) -> tuple[list[list[Real]], str, str]:
    """The distinct passages of each library, and the encoder that all of them are encoded with: name and fingerprint."""
    pools, seen, encoders = [], set(), set()
    for folder in folders:
        store = Store.open(folder)
        pool = []
        with store.reading():
            encoders.add((store.meta("encoder"), store.meta("fingerprint")))
            for name in sorted(store.names() or [info.document for info in store.documents()]):
                held = store.contents(name)
                for passage, hash, vectors in zip(held.passages, held.hashes, held.vectors, strict=True):
                    parts = tuple(passage.text[start:end] for start, end in sentences(passage.text))
                    if hash not in seen and parts:
                        seen.add(hash)
                        pool.append(Real(passage, parts, vectors))
        store.close()
        pools.append(pool)
    ((encoder, fingerprint),) = encoders
    return pools, encoder or "", fingerprint or ""


def drawn(pool: Sequence[Real], base: Real, draw: random.Random, noise: np.random.Generator) -> tuple[str, Vectors]:
    """Text and vectors of a passage about as long as `base`, made of it and of two others of the pool."""
    other, third = draw.choice(pool), draw.choice(pool)
    kept = draw.sample(base.sentences, -(-len(base.sentences) // 2))
    parts, length = list(kept), sum(map(len, kept))
    for sentence in draw.sample([*other.sentences, *third.sentences], len(other.sentences) + len(third.sentences)):
        if len(parts) > len(kept) and length + len(sentence) > len(base.passage.text):
            break
        parts.append(sentence)
        length += len(sentence)
    draw.shuffle(parts)
    stray = noise.standard_normal(len(base.vectors.vector), np.float32)
    pooled = BASE * base.vectors.vector + OTHER * other.vectors.vector + NOISE * stray / np.linalg.norm(stray)
    codes = np.frombuffer(base.vectors.codes, np.uint8).copy()
    lent = np.frombuffer(other.vectors.codes, np.uint8)[: len(codes) // CODE_BYTES // 2 * CODE_BYTES]
    codes[: len(lent)] = lent
    codes ^= np.bitwise_and.reduce(np.frombuffer(noise.bytes(3 * len(codes)), np.uint8).reshape(3, -1))
    return "\n".join(parts), Vectors((pooled / np.linalg.norm(pooled)).astype("<f2").tobytes(), codes.tobytes())


def documents(pools: Sequence[Sequence[Real]], n: int) -> Iterator[tuple[Document, list[Passage], list[Vectors]]]:
    """Documents that together have `n` passages: first the real ones, then drawn ones."""
    draw, noise = random.Random(0), np.random.default_rng(0)
    places = [(pool, first) for pool in pools for first in range(0, len(pool), PASSAGES_PER_DOCUMENT)]
    draw.shuffle(places)
    left, edition = n, 0
    while left:
        for pool, first in places:
            bases = pool[first : first + min(PASSAGES_PER_DOCUMENT, left)]
            made = [
                (base.passage.text, base.vectors) if not edition else drawn(pool, base, draw, noise) for base in bases
            ]
            title, passages, start = bases[0].passage.title, [], 0
            name = f"{edition}/{bases[0].passage.document}/{first}"
            for text, _ in made:
                passages.append(Passage(name, title, None, None, start, start + len(text), text))
                start += len(text)
            yield (
                Document(name, title, "".join(text for text, _ in made), ""),
                passages,
                [vectors for _, vectors in made],
            )
            left -= len(bases)
            if not left:
                return
        edition += 1


def build(folder: Path, pools: Sequence[Sequence[Real]], n: int, encoder: str, fingerprint: str) -> float:
    """Makes the library in `folder` but for its dense index; returns the seconds that took."""
    began = time.perf_counter()
    store = Store.open(folder, create=True)
    with store.writing():
        store.set_meta("encoder", encoder)
        store.set_meta("fingerprint", fingerprint)
    made = documents(pools, n)
    while group := list(islice(made, DOCUMENTS_PER_TRANSACTION)):
        with store.writing() as generation:
            for document, passages, vectors in group:
                hashes = [passage_hash(passage) for passage in passages]
                store.put(document, passages, hashes, vectors, None, generation)
    store.close()
    return time.perf_counter() - began


@contextmanager
def watched(took: dict[str, list[tuple[float, float]]]) -> Iterator[None]:
    """While it lasts, each step of a search adds what it took to its last entry in `took`."""
    before = []

    def watch(step: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **named: Any) -> Any:
            clock, processor = time.perf_counter(), time.thread_time()
            try:
                return function(*args, **named)
            finally:
                so_far = took[step][-1]
                took[step][-1] = (
                    so_far[0] + time.perf_counter() - clock,
                    so_far[1] + time.thread_time() - processor,
                )

        return timed

    for step, functions in STEPS.items():
        for owner, name in functions:
            before.append((owner, name, getattr(owner, name)))
            setattr(owner, name, watch(step, getattr(owner, name)))
    try:
        yield
    finally:
        for owner, name, function in before:
            setattr(owner, name, function)


def measure(library: Library, questions: Sequence[str]) -> dict[str, list[tuple[float, float]]]:
    """Seconds by the clock and of the processor that each step, and the whole after encoding, took for each question."""
    took: dict[str, list[tuple[float, float]]] = defaultdict(list)
    with watched(took):
        for question in questions:
            for step in STEPS:
                took[step].append((0.0, 0.0))
            with library.reading():
                query = encode_query(library, [Part(question)])
                clock, processor = time.perf_counter(), time.thread_time()
                search(library, query)
                took["whole"].append((time.perf_counter() - clock, time.thread_time() - processor))
    return took


def recall(library: Library, questions: Sequence[str], k: int) -> float:
    """The share of the exact `k` nearest passages that are found, on the mean of the questions."""
    vectors = np.stack([library.encoder.encode_question(question).pooled[0] for question in questions])
    best = [np.zeros(0)] * len(questions)  # of each question the k highest cosines so far
    with library.reading() as store:
        rows = store.pooled_since(0)
        while part := [pooled for _, pooled in islice(rows, 50_000)]:
            cosines = derived.unit(part) @ vectors.T
            best = [np.sort(np.concatenate([b, cosines[:, i]]))[-k:] for i, b in enumerate(best)]
        found = [[cosine for _, cosine in library.nearest(vector, k)] for vector in vectors]
    return float(np.mean([np.mean(np.array(f) >= b[0] - 1e-5) for f, b in zip(found, best, strict=True)]))


def resident_mb() -> float:
    """The memory that this process holds now, mapped files included."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def report(folder: Path, seconds: float, questions: Sequence[str], warm: int, compared: int) -> str:
    """A row of the table: what the library in `folder` costs."""
    with Library.open(folder) as library:
        began = time.perf_counter()
        with library.reading() as store:
            passages = store.counts()[1]
            library.indexes()
        opened = time.perf_counter() - began
        measure(library, questions[:warm])
        before = resident_mb()
        took = measure(library, questions[warm:])
        after = resident_mb()
        found = [recall(library, questions[-compared:], k) for k in (10, PROPOSED)]
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6
    indexes = sum(file.stat().st_size for file in (folder / derived.FOLDER).iterdir()) / 1e6
    cells = []
    for step in (*STEPS, "whole"):
        clock, processor = (1000 * np.array(values) for values in zip(*took[step], strict=True))
        cells.append(
            f"{np.median(clock):.1f} / {np.percentile(clock, 95):.1f} ({np.median(processor):.1f} / {np.percentile(processor, 95):.1f})"
        )
    return (
        f"| {passages} | {seconds:.0f} + {opened:.1f} | {size:.0f} ({indexes:.0f}) | {before:.0f}, {after:.0f} | "
        f"{found[0]:.3f}, {found[1]:.3f} | {' | '.join(cells)} |\n"
    )


def main() -> None:
    """Builds what libraries are not there, asks, prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("real", nargs="+", type=Path, metavar="LIBRARY")
    parser.add_argument("--questions", nargs="+", type=Path, required=True, metavar="SET")
    parser.add_argument("--passages", nargs="+", type=int, default=[10_000, 100_000, 1_000_000], metavar="N")
    parser.add_argument("--libraries", type=Path, help="where to keep the libraries")
    parser.add_argument("--asked", type=int, default=20, help="so many questions of each set")
    arguments = parser.parse_args()
    questions = []
    for folder in arguments.questions:
        asked = [query.text for query in sets.load(folder).queries]
        questions += random.Random(0).sample(asked, min(arguments.asked, len(asked)))
    random.Random(1).shuffle(questions)
    pools: list[list[Real]] = []
    encoder: list[str] = []
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for n in arguments.passages:
            folder, seconds = (arguments.libraries or Path(scratch)) / str(n), float("nan")
            if not folder.exists():
                if not pools:
                    pools, *encoder = read(arguments.real)
                seconds = build(folder, pools, n, *encoder)
            with Library.open(folder) as library, library.reading():
                library.indexes()  # made if they are not there
            rows.append(report(folder, seconds, questions, warm=len(questions) // 4, compared=40))
            sys.stderr.write(rows[-1])
    sys.stdout.write(
        f"{len(questions)} questions, load {os.getloadavg()[0]:.1f}; times in ms: median / 95 % by the clock (of the processor)\n"
        f"| passages | build + open, s | disk (indexes), MB | resident before, after, MB | recall@10, @{PROPOSED} | "
        f"{' | '.join([*STEPS, 'whole'])} |\n|{'---|' * (len(STEPS) + 6)}\n"
    )
    sys.stdout.writelines(rows)


if __name__ == "__main__":
    main()
