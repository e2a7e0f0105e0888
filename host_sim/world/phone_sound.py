"""What the phone hears and says: frames through a sample source, bursts through a sample sink.

Devices come in as ports and the time as a function, so that a test hears an array.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from terminal.acoustic import FrameReceived, Receiver, modulate
from terminal.errors import DecodeError, KumquatError

if TYPE_CHECKING:
    from terminal.ports import Samples, SampleSink, SampleSource

T = TypeVar("T")
SAMPLE_RATE_HZ: Final = 48_000
READ_S: Final = 0.2
GAIN: Final = 0.5
"""Half of full scale: a phone's speaker distorts before its converter clips."""


class NothingHeard(KumquatError):
    """No such sound came in time."""

    exit_code = 66


def hear(
    source: SampleSource,
    wanted: Callable[[bytes], T],
    *,
    timeout_s: float,
    monotonic_s: Callable[[], float],
    mode: str | None = None,
) -> T:
    """The first payload heard that ``wanted`` makes something of (it raises DecodeError if not).

    Listening in one ``mode`` alone costs a phone less than listening in all of them (None).

    Raises:
        NothingHeard: none came in time.
        DeviceError: the microphone is gone.
    """
    receiver = Receiver(None if mode is None else [mode])
    deadline_s = monotonic_s() + timeout_s
    while monotonic_s() < deadline_s:
        block = source.read(READ_S)
        for event in receiver.receive(block) if block is not None else ():
            if isinstance(event, FrameReceived):
                try:
                    return wanted(event.payload)
                except DecodeError:
                    continue  # somebody else's frame
    raise NothingHeard(f"nothing of that kind was heard within {timeout_s:g} s")


def burst(payload: bytes, mode: str) -> Samples:
    """The sound of a payload at the phone's volume, float32 of shape (n,)."""
    return (modulate(payload, mode) * GAIN).astype(np.float32)


def say(sink: SampleSink, payload: bytes, mode: str) -> float:
    """Play a payload to the end; how many seconds it sounded.

    Raises:
        DeviceError: the speaker is gone.
    """
    samples = burst(payload, mode)
    sink.play(samples)
    return samples.size / SAMPLE_RATE_HZ


def collect(source: SampleSource, seconds: float) -> Samples:
    """The next ``seconds`` of sound.

    Raises:
        DeviceError: the microphone is gone.
    """
    blocks: list[Samples] = []
    missing = round(seconds * SAMPLE_RATE_HZ)
    while missing > 0:
        block = source.read(READ_S)
        if block is not None:
            blocks.append(block[:missing])
            missing -= block.size
    return np.concatenate(blocks)
