"""The faulty disk does exactly what it is told, once, and counts everything."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import apsw
import pytest

from host_sim.world.crash_images import crash_images, read_baseline
from host_sim.world.faults import Action, DiskCall, Fault, FaultyDisk

_names = (f"faults-{number}" for number in count())


@pytest.fixture
def disk() -> FaultyDisk:
    return FaultyDisk(next(_names))


def database(path: Path, disk: FaultyDisk) -> apsw.Connection:
    connection = apsw.Connection(str(path), vfs=disk.name)
    assert connection.pragma("journal_mode", "wal") == "wal"
    connection.pragma("synchronous", "FULL")
    connection.pragma("wal_autocheckpoint", 0)
    connection.execute("CREATE TABLE t(x)")
    return connection


def test_writes_and_syncs_are_counted_by_file(tmp_path: Path, disk: FaultyDisk) -> None:
    connection = database(tmp_path / "db", disk)
    before, wal_bytes = disk.counts.copy(), disk.wal_bytes
    calls = disk.record()
    connection.execute("INSERT INTO t VALUES (1)")
    assert disk.counts["wal-write"] - before["wal-write"] == 2
    assert disk.counts["wal-sync"] - before["wal-sync"] == 1
    assert disk.counts["main-write"] == before["main-write"]
    assert disk.wal_bytes - wal_bytes == 24 + 4096
    assert [call.operation for call in calls] == ["write", "write", "sync"]
    connection.close()


def test_a_fault_strikes_once_and_only_where_it_was_named(tmp_path: Path, disk: FaultyDisk) -> None:
    connection = database(tmp_path / "db", disk)
    disk.arm(Fault("wal-sync", 2, Action.FAIL))
    connection.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(apsw.IOError, match="sync refused"):
        connection.execute("INSERT INTO t VALUES (2)")
    connection.execute("INSERT INTO t VALUES (3)")
    connection.close()


def test_a_stop_is_called_before_the_write_is_made(tmp_path: Path, disk: FaultyDisk) -> None:
    path = tmp_path / "db"
    connection = database(path, disk)
    sizes: list[int] = []
    wal = tmp_path / "db-wal"
    disk.stop = lambda: sizes.append(wal.stat().st_size)
    disk.arm(Fault("wal-write", 1, Action.STOP))
    before = wal.stat().st_size
    connection.execute("INSERT INTO t VALUES (1)")
    assert sizes == [before]
    connection.close()


def test_an_unarmed_disk_waits(tmp_path: Path, disk: FaultyDisk) -> None:
    armed = tmp_path / "arm"
    connection = database(tmp_path / "db", disk)
    disk.armed = armed.exists
    disk.arm(Fault("wal-write", 1, Action.FAIL))
    connection.execute("INSERT INTO t VALUES (1)")
    armed.touch()
    with pytest.raises(apsw.IOError, match="write refused"):
        connection.execute("INSERT INTO t VALUES (2)")
    connection.close()


def test_a_torn_write_leaves_half(tmp_path: Path, disk: FaultyDisk) -> None:
    connection = database(tmp_path / "db", disk)
    calls = disk.record()
    disk.arm(Fault("wal-write", 2, Action.TEAR))
    with pytest.raises(apsw.IOError):
        connection.execute("INSERT INTO t VALUES (1)")
    assert [len(call.data) for call in calls] == [24, 2048]
    connection.close()


def test_unknown_calls_cannot_be_named() -> None:
    for call, number in (("wal", 1), ("wal-write", 0)):
        with pytest.raises(ValueError, match="no call"):
            Fault(call, number, Action.FAIL)


def test_images_are_what_a_cut_can_leave(tmp_path: Path) -> None:
    path = tmp_path / "db"
    path.write_bytes(b"main")
    baseline = read_baseline(path)
    calls = [
        DiskCall("wal", "write", 0, b"first"),
        DiskCall("wal", "sync"),
        DiskCall("wal", "write", 5, b"second"),
        DiskCall("main", "write", 4, b"more"),
        DiskCall("wal", "truncate", 2),
    ]
    found = {(image.calls, image.how): image for image in crash_images(baseline, calls)}
    assert found[0, "killed"].wal == b""
    assert found[3, "killed"].wal == b"firstsecond"
    assert found[3, "power cut, nothing unsynced left"].wal == b"first"
    assert found[3, "power cut, last write torn"].wal == b"firstsec"
    assert found[4, "killed"].main == b"mainmore"
    assert found[5, "killed"].wal == b"fi"
    image = found[5, "killed"]
    image.restore(tmp_path / "restored")
    assert (tmp_path / "restored-wal").read_bytes() == b"fi"
