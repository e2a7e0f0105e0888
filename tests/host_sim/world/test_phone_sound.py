"""The phone hears what is meant for it, from any source of samples, and gives up in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from host_sim.world.phone_sound import NothingHeard, burst, collect, hear, say
from terminal.errors import DecodeError

if TYPE_CHECKING:
    from terminal.ports import Samples

REQUEST, STRANGER = b"request of the stall", b"somebody else's frame"


class Air:
    """Source, sink and clock at once: what was said is heard, and time passes with the samples."""

    def __init__(self) -> None:
        self._said: list[Samples] = [np.zeros(4_800, np.float32)]
        self._position = 0

    @property
    def sample_rate_hz(self) -> int:
        return 48_000

    def play(self, samples: Samples) -> None:
        self._said += [samples, np.zeros(24_000, np.float32)]

    def read(self, timeout_s: float) -> Samples | None:
        sound = np.concatenate(self._said)
        block = sound[self._position : self._position + 480]
        self._position += 480
        return block if block.size else None

    def dropped_samples(self) -> int:
        return 0

    def close(self) -> None: ...

    def monotonic_s(self) -> float:
        return self._position / 48_000


def wanted(payload: bytes) -> bytes:
    if payload != REQUEST:
        raise DecodeError("payload", "not ours")
    return payload


def test_a_request_is_heard_after_a_strangers_frame() -> None:
    air = Air()
    say(air, STRANGER, "counter")
    seconds = say(air, REQUEST, "counter")
    heard = hear(air, wanted, timeout_s=10.0, monotonic_s=air.monotonic_s, mode="counter")
    assert heard == REQUEST
    assert 0.1 < seconds < 2.0


def test_silence_ends_at_the_deadline() -> None:
    air = Air()
    with pytest.raises(NothingHeard, match="1 s"):
        hear(air, wanted, timeout_s=1.0, monotonic_s=air.monotonic_s)
    assert air.monotonic_s() == pytest.approx(1.0, abs=0.02)


def test_a_burst_leaves_the_speaker_headroom() -> None:
    samples = burst(REQUEST, "counter")
    assert samples.dtype == np.float32
    assert 0.3 < np.max(np.abs(samples)) <= 0.5


def test_a_recording_has_the_length_asked_for() -> None:
    air = Air()
    say(air, REQUEST, "counter")
    assert collect(air, 0.255).size == round(0.255 * 48_000)
