"""What one mode's ear searches, and what it may spend on that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from terminal.acoustic import Event, FrameReceived, Receiver, modulate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Sound = NDArray[Any]

PAYLOAD = bytes(range(60, 92))


def broken_burst(mode: str, seed: int) -> Sound:
    """A burst whose middle third belongs to another: clear blocks, no payload."""
    rng = np.random.default_rng(seed)
    burst, other = modulate(rng.bytes(32), mode).copy(), modulate(rng.bytes(32), mode)
    third = len(burst) // 3
    burst[third : 2 * third] = other[third : 2 * third]
    return burst


def payloads(sound: Sound, mode: str, sizes: list[int]) -> list[bytes]:
    receiver, place = Receiver([mode]), 0
    events: list[list[Event]] = []
    while place < len(sound):
        size = sizes[len(events) % len(sizes)]
        events.append(receiver.receive(sound[place : place + size]))
        place += size
    events.append(receiver.flush())
    return [e.payload for some in events for e in some if isinstance(e, FrameReceived)]


def reverberant(seed: int) -> Sound:
    """A counter burst through a path with twice as much energy in its tail, and noise."""
    rng = np.random.default_rng(seed)
    count = np.arange(2880)
    path = 0.07 * rng.normal(size=2880) * np.exp(-count / 2880)
    path[0] = 1.0
    sound = np.convolve(np.concatenate([np.zeros(9000), modulate(PAYLOAD, "counter")]), path)
    return np.asarray(0.05 * (sound + 2.0 * rng.normal(size=len(sound))), np.float32)


@pytest.mark.parametrize("seed", [1, 2])
def test_block_sizes_do_not_change_what_a_search_finds(seed: int) -> None:
    sound = reverberant(seed)
    whole = payloads(sound, "counter", [len(sound)])
    assert whole == [PAYLOAD]
    assert payloads(sound, "counter", [480, 7, 1024, 3001]) == whole


@pytest.mark.parametrize("mode", ["counter", "fast"])
def test_after_many_bursts_that_could_not_be_decoded_a_clear_one_is_received(mode: str) -> None:
    pause = np.zeros(2400)
    parts = [part for n in range(8) for part in (broken_burst(mode, n), pause)]
    sound = np.concatenate([*parts, modulate(PAYLOAD, mode), pause])
    sound = 0.2 * sound + 0.01 * np.random.default_rng(9).normal(size=len(sound))
    assert payloads(sound.astype(np.float32), mode, [4800]) == [PAYLOAD]


def test_when_much_was_searched_in_vain_the_search_comes_back_with_time() -> None:
    jam = 0.2 * np.concatenate([broken_burst("counter", n) for n in range(12)])
    quiet = 0.01 * np.random.default_rng(9).normal(size=40 * 48_000)
    sound = np.concatenate([jam, quiet, reverberant(1)])
    assert payloads(sound.astype(np.float32), "counter", [4800]) == [PAYLOAD]


@pytest.mark.parametrize("mode", ["counter", "robust"])
@pytest.mark.parametrize("late_share", [0.2, 0.6])
def test_the_stronger_of_two_phones_is_received_although_the_weaker_began_and_was_received(
    mode: str, late_share: float
) -> None:
    weaker, stronger = modulate(PAYLOAD[::-1], mode), modulate(PAYLOAD, mode)
    late = int(late_share * len(weaker))
    sound = np.zeros(late + len(stronger) + 4800)
    sound[: len(weaker)] += 0.2 * weaker
    sound[late : late + len(stronger)] += 0.4 * stronger
    sound += 0.01 * np.random.default_rng(4).normal(size=len(sound))
    assert PAYLOAD in payloads(sound.astype(np.float32), mode, [4800])


@pytest.mark.parametrize("seed", [2, 10, 14, 38])
def test_a_burst_out_of_which_ten_milliseconds_were_lost_is_received(seed: int) -> None:
    """Its end must be heard as clearly as its start: a burst is no noise to itself."""
    rng = np.random.default_rng(seed)
    payload = rng.bytes(85)
    burst = 0.25 * modulate(payload, "fast")
    at = int(rng.integers(len(burst) // 4, 3 * len(burst) // 4))
    sound = np.concatenate([np.zeros(12_000), burst[:at], burst[at + 480 :], np.zeros(6_000)])
    sound += 0.04 * rng.normal(size=len(sound))
    assert payloads(sound.astype(np.float32), "fast", [480]) == [payload]
