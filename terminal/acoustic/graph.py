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
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

GRAPHS_KEPT: Final = 512
"""All there are: 255 lengths at four bits a symbol, 255 at five. About 2 MB together."""
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
    small = _table(symbol_bits, information_count, parity_count)
    table = small.astype(np.int64)
    table.setflags(write=False)
    return Graph(information_count, parity_count, table[0], table[1], table[2])


@lru_cache(maxsize=GRAPHS_KEPT)
def _table(symbol_bits: int, information_count: int, parity_count: int) -> NDArray[np.uint16]:
    """Near, far and exponent of every symbol, uint16 ``(3, N)``: slow to find, small to keep."""
    draws = Draws(information_count * 65_536 + parity_count * 256 + symbol_bits)
    order = (1 << symbol_bits) - 1
    chords: list[tuple[int, int, int]] = []
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
        chords.append((a, b, draws.below(order)))
        adjacency[a] |= 1 << b
        adjacency[b] |= 1 << a
        degree[a] += 1
        degree[b] += 1
    ring = [(c, (c + 1) % parity_count, int(c == parity_count - 1)) for c in range(parity_count)]
    return np.array(chords + ring, np.uint16).T.copy()


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
