"""Correlation with every bin of a mode, over whole blocks of samples at once.

An energy is the squared magnitude of the correlation over one symbol. With noise of variance s^2 a
sample it averages ``symbol_samples * s^2``; a tone of amplitude A adds (A symbol_samples / 2)^2.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
import scipy.fft

from terminal.acoustic.matrix import product

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from terminal.acoustic.modes import Mode

HOPS_PER_SYMBOL: Final = 8
TURN_HOPS: Final = 2 * HOPS_PER_SYMBOL
"""Hops after which every bin, half cycles too, has turned a whole number of times."""
TURNED_AT_ONCE: Final = 256
"""Hops turned by one slice of the table; more are turned in pieces."""
SYMBOLS_AT_ONCE: Final = 256
"""Transformed together: more would cost memory and gain no time."""
UNSHIFTED_CYCLES: Final = 0.02
"""A shift of tones, in cycles a symbol, that costs less than 0.01 dB is left alone."""


def hop_samples(mode: Mode) -> int:
    """Distance between the windows the listener looks at."""
    return mode.symbol_samples // HOPS_PER_SYMBOL


@lru_cache(maxsize=16)
def _hop_tables(
    mode: Mode, drift_cycles: float
) -> tuple[NDArray[np.float32], NDArray[np.complex64]]:
    """Correlation of one hop, cos and -sin of each bin side by side; turns of the hops in order."""
    hop = hop_samples(mode)
    cycles = mode.first_cycle + drift_cycles + np.arange(mode.bin_count)
    turns = np.outer(np.arange(TURN_HOPS + TURNED_AT_ONCE), cycles) % HOPS_PER_SYMBOL
    twiddle = np.exp(-2j * np.pi * turns / HOPS_PER_SYMBOL).astype(np.complex64)
    phase = 2 * np.pi / mode.symbol_samples * np.outer(np.arange(hop), cycles)
    return _real_pairs(np.exp(-1j * phase)), twiddle


def _real_pairs(waves: NDArray[np.complexfloating]) -> NDArray[np.float32]:
    """Complex columns as pairs of real ones, so that a real product is a complex result's view."""
    return np.ascontiguousarray(waves.astype(np.complex64)).view(np.float32)


class SlidingEnergies:
    """Energies of every window that starts on a hop, from a stream of whole hops.

    ``drift_cycles``: shift of all tones, a whole number of half cycles a symbol.
    """

    def __init__(self, mode: Mode, drift_cycles: float) -> None:
        self._mode, self._drift_cycles = mode, drift_cycles
        self._next_hop = 0
        self._kept = np.zeros((HOPS_PER_SYMBOL - 1, mode.bin_count), np.complex64)

    def add(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Energies ``(hops, bins)``, float32, of the windows that end with each new hop."""
        matrix, twiddle = _hop_tables(self._mode, self._drift_cycles)
        parts = product(samples.reshape(-1, len(matrix)), matrix).view(np.complex64)
        for first in range(0, len(parts), TURNED_AT_ONCE):
            some = parts[first : first + TURNED_AT_ONCE]
            turned = (self._next_hop + first) % TURN_HOPS
            some *= twiddle[turned : turned + len(some)]
        self._next_hop += len(parts)
        run = np.concatenate([self._kept, parts])
        self._kept = run[len(parts) :].copy()
        for step in (1, 2, 4):
            run = run[:-step] + run[step:]
        energies: NDArray[np.float32] = np.square(run.real) + np.square(run.imag)
        return energies


def frame_energies(
    samples: NDArray[np.float32], mode: Mode, starts: NDArray[np.int64], scale: float
) -> NDArray[np.float32]:
    """Energies ``(len(starts), bins)``, float32, of the symbols that start at these samples.

    ``scale``: heard time over sent time. All bins are shifted by what the middle of the band needs.
    """
    width = mode.symbol_samples
    windows = np.lib.stride_tricks.sliding_window_view(samples, width)
    middle = mode.first_cycle + mode.bin_count / 2
    cycles = middle * (1 - 1 / scale)
    shifted = abs(cycles) >= UNSHIFTED_CYCLES
    if shifted:
        shift = np.exp(2j * np.pi * cycles * np.arange(width) / width)
        matrix = _real_pairs(_bin_waves(mode) * shift[:, None])
    energies = np.empty((len(starts), mode.bin_count), np.float32)
    for first in range(0, len(starts), SYMBOLS_AT_ONCE):
        part = windows[starts[first : first + SYMBOLS_AT_ONCE]]
        if shifted:
            bins = product(part, matrix).view(np.complex64)
        else:
            spectrum = scipy.fft.rfft(part, axis=1)
            bins = spectrum[:, mode.first_cycle : mode.first_cycle + mode.bin_count]
        energies[first : first + SYMBOLS_AT_ONCE] = np.square(bins.real) + np.square(bins.imag)
    return energies


@lru_cache(maxsize=4)
def _bin_waves(mode: Mode) -> NDArray[np.complex64]:
    """A symbol of each bin, conjugate, complex64 ``(symbol_samples, bins)``."""
    cycles = mode.first_cycle + np.arange(mode.bin_count)
    phase = 2 * np.pi / mode.symbol_samples * np.outer(np.arange(mode.symbol_samples), cycles)
    return np.asarray(np.exp(-1j * phase), np.complex64)


def medians(energies: NDArray[np.float32]) -> NDArray[np.float32]:
    """The median of each column, by sorting: np.median takes several times as long."""
    ordered = np.sort(energies, axis=0)
    middle: NDArray[np.float32] = ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]
    return middle * np.float32(0.5)


def band_snr_db(symbol_snr: float, mode: Mode) -> float:
    """Signal over noise from 0 to half the sample rate, in dB, for tone energy over noise."""
    return float(10 * np.log10(max(2 * symbol_snr / mode.symbol_samples, 1e-12)))
