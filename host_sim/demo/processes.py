"""Child processes that speak in JSON lines: start, expect, end by pid."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from terminal.errors import KumquatError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

END_TIMEOUT_S: Final = 10.0
LOG_TAIL_LINES: Final = 15

Event = dict[str, Any]


class StageFailed(KumquatError):
    """Something on the stage did not happen; the message ends with the process's own last words."""

    exit_code = 1


class Actor:
    """One child process: events from its standard output, the rest in ``log``."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str],
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.name = name
        self._log = log
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._seen: list[Event] = []
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=dict(env),
                pass_fds=pass_fds,
                text=True,
            )
        self._reader = threading.Thread(target=self._read, name=f"read {name}", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    @property
    def seen(self) -> tuple[Event, ...]:
        """Every event taken so far."""
        return tuple(self._seen)

    def tell(self, line: str) -> None:
        """One line to the child's standard input."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def expect(self, *names: str, timeout_s: float = 20.0, **fields: object) -> Event:
        """The next event with one of these names and these fields; others are let pass.

        Raises:
            StageFailed: it did not come in time, or the process ended first.
        """
        ends = time.monotonic() + timeout_s
        while (left_s := ends - time.monotonic()) > 0:
            try:
                event = self._events.get(timeout=left_s)
            except queue.Empty:
                break
            if event is None:
                raise StageFailed(f"{self.name} ended while waiting for {names}: {self._tail()}")
            self._seen.append(event)
            if event.get("event") in names and fields.items() <= event.items():
                return event
        raise StageFailed(f"{self.name}: no {' or '.join(names)} {fields or ''}: {self._tail()}")

    def drain(self) -> list[Event]:
        """Events that have come and were not taken yet."""
        drained: list[Event] = []
        while not self._events.empty():
            event = self._events.get()
            if event is not None:
                drained.append(event)
        self._seen += drained
        return drained

    def kill(self) -> None:
        """SIGKILL: no goodbye, as when the power goes."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(END_TIMEOUT_S)
        self._hang_up()

    def end(self) -> int:
        """SIGTERM, then SIGKILL for one that will not; returns the exit code."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(END_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.kill()
        self._hang_up()
        return self._process.returncode

    def _hang_up(self) -> None:
        """Close what this end holds of the child's pipes; the reader closes its own."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # a line that the child never read
            self._process.stdin.close()
        self._reader.join(END_TIMEOUT_S)

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                try:
                    event = json.loads(line)
                except ValueError:
                    continue
                if isinstance(event, dict):
                    self._events.put({"event": event.get("what"), **event})
        self._events.put(None)

    def _tail(self) -> str:
        lines = [json.dumps(event) for event in self._seen]
        lines += self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n  ".join(["its last words:", *lines[-LOG_TAIL_LINES:]])


def run(
    arguments: Sequence[str], *, env: Mapping[str, str], timeout_s: float = 60.0, ok: bool = True
) -> list[Event]:
    """Run a command of ours to its end; the JSON values it printed.

    Raises:
        StageFailed: it failed though ``ok`` was expected, or took too long.
    """
    try:
        done = subprocess.run(
            [sys.executable, *arguments],
            env=dict(env),
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise StageFailed(f"{' '.join(arguments[:4])} took over {timeout_s} s") from error
    if ok and done.returncode != 0:
        words = (done.stderr or done.stdout).strip().splitlines()[-LOG_TAIL_LINES:]
        raise StageFailed(
            f"{' '.join(arguments)} ended with {done.returncode}:\n" + "\n".join(words)
        )
    events = []
    for line in done.stdout.splitlines():
        value = json.loads(line)
        events += value if isinstance(value, list) else [value]
    return [*events, {"event": "exit", "code": done.returncode}]
