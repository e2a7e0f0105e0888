"""The thread that listens: microphone to receiver to inbox, for as long as the terminal runs.

A microphone that goes away is reported once, and tried again with a growing pause; nothing else
stops hearing. The receiver starts afresh with a reopened microphone, because samples were lost.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from terminal.acoustic import MODES, FrameReceived, Receiver
from terminal.errors import ConfigError, DeviceError
from terminal.runtime.inbox import DeviceState, Heard
from terminal.runtime.watched import watched
from terminal.sale.view import Carrier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from terminal.ports import SampleSource
    from terminal.runtime.inbox import Post

READ_TIMEOUT_S: Final = 0.2
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 30.0
DEVICE: Final = "microphone"


class Ear:
    """Listens on its own thread. ``open_source`` opens the microphone, again after a fault.

    ``modes`` are those it hears; none means all.

    Raises:
        ConfigError: from the constructor, a mode that does not exist.
    """

    def __init__(
        self,
        open_source: Callable[[], SampleSource],
        post: Post,
        modes: Sequence[str] = (),
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        for mode in modes:
            if mode not in MODES:
                raise ConfigError("audio.listen", f"{mode!r} is none of: {', '.join(MODES)}")
        self._modes = list(modes) or None
        self._open_source = open_source
        self._post = post
        self._first_pause_s = self._pause_s = first_pause_s
        self._stopping = threading.Event()
        work = watched(DEVICE, self._run, post)
        self._thread = threading.Thread(target=work, name="ear", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening; returns when the microphone is closed."""
        self._stopping.set()
        self._thread.join(timeout=5.0)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except DeviceError as error:
                self._post(DeviceState(DEVICE, str(error)))
                self._stopping.wait(self._pause_s)
                self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)

    def _listen(self) -> None:
        source = self._open_source()
        try:
            self._post(DeviceState(DEVICE, None))
            receiver = Receiver(self._modes, sample_rate=source.sample_rate_hz)
            while not self._stopping.is_set():
                block = source.read(READ_TIMEOUT_S)
                if block is None:
                    continue
                self._pause_s = self._first_pause_s  # it hears: its next fault is a new one
                for event in receiver.receive(block):
                    if isinstance(event, FrameReceived):
                        self._post(Heard(event.payload, Carrier.SOUND))
        finally:
            source.close()
