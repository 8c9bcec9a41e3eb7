"""Whether a passage supports a sentence, and with which words.

The sentence is compared with each sentence of the passage by the encoder's token vectors; the best one, with
its neighbour where that adds what is missing, is the span to cite. Span and sentence are then compared by what
they state (`facts.py`: numbers, units, names, denials, opposites, the words that carry the meaning) and by the
encoder, both encoded alone. A logistic model makes one probability of it. Fitted on seeded corruptions of true
sentences by `tests/evals/corruptions.py`; figures in DESIGN.md, "Verifier".
"""

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Self

import numpy as np
import numpy.typing as npt

from ingest import Encoder, Passage, content_words, sentences, stem, words

from .facts import Facts, Number, carries, facts, opposites, undone
from .orders import evidence
from .roles import alike, exchanged, overstated, turned
from .shares import misplaced, reordered

Floats = npt.NDArray[np.float32]

# A neighbouring sentence is cited too where it betters the match (0 to 2, see `_fit`) by so much.
WORTH_A_NEIGHBOUR = 0.12
MOST_SENTENCES = 3
# The row of a table says all that it says by itself: "Drug: Gentamicin | Dose: 5 mg".
_ROW = re.compile(r"[^|:\n]+: [^|\n]*\| ?[^|:\n]+: ")
# Words so far apart, in tokens, still belong together.
NEAR = 6
_NONE: frozenset[str] = frozenset()
_TIME = ("before", "after")


@dataclass(frozen=True, slots=True)
class Source:
    """A passage made ready for checking: its sentences, and the token vectors of the whole of it.

    `spans` count in the passage's text and leave out what is no evidence; `columns` gives the rows of `tokens` that
    lie in each.
    """

    passage: Passage
    spans: tuple[tuple[int, int], ...]
    tokens: Floats
    columns: tuple[npt.NDArray[np.int64], ...]

    @classmethod
    def of(cls, encoder: Encoder, passages: Sequence[Passage]) -> list[Self]:
        """The `passages` made ready, in their order, encoded together."""
        encoded = encoder.encode_passages([passage.text for passage in passages])
        found = []
        for passage, tokens in zip(passages, encoded.tokens, strict=True):
            text = passage.text
            starts = np.array([start for start, _ in encoder.token_spans(text)[: len(tokens)]])
            spans = tuple((p + s, p + e) for p, end in evidence(text) for s, e in sentences(text[p:end]))
            columns = tuple(np.flatnonzero((starts >= s) & (starts < e)) for s, e in spans)
            found.append(cls(passage, spans, tokens, columns))
        return found


