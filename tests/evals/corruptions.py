"""Fits the weights of `retriever/verify.py`, and prints how well false sentences are told from true ones.

    python -m tests.evals.corruptions FOLDER [--keep FILE]

FOLDER holds the open sets in BEIR form. Sentences are drawn from six of them with a seed; each is taken as it
stands, lightly paraphrased, and corrupted in every way that it allows. Real paraphrases are people's answers
(clapnq_a, mtrag_*) against the passages they were written from, and the claims of wice_dev against the articles
they cite. Each set's figures are of a fit that never saw that set. Sets without sentences (nfcorpus_stopped has
no function words) cannot be corrupted.
"""

import argparse
import json
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from ingest import Document, Encoder, Passage, content_words, sentences, stem
from ingest.encode import load_encoder
from ingest.settings import BUNDLED_ENCODER
from ingest.split import split
from retriever import verify
from retriever.evaluate import metrics
from tests.evals.corrupting import (
    FURTHER,
    KINDS,
    OWN,
    corrupted,
    endings_of,
    exchanged,
    names_of,
    overstated,
    paraphrased,
    reordered,
    tidy,
)

DRAWN_FROM = ("squad2_a", "qed_dev", "clapnq_a", "pubmedqa", "mtrag_clapnq", "mtrag_fiqa")
REAL = ("clapnq_a", "mtrag_clapnq", "mtrag_fiqa")
WICE = "wice_dev"
SENTENCES = 75  # of each set
CORRUPTIONS = 1000
# So many passages of a cited article are looked at for a claim of wice_dev, those that share most words with it.
LOOKED_AT = 4


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence against its source: `kind` is verbatim, paraphrase, real, or how it was made false."""

    set: str
    kind: str
    true: bool
    text: str
    quote: str
    features: dict[str, float]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and the passages that are its source, before the features are known."""

    kind: str
    true: bool
    text: str
    passages: list[Passage]


def examples_of(encoder: Encoder, name: str, made: Sequence[Sentence]) -> list[Example]:
    """The examples that sentences make, each against the one of its passages that supports it best."""
    passages = list(dict.fromkeys(p for one in made for p in one.passages))
    sources = dict(zip(passages, verify.Source.of(encoder, passages), strict=True))
    claims = verify.Claim.of(encoder, [one.text for one in made])
    pairs = [(claim, sources[p]) for claim, one in zip(claims, made, strict=True) for p in one.passages]
    supports = iter(verify.check(encoder, pairs))
    found = []
    for one in made:
        own = [support for support in (next(supports) for _ in one.passages) if support]
        if own:
            best = max(own, key=lambda s: (s.exact, s.probability))
            quote = best.passage.text[best.start - best.passage.start : best.end - best.passage.start]
            found.append(Example(name, one.kind, one.true, one.text, quote, dict(best.features)))
    return found


def passages_of(encoder: Encoder, row: dict[str, Any]) -> list[Passage]:
    """The passages of a document of a set."""
    document = Document(id=str(row["_id"]), title=row.get("title") or "", text=row["text"], sha256="")
    return split(document, encoder.token_spans, encoder.spec.max_tokens)


def drawn(encoder: Encoder, folder: Path, rng: random.Random) -> Iterator[Sentence]:
    """The sentences of a set as they stand, paraphrased, and corrupted."""
    rows = sorted(read(folder / "corpus.jsonl"), key=lambda row: row["_id"])
    rows = rng.sample(rows, min(len(rows), SENTENCES))
    passages = [p for row in rows for p in passages_of(encoder, row)]
    stems = [_stems(p.text) for p in passages]
    names = names_of([tidy(row["text"]) for row in rows])
    usable = [(i, p.text[s:e]) for i, p in enumerate(passages) for s, e in sentences(p.text) if _usable(p.text[s:e])]
    endings = endings_of([tidy(sentence) for _, sentence in usable])
    for i, sentence in rng.sample(usable, min(len(usable), SENTENCES)):
        own = [passages[i]]
        text = tidy(sentence)
        light = paraphrased(text, rng)
        others = [j for j, p in enumerate(passages) if sentence not in p.text]
        near = max(others, key=lambda j: len(stems[j] & stems[i]) / len(stems[j]))
        made: list[tuple[str, bool, str, list[Passage]]] = [
            ("verbatim", True, text, own),
            ("paraphrase", True, light, own),
            ("source", False, rng.choice((text, light)), [passages[near]]),
        ]
        for kind in (*KINDS[:-1], *FURTHER):
            strange = [n for n in names if n not in own[0].text]
            false = corrupted(rng.choice((text, light)), kind, strange, endings, rng)
            if false is not None:
                made.append((kind, False, false, own))
        for kind, false in zip(
            OWN,
            (
                exchanged(text, tidy(own[0].text), random.Random(text)),
                overstated(text, random.Random(text)),
                reordered(text, random.Random(text)),
            ),
            strict=True,
        ):
            if false is not None:
                made.append((kind, False, false, own))
        yield from (Sentence(*one) for one in made)


