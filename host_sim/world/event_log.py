"""What happened in a simulated device, as JSON lines that a test or a person can wait for."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

LogLine = dict[str, object]
MAX_LOG_LINES: Final = 20_000


class EventLog:
    """Lines in the order they happened, kept in memory and written to ``path``.

    ``say`` is called with every line, in the thread in which it happened.
    """

    def __init__(self, path: Path, say: Callable[[LogLine], None] | None = None) -> None:
        self.path = path
        self._say = say
        self._lines: deque[LogLine] = deque(maxlen=MAX_LOG_LINES)
        self._changed = threading.Condition()

    def lines(self) -> tuple[LogLine, ...]:
        """What happened so far."""
        with self._changed:
            return tuple(self._lines)

    def note(self, **what: object) -> None:
        """Add a line; ``at_ms`` is the monotonic time, in milliseconds to the microsecond."""
        line: LogLine = {"at_ms": round(time.monotonic() * 1000, 3), **what}
        with self._changed:
            self._lines.append(line)
            with self.path.open("a", encoding="utf-8") as log:
                log.write(json.dumps(line) + "\n")
            self._changed.notify_all()
        if self._say is not None:
            self._say(line)

    def wait_for(self, timeout_s: float, since: int, fields: dict[str, object]) -> LogLine:
        """The first line, from line number ``since`` on, that has all these fields.

        Raises:
            TimeoutError: none came in time; says what did.
        """

        def found() -> LogLine | None:
            lines = list(self._lines)[since:]
            return next((line for line in lines if fields.items() <= line.items()), None)

        with self._changed:
            self._changed.wait_for(lambda: found() is not None, timeout_s)
            line = found()
            if line is None:
                raise TimeoutError(f"no {fields} in {timeout_s} s; {list(self._lines)[-5:]}")
            return line
