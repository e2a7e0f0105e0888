"""Real SIGKILL of a real process that sells: what it said was accepted is there, once."""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from host_sim.world.sales import Shop
from terminal.errors import JournalLocked
from terminal.journal.deep_check import deep_check

ROOT = Path(__file__).parents[3]
DEADLINE_S = 30.0

pytestmark = [pytest.mark.slow, pytest.mark.end_to_end]


@contextmanager
def child(arguments: list[str], *descriptors: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        pass_fds=descriptors,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def read_until(descriptor: int, wanted: bytes) -> bytes:
    """Everything read up to and with ``wanted``, or a failure at the deadline."""
    seen = b""
    deadline = time.monotonic() + DEADLINE_S
    while wanted not in seen:
        ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
        assert ready, f"no {wanted!r} within {DEADLINE_S} s, only {seen[-200:]!r}"
        more = os.read(descriptor, 65_536)
        assert more, f"ended without {wanted!r}: {seen[-200:]!r}"
        seen += more
    return seen


def kill(process: subprocess.Popen[bytes]) -> bytes:
    """SIGKILL, then what it had still printed."""
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read() if process.stdout else b""
    assert process.wait() == -signal.SIGKILL
    return rest


def test_twelve_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    chance = random.Random(7)
    accepted: dict[int, str] = {}
    announced: set[int] = set()
    for _ in range(12):
        with child(["host_sim.world.sales", str(path)]) as process:
            assert process.stdout is not None
            stop = b"accepted %d " % (len(accepted) + 1 + chance.randrange(40))
            output = read_until(process.stdout.fileno(), stop)
            output += kill(process)
        for line in output.decode().splitlines():
            match line.split():
                case ["accepted", index, leaf]:
                    assert int(index) not in accepted
                    accepted[int(index)] = leaf
                case ["announced", index]:
                    announced.add(int(index))
        with Shop(phones=50).open(path) as journal:
            entries = journal.entries()
            assert len(entries) - len(accepted) in (0, 1), "at most the sale under way is unsaid"
            for entry in entries:
                assert accepted.setdefault(entry.index, entry.leaf().hex()) == entry.leaf().hex()
            unannounced = {entry.index for entry in journal.unannounced()}
            assert not unannounced & announced
            assert deep_check(journal) == len(entries)
            for unseen in unannounced:
                journal.mark_announced(unseen)
                announced.add(unseen)


@pytest.mark.parametrize(("place", "there"), [("wal-write:2", False), ("wal-sync:1", True)])
def test_a_kill_in_the_middle_of_a_commit_leaves_all_or_nothing(
    tmp_path: Path, place: str, *, there: bool
) -> None:
    path, arm = tmp_path / "journal", tmp_path / "arm"
    reports, report = os.pipe()
    arguments = ["--stop-at", place, "--report-fd", str(report), "--arm", str(arm)]
    program = ["--program", "host_sim.world.sales", "--", str(path)]
    with child(["host_sim.world.faults", *arguments, *program], report) as process:
        os.close(report)
        assert process.stdout is not None
        output = read_until(process.stdout.fileno(), b"accepted 3 ")
        arm.touch()
        assert read_until(reports, b"\n") == f"stopped at {place}\n".encode()
        with pytest.raises(JournalLocked):
            Shop(phones=50).open(path)
        output += kill(process)
    os.close(reports)
    said = output.count(b"accepted ")
    with Shop(phones=50).open(path) as journal:
        assert journal.size - said in ((1,) if there else (0, 1))
        assert len(journal.unannounced()) <= 1
        assert deep_check(journal) == journal.size
