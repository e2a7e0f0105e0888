"""Whatever a sound card gives: refused with words, or heard as a gap; never a wrong payload."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.acoustic import MODES, Event, FrameReceived, Receiver, modulate
from terminal.errors import DecodeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAYLOAD = bytes(range(32))
FAULTS = (np.nan, np.inf, -np.inf, 3e38, -3e38)


def payloads(events: list[Event]) -> list[bytes]:
    return [event.payload for event in events if isinstance(event, FrameReceived)]


def in_blocks(receiver: Receiver, stream: NDArray[Any], sizes: list[int]) -> list[Event]:
    """All events of a stream that comes in blocks of these sizes, over and over."""
    events: list[Event] = []
    place = 0
    for size in cycle(sizes):
        if place >= len(stream):
            return events + receiver.flush()
        events += receiver.receive(stream[place : place + size])
        place += size
    raise AssertionError("a cycle does not end")


@pytest.fixture(scope="module")
def four_bursts() -> NDArray[np.float32]:
    """A burst of every mode in noise 11 dB under them, and a fault of the card in the pauses."""
    rng = np.random.default_rng(11)
    pause = np.zeros(6_000)
    parts = [part for name in MODES for part in (pause, modulate(name.encode(), name))]
    stream = np.concatenate([*parts, pause])
    stream = 0.3 * stream + 0.06 * rng.normal(size=len(stream))
    stream[100:140] = np.nan
    return stream.astype(np.float32)


@pytest.mark.slow
@settings(deadline=None, max_examples=8)
@given(sizes=st.lists(st.integers(0, 20_000), min_size=1, max_size=6).filter(any))
def test_block_sizes_never_change_the_events_of_any_mode(
    four_bursts: NDArray[np.float32], sizes: list[int]
) -> None:
    sizes = [*sizes, 1_000]  # not for ever, when the sizes drawn are tiny
    whole = in_blocks(Receiver(), four_bursts, [len(four_bursts)])
    assert sorted(payloads(whole)) == sorted(name.encode() for name in MODES)
    assert in_blocks(Receiver(), four_bursts, sizes) == whole


@pytest.mark.slow
@settings(deadline=None, max_examples=15)
@given(
    faults=st.lists(
        st.tuples(st.floats(0, 1), st.integers(1, 9_000), st.sampled_from(FAULTS)), max_size=5
    )
)
def test_faults_anywhere_are_no_wrong_payload_and_the_next_burst_is_received(
    faults: list[tuple[float, int, float]],
) -> None:
    stream = np.concatenate([np.zeros(5_000, np.float32), modulate(PAYLOAD, "counter")])
    for share, length, value in faults:
        start = int(share * len(stream))
        stream[start : start + length] = value
    following = np.concatenate([np.zeros(5_000, np.float32), modulate(b"next", "counter")])
    heard = payloads(in_blocks(Receiver(["counter"]), np.concatenate([stream, following]), [997]))
    assert heard in ([PAYLOAD, b"next"], [b"next"])


@pytest.mark.parametrize("scale", [1e30, 1e300])
def test_values_beyond_float32_are_held_and_the_burst_is_received(scale: float) -> None:
    loud = modulate(PAYLOAD, "counter").astype(np.float64) * scale
    stream = np.concatenate([loud, np.zeros(5_000), modulate(b"next", "counter")])
    assert payloads(in_blocks(Receiver(["counter"]), stream, [480]))[-1] == b"next"


def test_a_minute_in_one_block_is_a_minute_in_small_ones() -> None:
    noise = 0.05 * np.random.default_rng(12).normal(size=60 * 48_000).astype(np.float32)
    burst = modulate(PAYLOAD, "counter")
    noise[2_000_000 : 2_000_000 + len(burst)] += 0.5 * burst
    giant = in_blocks(Receiver(["counter"]), noise, [len(noise)])
    assert payloads(giant) == [PAYLOAD]
    assert in_blocks(Receiver(["counter"]), noise, [4_800]) == giant


@pytest.mark.parametrize(
    "block",
    [
        *(np.zeros(8, kind) for kind in ("f2", "u1", "i1", "u2", "i4", "i8", "bool", "c8", "O")),
        *(np.zeros(8, kind) for kind in (">f4", ">i2", "U1", "datetime64[s]", [("left", "f4")])),
        *(np.zeros(shape, np.float32) for shape in ((), (8, 1), (1, 8), (2, 2, 2), (0, 2))),
        bytearray(8),
        memoryview(bytes(8)),
        0.0,
    ],
    ids=lambda block: f"{getattr(block, 'dtype', type(block).__name__)}{np.shape(block)}",
)
def test_what_is_no_block_is_refused_by_name_and_the_burst_around_it_is_received(
    block: Any,
) -> None:
    burst = modulate(PAYLOAD, "counter")
    receiver = Receiver(["counter"])
    events = receiver.receive(burst[:9_000])
    with pytest.raises(DecodeError, match=r"^samples: must "):
        receiver.receive(block)
    assert payloads(events + receiver.receive(burst[9_000:]) + receiver.flush()) == [PAYLOAD]


def test_views_and_read_only_blocks_are_taken_and_left_as_they_are() -> None:
    frames = np.zeros((len(modulate(PAYLOAD, "counter")), 2), np.float32)
    frames[:, 0] = modulate(PAYLOAD, "counter")
    frames[5, 0] = np.nan
    before = frames.copy()
    frames.setflags(write=False)
    assert payloads(in_blocks(Receiver(["counter"]), frames[:, 0], [480])) == [PAYLOAD]
    assert np.array_equal(frames, before, equal_nan=True)


@pytest.mark.parametrize("rate", [48_000.0, "48000", None, True, np.float32(48_000), 10**12])
def test_a_rate_that_is_none_is_refused_with_those_that_are(rate: Any) -> None:
    with pytest.raises(DecodeError, match=r"^sample_rate: must be one of 16000, .* 96000$"):
        Receiver(["counter"], sample_rate=rate)


@pytest.mark.parametrize("rate", [16_000, 44_100, 96_000])
def test_faults_in_a_stream_of_another_rate_end_with_them(rate: int) -> None:
    receiver = Receiver(["counter"], sample_rate=rate)
    assert payloads(receiver.receive(np.full(rate, np.nan))) == []
    levels = receiver.receive(np.zeros(rate, np.float32)) + receiver.flush()
    assert payloads(levels) == []
    assert all(np.isfinite(event.rms_dbfs) for event in levels if hasattr(event, "rms_dbfs"))
