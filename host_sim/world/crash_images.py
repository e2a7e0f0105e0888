"""What a power cut or a kill can leave on the disk, at every single call of a recording.

A kill leaves every write up to some call. A power cut leaves everything synced before, and of the
writes after the last sync any subset, the last perhaps torn: here all of them, none of them, some
chosen by a seed, and the last one cut in half. Each image is the main file and the WAL; the
shared-memory file does not survive either.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from host_sim.world.faults import DiskCall

SUBSETS: Final = 3
"""Seeded choices among unsynced writes, for each place of a cut."""


@dataclass(frozen=True, slots=True)
class CrashImage:
    """One possible disk. ``calls`` of the recording had been made when it stopped."""

    how: str
    calls: int
    main: bytes
    wal: bytes

    def restore(self, path: Path) -> None:
        """Write the image as the database ``path`` and its WAL."""
        path.write_bytes(self.main)
        path.with_name(path.name + "-wal").write_bytes(self.wal)


@dataclass(frozen=True, slots=True)
class Baseline:
    """The files before the recording, durable."""

    main: bytes
    wal: bytes


def read_baseline(path: Path) -> Baseline:
    """The files as they are now; take it when nothing is under way."""
    wal = path.with_name(path.name + "-wal")
    return Baseline(path.read_bytes(), wal.read_bytes() if wal.exists() else b"")


def crash_images(
    baseline: Baseline, calls: Sequence[DiskCall], seed: int = 1
) -> Iterator[CrashImage]:
    """Every image for a stop after 0, 1 … all of the calls."""
    chance = random.Random(seed)
    for made in range(len(calls) + 1):
        done = calls[:made]
        yield _image("killed", baseline, done, made)
        safe, loose = _split_at_sync(done)
        if loose:
            yield _image("power cut, nothing unsynced left", baseline, safe, made)
            yield _image(
                "power cut, last write torn", baseline, [*done[:-1], _torn(done[-1])], made
            )
        for number in range(SUBSETS if len(loose) > 1 else 0):
            some = [call for call in loose if chance.random() < 0.5]
            yield _image(f"power cut, subset {number}", baseline, [*safe, *some], made)


def _split_at_sync(done: Sequence[DiskCall]) -> tuple[list[DiskCall], list[DiskCall]]:
    """The calls that are durable, file by file, and those that are not."""
    last = {call.file: place for place, call in enumerate(done) if call.operation == "sync"}
    safe = [call for place, call in enumerate(done) if place < last.get(call.file, -1)]
    loose = [call for place, call in enumerate(done) if place > last.get(call.file, -1)]
    return safe, loose


def _torn(call: DiskCall) -> DiskCall:
    return type(call)(call.file, call.operation, call.offset, call.data[: len(call.data) // 2])


def _image(how: str, baseline: Baseline, calls: Sequence[DiskCall], made: int) -> CrashImage:
    files = {"main": bytearray(baseline.main), "wal": bytearray(baseline.wal)}
    for call in calls:
        file = files[call.file]
        if call.operation == "truncate":
            del file[call.offset :]
        elif call.operation == "write":
            if len(file) < call.offset:
                file.extend(bytes(call.offset - len(file)))
            file[call.offset : call.offset + len(call.data)] = call.data
    return CrashImage(how, made, bytes(files["main"]), bytes(files["wal"]))
