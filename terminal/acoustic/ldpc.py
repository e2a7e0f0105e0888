"""Non-binary LDPC code: encoding as a running sum, decoding by FFT belief propagation.

Declercq and Fossorier, "Decoding algorithms for nonbinary LDPC codes over GF(q)", IEEE Trans.
Commun. 55 (2007). The convolution at a check is a product under the Walsh-Hadamard transform of
GF(2**m). All edges are worked at once; arrays are laid out ``(edge, field element)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from terminal.acoustic.galois import Field, field
from terminal.acoustic.graph import Graph, build_graph
from terminal.acoustic.matrix import product

if TYPE_CHECKING:
    from numpy.typing import NDArray

CODES_KEPT: Final = 8
"""About 500 kB each at most; made anew from kept chords in two milliseconds."""
LEAST_PROBABILITY: Final = np.float32(1e-9)


@dataclass(frozen=True, slots=True, eq=False)
class Decoding:
    """What belief propagation made of a frame.

    ``symbols``: most likely field elements, int64 ``(N,)``; ``valid``: every check holds;
    ``broken_share``: checks that do not hold, of all; ``posterior``: float32 ``(N, q)``, rows sum
    to 1; ``iterations``: how many were run.
    """

    symbols: NDArray[np.int64]
    valid: bool
    broken_share: float
    posterior: NDArray[np.float32]
    iterations: int


@dataclass(frozen=True, slots=True, eq=False)
class Code:
    """One code with the index tables that turn messages between symbol order and check order.

    Edge ``2 * n`` is symbol n at its near check, ``2 * n + 1`` at its far check, edge ``2 * N``
    stands for nothing. ``slots``: edges of each check, ``(degree, checks)``, filled up with
    ``2 * N``. ``place``: where each edge lies in ``slots`` flattened. ``to_check`` and
    ``from_check``: flat indexes into ``(N, q)`` that multiply or divide by the far coefficient.
    """

    field: Field
    graph: Graph
    slots: NDArray[np.int64]
    place: NDArray[np.int64]
    to_check: NDArray[np.int64]
    from_check: NDArray[np.int64]

    def encode(self, information: NDArray[np.int64]) -> NDArray[np.int64]:
        """All N symbols for K information symbols, int64; the information comes first."""
        graph, multiply = self.graph, self.field.product
        count = graph.information_count
        sums = np.zeros(graph.parity_count, np.int64)
        np.bitwise_xor.at(sums, graph.near[:count], information)
        coefficient = self.field.power[graph.exponent[:count]]
        np.bitwise_xor.at(sums, graph.far[:count], multiply[coefficient, information])
        total = int(np.bitwise_xor.reduce(sums))
        # The last ring symbol p solves total + p + x p = 0.
        last = int(np.flatnonzero(multiply[1 ^ 2] == total)[0])
        parity = np.bitwise_xor.accumulate(sums) ^ multiply[2, last]
        return np.concatenate([information, parity])

    def broken_share(self, symbols: NDArray[np.int64]) -> float:
        """How many of the checks do not hold, as a share of all."""
        at_edge = np.zeros(2 * len(symbols) + 1, np.int64)
        at_edge[0:-1:2] = symbols
        at_edge[1:-1:2] = self.field.product[self.field.power[self.graph.exponent], symbols]
        return float((np.bitwise_xor.reduce(at_edge[self.slots], axis=0) != 0).mean())

    def decode(self, log_likelihood: NDArray[np.float32], iterations_max: int) -> Decoding:
        """Belief propagation from ``(N, q)`` natural log likelihoods, finite, any offset a row."""
        channel = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True))
        channel = np.maximum(channel, LEAST_PROBABILITY).astype(np.float32)
        near_in = far_in = channel / channel.sum(axis=1, keepdims=True)
        posterior = near_in
        symbols = channel.argmax(axis=1)
        for iteration in range(iterations_max + 1):
            broken = self.broken_share(symbols)
            if broken == 0:
                return Decoding(symbols, True, 0.0, posterior, iteration)
            if iteration == iterations_max:
                break
            from_near, from_far = self._checks(near_in, far_in)
            near_in = _normalised(channel * from_far)
            far_in = _normalised(channel * from_near)
            posterior = _normalised(near_in * from_near)
            symbols = posterior.argmax(axis=1)
        return Decoding(symbols, False, broken, posterior, iterations_max)

    def _checks(
        self, near_in: NDArray[np.float32], far_in: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Messages back from the checks, in the symbols' own element order."""
        count, size = near_in.shape
        degree, checks = self.slots.shape
        spectrum = np.ones((2 * count + 1, size), np.float32)
        spectrum[0:-1:2] = product(near_in, self.field.hadamard)
        spectrum[1:-1:2] = product(far_in.reshape(-1)[self.to_check], self.field.hadamard)
        gathered = spectrum[self.slots]
        others = np.empty_like(gathered)
        others[0] = 1.0
        for d in range(1, degree):
            np.multiply(others[d - 1], gathered[d - 1], out=others[d])
        behind = gathered[degree - 1].copy()
        for d in range(degree - 2, -1, -1):
            others[d] *= behind
            behind *= gathered[d]
        ordered = others.reshape(degree * checks, size)[self.place]
        back = product(ordered, self.field.hadamard)
        np.maximum(back, LEAST_PROBABILITY * size, out=back)
        far_out = np.ascontiguousarray(back[1::2]).reshape(-1)[self.from_check]
        return back[0::2], far_out


def _normalised(messages: NDArray[np.float32]) -> NDArray[np.float32]:
    messages = np.maximum(messages, np.float32(1e-30))
    scaled: NDArray[np.float32] = messages / messages.sum(axis=1, keepdims=True)
    return np.maximum(scaled, LEAST_PROBABILITY)


@lru_cache(maxsize=CODES_KEPT)
def code(symbol_bits: int, information_count: int, parity_count: int) -> Code:
    """The code for a frame of this size, built once and kept."""
    f = field(symbol_bits)
    graph = build_graph(symbol_bits, information_count, parity_count)
    count = graph.symbol_count
    ends = np.empty(2 * count, np.int64)
    ends[0::2] = graph.near
    ends[1::2] = graph.far
    degree = np.bincount(ends, minlength=parity_count)
    slots = np.full((int(degree.max()), parity_count), 2 * count, np.int64)
    by_check = np.argsort(ends, kind="stable")
    first = np.concatenate([[0], np.cumsum(degree)[:-1]])
    rank = np.arange(2 * count) - first[ends[by_check]]
    slots[rank, ends[by_check]] = by_check
    place = np.empty(2 * count, np.int64)
    place[by_check] = rank * parity_count + ends[by_check]
    coefficient = f.power[graph.exponent]
    rows = (np.arange(count) * f.size)[:, None]
    inverse = f.power[(f.order - graph.exponent) % f.order]
    to_check = rows + f.product[inverse]
    from_check = rows + f.product[coefficient]
    return Code(f, graph, slots, place, to_check, from_check)
