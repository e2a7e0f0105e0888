"""What a receiver takes in: blocks of samples made float32, kept for as long as a frame may need.

int16 is divided by 32768. Not-a-number and infinite samples become silence, others are held within
+-16, so that a faulty device is heard as a gap and the receiver finds the next burst by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from terminal.errors import DecodeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE_MAX: Final = np.float32(16.0)
"""Far above full scale: 24 dB of clipping headroom, small enough for float32 energies."""


def as_samples(block: NDArray[Any]) -> NDArray[np.float32]:
    """The block as finite float32, shape ``(n,)``; n may be 0.

    Raises:
        DecodeError: not a numpy array, not one-dimensional, or not float32, float64 or int16.
    """
    if not isinstance(block, np.ndarray):
        raise DecodeError("samples", "must be a numpy array")
    if block.ndim != 1:
        raise DecodeError("samples", f"must have one dimension, not {block.ndim}")
    if block.dtype == np.int16:
        return block.astype(np.float32) / np.float32(32768)
    if block.dtype not in (np.float32, np.float64):
        raise DecodeError("samples", f"must be float32, float64 or int16, not {block.dtype}")
    with np.errstate(over="ignore"):
        samples = block.astype(np.float32)
    samples[~np.isfinite(samples)] = 0
    return np.clip(samples, -SAMPLE_MAX, SAMPLE_MAX, out=samples)


class History:
    """The last ``capacity`` samples of a stream, found by their position from its start."""

    def __init__(self, capacity: int) -> None:
        self._ring = np.zeros(capacity, np.float32)
        self.end = 0
        """Position after the last sample."""

    def add(self, samples: NDArray[np.float32]) -> None:
        """Append; ``len(samples)`` at most the capacity."""
        capacity = len(self._ring)
        place = self.end % capacity
        first = min(len(samples), capacity - place)
        self._ring[place : place + first] = samples[:first]
        self._ring[: len(samples) - first] = samples[first:]
        self.end += len(samples)

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """A copy of the samples at ``start`` to ``stop``; silence where none are left."""
        result = np.zeros(stop - start, np.float32)
        capacity = len(self._ring)
        first = max(start, 0, self.end - capacity)
        last = min(stop, self.end)
        while first < last:
            place = first % capacity
            count = min(last - first, capacity - place)
            result[first - start : first - start + count] = self._ring[place : place + count]
            first += count
        return result
