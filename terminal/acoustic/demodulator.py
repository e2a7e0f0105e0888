"""One frame, from samples that hold it to its payload."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from terminal.acoustic.frame import air_values, code_order, frame_code, frame_payload
from terminal.acoustic.metrics import SoftValues, soft_values
from terminal.acoustic.sync import fit
from terminal.acoustic.tones import frame_energies

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from terminal.acoustic.frame import Layout
    from terminal.acoustic.modes import Mode

ITERATIONS: Final = (8, 8, 8, 8, 30)
"""Belief propagation runs in turn, soft values taken anew between them."""
EVIDENCE_MIN: Final = 0.3
"""Nats a symbol under which what was heard is not a frame and decoding is not tried."""


@dataclass(frozen=True, slots=True)
class Demodulated:
    """What became of a frame; ``payload`` None when it could not be decoded.

    ``plausible``: the samples looked like a frame of this length.
    """

    payload: bytes | None
    plausible: bool
    symbol_snr: float
    start_sample: int
    end_sample: int


def demodulate(
    samples: NDArray[np.float32], mode: Mode, shape: Layout, start: int, end: int
) -> Demodulated:
    """Decode the frame whose start block lies near ``start`` and its end block near ``end``.

    ``samples`` float32 ``(n,)`` must reach half a symbol beyond the frame on both sides.
    """
    placed = fit(samples, mode, shape, start, end)
    if placed is None:
        return Demodulated(None, False, 0.0, start, end)
    starts = placed.symbol_starts(mode, shape.symbol_count)
    starts = np.clip(starts, 0, len(samples) - mode.symbol_samples)
    energies = frame_energies(samples, mode, starts, placed.scale)
    known = np.full(shape.symbol_count, -1, np.int64)
    known[: shape.start_count] = mode.start_tones
    known[-shape.end_count :] = mode.end_tones
    soft = soft_values(energies, known)
    first, last = int(starts[0]), int(starts[-1]) + mode.symbol_samples
    if soft.evidence < EVIDENCE_MIN:
        return Demodulated(None, False, soft.symbol_snr, first, last)
    payload = _decode(energies, known, soft, mode, shape)
    return Demodulated(payload, True, soft.symbol_snr, first, last)


def _decode(
    energies: NDArray[np.float32],
    known: NDArray[np.int64],
    soft: SoftValues,
    mode: Mode,
    shape: Layout,
) -> bytes | None:
    """Decode; while that fails, take soft values again with what the decoder made out."""
    inner = slice(shape.start_count, -shape.end_count)
    frame = frame_code(mode, shape.length)
    for iterations in ITERATIONS:
        channel = code_order(soft.log_likelihood[inner], mode, shape.length)
        decoding = frame.decode(channel, iterations)
        if decoding.valid:
            return frame_payload(decoding.symbols, mode, shape.length)
        shares = np.zeros_like(energies)
        shares[inner] = air_values(decoding.posterior, mode, shape.length)
        soft = soft_values(energies, known, shares)
    return None
