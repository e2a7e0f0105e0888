"""Frames out of whose sound an audio path lost a piece, or in which it played one twice.

From the start block up to the slip the symbols lie where the start says, after it where the end
block says. Which of the two holds for a symbol is not known: its values are a mixture of both, and
the place of the slip is sought in one part of the frame after the other: a symbol with two possible
tones has lost one bit of its five, which the code can bear. Where none of the parts decodes, the
best says more exactly where the slip may be, and so in turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from terminal.acoustic.demodulator import Demodulated
from terminal.acoustic.frame import (
    air_values,
    code_order,
    frame_code,
    frame_payload,
    possible_bins,
)
from terminal.acoustic.metrics import EVIDENCE_MIN, SoftValues, first_values
from terminal.acoustic.sync import block_time
from terminal.acoustic.tones import frame_energies

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from terminal.acoustic.frame import Layout
    from terminal.acoustic.ldpc import Decoding
    from terminal.acoustic.modes import Mode
    from terminal.acoustic.sync import Block

    Floats = NDArray[np.float32]

SLIP_SAMPLES_MAX: Final = 1100
"""Just over a block of 1024 samples, the longest that audio paths usually lose at once."""
USUAL_SLIPS: Final = (480, 1024, 512, 441, 960, 256)
"""Sizes of audio blocks, tried first."""
WINDOWS: Final = 10
"""Parts of the frame in which the slip is looked for, one after the other."""
WINDOW_ITERATIONS: Final = 8
ROUNDS: Final = 3
ITERATIONS: Final = 12
BROKEN_SHARE_MAX: Final = 0.5
FAVOUR_TRUST: Final = np.float32(0.2)
"""What the decoder says of a symbol's place is not independent from symbol to symbol."""
UNSURE: Final = np.float32(1e-4)


def slip_rank(slip: int) -> float:
    """How far a slip is from a usual one, in samples; small ones are likelier."""
    return min(abs(abs(slip) - usual) for usual in USUAL_SLIPS)


def demodulate_slipped(
    samples: NDArray[np.float32], mode: Mode, shape: Layout, start: Block, end: Block
) -> Demodulated:
    """Decode a frame whose blocks are nearer or farther than its layout, as ``demodulate`` does."""
    width = mode.symbol_samples
    first = block_time(samples, mode, mode.start_tones, start)
    last = block_time(samples, mode, mode.end_tones, end)
    steps = width * np.arange(shape.symbol_count)
    back = last - width * (shape.start_count + shape.coded_count)
    possible, candidates = possible_bins(mode, shape)
    early, late = possible.copy(), possible.copy()
    early[-shape.end_count :] = True
    late[: shape.start_count] = True
    sides = []
    for origin, may_be in ((first, early), (back, late)):
        starts = np.rint(origin + steps).astype(np.int64)
        starts = np.clip(starts, 0, len(samples) - width)
        sides.append(first_values(frame_energies(samples, mode, starts, 1.0), may_be))
    outcome = Demodulated(None, False, False, 0.0, int(first), int(last) + width * shape.end_count)
    if max(side.evidence for side in sides) < EVIDENCE_MIN:
        return outcome
    payload, codeword = _joined(sides, mode, shape, candidates)
    snr = max(side.symbol_snr for side in sides)
    return Demodulated(payload, True, codeword, snr, outcome.start_sample, outcome.end_sample)


def _joined(
    sides: list[SoftValues], mode: Mode, shape: Layout, candidates: NDArray[np.int64]
) -> tuple[bytes | None, bool]:
    """The payload, if it was found, and whether there was a codeword."""
    inner = slice(shape.start_count, -shape.end_count)
    early, late = (
        _even(np.take_along_axis(side.log_likelihood[inner], candidates, axis=1)) for side in sides
    )
    count, length = shape.coded_count, shape.length
    code = frame_code(mode, length)

    def decoded(before: Floats, iterations: int) -> Decoding:
        chance = np.clip(before, UNSURE, 1 - UNSURE)[:, None]
        mixed = np.logaddexp(np.log(chance) + early, np.log(1 - chance) + late)
        return code.decode(code_order(mixed.astype(np.float32), mode, length), iterations)

    places = np.arange(count) / count
    tried = []
    for window in range(WINDOWS):
        ends = (window + 1.25) / WINDOWS, (window - 0.25) / WINDOWS
        before = np.where(places > ends[0], 0.0, np.where(places < ends[1], 1.0, 0.5))
        tried.append(decoded(before.astype(np.float32), WINDOW_ITERATIONS))
        if tried[-1].valid:
            return frame_payload(tried[-1].symbols, mode, length), True
    decoding = min(tried, key=lambda one: one.broken_share)
    for _ in range(ROUNDS):
        if decoding.broken_share > BROKEN_SHARE_MAX:
            break
        shares = np.log(air_values(decoding.posterior, mode, length))
        favour = _log_sum(shares + early) - _log_sum(shares + late)
        decoding = decoded(_before(FAVOUR_TRUST * favour), ITERATIONS)
        if decoding.valid:
            return frame_payload(decoding.symbols, mode, length), True
    return None, False


def _before(favour: Floats) -> Floats:
    """How likely each symbol lies before the slip, from what speaks for the early place."""
    total = np.concatenate([[0.0], np.cumsum(favour, dtype=np.float64)])
    chance = np.exp(total - total.max())
    chance /= chance.sum()
    return np.asarray(1 - np.cumsum(chance)[:-1], np.float32)


def _even(values: Floats) -> Floats:
    """Rows with a mean likelihood of 1: that a place sounds loud does not make it the right one."""
    return values - _log_sum(values)[:, None] + np.float32(np.log(values.shape[1]))


def _log_sum(values: Floats) -> Floats:
    top = values.max(axis=1)
    return np.asarray(top + np.log(np.exp(values - top[:, None]).sum(axis=1)), np.float32)
