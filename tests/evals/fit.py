"""Fits the weights of `retriever/choose.py` and `retriever/confidence.py`, and prints them with figures.

    python -m tests.evals.fit SET... [--questions N] [--keep DIR]

SET are folders in BEIR form with answers or gold sentences (squad2_a, clapnq_a, qed_dev of the open sets), or such
that `written.jsonl` has questions over (a third of them near misses: about what a document says, and not answered
by it); these then take the place of the set's own, of which only follow-ups are asked. The committed questions over the corpus are always among the sets. Each set is one library. Every figure "left
out" is of a fit that never saw the set; so it is what to expect on a set of one's own. With --keep, what the
searches found is kept in DIR and a second fit takes seconds; empty it when the ranking has changed.
"""

import argparse
import json
import pickle
import random
import sys
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from ingest import Library
from retriever import Turn, choose, confidence
from retriever.choose import Sentence
from retriever.evaluate import metrics, sets
from retriever.rewrite import parts, rewrite
from retriever.search import Candidate, Query, encode_query, search
from retriever.write import write
from tests.evals.run import CORPUS, load, same_article

Array = np.ndarray[Any, Any]
OWN = "immunotherapy"
# Weights that are not fitted: the open sets hold hardly a sentence that asks, is a heading, defines what is asked for or
# is an option's entry; a table's rows are all in the corpus.
BY_HAND = {"question": -1.5, "heading": -4.0, "defines": 1.5, "entry": 2.5}
# Every sentence has the first features, one that was read again the others and a constant too.
STORED = [name for name in choose.STORED_WEIGHTS if name not in BY_HAND]
READ = [name for name in choose.READ_WEIGHTS if name not in BY_HAND]
# The questions over the shipped library count so much more in the confidence than any other set's: it is the library
# that everyone meets first. Figures of the other sets move by less than .01.
OWN_WEIGHT = 5
# The share of questions taken to be answerable. More of them, and .3 declines less.
ANSWERABLE = 0.65
WRITTEN = Path(__file__).with_name("written.jsonl")
# One question about something else for so many of a set's own; every fourth is asked without its documents.
STRANGE = 6
WITHOUT = 4


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its gold sentences or answers, and the documents that answer it; none: nothing does."""

    text: str
    answerable: bool
    gold: list[str]
    answers: list[str]
    documents: set[str]
    history: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What the search found for a question.

    `made` says that it is one of the set's own asked without the documents that answer it, or another set's.
    """

    question: Question
    made: bool
    query: Query
    candidates: list[Candidate]
    sentences: list[Sentence]

    @property
    def right(self) -> Array:
        """Which sentences hold a gold sentence, or an answer where there is none."""
        gold = self.question.gold or self.question.answers
        return np.array([any(same(s.text, g) for g in gold) for s in self.sentences], bool)


def ask_all(library: Library, questions: Sequence[Question], strange: Sequence[str]) -> list[Asked]:
    """All questions asked; some once more without the documents that answer them; and the `strange` ones."""
    names = {info.document for info in library.documents()}
    found = []
    for number, question in enumerate(questions):
        found.append(ask(library, question, False, None))
        if question.answerable and question.documents and number % WITHOUT == 1:
            without = replace(question, answerable=False, gold=[], answers=[])
            found.append(ask(library, without, True, names - question.documents))
    return found + [ask(library, Question(text, False, [], [], set()), True, None) for text in strange]


def ask(library: Library, question: Question, made: bool, documents: Collection[str] | None) -> Asked:
    """One question, asked of all documents or some."""
    with library.reading():
        searched_for = rewrite(library, question.text, question.history)
        query = encode_query(library, parts(searched_for, question.text))
        candidates = search(library, query, documents=documents)
        sentences = choose.score_sentences(library, query, searched_for, candidates)
        return Asked(question, made, query, candidates, sentences)


def same(sentence: str, gold: str) -> bool:
    """Whether one holds the other, by words."""
    a, b = f" {metrics.plain(sentence)} ", f" {metrics.plain(gold)} "
    return bool(b.strip()) and (b in a or (len(a) > 40 and a in b))


def matrix(asked: Asked) -> Array:
    """The features of the sentences as rows: stored ones, or those of reading again and a one."""
    rows = np.zeros((len(asked.sentences), len(STORED) + len(READ) + 1), np.float32)
    for row, sentence in zip(rows, asked.sentences, strict=True):
        if sentence.was_read_again:
            row[len(STORED) :] = [*(sentence.features[n] for n in READ), 1.0]
        else:
            row[: len(STORED)] = [sentence.features[n] for n in STORED]
    return rows


