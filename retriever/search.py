"""Query -> candidates in one ranking: dense, lexical, and late interaction over the union of the two.

Each ranker's scores are min-max normalised over the candidates and summed (weights in `WEIGHTS`); then each
passage's sum is drawn towards those of the passages most like it (`smooth`). All of it is measured against
alternatives in DESIGN.md. Ties are broken by document and place, so that the
same question over the same documents always gives the same order.
"""

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest import Library, Passage, content_words, encoder_text, maxsim, product, similarities, stem, words

from .answers import Hit
from .rerank import rerank

Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]

# How many passages each ranker proposes. Late interaction ranks their union.
PROPOSED = 100
# So many there are at most in a ranking, and may be asked for.
MAX_HITS = 2 * PROPOSED
# BM25 is asked for more, so that most candidates that dense ranking proposed have a lexical score too.
SCORED_BY_WORDS = 1000
WEIGHTS: Mapping[str, float] = {"dense": 1.2, "words": 0.7, "late": 2.0}
# So many of the passages most like a passage have a share in its score.
NEIGHBOURS = 3
NEIGHBOURS_SHARE = 0.2
# Late interaction looks at so many tokens of a question, those that count most: more find nothing more (DESIGN.md).
MOST_TOKENS = 32
# To this power of their cosines they share it: one that is much nearer than the others has nearly all.
NEIGHBOURS_POWER = 6


@dataclass(frozen=True, slots=True)
class Part:
    """A text to search for and how much it counts."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for: one or several texts, encoded, of which the first is the question that is answered.

    `vector` (d,) is the weighted mean of the pooled vectors, of length 1. The rest is of the first part: `own` (d,) its
    pooled vector, `tokens` (m, d) its token vectors, at most `MOST_TOKENS`, and `weights` (m,) how much each counts in
    late interaction, summing to 1.
    """

    parts: tuple[Part, ...]
    vector: Floats
    own: Floats
    tokens: Floats
    weights: Floats
    # Which of the tokens that an encoder makes of the first part those are: all of them but in a long question.
    rows: Ids
    # Stem of a content word of the first part -> which rows of `tokens` stand for it.
    terms: Mapping[str, list[int]]
    # The same words' inverse document frequency in the library.
    rarity: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage in the ranking, with its raw score and its rank (from 1) by each ranker.

    `similar` (codes, m) is how alike its token codes and the m tokens of the query are, `near` its cosine to the first
    part of the query.
    """

    id: int
    passage: Passage
    similar: Floats
    score: float
    scores: Mapping[str, float]
    ranks: Mapping[str, int]
    near: float

    @property
    def hit(self) -> Hit:
        """The candidate as users see it."""
        return Hit(self.passage, self.score, self.ranks)


def encode_query(library: Library, parts: Sequence[Part]) -> Query:
    """The query that `parts` make together; inside `library.reading()`.

    Further parts help to find passages by vector and by words; late interaction, and the sentences that are chosen
    by it, look at the first alone (measured in DESIGN.md, "Follow-ups").
    """
    return begin_query(library, parts)()


def begin_query(library: Library, parts: Sequence[Part]) -> Callable[[], Query]:
    """What returns the query that `encode_query` does: its texts are encoded in another thread until then."""
    encoder = library.encoder
    encoding = [encoder.begin_question(part.text) for part in parts]
    text = parts[0].text
    rarity, spans = word_rarity(library, text), encoder.token_spans(text)

    def query() -> Query:
        encoded = [e.result() for e in encoding]
        vector = np.stack([e.pooled[0] for e in encoded]).T @ np.array([part.weight for part in parts], np.float32)
        tokens = encoded[0].tokens[0]
        seen = spans[: len(tokens)]
        terms = dict(_terms(text, seen))
        weights = token_weights(len(tokens), _spoken(text, seen), terms, rarity)
        rows = np.sort(np.argsort(-weights, kind="stable")[:MOST_TOKENS])
        if len(rows) < len(tokens):
            tokens, weights, terms = tokens[rows], weights[rows] / weights[rows].sum(), _among(rows, terms)
        vector = np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), np.float32)
        return Query(tuple(parts), vector, encoded[0].pooled[0], tokens, weights, rows, terms, rarity)

    return query


def _among(rows: Ids, terms: Mapping[str, list[int]]) -> dict[str, list[int]]:
    """The terms with the places that their tokens have among `rows`; a term without any is left out.

    >>> _among(np.array([1, 4, 5]), {"kettl": [4, 6], "blue": [2]})
    {'kettl': [1]}
    """
    place = {int(row): i for i, row in enumerate(rows)}
    left = {term: [place[row] for row in held if row in place] for term, held in terms.items()}
    return {term: held for term, held in left.items() if held}


def _terms(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[str, list[int]]]:
    """The content words of `text`, stemmed, each with the tokens that lie in it."""
    wanted = set(content_words(text))
    starts, ends = [start for start, _ in spans], [end for _, end in spans]
    for match in re.finditer(r"[^\W_]+", text):
        found = words(match.group())
        rows = list(range(bisect_left(starts, match.start()), bisect_right(ends, match.end())))
        if rows and found and found[0] in wanted:
            yield stem(found[0]), rows


def _spoken(text: str, spans: Sequence[tuple[int, int]]) -> list[int]:
    """The rows of the tokens that are not punctuation."""
    return [i for i, (start, end) in enumerate(spans) if any(char.isalnum() for char in text[start:end])]


def token_weights(n: int, spoken: Sequence[int], terms: Mapping[str, list[int]], rarity: Mapping[str, float]) -> Floats:
    """How much each of `n` tokens of a question counts, summing to 1.

    One half is shared by all tokens but punctuation alike, the other by the content words' as rare as they are.

    >>> token_weights(5, [0, 1, 2, 3], {"kettl": [1], "blue": [2]}, {"kettl": 3.0, "blue": 1.0}).tolist()
    [0.125, 0.5, 0.25, 0.125, 0.0]
    """
    alike, rare = np.zeros(n, np.float32), np.zeros(n, np.float32)
    alike[spoken if spoken else slice(None)] = 1.0
    for term, rows in terms.items():
        rare[rows] = rarity[term]
    alike /= alike.sum()
    return (alike + rare / rare.sum()) / 2 if rare.any() else alike


def word_rarity(library: Library, question: str) -> dict[str, float]:
    """The question's content words, stemmed -> inverse document frequency in the library."""
    _, passages = library.store.counts()
    rarity = {}
    terms = list(dict.fromkeys(stem(word) for word in content_words(question)))
    held = library.document_frequencies(terms)
    for term in terms:
        df = held.get(term, 0)
        rarity[term] = math.log(1 + (passages - df + 0.5) / (df + 0.5))
    return rarity


