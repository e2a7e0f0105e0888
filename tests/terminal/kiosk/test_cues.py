"""Cues are sound any loudspeaker can play, and no two of them can be mistaken for each other."""

from __future__ import annotations

import numpy as np
import pytest

from terminal.kiosk.cues import (
    CUES,
    MAX_CUE_S,
    SAMPLE_RATE_HZ,
    approval_cue,
    declined_cue,
    replay_cue,
    returned_cue,
)
from terminal.ports import Samples

ALL = {name: approval_cue(name) for name in CUES} | {
    "declined": declined_cue(),
    "replay": replay_cue(),
    "returned": returned_cue(),
}


def centroid_hz(sound: Samples) -> float:
    power = np.abs(np.fft.rfft(sound.astype(np.float64))) ** 2
    frequencies = np.fft.rfftfreq(sound.size, 1 / SAMPLE_RATE_HZ)
    return float((power * frequencies).sum() / power.sum())


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_cue_is_short_loud_and_free_of_clicks(name: str) -> None:
    sound = ALL[name]
    assert sound.dtype == np.float32
    assert sound.ndim == 1
    assert sound.size <= MAX_CUE_S * SAMPLE_RATE_HZ
    assert 0.7 <= float(np.max(np.abs(sound))) <= 1.0
    assert abs(float(sound[0])) < 0.01
    assert abs(float(sound[-1])) < 0.01


def test_there_are_several_to_choose_from() -> None:
    assert len(CUES) >= 4


def test_declined_is_lower_than_every_approval() -> None:
    low = centroid_hz(ALL["declined"])
    assert all(low * 1.2 < centroid_hz(ALL[name]) for name in CUES)


def test_no_two_cues_sound_alike() -> None:
    size = max(sound.size for sound in ALL.values())
    spectra = {
        name: np.abs(np.fft.rfft(sound.astype(np.float64), size)) for name, sound in ALL.items()
    }
    names = sorted(spectra)
    for at, left in enumerate(names):
        for right in names[at + 1 :]:
            a, b = spectra[left], spectra[right]
            likeness = float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
            assert likeness < 0.75, f"{left} and {right}"
