"""What listening costs: processor time, memory, the moment a payload is there, and where time goes.

Processor time of one core, every mode listening, blocks of 10 ms; other programs on the machine
make it longer. What a Raspberry Pi 4 would take is estimated (``sound_pi4.py``), not measured.
"""

from __future__ import annotations

import cProfile
import gc
import io
import multiprocessing
import pstats
import resource
import statistics
import time
import tracemalloc
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from benchmarks import sound_false, sound_pi4, sound_world
from benchmarks.burst import burst_in_noise, listen
from terminal.acoustic import MODES, FrameReceived, Receiver, modulate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

BLOCK: Final = 480
SECONDS: Final = 20
HOUR_S: Final = 3600
LOOP_S: Final = 29
REPEATS: Final = 7
PASSES: Final = 5
PROFILE_ROWS: Final = 12
PROFILED: Final[tuple[str, ...]] = (
    "white",
    "market",
    "bursts end to end",
    "broken bursts end to end",
)
ARITHMETIC: Final = ("product", "block_time", "r2c", "c2c")
"""Functions of the modem and of scipy that do little but matrix products and transforms."""
SIZE: Final = 205
NOISES: Final = ("white", "pink", "babble", "music", "market")
WORLD: Final = sound_world.QUOTED_SEED // sound_world.SEEDS_A_WORLD + 2000


def _fed(receiver: Receiver, sound: Samples) -> list[float]:
    """Processor seconds of each block."""
    spent = []
    for place in range(0, len(sound), BLOCK):
        begun = time.process_time()
        receiver.receive(sound[place : place + BLOCK])
        spent.append(time.process_time() - begun)
    return spent


def _noise(kind: str, seconds: int) -> Samples:
    rng = np.random.default_rng(3)
    sound = sound_world.noise(kind, rng, seconds * sound_world.RATE_HZ, WORLD)
    return (0.1 * sound).astype(np.float32)


def _bursts(seconds: int, *, whole: bool) -> Samples:
    """Bursts of 85 bytes end to end, counter and fast in turn; if not ``whole``, none decodes."""
    rng, parts, count, turn = np.random.default_rng(5), [], 0, 0
    while count < seconds * sound_world.RATE_HZ:
        mode = MODES[("counter", "fast")[turn % 2]]
        sent = rng.bytes(85), rng.bytes(85)
        part = modulate(sent[0], mode) if whole else sound_false.made("corrupted", mode, sent, rng)
        parts.append(np.pad(0.25 * part, (0, BLOCK)))
        count, turn = count + len(parts[-1]), turn + 1
    sound = np.concatenate(parts)
    return (sound + 0.01 * rng.normal(size=len(sound))).astype(np.float32)


def streams(seconds: int, *, short: bool) -> dict[str, Samples]:
    """What a receiver may have to listen to for long; some of it if ``short``."""
    found = {kind: _noise(kind, seconds) for kind in (("white", "market") if short else NOISES)}
    found["bursts end to end"] = _bursts(seconds, whole=True)
    if short:
        return found
    found["broken bursts end to end"] = _bursts(seconds, whole=False)
    return found


def real_time_factors(heard: dict[str, Samples], repeats: int) -> dict[str, float]:
    """Processor time over stream time of each stream, the median of so many passes.

    Idle is white noise, worst the greatest. The streams take turns, so that what else the machine
    does strikes them all alike.
    """
    receivers = {name: Receiver() for name in heard}
    passes: dict[str, list[list[float]]] = {name: [] for name in heard}
    for turn in range(repeats + 1):
        for name, sound in heard.items():
            spent = _fed(receivers[name], sound)
            if turn:  # the first pass builds what the later ones find built
                passes[name].append(spent)
    factors = {
        name: round(statistics.median(map(sum, spent)) * sound_world.RATE_HZ / len(heard[name]), 4)
        for name, spent in passes.items()
    }
    worst_s = max(statistics.median(map(max, spent)) for spent in passes.values())
    named = {f"real-time factor, {name}": value for name, value in factors.items()}
    return {
        "real-time factor, idle": factors["white"],
        "real-time factor, worst": max(factors.values()),
        **named,
        "worst block of 10 ms, ms of work": round(1000 * worst_s, 1),
    }


def payload_after_ms(modes: tuple[str, ...], repeats: int) -> dict[str, float]:
    """From a burst's last sample to its payload: with the wait for what follows, and work alone."""
    figures = {}
    for mode in modes:
        after, work = [], []
        for seed in range(repeats + 1):
            sound, end, payload = burst_in_noise(SIZE, mode, 100 + seed)
            after.append(_after_ms(sound, end, payload))
            work.append(_work_ms(sound, payload))
        figures[f"last sample to payload, {mode}, ms"] = round(statistics.median(after[1:]), 1)
        figures[f"work of the block that gives it, {mode}, ms"] = round(
            statistics.median(work[1:]), 1
        )
        figures[f"the same, first of its length, {mode}, ms"] = round(after[0], 1)
    return figures


def _after_ms(sound: Samples, end: int, payload: bytes) -> float:
    return listen(sound, end, payload, clock=time.process_time).payload_after_ms


def _work_ms(sound: Samples, payload: bytes) -> float:
    receiver = Receiver()
    for place in range(0, len(sound), BLOCK):
        begun = time.process_time()
        events = receiver.receive(sound[place : place + BLOCK])
        taken = time.process_time() - begun
        got = [event.payload for event in events if isinstance(event, FrameReceived)]
        if got:
            assert got == [payload], "another payload than was sent"
            return 1000 * taken
    raise AssertionError("the payload was not received")


