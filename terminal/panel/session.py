"""The terminal's end of the panel's line: data in, frozen events out; commands in, data out. Pure.

docs/protocol/panel.md. Time is an argument in milliseconds that never goes back; nothing here reads
a clock or touches a device. ``receive`` and ``advance`` give events, ``data_to_send`` gives bytes,
``wake_ms`` says when to call ``advance`` at the latest.

Invariants: a pulse is never kept for a panel that is not there, and never sent twice under another
number; every ``pulse_barrier`` gets exactly one BarrierConfirmed or BarrierUnconfirmed; no bytes
make ``receive`` raise.
"""

from __future__ import annotations

from typing import Final

from terminal.errors import DecodeError
from terminal.panel import wire
from terminal.panel.events import (
    EmergencyChanged,
    KeyPressed,
    LinkLoss,
    LinkLost,
    LinkUp,
    PanelEvent,
    PanelFault,
    PanelIncompatible,
    ReportUnreadable,
    Unconfirmed,
)
from terminal.panel.frame import FrameReader, encode_frame
from terminal.panel.jobs import BarrierJobs
from terminal.panel.link import Link
from terminal.panel.messages import (
    Cue,
    Emergency,
    Fault,
    Hello,
    Key,
    Light,
    Pulsed,
    Report,
    Status,
    StatusFlag,
    decode_report,
)
from terminal.panel.states import TRANSITIONS, Cause, LinkState

CONFIRM_TIMEOUT_MS: Final = 1000
"""How long a pulse may go without the panel's answer before it counts as unconfirmed."""

MAX_UNSENT_BYTES: Final = 4096


