"""Candidates -> the sentences that answer.

Every sentence of the best passages is scored twice. First from what is stored: how well its own tokens
match the question's (late interaction within the sentence), which of the question's words it holds, how
its passage ranks, and whether it holds the kind of thing asked for (a number, a date, a name). The best
of these are then read alone behind their title and heading, by an encoder that was trained to tell what answers a
question from what is about the same (`ingest/reading_model`), and scored again. Weights: `tests/evals/fit.py`; figures
in DESIGN.md.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ingest import POOLED_TOKENS, Library, Passage, encoder_text, product, sentences, stems, words

from .asked import MOST_READ, Asked, asks, compared
from .cells import direct_cell
from .definitions import asked_term, defines, may_define
from .direct import MONEY
from .identifiers import identifiers
from .options import operators, options, tells
from .search import Candidate, Query
from .whole import ROW, headings_of

Floats = npt.NDArray[np.float32]

# Sentences are taken from this many passages, and so many of them are encoded again: 6 to 12 and 4 to 16 choose equally
# well (DESIGN.md), and each that is encoded costs 2 ms where the processor computes in bf16, 10 ms where it does not.
PASSAGES = 8
# Of so many those that define what is asked for: in a large library many passages use a term, and few say what it is.
DEFINING_PASSAGES = 24
READ_AGAIN = 4
# Of these only such as are at least this share as likely as the best: no other turned out to be the one.
WORTH_READING = 0.3

# A sentence that asks loses so much of its score to what stands at most so many characters behind it; an answer of so
# few words goes with the next sentence.
ASKS, NEAR, FEW_WORDS = 4.0, 60, 3
# What ends in a question mark behind more words than these may tell as well.
LONGEST_QUESTION = 30
# What a mail quotes of another one, and its head, lose so much.
QUOTED = 4.0
_HEADED = frozenset(("date", "name"))
_HEAD = re.compile(r"(?:From|To|Cc|Date|Subject): [^\n]*\n(?:From|To|Cc|Date|Subject): ")
_IN_MAIL = re.compile(r">(?!>)\s?\w")


@dataclass(frozen=True, slots=True, eq=False)
class Sentence:
    """A sentence of a candidate: `start` and `end` count in the document's text. Higher `score` is better.

    The softmax of the scores of a question's sentences is how likely each is the one that answers, if one does.
    """

    candidate: Candidate
    start: int
    end: int
    text: str
    score: float
    features: Mapping[str, float]

    @property
    def was_read_again(self) -> bool:
        """Whether it was encoded alone."""
        return "alone_dense" in self.features

    @property
    def answers_another(self) -> bool:
        """Whether it stands behind what asks the same of something else than is asked about."""
        return "another" in self.features


class Where(Protocol):
    """A part of a document."""

    def touches(self, document: str, start: int, end: int) -> bool:
        """Whether `start:end` of a document has a part in it."""


def score_sentences(
    library: Library,
    query: Query,
    question: str,
    candidates: Sequence[Candidate],
    places: Sequence[Where] = (),
    may_tell: Callable[[Passage, str], bool] | None = None,
) -> list[Sentence]:
    """The sentences of the best candidates, the most likely first; inside `library.reading()`.

    With `places`, only those that stand there; with `may_tell`, those of which that is said.
    """
    kind, term = asked_kind(question), asked_term(question)
    names = options(question) | set(identifiers(question).values()), operators(question)
    # What an entry says may be unlike all that is asked: any passage may hold it.
    looked_into = len(candidates) if any(names) else DEFINING_PASSAGES if term else PASSAGES
    different = _different(candidates, looked_into)
    best, further = different[:PASSAGES], different[PASSAGES:]
    # All at once, on all cores: cutting texts into tokens took half of the time that this does.
    spans = library.encoder.token_spans_of([encoder_text(c.passage) for c in best])
    found = [
        s for c, of in zip(best, spans, strict=True) for s in _sentences(query, question, c, of, kind, term, names)
    ]
    for candidate in further:
        text = candidate.passage.text
        if (term and may_define(text, term)) or any(tells(line, of) for of in names for line in text.split("\n")):
            of = library.encoder.token_spans(encoder_text(candidate.passage))
            told = _sentences(query, question, candidate, of, kind, term, names)
            found += [s for s in told if s.features["defines"] or s.features["entry"]]
    if places:
        found = [s for s in found if any(p.touches(s.candidate.passage.document, s.start, s.end) for p in places)]
    if may_tell:
        found = [s for s in found if may_tell(s.candidate.passage, s.text)]
    found.sort(key=lambda s: -s.score)
    n = sum(s.score >= found[0].score + math.log(WORTH_READING) for s in found[:READ_AGAIN])
    read = [*_read_again(library, query, found[:n]), *found[n:]]
    read = _answered(read, bool(kind and kind[0] in _HEADED), _compared(library, query, question, read))
    return sorted(read, key=lambda s: -s.score)


def _asks(sentence: Sentence) -> bool:
    return bool(sentence.features["question"]) and len(sentence.text.split()) <= LONGEST_QUESTION


def _compared(library: Library, query: Query, question: str, found: Sequence[Sentence]) -> dict[int, Asked]:
    """What the likeliest of those of the sentences that ask are to the question; by their ids."""
    kind = asked_kind(question)

    def may_be_asked(text: str) -> bool:
        its = asked_kind(text)
        return not (kind and its) or kind[0] == its[0]

    asking = [s for s in found if _asks(s) and not _IN_MAIL.match(s.text) and may_be_asked(s.text)]
    asking = sorted(asking, key=lambda s: -s.features["late"])[:MOST_READ]
    if not asking:
        return {}
    return dict(zip(map(id, asking), compared(library, query, [s.text for s in asking]), strict=True))


def _answered(found: Sequence[Sentence], headed: bool, its: Mapping[int, Asked]) -> list[Sentence]:
    """The sentences, of which one that asks says nothing, however like the question it is: what stands behind it does.

    That is a sentence of its document a line or two further on, with a heading between them at most, and the next one
    where it is "Yes." `its` is what those that ask are to the question, by id: behind one that is nearly the same it is
    the likeliest of all, and no likelier for one that asks of something else, unless it says what that lacks. What a
    mail quotes of another one is answered above it, and its head says what is asked for only if it is `headed`.
    """
    told = {
        id(s): replace(s, score=s.score - QUOTED)
        if _IN_MAIL.match(s.text) or (not headed and _HEAD.match(s.text))
        else s
        for s in found
    }
    best = max((s.score for s in found), default=0.0)
    of_another, led = set[int](), set[int]()
    for asking in filter(_asks, found):
        told[id(asking)] = replace(asking, score=told[id(asking)].score - ASKS, features=_unread(asking.features))
        if _IN_MAIL.match(asking.text):
            continue
        to_it = its.get(id(asking), Asked())
        lead, lacking = to_it.lead, to_it.lacking - stems(asking.candidate.passage.context)
        if lead:
            asking = replace(asking, score=best)
        behind = [s for s in found if 0 <= s.start - asking.end <= NEAR and _is_in(asking.candidate, s.candidate)]
        behind = [s for s in behind if not (s.features["question"] or s.features["heading"])]
        for answers in sorted(behind, key=lambda s: s.start)[:2]:
            if lacking - stems(answers.text):
                of_another.add(id(answers))
            else:
                led |= {id(answers)} if lead else set()
                likely = _at_least(told[id(answers)], asking)
                told[id(answers)], lead = replace(likely, score=likely.score + lead), 0.0
            if len(answers.text.split()) > FEW_WORDS:
                break
    for id_ in of_another - led:
        told[id_] = replace(told[id_], features={**told[id_].features, "another": 1.0})
    return list(told.values())


def _is_in(one: Candidate, other: Candidate) -> bool:
    return one.passage.document == other.passage.document


def _unread(features: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in features.items() if not name.startswith("alone_")}


def _at_least(sentence: Sentence, asking: Sentence) -> Sentence:
    """`sentence` as likely, and as near to the question, as the one `asking` before it."""
    read = {n: max(v, sentence.features.get(n, v)) for n, v in asking.features.items() if n.startswith("alone_")}
    return replace(sentence, score=max(sentence.score, asking.score), features={**sentence.features, **read})


def _different(candidates: Sequence[Candidate], most: int) -> list[Candidate]:
    """The best candidates, `most` at most, whose words differ: another edition of the same text says nothing new."""
    seen: dict[str, Candidate] = {}
    for candidate in candidates:
        seen.setdefault(" ".join(words(candidate.passage.text)), candidate)
        if len(seen) == most:
            break
    return list(seen.values())


def _read_again(library: Library, query: Query, found: Sequence[Sentence]) -> list[Sentence]:
    """The sentences with the scores that they have when encoded alone, behind title and heading."""
    again = []
    texts = [f"{sentence.candidate.passage.context}: {sentence.text}" for sentence in found]
    if (reader := library.encoder.reader) is library.encoder:
        (vector, asked), read = (query.vector, query.tokens), reader.encode_alone(texts)
    else:
        (vector, asked), *read = reader.encode_alone([query.parts[0].text, *texts])
        asked = asked[query.rows]
    for sentence, (pooled, tokens) in zip(found, read, strict=True):
        matched = product(asked, tokens.T).max(axis=1)
        by_word = word_matches(query, matched)
        features = {
            **sentence.features,
            "alone_dense": float(pooled @ vector),
            "alone_late": float(matched @ query.weights),
            "alone_weakest": float(by_word.min()),
            "alone_words": float(by_word.mean()),
        }
        score = READ_BIAS + sum(weight * features[name] for name, weight in READ_WEIGHTS.items())
        again.append(replace(sentence, score=score, features=features))
    return again


def word_matches(query: Query, matched: Floats) -> Floats:
    """The mean match of each content word's tokens, given that of all tokens, in the order of `query.terms`."""
    if not query.terms:
        return np.array([matched.mean()], np.float32)
    return np.array([matched[rows].mean() for rows in query.terms.values()], np.float32)


