"""What the panel shows and sounds."""

from __future__ import annotations

import itertools

import pytest

from boards.pico_panel.firmware import lights
from boards.pico_panel.firmware.buzzer import CUES, Buzzer
from boards.pico_panel.firmware.lights import PATTERNS, Lights, lit
from terminal.panel import wire

ALL_LIGHTS = sorted(PATTERNS)
SECOND = range(0, 2000, 10)


def rhythm(light: int) -> list[bool]:
    return [bool(lit(light, at)) for at in SECOND]


def test_every_light_and_cue_on_the_wire_is_defined() -> None:
    assert list(range(wire.LIGHT_EMERGENCY + 1)) == ALL_LIGHTS
    assert sorted(CUES) == list(range(wire.CUE_KEY + 1))


def test_only_the_accepted_light_lights_the_accepted_lamp() -> None:
    users = {
        light for light in ALL_LIGHTS if any(lit(light, at) & lights.ACCEPTED for at in SECOND)
    }
    assert users == {wire.LIGHT_ACCEPTED}


def test_the_verdicts_differ_in_rhythm_and_not_in_place_alone() -> None:
    for one, other in itertools.combinations(
        [wire.LIGHT_IDLE, wire.LIGHT_WAITING, wire.LIGHT_ACCEPTED, wire.LIGHT_DECLINED], 2
    ):
        assert rhythm(one) != rhythm(other)


def test_every_pair_of_lights_can_be_told_apart() -> None:
    shown = [tuple(lit(light, at) for at in SECOND) for light in ALL_LIGHTS]
    assert len(set(shown)) == len(shown)


@pytest.mark.parametrize("light", ALL_LIGHTS)
def test_nothing_flashes_more_than_three_times_a_second(light: int) -> None:
    on = [bool(lit(light, at)) for at in range(0, 10_000, 10)]
    rises = sum(now and not before for before, now in itertools.pairwise(on))
    assert rises <= 3 * 10


def test_before_any_command_the_panel_says_that_it_has_no_terminal() -> None:
    shown = Lights()
    shown.step(0, linked=False, emergency=False)
    assert shown.shown == wire.LIGHT_NO_TERMINAL
    shown.step(10, linked=True, emergency=False)
    assert shown.shown == wire.LIGHT_IDLE


def test_emergency_goes_before_a_lost_terminal_and_that_before_a_command() -> None:
    shown = Lights()
    shown.command(wire.LIGHT_ACCEPTED, 5000, 0)
    shown.step(0, linked=False, emergency=True)
    assert shown.shown == wire.LIGHT_EMERGENCY
    shown.step(1, linked=False, emergency=False)
    assert shown.shown == wire.LIGHT_NO_TERMINAL


def played(cue: int) -> list[int]:
    buzzer = Buzzer()
    buzzer.play(cue, 0)
    return [tone for tone, _ in itertools.groupby(buzzer.step(at) for at in range(0, 2000, 5))]


def test_approval_rises_and_refusal_stays_low() -> None:
    assert played(wire.CUE_ACCEPTED) == [1319, 1760, 0]
    assert played(wire.CUE_DECLINED) == [330, 0, 330, 0]


def test_a_new_cue_ends_the_one_before() -> None:
    buzzer = Buzzer()
    buzzer.play(wire.CUE_DECLINED, 0)
    buzzer.step(10)
    buzzer.play(wire.CUE_SILENT, 20)
    assert buzzer.step(20) == 0
