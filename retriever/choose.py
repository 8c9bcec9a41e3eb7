"""Candidates -> the sentences that answer, and how likely it is that the library answers at all.

A sentence is scored by how well its own tokens match the question's (late interaction within the
sentence), by the share of the question's words it holds, by its passage's rank, and by whether it
holds the kind of thing asked for (a number, a date, a name). The weights were fitted on open sets by
`tests/benchmarks/fit.py`; figures in tests/benchmarks/README.md.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest import POOLED_TOKENS, Library, content_words, encoder_text, sentences, similarities, stem, words

from .search import Candidate, Query

Floats = npt.NDArray[np.float32]

# Sentences are taken from this many passages.
PASSAGES = 6


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a candidate: `start` and `end` count in the document's text. Higher `score` is better."""

    candidate: Candidate
    start: int
    end: int
    text: str
    score: float
    features: Mapping[str, float]
    # How well each token of the query is matched in the sentence or in its passage's title and headings.
    matched: Floats


def score_sentences(
    library: Library, query: Query, question: str, candidates: Sequence[Candidate]
) -> list[Sentence]:
    """The sentences of the best candidates, best first; inside `library.reading()`."""
    best = candidates[:PASSAGES]
    rarity = word_rarity(library, question)
    kind = asked_kind(question)
    spans = [library.encoder.token_spans(encoder_text(c.passage)) for c in best]
    found = [
        Sentence(candidate, candidate.passage.start + s, candidate.passage.start + e, text, _score(features), features, matched)
        for candidate, tokens in zip(best, spans, strict=True)
        for s, e, text, features, matched in _sentences(query, candidate, tokens, rarity, kind)
    ]
    return sorted(found, key=lambda s: -s.score)


def word_rarity(library: Library, question: str) -> dict[str, float]:
    """The question's content words, stemmed -> inverse document frequency in the library."""
    _, passages = library.store.counts()
    rarity = {}
    for term in dict.fromkeys(stem(word) for word in content_words(question)):
        df = library.store.document_frequency(term)
        rarity[term] = math.log(1 + (passages - df + 0.5) / (df + 0.5))
    return rarity


def cover(text: str, rarity: Mapping[str, float]) -> float:
    """The share of the question's words, weighted by rarity, that `text` holds: 0 to 1."""
    total = sum(rarity.values())
    if not total:
        return 0.0
    present = {stem(word) for word in words(text)}
    return sum(weight for term, weight in rarity.items() if term in present) / total


_KINDS: tuple[tuple[str, re.Pattern[str], re.Pattern[str]], ...] = (
    (
        "number",
        re.compile(r"\b(how (many|much|long|often|old|large|big|far|high|fast)|what (percentage|proportion|share|number|dose))\b", re.I),
        re.compile(r"\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|half|third|dozen|hundred|thousand|million)\b", re.I),
    ),
    (
        "date",
        re.compile(r"\b(when|(what|which|in what|in which) (year|date|century|decade|month|day))\b", re.I),
        re.compile(r"\b\d{3,4}s?\b|\bcentur|\b(January|February|March|April|June|July|August|September|October|November|December)\b|\b(after|before|during|until|since)\b", re.I),
    ),
    (
        "name",
        re.compile(r"\b(who|whom|whose|which (person|company|country|city|agency))\b|^where\b", re.I),
        re.compile(r"(?<!^)(?<![.!?] )\b[A-Z][a-z]+"),
    ),
    (
        "reason",
        re.compile(r"\bwhy\b|\bhow (do|does|did|can|is|are)\b", re.I),
        re.compile(r"\b(because|since|due to|owing|so that|in order|therefore|thus|by \w+ing|which (means|makes|allows)|cause[sd]?|result)\b", re.I),
    ),
)  # fmt: skip


def asked_kind(question: str) -> tuple[str, re.Pattern[str]] | None:
    """The kind of thing a question asks for, with the pattern that such a thing matches; None if open."""
    for kind, asks, answers in _KINDS:
        if asks.search(question):
            return kind, answers
    return None


def _sentences(
    query: Query,
    candidate: Candidate,
    tokens: Sequence[tuple[int, int]],
    rarity: Mapping[str, float],
    kind: tuple[str, re.Pattern[str]] | None,
) -> list[tuple[int, int, str, dict[str, float], Floats]]:
    passage = candidate.passage
    similar = similarities(query.tokens, candidate.codes)
    # The encoder was given context and text, and perhaps did not see all of it.
    shift = len(encoder_text(passage)) - len(passage.text.strip())
    lead = len(passage.text) - len(passage.text.lstrip())
    starts = np.array([start - shift + lead for start, _ in tokens[::POOLED_TOKENS][: len(similar)]])
    found = []
    before = ""
    for s, e in sentences(passage.text):
        text = passage.text[s:e]
        inside = (starts >= s) & (starts < e)
        own = similar[inside]
        around = similar[inside | (starts < lead)]
        late = float(own.max(axis=0) @ query.weights) if len(own) else 0.0
        features = {
            "late": late,
            "mean": float(own.mean(axis=0) @ query.weights) if len(own) else 0.0,
            "cover": cover(text, rarity),
            "near": cover(f"{before} {text}", rarity),
            "context": cover(f"{passage.context} {text}", rarity),
            "passage": candidate.score,
            "kind": float(bool(kind and kind[1].search(text))),
            "short": float(len(text) < 40),
            "question": float(text.endswith("?")),
            "heading": float(bool(passage.heading) and text == (passage.heading or "").split(" > ")[-1]),
        }
        matched = around.max(axis=0) if len(around) else np.zeros(len(query.weights), np.float32)
        found.append((s, e, text, features, matched))
        before = text
    return found


# Fitted by softmax over a question's sentences on three open sets; "question" (a sentence that asks) and
# "heading" do not occur there and were set by hand.
WEIGHTS: Mapping[str, float] = {
    "late": 4.7,
    "mean": 2.9,
    "cover": 1.1,
    "near": 1.0,
    "context": 3.0,
    "passage": 6.0,
    "kind": 1.4,
    "short": -0.6,
    "question": -1.5,
    "heading": -4.0,
}


def _score(features: Mapping[str, float]) -> float:
    return sum(weight * features[name] for name, weight in WEIGHTS.items())
