"""Prints how Pincite answers, cites, declines and follows up, a table each.

    python -m tests.evals.run [SET...] [--questions N] [--libraries FOLDER] [--verbose]

The committed questions over the shipped corpus are always asked; SET are folders in BEIR form with answers, gold
sentences or unanswerable questions. Each set is one library: FOLDER/NAME if it is there (the corpus' is FOLDER/corpus),
else one that is thrown away. What the tables hold:

- answers: an answer (or gold span) in the first quote, in any of three, of all answerable questions: a declined one
  counts as missed; words shared with the gold sentences (F1); the gold document cited first; the words of an answer;
  the milliseconds from search to answer;
- citations: text(document)[start:end] == quote, for every citation and hit of every answer;
- abstention: AUROC and calibration error of the confidence, what is declined, and of declining "unanswerable" the
  precision and recall. The weights were fitted on some of the open sets: tests.evals.fit gives the honest figures;
- risk and coverage: by threshold, the share of all questions that is answered, and of these the unanswerable share;
- follow-ups: do the later turns of the corpus conversations cite a gold document first, asked with the history.
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest import Library
from retriever import Answer, Retriever, Turn
from retriever.evaluate import metrics, sets

QUESTIONS = Path(__file__).with_name("immunotherapy.jsonl")
CORPUS = Path(__file__).parents[2] / "corpus"
THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True, slots=True)
class Case:
    """A question with the words (answers, or sentences where there is no short answer) and documents that are right."""

    text: str
    answerable: bool | None
    history: tuple[Turn, ...] = ()
    answers: tuple[str, ...] = ()
    gold: tuple[str, ...] = ()
    documents: frozenset[str] = frozenset()


Asked = Sequence[tuple[Case, Answer]]


def load() -> dict[str, list[dict[str, Any]]]:
    """The committed questions by kind: question, unanswerable, conversation."""
    found: dict[str, list[dict[str, Any]]] = {}
    for line in QUESTIONS.read_text("utf-8").splitlines():
        row = json.loads(line)
        found.setdefault(row["kind"], []).append(row)
    return found


def own_cases() -> list[Case]:
    """The committed questions that stand alone, answerable and not."""
    rows = load()
    return [_own(row, row["answerable"]) for row in [*rows["question"], *rows["unanswerable"]]]


def _own(row: Mapping[str, Any], answerable: bool) -> Case:
    gold = row.get("gold", [])
    return Case(
        row["text"],
        answerable,
        gold=tuple(g["quote"] for g in gold),
        documents=frozenset(same_article(g["document"]) for g in gold),
    )


def set_cases(evalset: sets.EvalSet, most: int | None) -> list[Case]:
    """The questions of a set, `most` of them drawn at random."""
    drawn = list(evalset.queries)
    random.Random(0).shuffle(drawn)
    return [
        Case(
            q.text,
            q.answerable,
            q.history,
            q.answers if q.answers and len(q.answers[0].split()) <= 15 else (),
            q.gold_sentences,
            frozenset(same_article(d) for d, relevance in evalset.qrels.get(q.id, {}).items() if relevance > 0),
        )
        for q in drawn[:most]
    ]


def same_article(document: str) -> str:
    """The article a document is an edition of: the PDF and HTML editions count as the Markdown one."""
    path = Path(document)
    return path.stem if path.suffix in (".md", ".pdf", ".html", ".docx") else document


def gold_first(answer: Answer, gold: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the first citation is of a gold document."""
    return any(
        same_article(c.passage.document) in {same_article(g["document"]) for g in gold} for c in answer.citations[:1]
    )


def document_first(case: Case, answer: Answer) -> bool:
    """Whether the first citation is of a gold document."""
    return gold_first(answer, [{"document": document} for document in case.documents])


def holds(case: Case, answer: Answer, of: int) -> bool:
    """Whether one of the first `of` quotes holds an answer, or else holds (or lies in) a gold sentence's words."""
    quotes = [c.quote for c in answer.citations[:of]]
    if case.answers:
        return any(metrics.holds(quote, case.answers) for quote in quotes)
    plain = [metrics.plain(quote) for quote in quotes]
    wanted = [metrics.plain(sentence) for sentence in case.gold]
    return any(w in q or q in w for w in wanted for q in plain)


def spans(answer: Answer) -> tuple[list[tuple[str, int, int, str]], list[tuple[str, int, int, str]]]:
    """What `answer` claims to stand where: its citations and its hits."""
    cited = [(c.passage.document, c.start, c.end, c.quote) for c in answer.citations]
    return cited, [(h.passage.document, h.passage.start, h.passage.end, h.passage.text) for h in answer.evidence]


def inexact(retriever: Retriever, answer: Answer) -> int:
    """How many citations and hits of `answer` are not exactly at their place."""
    cited, hits = spans(answer)
    return sum(retriever.text(document)[start:end] != quote for document, start, end, quote in [*cited, *hits])


def answers_row(asked: Asked) -> list[str]:
    """Of the answerable questions that have gold."""
    able = [(c, a) for c, a in asked if c.answerable and (c.answers or c.gold)]
    given = [a for _, a in asked if a.answered]
    overlap = [metrics.overlap_f1([q.quote for q in a.citations], c.gold) for c, a in able if c.gold]
    after = [sum(a.timings_ms.get(stage, 0.0) for stage in ("choose", "write")) for _, a in asked]
    return [
        str(len(able)),
        _share([holds(c, a, 1) for c, a in able]),
        _share([holds(c, a, 3) for c, a in able]),
        f"{statistics.mean(overlap):.3f}" if overlap else "",
        _share([document_first(c, a) for c, a in able if c.documents]),
        f"{statistics.median(len(a.text.split()) for a in given):.0f}" if given else "",
        f"{statistics.median(after):.0f}",
    ]


