"""The simulated cable's faults."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from host_sim.world.serial_line import SerialLine
from terminal.devices.serial import PySerialLink
from terminal.errors import DeviceError


@pytest.fixture
def line(tmp_path: Path) -> Iterator[SerialLine]:
    made = SerialLine(tmp_path / "line", seed=1)
    yield made
    made.unplug()


def test_bytes_are_lost_where_it_is_told_to_lose_them(line: SerialLine) -> None:
    link = PySerialLink(str(line.path))
    line.drop(2)
    link.write(b"abcd")
    assert line.take() == b"cd"
    line.cut()
    link.write(b"lost")
    assert line.take() == b""
    line.mend()
    line.give(b"there")
    assert link.read(1.0) == b"there"
    link.close()


def test_noise_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    heard = []
    for name in ("one", "two"):
        line = SerialLine(tmp_path / name, seed=5)
        line.noise_rate = 0.2
        link = PySerialLink(str(line.path))
        link.write(bytes(100))
        heard.append(line.take())
        link.close()
        line.unplug()
    assert heard[0] == heard[1] != bytes(100)


def test_what_is_held_comes_at_once(line: SerialLine) -> None:
    link = PySerialLink(str(line.path))
    line.hold()
    for piece in (b"a", b"b"):
        link.write(piece)
        assert line.take() == b""
    assert line.let_go() == b"ab"
    link.close()


def test_its_path_stays_the_same_over_unplugging(line: SerialLine) -> None:
    line.unplug()
    with pytest.raises(DeviceError):
        PySerialLink(str(line.path))
    line.plug()
    PySerialLink(str(line.path)).close()