def fit_sentences(train: Sequence[Sequence[Asked]]) -> Array:
    """Weights that make the right sentences likely under a softmax, each set counting the same."""
    weights = torch.zeros(len(STORED) + len(READ) + 1, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=80, line_search_fn="strong_wolfe")
    packed = []
    for part in train:
        able = [a for a in part if a.right.any()]
        number = torch.tensor(np.repeat(np.arange(len(able)), [len(a.sentences) for a in able]))
        rows, right = np.concatenate([matrix(a) for a in able]), np.concatenate([a.right for a in able])
        packed.append((torch.tensor(rows), torch.tensor(right), number, len(able)))

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        total = 2e-3 * (weights**2).sum()
        for rows, right, number, questions in packed:
            scores = rows @ weights
            highest = torch.full((questions,), -torch.inf).scatter_reduce(0, number, scores.detach(), "amax")
            likely = torch.exp(scores - highest[number])
            every = torch.zeros(questions).index_add(0, number, likely)
            those = torch.zeros(questions).index_add(0, number[right], likely[right])
            total = total - torch.log(those / every + 1e-9).mean() / len(packed)
        total.backward()
        return total

    optimizer.step(loss)
    return np.asarray(weights.detach().numpy())


def ranked(asked: Asked, weights: Array) -> list[Sentence]:
    """The sentences, best first by `weights`."""
    scores = matrix(asked) @ weights
    for i, sentence in enumerate(asked.sentences):
        scores[i] += sum(weight * sentence.features[name] for name, weight in BY_HAND.items())
    again = [replace(s, score=float(score)) for s, score in zip(asked.sentences, scores, strict=True)]
    return sorted(again, key=lambda s: -s.score)


def rows_of(part: Sequence[Asked], weights: Array) -> Array:
    """The features of the confidence, a row a question, sentences ranked by `weights`; a topic carried over is given."""
    found = [confidence.features(a.query, a.candidates, ranked(a, weights), given=len(a.query.parts) > 1) for a in part]
    return np.array([[values[name] for name in confidence.WEIGHTS] for values in found])


def fit_confidence(train: Mapping[str, tuple[Array, Array]]) -> tuple[Array, float]:
    """Weights and bias of the logistic model, from rows and truths by set; answerable ones count `ANSWERABLE` in each."""
    shares = []
    for name, (rows, truth) in train.items():
        share = truth.mean()
        weight = 500 / len(rows) * (OWN_WEIGHT if name == OWN else 1)
        shares.append(np.where(truth, ANSWERABLE / share, (1 - ANSWERABLE) / (1 - share)) * weight)
    rows = np.concatenate([rows for rows, _ in train.values()])
    scaler = StandardScaler().fit(rows)
    model = LogisticRegression(C=0.05, max_iter=3000)
    truths = np.concatenate([truth for _, truth in train.values()])
    model.fit(scaler.transform(rows), truths, sample_weight=np.concatenate(shares))
    weights = model.coef_[0] / scaler.scale_
    return weights, float(model.intercept_[0] - (weights * scaler.mean_).sum())


def likelihoods(rows: Array, weights: Array, bias: float) -> Array:
    """What the logistic model makes of each row: 0 to 1."""
    return np.asarray(1 / (1 + np.exp(-(rows @ weights + bias))))


