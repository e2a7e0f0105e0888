"""Short sounds that say what happened before any word does; made from numpy, never from a file.

The merchant chooses the approval cue among ``CUES``, so a recording of somebody else's stall does
not sound like this one. Declined and replay have one cue each, which no merchant can choose: a low
falling pair of square-ish tones, and two dry ticks. Every cue is float32 at 48 kHz, peak at most 1,
shorter than ``MAX_CUE_S``, and begins and ends at silence so that no loudspeaker clicks.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from terminal.ports import Samples

SAMPLE_RATE_HZ: Final = 48_000
MAX_CUE_S: Final = 1.2
_PEAK: Final = 0.8
_EDGE_S: Final = 0.004

Partials = tuple[tuple[float, float, float], ...]
"""(ratio to the fundamental, weight, decay time in seconds) of each partial."""

_BELL: Final[Partials] = ((1.0, 1.0, 0.5), (2.0, 0.6, 0.3), (2.99, 0.35, 0.18), (4.2, 0.2, 0.1))
_WOOD: Final[Partials] = ((1.0, 1.0, 0.16), (3.93, 0.45, 0.06), (9.2, 0.12, 0.03))
_GLASS: Final[Partials] = ((1.0, 1.0, 0.35), (2.76, 0.5, 0.2), (5.4, 0.25, 0.1))
_REED: Final[Partials] = ((1.0, 1.0, 0.4), (2.0, 0.5, 0.4), (3.0, 0.33, 0.3), (4.0, 0.25, 0.2))
_BUZZ: Final[Partials] = ((1.0, 1.0, 0.6), (3.0, 0.4, 0.5), (5.0, 0.25, 0.4), (7.0, 0.15, 0.3))
_TICK: Final[Partials] = ((1.0, 1.0, 0.012), (1.7, 0.6, 0.008))


def _tone(frequency_hz: float, duration_s: float, partials: Partials) -> NDArray[np.float64]:
    time_s = np.arange(round(duration_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    tone = np.zeros(time_s.size)
    for ratio, weight, decay_s in partials:
        tone += (
            weight * np.exp(-time_s / decay_s) * np.sin(2 * np.pi * frequency_hz * ratio * time_s)
        )
    return tone


def _sequence(
    notes: tuple[tuple[float, float, float], ...], partials: Partials, total_s: float
) -> Samples:
    """Notes (start s, frequency Hz, length s) laid over each other, faded at both ends."""
    sound = np.zeros(round(total_s * SAMPLE_RATE_HZ))
    for start_s, frequency_hz, length_s in notes:
        first = round(start_s * SAMPLE_RATE_HZ)
        tone = _tone(frequency_hz, length_s, partials)[: sound.size - first]
        sound[first : first + tone.size] += tone
    edge = round(_EDGE_S * SAMPLE_RATE_HZ)
    ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(edge) / edge)
    sound[:edge] *= ramp
    sound[-edge:] *= ramp[::-1]
    return np.asarray(_PEAK / np.max(np.abs(sound)) * sound, dtype=np.float32)


def _kumquat() -> Samples:
    return _sequence(((0.0, 659.26, 0.6), (0.13, 880.0, 0.6), (0.26, 1318.5, 0.64)), _BELL, 0.9)


def _bamboo() -> Samples:
    notes = ((0.0, 587.33, 0.3), (0.11, 739.99, 0.3), (0.22, 880.0, 0.3), (0.33, 1174.7, 0.4))
    return _sequence(notes, _WOOD, 0.75)


def _temple() -> Samples:
    return _sequence(((0.0, 523.25, 1.1), (0.02, 1046.5, 1.0)), _BELL, 1.1)


def _dew() -> Samples:
    return _sequence(((0.0, 1567.98, 0.4), (0.16, 2093.0, 0.5)), _GLASS, 0.7)


def _accordion() -> Samples:
    notes = ((0.0, 392.0, 0.45), (0.0, 493.88, 0.45), (0.18, 587.33, 0.5), (0.18, 783.99, 0.5))
    return _sequence(notes, _REED, 0.75)


CUES: Final = MappingProxyType[str, Callable[[], Samples]](
    {
        "kumquat": _kumquat,
        "bamboo": _bamboo,
        "temple": _temple,
        "dew": _dew,
        "accordion": _accordion,
    }
)
"""The approval cues a merchant can choose from, by name."""


def approval_cue(name: str) -> Samples:
    """The merchant's cue, float32 (n,) at 48 kHz; ``name`` is a key of ``CUES``."""
    return CUES[name]()


def declined_cue() -> Samples:
    """Low and falling: heard apart from every approval cue, over a street too."""
    return _sequence(((0.0, 196.0, 0.28), (0.3, 138.59, 0.5)), _BUZZ, 0.85)


def replay_cue() -> Samples:
    """Two dry ticks: what follows is a repetition, not a new payment."""
    return _sequence(((0.03, 1000.0, 0.1), (0.18, 1000.0, 0.1)), _TICK, 0.35)


def returned_cue() -> Samples:
    """Two soft notes going down: money was given back."""
    return _sequence(((0.0, 880.0, 0.35), (0.16, 659.26, 0.4)), _WOOD, 0.6)