def real(encoder: Encoder, folder: Path, rng: random.Random) -> Iterator[Sentence]:
    """The sentences that people wrote from the passages of a set."""
    rows = {row["_id"]: row for row in read(folder / "corpus.jsonl")}
    told = [q for q in read(folder / "queries.jsonl") if q.get("answerable") and q.get("answers")]
    for query in rng.sample(told, min(len(told), SENTENCES // 2)):
        gold = [id for id in query.get("gold_contexts") or [query.get("source_doc")] if id in rows]
        passages = [p for id in gold for p in passages_of(encoder, rows[id])]
        answer = " ".join(query["answers"][0].split())
        texts = [tidy(answer[s:e]) for s, e in sentences(answer) if _usable(answer[s:e])]
        if passages and texts:
            yield Sentence("real", True, rng.choice(texts), passages)


def claims(encoder: Encoder, folder: Path) -> Iterator[Sentence]:
    """The claims of wice_dev that their article supports, or does not, against its nearest passages."""
    rows = {row["_id"]: row for row in read(folder / "corpus.jsonl")}
    for query in read(folder / "queries.jsonl"):
        if query["label"] == "partially_supported":
            continue
        said = _stems(query["text"])
        passages = passages_of(encoder, rows[query["source_doc"]])
        nearest = sorted(passages, key=lambda p: -len(said & _stems(p.text)))[:LOOKED_AT]
        true = query["label"] == "supported"
        kind = "real" if true else "not supported"
        yield Sentence(kind, true, query["text"], nearest)


def of_set(encoder: Encoder, folder: Path) -> list[Example]:
    """The examples of one set."""
    rng = random.Random(f"{folder.name} 1")
    if folder.name == WICE:
        made = list(claims(encoder, folder))
    else:
        made = list(drawn(encoder, folder, rng)) + (list(real(encoder, folder, rng)) if folder.name in REAL else [])
    found = examples_of(encoder, folder.name, made)
    print(f"{folder.name}: {len(found)} examples", file=sys.stderr)
    return found


def fit(examples: Sequence[Example], names: Sequence[str]) -> tuple[np.ndarray[Any, Any], float]:
    """Weights and bias of the logistic model; true and false count the same, and so do the kinds within each."""
    counts: dict[tuple[bool, str], int] = {}
    for e in examples:
        counts[e.true, e.kind] = counts.get((e.true, e.kind), 0) + 1
    share = {key: 1 / count * KIND_WEIGHTS.get(key[1], 1.0) for key, count in counts.items()}
    total = {true: sum(share[t, k] * n for (t, k), n in counts.items() if t == true) for true in (True, False)}
    weights = np.array([share[e.true, e.kind] / total[e.true] for e in examples]) * len(examples)
    scaler = StandardScaler()
    x = scaler.fit_transform(matrix(examples, names))
    model = LogisticRegression(C=0.3, max_iter=2000).fit(x, [e.true for e in examples], sample_weight=weights)
    scaled = model.coef_[0] / scaler.scale_
    return scaled, float(model.intercept_[0] - scaled @ scaler.mean_)


# People's sentences are not always supported by one place: with a weight of .5 they teach the model to be lenient to all.
# Half of the "order" has no sign by which it could be told: with more weight it teaches the model to be strict to all.
KIND_WEIGHTS = {"verbatim": 0.5, "paraphrase": 1.0, "real": 0.1, "not supported": 0.1, "order": 0.1}


def report(examples: Sequence[Example], names: Sequence[str]) -> None:
    """Prints the figures with each set left out, and the weights."""
    scores: dict[int, float] = {}
    for left in sorted({e.set for e in examples}):
        weights, bias = fit([e for e in examples if e.set != left], names)
        for i, e in enumerate(examples):
            if e.set == left:
                likely = float(1 / (1 + np.exp(-(matrix([e], names)[0] @ weights + bias))))
                scores[i] = likely if e.features["shared"] >= verify.LEAST_SHARED else 0.0
    chosen = seeded(examples)
    for threshold in (0.3, 0.4, 0.5, 0.6, 0.7):
        flagged = {i: scores[i] < threshold for i in scores}
        false = np.mean([flagged[i] for i in chosen])
        shares = {
            kind: np.mean([flagged[i] for i, e in enumerate(examples) if e.true and e.kind == kind and e.set != WICE])
            for kind in ("verbatim", "paraphrase", "real")
        }
        print(
            f"below {threshold}: of {len(chosen)} corruptions {false:.3f} flagged; of true sentences "
            + ", ".join(f"{kind} {share:.3f}" for kind, share in shares.items())
        )
    flagged = {i: scores[i] < verify.SUPPORTED for i in scores}
    for kind in KINDS:
        mine = [i for i in chosen if examples[i].kind == kind]
        print(f"  {kind}: {np.mean([flagged[i] for i in mine]):.3f} of {len(mine)} flagged")
    for kind in (*FURTHER, *OWN):
        print(
            f"  besides, {kind}: {np.mean([flagged[i] for i, e in enumerate(examples) if e.kind == kind]):.3f} flagged"
        )
    for name in DRAWN_FROM:
        shares = {
            true: np.mean([flagged[i] for i, e in enumerate(examples) if e.set == name and ok(e)])
            for true, ok in (("corruptions", lambda e: not e.true), ("paraphrases", lambda e: e.kind == "paraphrase"))
        }
        print(f"  {name}: " + ", ".join(f"{share:.3f} of its {what}" for what, share in shares.items()))
    wice = {
        true: [scores[i] for i, e in enumerate(examples) if e.set == WICE and e.true == true] for true in (True, False)
    }
    print(
        f"{WICE}: AUROC {metrics.auroc(wice[True], wice[False]):.3f} of {len(wice[True])} supported, {len(wice[False])} not; "
        f"flagged {np.mean(np.array(wice[True]) < verify.SUPPORTED):.3f} / {np.mean(np.array(wice[False]) < verify.SUPPORTED):.3f}"
    )
    weights, bias = fit(examples, names)
    print(f"BIAS = {bias:.3f}")
    for name, weight in zip(names, weights, strict=True):
        print(f'    "{name}": {weight:.3f},')


def seeded(examples: Sequence[Example]) -> list[int]:
    """The corruptions that are reported: CORRUPTIONS of them, the kinds as equal in number as they come."""
    rng = random.Random(2)
    by_kind = {k: [i for i, e in enumerate(examples) if e.kind == k and not e.true] for k in KINDS}
    for found in by_kind.values():
        rng.shuffle(found)
    chosen: list[int] = []
    while len(chosen) < CORRUPTIONS and any(by_kind.values()):
        chosen += [found.pop() for found in by_kind.values() if found][: CORRUPTIONS - len(chosen)]
    return chosen


def matrix(examples: Sequence[Example], names: Sequence[str]) -> np.ndarray[Any, Any]:
    """The features of `examples`, a row each."""
    return np.array([[e.features[n] for n in names] for e in examples])


def read(path: Path) -> list[dict[str, Any]]:
    """The rows of a file of JSON Lines."""
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


def _stems(text: str) -> set[str]:
    return {stem(word) for word in content_words(text)}


def _usable(text: str) -> bool:
    return 8 <= len(text.split()) <= 45 and text[-1] in ".!" and text[:1].isalnum()


def main() -> None:
    """Makes the examples, or takes those that were kept, and prints the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--keep", type=Path, help="a file for the examples; if it is there they are taken from it")
    arguments = parser.parse_args()
    if arguments.keep and arguments.keep.is_file():
        examples = [Example(**row) for row in json.loads(arguments.keep.read_text("utf-8"))]
    else:
        encoder = load_encoder(BUNDLED_ENCODER)
        examples = [e for name in (*DRAWN_FROM, WICE) for e in of_set(encoder, arguments.folder / name)]
    if arguments.keep and not arguments.keep.is_file():
        arguments.keep.write_text(json.dumps([asdict(e) for e in examples]), "utf-8")
    report(examples, list(verify.WEIGHTS))


if __name__ == "__main__":
    main()
