"""The terminal's session and the panel's firmware joined by a cable, in a time of our own."""

from __future__ import annotations

from collections.abc import Callable

from boards.pico_panel.firmware import lights
from boards.pico_panel.firmware.panel import Panel
from terminal.panel.events import BarrierConfirmed, BarrierUnconfirmed, PanelEvent
from terminal.panel.messages import Cue, Light
from terminal.panel.session import PanelSession
from terminal.panel.states import LinkState

STEP_MS = 5
TO_PANEL, TO_TERMINAL = 0, 1
Cable = Callable[[int, bytes], list[bytes]]
"""(number of the frame since the start, frame) to what arrives of it."""


def sound(_number: int, frame: bytes) -> list[bytes]:
    """A cable without a fault."""
    return [frame]


def frames_of(data: bytes) -> list[bytes]:
    """What was written, cut into its frames."""
    return [b"\x00" + piece + b"\x00" for piece in data.split(b"\x00") if piece]


class BothEnds:
    """Steps both ends every 5 ms; a frame takes one step to arrive."""

    def __init__(self, cable: Cable = sound, *, has_sense: bool = True) -> None:
        self.now_ms = 100
        self.cable = cable
        self.has_sense = has_sense
        self.session: PanelSession | None = PanelSession(7, self.now_ms)
        self.panel = self.new_panel(1)
        self.events: list[PanelEvent] = []
        self.keys_down = 0
        self.emergency = False
        self.relay_breaks = False
        self.driven = False
        self.rises = 0
        self.frames = 0
        self.accepted_until_ms = 0
        self.lit: list[int] = []
        self.delay_ms = 0
        """How much longer the terminal's frames take just now; they never overtake each other."""
        self._on_the_way: list[tuple[int, int, bytes]] = []

    def new_panel(self, boot: int) -> Panel:
        """A panel as after a reset."""
        return Panel(boot, 0, self.has_sense, self.now_ms)

    @property
    def linked(self) -> bool:
        """Whether both ends think so."""
        session = self.session
        return session is not None and session.state is LinkState.LINKED and self.panel.linked

    def run(self, length_ms: int) -> None:
        """Let this much time pass."""
        for _ in range(length_ms // STEP_MS):
            self.step()

    def run_until(self, done: Callable[[], bool], limit_ms: int = 5000) -> int:
        """Let time pass until ``done``; gives how long that took."""
        start_ms = self.now_ms
        while not done():
            assert self.now_ms - start_ms < limit_ms, f"not in {limit_ms} ms; {self.events}"
            self.step()
        return self.now_ms - start_ms

    def accept(self, hold_ms: int = 1000) -> None:
        """The terminal commands the accepted light."""
        assert self.session is not None
        self.session.show(Light.ACCEPTED, Cue.ACCEPTED, hold_ms)
        self.accepted_until_ms = self.now_ms + 1000 + hold_ms

    def pulse(self, job: int, pulse_ms: int = 100) -> None:
        """The terminal opens the barrier."""
        assert self.session is not None
        self.session.pulse_barrier(job, self.now_ms, pulse_ms)

    def step(self) -> None:
        """One turn of both ends."""
        self.now_ms += STEP_MS
        arriving = [frame for frame in self._on_the_way if frame[0] <= self.now_ms]
        self._on_the_way = [frame for frame in self._on_the_way if frame[0] > self.now_ms]
        for _, direction, data in arriving:
            if direction == TO_PANEL:
                self.panel.receive(data, self.now_ms)
            elif self.session is not None:
                self.events += self.session.receive(data, self.now_ms)
        self._step_panel()
        if self.session is not None:
            self.events += self.session.advance(self.now_ms)
            self._send(TO_PANEL, self.session.data_to_send())
        self._send(TO_TERMINAL, self.panel.data_to_send())

    def _step_panel(self) -> None:
        sensed = self.has_sense and self.driven and not self.relay_breaks
        self.panel.step(self.now_ms, self.keys_down, self.emergency, self.driven, sensed)
        self.rises += self.panel.relay and not self.driven
        self.driven = self.panel.relay
        self.lit.append(self.panel.lit)
        if self.panel.lit & lights.ACCEPTED:
            assert self.now_ms <= self.accepted_until_ms, "accepted light without a command"
            assert self.panel.linked

    def _send(self, direction: int, data: bytes) -> None:
        for frame in frames_of(data):
            for arrived in self.cable(self.frames, frame):
                arrival_ms = self.now_ms + (self.delay_ms if direction == TO_PANEL else 0)
                self._on_the_way.append((arrival_ms, direction, arrived))
            self.frames += 1


def linked() -> BothEnds:
    """Both ends, linked over a sound cable, with no events yet."""
    both = BothEnds()
    both.run_until(lambda: both.linked)
    both.events.clear()
    return both


def outcomes(both: BothEnds) -> list[BarrierConfirmed | BarrierUnconfirmed]:
    """What became of the pulses, in order."""
    return [e for e in both.events if isinstance(e, BarrierConfirmed | BarrierUnconfirmed)]
