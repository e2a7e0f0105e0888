"""Measures the modem: sensitivity, rooms, motion, cost. Resumable, seeded, one process.

    nice -n 10 python -m benchmarks.sound [--short] [--only rooms] [--frames 600]

Each cell's frames are counted in ``build/bench/sound.jsonl`` as they are done; a run goes on where
the last one stopped, and begins anew when the modem's source or the world's has changed. Figures go
to ``build/bench/sound.json``. Frame n of a cell has seed ``QUOTED_SEED + n``; nothing was tuned on
these seeds, nor on the rooms, speakers and noises they lead to.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

# One thread: the linear algebra library must not take the second core from those who share it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from benchmarks import sound_world
from terminal.acoustic import MODES, FrameReceived, Receiver, modulate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

ROOT = Path(__file__).parents[1]
OUT = ROOT / "build" / "bench"
QUOTED_SEED = 900_000
ROOMS = 30
E90_STEP_DB = 0.25


@dataclass(frozen=True, slots=True)
class Cell:
    """One channel and the share of frames that must pass it (None: no target)."""

    name: str
    mode: str
    payload_bytes: int
    target: float | None
    eb_n0_db: float | None = None
    distance_m: float = 0.0
    snr_db: float = 0.0
    noise: str = "white"
    loss_18khz_db: float = 12.0
    ppm: float = 0.0
    wobble_m_per_s: float = 0.0


def room_cells() -> Iterator[Cell]:
    """The rooms of the specification, RT60 0.5 s."""
    for size in (32, 85):
        for distance in (0.5, 1.0):
            for kind in ("white", "market"):
                name = f"counter {size} B {distance} m {kind} 0 dB"
                yield Cell(name, "counter", size, 0.98, None, distance, 0.0, kind)
    for size in (85, 210):
        for distance in (0.3, 0.5):
            name = f"fast {size} B {distance} m white 10 dB"
            yield Cell(name, "fast", size, 0.99, None, distance, 10.0)
        name = f"fast {size} B 0.3 m market 5 dB"
        yield Cell(name, "fast", size, 0.97, None, 0.3, 5.0, "market")
    yield Cell("robust 32 B 3 m white 10 dB", "robust", 32, 0.95, None, 3.0, 10.0)
    yield Cell("robust 32 B 3 m white 0 dB", "robust", 32, 0.85, None, 3.0, 0.0)
    name = "inaudible 85 B 0.3 m white 10 dB, -25 dB at 18 kHz"
    yield Cell(name, "inaudible", 85, 0.97, None, 0.3, 10.0, "white", 25.0)


SENSITIVITY = (
    ("counter", 16, 4.5),
    ("counter", 32, 3.8),
    ("counter", 85, 3.3),
    ("counter", 140, 3.0),
    ("counter", 210, 2.9),
    ("fast", 85, 3.4),
    ("robust", 32, None),
    ("inaudible", 85, None),
)


def sensitivity_cells() -> Iterator[Cell]:
    """A few points around each expected e90."""
    for mode, size, target in SENSITIVITY:
        middle = target if target is not None else (5.0 if mode == "robust" else 3.5)
        for step in (-1, 0, 1, 2):
            eb = middle + step * E90_STEP_DB
            yield Cell(f"{mode} {size} B {eb:.2f} dB", mode, size, None, eb)


def motion_cells() -> Iterator[Cell]:
    """Clocks, steady motion and a wobble, 3 dB above the target sensitivity."""
    for mode, eb in (("counter", 6.3), ("fast", 6.4), ("robust", 8.5), ("inaudible", 6.8)):
        for ppm, label in (
            (300.0, "+300 ppm"),
            (-300.0, "-300 ppm"),
            (2915.0, "+1 m/s"),
            (-2915.0, "-1 m/s"),
        ):
            yield Cell(f"{mode} 85 B {label}", mode, 85, 0.99, eb, ppm=ppm)
        yield Cell(f"{mode} 85 B wobble 0.5 m/s", mode, 85, 0.99, eb, wobble_m_per_s=0.5)


GROUPS = {"sensitivity": sensitivity_cells, "rooms": room_cells, "motion": motion_cells}


def stream(cell: Cell, seed: int) -> tuple[bytes, NDArray[np.float32]]:
    """What the microphone hears of one frame, and what was sent."""
    rng = np.random.default_rng(seed)
    payload = rng.bytes(cell.payload_bytes)
    burst = modulate(payload, cell.mode).astype(np.float64)
    if cell.eb_n0_db is None:
        heard = sound_world.through_room(
            burst,
            seed=seed,
            rooms=ROOMS,
            rt60_s=0.5,
            distance_m=cell.distance_m,
            snr_db=cell.snr_db,
            noise_kind=cell.noise,
            loss_18khz_db=cell.loss_18khz_db,
        )
        return payload, heard
    energy = np.square(burst).sum()
    sigma = np.sqrt(energy / (8 * len(payload)) / 10 ** (cell.eb_n0_db / 10) / 2)
    moved = sound_world.moved(burst, cell.ppm, cell.wobble_m_per_s, float(rng.uniform(0, 6.28)))
    before = int(rng.integers(24_000, 36_000))
    sound = np.concatenate([np.zeros(before), moved, np.zeros(9_600)])
    sound += sigma * rng.normal(size=len(sound))
    return payload, (0.2 * sound / max(1.0, sigma)).astype(np.float32)


def received(cell: Cell, seed: int) -> tuple[bool, bool]:
    """Whether the payload arrived, and whether a wrong one did."""
    payload, sound = stream(cell, seed)
    receiver = Receiver([cell.mode])
    events = receiver.receive(sound) + receiver.flush()
    heard = [event.payload for event in events if isinstance(event, FrameReceived)]
    return heard == [payload], any(other != payload for other in heard)


def wilson(passed: int, count: int) -> tuple[float, float]:
    """95 % interval of a share."""
    z, p = 1.96, passed / count
    middle = (p + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * np.sqrt(p * (1 - p) / count + z * z / (4 * count * count))
    return round(float(middle - half), 4), round(float(middle + half), 4)


def source_digest() -> str:
    """Changes when what is measured, or the world around it, changes."""
    digest = hashlib.sha256()
    files = sorted((ROOT / "terminal" / "acoustic").glob("*.py"))
    for path in (*files, Path(sound_world.__file__), Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


class Tally:
    """Frames done so far, kept on disk."""

    def __init__(self, path: Path) -> None:
        self._path, self._digest = path, source_digest()
        self.counts: dict[str, list[int]] = {}
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        for line in lines:
            row = json.loads(line)
            if row["source"] == self._digest:
                self.counts[row["cell"]] = row["counts"]

    def add(self, cell: Cell, passed: bool, wrong: bool) -> None:
        """Count one frame."""
        counts = self.counts.setdefault(cell.name, [0, 0, 0])
        counts[0] += 1
        counts[1] += passed
        counts[2] += wrong

    def save(self, cell: Cell) -> None:
        """Append a cell's counts."""
        row = {"source": self._digest, "cell": cell.name, "counts": self.counts[cell.name]}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def measure(cells: list[Cell], frames: int, tally: Tally) -> None:
    """Bring every cell up to ``frames`` frames."""
    for cell in cells:
        done = tally.counts.get(cell.name, [0, 0, 0])[0]
        for n in range(done, frames):
            tally.add(cell, *received(cell, QUOTED_SEED + n))
            if n % 25 == 24 or n == frames - 1:
                tally.save(cell)
        count, passed, wrong = tally.counts[cell.name]
        print(
            f"{cell.name:58} {passed:4}/{count:<4} {wilson(passed, count)} wrong {wrong}",
            flush=True,
        )


