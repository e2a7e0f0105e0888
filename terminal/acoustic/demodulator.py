"""One frame, from samples that hold it to its payload.

Tried in turn, each only where those before found nothing: soft values without phase, which bear a
phone that moves; the equaliser, which bears reverberation and noise; then more runs without phase,
and in short frames guesses at the most doubtful symbols.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from terminal.acoustic.equaliser import ROOM, STRAIGHT, Equaliser
from terminal.acoustic.frame import (
    air_values,
    code_order,
    frame_code,
    frame_payload,
    possible_bins,
)
from terminal.acoustic.metrics import (
    EVIDENCE_MIN,
    first_values,
    noise_floor,
    plain_values,
    soft_values,
)
from terminal.acoustic.sync import Fit, fit
from terminal.acoustic.tones import frame_energies

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from terminal.acoustic.frame import Layout
    from terminal.acoustic.ldpc import Decoding
    from terminal.acoustic.modes import Mode
    from terminal.acoustic.sync import Block

    Floats = NDArray[np.float32]

FEW_BROKEN: Final = 0.35
FEW_ITERATIONS: Final = 4
"""With so few broken checks, so few iterations nearly always do."""
CHANCE_SPREADS: Final = 1.5
"""Standard deviations more than by chance; one chance likeness in fifteen gets through."""
FIRST_ITERATIONS: Final = (8,)
"""Runs of belief propagation before the equaliser, soft values taken anew between them."""
ITERATIONS: Final = (8, 8, 8, 30)
"""The same after it."""
EQUALISER_ROUNDS: Final = 6
EQUALISER_ITERATIONS: Final = 4
PATIENCE_ROUNDS: Final = 3
PATIENCE_SHARE: Final = 0.75
"""After so many rounds the broken checks must have fallen to this share of the first round's."""
DOUBTED_SCALE: Final = 4e-4
"""Time scales nearer to 1 are tried as 1: clocks agree better than sync blocks can measure."""
BROKEN_SHARE_MAX: Final = 0.8
"""Checks still broken after a run of iterations, above which it is no frame of this length."""
GUESSED_SYMBOLS_MAX: Final = 130
"""Longest frame, in coded symbols, in which symbols are guessed."""
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
    attempt = Attempt(samples, mode, shape, start, end)
    return attempt.search() if attempt.hopeful else attempt.outcome


class Attempt:
    """A frame looked at once; ``outcome`` is what came of it.

    ``hopeful``: the payload was not found but may be there, if it is a frame of this length.
    """

    def __init__(
        self,
        samples: NDArray[np.float32],
        mode: Mode,
        shape: Layout,
        start: Block,
        end: Block,
        *,
        glance: bool = False,
    ) -> None:
        """Take the arguments of :func:`demodulate`; ``glance``: find only what is easy to find."""
        self._samples = samples
        self.symbol_count = shape.symbol_count
        self.hopeful = False
        self.broken_share = 1.0
        self.outcome = Demodulated(None, False, False, 0.0, start.sample, end.sample)
        placed = fit(samples, mode, shape, start, end)
        if placed is None:
            return
        self._placed = placed
        starts = placed.symbol_starts(mode, shape.symbol_count)
        starts = np.clip(starts, 0, len(samples) - mode.symbol_samples)
        energies = frame_energies(samples, mode, starts, placed.scale)
        self._search = _Search(mode, shape, energies, *possible_bins(mode, shape))
        span = int(starts[0]), int(starts[-1]) + mode.symbol_samples
        values, symbol_snr = plain_values(energies)
        found = self._search.at_once(values)
        if found.payload is not None:
            self.outcome = Demodulated(found.payload, True, True, symbol_snr, *span)
        if glance or not found.hopeful:
            return
        soft = first_values(energies, self._search.possible, values)
        if soft.evidence < EVIDENCE_MIN:
            return
        found, _, decoding = self._search.without_phase(soft.log_likelihood, FIRST_ITERATIONS)
        self._shares = self._search.shares(decoding)
        self.broken_share = decoding.broken_share
        self.outcome = Demodulated(found.payload, True, found.codeword, soft.symbol_snr, *span)
        self.hopeful = found.hopeful

    def search(self) -> Demodulated:
        """Try everything; only where it is ``hopeful``."""
        found = self._search.with_phase(self._samples, self._placed, self._shares)
        if found.payload is None:
            again = self._search.again(self._shares)
            found = replace(again, codeword=again.codeword or found.codeword)
        codeword = found.codeword or self.outcome.codeword
        return replace(self.outcome, payload=found.payload, codeword=codeword)