def main() -> None:
    """Builds the libraries, asks the questions, fits and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", type=Path)
    parser.add_argument("--questions", type=int, default=500, help="at most so many of each set, drawn at random")
    parser.add_argument("--keep", type=Path, help="keep what the searches found in this folder")
    arguments = parser.parse_args()
    folders = {folder.name: sets.load(folder) for folder in arguments.sets}
    asked = {name: _asked_of(evalset, arguments.questions) for name, evalset in folders.items()}
    asked[OWN] = _corpus_questions()
    data: dict[str, list[Asked]] = {}
    for name, questions in asked.items():
        kept = arguments.keep / f"{name}.pickle" if arguments.keep else None
        if kept and kept.exists():
            data[name] = pickle.loads(kept.read_bytes())
            continue
        others = [q.text for other in asked for q in asked[other] if other != name]
        strange = random.Random(1).sample(others, min(len(others), len(questions) // STRANGE))
        with tempfile.TemporaryDirectory() as scratch, Library.open(scratch, create=True) as library:
            if name in folders:
                library.ingest_documents(folders[name].documents())
            else:
                library.ingest(CORPUS)
            data[name] = [_slim(a) for a in ask_all(library, questions, strange)]
        if kept:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(pickle.dumps(data[name]))
        print(f"{name}: {len(data[name])} asked", file=sys.stderr)
    report({name: [a for a in part if a.sentences] for name, part in data.items()})


def _slim(asked: Asked) -> Asked:
    """The same with only the best match of each token kept of the candidates, which is all that is looked at."""
    slim = [replace(c, similar=c.similar.max(axis=0, keepdims=True)) for c in asked.candidates]
    by_id = {c.id: c for c in slim}
    sentences = [replace(s, candidate=by_id[s.candidate.id]) for s in asked.sentences]
    return replace(asked, candidates=slim, sentences=sentences)


def own_questions(evalset: sets.EvalSet, most: int) -> list[Question]:
    drawn = [q for q in evalset.queries if q.answerable is not None]
    random.Random(0).shuffle(drawn)
    return [
        Question(
            q.text,
            bool(q.answerable),
            # Short answers say more exactly which sentences answer than the sentence that someone marked.
            list(q.gold_sentences if not q.answers or len(q.answers[0].split()) > 15 else ()),
            list(q.answers),
            {document for document, relevance in evalset.qrels.get(q.id, {}).items() if relevance > 0},
            q.history,
        )
        for q in drawn[:most]
    ]


def _asked_of(evalset: sets.EvalSet, most: int) -> list[Question]:
    from tests.evals import seen

    own = own_questions(evalset, most)
    if evalset.name not in seen.TRAINED_ON:
        return written(evalset, most) or own
    kept_back = seen.kept_back(evalset)
    random.Random(0).shuffle(kept_back)
    return kept_back[:most] + [question for question in own if question.history]


def written(evalset: sets.EvalSet, most: int) -> list[Question]:
    """The questions of `written.jsonl` over the set's documents."""
    rows = [json.loads(line) for line in WRITTEN.read_text("utf-8").splitlines()]
    rows = [row for row in rows if row["set"] == evalset.name]
    random.Random(0).shuffle(rows)
    texts = {document.id: document.text for document in evalset.documents()} if rows else {}
    found = []
    for row in rows[:most]:
        gold = [texts[row["document"]][start:end] for start, end in row["gold"]]
        found.append(Question(row["text"], bool(gold), gold, [], {row["document"]}))
    return found


def _corpus_questions() -> list[Question]:
    rows = load()
    names = [path.relative_to(CORPUS).as_posix() for path in CORPUS.rglob("*.*")]
    found = []
    for row in rows["question"]:
        articles = {same_article(g["document"]) for g in row["gold"]}
        editions = {name for name in names if same_article(name) in articles}
        found.append(Question(row["text"], True, [g["quote"] for g in row["gold"]], [], editions))
    return found + [Question(row["text"], False, [], [], set()) for row in rows["unanswerable"]]


