"""The panel's firmware in a process of its own, on MicroPython where there is one, behind a pty."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host_sim.world.panel import SimulatedPanel
from host_sim.world.pico.process import find_micropython
from terminal.devices.serial import PySerialLink
from terminal.errors import DeviceError
from terminal.panel.events import (
    BarrierConfirmed,
    BarrierUnconfirmed,
    EmergencyChanged,
    KeyPressed,
    LinkLost,
    LinkUp,
    PanelEvent,
    Unconfirmed,
)
from terminal.panel.messages import Cue, Light, PulseResult, ResetCause
from terminal.panel.session import PanelSession

pytestmark = pytest.mark.end_to_end

RELAY_LATENCY_MS = 100


class Terminal:
    """The terminal's side as the runtime drives it: one session on one real serial device."""

    def __init__(self, panel: SimulatedPanel) -> None:
        self.panel = panel
        self.session = PanelSession(time.monotonic_ns() % 60_000, self.now_ms)
        self.link: PySerialLink | None = None
        self.events: list[PanelEvent] = []

    @property
    def now_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000

    def turn(self) -> None:
        try:
            if self.link is None:
                self.link = PySerialLink(self.panel.path)
            self.events += self.session.advance(self.now_ms)
            self.link.write(self.session.data_to_send())
            self.events += self.session.receive(self.link.read(0.01), self.now_ms)
            self.link.write(self.session.data_to_send())
        except DeviceError:
            if self.link is not None:
                self.link.close()
            self.link = None
            self.events += self.session.device_gone(self.now_ms)
            time.sleep(0.02)

    def until(
        self, kind: type[PanelEvent] | Callable[[PanelEvent], bool], limit_s: float = 8.0
    ) -> PanelEvent:
        deadline, passed = time.monotonic() + limit_s, []
        while time.monotonic() < deadline:
            self.turn()
            while self.events:
                event = self.events.pop(0)
                if isinstance(event, kind) if isinstance(kind, type) else kind(event):
                    return event
                passed.append(event)
        raise TimeoutError(f"no {kind}; {passed}; {self.session.fault}; {self.panel.errors()}")

    def idle(self, length_s: float) -> None:
        end = time.monotonic() + length_s
        while time.monotonic() < end:
            self.turn()


@pytest.fixture(params=["MicroPython", "CPython"])
def panel(request: pytest.FixtureRequest) -> Iterator[SimulatedPanel]:
    if request.param == "MicroPython" and find_micropython() is None:
        pytest.skip("no MicroPython is installed for this machine")
    with SimulatedPanel(cpython=request.param == "CPython") as running:
        assert running.runs_on.startswith(request.param)
        yield running
        assert running.errors() == ""


@pytest.fixture
def terminal(panel: SimulatedPanel) -> Iterator[Terminal]:
    made = Terminal(panel)
    made.until(LinkUp)
    yield made
    if made.link is not None:
        made.link.close()


def test_a_sale_opens_the_barrier_once_and_lights_the_way(
    panel: SimulatedPanel, terminal: Terminal
) -> None:
    terminal.session.show(Light.READING, Cue.READING)
    terminal.turn()
    panel.wait_for(what="buzzer", tone_hz=2000)
    before = len(panel.log)
    terminal.session.pulse_barrier(41, terminal.now_ms, pulse_ms=200)
    terminal.session.show(Light.ACCEPTED, Cue.ACCEPTED, hold_ms=400)
    event = terminal.until(BarrierConfirmed)
    assert isinstance(event, BarrierConfirmed)
    assert (event.job, event.evidence) == (41, PulseResult.SENSED)
    terminal.idle(0.8)
    log = [{k: v for k, v in line.items() if k != "at_ms"} for line in panel.log[before:]]
    relay = [line["on"] for line in log if line["what"] == "relay"]
    accepted = [line["on"] for line in log if line.get("name") == "accepted"]
    assert relay == accepted == [True, False]
    assert [t for t in (1319, 1760) if {"what": "buzzer", "tone_hz": t} in log] == [1319, 1760]


def test_the_relay_follows_the_command_within_its_limit(
    panel: SimulatedPanel, terminal: Terminal
) -> None:
    took_ms = []
    for job in range(15):
        before, start_ms = len(panel.log), time.monotonic() * 1000
        terminal.session.pulse_barrier(job, terminal.now_ms, pulse_ms=50)
        terminal.until(BarrierConfirmed)
        at_ms = panel.wait_for(since=before, what="relay", on=True)["at_ms"]
        assert isinstance(at_ms, float)
        took_ms.append(at_ms - start_ms)
        while terminal.panel.is_relay_on():
            terminal.turn()
    print(f"relay after {statistics.median(took_ms):.1f} ms, at most {max(took_ms):.1f} ms")
    assert statistics.median(took_ms) < RELAY_LATENCY_MS


def test_keys_arrive_in_order(panel: SimulatedPanel, terminal: Terminal) -> None:
    for character in "159D#":
        panel.hold_key(character)
        assert terminal.until(KeyPressed) == KeyPressed(character)
        panel.let_key(character)
        terminal.idle(0.06)


def test_the_emergency_input_opens_with_no_terminal_there(panel: SimulatedPanel) -> None:
    panel.emergency(on=True)
    panel.wait_for(what="relay", on=True)
    panel.emergency(on=False)
    panel.wait_for(what="relay", on=False)


