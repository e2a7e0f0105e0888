"""One frame, from samples that hold it to its payload."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from terminal.acoustic.frame import (
    air_values,
    block_bins,
    candidate_bins,
    code_order,
    frame_code,
    frame_payload,
)
from terminal.acoustic.metrics import EVIDENCE_MIN, SoftValues, soft_values
from terminal.acoustic.sync import fit
from terminal.acoustic.tones import frame_energies

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from terminal.acoustic.frame import Layout
    from terminal.acoustic.modes import Mode
    from terminal.acoustic.sync import Block

    Floats = NDArray[np.float32]

ITERATIONS: Final = (8, 8, 8, 8, 30)
"""Belief propagation runs in turn, soft values taken anew between them."""
SHIFTS: Final = (0.0, -1 / 16, 1 / 16)
"""Symbols by which the windows are moved when decoding fails: in a room the strongest place is not
always the best."""
BROKEN_SHARE_MAX: Final = 0.75
"""Checks still broken after a run of iterations, above which it is no frame of this length."""
GUESSED_SYMBOLS_MAX: Final = 1000
"""Symbols decoded again in all guesses at one place: long frames get fewer guesses."""
GUESSES_MAX: Final = 8
GUESSED_ELEMENTS: Final = 3
GUESS_ITERATIONS: Final = 15
GUESS_AGAINST: Final = -30.0


@dataclass(frozen=True, slots=True)
class Demodulated:
    """What became of a frame; ``payload`` None when it could not be decoded.

    ``plausible``: the samples looked like a frame of this length; ``codeword``: all checks of the
    code held at some moment, whatever the checksum then said.
    """

    payload: bytes | None
    plausible: bool
    codeword: bool
    symbol_snr: float
    start_sample: int
    end_sample: int


def demodulate(
    samples: NDArray[np.float32], mode: Mode, shape: Layout, start: Block, end: Block
) -> Demodulated:
    """Decode the frame whose start block lies near ``start`` and its end block near ``end``.

    ``samples`` float32 ``(n,)`` must reach half a symbol beyond the frame on both sides.
    """
    placed = fit(samples, mode, shape, start, end)
    if placed is None:
        return Demodulated(None, False, False, 0.0, start.sample, end.sample)
    possible, candidates = possible_bins(mode, shape)
    outcome = Demodulated(None, False, False, 0.0, start.sample, end.sample)
    for shift in SHIFTS:
        starts = placed.symbol_starts(mode, shape.symbol_count)
        starts += round(shift * mode.symbol_samples)
        starts = np.clip(starts, 0, len(samples) - mode.symbol_samples)
        energies = frame_energies(samples, mode, starts, placed.scale)
        soft = soft_values(energies, possible)
        if soft.evidence < EVIDENCE_MIN:
            break
        search = _Search(mode, shape, energies, possible, candidates)
        found = search.run(soft, guess=shift == 0)
        first, last = int(starts[0]), int(starts[-1]) + mode.symbol_samples
        codeword = found.codeword or outcome.codeword
        outcome = Demodulated(found.payload, True, codeword, soft.symbol_snr, first, last)
        if found.payload is not None or not found.hopeful:
            break
    return outcome


def possible_bins(mode: Mode, shape: Layout) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """The bins each symbol of the frame may have, and of each coded symbol the bin of each tone."""
    possible = np.zeros((shape.symbol_count, mode.bin_count), np.bool_)
    for first, tones in ((0, mode.start_tones), (-shape.end_count, mode.end_tones)):
        bins = block_bins(np.array(tones), mode)
        possible[first + np.arange(len(bins)), bins] = True
    candidates = candidate_bins(mode, shape.coded_count)
    coded = possible[shape.start_count : -shape.end_count]
    np.put_along_axis(coded, candidates, True, axis=1)
    return possible, candidates


@dataclass(frozen=True, slots=True)
class _Found:
    """``hopeful``: the payload may be there although it was not found."""

    payload: bytes | None
    hopeful: bool = False
    codeword: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Search:
    """Decoding in turn with taking soft values, each helping the other."""

    mode: Mode
    shape: Layout
    energies: NDArray[np.float32]
    possible: NDArray[np.bool_]
    candidates: NDArray[np.int64]

    def run(self, soft: SoftValues, *, guess: bool) -> _Found:
        """What is found from these soft values on."""
        mode, length = self.mode, self.shape.length
        inner = slice(self.shape.start_count, -self.shape.end_count)
        frame = frame_code(mode, length)
        for iterations in ITERATIONS:
            heard = np.take_along_axis(soft.log_likelihood[inner], self.candidates, axis=1)
            values = code_order(heard, mode, length)
            decoding = frame.decode(values, iterations)
            if decoding.valid:
                return _Found(frame_payload(decoding.symbols, mode, length), codeword=True)
            if decoding.broken_share > BROKEN_SHARE_MAX:
                return _Found(None)
            shares = np.zeros_like(self.energies)
            by_tone = air_values(decoding.posterior, mode, length)
            np.put_along_axis(shares[inner], self.candidates, by_tone, axis=1)
            soft = soft_values(self.energies, self.possible, shares)
        return self._guess(values, decoding.posterior) if guess else _Found(None, hopeful=True)

    def _guess(self, values: Floats, posterior: Floats) -> _Found:
        """Take the most doubtful symbols as known, one at a time, and decode again.

        What stops a short frame is mostly one small knot of symbols; the right guess undoes it.
        """
        frame, codeword = frame_code(self.mode, self.shape.length), False
        doubt = -(posterior * np.log(posterior)).sum(axis=1)
        count = max(1, GUESSED_SYMBOLS_MAX // len(values))
        for symbol in np.argsort(-doubt, kind="stable")[: min(count, GUESSES_MAX)]:
            for element in np.argsort(-posterior[symbol], kind="stable")[:GUESSED_ELEMENTS]:
                guessed = values.copy()
                guessed[symbol] = GUESS_AGAINST
                guessed[symbol, element] = 0
                decoding = frame.decode(guessed, GUESS_ITERATIONS)
                if not decoding.valid:
                    continue
                codeword = True
                payload = frame_payload(decoding.symbols, self.mode, self.shape.length)
                if payload is not None:
                    return _Found(payload, codeword=True)
        return _Found(None, hopeful=True, codeword=codeword)
