"""The terminal's end of the line against a panel that the test plays frame by frame."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.panel import wire
from terminal.panel.events import (
    BarrierConfirmed,
    BarrierReportLate,
    BarrierUnconfirmed,
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
from terminal.panel.link import MAX_ATTEMPTS, QUEUE_LENGTH, REPEAT_MS
from terminal.panel.messages import Cue, FaultCode, Light, PulseResult
from terminal.panel.session import PanelSession
from terminal.panel.states import TRANSITIONS, LinkState

HELLO = (wire.VERSION, 77, 1, 0, 0, 0, 3)
STATUS = (0, wire.LIGHT_IDLE, 0, 0)


class PlayedPanel:
    """Hears the session's frames and says what the test wants."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.session = PanelSession(500, 0)
        self.reader = FrameReader()
        self.link = 0
        self.taken = 0
        self.seq = 0
        self.heard: list[tuple[int, bytes]] = []

    def listen(self) -> list[int]:
        """The kinds the session sent since the last call; acknowledges them from now on."""
        kinds = []
        for body in self.reader.receive(self.session.data_to_send()):
            message = wire.unpack(body)
            assert message is not None
            kind, link, seq, _, _, payload = message
            kinds.append(kind)
            self.heard.append((kind, payload))
            if kind == wire.WELCOME:
                self.link, self.taken, self.seq = link, 0, 0
            self.taken = seq or self.taken
        return kinds

    def say(self, kind: int, *values: int, link: int | None = None) -> tuple[PanelEvent, ...]:
        """A message of the panel, numbered when its kind is."""
        if wire.is_acknowledged(kind):
            self.seq = self.seq % 255 + 1
        seq = self.seq if wire.is_acknowledged(kind) else 0
        number = self.link if link is None else link
        payload = wire.payload(kind, *values)
        body = wire.pack(kind, number, seq, self.taken, self.now_ms, payload)
        return self.session.receive(encode_frame(body), self.now_ms)

    def wait(self, length_ms: int) -> tuple[PanelEvent, ...]:
        """Let time pass."""
        self.now_ms += length_ms
        return self.session.advance(self.now_ms)


def linked() -> PlayedPanel:
    panel = PlayedPanel()
    panel.say(wire.HELLO, *HELLO)
    panel.listen()
    assert isinstance(panel.say(wire.STATUS, *STATUS)[0], LinkUp)
    panel.listen()
    return panel


def test_it_calls_until_a_panel_says_hello() -> None:
    panel = PlayedPanel()
    assert panel.listen() == [wire.CALL]
    panel.wait(wire.HELLO_MS - 1)
    assert panel.listen() == []
    panel.wait(1)
    assert panel.listen() == [wire.CALL]


def test_it_welcomes_the_panel_that_said_hello_by_its_boot_number() -> None:
    panel = PlayedPanel()
    panel.listen()
    assert panel.say(wire.HELLO, *HELLO) == ()
    assert panel.listen() == [wire.WELCOME]
    assert panel.heard[-1][1] == wire.payload(wire.WELCOME, wire.VERSION, 77)
    assert panel.link == 501


def test_it_echoes_the_panels_last_time_stamp() -> None:
    panel = linked()
    panel.now_ms = 1234
    panel.say(wire.STATUS, *STATUS)
    panel.wait(wire.HEARTBEAT_MS)
    message = wire.unpack(FrameReader().receive(panel.session.data_to_send())[-1])
    assert message is not None
    assert message[4] == 1234


def test_a_frame_of_another_link_is_not_heard() -> None:
    panel = linked()
    assert panel.say(wire.KEY, ord("1"), link=panel.link + 1) == ()


def test_commands_without_a_panel_are_not_kept() -> None:
    panel = PlayedPanel()
    panel.session.show(Light.ACCEPTED, Cue.ACCEPTED, 1000)
    panel.session.play(Cue.ATTENTION)
    panel.say(wire.HELLO, *HELLO)
    panel.say(wire.STATUS, *STATUS)
    panel.wait(100)
    assert wire.SHOW not in panel.listen()


