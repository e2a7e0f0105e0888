"""When the hardware watchdog is fed, and what the panel complains of."""

from __future__ import annotations

from boards.pico_panel.firmware.panel import LONGEST_DRIVE_MS, Panel
from terminal.panel import wire
from terminal.panel.events import KeyPressed, PanelFault
from terminal.panel.messages import FaultCode
from tests.terminal.panel.both_ends import BothEnds, linked


def test_a_relay_that_obeys_is_healthy() -> None:
    both = linked()
    both.pulse(1, pulse_ms=5000)
    for _ in range(2000):
        both.step()
        assert both.panel.healthy(both.now_ms)


def test_a_relay_that_does_not_obey_starves_the_watchdog() -> None:
    panel = Panel(1, 0, False, 0)
    healthy = []
    for now_ms in range(0, 400, 5):
        panel.step(now_ms, 0, False, True, False)  # the pin reads high and nobody drove it
        healthy.append(panel.healthy(now_ms))
    assert healthy[0]
    assert not healthy[-1]


def test_a_relay_driven_longer_than_any_pulse_starves_the_watchdog() -> None:
    panel = Panel(1, 0, False, 0)
    panel._barrier._pulsing, panel._barrier._until_ms = True, 10**9  # a fault in our own logic
    for now_ms in range(0, LONGEST_DRIVE_MS + 100, 5):
        panel.step(now_ms, 0, False, panel.relay, False)
    assert not panel.healthy(now_ms)


def test_an_emergency_may_drive_the_relay_for_ever() -> None:
    panel = Panel(1, 0, False, 0)
    for now_ms in range(0, 60_000, 5):
        panel.step(now_ms, 0, True, panel.relay, False)
        assert panel.healthy(now_ms)
    assert panel.relay


def test_a_slow_loop_is_told_once_in_a_while() -> None:
    both = linked()
    for _ in range(5):
        both.now_ms += 300
        both.run(20)
    assert both.events.count(PanelFault(FaultCode.SLOW_LOOP, 30)) == 1


def test_an_unknown_command_and_a_wrong_one_are_told_and_acknowledged() -> None:
    both = linked()
    assert both.session is not None
    both.session._link.queue(0x1F, b"")
    both.session._link.queue(wire.SHOW, bytes([wire.LIGHT_NO_TERMINAL, 0, 0, 0]))
    both.session._link.queue(wire.CUE, bytes([wire.CUE_KEY]))
    both.session._link.queue(wire.PULSE, b"short")
    both.run(500)
    assert both.events == [
        PanelFault(FaultCode.UNKNOWN_COMMAND, 0x1F),
        PanelFault(FaultCode.BAD_COMMAND, wire.SHOW),
        PanelFault(FaultCode.BAD_COMMAND, wire.CUE),
        PanelFault(FaultCode.BAD_COMMAND, wire.PULSE),
    ]
    assert both.rises == 0


def test_keys_that_find_no_room_are_counted() -> None:
    both = linked()
    both.cable = lambda _number, _frame: []
    for _ in range(12):
        both.keys_down = 1
        both.run(40)
        both.keys_down = 0
        both.run(40)
    both.cable = lambda _number, frame: [frame]
    both.run(900)
    keys = both.events.count(KeyPressed("1"))
    lost = sum(e.detail for e in both.events if isinstance(e, PanelFault))
    assert keys + lost in {0, 12}  # 0: the link fell meanwhile, and its keys with it


def test_no_key_is_told_to_nobody() -> None:
    both = BothEnds()
    both.session = None
    both.keys_down = 1
    both.run(200)
    assert both.panel.tone_hz == 0
