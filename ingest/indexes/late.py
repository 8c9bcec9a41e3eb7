"""Late interaction: the token vectors of a passage as one bit a dimension, and MaxSim over them.

Neighbouring tokens are averaged in pairs, rotated by a fixed random rotation, and only the sign of each
dimension is kept: 24 bytes a token for a 384-dimensional encoder. The rotation spreads the information
evenly over the dimensions, so the codes need no training and are the same in every library. Against
16-bit vectors of every token nothing measurable is lost (table in DESIGN.md). MaxSim
(Khattab & Zaharia, ColBERT, 2020) sums over the question's tokens the best match among the passage's.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..products import product

Floats = npt.NDArray[np.float32]

# So many neighbouring tokens share one code. 1 doubles the size and gains nothing (same table).
POOLED_TOKENS = 2
# So many codes are unpacked at once that they stay in the processor's cache: a third faster than all of them.
AT_ONCE = 512


@lru_cache(4)
def rotation(dimension: int) -> Floats:
    """A fixed orthogonal matrix (dimension, dimension), the same on every machine up to rounding."""
    drawn, upper = np.linalg.qr(np.random.default_rng(7).standard_normal((dimension, dimension)))
    return np.asarray(drawn * np.sign(np.diag(upper)), np.float32)


def compress(tokens: Floats) -> bytes:
    """The codes of token vectors (n, d) of length 1: ceil(n / 2) codes of d / 8 bytes, in order."""
    n, dimension = tokens.shape
    starts = np.arange(0, n, POOLED_TOKENS)
    sums = np.add.reduceat(tokens, starts, axis=0)  # the sign of a sum is the sign of the mean
    return np.packbits(sums @ rotation(dimension) > 0, axis=1).tobytes()


def similarities(question: Floats, passages: Sequence[bytes]) -> list[Floats]:
    """The similarity of each passage's codes with question tokens (m, d): an array (codes, m) a passage.

    The question's vectors are rotated but not cut to signs; a code stands for a vector of length 1. All
    passages go through one matrix product. ValueError if a passage has no codes.
    """
    dimension = question.shape[1]
    width = -(-dimension // 8)
    counts = np.array([len(codes) // width for codes in passages])
    if not len(counts) or counts.min() == 0:
        raise ValueError("every passage needs at least one token")
    codes = np.frombuffer(b"".join(passages), np.uint8).reshape(-1, width)
    rotated = product(question, rotation(dimension)).T / np.float32(np.sqrt(dimension))
    similar = np.empty((len(codes), len(question)), np.float32)
    twice = 2 * rotated
    # sum_i q_i * (2 b_i - 1) = 2 q.b - sum(q): the bits themselves are multiplied, not the signs.
    for first in range(0, len(codes), AT_ONCE):
        bits = np.unpackbits(codes[first : first + AT_ONCE], axis=1, count=dimension)
        similar[first : first + AT_ONCE] = product(bits.astype(np.float32), twice)
    similar -= rotated.sum(axis=0)
    return np.split(similar, np.cumsum(counts)[:-1])


def maxsim(similar: Sequence[Floats], weights: Floats) -> Floats:
    """The weighted mean over question tokens of the best match in each passage: shape (len(similar),).

    `similar` is what `similarities` returns, `weights` (m,) sums to 1.

    >>> north, east = np.eye(8, dtype=np.float32)[:2]
    >>> codes = [compress(np.stack([north, north])), compress(np.stack([east, east]))]
    >>> scores = maxsim(similarities(north[None], codes), np.ones(1, np.float32))
    >>> bool(scores[0] > scores[1])
    True
    """
    starts = np.cumsum([0, *(len(matches) for matches in similar[:-1])])
    return np.asarray(np.maximum.reduceat(np.concatenate(similar), starts, axis=0) @ weights, np.float32)
