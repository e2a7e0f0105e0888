"""Rooms, speakers and noises: physics, seeds, and agreement with an independent simulator."""

from __future__ import annotations

import numpy as np
import pytest

from host_sim.world.rooms import (
    NOISES,
    SAMPLE_RATE_HZ,
    Room,
    add_noise,
    convolve,
    impulse_response,
    noise,
    phone_speaker,
    stretch,
)
from terminal.acoustic import FrameReceived, Receiver, modulate

SMALL = Room((4.0, 5.0, 3.0), 0.2)
PHONE, TERMINAL = (1.0, 1.0, 1.2), (1.5, 1.0, 1.2)


def test_the_direct_sound_comes_first_at_its_distance() -> None:
    response = impulse_response(SMALL, PHONE, TERMINAL)
    loudest = int(np.argmax(response))
    assert abs(loudest - 0.5 / 343.0 * SAMPLE_RATE_HZ) <= 1
    assert response[loudest] == pytest.approx(2.0, rel=0.15)
    assert np.max(np.abs(response[: loudest - 30])) < 0.01


def test_a_more_reverberant_room_rings_longer() -> None:
    late = [
        float(np.sum(impulse_response(Room(rt60_s=rt60_s), PHONE, TERMINAL)[4_800:] ** 2))
        for rt60_s in (0.15, 0.25)
    ]
    assert late[1] > 5.0 * late[0]


def test_a_point_outside_the_room_is_refused() -> None:
    with pytest.raises(ValueError, match="inside"):
        impulse_response(SMALL, (4.5, 1.0, 1.0), TERMINAL)


@pytest.mark.slow
def test_pyroomacoustics_hears_the_same_room() -> None:
    import pyroomacoustics

    theirs_room = pyroomacoustics.ShoeBox(
        SMALL.size_m,
        fs=SAMPLE_RATE_HZ,
        materials=pyroomacoustics.Material(1.0 - SMALL.reflection**2),
        max_order=30,
    )
    theirs_room.add_source(PHONE)
    theirs_room.add_microphone(TERMINAL)
    theirs_room.compute_rir()
    theirs, ours = theirs_room.rir[0][0], impulse_response(SMALL, PHONE, TERMINAL)
    lag = int(np.argmax(np.abs(theirs)) - np.argmax(np.abs(ours)))
    size = min(theirs.size - lag, ours.size)
    pair = (ours[:size], theirs[lag : lag + size])
    spectra = [np.fft.rfft(each)[size // 100 : size // 5] for each in pair]
    likeness = abs(np.vdot(*spectra)) / np.prod([np.linalg.norm(each) for each in spectra])
    assert likeness > 0.999


def test_a_phone_speaker_passes_its_band_and_no_bass() -> None:
    response = np.abs(np.fft.rfft(phone_speaker(3), 4_096))
    frequency = np.fft.rfftfreq(4_096, 1.0 / SAMPLE_RATE_HZ)
    level_db = 20.0 * np.log10(np.maximum(response, 1e-9))
    assert level_db.max() == pytest.approx(0.0, abs=1.0)
    assert level_db[frequency < 200.0].max() < -20.0
    assert np.median(level_db[(frequency > 1_000.0) & (frequency < 6_000.0)]) > -6.0


@pytest.mark.parametrize("kind", sorted(NOISES))
def test_a_noise_has_unit_power_and_follows_its_seed(kind: str) -> None:
    first = noise(kind, 20_000, 5)
    assert first.dtype == np.float32
    assert np.mean(first.astype(np.float64) ** 2) == pytest.approx(1.0, rel=1e-3)
    assert np.array_equal(first, noise(kind, 20_000, 5))
    assert not np.array_equal(first, noise(kind, 20_000, 6))


def test_the_signal_to_noise_ratio_counts_the_samples_that_sound() -> None:
    tone = np.zeros(40_000, np.float32)
    tone[10_000:20_000] = np.sin(np.arange(10_000) * 0.3)
    noisy = add_noise(tone, noise("white", tone.size, 1), 6.0)
    power = np.mean((noisy - tone).astype(np.float64) ** 2)
    assert 10.0 * np.log10(0.5 / power) == pytest.approx(6.0, abs=0.1)


def test_a_slow_clock_stretches_a_tone_and_keeps_its_shape() -> None:
    tone = np.sin(np.arange(48_000) * 0.2).astype(np.float32)
    slow = stretch(tone, 1_000.0)
    assert slow.size == 48_047, "the last sample moves from 47999 to 48046.999"
    ideal = np.sin(np.arange(slow.size) * 0.2 / 1.001)
    assert np.max(np.abs(slow[100:-100] - ideal[100:-100])) < 1e-2


def test_a_burst_crosses_half_a_metre_of_room() -> None:
    payload = bytes(range(80))
    through = convolve(modulate(payload, "counter"), phone_speaker(11))
    heard = convolve(through, impulse_response(SMALL, PHONE, TERMINAL))
    noisy = add_noise(np.pad(heard, 9_600), noise("market", heard.size + 19_200, 2), 15.0)
    events = Receiver(["counter"]).receive((noisy / np.max(np.abs(noisy))).astype(np.float32))
    assert [each.payload for each in events if isinstance(each, FrameReceived)] == [payload]