def report(data: dict[str, list[Asked]]) -> None:
    """Prints how the weights that stand do, and fits on the sets left out of them; then the weights fitted on all."""
    marked = {name: part for name, part in data.items() if any(a.right.any() for a in part)}
    stand = np.array(
        [*map(choose.STORED_WEIGHTS.get, STORED), *map(choose.READ_WEIGHTS.get, READ), choose.READ_BIAS], np.float32
    )
    for name in marked:
        _print_answers(f"{name}, weights that stand", data[name], stand)
    left_out: dict[str, Array] = {}
    for left in data:
        left_out[left] = fit_sentences([part for name, part in marked.items() if name != left])
        if left in marked:
            _print_answers(f"{left} left out", data[left], left_out[left])
    weights = fit_sentences(list(marked.values()))
    mixed = {n: p for n, p in data.items() if 0 < sum(a.question.answerable for a in p) < len(p)}
    truths = {n: np.array([a.question.answerable for a in p]) for n, p in mixed.items()}
    for name, part in mixed.items():
        before = np.array(list(confidence.WEIGHTS.values()))
        _print_confidence(
            f"{name}, weights that stand", part, rows_of(part, stand), truths[name], before, confidence.BIAS
        )
    every: list[tuple[Array, Array]] = []
    for left in mixed:
        pairs = {n: (rows_of(p, left_out[left]), truths[n]) for n, p in mixed.items()}
        others = {n: pair for n, pair in pairs.items() if n != left} or pairs
        fitted = fit_confidence(others)
        _print_confidence(f"{left} left out", mixed[left], *pairs[left], *fitted)
        own = np.array([not a.made for a in mixed[left]])
        every.append((likelihoods(pairs[left][0], *fitted)[own], truths[left][own]))
    likely, able = (np.concatenate(column) for column in zip(*every, strict=True))
    print(
        f"confidence, the {len(likely)} own questions of all sets, each left out: "
        f"ECE {metrics.calibration_error(likely.tolist(), able.tolist()):.3f}, "
        f"AUROC {metrics.auroc(likely[able].tolist(), likely[~able].tolist()):.3f}"
    )
    pairs = {n: (rows_of(p, weights), truths[n]) for n, p in mixed.items()}
    final, bias = fit_confidence(pairs)
    for name, (rows, truth) in pairs.items():
        _print_confidence(f"{name} (seen)", mixed[name], rows, truth, final, bias)
    stored, read = dict(zip(STORED, weights, strict=False)), dict(zip(READ, weights[len(STORED) :], strict=False))
    for title, values in (
        ("STORED_WEIGHTS", stored | BY_HAND),
        ("READ_WEIGHTS", read | BY_HAND),
        ("WEIGHTS", dict(zip(confidence.WEIGHTS, final, strict=True))),
    ):
        print(f"{title}: Mapping[str, float] = {{")
        for name, value in values.items():
            print(f'    "{name}": {value:.3f},')
        print("}")
    print(f"READ_BIAS = {weights[-1]:.3f}\nBIAS = {bias:.3f}")


def _print_answers(title: str, part: Sequence[Asked], weights: Array) -> None:
    first, three, overlap, words, sentence, document, direct = [], [], [], [], [], [], []
    for asked in part:
        q = asked.question
        if not q.answerable:
            continue
        best = ranked(asked, weights)
        text, citations = write(q.text, best, lambda passage, offset: None)
        gold = q.gold or q.answers
        held = [
            metrics.holds(c.quote, q.answers) if not q.gold else any(same(c.quote, g) for g in gold) for c in citations
        ]
        first.append(held[0])
        three.append(any(held))
        words.append(len(text.split()))
        sentence.append(any(same(best[0].text, g) for g in gold))
        document.append(citations[0].passage.document in q.documents)
        short, mark, _ = text.partition(" [1]\n\n")
        if mark and len(short) < len(citations[0].quote) and q.answers:
            direct.append(any(metrics.holds(short, [answer]) or metrics.holds(answer, [short]) for answer in q.answers))
        if q.gold:
            overlap.append(metrics.overlap_f1([c.quote for c in citations], q.gold))
    print(
        f"answers, {title}: first quote {np.mean(first):.3f}, three {np.mean(three):.3f}, "
        f"F1 {np.mean(overlap) if overlap else np.nan:.3f}, document first {np.mean(document):.3f}, "
        f"first sentence {np.mean(sentence):.3f}, median words {np.median(words):.0f}, of {len(first)}; "
        f"short answers right {sum(direct)} of {len(direct)}"
    )


def _print_confidence(title: str, part: Sequence[Asked], rows: Array, able: Array, weights: Array, bias: float) -> None:
    values = likelihoods(rows, weights, bias)
    own = np.array([not a.made for a in part])
    found = [f"AUROC {metrics.auroc(values[able].tolist(), values[~able].tolist()):.3f}"]
    if (~able & own).any():
        found.append(f"of the set's own {metrics.auroc(values[able].tolist(), values[~able & own].tolist()):.3f}")
        found.append(f"ECE {metrics.calibration_error(values[own].tolist(), able[own].tolist()):.3f}")
    for threshold in (0.2, 0.25, 0.3, 0.4, 0.5):
        unable = ~able & own if (~able & own).any() else ~able
        found.append(
            f"below {threshold}: {(values[able] < threshold).mean():.3f} / {(values[unable] < threshold).mean():.3f}"
        )
    print(f"confidence, {title}: {', '.join(found)} (answerable / unanswerable declined)")


if __name__ == "__main__":
    main()