def test_a_pulse_goes_before_everything_that_waits() -> None:
    panel = linked()
    for command in (panel.session.show, panel.session.show, panel.session.show):
        command(Light.WAITING)
    panel.session.pulse_barrier(1, panel.now_ms)
    assert panel.listen() == [wire.SHOW]
    panel.say(wire.STATUS, *STATUS)
    assert panel.listen() == [wire.PULSE]


def test_a_command_is_on_the_line_without_waiting_for_the_clock() -> None:
    panel = linked()
    panel.session.pulse_barrier(1, panel.now_ms)
    panel.session.show(Light.ACCEPTED)
    assert panel.listen() == [wire.PULSE]


def test_a_standing_light_comes_back_with_the_panel_and_a_verdict_does_not() -> None:
    for light, expected in (
        (Light.WAITING, [wire.SHOW]),
        (Light.STOPPED, [wire.SHOW]),
        (Light.ACCEPTED, []),
        (Light.DECLINED, []),
    ):
        panel = linked()
        panel.session.show(light)
        panel.wait(wire.SILENCE_MS)
        panel.listen()
        panel.say(wire.HELLO, *HELLO)
        panel.listen()
        panel.say(wire.STATUS, *STATUS)
        assert [kind for kind in panel.listen() if kind == wire.SHOW] == expected


@pytest.mark.parametrize("pulse_ms", [0, 49, 5001, 10**6])
def test_a_pulse_of_a_length_the_panel_would_refuse_is_not_sent(pulse_ms: int) -> None:
    panel = linked()
    panel.session.pulse_barrier(3, panel.now_ms, pulse_ms)
    assert wire.PULSE not in panel.listen()
    assert panel.wait(0) == (BarrierUnconfirmed(3, Unconfirmed.REFUSED),)


def test_an_unacknowledged_command_loses_the_link_and_its_pulse() -> None:
    panel = linked()
    panel.session.pulse_barrier(9, panel.now_ms, timeout_ms=5000)
    events: tuple[PanelEvent, ...] = ()
    for _ in range(MAX_ATTEMPTS + 1):
        events += panel.say(wire.STATUS, *STATUS)  # alive, but it never takes the pulse
        events += panel.wait(REPEAT_MS)
    assert events == (
        LinkLost(LinkLoss.UNACKNOWLEDGED),
        BarrierUnconfirmed(9, Unconfirmed.LINK_LOST),
    )


def test_a_panel_that_restarts_leaves_its_pulse_unconfirmed_at_once() -> None:
    panel = linked()
    panel.session.pulse_barrier(9, panel.now_ms)
    panel.wait(0)
    events = panel.say(wire.HELLO, wire.VERSION, 78, 1, 0, 0, 1, 3)
    assert events == (
        LinkLost(LinkLoss.PANEL_RESTARTED),
        BarrierUnconfirmed(9, Unconfirmed.LINK_LOST),
    )


def test_a_panel_that_lost_the_terminal_says_so_by_its_hello() -> None:
    assert linked().say(wire.HELLO, *HELLO) == (LinkLost(LinkLoss.PANEL_UNLINKED),)


def test_silence_loses_the_link() -> None:
    panel = linked()
    assert panel.wait(wire.SILENCE_MS - 1) == ()
    assert panel.wait(1) == (LinkLost(LinkLoss.SILENCE),)


def test_a_confirmation_says_how_far_it_is_known_and_how_long_it_took() -> None:
    panel = linked()
    panel.session.pulse_barrier(9, panel.now_ms)
    panel.now_ms += 12
    events = panel.say(wire.PULSED, 9, wire.PULSED_SENSED, 8)
    assert events == (BarrierConfirmed(9, PulseResult.SENSED, 12),)


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (wire.PULSED_NOT_SENSED, Unconfirmed.NOT_SENSED),
        (wire.PULSED_BUSY, Unconfirmed.BUSY),
        (wire.PULSED_OUT_OF_RANGE, Unconfirmed.REFUSED),
    ],
)
def test_what_did_not_open_is_unconfirmed(result: int, reason: Unconfirmed) -> None:
    panel = linked()
    panel.session.pulse_barrier(9, panel.now_ms)
    assert panel.say(wire.PULSED, 9, result, 0) == (BarrierUnconfirmed(9, reason),)


