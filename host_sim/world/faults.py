"""A disk that fails, tears or stops where it is told to: SQLite's VFS with faults in it.

Everything SQLite reads and writes goes through the real file system; this layer counts writes and
syncs of the WAL and of the main file and, at the one a ``Fault`` names, refuses it, writes half of
it, or calls back and lets nothing return. The shared-memory file is the operating system's and does
not pass here, nor need it: SQLite rebuilds it.

Run as a program it starts the terminal on such a disk, so that a supervisor can kill it with
SIGKILL inside a commit::

    python -m host_sim.world.faults --stop-at wal-sync:1 --report-fd 3 -- run --config ...

It counts from the moment the file of ``--arm`` exists (from the start without one), writes one line
to the report descriptor when it reaches the named call, and blocks for ever before making it.
``--program`` runs another module's ``main()`` in the terminal's place.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

import apsw

CALLS: Final = ("wal-write", "wal-sync", "main-write", "main-sync")
"""What can be counted: file, then operation."""


class Action(Enum):
    """What happens at the named call."""

    FAIL = "fail"
    """The call is refused and nothing of it is done."""
    TEAR = "tear"
    """Half of the write is done, then it is refused; a sync is refused after it was done."""
    STOP = "stop"
    """The disk's ``stop`` is called instead; the call is made if it ever returns."""


@dataclass(frozen=True, slots=True)
class Fault:
    """At the ``number``-th (from 1) ``call`` after arming, do ``action``."""

    call: str
    number: int
    action: Action

    def __post_init__(self) -> None:
        if self.call not in CALLS or self.number < 1:
            raise ValueError(f"no call {self.call}:{self.number}; known are {', '.join(CALLS)}")


@dataclass(frozen=True, slots=True)
class DiskCall:
    """What reached the disk: ``data`` at ``offset``, a sync, or a truncation to ``offset``."""

    file: str
    operation: str
    offset: int = 0
    data: bytes = b""


class FaultyDisk(apsw.VFS):
    """A named VFS over the default one. Keep it alive as long as a database uses it.

    ``counts`` has how often each of ``CALLS`` was made, ``wal_bytes`` what was written to WALs,
    ``calls`` every call since ``record()``.
    """

    def __init__(self, name: str, *, make_default: bool = False) -> None:
        self.name = name
        self.counts: Counter[str] = Counter()
        self.wal_bytes = 0
        self.calls: list[DiskCall] | None = None
        self.stop: Callable[[], None] = lambda: None
        self.armed: Callable[[], bool] = lambda: True
        self._fault: Fault | None = None
        self._matched = 0
        self.base = apsw.vfs_names()[0]
        super().__init__(name, self.base, makedefault=make_default)

    def arm(self, fault: Fault | None) -> None:
        """Wait for this fault, counting from now; None: no more faults."""
        self._fault, self._matched = fault, 0

    def record(self) -> list[DiskCall]:
        """Begin a new recording; the list grows as the disk is used."""
        self.calls = []
        return self.calls

    def due(self, call: str) -> Action | None:
        """Count one call; the action where it is the armed one."""
        self.counts[call] += 1
        fault = self._fault
        if fault is None or fault.call != call or not self.armed():
            return None
        self._matched += 1
        return fault.action if self._matched == fault.number else None

    def note(self, call: DiskCall) -> None:
        """Remember a call that was made."""
        if call.operation == "write" and call.file == "wal":
            self.wal_bytes += len(call.data)
        if self.calls is not None:
            self.calls.append(call)

    def xOpen(  # noqa: N802 - SQLite's name
        self, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> apsw.VFSFile:
        return FaultyFile(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 - SQLite's name
        super().xDelete(filename, syncdir)
        self.note(DiskCall("wal" if filename.endswith("-wal") else "main", "truncate"))


class FaultyFile(apsw.VFSFile):
    """One open file of a ``FaultyDisk``."""

    def __init__(
        self, disk: FaultyDisk, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> None:
        self._disk = disk
        self._file = "wal" if flags[0] & apsw.SQLITE_OPEN_WAL else "main"
        super().__init__(disk.base, name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        action = self._disk.due(f"{self._file}-write")
        if action is Action.STOP:
            self._disk.stop()
        elif action is not None:
            half = bytes(data[: len(data) // 2])
            if action is Action.TEAR:
                super().xWrite(half, offset)
                self._disk.note(DiskCall(self._file, "write", offset, half))
            raise apsw.IOError(f"{self._file} write refused")
        super().xWrite(data, offset)
        self._disk.note(DiskCall(self._file, "write", offset, bytes(data)))

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        action = self._disk.due(f"{self._file}-sync")
        if action is Action.STOP:
            self._disk.stop()
        elif action is Action.FAIL:
            raise apsw.IOError(f"{self._file} sync refused")
        super().xSync(flags)
        self._disk.note(DiskCall(self._file, "sync"))
        if action is Action.TEAR:
            raise apsw.IOError(f"{self._file} sync refused, though it was done")

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite's name
        super().xTruncate(newsize)
        self._disk.note(DiskCall(self._file, "truncate", newsize))


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="faults", description="Run kumquat on a faulty disk.")
    parser.add_argument("--stop-at", required=True, help="such as wal-sync:1 or wal-write:2")
    parser.add_argument("--report-fd", type=int, required=True)
    parser.add_argument("--arm", type=Path, help="count from the moment this file exists")
    parser.add_argument("--program", default="terminal.cli", help="the module whose main() to run")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="after --, kumquat's arguments")
    return parser.parse_args(arguments)


def _stopper(report_fd: int, what: str) -> Callable[[], None]:
    def stop() -> None:
        os.write(report_fd, f"stopped at {what}\n".encode())
        while True:
            threading.Event().wait()

    return stop


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program on a disk that stops once, and never returns from there."""
    options = _parse(sys.argv[1:] if arguments is None else arguments)
    call, _, number = options.stop_at.partition(":")
    disk = FaultyDisk("kumquat-faults", make_default=True)
    disk.stop = _stopper(options.report_fd, options.stop_at)
    if options.arm is not None:
        disk.armed = options.arm.exists
    disk.arm(Fault(call, int(number or 1), Action.STOP))
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    sys.argv = ["kumquat", *command]
    importlib.import_module(options.program).main()


if __name__ == "__main__":
    main()
