"""Matrix products in pieces small enough that the linear algebra library stays on one thread.

OpenBLAS spreads a product of more than 2**18 multiplications over all cores and waits for them by
spinning: on a small machine with other work that costs more than it gains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MULTIPLICATIONS_MAX: Final = 1 << 17


def product(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    """``left @ right`` for float32 matrices, a few rows at a time."""
    rows = max(1, MULTIPLICATIONS_MAX // right.size)
    result = np.empty((len(left), right.shape[1]), np.float32)
    for first in range(0, len(left), rows):
        np.matmul(left[first : first + rows], right, out=result[first : first + rows])
    return result