def e90(mode: str, size: int, tally: Tally) -> float | None:
    """Eb/N0 at which nine of ten frames arrive, between the points measured."""
    points = []
    for cell in sensitivity_cells():
        counts = tally.counts.get(cell.name)
        if counts and (cell.mode, cell.payload_bytes) == (mode, size):
            assert cell.eb_n0_db is not None
            points.append((cell.eb_n0_db, counts[1] / counts[0]))
    for (low_db, low), (high_db, high) in itertools.pairwise(points):
        if low < 0.9 <= high:
            return round(low_db + (0.9 - low) / (high - low) * (high_db - low_db), 2)
    return None


def cost() -> dict[str, float]:
    """Processor time over stream time, all modes, and from the last samples to the payload."""
    rng = np.random.default_rng(1)
    quiet = (0.1 * rng.normal(size=8 * 48_000)).astype(np.float32)
    receiver = Receiver()
    begun = time.process_time()
    for place in range(0, len(quiet), 480):
        receiver.receive(quiet[place : place + 480])
    figures = {"idle_real_time_factor": round((time.process_time() - begun) / 8, 4)}
    for mode in MODES:
        sound = np.concatenate([quiet[:40_000], modulate(rng.bytes(205), mode), quiet[:12_000] / 9])
        receiver, spent = Receiver(), []
        receiver.receive(quiet[:48_000])
        for place in range(0, len(sound), 480):
            begun = time.process_time()
            events = receiver.receive(sound[place : place + 480])
            if any(isinstance(event, FrameReceived) for event in events):
                spent.append(time.process_time() - begun)
        figures[f"{mode}_205_bytes_decode_ms"] = round(1000 * max(spent, default=0), 1)
    return figures


def figures(tally: Tally) -> dict[str, Any]:
    """Everything measured so far, with targets."""
    result: dict[str, Any] = {"source": source_digest(), "seconds": {}, "e90_db": {}, "cells": {}}
    for name in MODES:
        for size in (16, 32, 85, 140, 210):
            result["seconds"][f"{name} {size} B"] = round(
                len(modulate(bytes(size), name)) / 48_000, 3
            )
    for mode, size, target in SENSITIVITY:
        result["e90_db"][f"{mode} {size} B"] = {"figure": e90(mode, size, tally), "target": target}
    for group in GROUPS.values():
        for cell in group():
            if cell.name in tally.counts:
                count, passed, wrong = tally.counts[cell.name]
                result["cells"][cell.name] = {
                    "frames": count,
                    "share": round(passed / count, 4),
                    "interval": wilson(passed, count),
                    "target": cell.target,
                    "wrong": wrong,
                }
    result["cost"] = cost()
    return {"figures": result}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--only", choices=sorted(GROUPS))
    parser.add_argument("--short", action="store_true", help="8 frames a cell")
    options = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    tally = Tally(OUT / "sound.jsonl")
    for name, cells in GROUPS.items():
        if options.only in (None, name):
            measure(list(cells()), 8 if options.short else options.frames, tally)
    report = figures(tally)
    (OUT / "sound.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    print(json.dumps(report["figures"]["e90_db"], indent=1), json.dumps(report["figures"]["cost"]))


if __name__ == "__main__":
    main()
