"""A frame's sound about the middle of its band, and the places of its symbols in it.

Real samples become complex ones, few enough that what follows is quick: a little over one for each
bin and symbol time. The phase of every tone at every symbol is known, since symbols begin with
phase 0 where the sender's clock says so; symbols need not begin on a sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import scipy.fft

from terminal.acoustic.modes import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from terminal.acoustic.modes import Mode
    from terminal.acoustic.sync import Fit

    Floats = NDArray[np.float32]
    Complexes = NDArray[np.complex64]

EARLY_S: Final = 0.003
"""Sound is looked for from so long before the place that the sync blocks gave."""
MARGIN_BINS: Final = 1.5
"""Bins of sound kept beyond the middle of the outermost on either side."""
TAIL_SYMBOLS: Final = 1.5
"""Kept after the last symbol, for its echo."""


@dataclass(frozen=True, slots=True, eq=False)
class Baseband:
    """``samples`` complex64 ``(n,)``, ``rate_hz`` a second; sample i is heard ``i / rate_hz`` after
    ``first_sample`` of the recording, turned back by ``middle_hz``. ``step`` is a symbol's samples.
    """

    samples: Complexes
    rate_hz: float
    middle_hz: float
    first_sample: int
    step: int

    @property
    def early_count(self) -> int:
        """``EARLY_S`` in samples."""
        return int(EARLY_S * self.rate_hz)


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Where symbols lie in a baseband, moved forward by ``EARLY_S``.

    ``places`` int64 ``(N, step)``: samples of each symbol; ``turns`` complex64 ``(N, bins)``: each
    bin's phase there at its first sample; ``waves`` complex64 ``(bins, step)``: one symbol of each.
    """

    places: NDArray[np.int64]
    turns: Complexes
    waves: Complexes

    def waveform(self, shares: Floats, count: int) -> Complexes:
        """What was probably sent, complex64 ``(count,)``, from each symbol's ``(N, bins)``."""
        sent = np.zeros(count, np.complex64)
        sent[self.places] = (shares * self.turns) @ self.waves
        return sent

    def correlate(self, sound: Complexes) -> Complexes:
        """Every symbol's correlation with every bin's wave, complex64 ``(N, bins)``."""
        found: Complexes = (sound[self.places] @ self.waves.conj().T) * self.turns.conj()
        return found


def baseband(samples: Floats, mode: Mode, placed: Fit, count: int, floor: Floats) -> Baseband:
    """A frame of ``count`` symbols as baseband, its noise made even across the band.

    ``samples`` float32 ``(m,)``; what lies outside counts as silence. ``floor`` float32
    ``(bins,)``: noise energy at each bin.
    """
    width = mode.symbol_samples
    step = -(-mode.bin_count * 5 // 4)
    rate_hz = SAMPLE_RATE_HZ * step / width
    first = int(placed.start_sample) - round(int(EARLY_S * rate_hz) * width / step)
    reach = int((count + TAIL_SYMBOLS) * width * max(placed.scale, 1.0))
    symbols = -(-(int(placed.start_sample) + reach - first) // width)
    heard = np.zeros(symbols * width, np.float32)
    begin, end = max(first, 0), min(first + len(heard), len(samples))
    heard[begin - first : end - first] = samples[begin:end]
    spectrum = scipy.fft.rfft(heard)
    middle = round((mode.first_cycle + (mode.bin_count - 1) / 2) * symbols)
    offsets = np.arange(symbols * step) - symbols * step // 2
    kept = np.abs(offsets) <= (mode.bin_count - 1 + 2 * MARGIN_BINS) / 2 * symbols
    cycles = (offsets + middle) / symbols
    even = np.sqrt(np.exp(np.log(floor).mean()) / floor)
    gain = np.interp(cycles, mode.first_cycle + np.arange(mode.bin_count), even)
    band = spectrum[np.abs(offsets + middle)] * (kept * gain).astype(np.float32)
    found = scipy.fft.ifft(scipy.fft.ifftshift(band)) * np.float32(2 * step / width)
    middle_hz = middle * SAMPLE_RATE_HZ / len(heard)
    return Baseband(found.astype(np.complex64), rate_hz, middle_hz, first, step)


def grid(sound: Baseband, mode: Mode, placed: Fit, count: int) -> Grid:
    """The places of ``count`` symbols whose first begins at ``placed.start_sample``."""
    width = mode.symbol_samples
    begins = placed.start_sample - sound.first_sample + width * placed.scale * np.arange(count)
    begins_s = begins / SAMPLE_RATE_HZ
    whole = np.rint(begins_s * sound.rate_hz).astype(np.int64)
    late_s = begins_s - whole / sound.rate_hz
    hz = (mode.first_cycle + np.arange(mode.bin_count)) * SAMPLE_RATE_HZ / width / placed.scale
    phase = np.outer(late_s, hz) + sound.middle_hz * (whole / sound.rate_hz)[:, None]
    step_s = np.arange(sound.step) / sound.rate_hz
    places = (whole - sound.early_count)[:, None] + np.arange(sound.step)
    return Grid(
        np.clip(places, 0, len(sound.samples) - 1),
        np.exp(-2j * np.pi * phase).astype(np.complex64),
        np.exp(2j * np.pi * np.outer(hz - sound.middle_hz, step_s)).astype(np.complex64),
    )
