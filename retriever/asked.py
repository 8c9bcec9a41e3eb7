"""Questions in texts that are nearly the one that is asked: what stands behind such a one is meant to answer it.

A later sentence of its answer, or one elsewhere, may be in words nearer to the question than what answers it ("Q: How
long is probation?", "A: Six months. ... During probation the notice period is one week").
"""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ingest import Library, content_words, product, stem, words

from .search import Query

Floats = npt.NDArray[np.float32]

# Two questions are nearly the same that are as near as this, whose every word is meant by the other with so much, and
# where this comes together to so much: 12 of 28 pairs in other words, and 2 of 38 that ask something else.
NEAR, MEANT, TOGETHER = 0.5, 0.45, 1.7
# By so much the answer to such a one leads: what is asked in other words may be another thing after all, and what
# another document says is quoted beside it.
SAME_WORDS, OTHER_WORDS = 1.0, 0.3
# So many of the texts' questions are read, those that are likest.
MOST_READ = 4

_LABEL = re.compile(r"(?:Q|Question)\s?\d{0,3}\s?[:.)]\s+(?=\S)")
_REPLY = re.compile(r"(?:A|Ans|Answer)\s?\d{0,3}\s?:\s+(?=\S)")


def asks(text: str) -> bool:
    """Whether a sentence asks.

    >>> asks("Is it paid?"), asks("Q: How it is paid"), asks("It is paid.")
    (True, True, False)
    """
    return text.endswith("?") or _LABEL.match(text) is not None


def behind_label(text: str, start: int) -> int:
    """Where the answer begins whose label ("A: ") is at `start` of `text`, behind a question; else `start`.

    >>> behind_label("Is it paid? A: Yes.", 12), behind_label("Soils of two kinds. A: loam.", 20)
    (15, 20)
    """
    label = _REPLY.match(text, start)
    before = text[:start].rstrip()
    return label.end() if label and asks(before.rpartition("\n")[2]) else start


def leads(library: Library, query: Query, texts: Sequence[str]) -> list[float]:
    """By how much what stands behind each of `texts`, which ask, is likelier than anything else (in logits).

    0 where it is not nearly the question. Inside `library.reading()`.
    """
    own = [_LABEL.sub("", text, count=1) for text in texts]
    (vector, asked), *read = library.encoder.reader.encode_alone([query.parts[0].text, *own])
    found = []
    for text, (pooled, tokens) in zip(own, read, strict=True):
        its = _terms(text, library.encoder.token_spans(text)[: len(tokens)])
        matched = product(asked[query.rows], tokens.T)
        near = float(pooled @ vector)
        meant = _least(query.terms, matched.max(axis=1)), _least(its, matched.max(axis=0))
        same = near >= NEAR and min(meant) >= MEANT and near + sum(meant) >= TOGETHER
        found.append(0.0 if not same else SAME_WORDS if set(query.terms) == set(its) else OTHER_WORDS)
    return found


def _terms(text: str, spans: Sequence[tuple[int, int]]) -> dict[str, list[int]]:
    """The content words of `text`, stemmed, each with those of its tokens, which are at `spans`."""
    found = {}
    wanted = set(content_words(text))
    for match in re.finditer(r"[^\W_]+", text):
        rows = [i for i, (start, end) in enumerate(spans) if match.start() <= start and end <= match.end()]
        if rows and (word := words(match.group())) and word[0] in wanted:
            found[stem(word[0])] = rows
    return found


def _least(terms: Mapping[str, list[int]], matched: Floats) -> float:
    """The match of that of `terms` whose tokens are `matched` least; 0 if there is none."""
    return min((float(matched[rows].mean()) for rows in terms.values()), default=0.0)
