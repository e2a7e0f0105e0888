"""Order on the air and whitening: neighbours in the code are far apart in time, and no payload
makes a monotone.
"""

from __future__ import annotations

from functools import lru_cache
from math import gcd
from typing import TYPE_CHECKING, Final

import numpy as np

from terminal.acoustic.graph import Draws

if TYPE_CHECKING:
    from numpy.typing import NDArray


ORDERS_KEPT: Final = 16
"""About 12 kB each; made anew in little time."""


@lru_cache(maxsize=ORDERS_KEPT)
def air_order(symbol_count: int) -> NDArray[np.int64]:
    """``order[j]`` is the code symbol sent at place j: j * s mod N.

    s is the least integer >= 618 N / 1000 that has no factor in common with N.
    """
    stride = -(-618 * symbol_count // 1000)
    while gcd(stride, symbol_count) != 1:
        stride += 1
    order = np.arange(symbol_count) * stride % symbol_count
    order.setflags(write=False)
    return order


@lru_cache(maxsize=ORDERS_KEPT)
def whitening(mode_number: int, length: int, symbol_count: int, size: int) -> NDArray[np.int64]:
    """Field elements added to the symbols in air order, int64 ``(symbol_count,)``."""
    draws = Draws(0x5EED_0000 + mode_number * 256 + length)
    white = draws.all_below(size, symbol_count)
    white.setflags(write=False)
    return white
