"""A receiver hears what modulate sends, through noise, clocks, cuts and wrong input."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.acoustic import (
    MODES,
    Event,
    FrameReceived,
    Receiver,
    SignalQuality,
    modulate,
)
from terminal.errors import DecodeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]


def in_noise(burst: Samples, eb_n0_db: float, payload_bytes: int, seed: int) -> Samples:
    """Half a second of noise, the burst, a fifth of a second of noise."""
    rng = np.random.default_rng(seed)
    energy = float(np.square(burst, dtype=float).sum())
    sigma = np.sqrt(energy / (8 * payload_bytes) / 10 ** (eb_n0_db / 10) / 2)
    stream = np.concatenate([np.zeros(24_000), burst, np.zeros(9_600)])
    noisy = stream + sigma * rng.normal(size=len(stream))
    return np.asarray(0.2 * noisy / max(1.0, sigma), np.float32)


def stretched(burst: Samples, ppm: float) -> Samples:
    """The burst as a clock that runs slower by ``ppm`` plays it."""
    count = int(len(burst) * (1 + ppm * 1e-6))
    places = np.arange(count) / (1 + ppm * 1e-6)
    return np.interp(places, np.arange(len(burst)), burst).astype(np.float32)


def payloads(events: list[Event]) -> list[bytes]:
    return [event.payload for event in events if isinstance(event, FrameReceived)]


def hear(stream: Samples, mode: str) -> list[bytes]:
    receiver = Receiver([mode])
    return payloads(receiver.receive(stream) + receiver.flush())


@pytest.mark.parametrize("name", MODES)
@pytest.mark.parametrize(
    "length", [1, 2, 16, 85, *(pytest.param(n, marks=pytest.mark.slow) for n in (205, 255))]
)
def test_a_burst_alone_is_received(name: str, length: int) -> None:
    payload = np.random.default_rng(length).bytes(length)
    assert hear(modulate(payload, name), name) == [payload]


@pytest.mark.parametrize("payload", [bytes(40), b"\xff" * 40])
def test_monotonous_payloads_are_received(payload: bytes) -> None:
    assert hear(modulate(payload, "counter"), "counter") == [payload]


@pytest.mark.parametrize(("length", "eb_n0_db"), [(16, 6.5), (32, 5.5), (85, 4.6), (210, 4.2)])
def test_counter_is_received_near_the_noise(length: int, eb_n0_db: float) -> None:
    payload = np.random.default_rng(length).bytes(length)
    burst = modulate(payload, "counter")
    heard = [hear(in_noise(burst, eb_n0_db, length, seed), "counter") for seed in range(4)]
    assert heard == [[payload]] * 4


@pytest.mark.parametrize("ppm", [-3000, -300, 300, 3000])
def test_clocks_and_slow_motion_do_no_harm(ppm: int) -> None:
    payload = bytes(range(85))
    stream = in_noise(stretched(modulate(payload, "counter"), ppm), 6.5, 85, 1)
    assert hear(stream, "counter") == [payload]


def test_two_bursts_one_after_the_other_are_both_received() -> None:
    bursts = [modulate(b"first", "counter"), modulate(b"second one", "counter")]
    assert hear(np.concatenate(bursts), "counter") == [b"first", b"second one"]


@settings(deadline=None, max_examples=8)
@given(seed=st.integers(0, 2**32 - 1), largest=st.sampled_from([7, 500, 5_000, 100_000]))
def test_block_sizes_never_change_the_events(seed: int, largest: int) -> None:
    burst = modulate(bytes(range(20)), "counter")
    stream = in_noise(burst, 8.0, 20, 3)[15_000:]
    whole = Receiver(["counter"])
    expected = whole.receive(stream) + whole.flush()
    rng = np.random.default_rng(seed)
    pieces = Receiver(["counter"])
    events: list[Event] = []
    place = 0
    while place < len(stream):
        step = int(rng.integers(0, largest + 1)) if largest > 7 else 7
        events += pieces.receive(stream[place : place + step])
        place += step
    assert events + pieces.flush() == expected
    assert payloads(expected) == [bytes(range(20))]


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.99])
def test_a_burst_cut_anywhere_is_no_wrong_payload_and_the_next_is_received(share: float) -> None:
    burst = modulate(bytes(60), "counter")
    part = burst[: int(share * len(burst))]
    gap = np.zeros(4_800, np.float32)
    stream = np.concatenate([part, gap, modulate(b"whole", "counter")])
    assert hear(stream, "counter")[-1] == b"whole"
    assert set(hear(stream, "counter")) <= {bytes(60), b"whole"}
    assert set(hear(np.concatenate([burst[len(part) :], gap]), "counter")) <= {bytes(60)}


@pytest.mark.parametrize("share", [0.2, 0.7])
@pytest.mark.parametrize("mode", ["counter", "fast"])
def test_a_block_lost_or_heard_twice_does_not_lose_the_burst(mode: str, share: float) -> None:
    payload = np.random.default_rng(3).bytes(40)
    burst = modulate(payload, mode)
    at = int(share * len(burst))
    assert hear(in_noise(np.delete(burst, slice(at, at + 480)), 14.0, 40, 2), mode) == [payload]
    twice = np.concatenate([burst[:at], burst[at - 480 :]])
    assert hear(in_noise(twice, 14.0, 40, 2), mode) == [payload]


def test_positions_count_from_the_first_sample_of_the_stream() -> None:
    burst = modulate(b"where", "counter")
    stream = np.concatenate([np.zeros(12_345, np.float32), burst])
    receiver = Receiver(["counter"])
    events = receiver.receive(stream) + receiver.flush()
    frame = next(event for event in events if isinstance(event, FrameReceived))
    assert abs(frame.start_sample - 12_345) <= 8
    assert abs(frame.end_sample - len(stream)) <= 8


def test_int16_and_float64_are_taken_at_the_same_scale() -> None:
    burst = modulate(b"sixteen", "counter")
    assert hear(np.rint(burst * 32767).astype(np.int16), "counter") == [b"sixteen"]
    assert hear(burst.astype(np.float64), "counter") == [b"sixteen"]


def test_hard_clipping_and_a_very_loud_stream_do_no_harm() -> None:
    burst = modulate(b"loud" * 8, "counter")
    assert hear(np.clip(4 * burst, -1, 1), "counter") == [b"loud" * 8]
    assert hear(burst * np.float32(1e30), "counter") == [b"loud" * 8]


def test_not_a_number_and_infinity_are_heard_as_silence() -> None:
    burst = modulate(bytes(range(32)), "counter")
    broken = burst.copy()
    broken[5000:5100] = np.nan
    broken[7000] = np.inf
    broken[9000] = -np.inf
    assert hear(broken, "counter") == [bytes(range(32))]


def test_a_stream_that_was_all_faults_resynchronises() -> None:
    receiver = Receiver(["counter"])
    faults = np.full(30_000, np.nan, np.float32)
    receiver.receive(faults)
    heard = payloads(receiver.receive(modulate(b"after", "counter")) + receiver.flush())
    assert heard == [b"after"]


@pytest.mark.parametrize(
    "block",
    [
        np.zeros((10, 2), np.float32),
        np.zeros(10, np.int32),
        np.zeros(10, np.complex64),
        np.float32(0),
        [0.0, 0.1],
        b"\0\0",
        None,
    ],
)
def test_what_is_no_block_of_samples_is_refused_and_changes_nothing(block: Any) -> None:
    receiver = Receiver(["counter"])
    with pytest.raises(DecodeError, match="samples"):
        receiver.receive(block)
    assert payloads(receiver.receive(modulate(b"ok", "counter")) + receiver.flush()) == [b"ok"]


def test_empty_blocks_are_nothing() -> None:
    receiver = Receiver(["counter"])
    assert receiver.receive(np.zeros(0, np.float32)) == []


@pytest.mark.parametrize("rate", [16_000, 44_100, 96_000])
def test_devices_of_other_rates_hear_the_modes_that_fit(rate: int) -> None:
    burst = modulate(bytes(range(32)), "counter").astype(float)
    padded = np.concatenate([np.zeros(2_000), burst, np.zeros(2_000 + 480)])
    spectrum = np.fft.rfft(padded[: len(padded) // 480 * 480])
    count = len(padded) // 480 * rate // 100
    device = np.fft.irfft(spectrum, count) * rate / 48_000 if rate < 48_000 else None
    if device is None:
        wide = np.concatenate([spectrum, np.zeros(count // 2 + 1 - len(spectrum))])
        device = np.fft.irfft(wide, count) * rate / 48_000
    for step in (count, 777):
        receiver = Receiver(sample_rate=rate)
        events: list[Event] = []
        for place in range(0, count, step):
            events += receiver.receive(device[place : place + step].astype(np.float32))
        assert payloads(events + receiver.flush()) == [bytes(range(32))]


def test_a_mode_that_needs_a_higher_rate_is_refused() -> None:
    with pytest.raises(DecodeError, match="modes"):
        Receiver(["inaudible"], sample_rate=16_000)


@pytest.mark.parametrize("rate", [0, -1, 8_000, 48_001])
def test_an_unfit_sample_rate_is_refused(rate: int) -> None:
    with pytest.raises(DecodeError, match="sample_rate"):
        Receiver(["counter"], sample_rate=rate)


def test_no_modes_or_unknown_modes_are_refused() -> None:
    with pytest.raises(DecodeError, match="modes"):
        Receiver([])
    with pytest.raises(DecodeError, match="mode"):
        Receiver(["shout"])


def test_silence_gives_levels_and_nothing_else() -> None:
    events = Receiver().receive(np.zeros(96_000, np.float32))
    assert events
    assert all(isinstance(e, SignalQuality) and e.rms_dbfs == -120 for e in events)


def test_noise_gives_no_payload() -> None:
    rng = np.random.default_rng(5)
    noise = (0.1 * rng.normal(size=4 * 48_000)).astype(np.float32)
    assert payloads(Receiver().receive(noise)) == []


@pytest.mark.slow
def test_memory_stays_small_and_does_not_grow_with_the_stream() -> None:
    rng = np.random.default_rng(6)
    noise = (0.1 * rng.normal(size=48_000)).astype(np.float32)
    tracemalloc.start()
    try:
        receiver = Receiver()
        levels = []
        for _ in range(60):
            receiver.receive(noise)
            levels.append(tracemalloc.get_traced_memory()[0])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 30e6
    # A code is built when a length is first tried, and a bounded number of codes is kept.
    assert levels[-1] - levels[10] < 10e6
