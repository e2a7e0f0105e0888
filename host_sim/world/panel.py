"""The front panel without hardware: its real firmware, behind a pseudo-terminal, with a face.

``SimulatedPanel`` is a context manager; ``python -m host_sim.world.panel`` is the same for people
and other processes: it prints JSON lines and takes commands on standard input. What happens to the
relay, the lights, the buzzer, the keys and the emergency input is a log of JSON lines.
"""

from __future__ import annotations

import json
import select
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from boards.pico_panel.firmware import pins
from host_sim.world.event_log import EventLog, LogLine
from host_sim.world.pico.process import PicoProcess
from host_sim.world.serial_line import SerialLine
from terminal.panel import wire

LEDS: Final = {
    pins.LED_IDLE: "idle",
    pins.LED_WAITING: "waiting",
    pins.LED_ACCEPTED: "accepted",
    pins.LED_DECLINED: "declined",
}
TICK_S: Final = 0.05
WATCHDOG_GRACE_MS: Final = 300
"""The firmware's process may have to wait for a processor, which a Pico never does."""


class SimulatedPanel:
    """A panel that is running. Use it in a ``with`` statement; ``path`` is its serial device.

    ``sensed`` says whether the relay's second contact is wired. ``cpython`` runs the firmware on
    CPython even where a MicroPython exists. ``say`` is called with every line of the log.
    """

    def __init__(
        self,
        *,
        sensed: bool = True,
        cpython: bool = False,
        seed: int = 0,
        say: Callable[[LogLine], None] | None = None,
    ) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="kumquat-panel-"))
        self.line = SerialLine(self._folder / "panel", seed)
        self.log_path = self._folder / "log.jsonl"
        self._log = EventLog(self.log_path, say)
        self._pico = PicoProcess(self._folder / "flash", (pins.RELAY, *LEDS), cpython=cpython)
        self.runs_on = self._pico.runs_on
        self._doing = threading.RLock()
        self._heard = b""
        self._high: set[int] = set()
        self._watchdog_ms = 0
        self._fed_s = 0.0
        self._wires = {f"ground {pins.EMERGENCY}"}
        if sensed:
            self._wires.add(f"contact {pins.RELAY_SENSE} {pins.RELAY}")
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._start("power")
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._pico.close()
        self.line.unplug()
        shutil.rmtree(self._folder)

    @property
    def path(self) -> str:
        """The serial device to open."""
        return str(self.line.path)

    @property
    def log(self) -> tuple[LogLine, ...]:
        """What happened so far; each line has ``at_ms`` (monotonic) and ``what``."""
        return self._log.lines()

    def wait_for(self, timeout_s: float = 5.0, since: int = 0, **fields: object) -> LogLine:
        """The first log line, from line number ``since`` on, that has all these fields.

        Raises:
            TimeoutError: none came in time; says what did.
        """
        return self._log.wait_for(timeout_s, since, fields)

    def is_relay_on(self) -> bool:
        """Whether the barrier's relay is driven now."""
        return pins.RELAY in self._high

    def errors(self) -> str:
        """What the firmware printed: empty while all is well."""
        return self._pico.errors()

    def hold_key(self, character: str) -> None:
        """Put a finger on a key."""
        self._wire(self._key(character))
        self._log.note(what="key", character=character, down=True)

    def let_key(self, character: str) -> None:
        """Take the finger off."""
        self._unwire(self._key(character), self._key(character).replace("join", "part"))
        self._log.note(what="key", character=character, down=False)

    def press(self, character: str, held_s: float = 0.06) -> None:
        """Press a key as a finger does, and wait as long."""
        self.hold_key(character)
        self._ended.wait(held_s)
        self.let_key(character)
        self._ended.wait(held_s)

    def emergency(self, *, on: bool) -> None:
        """Open the emergency contact, or close it again."""
        grounded = f"ground {pins.EMERGENCY}"
        if on:
            self._unwire(grounded, f"release {pins.EMERGENCY}")
        else:
            self._wire(grounded)
        self._log.note(what="emergency", on=on)

    def break_relay(self) -> None:
        """The relay's coil burns out: its second contact does not follow any more."""
        self._unwire(f"contact {pins.RELAY_SENSE} {pins.RELAY}", f"uncontact {pins.RELAY_SENSE}")

    def freeze(self) -> None:
        """Stop the panel's processor; its hardware watchdog resets it after two seconds."""
        self._log.note(what="frozen")
        self._pico.freeze()

    def thaw(self) -> None:
        """Let it run on."""
        self._pico.thaw()

    def hang(self) -> None:
        """Make the firmware's loop stop turning, as a fault in it would."""
        self._pico.tell("hang")

    def reset(self) -> None:
        """Take the power away for a moment."""
        with self._doing:
            self._start("power")

    def let_go(self) -> None:
        """End ``line.hold``: the panel receives all that was kept, at once."""
        with self._doing:
            self._pico.serial.sendall(self.line.let_go())

    def unplug(self) -> None:
        """Pull the serial cable out."""
        with self._doing:
            self.line.unplug()

    def plug(self) -> None:
        """Plug it in again."""
        with self._doing:
            self.line.plug()

    def _key(self, character: str) -> str:
        row, column = divmod(wire.KEYS.index(character.encode()), 4)
        return f"join {pins.KEYPAD_ROWS[row]} {pins.KEYPAD_COLUMNS[column]}"

    def _wire(self, command: str) -> None:
        self._wires.add(command)
        self._pico.tell(command)

    def _unwire(self, command: str, undo: str) -> None:
        self._wires.discard(command)
        self._pico.tell(undo)

    def _start(self, cause: str) -> None:
        self._watchdog_ms = 0
        self._heard = b""
        self._pico.start(by_watchdog=cause == "watchdog")
        for command in sorted(self._wires):
            self._pico.tell(command)
        self._log.note(what="reset", cause=cause, runs_on=self.runs_on)
        for pin in sorted(self._high):  # a reset lets go of every pin
            self._hear({"pin": pin, "value": 0})

    def _run(self) -> None:
        while not self._ended.is_set():
            waited = [self._pico.serial.fileno(), self._pico.control.fileno()]
            number = self.line.fileno()
            if number is not None:
                waited.append(number)
            with suppress(OSError):  # the cable may be pulled out while we wait on it
                select.select(waited, [], [], TICK_S)
            with self._doing:
                self._turn()

    def _turn(self) -> None:
        to_panel = self.line.take()
        try:
            if to_panel:
                self._pico.serial.sendall(to_panel)
            self.line.give(self._pico.serial.recv(4096))
        except BlockingIOError:
            pass  # nothing to read, or a frozen panel's buffer is full: lost, as on a UART
        try:
            self._heard += self._pico.control.recv(65536)
        except BlockingIOError:
            self._watch()
        *lines, self._heard = self._heard.split(b"\n")
        for line in lines:
            self._hear(json.loads(line))

    def _hear(self, said: dict[str, int]) -> None:
        if "fed" in said:
            self._fed_s = time.monotonic()
        elif "watchdog_ms" in said:
            self._watchdog_ms, self._fed_s = said["watchdog_ms"], time.monotonic()
        elif "tone_hz" in said:
            self._log.note(what="buzzer", tone_hz=said["tone_hz"])
        else:
            self._level(said["pin"], on=bool(said["value"]))

    def _level(self, pin: int, *, on: bool) -> None:
        (self._high.add if on else self._high.discard)(pin)
        if pin == pins.RELAY:
            self._log.note(what="relay", on=on)
        else:
            self._log.note(what="led", name=LEDS[pin], on=on)

    def _watch(self) -> None:
        unfed_ms = (time.monotonic() - self._fed_s) * 1000
        if self._watchdog_ms and unfed_ms > self._watchdog_ms + WATCHDOG_GRACE_MS:
            self._start("watchdog")


def _obey(panel: SimulatedPanel, words: list[str]) -> None:
    match words:
        case ["press", character]:
            panel.press(character)
        case ["emergency", ("on" | "off") as state]:
            panel.emergency(on=state == "on")
        case ["drop", count]:
            panel.line.drop(int(count))
        case [("freeze" | "thaw" | "hang" | "reset" | "unplug" | "plug" | "break_relay") as name]:
            getattr(panel, name)()
        case [("cut" | "mend") as name]:
            getattr(panel.line, name)()
        case _:
            raise ValueError(
                "press KEY, emergency on|off, freeze, thaw, hang, reset, unplug, plug, cut, mend, "
                "drop BYTES, break_relay, quit"
            )


def main() -> int:
    """Run a panel until standard input ends or says ``quit``."""

    def show(line: LogLine) -> None:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()

    with SimulatedPanel(say=show) as panel:
        show({"what": "simulated panel", "path": panel.path, "runs_on": panel.runs_on})
        for line in sys.stdin:
            if line.strip() == "quit":
                break
            try:
                _obey(panel, line.split())
            except ValueError as error:
                show({"what": "not understood", "problem": str(error)})
    return 0


if __name__ == "__main__":
    sys.exit(main())
