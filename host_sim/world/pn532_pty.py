"""A pseudo-terminal with a simulated PN532 at its far end: real drivers open it like a serial port.

One thread serves one line. ``path`` is a link that stays the same when the reader is unplugged and
plugged in again, as a udev rule would give it; without a directory it is the bare ``/dev/pts/N``.
"""

from __future__ import annotations

import os
import select
import termios
import threading
import time
import tty
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from host_sim.world.pn532 import Pn532, Sending
from host_sim.world.rf_field import RfCard

READ_SIZE: Final = 4096
_SPEEDS: Final = {
    getattr(termios, f"B{rate}"): rate
    for rate in (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
}


class Pn532Line:
    """Serves a chip on a pty until closed; a context manager. Thread-safe from outside."""

    def __init__(self, chip: Pn532, link: Path | None = None) -> None:
        self.chip = chip
        self._link = link
        self._lock = threading.RLock()
        self._wake_read, self._wake_write = os.pipe()
        self._due: list[tuple[float, bytes]] = []
        self._master = -1
        self._slave = -1
        self._running = True
        self.plug_in()
        self._thread = threading.Thread(target=self._serve, name="pn532", daemon=True)
        self._thread.start()

    @property
    def path(self) -> str:
        """What a driver opens."""
        return str(self._link) if self._link else self._pts

    def plug_in(self) -> None:
        """Give the chip power and a line; nothing happens if it has them."""
        with self._lock:
            if self._master >= 0:
                return
            self.chip.brown_out()
            self._master, self._slave = os.openpty()
            tty.setraw(self._slave)
            self._pts = os.ttyname(self._slave)
            if self._link is not None:
                self._link.unlink(missing_ok=True)
                self._link.symlink_to(self._pts)
        self._wake()

    def unplug(self) -> None:
        """Take the line away under the driver's feet."""
        with self._lock:
            if self._master < 0:
                return
            if self._link is not None:
                self._link.unlink(missing_ok=True)
            os.close(self._master)
            os.close(self._slave)
            self._master = self._slave = -1
            self._due.clear()
            self.chip.brown_out()
        self._wake()

    def place(self, card: RfCard) -> None:
        """Put a card on the reader."""
        with self._lock:
            self.chip.field.place(card)
            self._schedule(self.chip.field_changed())
        self._wake()

    def remove(self, card: RfCard) -> None:
        """Take a card off the reader."""
        with self._lock:
            self.chip.field.remove(card)

    def close(self) -> None:
        """End the thread and the line."""
        self._running = False
        self._wake()
        self._thread.join(timeout=5)
        self.unplug()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _wake(self) -> None:
        os.write(self._wake_write, b".")

    def _serve(self) -> None:
        while self._running:
            with self._lock:
                wait_s = max(0.0, self._due[0][0] - time.monotonic()) if self._due else None
                master = self._master
            watched = [self._wake_read] if master < 0 else [self._wake_read, master]
            readable, _, _ = select.select(watched, [], [], wait_s)
            if self._wake_read in readable:
                os.read(self._wake_read, READ_SIZE)
            with self._lock:  # since select, this line may have become another of the same number
                if self._waiting():
                    self._hear()
                self._send_due()

    def _waiting(self) -> bool:
        return self._master >= 0 and bool(select.select([self._master], [], [], 0)[0])

    def _hear(self) -> None:
        try:
            data = os.read(self._master, READ_SIZE)
        except OSError:  # nobody has opened the other end for a moment
            return
        if data:
            self._due.clear()
            self._schedule(self.chip.hear(data, self._line_baud()))

    def _line_baud(self) -> int:
        """The speed the host has set on its end."""
        return _SPEEDS.get(termios.tcgetattr(self._slave)[5], 0)

    def _schedule(self, sendings: tuple[Sending, ...]) -> None:
        now = time.monotonic()
        self._due.extend((now + sending.after_s, sending.data) for sending in sendings)

    def _send_due(self) -> None:
        while self._due and self._due[0][0] <= time.monotonic():
            data = self._due.pop(0)[1]
            if self._master >= 0:
                os.write(self._master, data)
