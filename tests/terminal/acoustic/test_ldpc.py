"""The code's promises: every codeword satisfies its checks, and noise is corrected."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.acoustic.galois import field
from terminal.acoustic.ldpc import code

SHAPES = [(5, 8, 9), (5, 58, 29), (6, 48, 27), (4, 30, 20)]


@pytest.mark.parametrize("bits", [4, 5, 6])
def test_a_field_multiplies_as_a_field_does(bits: int) -> None:
    f = field(bits)
    elements = np.arange(f.size)
    assert (f.product[1] == elements).all()
    assert (f.product == f.product.T).all()
    for a in range(1, f.size):
        assert sorted(f.product[a]) == list(elements)
        left = f.product[a, elements[:, None] ^ elements[None, :]]
        right = f.product[a, elements][:, None] ^ f.product[a, elements][None, :]
        assert (left == right).all()


@settings(deadline=None, max_examples=25)
@given(shape=st.sampled_from(SHAPES), seed=st.integers(0, 2**32 - 1))
def test_every_codeword_satisfies_every_check(shape: tuple[int, int, int], seed: int) -> None:
    bits, information, parity = shape
    c = code(bits, information, parity)
    data = np.random.default_rng(seed).integers(0, 1 << bits, information)
    word = c.encode(data)
    assert (word[:information] == data).all()
    assert c.broken_share(word) == 0
    word[seed % len(word)] ^= 1
    assert c.broken_share(word) > 0


@pytest.mark.parametrize("shape", SHAPES)
def test_every_symbol_joins_two_different_checks(shape: tuple[int, int, int]) -> None:
    graph = code(*shape).graph
    assert (graph.near != graph.far).all()
    assert np.bincount(np.r_[graph.near, graph.far]).max() <= 2 + 2 * -(-shape[1] // shape[2]) + 2


def test_erased_symbols_are_recovered() -> None:
    c = code(5, 58, 29)
    rng = np.random.default_rng(3)
    word = c.encode(rng.integers(0, 32, 58))
    likelihood = np.zeros((87, 32), np.float32)
    likelihood[np.arange(87), word] = 12
    likelihood[rng.choice(87, 15, replace=False)] = 0
    decoded = c.decode(likelihood, 40)
    assert decoded.valid
    assert (decoded.symbols == word).all()


def test_noise_alone_is_not_decoded() -> None:
    c = code(5, 58, 29)
    likelihood = np.random.default_rng(4).normal(size=(87, 32)).astype(np.float32)
    decoded = c.decode(likelihood, 20)
    assert not decoded.valid
    assert decoded.iterations == 20
