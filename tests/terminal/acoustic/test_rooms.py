"""Frames cross simulated rooms; shares with their intervals are measured by benchmarks/sound.py."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.sound_world import through_room
from terminal.acoustic import FrameReceived, Receiver, modulate

pytest.importorskip("pyroomacoustics")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "size", "rt60_s", "distance_m", "snr_db", "noise"),
    [
        ("counter", 32, 0.3, 1.0, 10, "white"),
        ("counter", 85, 0.5, 0.5, 0, "market"),
        ("fast", 205, 0.5, 0.5, 10, "white"),
        ("robust", 32, 0.5, 3.0, 10, "white"),
        ("inaudible", 85, 0.5, 0.3, 10, "white"),
    ],
)
def test_most_frames_cross_a_room_and_none_is_wrong(
    mode: str, size: int, rt60_s: float, distance_m: float, snr_db: float, noise: str
) -> None:
    arrived = 0
    for seed in range(500_000, 500_008):
        payload = np.random.default_rng(seed).bytes(size)
        heard = through_room(
            modulate(payload, mode).astype(np.float64),
            seed=seed,
            rooms=4,
            rt60_s=rt60_s,
            distance_m=distance_m,
            snr_db=snr_db,
            noise_kind=noise,
        )
        receiver = Receiver()
        events = receiver.receive(heard) + receiver.flush()
        payloads = [event.payload for event in events if isinstance(event, FrameReceived)]
        assert payloads in ([], [payload])
        arrived += bool(payloads)
    assert arrived >= 7
