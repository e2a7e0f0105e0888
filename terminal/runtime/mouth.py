"""The thread that plays: cues, voice and bursts, one after another, never two at once.

Sound never holds up a sale: the queue is bounded and the oldest waiting sound gives way, since the
screen and the panel carry the same message.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from terminal.errors import DeviceError
from terminal.runtime.inbox import DeviceState
from terminal.runtime.watched import watched

if TYPE_CHECKING:
    from terminal.ports import Samples, SampleSink
    from terminal.runtime.inbox import Post

MAX_WAITING: Final = 8
DEVICE: Final = "speaker"

Make = Callable[[], "Samples | None"]


class Mouth:
    """Plays on its own thread. A sound is made there too: rendering a voice takes a while."""

    def __init__(self, open_sink: Callable[[], SampleSink], post: Post) -> None:
        self._open_sink = open_sink
        self._post = post
        self._waiting: queue.Queue[Make | None] = queue.Queue(MAX_WAITING)
        work = watched(DEVICE, self._run, post)
        self._thread = threading.Thread(target=work, name="mouth", daemon=True)

    def start(self) -> None:
        """Begin to play what is asked for."""
        self._thread.start()

    def say(self, make: Make) -> None:
        """Play what ``make`` gives, if anything, in its turn; returns at once."""
        while True:
            try:
                self._waiting.put_nowait(make)
            except queue.Full:
                with suppress(queue.Empty):
                    self._waiting.get_nowait()
            else:
                return

    def stop(self) -> None:
        """Finish the sound that is playing, drop the rest, and return."""
        with suppress(queue.Empty):
            while True:
                self._waiting.get_nowait()
        self._waiting.put(None)
        self._thread.join(timeout=10.0)

    def _run(self) -> None:
        sink: SampleSink | None = None
        while (make := self._waiting.get()) is not None:
            try:
                sink = sink or self._open_sink()
                samples = make()
                if samples is not None:
                    sink.play(samples)
            except DeviceError as error:
                self._post(DeviceState(DEVICE, str(error)))
                if sink is not None:
                    sink.close()  # left open it could not be opened again
                sink = None
            else:
                self._post(DeviceState(DEVICE, None))
        if sink is not None:
            sink.close()
