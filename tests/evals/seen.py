"""What the reader was trained on (`reader.py`), and what was kept from it: on that its weights are judged and fitted."""

import json
import zlib
from dataclasses import replace

from retriever.evaluate import sets
from tests.evals import fit

TRAINED_ON = frozenset("squad2_a policyqa_dev pubmedqa wice_dev mtrag_clapnq mtrag_fiqa cranfield cisi cacm".split())
# Of which their own questions were asked too, besides those of `written.jsonl`. A passage's id begins with its article.
OWN_QUESTIONS = frozenset(("squad2_a", "policyqa_dev"))


def held_back(name: str, document: str) -> bool:
    """Whether no question over this document of a set was shown: a fifth of them, whole articles."""
    key = document.split("-")[0] if name in OWN_QUESTIONS else document
    return zlib.crc32(key.encode()) % 5 == 0


def questions(evalset: sets.EvalSet) -> list[fit.Question]:
    """The set's questions that could be shown, each with a document: those that nothing answers, that they are about."""
    found = fit.written(evalset, 10_000)
    if evalset.name in OWN_QUESTIONS:
        found += fit.own_questions(evalset, 10_000)
    rows = map(json.loads, (evalset.folder / "queries.jsonl").read_text("utf-8").rstrip("\n").split("\n"))
    about = {row["text"]: row["source_doc"] for row in rows if row.get("source_doc")}
    return [q if q.documents else replace(q, documents={about[q.text]}) for q in found]


def kept_back(evalset: sets.EvalSet) -> list[fit.Question]:
    """The questions of a set that the reader was trained on which it was not shown."""
    return [q for q in questions(evalset) if held_back(evalset.name, min(q.documents))]