@dataclass(frozen=True, slots=True)
class Support:
    """What supports a sentence best in a passage: the span, and the probability (0 to 1) that it does.

    `start` and `end` count in the document's text, as a citation's do. `exact`: the span says it verbatim.
    """

    passage: Passage
    start: int
    end: int
    probability: float
    exact: bool
    features: Mapping[str, float]

    @property
    def supported(self) -> bool:
        """Whether it may be shown as supported."""
        return self.exact or self.probability >= SUPPORTED


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence to be checked: its token vectors, and which of them stand for each of its content words."""

    text: str
    tokens: Floats
    terms: Mapping[str, list[int]]

    @classmethod
    def of(cls, encoder: Encoder, texts: Sequence[str]) -> list[Self]:
        """The `texts` made ready, in their order, encoded together."""
        encoded = encoder.encode_passages(texts)
        return [
            cls(text, tokens, _terms(text, encoder.token_spans(text)[: len(tokens)]))
            for text, tokens in zip(texts, encoded.tokens, strict=True)
        ]


def check(encoder: Encoder, pairs: Sequence[tuple[Claim, Source]]) -> list[Support | None]:
    """What supports each claim best in its source, in order; None where the passage has no sentence that could."""
    spans = [_span(claim, source) for claim, source in pairs]
    quotes = [source.passage.text[slice(*span)] for (_, source), span in zip(pairs, spans, strict=True) if span]
    encoded = encoder.encode_passages(quotes) if quotes else None
    found: list[Support | None] = []
    done = 0
    for (claim, source), span in zip(pairs, spans, strict=True):
        if span is None or encoded is None:
            found.append(None)
            continue
        values = features(claim, quotes[done], encoded.tokens[done], source)
        exact = _plain(claim.text) == _plain(quotes[done])
        start = source.passage.start
        found.append(Support(source.passage, start + span[0], start + span[1], support(values), exact, values))
        done += 1
    return found


def best_support(encoder: Encoder, claim: Claim, sources: Sequence[Source]) -> Support | None:
    """The likeliest of what supports `claim` in `sources`; None if nothing there could."""
    found = [support for support in check(encoder, [(claim, source) for source in sources]) if support]
    return max(found, key=lambda s: (s.exact, s.probability), default=None)


def support(values: Mapping[str, float]) -> float:
    """The probability (0 to 1) that a span supports a sentence, from their `features`."""
    if values["shared"] < LEAST_SHARED:
        return 0.0
    return 1.0 / (1.0 + math.exp(-(BIAS + sum(weight * values[name] for name, weight in WEIGHTS.items()))))


def features(claim: Claim, quote: str, tokens: Floats, source: Source) -> dict[str, float]:
    """What tells whether `quote`, out of `source`, supports `claim`; each about 0 to 1.

    `tokens` are those of the quote, encoded alone.
    """
    passage = source.passage
    said, given = facts(claim.text), facts(quote)
    said, given = undone(said, given), undone(given, said)
    changed = dict(zip(facts(claim.text).stems, said.stems, strict=True))
    here = set(given.stems)
    context = set(facts(passage.context).stems)
    around = context | set(facts(passage.text).stems)
    carriers = [changed.get(term, term) for term in claim.terms] or [""]
    # What title and heading name need not be named again: "It does not cure asthma" may be said of their subject.
    match = np.maximum(_matches(claim, tokens), [float(c in context) for c in carriers])
    return {
        "number": _any(n for n in said.numbers if not n.implied and not _has(given.numbers, n)),
        "unit": max((_unit(n, given.numbers) for n in said.numbers if not n.implied), default=0.0),
        "number_place": 1.0 - min((_place(n, said, given) for n in said.numbers if not n.implied), default=1.0),
        "misplaced": _any(n for n in said.numbers if not n.implied and misplaced(n, said, given)),
        "name": _any(at for at in said.names.values() if said.stems[at] not in around),
        "denies": _any(at for at in said.denials if not _denied(at, said, given, bool(given.denials))),
        "denied": _any(at for at in given.denials if not _denied(at, given, said, True)),
        "denials": float(len(said.denials) != _denials_among(carriers, given)),
        "opposite": _any(_opposed(said, given)) or _any(n for n in said.numbers if _bounded(n, given.numbers)),
        "roles": float(turned(said, given) or exchanged(said, given) or reordered(said, given)),
        "overstated": float(overstated(said, given)),
        "shared": sum(c in here or c in context for c in carriers) / len(carriers),
        "weakest": float(match.min()),
        "weakest_here": float(_matches(claim, source.tokens).min()),
    }


def _span(claim: Claim, source: Source) -> tuple[int, int] | None:
    """Where in the passage's text the sentences are that match best, its heading aside; at most MOST_SENTENCES."""
    heading = (source.passage.heading or source.passage.title).split(" > ")[-1]
    usable = [
        i for i, (s, e) in enumerate(source.spans) if len(source.columns[i]) and source.passage.text[s:e] != heading
    ]
    if not usable:
        return None
    stems = [set(facts(source.passage.text[s:e]).stems) for s, e in source.spans]
    similar = claim.tokens @ source.tokens.T

    def fit(first: int, last: int) -> float:
        match = similar[:, np.concatenate(source.columns[first : last + 1])].max(axis=1)
        here = set().union(*stems[first : last + 1])
        return float(_by_word(claim, match).mean()) + sum(t in here for t in claim.terms) / max(1, len(claim.terms))

    first = last = max(usable, key=lambda i: fit(i, i))
    value = fit(first, last)
    while last - first + 1 < MOST_SENTENCES and not _ROW.match(source.passage.text, *source.spans[first]):
        wider = [(f, t) for f, t in ((first - 1, last), (first, last + 1)) if f >= 0 and t < len(source.spans)]
        found = max(((fit(f, t), f, t) for f, t in wider), default=(0.0, 0, 0))
        if found[0] < value + WORTH_A_NEIGHBOUR:
            break
        value, first, last = found
    return source.spans[first][0], source.spans[last][1]


def _terms(text: str, spans: Sequence[tuple[int, int]]) -> dict[str, list[int]]:
    """The stems of the content words of `text`, each with the tokens that lie in it."""
    wanted = set(content_words(text))
    found: dict[str, list[int]] = {}
    for word in re.finditer(r"[^\W_]+", text):
        rows = [i for i, (start, end) in enumerate(spans) if word.start() <= start and end <= word.end()]
        plain = words(word.group())
        if rows and plain and plain[0] in wanted:
            found.setdefault(stem(plain[0]), rows)
    return found


def _by_word(claim: Claim, match: Floats) -> Floats:
    """The mean match of each content word's tokens, given that of all tokens."""
    if not claim.terms:
        return np.array([match.mean()], np.float32)
    return np.array([match[rows].mean() for rows in claim.terms.values()], np.float32)


def _matches(claim: Claim, tokens: Floats) -> Floats:
    """How well each content word of the claim is matched among `tokens`."""
    return _by_word(claim, (claim.tokens @ tokens.T).max(axis=1))


def _opposed(said: Facts, given: Facts) -> Iterator[str]:
    """The words of the claim `said` whose opposite the source has, and not them; the "longer" of a bound aside."""
    here = set(given.stems)
    for i, word in enumerate(said.stems):
        bounds = said.tokens[i + 1 : i + 2] == ("than",) and any(n.bound and 0 < n.at - i <= NEAR for n in said.numbers)
        compared = "than" in said.tokens[i + 1 : i + 4]
        if bounds or (word in _TIME and alike("time", said, given)) or (compared and alike("than", said, given)):
            continue
        others = opposites().get(word, _NONE) & here
        if others and (word not in here or _beside(said, given, i, others)):
            yield word