def memory_peak_mb() -> float:
    """Most that a receiver holds, codes it builds included: market noise, then the longest bursts,
    whole and broken.
    """
    sounds = [_noise("market", 10), *(burst_in_noise(255, mode, 9)[0] for mode in MODES)]
    sounds += [_longest_broken(mode) for mode in MODES]
    tracemalloc.start()
    try:
        receiver = Receiver()
        for sound in sounds:
            _fed(receiver, sound)
        return round(tracemalloc.get_traced_memory()[1] / 1e6, 1)
    finally:
        tracemalloc.stop()


def _resident_mb() -> float:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def _longest_broken(mode: str) -> Samples:
    """The burst that costs most: the longest there is, searched in vain; then time to rest."""
    rng = np.random.default_rng(5)
    burst = sound_false.made("corrupted", MODES[mode], (rng.bytes(255), rng.bytes(255)), rng)
    return np.pad(0.25 * burst, (0, LOOP_S * sound_world.RATE_HZ)).astype(np.float32)


def resident_growth_mb(seconds: int) -> float:
    """Growth of a process's resident memory over so much market noise with a burst in each 29 s.

    Counted from where the most costly burst of every mode has been heard: memory that was needed
    once is kept by the process for the next time.
    """
    receiver, modes = Receiver(), list(MODES)
    noise = _noise("market", LOOP_S)
    for mode in modes:
        _fed(receiver, _longest_broken(mode))
    _fed(receiver, noise)
    begun = _resident_mb()
    for turn in range(seconds // LOOP_S):
        sound = np.roll(noise, 48_611 * turn)
        burst = 0.5 * modulate(bytes([turn % 256]) * 85, modes[turn % len(modes)])
        sound[: len(burst)] += burst
        _fed(receiver, sound)
    return round(_resident_mb() - begun, 2)


def growth_mb(seconds: int) -> float:
    """The same in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(resident_growth_mb, seconds).result()


def profile(sound: Samples) -> list[dict[str, Any]]:
    """The functions that take most of their own: share of the time, calls a second of stream."""
    profiler, receiver = cProfile.Profile(), Receiver()
    _fed(receiver, sound)
    profiler.enable()
    receiver.receive(sound)
    profiler.disable()
    stats: Any = pstats.Stats(profiler, stream=io.StringIO())
    total = sum(row[2] for row in stats.stats.values())
    rows = sorted(stats.stats.items(), key=lambda item: -item[1][2])
    seconds = len(sound) / sound_world.RATE_HZ
    return [
        {
            "share": round(row[2] / total, 3),
            "calls_a_second": round(row[1] / seconds, 1),
            "function": name,
            "file": "numpy, scipy or Python" if path == "~" else "/".join(Path(path).parts[-2:]),
        }
        for (path, _, name), row in rows
    ]


def _arithmetic_share(rows: list[dict[str, Any]]) -> float:
    """Share of the profiled time in matrix products and transforms."""
    names = [(row["function"].rstrip(">").rpartition(".")[2], row["share"]) for row in rows]
    return float(sum(share for name, share in names if name in ARITHMETIC))


def pi_4(figures: dict[str, Any], profiles: dict[str, Any], steps: int) -> dict[str, Any]:
    """What a Pi 4 can be expected to take, from this machine's figures.

    Matrix products and transforms take as many times longer as published array arithmetic, all the
    rest (numpy's small calls, sums, comparisons) as many times as published Python.
    """
    factors = sound_pi4.factors(steps)
    shares = {name: _arithmetic_share(rows) for name, rows in profiles.items()}
    by_stream = {
        name: factors["factor_python"] * (1 - share) + factors["factor_arithmetic"] * share
        for name, share in shares.items()
    }
    works = {f"real-time factor, {name}": name for name in profiles}
    works |= {name: "bursts end to end" for name in figures if name.startswith("work of the")}
    estimate = {name: round(by_stream[like] * figures[name], 3) for name, like in works.items()}
    return {"factors": factors, "arithmetic_share": shares, "estimate": estimate}


def cost(*, short: bool) -> dict[str, Any]:
    """Every figure of what listening costs."""
    heard = streams(3 if short else SECONDS, short=short)
    figures: dict[str, Any] = real_time_factors(heard, 1 if short else PASSES)
    figures |= payload_after_ms(("counter",) if short else tuple(MODES), 1 if short else REPEATS)
    if not short:
        figures["memory of a receiver, peak, MB"] = memory_peak_mb()
        figures["growth in an hour of stream, MB"] = growth_mb(HOUR_S)
    profiles = {name: profile(heard[name]) for name in PROFILED if name in heard}
    shown = {name: rows[:PROFILE_ROWS] for name, rows in profiles.items()}
    estimate = pi_4(figures, profiles, 10_000 if short else 100_000)
    return {"figures": figures, "targets": TARGETS, "profile": shown, "pi_4": estimate}


TARGETS: Final = {
    "real-time factor, idle": 0.02,
    "real-time factor, worst": 0.06,
    **{f"last sample to payload, {mode}, ms": 30.0 for mode in MODES},
    "memory of a receiver, peak, MB": 30.0,
    "growth in an hour of stream, MB": 1.0,
}
"""At most so much; a process's resident memory wavers by some hundred kilobytes."""