def test_the_terminal_hears_of_the_emergency(panel: SimulatedPanel, terminal: Terminal) -> None:
    panel.emergency(on=True)
    assert terminal.until(EmergencyChanged) == EmergencyChanged(active=True)
    panel.emergency(on=False)
    assert terminal.until(EmergencyChanged) == EmergencyChanged(active=False)


def test_a_terminal_that_dies_leaves_the_barrier_closed_and_the_light_off(
    panel: SimulatedPanel, terminal: Terminal
) -> None:
    before = len(panel.log)
    terminal.session.pulse_barrier(1, terminal.now_ms, pulse_ms=5000)
    terminal.session.show(Light.ACCEPTED, hold_ms=9000)
    terminal.until(BarrierConfirmed)
    terminal.idle(0.2)
    opened = panel.wait_for(since=before, what="relay", on=True)["at_ms"]
    panel.wait_for(since=before, what="led", name="accepted", on=True)
    closed = panel.wait_for(since=before, what="relay", on=False)["at_ms"]  # nobody turns any more
    panel.wait_for(since=before, what="led", name="accepted", on=False)
    assert isinstance(opened, float)
    assert isinstance(closed, float)
    assert closed - opened < 2500


@pytest.mark.parametrize("fault", ["freeze", "hang"])
def test_a_processor_that_stops_is_reset_by_its_watchdog(
    panel: SimulatedPanel, terminal: Terminal, fault: str
) -> None:
    terminal.session.pulse_barrier(1, terminal.now_ms, pulse_ms=5000)
    terminal.until(BarrierConfirmed)
    getattr(panel, fault)()
    terminal.until(LinkLost)
    found = terminal.until(LinkUp)
    assert isinstance(found, LinkUp)
    assert found.reset_cause is ResetCause.WATCHDOG
    terminal.idle(0.1)
    assert [line["on"] for line in panel.log if line["what"] == "relay"] == [True, False]


def test_a_cable_that_is_pulled_out_and_plugged_in_again(
    panel: SimulatedPanel, terminal: Terminal
) -> None:
    panel.unplug()
    terminal.until(LinkLost)
    terminal.session.pulse_barrier(7, terminal.now_ms)
    assert terminal.until(BarrierUnconfirmed) == BarrierUnconfirmed(7, Unconfirmed.NO_LINK)
    panel.plug()
    terminal.until(LinkUp)
    assert not [line for line in panel.log if line["what"] == "relay"]


def test_a_relay_that_is_broken_is_not_confirmed(panel: SimulatedPanel, terminal: Terminal) -> None:
    panel.break_relay()
    terminal.session.pulse_barrier(7, terminal.now_ms)
    assert terminal.until(BarrierUnconfirmed) == BarrierUnconfirmed(7, Unconfirmed.NOT_SENSED)


def test_commands_held_up_on_the_way_are_not_obeyed_late(
    panel: SimulatedPanel, terminal: Terminal
) -> None:
    panel.line.hold()
    terminal.session.pulse_barrier(7, terminal.now_ms)
    terminal.session.show(Light.ACCEPTED, hold_ms=5000)
    terminal.until(BarrierUnconfirmed)
    terminal.idle(0.8)
    panel.let_go()
    terminal.until(LinkUp)
    terminal.idle(0.3)
    assert not [line for line in panel.log if line["what"] == "relay"]
    assert not [line for line in panel.log if line.get("name") == "accepted"]


def test_noise_on_the_line_costs_time_and_nothing_else(
    panel: SimulatedPanel, terminal: Terminal
) -> None:
    panel.line.noise_rate = 0.01
    confirmed = 0
    for job in range(10):
        terminal.session.pulse_barrier(job, terminal.now_ms, pulse_ms=50)
        outcome = terminal.until(lambda e: isinstance(e, BarrierConfirmed | BarrierUnconfirmed))
        confirmed += isinstance(outcome, BarrierConfirmed)
        terminal.idle(0.1)
    opened = [line for line in panel.log if line["what"] == "relay" and line["on"]]
    assert confirmed <= len(opened) <= 10
    panel.line.noise_rate = 0.0
    terminal.idle(1.5)
    terminal.session.pulse_barrier(99, terminal.now_ms, pulse_ms=50)
    terminal.until(BarrierConfirmed)


def test_two_keys_at_power_up_leave_it_to_the_person_who_services_it(
    panel: SimulatedPanel, terminal: Terminal
) -> None:
    panel.hold_key("*")
    panel.hold_key("#")
    terminal.idle(0.1)
    panel.reset()
    terminal.until(LinkLost)
    terminal.idle(3.0)
    assert terminal.session.fault is not None
    assert [line["cause"] for line in panel.log if line["what"] == "reset"] == ["power"] * 2
    panel.let_key("*")
    panel.let_key("#")
    panel.reset()
    terminal.until(LinkUp)


def test_people_can_run_it_from_a_shell() -> None:
    process = subprocess.run(
        [sys.executable, "-m", "host_sim.world.panel"],
        input="press 5\nnonsense\nquit\n",
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
        cwd=Path(__file__).parents[2],
    )
    assert '"what": "simulated panel"' in process.stdout
    assert '"what": "key", "character": "5", "down": true' in process.stdout
    assert '"what": "not understood"' in process.stdout
