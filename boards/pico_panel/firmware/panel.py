"""The panel's whole logic: bytes, contacts and time in; relay, lights, tone and bytes out. Pure.

Invariants: the emergency input opens the barrier, terminal or not; without it a lost terminal
leaves the relay off and the no-terminal light on; the accepted light is lit by a fresh command of
the linked terminal alone, and for ten seconds at most.
"""

from boards.pico_panel.firmware.barrier import Barrier
from boards.pico_panel.firmware.buzzer import Buzzer
from boards.pico_panel.firmware.inputs import (
    EMERGENCY_OFF_MS,
    EMERGENCY_ON_MS,
    Contact,
    Keypad,
)
from boards.pico_panel.firmware.lights import Lights
from boards.pico_panel.firmware.uplink import Uplink
from terminal.panel import wire

MAX_KEYS_QUEUED = 8
"""Keys waiting beyond these are dropped and counted, so that results always find room."""
SLOW_LOOP_MS = 100
SLOW_LOOP_QUIET_MS = 10000
RELAY_WRONG_MS = 100
LONGEST_DRIVE_MS = wire.MAX_PULSE_MS + 500


class Panel:
    """One front panel from power-up to power-down."""

    def __init__(self, boot: int, reset_cause: int, has_sense: bool, now_ms: int) -> None:
        features = wire.FEATURE_KEYPAD | (wire.FEATURE_SENSE if has_sense else 0)
        self.lit = 0
        self.tone_hz = 0
        self._uplink = Uplink(boot, reset_cause, features, now_ms)
        self._barrier = Barrier(has_sense)
        self._lights = Lights()
        self._buzzer = Buzzer()
        self._keypad = Keypad()
        self._emergency = Contact(EMERGENCY_ON_MS, EMERGENCY_OFF_MS)
        self._stepped_ms = now_ms
        self._slow_quiet_until_ms = now_ms
        self._relay_right_ms = now_ms
        self._relay_free_ms = now_ms
        self._keys_lost = 0
        self._sensed = False

    @property
    def relay(self) -> bool:
        """Whether the relay is to be driven."""
        return self._barrier.is_open

    @property
    def light(self) -> int:
        """The light shown, one of wire's LIGHT numbers."""
        return self._lights.shown

    @property
    def linked(self) -> bool:
        """Whether a terminal is there."""
        return self._uplink.linked

    def receive(self, data: bytes, now_ms: int) -> None:
        """Bytes from the terminal, in any pieces."""
        for kind, payload in self._uplink.receive(data, now_ms):
            self._obey(kind, payload, now_ms)

    def step(self, now_ms: int, keys: int, emergency: bool, driven: bool, sensed: bool) -> None:
        """One turn of the loop: contacts in, then read ``relay``, ``lit``, ``tone_hz``.

        ``keys`` has one bit a key, ``emergency`` is the raw input, ``driven`` the relay's pin read
        back, ``sensed`` the relay's second contact.
        """
        self._sensed = sensed
        if self._emergency.step(emergency, now_ms):
            self._uplink.report(wire.EMERGENCY, int(self._emergency.is_on))
        self._watch_relay(driven, now_ms)
        self._report_pulse(self._barrier.step(now_ms, self._emergency.is_on, driven, sensed))
        self._press(self._keypad.step(keys, now_ms), now_ms)
        self._watch_loop(now_ms)
        if self._uplink.advance(now_ms, self._flags(), self._lights.shown):
            self._forget(now_ms)
            self._barrier.step(now_ms, self._emergency.is_on, driven, sensed)
        self.lit = self._lights.step(now_ms, self._uplink.linked, self._emergency.is_on)
        self.tone_hz = self._buzzer.step(now_ms)

    def data_to_send(self) -> bytes:
        """The bytes to write now, each once."""
        return self._uplink.data_to_send()

    def healthy(self, now_ms: int) -> bool:
        """Whether the watchdog may be fed: the relay obeys, and is driven no longer than it may."""
        return (
            now_ms - self._relay_right_ms < RELAY_WRONG_MS
            and now_ms - self._relay_free_ms < LONGEST_DRIVE_MS
        )

    def _obey(self, kind: int, payload: bytes, now_ms: int) -> None:
        values = wire.fields(kind, payload)
        if kind in (wire.CALL, wire.WELCOME):
            self._forget(now_ms)
        elif kind not in (wire.SHOW, wire.CUE, wire.PULSE):
            self._uplink.report(wire.FAULT, wire.FAULT_UNKNOWN_COMMAND, kind)
        elif values is None or not self._carry_out(kind, values, now_ms):
            self._uplink.report(wire.FAULT, wire.FAULT_BAD_COMMAND, kind)

    def _carry_out(self, kind: int, values: tuple[int, ...], now_ms: int) -> bool:
        if kind == wire.PULSE:
            emergency = self._emergency.is_on
            self._report_pulse(
                self._barrier.command(values[0], values[1], now_ms, emergency, self._sensed)
            )
            return True
        cue = values[1] if kind == wire.SHOW else values[0]
        if cue >= wire.COMMANDED_CUES or (kind == wire.SHOW and values[0] >= wire.COMMANDED_LIGHTS):
            return False
        if kind == wire.SHOW:
            self._lights.command(values[0], values[2], now_ms)
        self._buzzer.play(cue, now_ms)
        return True

    def _forget(self, now_ms: int) -> None:
        self._lights.forget()
        self._barrier.drop()
        self._buzzer.play(wire.CUE_SILENT, now_ms)

    def _report_pulse(self, answer: "tuple[int, int, int] | None") -> None:
        if answer is not None:
            self._uplink.report(wire.PULSED, answer[0], answer[1], min(answer[2], 0xFFFF))

    def _press(self, keys: list[int], now_ms: int) -> None:
        for key in keys:
            if self._uplink.queued() < MAX_KEYS_QUEUED and self._uplink.report(wire.KEY, key):
                self._buzzer.play(wire.CUE_KEY, now_ms)
            elif self._uplink.linked:
                self._keys_lost += 1
        if self._keys_lost and self._uplink.queued() < MAX_KEYS_QUEUED:
            self._uplink.report(wire.FAULT, wire.FAULT_KEYS_LOST, min(self._keys_lost, 255))
            self._keys_lost = 0

    def _watch_loop(self, now_ms: int) -> None:
        took_ms = now_ms - self._stepped_ms
        self._stepped_ms = now_ms
        if took_ms > SLOW_LOOP_MS and now_ms >= self._slow_quiet_until_ms:
            self._slow_quiet_until_ms = now_ms + SLOW_LOOP_QUIET_MS
            self._uplink.report(wire.FAULT, wire.FAULT_SLOW_LOOP, min(took_ms // 10, 255))

    def _watch_relay(self, driven: bool, now_ms: int) -> None:
        if driven == self._barrier.is_open:
            self._relay_right_ms = now_ms
        if not driven or self._emergency.is_on:
            self._relay_free_ms = now_ms

    def _flags(self) -> int:
        return (
            (wire.FLAG_EMERGENCY if self._emergency.is_on else 0)
            | (wire.FLAG_RELAY if self._barrier.is_open else 0)
            | (wire.FLAG_SENSE if self._sensed else 0)
        )
