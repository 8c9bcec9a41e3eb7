"""How well each step of the ranking does: python -m tests.benchmarks.retrieval SET... [--corpus] [--libraries DIR]

SET is a BEIR-form folder; --corpus adds the committed questions over the shipped articles, where any edition of an article
counts as it. Prints nDCG@10 as a table, a row a ranking, the best passage of a document counting. Every row but the last
leaves something out of what the product does, so that a step that does not pay can be seen. With --libraries, the
libraries are kept in DIR and used again.
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ingest import Library, maxsim
from retriever.evaluate import metrics, sets
from retriever.search import PROPOSED, WEIGHTS, Candidate, Part, encode_query, fuse, search, smooth
from tests.evals.run import CORPUS, load, same_article

OWN = "corpus"
Floats = npt.NDArray[np.float64]
Float32s = npt.NDArray[np.float32]
Run = dict[str, dict[str, float]]


def rankings(library: Library, question: str) -> tuple[list[str], dict[str, Floats]]:
    """The document of each candidate for `question`, and the candidates' scores by each ranking."""
    with library.reading():
        query = encode_query(library, [Part(question)])
        found = sorted(search(library, query, k=2 * PROPOSED), key=place)
        stored = library.store.passages([c.id for c in found])
    if not found:
        return [], {}
    vectors = np.stack([stored[c.id][1].vector for c in found])
    scores = {name: np.array([c.scores[name] for c in found], np.float32) for name in WEIGHTS}
    uniform = np.full(len(query.weights), 1 / len(query.weights), np.float32)
    alike = scores | {"late": maxsim([c.similar for c in found], uniform)}
    without = {f"all but {name}": smoothed(scores, vectors, {**WEIGHTS, name: 0.0}) for name in WEIGHTS}
    return [c.passage.document for c in found], {
        "dense": scores["dense"].astype(np.float64),
        "words (BM25)": scores["words"].astype(np.float64),
        "late interaction": scores["late"].astype(np.float64),
        "the three, tokens alike": fuse(alike, WEIGHTS),
        "+ rare words weigh more": fuse(scores, WEIGHTS),
        "+ smoothed, tokens alike": smoothed(alike, vectors, WEIGHTS),
        **without,
        "all": smoothed(scores, vectors, WEIGHTS),
    }


def place(candidate: Candidate) -> tuple[str, int]:
    return candidate.passage.document, candidate.passage.start


def smoothed(scores: Mapping[str, Float32s], vectors: Float32s, weights: Mapping[str, float]) -> Floats:
    return smooth(fuse(scores, weights), vectors)


def measure(library: Library, evalset: sets.EvalSet, name_of: Callable[[str], str]) -> dict[str, float]:
    """nDCG@10 of each ranking over the queries of `evalset`; `name_of` gives the name that a document is judged by."""
    runs: dict[str, Run] = {}
    for query in evalset.queries:
        documents, scored = rankings(library, query.text)
        for ranking, scores in scored.items():
            best: dict[str, float] = {}
            for i in np.argsort(-scores, kind="stable"):
                best.setdefault(name_of(documents[i]), float(scores[i]))
            runs.setdefault(ranking, {})[query.id] = best
    return {ranking: metrics.ranking(evalset, run)["nDCG@10"] for ranking, run in runs.items()}


def own_questions() -> sets.EvalSet:
    """The committed questions over the shipped articles as a set."""
    rows = load()["question"]
    queries = tuple(sets.EvalQuery(row["_id"], row["text"], (), (), (), True) for row in rows)
    return sets.EvalSet(CORPUS, queries, {r["_id"]: {same_article(g["document"]): 1 for g in r["gold"]} for r in rows})


def judged(evalset: sets.EvalSet, most: int) -> sets.EvalSet:
    """`evalset` with at most so many of the queries that have a relevant document, drawn at random."""
    queries = [q for q in evalset.queries if any(s > 0 for s in evalset.qrels.get(q.id, {}).values())]
    random.Random(0).shuffle(queries)
    return sets.EvalSet(evalset.folder, tuple(queries[:most]), evalset.qrels)


def arguments(description: str | None) -> argparse.Namespace:
    """What the command line says: which sets, how many questions of each, where libraries are kept."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", type=Path)
    parser.add_argument("--corpus", action="store_true", help="the committed questions over the shipped articles too")
    parser.add_argument("--questions", type=int, default=500, help="at most so many of each set, drawn at random")
    parser.add_argument("--libraries", type=Path, help="where to keep the libraries")
    return parser.parse_args()


def opened(said: argparse.Namespace) -> Iterator[tuple[str, sets.EvalSet, Library, Callable[[str], str]]]:
    """Each set's name, questions, library, and what gives the name that a document is judged by.

    Builds what libraries are not there.
    """
    with tempfile.TemporaryDirectory() as scratch:
        kept = said.libraries or Path(scratch)
        for name, folder in [*([(OWN, None)] if said.corpus else []), *((f.name, f) for f in said.sets)]:
            evalset = judged(sets.load(folder) if folder else own_questions(), said.questions)
            ready = (kept / name).exists()
            with Library.open(kept / name, create=not ready) as library:
                if not ready and folder:
                    library.ingest_documents(evalset.documents())
                elif not ready:
                    library.ingest(CORPUS)
                yield name, evalset, library, str if folder else same_article
                passages = library.store.counts()[1]
            sys.stderr.write(f"{name}: {len(evalset.queries)} questions, {passages} passages\n")


def write_table(first: str, table: Mapping[str, Mapping[str, float]]) -> None:
    """Prints a column a set and their mean, a row a figure."""
    sys.stdout.write(f"| {first} | {' | '.join(table)} | mean |\n|---|{'---|' * len(table)}---|\n")
    for row in next(iter(table.values())):
        values = [figures[row] for figures in table.values()]
        cells = " | ".join(
            f"{value:.4f}" if value < 1 else f"{value:.0f}" for value in [*values, float(np.mean(values))]
        )
        sys.stdout.write(f"| {row} | {cells} |\n")


def main() -> None:
    """Builds what libraries are not there, asks, prints the table."""
    sets_asked = opened(arguments(__doc__))
    write_table("ranking", {name: measure(library, evalset, of) for name, evalset, library, of in sets_asked})


if __name__ == "__main__":
    main()