class PanelSession:
    """One panel on one line, through any number of links.

    ``first_link`` is any number 0..65535, best a random one, so that a restarted terminal does not
    begin with the number its predecessor used. ``now_ms`` is the monotonic time of the start.
    Methods are for one thread.
    """

    def __init__(self, first_link: int, now_ms: int) -> None:
        self.state = LinkState.SEEKING
        self.last_status: Status | None = None
        self.damaged_frames = 0
        """Pieces of line noise and damaged frames so far."""
        self._reader = FrameReader()
        self._link = Link()
        self._number = first_link % 0xFFFF
        self._jobs = BarrierJobs()
        self._hello: Hello | None = None
        self._incompatible: int | None = None
        self._emergency = False
        self._standing = Light.IDLE
        self._overloaded = False
        self._stamp = 0
        self._out = bytearray()
        self._heard_ms = now_ms
        self._beat_at_ms = now_ms
        self._emit(wire.CALL, now_ms, wire.payload(wire.CALL, wire.VERSION))

    # Commands

    def show(self, light: Light, cue: Cue = Cue.SILENT, hold_ms: int = 0) -> None:
        """Show this and play that now; without a link nothing is played or kept for later.

        ``hold_ms`` 0..65535: afterwards the light is idle again; 0 keeps it, also over a new link,
        but an accepted or declined light stays for 10 s at most, and on this link alone. A verdict
        belongs after the commit.
        """
        assert light < wire.COMMANDED_LIGHTS
        is_verdict = light in (Light.ACCEPTED, Light.DECLINED)
        self._standing = Light.IDLE if is_verdict or hold_ms else light
        self._command(wire.SHOW, light, cue, hold_ms)

    def play(self, cue: Cue) -> None:
        """Play a cue and leave the lights alone; ignored without a link."""
        self._command(wire.CUE, cue)

    def pulse_barrier(
        self, job: int, now_ms: int, pulse_ms: int = 500, timeout_ms: int = CONFIRM_TIMEOUT_MS
    ) -> None:
        """Open the barrier once. Call it after the commit, never before; returns at once.

        ``job`` 0..2^32-1 names the pulse, best the index of the entry; ``pulse_ms`` 50..5000 or it
        is refused.
        Exactly one BarrierConfirmed or BarrierUnconfirmed of this job follows from ``receive`` or
        ``advance``, at the latest ``timeout_ms`` from now. Without a link it is not kept for later:
        a barrier that opens when nobody expects it lets the wrong car through.
        """
        refused = None
        if not wire.MIN_PULSE_MS <= pulse_ms <= wire.MAX_PULSE_MS:
            refused = Unconfirmed.REFUSED
        elif self.state is not LinkState.LINKED:
            refused = Unconfirmed.NO_LINK
        if self._jobs.start(job, now_ms, timeout_ms, refused):
            self._command(wire.PULSE, job, pulse_ms)

    @property
    def fault(self) -> str | None:
        """One clear line about what is wrong with the panel, or None while it obeys."""
        if self.state is LinkState.LINKED:
            return None
        if self._incompatible is not None:
            return (
                f"front panel: its firmware speaks version {self._incompatible} of the protocol; "
                "install the firmware that came with this release"
            )
        return "front panel: no answer on its line; check its power and its cable"

    # Data and time

    def receive(self, data: bytes, now_ms: int) -> tuple[PanelEvent, ...]:
        """Events that ``data`` brings, in order. Any bytes, in any pieces; never raises."""
        events: list[PanelEvent] = []
        for body in self._reader.receive(data):
            self._hear(body, now_ms, events)
        self.damaged_frames = self._reader.damaged
        events += self.advance(now_ms)
        return tuple(events)

    def advance(self, now_ms: int) -> tuple[PanelEvent, ...]:
        """Events that the time brings. Call it at ``wake_ms`` at the latest, or any time before."""
        events: list[PanelEvent] = []
        if self.state is not LinkState.SEEKING:
            if now_ms - self._heard_ms >= wire.SILENCE_MS:
                self._lose(LinkLoss.SILENCE, now_ms, events)
            elif self._link.exhausted(now_ms):
                self._lose(LinkLoss.UNACKNOWLEDGED, now_ms, events)
            elif self._overloaded:
                self._lose(LinkLoss.OVERLOADED, now_ms, events)
        self._transmit(now_ms)
        events += self._jobs.expire(now_ms)
        return tuple(events)

    def device_gone(self, now_ms: int) -> tuple[PanelEvent, ...]:
        """The line itself broke: forget what was half read or half sent."""
        events: list[PanelEvent] = []
        self._lose(LinkLoss.DEVICE_GONE, now_ms, events)
        self._reader.receive(b"\x00")
        self._out.clear()
        events += self._jobs.expire(now_ms)
        return tuple(events)

    def data_to_send(self) -> bytes:
        """The bytes to write now, each once."""
        data = bytes(self._out)
        self._out.clear()
        return data

    def wake_ms(self) -> int:
        """The time at which ``advance`` next has something to do; earlier when data arrives."""
        times = [self._beat_at_ms, self._jobs.wake_ms(), self._link.wake_ms()]
        return min(time for time in times if time is not None)

    # Inside

    def _command(self, kind: int, *values: int) -> None:
        if self.state is LinkState.LINKED:
            urgent = kind == wire.PULSE
            queued = self._link.queue(kind, wire.payload(kind, *values), urgent)
            self._overloaded = self._overloaded or not queued
            self._begin()

    def _begin(self) -> None:
        begun = self._link.begin()
        if begun is not None:
            seq, command, payload = begun
            self._put(command, payload, seq)

    def _transmit(self, now_ms: int) -> None:
        if self.state is LinkState.LINKED:
            due = self._link.due(now_ms)
            if due is not None:
                seq, kind, payload = due
                self._emit(kind, now_ms, payload, seq)
        if now_ms >= self._beat_at_ms or self._link.ack_owed:
            if self.state is LinkState.SEEKING:
                self._emit(wire.CALL, now_ms, wire.payload(wire.CALL, wire.VERSION))
            else:
                self._emit(wire.HEARTBEAT, now_ms, b"")

    def _emit(self, kind: int, now_ms: int, payload: bytes, seq: int = 0) -> None:
        self._put(kind, payload, seq)
        seeking = self.state is LinkState.SEEKING
        self._beat_at_ms = now_ms + (wire.HELLO_MS if seeking else wire.HEARTBEAT_MS)

    def _put(self, kind: int, payload: bytes, seq: int) -> None:
        number = 0 if self.state is LinkState.SEEKING else self._number
        body = wire.pack(kind, number, seq, self._link.heard, self._stamp, payload)
        if len(self._out) > MAX_UNSENT_BYTES:  # nobody writes: as if the line had lost them
            self._out.clear()
        self._out += encode_frame(body)
        self._link.ack_owed = False

    def _hear(self, body: bytes, now_ms: int, events: list[PanelEvent]) -> None:
        message = wire.unpack(body)
        if message is None:
            events.append(ReportUnreadable("frame", "no message of a panel"))
            return
        kind, number, seq, ack, stamp, payload = message
        if kind == wire.HELLO:
            if payload[:1] != bytes([wire.VERSION]):
                self._refuse(payload, events)
                return
            self._stamp = stamp
        elif self._is_of_this_link(number):
            self._stamp, self._heard_ms = stamp, now_ms
            self._link.acknowledged(ack)
            self._confirm(events)
            if seq and not self._link.take(seq):
                return
        else:
            return
        try:
            self._act(decode_report(kind, payload), now_ms, events)
        except DecodeError as error:
            events.append(ReportUnreadable(error.field, error.problem))

    def _is_of_this_link(self, number: int) -> bool:
        return self.state is not LinkState.SEEKING and number == self._number

    def _greet(self, hello: Hello, now_ms: int, events: list[PanelEvent]) -> None:
        if self.state is LinkState.LINKED:
            same = self._hello is not None and self._hello.boot == hello.boot
            reason = LinkLoss.PANEL_UNLINKED if same else LinkLoss.PANEL_RESTARTED
            self._lose(reason, now_ms, events)
        self._number = self._number % 0xFFFF + 1
        self._link = Link()
        self._hello = hello
        self._heard_ms = now_ms
        self._move(Cause.HELLO)
        self._emit(wire.WELCOME, now_ms, wire.payload(wire.WELCOME, wire.VERSION, hello.boot))

    def _act(self, report: Report, now_ms: int, events: list[PanelEvent]) -> None:
        match report:
            case Hello():
                self._greet(report, now_ms, events)
            case Status():
                self._take_status(report, events)
            case Key(character):
                events.append(KeyPressed(character))
            case Pulsed(job, result):
                events.extend(self._jobs.answered(job, result, now_ms))
            case Emergency(active):
                self._set_emergency(active=active, events=events)
            case Fault(code, detail):
                events.append(PanelFault(code, detail))

    def _confirm(self, events: list[PanelEvent]) -> None:
        if self.state is LinkState.GREETED and self._hello is not None:
            hello = self._hello
            self._incompatible = None
            if self._standing is not Light.IDLE:
                self._link.queue(wire.SHOW, wire.payload(wire.SHOW, self._standing, 0, 0))
            events.append(LinkUp(hello.boot, hello.firmware, hello.reset_cause, hello.features))
        self._move(Cause.HEARD)

    def _take_status(self, status: Status, events: list[PanelEvent]) -> None:
        self.last_status = status
        self._set_emergency(active=StatusFlag.EMERGENCY in status.flags, events=events)

    def _set_emergency(self, *, active: bool, events: list[PanelEvent]) -> None:
        if active is not self._emergency:
            self._emergency = active
            events.append(EmergencyChanged(active))

    def _refuse(self, payload: bytes, events: list[PanelEvent]) -> None:
        version = payload[0] if payload else 0
        if version != self._incompatible:
            self._incompatible = version
            events.append(PanelIncompatible(version))

    def _lose(self, reason: LinkLoss, now_ms: int, events: list[PanelEvent]) -> None:
        if self.state is LinkState.LINKED:
            events.append(LinkLost(reason))
        if self.state is not LinkState.SEEKING:
            self._move(Cause.LOSS)
        self._link = Link()
        self._overloaded = False
        self.last_status = None
        self._beat_at_ms = now_ms
        self._jobs.abandon()

    def _move(self, cause: Cause) -> None:
        self.state = TRANSITIONS[self.state, cause]
