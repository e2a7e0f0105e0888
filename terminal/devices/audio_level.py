"""Sound levels and what they say of a microphone or a speaker: pure, arrays in and values out.

Levels are dBFS as AES17-2015 (3.12) defines them: the RMS of a full-scale sine reads 0 dBFS, so a
full-scale square wave reads +3.01. A peak of 1.0 is full scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from terminal.ports import Samples

SAMPLE_RATE_HZ: Final = 48_000
SILENCE_DBFS: Final = -140.0
"""The lowest level told; digital silence reads this."""
CLIP_PEAK: Final = 0.995
CLIP_FRACTION: Final = 1e-4
LOUD_DBFS: Final = -12.0
"""Above this at rest, automatic gain or a fault leaves a burst no room."""
OFFSET_LIMIT: Final = 0.05
PROBE_TONE_HZ: Final = 2_000.0
PROBE_TONE_S: Final = 0.3
PROBE_TONE_PEAK: Final = 0.25
HEARD_OVER_REST_DB: Final = 10.0


@dataclass(frozen=True, slots=True)
class Probe:
    """What a device did when tried: a level where there is one, and a fault with its remedy."""

    level_dbfs: float
    peak_dbfs: float
    fault: str | None = None
    remedy: str | None = None

    @property
    def ok(self) -> bool:
        return self.fault is None


def level_dbfs(samples: Samples) -> float:
    """RMS level of float samples of any length, in dBFS; never below ``SILENCE_DBFS``."""
    if samples.size == 0:
        return SILENCE_DBFS
    power = float(np.mean(np.square(samples, dtype=np.float64)))
    return _db(2.0 * power)


def peak_dbfs(samples: Samples) -> float:
    """Level of the largest sample, in dB over full scale; never below ``SILENCE_DBFS``."""
    return _db(float(np.max(np.abs(samples), initial=0.0)) ** 2)


def judge_microphone(samples: Samples, dropped_samples: int = 0) -> Probe:
    """What about a second of a quiet room says of the microphone; the first fault found."""
    level, peak = level_dbfs(samples), peak_dbfs(samples)
    for fault, remedy, present in (
        ("delivered no sound", "attach it, or choose another device", samples.size == 0),
        (
            "delivers digital silence",
            "unmute it (alsamixer, F4), or switch it on",
            samples.size > 0 and not np.any(samples),
        ),
        (
            f"lost {dropped_samples} samples",
            "give the terminal more of the processor, or move it to another USB port",
            dropped_samples > 0,
        ),
        ("clips", "turn its gain down (alsamixer, F4)", _clips(samples)),
        (
            "has a direct-current offset",
            "switch its high-pass filter on, or replace it",
            samples.size > 0 and abs(float(np.mean(samples))) > OFFSET_LIMIT,
        ),
        (
            "is too loud at rest",
            "turn its gain down and switch automatic gain off",
            level > LOUD_DBFS,
        ),
    ):
        if present:
            return Probe(level, peak, fault, remedy)
    return Probe(level, peak)


def probe_tone() -> Samples:
    """The tone a speaker is tried with: 0.3 s of 2 kHz at a quarter of full scale, faded."""
    time_s = np.arange(round(PROBE_TONE_S * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    fade = np.minimum(1.0, np.minimum(time_s, PROBE_TONE_S - time_s) / 0.01)
    tone = PROBE_TONE_PEAK * fade * np.sin(2.0 * np.pi * PROBE_TONE_HZ * time_s)
    return tone.astype(np.float32)


def tone_level_dbfs(samples: Samples, tone_hz: float = PROBE_TONE_HZ) -> float:
    """Level of one tone within the samples, in dBFS, at the best 100 ms of any length."""
    span = SAMPLE_RATE_HZ // 10
    turns = np.exp(-2j * np.pi * tone_hz / SAMPLE_RATE_HZ * np.arange(samples.size))
    total = np.concatenate(([0.0], np.cumsum(samples * turns)))
    if samples.size < span:
        return SILENCE_DBFS
    amplitude = 2.0 * float(np.max(np.abs(total[span:] - total[:-span]))) / span
    return _db(amplitude**2)


def judge_loop(at_rest: Samples, while_playing: Samples) -> Probe:
    """Whether the microphone heard the probe tone over what it hears at rest."""
    rest, heard = tone_level_dbfs(at_rest), tone_level_dbfs(while_playing)
    peak = peak_dbfs(while_playing)
    if heard - rest < HEARD_OVER_REST_DB:
        return Probe(
            heard,
            peak,
            "is not heard by the microphone",
            "turn the volume up, or point them at the same air",
        )
    return Probe(heard, peak)


def _clips(samples: Samples) -> bool:
    return samples.size > 0 and float(np.mean(np.abs(samples) >= CLIP_PEAK)) > CLIP_FRACTION


def _db(power: float) -> float:
    floor = 10.0 ** (SILENCE_DBFS / 10.0)
    return 10.0 * float(np.log10(max(power, floor)))
