"""Terminal and panel together: what one says, the other does, over a line that fails."""

from __future__ import annotations

from boards.pico_panel.firmware import lights
from terminal.panel import wire
from terminal.panel.events import (
    BarrierConfirmed,
    BarrierUnconfirmed,
    EmergencyChanged,
    KeyPressed,
    LinkLoss,
    LinkLost,
    LinkUp,
    Unconfirmed,
)
from terminal.panel.messages import Light, PulseResult
from terminal.panel.session import PanelSession
from tests.terminal.panel.both_ends import BothEnds, linked, outcomes, sound

KEY_5 = 1 << wire.KEYS.index(b"5")


def test_a_terminal_and_a_panel_find_each_other_at_once() -> None:
    both = BothEnds()
    assert both.run_until(lambda: both.linked) < 100
    assert isinstance(both.events[0], LinkUp)


def test_a_pulse_opens_the_barrier_once_and_is_confirmed() -> None:
    both = linked()
    both.pulse(41)
    assert both.run_until(lambda: both.driven) <= 15
    both.run(500)
    (confirmed,) = outcomes(both)
    assert isinstance(confirmed, BarrierConfirmed)
    assert (confirmed.job, confirmed.evidence) == (41, PulseResult.SENSED)
    assert both.rises == 1
    assert not both.driven


def test_a_panel_without_a_second_contact_says_so() -> None:
    both = BothEnds(has_sense=False)
    both.run_until(lambda: both.linked)
    both.pulse(1)
    both.run(300)
    (confirmed,) = outcomes(both)
    assert isinstance(confirmed, BarrierConfirmed)
    assert confirmed.evidence is PulseResult.DRIVEN


def test_a_relay_that_does_not_close_is_not_confirmed() -> None:
    both = linked()
    both.relay_breaks = True
    both.pulse(1, pulse_ms=500)
    both.run(1000)
    assert outcomes(both) == [BarrierUnconfirmed(1, Unconfirmed.NOT_SENSED)]


def test_a_pulse_for_a_panel_that_is_not_there_is_not_kept_for_later() -> None:
    both = BothEnds(lambda _number, _frame: [])
    both.pulse(1)
    both.run(50)
    assert outcomes(both) == [BarrierUnconfirmed(1, Unconfirmed.NO_LINK)]
    both.cable = sound
    both.run_until(lambda: both.linked)
    both.run(3000)
    assert both.rises == 0


def test_a_pulse_that_nobody_answers_is_unconfirmed_within_its_time() -> None:
    both = linked()
    both.cable = lambda _number, _frame: []
    both.pulse(1)
    assert both.run_until(lambda: bool(outcomes(both))) <= 1005
    assert isinstance(outcomes(both)[0], BarrierUnconfirmed)


def test_two_pulses_at_once_do_not_become_one() -> None:
    both = linked()
    both.pulse(1)
    both.pulse(2)
    both.run(1000)
    by_job = {outcome.job: outcome for outcome in outcomes(both)}
    assert isinstance(by_job[1], BarrierConfirmed) != isinstance(by_job[2], BarrierConfirmed)
    assert both.rises == 1


def test_the_accepted_light_ends_by_itself() -> None:
    both = linked()
    both.accept(hold_ms=300)
    both.run(100)
    assert both.panel.light == wire.LIGHT_ACCEPTED
    both.run(400)
    assert both.panel.light == wire.LIGHT_IDLE


def test_the_accepted_light_stays_ten_seconds_at_most() -> None:
    both = linked()
    both.accept(hold_ms=9_500)
    assert both.session is not None
    both.session.show(Light.ACCEPTED, hold_ms=0)
    both.accepted_until_ms = both.now_ms + wire.MAX_VERDICT_MS + 100
    both.run(11_000)
    assert both.linked
    assert both.panel.light == wire.LIGHT_IDLE


def test_the_accepted_light_never_outlives_the_link() -> None:
    both = linked()
    both.accept(hold_ms=60_000)
    both.run(100)
    both.session = None
    both.run(1100)
    assert both.panel.light == wire.LIGHT_NO_TERMINAL
    both.run(20_000)
    assert not both.lit[-1] & lights.ACCEPTED


def test_a_barrier_that_is_open_closes_when_the_terminal_dies() -> None:
    both = linked()
    both.pulse(1, pulse_ms=5000)
    both.run(200)
    assert both.driven
    both.session = None
    both.run(1100)
    assert not both.driven


def test_the_emergency_input_opens_without_a_terminal_and_without_a_command() -> None:
    both = BothEnds()
    both.session = None
    both.emergency = True
    assert both.run_until(lambda: both.driven) <= 20
    both.run(60_000)
    assert both.driven
    both.emergency = False
    both.run(1100)
    assert not both.driven


def test_the_emergency_input_wins_over_everything_the_terminal_says() -> None:
    both = linked()
    both.emergency = True
    both.run(50)
    both.pulse(1)
    both.accept()
    both.run(500)
    assert both.driven
    assert both.panel.light == wire.LIGHT_EMERGENCY
    assert EmergencyChanged(active=True) in both.events
    (outcome,) = outcomes(both)
    assert isinstance(outcome, BarrierConfirmed)
    assert outcome.evidence is PulseResult.EMERGENCY_OPEN


def test_an_emergency_before_the_link_is_told_when_it_is_there() -> None:
    both = BothEnds()
    both.emergency = True
    both.run_until(lambda: both.linked)
    both.run(300)
    assert both.events.count(EmergencyChanged(active=True)) == 1


def test_a_pressed_key_is_told_once() -> None:
    both = linked()
    both.keys_down = KEY_5
    both.run(200)
    both.keys_down = 0
    both.run(200)
    assert both.events == [KeyPressed("5")]


def test_a_panel_that_restarts_is_found_again_and_shows_nothing_of_before() -> None:
    both = linked()
    both.accept(hold_ms=9000)
    both.run(100)
    both.panel = both.new_panel(boot=2)
    both.driven = False
    both.run(300)
    assert both.events[0] == LinkLost(LinkLoss.PANEL_RESTARTED)
    assert isinstance(both.events[1], LinkUp)
    assert both.panel.light == wire.LIGHT_IDLE


def test_a_terminal_that_restarts_takes_over_its_panel() -> None:
    both = linked()
    both.accept(hold_ms=9000)
    both.run(100)
    both.session = PanelSession(7, both.now_ms)
    both.run_until(lambda: both.linked)
    assert both.panel.light == wire.LIGHT_IDLE
