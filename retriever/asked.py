"""Questions in texts that are nearly the one that is asked: what stands behind such a one is meant to answer it.

A later sentence of its answer, or one elsewhere, may be in words nearer to the question than what answers it ("Q: How
long is probation?", "A: Six months. ... During probation the notice period is one week"). What asks the same of another
thing ("Are dogs allowed?", where horses are asked about) has no answer to it.
"""

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest import Library, content_words, product, stem, words

from .search import Query
from .topics import named

Floats = npt.NDArray[np.float32]

# Two questions are nearly the same that are as near as this, whose every word is meant by the other with so much, and
# where this comes together to so much: 12 of 28 pairs in other words, and 2 of 38 that ask something else.
NEAR, MEANT, TOGETHER = 0.5, 0.45, 1.7
# By so much the answer to such a one leads: what is asked in other words may be another thing after all, and what
# another document says is quoted beside it.
SAME_WORDS, OTHER_WORDS = 1.0, 0.3
# A word stands in another's place if neither means the other by so much, where all others are meant by that: a dog and
# a horse come to .46, north and south to .38, a pet and a dog to .81, a computer and a laptop to .57.
IN_PLACE, OTHERS = 0.5, 0.75
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


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question in a text is to the one that is asked.

    By `lead` (in logits) what stands behind it is likelier than anything else, 0 where it is not nearly the question.
    `lacking` are the stems of what the question names and it does not, asking the same of something else.
    """

    lead: float = 0.0
    lacking: Set[str] = frozenset()


def compared(library: Library, query: Query, texts: Sequence[str]) -> list[Asked]:
    """What each of `texts`, which ask, is to the question; inside `library.reading()`."""
    own = [_LABEL.sub("", text, count=1) for text in texts]
    question = query.parts[0].text
    (vector, asked), *read = library.encoder.reader.encode_alone([question, *own])
    found = []
    for text, (pooled, tokens) in zip(own, read, strict=True):
        its = _terms(text, library.encoder.token_spans(text)[: len(tokens)])
        matched = product(asked[query.rows], tokens.T)
        near = float(pooled @ vector)
        by_asked, by_its = _matches(query.terms, matched.max(axis=1)), _matches(its, matched.max(axis=0))
        meant = min(by_asked.values(), default=0.0), min(by_its.values(), default=0.0)
        lacking = _in_place(question, by_asked, text, by_its) if near >= NEAR else frozenset()
        same = near >= NEAR and min(meant) >= MEANT and near + sum(meant) >= TOGETHER and not lacking
        lead = SAME_WORDS if by_asked.keys() == by_its.keys() else OTHER_WORDS
        found.append(Asked(lead if same else 0.0, lacking))
    return found


def _in_place(question: str, asked: Mapping[str, float], text: str, its: Mapping[str, float]) -> frozenset[str]:
    """What `question` names where `text`, which else asks the same, names something else; stems, with their matches."""
    lacking = {term for term in asked.keys() & _named(question) - its.keys() if asked[term] < IN_PLACE}
    others = {term for term in its.keys() & _named(text) - asked.keys() if its[term] < IN_PLACE}
    same = all(match >= OTHERS for term, match in asked.items() if term not in lacking)
    return frozenset(lacking) if others and same else frozenset()


def _named(text: str) -> set[str]:
    """The stems of the words of `text` that name something."""
    return {stem(word) for name in named(content_words(text), text.lower()) for word in words(name)}


def _terms(text: str, spans: Sequence[tuple[int, int]]) -> dict[str, list[int]]:
    """The content words of `text`, stemmed, each with those of its tokens, which are at `spans`."""
    found = {}
    wanted = set(content_words(text))
    for match in re.finditer(r"[^\W_]+", text):
        rows = [i for i, (start, end) in enumerate(spans) if match.start() <= start and end <= match.end()]
        if rows and (word := words(match.group())) and word[0] in wanted:
            found[stem(word[0])] = rows
    return found


def _matches(terms: Mapping[str, list[int]], matched: Floats) -> dict[str, float]:
    """The mean match of each of `terms`, given that of all tokens."""
    return {term: float(matched[rows].mean()) for term, rows in terms.items()}