def search(
    library: Library,
    query: Query,
    k: int = PROPOSED,
    documents: Collection[str] | None = None,
    first: Collection[int] = (),
) -> list[Candidate]:
    """The best `k` candidates for `query`, best first; inside `library.reading()`.

    With `documents`, only passages of the documents of these names. The passages `first` are looked at in any case and
    come before all others: a place that the question names.
    """
    return begin_search(library, query.parts, k, documents, first)(query)


def begin_search(
    library: Library,
    parts: Sequence[Part],
    k: int = PROPOSED,
    documents: Collection[str] | None = None,
    first: Collection[int] = (),
) -> Callable[[Query], list[Candidate]]:
    """What gives the candidates that `search` does for the query of `parts`: what needs no vector is done before."""
    within = None if documents is None else np.array(sorted(library.store.passage_ids(documents)), np.int64)
    lexical = _lexical(library, parts, within)

    def candidates(query: Query) -> list[Candidate]:
        dense = dict(library.nearest(query.vector, 2 * PROPOSED, within))
        return _rank(library, query, dense, lexical, k, first)

    return candidates


def _rank(
    library: Library,
    query: Query,
    dense: Mapping[int, float],
    lexical: Mapping[int, float],
    k: int,
    first: Collection[int],
) -> list[Candidate]:
    """The best `k` of the passages that two rankers propose, each with its scores by id, and of those `first`."""
    proposed = list(dict.fromkeys([*first, *_best(library, dense), *_best(library, lexical)]))
    found = library.store.passages(proposed)
    ids = sorted(found, key=lambda id: (found[id][0].document, found[id][0].start))
    if not ids:
        return []
    vectors = np.stack([found[id][1].vector for id in ids])
    similar = similarities(query.tokens, [found[id][1].codes for id in ids])
    scores: dict[str, Floats] = {
        "dense": vectors @ query.vector,
        "words": np.array([lexical.get(id, 0.0) for id in ids], np.float32),
        "late": maxsim(similar, query.weights),
    }
    near = vectors @ query.own
    fused = smooth(fuse(scores, WEIGHTS), vectors)
    ranks = {ranker: _ranks(values) for ranker, values in scores.items()}
    if reranker := library.settings.reranker:
        texts = [encoder_text(found[id][0]) for id in ids]
        fused, ranks["reranker"] = rerank(reranker, query.parts[0].text, texts, fused)
    if first:
        ahead = np.isin(ids, list(first))
        fused = (fused + ahead) / 2
        ranks["place"] = np.where(ahead, _ranks(fused.astype(np.float32)), 0)
    order = sorted(range(len(ids)), key=lambda i: -fused[i])  # stable: ties stay in document order
    return [
        Candidate(
            id=ids[i],
            passage=found[ids[i]][0],
            similar=similar[i],
            score=float(fused[i]),
            scores={ranker: float(values[i]) for ranker, values in scores.items()},
            ranks={r: int(rank[i]) for r, rank in ranks.items() if rank[i] and (r != "words" or scores[r][i] > 0)},
            near=float(near[i]),
        )
        for i in order[:k]
    ]


