"""Payload bytes to samples: one tone at a time, whole cycles a symbol, so the phase never jumps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from terminal.acoustic.frame import frame_bins
from terminal.acoustic.modes import MODES, PAYLOAD_BYTES_MAX, Mode
from terminal.errors import DecodeError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def modulate(payload: bytes, mode: Mode | str) -> NDArray[np.float32]:
    """The burst that carries ``payload``: float32, shape ``(n,)``, 48 kHz, peak at most 1.

    Sample n of a symbol of k cycles is cos(2 pi k n / symbol_samples); the first and last
    ``ramp_samples`` of the burst rise and fall as a raised cosine. For 16-bit output multiply by
    32767 and round.

    Raises:
        DecodeError: ``payload`` is not 1 to 255 bytes, or ``mode`` is no mode's name.
    """
    chosen = find_mode(mode)
    if not isinstance(payload, (bytes, bytearray)):
        raise DecodeError("payload", "must be bytes")
    if not 1 <= len(payload) <= PAYLOAD_BYTES_MAX:
        raise DecodeError("payload", f"must have 1 to {PAYLOAD_BYTES_MAX} bytes")
    waves = tone_waves(chosen)
    burst = waves[frame_bins(bytes(payload), chosen)].reshape(-1)
    ramp = chosen.ramp_samples
    rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(ramp) + 0.5) / ramp)
    burst[:ramp] *= rise
    burst[-ramp:] *= rise[::-1]
    return burst.astype(np.float32)


def tone_waves(mode: Mode) -> NDArray[np.float64]:
    """One symbol of every bin, float64, shape ``(bin_count, symbol_samples)``."""
    cycles = mode.first_cycle + np.arange(mode.bin_count)
    turns = np.outer(cycles, np.arange(mode.symbol_samples)) % mode.symbol_samples
    waves: NDArray[np.float64] = np.cos(2 * np.pi * turns / mode.symbol_samples)
    return waves


def find_mode(mode: Mode | str) -> Mode:
    """A mode itself, or the one of that name.

    Raises:
        DecodeError: there is no such mode.
    """
    if isinstance(mode, Mode):
        return mode
    if mode not in MODES:
        raise DecodeError("mode", f"unknown; there are {', '.join(MODES)}")
    return MODES[mode]
