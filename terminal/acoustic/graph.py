"""The code's graph: every symbol is an edge between two checks (an ultra-sparse LDPC code).

Poulliat, Fossorier and Declercq, "Design of regular (2, dc)-LDPC codes over GF(q)", IEEE Trans.
Commun. 56 (2008). The parity symbols form one ring through all checks, which makes encoding a
running sum; the information symbols are chords, each placed as far apart as the graph then allows
(progressive edge growth). Everything follows from (symbol bits, information, parity): both ends
build the same graph, and ``docs/protocol/acoustic.md`` states the steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHORDS_FILE: Final = "chords.npz"
"""The chords of every length in every mode, found before: the search takes longer than a decoding.

Written by ``python -m terminal.acoustic.chords``; ``keys`` uint16 ``(n, 3)`` and ``starts`` uint32
``(n + 1,)`` say which columns of ``ends`` uint16 ``(2, total)`` belong to which code.
"""
MULTIPLIER: Final = 1_664_525
INCREMENT: Final = 1_013_904_223
"""Numerical Recipes' linear congruential generator, modulo 2**32."""


class Draws:
    """A stream of small numbers both ends agree on; not for secrets."""

    def __init__(self, seed: int) -> None:
        self._state = seed & 0xFFFF_FFFF

    def below(self, limit: int) -> int:
        """The next number in ``range(limit)``, limit at most 65536."""
        self._state = (self._state * MULTIPLIER + INCREMENT) & 0xFFFF_FFFF
        return (self._state >> 16) % limit

    def all_below(self, limit: int, count: int) -> NDArray[np.int64]:
        """The next ``count`` numbers at once, int64 ``(count,)``."""
        factors, sums = _steps(count)
        states = factors * np.uint32(self._state) + sums
        if count:
            self._state = int(states[-1])
        return (states >> np.uint32(16)).astype(np.int64) % limit


@lru_cache(maxsize=4)
def _steps(count: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """The state after 1, 2 … steps is factor times the state plus sum; uint32, wrapping."""
    factors = np.multiply.accumulate(np.full(count, MULTIPLIER, np.uint32), dtype=np.uint32)
    before = np.concatenate([[1], factors])[:count].astype(np.uint32)
    return factors, np.uint32(INCREMENT) * np.add.accumulate(before, dtype=np.uint32)


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """Symbol n joins check ``near[n]`` with coefficient 1 and ``far[n]`` with x**exponent[n].

    Information symbols come first, then the parity symbols in ring order. Arrays are int64,
    shape ``(symbol_count,)``, read-only.
    """

    information_count: int
    parity_count: int
    near: NDArray[np.int64]
    far: NDArray[np.int64]
    exponent: NDArray[np.int64]

    @property
    def symbol_count(self) -> int:
        return self.information_count + self.parity_count


def build_graph(symbol_bits: int, information_count: int, parity_count: int) -> Graph:
    """The graph for a frame of this size; ``parity_count`` at least 3."""
    key = symbol_bits, information_count, parity_count
    ends = _kept_chords().get(key)
    if ends is None:
        ends = find_chords(*key)
    draws, order = _draws(*key), (1 << symbol_bits) - 1
    exponents = draws.all_below(order, 2 * information_count)[1::2]
    ring = np.arange(parity_count)
    near = np.concatenate([ends[:, 0], ring]).astype(np.int64)
    far = np.concatenate([ends[:, 1], np.roll(ring, -1)]).astype(np.int64)
    exponent = np.concatenate([exponents, ring == parity_count - 1]).astype(np.int64)
    for array in (near, far, exponent):
        array.setflags(write=False)
    return Graph(information_count, parity_count, near, far, exponent)


def _draws(symbol_bits: int, information_count: int, parity_count: int) -> Draws:
    """Two numbers for each chord: which of the farthest checks, and the exponent."""
    return Draws(information_count * 65_536 + parity_count * 256 + symbol_bits)


@lru_cache(maxsize=1)
def _kept_chords() -> dict[tuple[int, ...], NDArray[np.uint16]]:
    source = resources.files("terminal.acoustic") / CHORDS_FILE
    with resources.as_file(source) as path, np.load(path, allow_pickle=False) as table:
        keys, starts, ends = table["keys"], table["starts"], table["ends"].T
    parts = pairwise(starts.tolist())
    return {
        tuple(key): ends[begin:stop]
        for key, (begin, stop) in zip(keys.tolist(), parts, strict=True)
    }


def find_chords(symbol_bits: int, information_count: int, parity_count: int) -> NDArray[np.uint16]:
    """Both checks of every information symbol, uint16 ``(K, 2)``."""
    draws = _draws(symbol_bits, information_count, parity_count)
    chords: list[tuple[int, int]] = []
    adjacency = [
        1 << ((c + 1) % parity_count) | 1 << ((c - 1) % parity_count) for c in range(parity_count)
    ]
    degree = [2] * parity_count
    for _ in range(information_count):
        a = degree.index(min(degree))
        farthest = _farthest(adjacency, a)
        least = min(degree[c] for c in farthest)
        choices = [c for c in farthest if degree[c] == least]
        b = choices[draws.below(len(choices))]
        draws.below(1)  # the exponent's
        chords.append((a, b))
        adjacency[a] |= 1 << b
        adjacency[b] |= 1 << a
        degree[a] += 1
        degree[b] += 1
    return np.array(chords, np.uint16)


def _farthest(adjacency: list[int], start: int) -> list[int]:
    """The checks at the greatest distance from ``start``, in rising order; the start never."""
    seen = frontier = 1 << start
    while True:
        following = 0
        for c in _members(frontier):
            following |= adjacency[c]
        following &= ~seen
        if not following:
            return _members(frontier)
        seen |= following
        frontier = following


def _members(mask: int) -> list[int]:
    members = []
    while mask:
        low = mask & -mask
        members.append(low.bit_length() - 1)
        mask ^= low
    return members
