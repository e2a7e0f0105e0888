"""Other sample rates made 48 kHz: a polyphase filter (Crochiere and Rabiner, *Multirate Digital
Signal Processing*, 1983), windowed sinc, its taps computed once when a stream begins.

The stream is worked in hundredths of a second, whatever blocks bring it, so that the result is the
same to the bit.
"""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING, Final

import numpy as np

from terminal.acoustic.modes import SAMPLE_RATE_HZ
from terminal.errors import DecodeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATES_HZ: Final = (16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000)
TAPS: Final = 48
"""Input samples that one output sample rests on."""
KAISER_BETA: Final = 7.0
PASSED_SHARE: Final = 0.9
"""Of half the lower rate, what passes within 1 dB; a mode that needs more does not fit."""


def highest_fitting_hz(rate_hz: int) -> float:
    """The highest tone that a device of this rate can carry."""
    return PASSED_SHARE * min(rate_hz, SAMPLE_RATE_HZ) / 2


class Resampler:
    """One stream of another rate as 48 kHz, late by half the taps."""

    def __init__(self, rate_hz: int) -> None:
        """Begin a stream.

        Raises:
            DecodeError: not one of ``RATES_HZ``.
        """
        if type(rate_hz) is not int or rate_hz not in RATES_HZ:
            raise DecodeError("sample_rate", f"must be one of {', '.join(map(str, RATES_HZ))}")
        up = SAMPLE_RATE_HZ // gcd(rate_hz, SAMPLE_RATE_HZ)
        down = rate_hz // gcd(rate_hz, SAMPLE_RATE_HZ)
        self._quantum = down * max(1, round(rate_hz / 100 / down))
        outputs = np.arange(self._quantum // down * up)
        self._places = outputs * down // up
        self._taps = _taps(up, down)[outputs * down % up]
        self._kept = np.zeros(TAPS - 1, np.float32)
        self._waiting = np.zeros(0, np.float32)

    def add(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """What these samples complete, float32 at 48 kHz."""
        stream = np.concatenate([self._waiting, samples])
        whole = len(stream) - len(stream) % self._quantum
        pieces = [
            self._piece(stream[i : i + self._quantum]) for i in range(0, whole, self._quantum)
        ]
        self._waiting = stream[whole:].copy()
        return np.concatenate([np.zeros(0, np.float32), *pieces])

    def _piece(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        run = np.concatenate([self._kept, samples])
        self._kept = run[len(samples) :].copy()
        windows = np.lib.stride_tricks.sliding_window_view(run, TAPS)[self._places]
        return np.asarray((windows * self._taps).sum(axis=1), np.float32)


def _taps(up: int, down: int) -> NDArray[np.float32]:
    """Filter taps of each phase, oldest sample first, float32 ``(up, TAPS)``, gain 1."""
    phase = np.arange(up)[:, None] / up
    distance = np.arange(TAPS)[None, :] - (TAPS / 2 - 1) - phase
    band = min(1.0, up / down) * (1 + PASSED_SHARE) / 2
    window = np.i0(KAISER_BETA * np.sqrt(np.maximum(0, 1 - (2 * distance / TAPS) ** 2)))
    taps = np.sinc(band * distance) * window
    return np.asarray(taps / taps.sum(axis=1, keepdims=True), np.float32)
