"""A serial line through pyserial: a UART, a USB adapter, or a pseudo-terminal.

Every fault of the device comes out as DeviceError with what a person can do: pyserial itself lets
OSError and termios.error (which is no OSError) escape when a device is unplugged.
"""

from __future__ import annotations

import select
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import serial

from terminal.errors import DeviceError

WRITE_TIMEOUT_S: Final = 0.2
"""A line that takes no bytes for this long is broken: a few frames fit any driver's buffer."""
MAX_READ_BYTES: Final = 4096


class PySerialLink:
    """An open line at ``path``: implements ports.SerialLink.

    One thread may read while another writes. After its first fault a line stays broken: both
    threads get the same DeviceError, and the device has to be opened again.

    Raises:
        DeviceError: from the constructor, no such device, no permission, or held by another.
    """

    def __init__(self, path: str, baud: int = 115_200) -> None:
        self._path = path
        self._broken: DeviceError | None = None
        with self._faults():
            self._port = serial.Serial(
                path, baud, timeout=0, write_timeout=WRITE_TIMEOUT_S, exclusive=True
            )
            self._port.reset_input_buffer()

    def fileno(self) -> int:
        """The file descriptor, for a loop that waits on several things."""
        return int(self._port.fileno())

    def read(self, timeout_s: float) -> bytes:
        """Whatever arrived, at most 4096 bytes, empty when nothing did in time.

        Raises:
            DeviceError: the device is gone.
        """
        with self._faults():
            if timeout_s > 0:
                select.select([self._port], [], [], timeout_s)
            return bytes(self._port.read(MAX_READ_BYTES))

    def write(self, data: bytes) -> None:
        """Send all of it.

        Raises:
            DeviceError: the device is gone, or takes nothing any more.
        """
        if data:
            with self._faults():
                self._port.write(data)

    def close(self) -> None:
        """Close the line; closing twice, or after the device is gone, is no error."""
        try:
            self._port.close()
        except (OSError, termios.error):
            return

    @contextmanager
    def _faults(self) -> Iterator[None]:
        if self._broken is not None:
            raise self._broken
        try:
            yield
        except serial.SerialTimeoutException as error:
            self._broken = self._fault("takes no data any more", "check the cable and the panel")
            raise self._broken from error
        except (OSError, termios.error) as error:
            self._broken = self._explain(error)
            raise self._broken from error

    def _explain(self, error: Exception) -> DeviceError:
        if not Path(self._path).exists():
            return self._fault("there is no such device", "plug it in, or correct its path")
        if "lock" in str(error) or "busy" in str(error).lower():
            return self._fault("another program uses it", "end that program")
        if "ermission" in str(error):
            return self._fault(
                "no permission to use it", "add the terminal's user to the group dialout"
            )
        return self._fault("the line broke", "check the cable and the power of the device")

    def _fault(self, problem: str, remedy: str) -> DeviceError:
        return DeviceError(f"serial line {self._path}", problem, remedy)
