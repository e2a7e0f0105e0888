"""Finding a burst: sync blocks in the stream, then start and end fitted together to a sample."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from terminal.acoustic.frame import block_bins
from terminal.acoustic.tones import HOPS_PER_SYMBOL, SlidingEnergies, hop_samples, medians

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from terminal.acoustic.frame import Layout
    from terminal.acoustic.modes import Mode

SCALE_MAX: Final = 0.004
"""Greatest difference of heard time from sent time: clocks, and a hand that moves."""
FLOOR_MEMORY: Final = 0.9
"""Share of the old noise floor kept at each step."""
FLOOR_STEP_SAMPLES: Final = 1024
"""Least length of a step: within fewer symbols a tone that comes twice would pass for noise."""
ENERGY_MIN: Final = np.float32(1e-9)
FLOOR_SHARE: Final = np.float32(0.01)
"""Least floor as a share of what is heard: 20 dB under it, so that silence between strong bursts
leaves no shape behind."""
RATIO_MIN: Final = np.float32(1e-6)
AMPLITUDE_MAX: Final = np.float32(4.0)
"""A few loud symbols must not pass for a whole block."""
PEAK_REACH: Final = 4
"""A peak is the greatest value within so many hops on either side."""


@dataclass(frozen=True, slots=True)
class Peak:
    """A place where a sync block may lie.

    ``hop``: its first symbol's window; ``score``: the block's amplitudes over the root mean square
    of all tones, summed; ``symbol_snr``: tone energy over noise that explains the score.
    """

    hop: int
    score: float
    symbol_snr: float
    drift_cycles: float


class BlockFinder:
    """Scores of the start and end blocks at every hop of a stream, and their peaks."""

    def __init__(self, mode: Mode, drift_cycles: float) -> None:
        self._mode, self._drift_cycles = mode, drift_cycles
        self._sliding = SlidingEnergies(mode, drift_cycles)
        self._floor: NDArray[np.float32] | None = None
        self._recent: list[NDArray[np.float32]] = []
        """Energies since the floor was last taken, two a symbol."""
        self._recent_hops = 0
        self._span = HOPS_PER_SYMBOL * (len(mode.start_tones) - 1)
        self._amplitudes = np.zeros((self._span, mode.bin_count), np.float32)
        self._scores = np.zeros((2, 2 * PEAK_REACH), np.float32)
        self._next_hop = 1 - HOPS_PER_SYMBOL
        """First window of the next hop to come, counted from the first sample."""

    def add(self, samples: NDArray[np.float32]) -> tuple[list[Peak], list[Peak]]:
        """Start and end peaks that these whole hops settle."""
        energies = self._sliding.add(samples)
        floor = self._noise_floor(energies)
        level = np.add.reduce(energies, axis=1, keepdims=True) / np.float32(self._mode.bin_count)
        ratio = energies / (floor + FLOOR_SHARE * level + ENERGY_MIN)
        mean = np.add.reduce(ratio, axis=1, keepdims=True) / np.float32(self._mode.bin_count)
        share = ratio / (mean + RATIO_MIN)
        amplitude = np.minimum(np.sqrt(share), AMPLITUDE_MAX)
        run = np.concatenate([self._amplitudes, amplitude])
        count = len(energies)
        self._amplitudes = run[count:].copy()
        score = np.add.reduce(run.ravel()[_block_places(self._mode, count)], axis=1)
        history = np.concatenate([self._scores, score], axis=1)
        self._scores = history[:, count:].copy()
        first = self._next_hop - self._span - 2 * PEAK_REACH
        self._next_hop += count
        if history.max() < self._mode.peak_score_min:
            return [], []
        return self._peaks(history[0], first), self._peaks(history[1], first)

    def _noise_floor(self, energies: NDArray[np.float32]) -> NDArray[np.float32]:
        """The floor to use for these windows; then takes them into account."""
        self._recent.append(energies[:: HOPS_PER_SYMBOL // 2])
        self._recent_hops += len(energies)
        floor = self._floor
        if floor is None:
            here = _floor_of(self._recent)
            floor = self._floor = np.full_like(here, here.mean())
        if self._recent_hops * hop_samples(self._mode) >= FLOOR_STEP_SAMPLES:
            memory = np.float32(FLOOR_MEMORY)
            self._floor = memory * floor + (1 - memory) * _floor_of(self._recent)
            self._recent, self._recent_hops = [], 0
        return floor

    def _peaks(self, scores: NDArray[np.float32], first: int) -> list[Peak]:
        inner = scores[PEAK_REACH:-PEAK_REACH]
        around = np.lib.stride_tricks.sliding_window_view(scores, 2 * PEAK_REACH + 1)
        earlier = around[:, :PEAK_REACH].max(axis=1)
        later = around[:, PEAK_REACH + 1 :].max(axis=1)
        wanted = (inner >= self._mode.peak_score_min) & (inner > earlier) & (inner >= later)
        places = np.flatnonzero(wanted)
        return [self._peak(first + PEAK_REACH + int(i), float(inner[i])) for i in places]

    def _peak(self, hop: int, score: float) -> Peak:
        tones = self._mode.bin_count
        share = min((score / len(self._mode.start_tones)) ** 2, 0.99 * tones)
        return Peak(hop, score, tones * max(share - 1, 0.0) / (tones - share), self._drift_cycles)


@lru_cache(maxsize=32)
def _block_places(mode: Mode, count: int) -> NDArray[np.int64]:
    """Where in ``(hops, bins)``, flattened, the start and end block's tones are, for so many hops:
    int64 ``(2, tones, count)``.
    """
    tones = np.stack([block_bins(np.array(t), mode) for t in (mode.start_tones, mode.end_tones)])
    hops = HOPS_PER_SYMBOL * np.arange(tones.shape[1])[:, None] + np.arange(count)
    return np.asarray(hops * mode.bin_count + tones[:, :, None], np.int64)


def _floor_of(parts: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Noise energy of each tone, by its median."""
    return medians(np.concatenate(parts)) * np.float32(1 / np.log(2))