def _best(library: Library, scores: Mapping[int, float]) -> list[int]:
    """The `PROPOSED` passages of the highest `scores`, which are in order.

    Of equal ones at the end those that stand first by document and place: which number a passage has depends on what
    was there before it, and a library ranks as one made anew does.
    """
    ids = list(scores)
    if len(ids) <= PROPOSED or scores[ids[PROPOSED - 1]] > scores[ids[PROPOSED]]:
        return ids[:PROPOSED]
    last = scores[ids[PROPOSED]]
    ahead, tied = ([id for id in ids if scores[id] > last], [id for id in ids if scores[id] == last])
    place = {id: (passage.document, passage.start) for id, (passage, _) in library.store.passages(tied).items()}
    return [*ahead, *sorted(place, key=lambda id: place[id])[: PROPOSED - len(ahead)]]


def fuse(scores: Mapping[str, Floats], weights: Mapping[str, float]) -> npt.NDArray[np.float64]:
    """The weighted mean of each ranker's scores, min-max normalised over the candidates: 0 to 1.

    >>> fuse({"a": np.array([2.0, 4.0]), "b": np.array([5.0, 5.0])}, {"a": 1.0, "b": 1.0}).tolist()
    [0.0, 0.5]
    """
    total = np.zeros(len(next(iter(scores.values()))), np.float64)
    for ranker, values in scores.items():
        low, high = float(values.min()), float(values.max())
        if high > low:
            total += weights[ranker] * (values - low) / (high - low)
    return np.asarray(total / sum(weights.values()))


def smooth(scores: npt.NDArray[np.float64], vectors: Floats) -> npt.NDArray[np.float64]:
    """The scores (n,), each drawn towards those of the passages whose vectors (n, d) are most like its own.

    Passages that are alike answer the same questions, so that what the rankers say of one tells of the others (Diaz,
    "Regularizing ad hoc retrieval scores", CIKM 2005).

    >>> smooth(np.array([1.0, 0.0]), np.eye(2, dtype=np.float32)).tolist()
    [1.0, 0.0]
    """
    alike = np.maximum(product(vectors, vectors.T), 0.0)
    np.fill_diagonal(alike, 0.0)
    n = min(NEIGHBOURS, len(scores) - 1)
    every, left = np.arange(len(scores)), alike.copy()
    nearest = np.empty((len(scores), n), np.int64)
    for column in range(n):  # the first of equal ones, as by a stable sort of all, in a third of the time
        nearest[:, column] = left.argmax(axis=1)
        left[every, nearest[:, column]] = -1.0
    weights = np.take_along_axis(alike, nearest, axis=1) ** NEIGHBOURS_POWER
    total = weights.sum(axis=1)
    around = np.divide((weights * scores[nearest]).sum(axis=1), total, out=scores.copy(), where=total > 0)
    return np.asarray((1 - NEIGHBOURS_SHARE) * scores + NEIGHBOURS_SHARE * around)


def _lexical(library: Library, parts: Sequence[Part], within: Ids | None) -> dict[int, float]:
    """BM25 of the parts together, best first."""
    total: dict[int, float] = {}
    for part in parts:
        found = library.search_words(part.text, SCORED_BY_WORDS, within)
        # Which of equal ones are the last depends on their numbers: none of them is scored, if others are.
        last = found[-1][1] if len(found) == SCORED_BY_WORDS and found[-1][1] < found[0][1] else -math.inf
        for id, score in found:
            if score > last:
                total[id] = total.get(id, 0.0) + part.weight * score
    return dict(sorted(total.items(), key=lambda item: -item[1])) if len(parts) > 1 else total


def _ranks(values: Floats) -> npt.NDArray[np.int64]:
    order = np.argsort(-values, kind="stable")
    ranks = np.empty(len(values), np.int64)
    ranks[order] = np.arange(1, len(values) + 1)
    return ranks
