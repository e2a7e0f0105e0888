"""``machine`` as the panel's firmware uses it, on a computer: pins are values, the UART a socket.

Runs on MicroPython's unix port and on CPython alike, so it imports nothing else. Its world is at
the other end of a control socket (file descriptor PICO_CONTROL): one JSON line out for each change
of a watched pin (PICO_WATCHED), a tone or the watchdog; one plain line in for each thing done to
the board: ``ground N`` and ``release N`` (an outside contact to ground), ``join N M`` and
``part N M`` (a key), ``contact N M`` and ``uncontact N`` (N is grounded while M is high), ``hang``.
"""

import json
import os
import select
import time

PWRON_RESET = 1
WDT_RESET = 3
FED_EVERY_MS = 100
MAX_LINE_BYTES = 256


class _Board:
    """The pins and the wires between them."""

    def __init__(self) -> None:
        number = os.getenv("PICO_CONTROL")
        assert number is not None, "start this through host_sim.world.panel"
        self.control = open(int(number), "r+b", buffering=0)  # noqa: PTH123, SIM115 - MicroPython
        self.poll = select.poll()
        self.poll.register(self.control, select.POLLIN)
        self.watched = [int(pin) for pin in (os.getenv("PICO_WATCHED") or "").split(",") if pin]
        self.levels: dict[int, int] = {}
        self.grounded: set[int] = set()
        self.joined: set[tuple[int, int]] = set()
        self.contacts: dict[int, int] = {}
        self.held = b""

    def say(self, **what: object) -> None:
        self.control.write((json.dumps(what) + "\n").encode())

    def listen(self) -> None:
        while self.poll.poll(0):
            data = self.control.read(1)
            if not data:
                raise SystemExit
            if data == b"\n":
                self.obey(self.held.decode().split())
                self.held = b""
            elif len(self.held) < MAX_LINE_BYTES:
                self.held += data

    def obey(self, words: list[str]) -> None:
        pins = [int(word) for word in words[1:]]
        if words[0] == "ground":
            self.grounded.add(pins[0])
        elif words[0] == "release":
            self.grounded.discard(pins[0])
        elif words[0] == "join":
            self.joined.add((pins[0], pins[1]))
        elif words[0] == "part":
            self.joined.discard((pins[0], pins[1]))
        elif words[0] == "contact":
            self.contacts[pins[0]] = pins[1]
        elif words[0] == "uncontact":
            self.contacts.pop(pins[0], None)
        elif words[0] == "hang":
            while True:
                time.sleep(1)

    def input_level(self, number: int, pulled: int) -> int:
        if number in self.grounded:
            return 0
        if number in self.contacts and self.levels.get(self.contacts[number]):
            return 0
        for one, other in self.joined:
            if number == other and self.levels.get(one) == 0:
                return 0
        return pulled


_board = _Board()


class Pin:
    """One pin: an output keeps its value, an input reads the wires."""

    IN = 0
    OUT = 1
    PULL_UP = 1

    def __init__(
        self, number: int, mode: int = -1, pull: int = -1, value: "int | None" = None
    ) -> None:
        self.number = number
        self._mode = mode
        self._pulled = 1 if pull == self.PULL_UP else 0
        if mode == self.OUT:
            self.value(value or 0)

    def value(self, level: "int | None" = None) -> int:
        if self._mode != self.OUT:
            return _board.input_level(self.number, self._pulled)
        if level is not None and _board.levels.get(self.number) != level:
            before = _board.levels.get(self.number)
            _board.levels[self.number] = level
            if before is not None and self.number in _board.watched:
                _board.say(pin=self.number, value=level)
        return _board.levels[self.number]


class PWM:
    """A tone on a pin; said when it begins and ends."""

    def __init__(self, pin: Pin) -> None:
        self._pin = pin
        self._tone_hz = 0

    def freq(self, tone_hz: int) -> None:
        self._tone_hz = tone_hz

    def duty_u16(self, duty: int) -> None:
        _board.say(pin=self._pin.number, tone_hz=self._tone_hz if duty else 0)


class UART:
    """The serial line: a non-blocking socket, file descriptor PICO_SERIAL."""

    def __init__(self, number: int, **_settings: object) -> None:
        assert number == 0
        self._socket = open(int(os.getenv("PICO_SERIAL") or ""), "r+b", buffering=0)  # noqa: PTH123, SIM115 - MicroPython
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)
        _board.listen()

    def any(self) -> int:
        _board.listen()
        return 512 if self._poll.poll(0) else 0

    def read(self, size: int) -> "bytes | None":
        return self._socket.read(size)

    def write(self, data: bytes) -> int:
        return self._socket.write(data) or 0


class WDT:
    """The hardware watchdog: the world outside resets the board when it is not fed."""

    def __init__(self, timeout: int) -> None:
        self._fed_ms = time.ticks_ms()  # type: ignore[attr-defined]  # MicroPython's time
        _board.say(watchdog_ms=timeout)

    def feed(self) -> None:
        now_ms = time.ticks_ms()  # type: ignore[attr-defined]  # MicroPython's time
        if now_ms - self._fed_ms >= FED_EVERY_MS:
            self._fed_ms = now_ms
            _board.say(fed=1)


def reset_cause() -> int:
    return WDT_RESET if os.getenv("PICO_RESET") == "watchdog" else PWRON_RESET
