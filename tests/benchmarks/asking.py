"""What an answer costs: python -m tests.benchmarks.asking LIBRARY --questions SET... [--asked 20] [--cold 10]

So many questions of each SET (a BEIR-form folder) are asked of LIBRARY by `Retriever.ask`, each once, after a few others that
warm it. Printed: for each stage, and for all, the median and the 95th percentile by the clock, and all in the processor's time;
then --cold fresh processes of `pincite ask`, the time from their start to their end and the most memory that one held. The
question's search is the stages rewrite, encode and search, the answer after it choose and write.
"""

import argparse
import os
import random
import resource
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from retriever import Retriever
from retriever.evaluate import sets
from tests.benchmarks.load import PINCITE

WARMING = 10
TOGETHER = {"search, all stages": ("rewrite", "encode", "search"), "answer, after search": ("choose", "write")}


def row(name: str, milliseconds: Sequence[float]) -> str:
    """A line of the table."""
    median, most = np.percentile(milliseconds, (50, 95))
    return f"| {name} | {median:.1f} | {most:.1f} |"


def warm(library: Path, questions: Sequence[str]) -> None:
    """Prints what each stage of answering `questions` takes."""
    stages: dict[str, list[float]] = defaultdict(list)
    with Retriever.open(library) as retriever:
        for question in questions[:WARMING]:
            retriever.ask(question)
        for question in questions[WARMING:]:
            worked, began = time.process_time(), time.perf_counter()
            answer = retriever.ask(question)
            stages["whole"].append((time.perf_counter() - began) * 1000)
            stages["processor, whole"].append((time.process_time() - worked) * 1000)
            for stage, taken in answer.timings_ms.items():
                stages[stage].append(taken)
            for name, together in TOGETHER.items():
                stages[name].append(sum(answer.timings_ms.get(stage, 0.0) for stage in together))
        passages = retriever.state.passages
    print(f"{passages:,} passages, {len(questions) - WARMING} questions, load {os.getloadavg()[0]:.1f}; milliseconds")
    print("| stage | median | 95 % |\n|---|---|---|")
    for stage, all_taken in stages.items():
        print(row(stage, all_taken))


def cold(library: Path, questions: Sequence[str]) -> None:
    """Prints how long fresh processes take for an answer."""
    command = [*PINCITE, "ask", "--library", str(library)]
    subprocess.run([*command, questions[0]], check=True, stdout=subprocess.DEVNULL)
    seconds = []
    for question in questions:
        began = time.perf_counter()
        subprocess.run([*command, question], check=True, stdout=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - began)
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / (1 << (20 if sys.platform == "darwin" else 10))
    print(
        f"cold start, {len(seconds)} times: median {statistics.median(seconds):.2f} s,"
        f" {min(seconds):.2f} to {max(seconds):.2f}; {most:.0f} MB at most"
    )


def main() -> None:
    """Measures one library."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", type=Path)
    parser.add_argument("--questions", nargs="+", type=Path, required=True, metavar="SET")
    parser.add_argument("--asked", type=int, default=20, help="so many questions of each set")
    parser.add_argument("--cold", type=int, default=10, help="so many fresh processes")
    options = parser.parse_args()
    draw = random.Random(0)
    drawn = [[query.text for query in sets.load(folder).queries] for folder in options.questions]
    questions = [q for of_set in drawn for q in draw.sample(of_set, min(options.asked, len(of_set)))]
    draw.shuffle(questions)
    warm(options.library, questions)
    if options.cold:
        cold(options.library, draw.sample(questions, options.cold))


if __name__ == "__main__":
    main()
