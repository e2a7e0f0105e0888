"""What listening costs: processor time, memory, the moment a payload is there, and where time goes.

Processor time of one core, every mode listening, blocks of 10 ms. The Raspberry Pi 4's figures are
an estimate, this machine's times ``PI_4_FACTOR``; none has been measured.
"""

from __future__ import annotations

import cProfile
import io
import pstats
import statistics
import time
import tracemalloc
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from benchmarks import sound_world
from benchmarks.burst import burst_in_noise
from terminal.acoustic import MODES, FrameReceived, Receiver

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK: Final = 480
SECONDS: Final = 20
PROFILED: Final = 8
PI_4_FACTOR: Final = 5.0
"""One Cortex-A72 core at 1.5 GHz does one 128-bit multiply-add a cycle, 12 GFLOP/s in float32 at
best; a server core of today with AVX2 at some 3 GHz does 96, but small products and transforms such
as these reach a fraction of either, and memory is about three times slower. Between 3 and 8."""


def _fed(receiver: Receiver, sound: NDArray[np.float32]) -> list[float]:
    """Processor seconds of each block."""
    spent = []
    for place in range(0, len(sound), BLOCK):
        begun = time.process_time()
        receiver.receive(sound[place : place + BLOCK])
        spent.append(time.process_time() - begun)
    return spent


def _noise(kind: str, seconds: int) -> NDArray[np.float32]:
    sound = sound_world.noise(kind, np.random.default_rng(3), seconds * 48_000, 900)
    return (0.1 * sound).astype(np.float32)


def real_time_factors(seconds: int) -> dict[str, float]:
    """Processor time over stream time."""
    figures = {}
    for kind in ("white", "market"):
        receiver = Receiver()
        receiver.receive(_noise(kind, 1))
        spent = _fed(receiver, _noise(kind, seconds))
        name = "idle" if kind == "white" else "market"
        figures[f"real_time_factor_{name}"] = round(sum(spent) / seconds, 4)
    return figures


def decode_ms(repeats: int) -> dict[str, float]:
    """From a burst's last block to its payload: processor time of the call that gives it."""
    figures = {}
    for mode in MODES:
        found = []
        for seed in range(repeats + 1):
            sound, _, payload = burst_in_noise(205, mode, 100 + seed)
            receiver = Receiver()
            for place in range(0, len(sound), BLOCK):
                begun = time.process_time()
                events = receiver.receive(sound[place : place + BLOCK])
                taken = time.process_time() - begun
                if any(isinstance(event, FrameReceived) for event in events):
                    assert [e.payload for e in events if isinstance(e, FrameReceived)] == [payload]
                    found.append(1000 * taken)
        assert len(found) == repeats + 1
        figures[f"decode_ms_{mode}_205"] = round(statistics.median(found[1:]), 1)
        figures[f"decode_ms_{mode}_205_first"] = round(found[0], 1)
    return figures


def memory_mb(seconds: int) -> dict[str, float]:
    """A receiver's memory after a second of market noise, and how much more at the end."""
    noise = _noise("market", 10)
    tracemalloc.start()
    try:
        receiver = Receiver()
        receiver.receive(noise)
        begun = tracemalloc.get_traced_memory()[0]
        for _ in range(max(1, seconds // 10)):
            receiver.receive(noise)
        now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return {
        "memory_peak_mb": round(peak / 1e6, 1),
        "memory_growth_mb": round((now - begun) / 1e6, 2),
    }


def profile() -> list[str]:
    """The functions of the modem that take most, market noise."""
    noise = _noise("market", PROFILED)
    profiler = cProfile.Profile()
    receiver = Receiver()
    profiler.enable()
    receiver.receive(noise)
    profiler.disable()
    stats: Any = pstats.Stats(profiler, stream=io.StringIO())
    rows = sorted(stats.stats.items(), key=lambda row: -row[1][2])[:10]
    total = sum(row[1][2] for row in stats.stats.items())
    return [f"{100 * row[2] / total:5.1f} %  {name[2]}" for name, row in rows]


def cost(*, short: bool) -> dict[str, Any]:
    """Every figure of what listening costs."""
    figures: dict[str, Any] = real_time_factors(3 if short else SECONDS)
    figures |= decode_ms(1 if short else 7)
    if not short:
        figures |= memory_mb(120)
        figures["profile"] = profile()
    for name in ("idle", "market"):
        expected = PI_4_FACTOR * figures[f"real_time_factor_{name}"]
        figures[f"pi_4_estimate_{name}"] = round(expected, 3)
    return figures


TARGETS: Final = {
    "real_time_factor_idle": 0.02,
    "real_time_factor_market": 0.06,
    **{f"decode_ms_{mode}_205": 30.0 for mode in MODES},
    "memory_peak_mb": 30.0,
}