def _beside(said: Facts, given: Facts, at: int, others: Collection[str]) -> bool:
    """Whether the source has one of `others` beside what the claim has the word at `at` beside, and not that word."""
    subject = next((said.stems[i] for i in range(at - 1, max(-1, at - 4), -1) if carries(said.tokens[i])), "")
    places = [i for i, word in enumerate(given.stems) if word == subject]

    def nearest(wanted: Collection[str]) -> int:
        return min((abs(i - j) for i in places for j, word in enumerate(given.stems) if word in wanted), default=NEAR)

    return bool(places) and nearest(others) <= 2 and nearest((said.stems[at],)) > NEAR


def _any(values: Iterable[object]) -> float:
    return float(next((True for _ in values), False))


def _has(numbers: Sequence[Number], wanted: Number) -> bool:
    return any(math.isclose(n.value, wanted.value, rel_tol=1e-9) for n in numbers)


def _unit(number: Number, given: Sequence[Number]) -> float:
    """0 where the source gives the number the same unit and rate, 1 where another of either, .5 where no unit."""

    def unlike(other: Number) -> float:
        if number.unit and other.unit != number.unit and {number.unit, other.unit} != {"£", "lb"}:
            return 1.0 if other.unit else 0.5 * (number.unit != "times")
        return float(bool(number.rate and other.rate) and number.rate != other.rate)

    return min((unlike(n) for n in given if math.isclose(n.value, number.value, rel_tol=1e-9)), default=0.0)


def _bounded(number: Number, given: Sequence[Number]) -> bool:
    """Whether the number is the least where the source has it as the most, or the other way round, or as near it."""
    same = [n for n in given if math.isclose(n.value, number.value, rel_tol=1e-9)]
    return bool(number.bound and same) and all(n.bound == -number.bound or (n.about and not n.bound) for n in same)


def _place(number: Number, said: Facts, given: Facts) -> float:
    """The share of the content words beside a number that stand near the same number in the source, 0 to 1."""
    beside = _scope(said, number.at, 2, back=True)
    if not beside:
        return 1.0
    places = [n.at for n in given.numbers if math.isclose(n.value, number.value, rel_tol=1e-9)]
    found = [sum(word in given.stems[max(0, at - NEAR) : at + NEAR + 1] for word in beside) for at in places]
    return max(found, default=len(beside)) / len(beside)


def _scope(of: Facts, at: int, most: int, back: bool = False) -> list[str]:
    """The stems of the nearest content words after token `at`, and `back` before it too."""

    def nearest(tokens: Iterable[int]) -> Iterator[str]:
        for i in tokens:
            if of.tokens[i] in ",.;:()":
                return
            if carries(of.tokens[i]):
                yield of.stems[i]

    ahead = list(islice(nearest(range(at + 1, len(of.tokens))), most))
    return [*ahead, *islice(nearest(range(at - 1, -1, -1)), most)] if back else ahead


def _denied(at: int, one: Facts, other: Facts, unspoken: bool) -> bool:
    """Whether what `one` denies at token `at` is denied in `other` too; `unspoken` where it is not spoken of there."""
    most = 1 if one.tokens[at] == "without" else 3
    scope = {one.stems[at]} if at in one.undone else set(_scope(one, at, most))
    places = [i for i, word in enumerate(other.stems) if word in scope]
    if not places:
        return unspoken
    # "Without" says nothing of what stands before it.
    ahead = {d: 0 if other.tokens[d] == "without" else NEAR for d in other.denials}
    return any(-NEAR <= d - i <= ahead[d] for i in places for d in ahead)


def _denials_among(carriers: Collection[str], given: Facts) -> int:
    """How often the source denies something where it speaks of the claim's content words."""
    places = [i for i, word in enumerate(given.stems) if word in carriers]
    return sum(places[0] - 2 <= at <= places[-1] for at in given.denials) if places else 0


def _plain(text: str) -> str:
    """`text` without what cannot change its meaning: outer marks and the width of spaces."""
    return " ".join(text.split()).strip(" .\"'“”")


# From this probability on a sentence counts as supported. One that has less than this share of its content words in
# common with span and headings never does: in short sentences one loose match of the encoder's would carry it.
SUPPORTED = 0.5
LEAST_SHARED = 0.5

BIAS = -1.944
WEIGHTS: Mapping[str, float] = {
    "number": -5.128,
    "unit": -8.333,
    "number_place": -0.061,
    "misplaced": -5.230,
    "name": -1.993,
    "denies": -3.645,
    "denied": -1.198,
    "denials": -2.632,
    "opposite": -5.496,
    "roles": -4.006,
    "overstated": -8.178,
    "weakest": 4.469,
    "weakest_here": 1.029,
}
