"""The wire brings the panel's bytes, and comes back when the cable does."""

from __future__ import annotations

from terminal.runtime.inbox import DeviceState, PanelData, PanelGone
from terminal.runtime.wire import DEVICE, Wire
from tests.terminal.runtime.ports_rig import Cable, Inbox, each_in_turn, gone, started

WORKS = DeviceState(DEVICE, None)
FAILED = DeviceState(DEVICE, str(gone("panel")))


def test_bytes_go_both_ways() -> None:
    inbox, cable = Inbox(), Cable()
    with started(wire := Wire(lambda: cable, inbox.post)):
        assert inbox.next(DeviceState) == WORKS
        cable.arrive(b"hello")
        assert inbox.next(PanelData) == PanelData(b"hello")
        wire.write(b"show")
        wire.write(b"")
    assert cable.written == b"show"
    assert cable.is_closed


def test_a_cut_cable_is_said_and_opened_again() -> None:
    inbox, cut, good = Inbox(), Cable(), Cable()
    with started(Wire(each_in_turn(cut, gone("panel"), good), inbox.post, pause_s=0.001)):
        assert inbox.next(DeviceState) == WORKS
        cut.break_it()
        for _ in range(2):
            inbox.next(PanelGone)
            assert inbox.next(DeviceState) == FAILED
        assert inbox.next(DeviceState) == WORKS
        good.arrive(b"back")
        assert inbox.next(PanelData) == PanelData(b"back")
    assert cut.is_closed


def test_writing_into_a_broken_or_missing_line_loses_the_bytes_and_nothing_else() -> None:
    inbox, cable = Inbox(), Cable()
    wire = Wire(lambda: cable, inbox.post, pause_s=0.001)
    wire.write(b"nobody")
    with started(wire):
        assert inbox.next(DeviceState) == WORKS
        cable.break_it()
        wire.write(b"lost")
        wire.write(b"lost too")
        inbox.wait_for(FAILED)
    assert cable.written == b""