@dataclass(frozen=True, slots=True)
class _Found:
    """``hopeful``: the payload may be there although it was not found."""

    payload: bytes | None
    hopeful: bool = False
    codeword: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Search:
    """Belief propagation and soft values in turn, over one placing of a frame's windows."""

    mode: Mode
    shape: Layout
    energies: NDArray[np.float32]
    possible: NDArray[np.bool_]
    candidates: NDArray[np.int64]

    def at_once(self, values: Floats) -> _Found:
        """What a few iterations find where few checks are broken from the start."""
        code, coded = frame_code(self.mode, self.shape.length), self._coded(values)
        broken = code.broken_share(coded.argmax(axis=1))
        if broken > FEW_BROKEN:
            return _Found(None, hopeful=self._more_than_chance(broken))
        decoding = code.decode(coded, FEW_ITERATIONS)
        payload = self._payload(decoding) if decoding.valid else None
        return _Found(payload, hopeful=payload is None)

    def _more_than_chance(self, broken_share: float) -> bool:
        """Whether more checks hold than do for another length, where a true frame shows it."""
        shape, chance = self.shape, 1 - 1 / self.mode.tone_count
        if shape.parity_count < shape.information_count:
            return True
        spread = (chance / self.mode.tone_count / shape.parity_count) ** 0.5
        most: float = chance - CHANCE_SPREADS * spread
        return broken_share < most

    def again(self, shares: Floats) -> _Found:
        """Soft values taken anew from these shares on, run after run, then guesses."""
        values = soft_values(self.energies, self.possible, shares).log_likelihood
        found, coded, decoding = self.without_phase(values, ITERATIONS)
        if not found.hopeful or len(coded) > GUESSED_SYMBOLS_MAX:
            return found
        return self._guess(coded, decoding.posterior)

    def without_phase(
        self, values: Floats, runs: tuple[int, ...]
    ) -> tuple[_Found, Floats, Decoding]:
        """What is found; the values last used in the code's order, and what came of them."""
        code, codeword = frame_code(self.mode, self.shape.length), False
        for left in range(len(runs) - 1, -1, -1):
            coded = self._coded(values)
            decoding = code.decode(coded, runs[-1 - left])
            if decoding.valid:
                codeword = True
                payload = self._payload(decoding)
                if payload is not None:
                    return _Found(payload, codeword=True), coded, decoding
            if decoding.broken_share > BROKEN_SHARE_MAX:
                return _Found(None), coded, decoding
            if left:
                shares = self.shares(decoding)
                values = soft_values(self.energies, self.possible, shares).log_likelihood
        return _Found(None, hopeful=True, codeword=codeword), coded, decoding

    def with_phase(self, samples: Floats, placed: Fit, shares: Floats) -> _Found:
        """What the equaliser finds, beginning from these shares."""
        scales = [1.0] if abs(placed.scale - 1) < DOUBTED_SCALE else [1.0, placed.scale]
        floor, codeword = noise_floor(self.energies), False
        for scale in scales:
            for path in (STRAIGHT, ROOM):
                at = replace(placed, scale=scale)
                equaliser = Equaliser(samples, self.mode, at, floor, self.possible, path)
                decoding = self._equalised(equaliser, shares)
                if decoding is None:
                    continue
                codeword = True
                payload = self._payload(decoding)
                if payload is not None:
                    return _Found(payload, codeword=True)
        return _Found(None, hopeful=True, codeword=codeword)

    def _equalised(self, equaliser: Equaliser, shares: Floats) -> Decoding | None:
        """Equaliser and decoder in turn, until there is a codeword or no more progress."""
        code = frame_code(self.mode, self.shape.length)
        broken: list[float] = []
        before = None
        for _ in range(EQUALISER_ROUNDS):
            coded = self._coded(equaliser.values(shares))
            decoding = code.decode(coded, EQUALISER_ITERATIONS)
            if decoding.valid:
                return decoding
            broken.append(decoding.broken_share)
            if before is not None and (before == decoding.symbols).all():
                break
            if len(broken) == PATIENCE_ROUNDS and min(broken) > PATIENCE_SHARE * broken[0]:
                break
            before, shares = decoding.symbols, self.shares(decoding)
        return None

    def _coded(self, values: Floats) -> Floats:
        """Values ``(N, bins)`` of the whole frame as the code's ``(N, tones)``."""
        inner = values[self.shape.start_count : -self.shape.end_count]
        heard = np.take_along_axis(inner, self.candidates, axis=1)
        return code_order(heard, self.mode, self.shape.length)

    def shares(self, decoding: Decoding) -> Floats:
        """How likely each bin of each symbol is, ``(N, bins)``; sync symbols have one bin."""
        shares = self.possible.astype(np.float32)
        inner = shares[self.shape.start_count : -self.shape.end_count]
        inner[:] = 0
        by_tone = air_values(decoding.posterior, self.mode, self.shape.length)
        np.put_along_axis(inner, self.candidates, by_tone, axis=1)
        return shares

    def _payload(self, decoding: Decoding) -> bytes | None:
        return frame_payload(decoding.symbols, self.mode, self.shape.length)

    def _guess(self, values: Floats, posterior: Floats) -> _Found:
        """Take the most doubtful symbols as known, one at a time, and decode again.

        What stops a short frame is mostly one small knot of symbols; the right guess undoes it.
        """
        frame, codeword = frame_code(self.mode, self.shape.length), False
        doubt = -(posterior * np.log(posterior)).sum(axis=1)
        for symbol in np.argsort(-doubt, kind="stable")[:GUESSES_MAX]:
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
