"""Late interaction: MaxSim over one bit a dimension, against the definition written out."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import POOLED_TOKENS, maxsim, product, similarities
from ingest.indexes.late import compress, rotation

Floats = npt.NDArray[np.float32]


def drawn(seed: int, *shape: int) -> Floats:
    vectors = np.random.default_rng(seed).standard_normal(shape)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), np.float32)


def signs(tokens: Floats) -> npt.NDArray[np.float64]:
    """The vectors of length 1 that the codes of `tokens` stand for, worked out token by token."""
    turned = rotation(tokens.shape[1])
    found = []
    for first in range(0, len(tokens), POOLED_TOKENS):
        mean = tokens[first : first + POOLED_TOKENS].mean(axis=0)
        found.append([1.0 if float(mean @ turned[:, d]) > 0 else -1.0 for d in range(tokens.shape[1])])
    return np.asarray(np.array(found) / np.sqrt(tokens.shape[1]))


def by_definition(question: Floats, weights: Floats, tokens: Floats) -> float:
    """The weighted sum over the question's tokens of the best match: two plain loops."""
    turned, codes = question @ rotation(question.shape[1]), signs(tokens)
    total = 0.0
    for i in range(len(question)):
        best = -np.inf
        for j in range(len(codes)):
            best = max(best, float(turned[i] @ codes[j]))
        total += float(weights[i]) * best
    return total


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    dimension=st.sampled_from([8, 24, 64, 384]),
    asked=st.integers(1, 12),
    lengths=st.lists(st.integers(1, 15), min_size=1, max_size=6),
)
def test_maxsim_is_its_definition(seed: int, dimension: int, asked: int, lengths: list[int]) -> None:
    question = drawn(seed, asked, dimension)
    weights = np.abs(drawn(seed + 1, asked))
    weights /= weights.sum()
    passages = [drawn(seed + 2 + n, length, dimension) for n, length in enumerate(lengths)]
    codes = [compress(tokens) for tokens in passages]
    expected = [by_definition(question, weights, tokens) for tokens in passages]
    assert maxsim(similarities(question, codes), weights) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("tokens", "codes"), [(1, 1), (2, 1), (3, 2), (200, 100), (201, 101)])
@pytest.mark.parametrize("dimension", [8, 64, 384])
def test_a_code_is_a_bit_a_dimension(tokens: int, codes: int, dimension: int) -> None:
    data = compress(drawn(1, tokens, dimension))
    assert len(data) == codes * dimension // 8
    assert [s.shape for s in similarities(drawn(2, 5, dimension), [data])] == [(codes, 5)]


def test_the_rotation_keeps_lengths_and_is_always_the_same() -> None:
    turned = rotation(384)
    assert np.allclose(turned @ turned.T, np.eye(384), atol=1e-5)
    assert turned[0, :3] == pytest.approx(rotation.__wrapped__(384)[0, :3])
    # A library that was written elsewhere is read with the same rotation.
    assert turned[:2, :2].ravel() == pytest.approx([0.000061, 0.015460, 0.055339, 0.050582], abs=1e-4)


def test_a_token_matches_itself_best() -> None:
    tokens = np.repeat(drawn(5, 6, 384), POOLED_TOKENS, axis=0)
    (similar,) = similarities(tokens[::POOLED_TOKENS], [compress(tokens)])
    assert similar.argmax(axis=0).tolist() == list(range(6))
    # The cosine of a vector with its signs is sqrt(2 / pi) on average.
    assert similar.diagonal().mean() == pytest.approx(np.sqrt(2 / np.pi), abs=0.03)


def test_a_passage_without_tokens_is_refused() -> None:
    question = drawn(1, 2, 64)
    with pytest.raises(ValueError, match="token"):
        similarities(question, [compress(drawn(2, 3, 64)), b""])
    with pytest.raises(ValueError, match="token"):
        similarities(question, [])


@pytest.mark.parametrize(("n", "d", "m"), [(1, 384, 14), (48, 384, 14), (601, 384, 14), (7, 384, 4000)])
def test_a_product_in_blocks_is_the_product(n: int, d: int, m: int) -> None:
    left, right = drawn(1, n, d), np.random.default_rng(2).standard_normal((d, m), np.float32)
    assert np.allclose(product(left, right), left @ right, atol=1e-4)