def cover(held: Set[str], rarity: Mapping[str, float]) -> float:
    """The share of the question's words, weighted by rarity, whose stems are among those `held`: 0 to 1."""
    total = sum(rarity.values())
    return sum(weight for term, weight in rarity.items() if term in held) / total if total else 0.0


# What is asked for: the kind, how a question asks for it, and what such a thing looks like.
_KINDS: tuple[tuple[str, re.Pattern[str], re.Pattern[str]], ...] = (
    (
        "number",
        re.compile(
            r"\b(how (many|much|long|often|old|large|big|far|high|fast)"
            r"|what (percentage|proportion|share|number|dose))\b",
            re.IGNORECASE,
        ),
        re.compile(
            r"\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|half|third|dozen|hundred|thousand|million)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "date",
        re.compile(r"\b(when|(what|which|in what|in which) (year|date|century|decade|month|day))\b", re.IGNORECASE),
        re.compile(
            r"\b\d{3,4}s?\b|\bcentur|\b(after|before|during|until|since)\b"
            r"|\b(January|February|March|April|June|July|August|September|October|November|December)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "name",
        re.compile(r"\b(who|whom|whose|which (person|company|country|city|agency))\b|^where\b", re.IGNORECASE),
        re.compile(r"(?<!^)(?<![.!?] )\b[A-Z][a-z]+"),
    ),
    (
        "reason",
        re.compile(r"\bwhy\b|\bhow (do|does|did|can|is|are)\b", re.IGNORECASE),
        re.compile(
            r"\b(because|since|due to|owing|so that|in order|therefore|thus|by \w+ing"
            r"|which (means|makes|allows)|cause[sd]?|result)\b",
            re.IGNORECASE,
        ),
    ),
)


# What a quantity says by its form alone, beside a word that is asked for: "It is given at 5 mg" tells of a dose.
_SAID_BY_FORM: tuple[tuple[Set[str], re.Pattern[str]], ...] = (
    (stems("dose dosage"), re.compile(r"\d ?(?:mg|[µμ]g|mcg|IU|units?|tablets?|capsules?|drops)\b", re.IGNORECASE)),
    (stems("cost costs price"), re.compile(MONEY, re.IGNORECASE)),
)


def asked_kind(question: str) -> tuple[str, re.Pattern[str]] | None:
    """The kind of thing a question asks for, with the pattern that such a thing matches; None if open."""
    for kind, question_of, answers in _KINDS:
        if question_of.search(question):
            return kind, answers
    return None


def _sentences(
    query: Query,
    question: str,
    candidate: Candidate,
    spans: Sequence[tuple[int, int]],
    kind: tuple[str, re.Pattern[str]] | None,
    term: str | None,
    names: tuple[Set[str], Set[str]],
) -> Iterator[Sentence]:
    """The sentences of one candidate, scored from what is stored; `spans` are those of its tokens as it was encoded."""
    passage = candidate.passage
    similar = candidate.similar
    # The encoder was given context and text, and perhaps did not see all of it.
    shift = len(passage.text) - len(passage.text.lstrip()) - (len(encoder_text(passage)) - len(passage.text.strip()))
    starts = np.array([start + shift for start, _ in spans[::POOLED_TOKENS][: len(similar)]])
    around: Set[str] = stems(passage.context)
    headings = headings_of(passage)
    before: Set[str] = frozenset()

    def has_cell(text: str) -> bool:
        return " | " in text and direct_cell(question, text, passage.context) is not None

    for s, e in sentences(passage.text):
        text = passage.text[s:e]
        held = stems(text)
        if held & query.rarity.keys() and not ROW.search(text):
            held = held.union(*(said for said, form in _SAID_BY_FORM if form.search(text)))
        first, last = np.searchsorted(starts, (s, e))
        own = similar[first:last]
        matched = own.max(axis=0) if len(own) else np.zeros(len(query.weights), np.float32)
        features = {
            "late": float(matched @ query.weights),
            "mean": float(own.mean(axis=0) @ query.weights) if len(own) else 0.0,
            "cover": cover(held, query.rarity),
            "near": cover(before | held, query.rarity),
            "context": cover(around | held, query.rarity),
            "passage": candidate.score,
            "passage_dense": candidate.scores["dense"],
            "passage_late": candidate.scores["late"],
            "kind": float(bool(kind and kind[1].search(text))),
            "defines": defines(text, term) if term else 0.0,
            "entry": 2.0 if tells(text, names[1]) else float(tells(text, names[0]) or has_cell(text)),
            "short": float(len(text) < 40),
            "question": float(asks(text)),
            "heading": float(text in headings),
        }
        score = sum(weight * features[name] for name, weight in STORED_WEIGHTS.items())
        yield Sentence(candidate, passage.start + s, passage.start + e, text, score, features)
        before = held


# Fitted by softmax over all sentences of a question, on four sets; "question" (a sentence that asks), "heading",
# "defines" and "entry" (of an operator twice: nothing else matches it) hardly occur there and were set by hand. The two
# kinds of scores are on one scale.
STORED_WEIGHTS: Mapping[str, float] = {
    "late": 1.96,
    "mean": 1.57,
    "cover": 0.22,
    "near": 1.96,
    "context": 2.19,
    "passage": 3.72,
    "kind": -0.05,
    "defines": 1.5,
    "entry": 2.5,
    "short": -0.66,
    "question": -1.5,
    "heading": -4.0,
}
READ_BIAS = 0.36
READ_WEIGHTS: Mapping[str, float] = {
    "late": 0.91,
    "mean": 0.43,
    "cover": -0.74,
    "near": 0.72,
    "context": 0.90,
    "passage": 1.94,
    "passage_dense": 1.10,
    "passage_late": 0.74,
    "kind": 0.69,
    "defines": 1.5,
    "entry": 2.5,
    "short": -0.08,
    "alone_dense": 2.36,
    "alone_late": 2.15,
    "alone_weakest": 1.32,
    "alone_words": 2.23,
    "question": -1.5,
    "heading": -4.0,
}
