"""The thread that waits on the front panel's serial line, and opens it again when it comes back."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from terminal.errors import DeviceError
from terminal.runtime.inbox import DeviceState, PanelData, PanelGone
from terminal.runtime.watched import watched

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.ports import SerialLink
    from terminal.runtime.inbox import Post

READ_TIMEOUT_S: Final = 0.1
PAUSE_S: Final = 1.0
DEVICE: Final = "panel"


class Wire:
    """Reads on its own thread; ``write`` is for the loop's thread and never blocks on a fault."""

    def __init__(
        self, open_link: Callable[[], SerialLink], post: Post, pause_s: float = PAUSE_S
    ) -> None:
        self._pause_s = pause_s
        self._open_link = open_link
        self._post = post
        self._link: SerialLink | None = None
        self._stopping = threading.Event()
        work = watched(DEVICE, self._run, post)
        self._thread = threading.Thread(target=work, name="wire", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Close the line and return."""
        self._stopping.set()
        self._thread.join(timeout=5.0)

    def write(self, data: bytes) -> None:
        """Send to the panel; without a line the bytes are lost, as on a cut cable."""
        link = self._link
        if link is None or not data:
            return
        try:
            link.write(data)
        except DeviceError:
            self._link = None  # the reading thread sees the same fault and reports it

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._read()
            except DeviceError as error:
                self._link = None
                self._post(PanelGone())
                self._post(DeviceState(DEVICE, str(error)))
                self._stopping.wait(self._pause_s)

    def _read(self) -> None:
        link = self._open_link()
        self._link = link
        self._post(DeviceState(DEVICE, None))
        try:
            while not self._stopping.is_set():
                data = link.read(READ_TIMEOUT_S)
                if data:
                    self._post(PanelData(data))
        finally:
            self._link = None
            link.close()
