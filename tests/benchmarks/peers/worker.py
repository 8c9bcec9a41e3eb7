"""One step of one product in a process of its own: python -m tests.benchmarks.peers.worker STEP PRODUCT ...

    build PRODUCT FOLDER CORPUS                           documents in
    ask PRODUCT FOLDER MODE QUESTIONS                     every question of a JSON file {id: text}
    first PRODUCT FOLDER MODE QUESTION                    one question
    rank PRODUCT FOLDER CORPUS QUESTIONS VECTORS MODE...  documents in and every question, times aside; VECTORS is a
                                                          file that keeps what sentence-transformers encoded
    size DISTRIBUTION...                                  what these and all that they need take on disk

The last line on standard output is the result as JSON.
"""

import importlib
import json
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import numpy as np

from .sources import Product, read

WARMING = ("What is this about?", "Who wrote it, and when?", "Why does it matter?")


def opened(name: str, folder: str) -> Product:
    """The product `name` with its data in `folder`, its encoder loaded."""
    product: Product = importlib.import_module(f"tests.benchmarks.peers.{name}").Adapter(Path(folder))
    return product


def build(name: str, folder: str, corpus: str) -> dict[str, Any]:
    sources = read(Path(corpus))
    product = opened(name, folder)
    began, used = time.perf_counter(), time.process_time()
    passages = product.build(sources)
    seconds, processor_seconds = time.perf_counter() - began, time.process_time() - used
    return {
        "documents": len(sources),
        "long": sum(source.is_long for source in sources),
        "passages": passages,
        "seconds": seconds,
        "processor_seconds": processor_seconds,
        "peak_mb": peak_mb(),
    }


def ask(name: str, folder: str, mode: str, questions: str) -> dict[str, Any]:
    search = opened(name, folder).open(mode)
    for question in WARMING:
        search(question)
    used = time.process_time()
    run, milliseconds = ranked(search, questions)
    processor_ms = 1000 * (time.process_time() - used) / len(run)
    return {"run": run, "milliseconds": milliseconds, "processor_ms": processor_ms, "peak_mb": peak_mb()}


def ranked(search: Callable[[str], Iterable[str]], questions: str) -> tuple[dict[str, dict[str, int]], list[float]]:
    """A run, documents by question, higher is better; and how long each question took."""
    run, took = {}, []
    for key, question in json.loads(Path(questions).read_text("utf-8")).items():
        began = time.perf_counter()
        found = search(question)
        took.append(1000 * (time.perf_counter() - began))
        run[key] = {document: -rank for rank, document in enumerate(dict.fromkeys(found))}
    return run, took


def rank(name: str, folder: str, corpus: str, questions: str, vectors: str, *modes: str) -> dict[str, Any]:
    product = opened(name, folder)
    with kept_vectors(Path(vectors)):
        passages = product.build(read(Path(corpus)))
    return {"passages": passages, "runs": {mode: ranked(product.open(mode), questions)[0] for mode in modes}}


def first(name: str, folder: str, mode: str, question: str) -> dict[str, Any]:
    found = next(iter(opened(name, folder).open(mode)(question)))
    return {"first": found, "processor_seconds": time.process_time()}


def size(*names: str) -> dict[str, Any]:
    from packaging.requirements import Requirement

    wanted = [Requirement(name) for name in names]
    seen: set[tuple[str, str]] = set()
    files: set[Path] = set()
    while wanted:
        asked = wanted.pop()
        for extra in ("", *asked.extras):
            name = re.sub(r"[-_.]+", "-", asked.name).lower()
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            found = distribution(name)
            files |= {Path(str(file.locate())) for file in found.files or () if file.suffix != ".pyc"}
            needs = map(Requirement, found.requires or ())
            wanted += [need for need in needs if not need.marker or need.marker.evaluate({"extra": extra})]
    sizes = [path.stat().st_size for path in files if path.is_file()]
    return {"install_mb": sum(sizes) / 1e6}


@contextmanager
def kept_vectors(file: Path) -> Iterator[None]:
    """Has sentence-transformers, if the product uses it, look texts up in `file` that it encoded before.

    The vector of a text is the same in every product, so only times would be falsified.
    """
    module = sys.modules.get("sentence_transformers")
    if module is None:
        yield
        return
    known: dict[str, Any] = {}
    if file.is_file():
        with np.load(file) as stored:
            known = dict(zip(json.loads(str(stored["texts"])), stored["vectors"], strict=True))
    encode = module.SentenceTransformer.encode

    def looked_up(self: Any, inputs: list[str], *args: Any, **kwargs: Any) -> Any:
        keys = [" ".join(text.split()) for text in inputs]  # white space is nothing to the model
        new = [key for key in dict.fromkeys(keys) if key not in known]
        if new:
            known.update(zip(new, encode(self, new, *args, **kwargs), strict=True))
        return np.stack([known[key] for key in keys])

    module.SentenceTransformer.encode = looked_up
    try:
        yield
    finally:
        module.SentenceTransformer.encode = encode
    if known:
        np.savez(file, texts=json.dumps(list(known)), vectors=np.stack(list(known.values())))


def peak_mb() -> float:
    """The most memory that this process ever held; Linux tells it."""
    status = Path("/proc/self/status").read_text("utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6


if __name__ == "__main__":
    steps: dict[str, Callable[..., dict[str, Any]]]
    steps = {"build": build, "ask": ask, "first": first, "rank": rank, "size": size}
    print(json.dumps(steps[sys.argv[1]](*sys.argv[2:])), flush=True)
