"""A serial line that is there, and one that goes away."""

from __future__ import annotations

import os
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.devices.serial import PySerialLink
from terminal.errors import DeviceError


class Pty:
    """A pseudo-terminal; ``far`` is the other end of the cable."""

    def __init__(self) -> None:
        self.far, self._near = os.openpty()
        tty.setraw(self._near)
        self.path = os.ttyname(self._near)
        self._open = True

    def unplug(self) -> None:
        if self._open:
            self._open = False
            os.close(self.far)
            os.close(self._near)


@pytest.fixture
def pty() -> Iterator[Pty]:
    made = Pty()
    yield made
    made.unplug()


def test_bytes_pass_both_ways_unchanged(pty: Pty) -> None:
    link = PySerialLink(pty.path)
    every_byte = bytes(range(256))
    link.write(every_byte)
    assert os.read(pty.far, 1000) == every_byte
    os.write(pty.far, every_byte)
    assert link.read(1.0) == every_byte
    link.close()


def test_reading_waits_no_longer_than_asked(pty: Pty) -> None:
    link = PySerialLink(pty.path)
    assert link.read(0.0) == b""
    assert link.read(0.01) == b""
    link.close()


def test_bytes_from_before_it_was_opened_are_not_heard(pty: Pty) -> None:
    os.write(pty.far, b"old")
    link = PySerialLink(pty.path)
    os.write(pty.far, b"new")
    assert link.read(1.0) == b"new"
    link.close()


def test_unplugging_is_one_clear_error_for_reader_and_writer(pty: Pty) -> None:
    link = PySerialLink(pty.path)
    pty.unplug()
    with pytest.raises(DeviceError) as caught:
        link.read(0.1)
    assert "there is no such device" in str(caught.value)
    for call in (lambda: link.read(0.0), lambda: link.write(b"x")):
        with pytest.raises(DeviceError):
            call()
    link.close()
    link.close()


def test_a_line_that_takes_nothing_is_broken_for_the_reader_too(pty: Pty) -> None:
    link = PySerialLink(pty.path)
    with pytest.raises(DeviceError, match="takes no data"):
        link.write(bytes(1_000_000))
    with pytest.raises(DeviceError, match="takes no data"):
        link.read(0.0)
    link.close()


def test_a_device_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="no such device") as caught:
        PySerialLink(str(tmp_path / "nothing"))
    assert caught.value.device.endswith("nothing")


def test_a_device_that_is_no_serial_line_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DeviceError):
        PySerialLink(str(tmp_path / "file"))


def test_a_line_that_another_program_uses_is_said(pty: Pty) -> None:
    first = PySerialLink(pty.path)
    with pytest.raises(DeviceError, match="another program uses it"):
        PySerialLink(pty.path)
    first.close()