@dataclass(frozen=True, slots=True)
class Fit:
    """Where a frame lies: its first sample (not whole), and heard time over sent time."""

    start_sample: float
    scale: float

    def symbol_starts(self, mode: Mode, count: int) -> NDArray[np.int64]:
        """First sample of each symbol, int64."""
        step = mode.symbol_samples * self.scale
        return np.asarray(np.rint(self.start_sample + step * np.arange(count)), np.int64)


@dataclass(frozen=True, slots=True)
class Block:
    """A sync block's rough place: its first sample, and the shift of tones it was found with."""

    sample: int
    drift_cycles: float = 0.0


def fit(
    samples: NDArray[np.float32], mode: Mode, shape: Layout, start: Block, end: Block
) -> Fit | None:
    """Start and time scale from the rough places of the start and the end block.

    None when they are too far from the layout's distance.
    """
    between = (shape.start_count + shape.coded_count) * mode.symbol_samples
    first = block_time(samples, mode, mode.start_tones, start)
    last = block_time(samples, mode, mode.end_tones, end)
    scale = (last - first) / between
    if abs(scale - 1) > SCALE_MAX + hop_samples(mode) / between:
        return None
    return Fit(first, scale)


def block_time(
    samples: NDArray[np.float32], mode: Mode, tones: tuple[int, ...], near: Block
) -> float:
    """First sample of a sync block within a quarter symbol of ``near``, by parabola."""
    width = mode.symbol_samples
    step = max(width // 32, 1)
    lags = step * np.arange(-8, 9)
    waves = _sync_waves(mode, tones, near.drift_cycles)
    windows = np.lib.stride_tricks.sliding_window_view(samples, width)
    places = near.sample + lags + width * np.arange(len(tones))[:, None]
    both = windows[np.clip(places, 0, len(windows) - 1)] @ waves
    score = np.hypot(both[:, :, 0], both[:, :, 1]).sum(axis=0)
    top = int(np.clip(score.argmax(), 1, len(lags) - 2))
    left, middle, right = score[top - 1 : top + 2]
    bend = left - 2 * middle + right
    shift = 0.5 * (left - right) / bend if bend < 0 else 0.0
    return float(near.sample + lags[top] + step * np.clip(shift, -1, 1))


@lru_cache(maxsize=32)
def _sync_waves(mode: Mode, tones: tuple[int, ...], drift_cycles: float) -> NDArray[np.float32]:
    """cos beside sin of each sync tone, float32 ``(tones, symbol_samples, 2)``."""
    width = mode.symbol_samples
    cycles = mode.first_cycle + drift_cycles + block_bins(np.array(tones), mode)
    phase = 2 * np.pi / width * np.outer(cycles, np.arange(width))
    return np.stack([np.cos(phase), np.sin(phase)], axis=2).astype(np.float32)