def test_an_answer_after_its_time_is_late_and_changes_nothing() -> None:
    panel = linked()
    panel.session.pulse_barrier(9, panel.now_ms, timeout_ms=200)
    assert panel.wait(200) == (BarrierUnconfirmed(9, Unconfirmed.TIMED_OUT),)
    events = panel.say(wire.PULSED, 9, wire.PULSED_SENSED, 300)
    assert events == (BarrierReportLate(9, PulseResult.SENSED),)


def test_too_many_open_pulses_are_refused() -> None:
    panel = linked()
    for job in range(5):
        panel.session.pulse_barrier(job, panel.now_ms)
    assert panel.wait(0) == (BarrierUnconfirmed(4, Unconfirmed.BUSY),)


def test_more_commands_than_it_can_hold_lose_the_link_and_not_a_pulse_silently() -> None:
    panel = linked()
    for _ in range(QUEUE_LENGTH + 1):
        panel.session.play(Cue.ATTENTION)
    panel.session.pulse_barrier(1, panel.now_ms)
    assert panel.wait(0) == (
        LinkLost(LinkLoss.OVERLOADED),
        BarrierUnconfirmed(1, Unconfirmed.LINK_LOST),
    )


def test_a_device_that_is_gone_loses_the_link_and_half_a_frame() -> None:
    panel = linked()
    panel.session.receive(b"\x00\x05half", panel.now_ms)
    assert panel.session.device_gone(panel.now_ms) == (LinkLost(LinkLoss.DEVICE_GONE),)
    assert panel.session.data_to_send() == b""
    panel.say(wire.HELLO, *HELLO)
    panel.listen()
    assert isinstance(panel.say(wire.STATUS, *STATUS)[0], LinkUp)


def test_another_version_is_refused_once_and_explained() -> None:
    panel = PlayedPanel()
    body = wire.pack(wire.HELLO, 0, 0, 0, 0, b"\x02something newer")
    events = [panel.session.receive(encode_frame(body), 0) for _ in range(3)]
    assert events == [(PanelIncompatible(2),), (), ()]
    assert "version 2" in (panel.session.fault or "")


def test_its_fault_is_one_line_until_the_panel_obeys() -> None:
    assert "no answer" in (PlayedPanel().session.fault or "")
    assert linked().session.fault is None


def test_a_report_without_a_meaning_is_said_and_nothing_breaks() -> None:
    panel = linked()
    (event,) = panel.say(wire.FAULT, 99, 0)
    assert isinstance(event, ReportUnreadable)
    assert panel.say(wire.FAULT, wire.FAULT_KEYS_LOST, 2) == (PanelFault(FaultCode.KEYS_LOST, 2),)


def test_bytes_that_nobody_writes_do_not_pile_up() -> None:
    panel = linked()
    for _ in range(2000):
        panel.wait(100)
        panel.say(wire.STATUS, *STATUS)
    assert len(panel.session.data_to_send()) < 5000


def test_it_wakes_for_the_next_thing_to_do() -> None:
    panel = linked()
    assert panel.session.wake_ms() == panel.now_ms + wire.HEARTBEAT_MS
    panel.session.pulse_barrier(1, panel.now_ms, timeout_ms=10)
    assert panel.session.wake_ms() == 0
    panel.wait(0)
    assert panel.session.wake_ms() == panel.now_ms + 10


def test_every_state_can_be_left_and_reached() -> None:
    assert {state for state, _ in TRANSITIONS} == set(LinkState) == set(TRANSITIONS.values())


@given(st.lists(st.tuples(st.binary(max_size=80), st.booleans(), st.integers(0, 400)), max_size=20))
def test_no_bytes_make_it_raise_or_forget_a_pulse(
    received: list[tuple[bytes, bool, int]],
) -> None:
    panel = linked()
    events: tuple[PanelEvent, ...] = ()
    for job, (data, framed, later_ms) in enumerate(received):
        panel.session.pulse_barrier(job, panel.now_ms)
        panel.now_ms += later_ms
        sent = encode_frame(data[:64]) if framed and data else data
        events += panel.session.receive(sent, panel.now_ms)
    events += panel.wait(2000)
    jobs = [e.job for e in events if isinstance(e, BarrierConfirmed | BarrierUnconfirmed)]
    assert sorted(jobs) == list(range(len(received)))
