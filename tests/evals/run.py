"""Prints how Pincite does on the committed questions over its own corpus, as one table.

    python -m tests.evals.run [--library DIR]

Without --library the corpus is ingested into a throw-away library first. What is measured:

- questions: is the gold document cited first (of all answerable questions), does the first quote, or any,
  overlap a gold span; how many answerable questions are declined;
- unanswerable questions: how many are declined, near misses and far ones;
- conversations: do the later turns cite a gold document first, asked with the history;
- citations: text(document)[start:end] == quote, for every citation and hit of every answer.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ingest import Library
from retriever import Answer, Retriever

QUESTIONS = Path(__file__).with_name("immunotherapy.jsonl")
CORPUS = Path(__file__).parents[2] / "corpus"


def load() -> dict[str, list[dict[str, Any]]]:
    """The committed questions by kind: question, unanswerable, conversation."""
    found: dict[str, list[dict[str, Any]]] = {}
    for line in QUESTIONS.read_text("utf-8").splitlines():
        row = json.loads(line)
        found.setdefault(row["kind"], []).append(row)
    return found


def same_article(document: str) -> str:
    """The article a document is an edition of: the PDF and HTML editions count as the Markdown one."""
    return Path(document).stem


def gold_first(answer: Answer, gold: list[dict[str, Any]]) -> bool:
    """Whether the first citation is of a gold document."""
    first = answer.citations[:1]
    return bool(first) and same_article(first[0].passage.document) in {same_article(g["document"]) for g in gold}


def quotes_gold(answer: Answer, gold: list[dict[str, Any]], of: int) -> bool:
    """Whether one of the first `of` quotes holds, or lies in, a gold span's words."""
    wanted = [" ".join(g["quote"].split()) for g in gold]
    quoted = [" ".join(c.quote.split()) for c in answer.citations[:of]]
    return any(w in q or q in w for w in wanted for q in quoted)


def inexact(retriever: Retriever, answer: Answer) -> int:
    """How many citations and hits of `answer` are not exactly at their place."""
    spans = [(c.passage.document, c.start, c.end, c.quote) for c in answer.citations]
    spans += [(h.passage.document, h.passage.start, h.passage.end, h.passage.text) for h in answer.evidence]
    return sum(retriever.text(document)[start:end] != quote for document, start, end, quote in spans)


def conversations(retriever: Retriever) -> Iterator[tuple[str, int, dict[str, Any], Answer]]:
    """Each turn of the committed conversations, asked after those before it: conversation, number, turn, answer."""
    for row in load()["conversation"]:
        history: list[Mapping[str, str]] = []
        for number, turn in enumerate(row["turns"]):
            answer = retriever.ask(turn["text"], history)
            yield row["_id"], number, turn, answer
            history += [{"role": "user", "text": turn["text"]}, {"role": "assistant", "text": answer.text}]


def measure(retriever: Retriever, verbose: bool = False) -> dict[str, float]:
    """All figures, by name."""
    sets = load()
    answers = {row["_id"]: retriever.ask(row["text"]) for kind in ("question", "unanswerable") for row in sets[kind]}
    questions, unanswerable = sets["question"], sets["unanswerable"]
    later: list[tuple[Answer, dict[str, Any]]] = []
    for id, number, turn, answer in conversations(retriever):
        answers[f"{id}.{number}"] = answer
        if number:
            later.append((answer, turn))
    if verbose:
        _explain(sets, answers, later)
    near = [row for row in unanswerable if row["distance"] == "near"]
    far = [row for row in unanswerable if row["distance"] == "far"]
    figures = {
        "questions": len(questions),
        "gold document cited first": _share(gold_first(answers[q["_id"]], q["gold"]) for q in questions),
        "gold span in the first quote": _share(quotes_gold(answers[q["_id"]], q["gold"], 1) for q in questions),
        "gold span in three quotes": _share(quotes_gold(answers[q["_id"]], q["gold"], 3) for q in questions),
        "answerable declined": _share(not answers[q["_id"]].answered for q in questions),
        "unanswerable": len(unanswerable),
        "unanswerable declined": _share(not answers[u["_id"]].answered for u in unanswerable),
        "near misses declined": _share(not answers[u["_id"]].answered for u in near),
        "far questions declined": _share(not answers[u["_id"]].answered for u in far),
        "later turns": len(later),
        "later turns, gold document first": _share(gold_first(answer, turn["gold"]) for answer, turn in later),
        "median words of an answer": statistics.median(len(a.text.split()) for a in answers.values() if a.answered),
        "citations": sum(len(a.citations) for a in answers.values()),
        "inexact citations and hits": sum(inexact(retriever, a) for a in answers.values()),
        "ask, ms (median)": statistics.median(a.timings_ms["total"] for a in answers.values()),
    }
    return figures


def _explain(
    sets: dict[str, list[dict[str, Any]]], answers: dict[str, Answer], later: list[tuple[Answer, dict[str, Any]]]
) -> None:
    for row in sets["question"]:
        answer = answers[row["_id"]]
        if not gold_first(answer, row["gold"]):
            print(f"MISSED {row['_id']} {row['text']}\n  gold  {row['gold'][0]['document']}: {row['gold'][0]['quote']}")
            print(f"  given {answer.confidence:.2f} {answer.text}")
    for row in sets["unanswerable"]:
        if answers[row["_id"]].answered:
            print(
                f"ANSWERED {row['_id']} {row['text']}\n  {answers[row['_id']].confidence:.2f} {answers[row['_id']].text}"
            )
    for answer, turn in later:
        if not gold_first(answer, turn["gold"]):
            print(f"LATER {turn['text']}\n  for {answer.searched_for}\n  gold {turn['gold'][0]['document']}")
            print(f"  given {answer.confidence:.2f} {answer.text[:200]}")


def _share(values: Iterator[bool]) -> float:
    found = list(values)
    return round(sum(found) / len(found), 3)


@contextmanager
def _retriever(folder: str | None) -> Iterator[Retriever]:
    if folder:
        with Retriever.open(folder) as retriever:
            yield retriever
        return
    with tempfile.TemporaryDirectory() as scratch, Library.open(scratch, create=True) as library:
        library.ingest(CORPUS)
        yield Retriever(library)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", help="a library of the corpus that is there already")
    parser.add_argument("--verbose", action="store_true", help="show every question that went wrong")
    arguments = parser.parse_args()
    with _retriever(arguments.library) as opened:
        for name, value in measure(opened, arguments.verbose).items():
            sys.stdout.write(f"{name:36s} {value:g}\n")
