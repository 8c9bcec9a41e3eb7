"""What late interaction loses by its codes: python -m tests.benchmarks.late SET... [--corpus] [--libraries DIR]

SET is a BEIR-form folder; --corpus adds the committed questions over the shipped articles. The product's ranking is made
twice of the same candidates: with late interaction over the stored codes, a bit a dimension of tokens in pairs, and over
every token's vector in 16 bits, for which the candidates are encoded anew. Prints nDCG@10 of both, of late interaction
alone too, and the bytes that a passage takes. With --libraries, the libraries are kept in DIR and used again.
"""

from collections.abc import Callable, Sequence

import numpy as np

from ingest import Library, encoder_text, maxsim, product
from retriever.evaluate import metrics, sets
from retriever.search import PROPOSED, WEIGHTS, Candidate, Part, encode_query, search
from tests.benchmarks.retrieval import Float32s, Floats, Run, arguments, opened, place, smoothed, write_table

Halves = np.ndarray[tuple[int, int], np.dtype[np.float16]]


def vectors_of(library: Library, found: Sequence[Candidate], known: dict[int, Halves]) -> list[Halves]:
    """Every token's vector (tokens, d) of each candidate in 16 bits; `known` holds those that were encoded before."""
    new = [c for c in found if c.id not in known]
    encoded = library.encoder.encode_passages([encoder_text(c.passage) for c in new])
    known.update((c.id, tokens.astype(np.float16)) for c, tokens in zip(new, encoded.tokens, strict=True))
    return [known[c.id] for c in found]


def measure(library: Library, evalset: sets.EvalSet, name_of: Callable[[str], str]) -> dict[str, float]:
    """nDCG@10 of the ranking and of late interaction alone, by codes and by vectors, and the bytes of a passage by each."""
    runs: dict[str, Run] = {}
    known: dict[int, Halves] = {}
    bytes_of: dict[str, dict[int, int]] = {"codes": {}, "vectors": {}}
    for query in evalset.queries:
        with library.reading():
            encoded = encode_query(library, [Part(query.text)])
            found = sorted(search(library, encoded, k=2 * PROPOSED), key=place)
            stored = library.store.passages([c.id for c in found])
        if not found:
            continue
        exact = vectors_of(library, found, known)
        similar = [product(tokens.astype(np.float32), encoded.tokens.T) for tokens in exact]
        scores = {name: np.array([c.scores[name] for c in found], np.float32) for name in WEIGHTS}
        pooled: Float32s = np.stack([stored[c.id][1].vector for c in found])
        late = maxsim(similar, encoded.weights)
        ranked: dict[str, Floats] = {
            "all, codes": smoothed(scores, pooled, WEIGHTS),
            "all, vectors": smoothed(scores | {"late": late}, pooled, WEIGHTS),
            "late, codes": scores["late"].astype(np.float64),
            "late, vectors": late.astype(np.float64),
        }
        for ranking, values in ranked.items():
            best: dict[str, float] = {}
            for i in np.argsort(-values, kind="stable"):
                best.setdefault(name_of(found[i].passage.document), float(values[i]))
            runs.setdefault(ranking, {})[query.id] = best
        bytes_of["codes"].update((c.id, len(stored[c.id][1].codes)) for c in found)
        bytes_of["vectors"].update((c.id, tokens.nbytes) for c, tokens in zip(found, exact, strict=True))
    figures = {ranking: metrics.ranking(evalset, run)["nDCG@10"] for ranking, run in runs.items()}
    return figures | {f"bytes, {way}": float(np.mean(list(sizes.values()))) for way, sizes in bytes_of.items()}


def main() -> None:
    """Builds what libraries are not there, asks, prints the table."""
    sets_asked = opened(arguments(__doc__))
    write_table("ranking", {name: measure(library, evalset, of) for name, evalset, library, of in sets_asked})


if __name__ == "__main__":
    main()
