"""Arithmetic in GF(2**m), m = 4, 5 or 6: field elements are integers, addition is exclusive or.

Primitive polynomials: x^4+x+1, x^5+x^2+1, x^6+x+1, with the generator x (Lidl and Niederreiter,
*Finite Fields*, table C). Element e has the bits of its polynomial, the constant term lowest.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

POLYNOMIALS: Final = {4: 0b1_0011, 5: 0b10_0101, 6: 0b100_0011}


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """Tables of one field; all arrays are read-only.

    ``power[i]`` is the generator to the i, for 0 <= i < 2 * order, int64.
    ``product[a, b]`` is a times b, int64, shape ``(size, size)``.
    ``hadamard`` is the Walsh-Hadamard matrix of the additive group, float32, ``(size, size)``.
    """

    bits: int
    power: NDArray[np.int64]
    product: NDArray[np.int64]
    hadamard: NDArray[np.float32]

    @property
    def size(self) -> int:
        return 1 << self.bits

    @property
    def order(self) -> int:
        """Number of elements other than zero."""
        return self.size - 1


@lru_cache(maxsize=len(POLYNOMIALS))
def field(bits: int) -> Field:
    """GF(2**bits), computed once."""
    size = 1 << bits
    power = np.zeros(2 * (size - 1), np.int64)
    element = 1
    for i in range(2 * (size - 1)):
        power[i] = element
        element <<= 1
        if element & size:
            element ^= POLYNOMIALS[bits]
    log = np.zeros(size, np.int64)
    log[power[: size - 1]] = np.arange(size - 1)
    product = power[log[:, None] + log[None, :]]
    product[0, :] = 0
    product[:, 0] = 0
    hadamard = np.ones((1, 1), np.float32)
    for _ in range(bits):
        hadamard = np.block([[hadamard, hadamard], [hadamard, -hadamard]]).astype(np.float32)
    for table in (power, product, hadamard):
        table.setflags(write=False)
    return Field(bits, power, product, hadamard)
