"""Levels by AES17, and what they say of a microphone and a speaker."""

from __future__ import annotations

import numpy as np
import pytest

from terminal.devices.audio_level import (
    SILENCE_DBFS,
    judge_loop,
    judge_microphone,
    level_dbfs,
    peak_dbfs,
    probe_tone,
    tone_level_dbfs,
)
from terminal.ports import Samples


def sine(peak: float, hz: float = 1_000.0, seconds: float = 1.0) -> Samples:
    time_s = np.arange(round(48_000 * seconds)) / 48_000
    return (peak * np.sin(2 * np.pi * hz * time_s)).astype(np.float32)


def hiss(peak: float = 0.003) -> Samples:
    return (peak * np.random.default_rng(1).standard_normal(48_000)).astype(np.float32)


def test_a_full_scale_sine_reads_zero() -> None:
    assert level_dbfs(sine(1.0)) == pytest.approx(0.0, abs=0.01)
    assert level_dbfs(sine(0.1)) == pytest.approx(-20.0, abs=0.01)
    assert peak_dbfs(sine(0.5)) == pytest.approx(-6.02, abs=0.01)


def test_silence_and_nothing_read_the_floor() -> None:
    assert level_dbfs(np.zeros(100, np.float32)) == pytest.approx(SILENCE_DBFS)
    assert level_dbfs(np.zeros(0, np.float32)) == SILENCE_DBFS
    assert peak_dbfs(np.zeros(0, np.float32)) == pytest.approx(SILENCE_DBFS)


def test_a_quiet_room_is_a_good_microphone() -> None:
    probe = judge_microphone(hiss())
    assert probe.ok
    assert probe.level_dbfs == pytest.approx(-47.4, abs=0.5)


@pytest.mark.parametrize(
    ("samples", "dropped_samples", "fault"),
    [
        (np.zeros(0, np.float32), 0, "no sound"),
        (np.zeros(48_000, np.float32), 0, "digital silence"),
        (hiss(), 480, "lost 480 samples"),
        (np.clip(sine(3.0), -1.0, 1.0), 0, "clips"),
        (hiss() + np.float32(0.2), 0, "offset"),
        (sine(0.5), 0, "too loud"),
    ],
)
def test_each_fault_comes_with_a_remedy(samples: Samples, dropped_samples: int, fault: str) -> None:
    probe = judge_microphone(samples, dropped_samples)
    assert not probe.ok
    assert fault in (probe.fault or "")
    assert probe.remedy


def test_the_probe_tone_is_short_and_not_loud() -> None:
    tone = probe_tone()
    assert tone.size == 14_400
    assert np.max(np.abs(tone)) <= 0.25
    assert abs(tone[0]) < 1e-3


def test_a_tone_is_found_under_other_sound() -> None:
    mixed = np.concatenate((hiss(), probe_tone() + hiss()[:14_400], hiss())).astype(np.float32)
    assert tone_level_dbfs(mixed) == pytest.approx(-12.0, abs=0.5)
    assert tone_level_dbfs(hiss()) < -50.0


def test_a_speaker_is_judged_by_what_the_microphone_hears() -> None:
    loud = np.concatenate((hiss(), probe_tone(), hiss())).astype(np.float32)
    assert judge_loop(hiss(), loud).ok
    assert "not heard" in (judge_loop(hiss(), hiss()).fault or "")
