"""Coherent soft values: the path of the sound is learned from the frame, and its echoes used.

Everything between sender and microphone is one filter h. From what was probably sent x and what was
heard y, h is the most likely one: it makes |y - x * h|^2 / noise + sum |h_i|^2 / expected_i least
(conjugate gradients, all convolutions by transform). What is expected of each part of h starts as a
decay and is then taken from h itself (Tipping, "Sparse Bayesian learning", J. Mach. Learn. Res. 1,
2001). With h, what the other symbols sound like is taken away from each symbol, and the rest held
against h * each tone: every echo of a symbol then speaks for it, and phase counts. The decoder's
account of the frame gives the next x (Koetter, Singer, Tuechler, "Turbo equalization", IEEE Signal
Process. Mag. 21 (1), 2004).

This needs a path that stands still for a frame but for an even drift, as clocks make it. Where it
does not hold, nothing is found and nothing is lost: frames are decoded without phase too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import scipy.fft

from terminal.acoustic.baseband import EARLY_S, baseband, grid
from terminal.acoustic.modes import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from terminal.acoustic.modes import Mode
    from terminal.acoustic.sync import Fit

    Floats = NDArray[np.float32]
    Complexes = NDArray[np.complex64]

DESCENTS: Final = 4
FIRST_NOISE_SHARE: Final = 0.3
NOISE_SHARE_MIN: Final = 0.02
"""Least noise as a share of all that is heard: trusting more makes strong frames fail."""
RISE_S: Final = 0.001
EXPECTED_MIN: Final = 1e-7
NEIGHBOURS: Final = (1 / 9, 2 / 9, 3 / 9, 2 / 9, 1 / 9)
AGAINST_MAX: Final = 40.0
"""Nats by which a tone may speak against another."""
DRIFT_ROUNDS: Final = (1, 2)
DRIFT_PART_S: Final = 0.3
DRIFT_MAX: Final = 450e-6
DRIFT_STEP: Final = 10e-6
DRIFT_MIN: Final = 5e-6
DRIFT_GROUPS: Final = 64


@dataclass(frozen=True, slots=True)
class Path:
    """What is expected of h at first: its length, and the time in which its energy falls by e."""

    reach_s: float
    decay_s: float


STRAIGHT: Final = Path(0.006, 0.0005)
ROOM: Final = Path(0.06, 0.02)


class Equaliser:
    """Soft values of one frame, better with every call."""

    def __init__(
        self,
        samples: Floats,
        mode: Mode,
        placed: Fit,
        floor: Floats,
        possible: NDArray[np.bool_],
        path: Path,
    ) -> None:
        """``samples`` float32 ``(m,)`` that hold the frame at ``placed``; ``floor`` float32
        ``(bins,)``: noise energy; ``possible`` ``(N, bins)``: the bins each symbol may have.
        """
        self._mode, self._placed, self._possible = mode, placed, possible
        self._count = len(possible)
        self._sound = baseband(samples, mode, placed, self._count, floor)
        self._grid = grid(self._sound, mode, placed, self._count)
        heard, rate_hz = self._sound.samples, self._sound.rate_hz
        self._power = max(float(np.vdot(heard, heard).real) / len(heard), 1e-30)
        self._noise = FIRST_NOISE_SHARE * self._power
        late_s = np.arange(int((path.reach_s + EARLY_S) * rate_hz)) / rate_hz - EARLY_S
        expected = np.exp(np.where(late_s < 0, late_s / RISE_S, -late_s / path.decay_s))
        self._expected = (expected / expected.sum()).astype(np.float32)
        self._size = scipy.fft.next_fast_len(len(heard) + len(expected))
        self._path: Complexes | None = None
        self._rounds = 0

    def values(self, shares: Floats) -> Floats:
        """Log likelihood float32 ``(N, bins)``, 0 for each symbol's best, from the decoder's
        account of the frame, ``shares`` float32 ``(N, bins)``.
        """
        heard = self._sound.samples
        sent = self._grid.waveform(shares, len(heard))
        if self._rounds in DRIFT_ROUNDS and self._follow(sent):
            sent = self._grid.waveform(shares, len(heard))
        self._rounds += 1
        spectrum = self._transform(sent)
        self._learn(spectrum)
        assert self._path is not None
        rest = heard - self._inverse(spectrum * self._transform(self._path))[: len(heard)]
        begin = self._sound.early_count
        end = begin + int(self._grid.places[-1, -1]) + 1
        noise = float(np.square(np.abs(rest[begin:end])).mean())
        self._noise = max(noise, NOISE_SHARE_MIN * self._power)
        self._expect(spectrum)
        values = self._against(rest, shares)
        best = np.where(self._possible, values, -np.inf).max(axis=1, keepdims=True)
        return np.asarray(np.clip(values - best, -AGAINST_MAX, 0), np.float32)

    def _transform(self, sound: Complexes) -> Complexes:
        return np.asarray(scipy.fft.fft(sound, self._size), np.complex64)

    def _inverse(self, spectrum: Complexes) -> Complexes:
        return np.asarray(scipy.fft.ifft(spectrum, overwrite_x=True), np.complex64)

    def _weights(self) -> Floats:
        """How much an unexpected part of h costs."""
        costs: Floats = np.float32(self._noise / self._power) / self._expected
        return costs

    def _learn(self, sent: Complexes) -> None:
        """Make h more likely by a few conjugate gradients."""
        heard, taps, costs = self._sound.samples, len(self._expected), self._weights()
        back = sent.conj()

        def gathered(sound: Complexes) -> Complexes:
            return self._inverse(back * self._transform(sound))[:taps]

        def applied(path: Complexes) -> Complexes:
            sound = self._inverse(sent * self._transform(path))[: len(heard)]
            return gathered(sound) + costs * path

        scale = 1 / (self._energy(sent) + costs)
        path, left = self._path, gathered(heard)
        if path is None:
            path = np.zeros(taps, np.complex64)
        else:
            left = left - applied(path)
        turn = scale * left
        size = float(np.vdot(left, turn).real)
        for _ in range(DESCENTS):
            if size <= 0:
                break
            change = applied(turn)
            length = np.float32(size / max(float(np.vdot(turn, change).real), 1e-30))
            path = path + length * turn
            left = left - length * change
            next_turn = scale * left
            next_size = float(np.vdot(left, next_turn).real)
            turn, size = next_turn + np.float32(next_size / size) * turn, next_size
        self._path = path

    def _energy(self, sent: Complexes) -> np.float32:
        return np.float32(np.vdot(sent, sent).real / self._size)

    def _expect(self, sent: Complexes) -> None:
        """Expect of each part of h what was found around it and what the noise may hide."""
        assert self._path is not None
        hidden = self._noise / (self._energy(sent) + self._weights())
        found = np.convolve(np.square(np.abs(self._path)) + hidden, NEIGHBOURS, mode="same")
        self._expected = np.maximum(found / self._power, EXPECTED_MIN).astype(np.float32)

    def _against(self, rest: Complexes, shares: Floats) -> Floats:
        """Every tone at every symbol against what is left when all the other symbols are gone."""
        assert self._path is not None
        found = self._inverse(self._transform(self._path).conj() * self._transform(rest))
        waves = self._grid.waves
        size = scipy.fft.next_fast_len(waves.shape[1] + len(self._path))
        heard = scipy.fft.fft(waves, size, axis=1) * scipy.fft.fft(self._path, size)
        alike = (heard.conj() @ heard.T) / np.float32(size)
        own = ((shares * self._grid.turns) @ alike.T) * self._grid.turns.conj()
        matched = self._grid.correlate(found) + own
        values: Floats = (2 * matched.real - np.diag(alike).real) / np.float32(self._noise)
        return values

    def _follow(self, sent: Complexes) -> bool:
        """Correct the time scale by how h moves from each part of the frame to the next."""
        heard, taps = self._sound.samples, len(self._expected)
        frame_s = self._count * self._mode.symbol_samples / SAMPLE_RATE_HZ
        edges = np.linspace(0, len(heard), max(2, round(frame_s / DRIFT_PART_S)) + 1).astype(int)
        size = scipy.fft.next_fast_len(int(edges[1]) + 1 + taps)
        likely = np.sqrt(self._expected)
        before = np.concatenate([np.zeros(taps, np.complex64), sent])
        paths = []
        for begin, end in pairwise(edges):
            around = scipy.fft.fft(before[begin : end + taps], size)
            part = scipy.fft.fft(np.pad(heard[begin:end], (taps, 0)), size)
            path = scipy.fft.ifft(around.conj() * part)[:taps] * likely
            paths.append(scipy.fft.fft(path, scipy.fft.next_fast_len(2 * taps)))
        turned = sum(a.conj() * b for a, b in pairwise(paths))
        drift = self._drift(np.asarray(turned), (edges[1] - edges[0]) / self._sound.rate_hz)
        if abs(drift) < DRIFT_MIN:
            return False
        self._placed = replace(self._placed, scale=self._placed.scale * (1 + drift))
        self._grid = grid(self._sound, self._mode, self._placed, self._count)
        return True

    def _drift(self, turned: Complexes, apart_s: float) -> float:
        """The change of scale that turns each frequency by as much as was found."""
        hz = scipy.fft.fftfreq(len(turned), 1 / self._sound.rate_hz) + self._sound.middle_hz
        kept = len(turned) // DRIFT_GROUPS * DRIFT_GROUPS
        grouped = scipy.fft.fftshift(turned)[:kept].reshape(DRIFT_GROUPS, -1).sum(axis=1)
        middles_hz = scipy.fft.fftshift(hz)[:kept].reshape(DRIFT_GROUPS, -1).mean(axis=1)
        tried = np.arange(-DRIFT_MAX, DRIFT_MAX + DRIFT_STEP / 2, DRIFT_STEP)
        score = (np.exp(2j * np.pi * np.outer(tried * apart_s, middles_hz)) @ grouped).real
        top = int(np.clip(score.argmax(), 1, len(tried) - 2))
        left, middle, right = score[top - 1 : top + 2]
        bend = left - 2 * middle + right
        shift = 0.5 * (left - right) / bend if bend < 0 else 0.0
        return float(tried[top] + DRIFT_STEP * np.clip(shift, -1, 1))
