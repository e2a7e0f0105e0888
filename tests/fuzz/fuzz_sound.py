"""A receiver takes any bytes as samples, in any blocks, without a fault and without a payload."""

from __future__ import annotations

import numpy as np

from terminal.acoustic import FrameReceived, Receiver, modulate

SEEDS = (
    b"\x00" + np.rint(modulate(b"k", "counter")[:2000] * 32767).astype("<i2").tobytes(),
    b"\x02" + np.array([np.nan, np.inf, 1e38, -1e-45], "<f4").tobytes() * 50,
)


def fuzz(data: bytes) -> None:
    kind, body = data[:1], data[1:]
    samples = np.frombuffer(body[: len(body) // 4 * 4], "<f4" if kind == b"\x02" else "<i2")
    receiver = Receiver(["counter"])
    block = 1 + (kind[0] if kind else 0)
    events = receiver.receive(samples[:block]) + receiver.receive(samples[block:])
    events += receiver.flush()
    assert not any(isinstance(event, FrameReceived) for event in events)
