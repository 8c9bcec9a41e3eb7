"""Does Pincite decline what its documents are not about?

    python -m tests.evals.elsewhere QUESTIONS.json --library DIR [--questions N]
    python -m tests.evals.elsewhere REMOVED.json --set DIR [--questions N]

The first file holds `queries` ({_id, text}) of another domain than the library's: what is printed is the share that is
declined. The second names documents of the set to leave out (`remove_docs`), queries that are then `unanswerable`, and
others that are `answerable`: the shares of both that are declined, and the AUROC of the confidence. N of each are drawn.
"""

import argparse
import json
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ingest import Library
from retriever import Retriever
from retriever.evaluate import metrics, sets


def confidences(retriever: Retriever, questions: Sequence[str], most: int | None, name: str) -> list[float]:
    """The confidence in each of `most` questions, drawn at random; prints what share is declined."""
    drawn = list(questions)
    random.Random(0).shuffle(drawn)
    values = [retriever.ask(question).confidence for question in drawn[:most]]
    declined = sum(value < retriever.library.settings.decline_below for value in values)
    print(f"{name}: {len(values)} asked, {declined / len(values):.3f} declined", flush=True)
    return values


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--library")
    where.add_argument("--set", type=Path)
    parser.add_argument("--questions", type=int)
    arguments = parser.parse_args()
    told = json.loads(arguments.file.read_text("utf-8"))
    if arguments.library:
        with Retriever.open(arguments.library) as retriever:
            confidences(retriever, [q["text"] for q in told["queries"]], arguments.questions, "of another domain")
        return
    evalset = sets.load(arguments.set)
    texts = {query.id: query.text for query in evalset.queries}
    gone = set(told["remove_docs"])
    with tempfile.TemporaryDirectory() as scratch, Library.open(scratch, create=True) as library:
        library.ingest_documents(d for d in evalset.documents() if d.id not in gone)
        able, unable = (
            confidences(Retriever(library), [texts[id] for id in told[kind]], arguments.questions, kind)
            for kind in ("answerable", "unanswerable")
        )
    print(f"AUROC {metrics.auroc(able, unable):.3f}")


if __name__ == "__main__":
    main()
