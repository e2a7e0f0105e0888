"""From the last sample of a burst to its payload: the acoustic part of ``burst_to_decision_ms``.

    python -m benchmarks.burst [--repeats 7] [--mode counter] [--alone]

Blocks of 10 ms arrive on an ideal clock, as from a microphone, and one processor works them off in
order; so a receiver that is slow in the middle of a burst, that decodes late, or that waits for
silence after the burst all pays here. Nothing sleeps: arrival is computed, work is measured.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from terminal.acoustic import FrameReceived, Receiver, modulate

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.ports import Samples

SAMPLE_RATE_HZ: Final = 48_000
BLOCK_SAMPLES: Final = 480
LEAD_S: Final = 1.0
TAIL_S: Final = 1.0
SNR_DB: Final = 10.0
PAYLOADS: Final = {"spend_alone": 81, "full_presentation": 205}
"""Typical payload bytes of the two presentations (``docs/protocol/money.md``)."""


@dataclass(frozen=True, slots=True)
class Listening:
    """One burst heard: when its payload was there, and how hard the listening was."""

    payload_after_ms: float
    """From the arrival of the burst's last sample to the payload."""
    realtime_factor: float
    """Work done for each second of sound, 1 = the whole processor."""
    worst_block_ms: float


def listen(
    sound: Samples,
    burst_end: int,
    payload: bytes,
    modes: list[str] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Listening:
    """Feed ``sound`` (float32, 48 kHz) as it would arrive; ``burst_end`` is a sample position.

    ``modes`` None listens in every mode at once, as a terminal does unless it is told less.
    ``clock`` gives seconds of work; ``time.process_time`` leaves out what other programs take.

    Raises:
        AssertionError: the payload was not received.
    """
    receiver, free_s, work_s, worst_s, done_s = Receiver(modes), 0.0, 0.0, 0.0, None
    for start in range(0, sound.size, BLOCK_SAMPLES):
        block = sound[start : start + BLOCK_SAMPLES]
        arrival_s = (start + block.size) / SAMPLE_RATE_HZ
        before_s = clock()
        events = receiver.receive(block)
        spent_s = clock() - before_s
        free_s = max(free_s, arrival_s) + spent_s
        work_s, worst_s = work_s + spent_s, max(worst_s, spent_s)
        got = [each.payload for each in events if isinstance(each, FrameReceived)]
        if got:
            assert got == [payload], "another payload than was sent"
            done_s = free_s
    assert done_s is not None, "the payload was not received"
    return Listening(
        payload_after_ms=1e3 * (done_s - burst_end / SAMPLE_RATE_HZ),
        realtime_factor=work_s * SAMPLE_RATE_HZ / sound.size,
        worst_block_ms=1e3 * worst_s,
    )


def burst_in_noise(size: int, mode: str, seed: int) -> tuple[Samples, int, bytes]:
    """A burst of ``size`` random bytes in white noise: sound, end of the burst, payload."""
    rng = np.random.default_rng(seed)
    payload = rng.bytes(size)
    burst = 0.25 * modulate(payload, mode)
    lead = round(LEAD_S * SAMPLE_RATE_HZ) + int(rng.integers(0, BLOCK_SAMPLES))
    sound = np.pad(burst, (lead, round(TAIL_S * SAMPLE_RATE_HZ)))
    power = float(np.mean(np.square(burst, dtype=np.float64)))
    scale = np.sqrt(power * 10.0 ** (-SNR_DB / 10.0))
    noisy = (sound + scale * rng.standard_normal(sound.size)).astype(np.float32)
    return noisy, lead + burst.size, payload


def measure(
    size: int, mode: str = "counter", repeats: int = 7, modes: list[str] | None = None
) -> Listening:
    """Medians over ``repeats`` bursts of different seeds, after one that warms up."""
    listen(*burst_in_noise(size, mode, seed=0), modes)
    heard = [listen(*burst_in_noise(size, mode, seed), modes) for seed in range(1, repeats + 1)]
    return Listening(
        statistics.median(each.payload_after_ms for each in heard),
        statistics.median(each.realtime_factor for each in heard),
        max(each.worst_block_ms for each in heard),
    )


def burst_to_payload_ms(repeats: int = 7, modes: list[str] | None = None) -> float:
    """The figure for a full presentation: last sample to payload, median, in milliseconds."""
    return measure(PAYLOADS["full_presentation"], repeats=repeats, modes=modes).payload_after_ms


def main(arguments: list[str] | None = None) -> int:
    """Print one JSON line for each payload size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--mode", default="counter")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--alone", action="store_true", help="listen in that mode alone")
    options = parser.parse_args(arguments)
    for name, size in PAYLOADS.items():
        modes = [options.mode] if options.alone else None
        heard = measure(size, options.mode, options.repeats, modes)
        figures = {
            "payload": name,
            "bytes": size,
            "mode": options.mode,
            "alone": options.alone,
            "burst_s": round(modulate(bytes(size), options.mode).size / SAMPLE_RATE_HZ, 3),
            "burst_to_payload_ms": round(heard.payload_after_ms, 1),
            "realtime_factor": round(heard.realtime_factor, 4),
            "worst_block_ms": round(heard.worst_block_ms, 1),
        }
        sys.stdout.write(json.dumps(figures) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