def abstention_row(asked: Asked, threshold: float) -> list[str]:
    """Of the questions that are known to be answerable or not."""
    able = [a.confidence for c, a in asked if c.answerable]
    unable = [a.confidence for c, a in asked if c.answerable is False]
    declined = [sum(value < threshold for value in values) for values in (able, unable)]
    return [
        str(len(able)),
        str(len(unable)),
        f"{metrics.auroc(able, unable):.3f}",
        f"{metrics.calibration_error([*able, *unable], [True] * len(able) + [False] * len(unable)):.3f}",
        f"{declined[0] / len(able):.3f}",
        f"{declined[1] / len(unable):.3f}",
        f"{declined[1] / max(1, sum(declined)):.3f}",
    ]


def risk_row(asked: Asked) -> list[str]:
    """Coverage / risk by threshold."""
    values = [(a.confidence, bool(c.answerable)) for c, a in asked if c.answerable is not None]
    found = []
    for threshold in THRESHOLDS:
        kept = [able for confidence, able in values if confidence >= threshold]
        found.append(f"{len(kept) / len(values):.2f}/{kept.count(False) / max(1, len(kept)):.2f}")
    return found


def conversations(retriever: Retriever) -> Iterator[tuple[str, int, dict[str, Any], Answer]]:
    """Each turn of the committed conversations, asked after those before it: conversation, number, turn, answer."""
    for row in load()["conversation"]:
        history: list[Turn] = []
        for number, turn in enumerate(row["turns"]):
            answer = retriever.ask(turn["text"], history)
            yield row["_id"], number, turn, answer
            history += [Turn("user", turn["text"]), Turn("assistant", answer.text)]


def table(title: str, columns: Sequence[str], rows: Mapping[str, Sequence[str]]) -> None:
    """Prints a table."""
    cells = [["", *columns], *([name, *values] for name, values in rows.items())]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    sys.stdout.write(f"\n{title}\n")
    for row in cells:
        sys.stdout.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n")


def report(asked: Mapping[str, Asked], later: Asked, exact: Mapping[str, Sequence[str]], threshold: float) -> None:
    """Prints all tables."""
    columns = ["asked", "first quote", "three", "F1", "document first", "median words", "ms after search"]
    table("Answers", columns, {name: answers_row(part) for name, part in asked.items()})
    table("Citations", ["citations", "hits", "inexact"], exact)
    mixed = {n: p for n, p in asked.items() if {True, False} <= {c.answerable for c, _ in p}}
    columns = ["answerable", "unanswerable", "AUROC", "ECE", "declined", "declined (recall)", "precision"]
    table("Abstention", columns, {name: abstention_row(part, threshold) for name, part in mixed.items()})
    thresholds = [f"{threshold}" for threshold in THRESHOLDS]
    table("Coverage / risk by threshold", thresholds, {name: risk_row(part) for name, part in mixed.items()})
    row = [str(len(later)), _share([document_first(c, a) for c, a in later])]
    table("Follow-ups", ["later turns", "document first"], {"immunotherapy": row})


def explain(asked: Asked) -> None:
    """Prints what went wrong."""
    for case, answer in asked:
        if case.answerable and not document_first(case, answer):
            print(f"MISSED {case.text}\n  gold {sorted(case.documents)}: {case.gold[:1]}")
            print(f"  for {answer.searched_for}\n  given {answer.confidence:.2f} {answer.text}")
        elif case.answerable is False and answer.answered:
            print(f"ANSWERED {case.text}\n  given {answer.confidence:.2f} {answer.text}")


def _share(values: Sequence[bool]) -> str:
    return f"{sum(values) / len(values):.3f}" if values else ""


@contextmanager
def _opened(folder: Path | None, libraries: Path | None) -> Iterator[Retriever]:
    """The retriever of a set's documents, or of the corpus without a set: of a library that is there, or a new one."""
    ready = libraries and libraries / (folder.name if folder else "corpus")
    if ready and ready.is_dir():
        with Retriever.open(ready) as retriever:
            yield retriever
        return
    with tempfile.TemporaryDirectory() as scratch, Library.open(scratch, create=True) as made:
        if folder:
            made.ingest_documents(sets.load(folder).documents())
        else:
            made.ingest(CORPUS)
        yield Retriever(made)


def main() -> None:
    """Asks and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", type=Path)
    parser.add_argument("--questions", type=int, help="at most so many of each set, drawn at random")
    parser.add_argument("--libraries", type=Path, metavar="FOLDER", help="where libraries may be built already")
    parser.add_argument("--verbose", action="store_true", help="show every question over the corpus that went wrong")
    arguments = parser.parse_args()
    asked: dict[str, list[tuple[Case, Answer]]] = {}
    exact: dict[str, list[str]] = {}
    later: list[tuple[Case, Answer]] = []
    threshold = 0.0
    for folder in [None, *arguments.sets]:
        name = folder.name if folder else "immunotherapy"
        cases = set_cases(sets.load(folder), arguments.questions) if folder else own_cases()
        with _opened(folder, arguments.libraries) as retriever:
            threshold = retriever.library.settings.decline_below
            asked[name] = [(case, retriever.ask(case.text, case.history)) for case in cases]
            if not folder:
                later = [(_own(turn, True), answer) for _, number, turn, answer in conversations(retriever) if number]
            every = [answer for _, answer in asked[name]] + ([] if folder else [a for _, a in later])
            cited, hits = (sum(len(spans(answer)[i]) for answer in every) for i in (0, 1))
            exact[name] = [str(cited), str(hits), str(sum(inexact(retriever, answer) for answer in every))]
    if arguments.verbose:
        explain([*asked["immunotherapy"], *later])
    report(asked, later, exact, threshold)


if __name__ == "__main__":
    main()
