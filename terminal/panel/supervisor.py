"""Keeps the panel's session alive on a serial device that comes and goes.

A panel that fails never blocks or fails a sale: every DeviceError ends here, as one line of fault
text and a LinkLost event, and the device is opened again with a growing pause. The clock and the
opening of the device are arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from terminal.errors import DeviceError
from terminal.panel.events import LinkUp, PanelEvent, PanelIncompatible
from terminal.panel.session import LinkState, PanelSession
from terminal.ports import SerialLink

FIRST_PAUSE_MS: Final = 250
LONGEST_PAUSE_MS: Final = 5000


class PanelSupervisor:
    """One panel behind a device that ``open_device`` opens (and may raise DeviceError).

    ``monotonic_ms`` is the clock of the session, ``first_link`` its first link number. Give
    commands to ``session``, then call ``poll`` so that they are written at once. For one thread.
    """

    def __init__(
        self,
        open_device: Callable[[], SerialLink],
        monotonic_ms: Callable[[], int],
        first_link: int,
    ) -> None:
        self._open_device = open_device
        self._now_ms = monotonic_ms
        self._device: SerialLink | None = None
        self._device_fault: str | None = None
        self._incompatible: int | None = None
        self._pause_ms = FIRST_PAUSE_MS
        self._open_at_ms = monotonic_ms()
        self.session = PanelSession(first_link, monotonic_ms())

    @property
    def fault(self) -> str | None:
        """One clear line about what is wrong with the panel, or None while it obeys."""
        if self._device_fault is not None:
            return self._device_fault
        if self.session.state is LinkState.LINKED:
            return None
        if self._incompatible is not None:
            return (
                f"front panel: its firmware speaks version {self._incompatible} of the protocol; "
                "install the firmware that came with this release"
            )
        return "front panel: no answer on its line; check its power and its cable"

    def poll(self, timeout_s: float = 0.0) -> tuple[PanelEvent, ...]:
        """Read, write and tell; waits at most ``timeout_s`` for the panel, and never raises."""
        events: tuple[PanelEvent, ...] = ()
        try:
            if self._device is None:
                self._open()
            if self._device is not None:
                events = self.session.advance(self._now_ms())
                self._device.write(self.session.data_to_send())
                events += self.session.receive(self._device.read(timeout_s), self._now_ms())
                self._device.write(self.session.data_to_send())
            else:
                events = self.session.advance(self._now_ms())
                self.session.data_to_send()
        except DeviceError as error:
            events += self._close_after(error)
        self._note(events)
        return events

    def wake_ms(self) -> int:
        """The time at which ``poll`` next has something to do without any data."""
        if self._device is None:
            return self._open_at_ms
        return self.session.wake_ms()

    def close(self) -> None:
        """Close the device; the panel notices the silence and goes to its safe state."""
        if self._device is not None:
            self._device.close()
            self._device = None

    def _note(self, events: tuple[PanelEvent, ...]) -> None:
        for event in events:
            if isinstance(event, PanelIncompatible):
                self._incompatible = event.version
            elif isinstance(event, LinkUp):
                self._incompatible = None
                self._pause_ms = FIRST_PAUSE_MS

    def _open(self) -> None:
        now_ms = self._now_ms()
        if now_ms < self._open_at_ms:
            return
        self._open_at_ms = now_ms + self._pause_ms
        self._pause_ms = min(2 * self._pause_ms, LONGEST_PAUSE_MS)
        self._device = self._open_device()
        self._device_fault = None

    def _close_after(self, error: DeviceError) -> tuple[PanelEvent, ...]:
        self._device_fault = str(error)
        self.close()
        return self.session.device_gone(self._now_ms())
