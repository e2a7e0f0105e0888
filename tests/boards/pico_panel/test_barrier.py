"""The barrier's relay, alone."""

from __future__ import annotations

import pytest

from boards.pico_panel.firmware.barrier import SENSE_MS, Barrier
from terminal.panel import wire

Answer = tuple[int, int, int]


class Relay:
    """The barrier with a relay whose second contact follows after some time, or never."""

    def __init__(self, *, has_sense: bool = True, follows_ms: int | None = 10) -> None:
        self.barrier = Barrier(has_sense)
        self.follows_ms = follows_ms
        self.emergency = False
        self.now_ms = 0
        self.driven_since: int | None = None
        self.answers: list[Answer] = []
        self.open_ms = 0

    @property
    def sensed(self) -> bool:
        return (
            self.follows_ms is not None
            and self.driven_since is not None
            and self.now_ms - self.driven_since >= self.follows_ms
        )

    def command(self, job: int, pulse_ms: int = 100) -> None:
        answer = self.barrier.command(job, pulse_ms, self.now_ms, self.emergency, self.sensed)
        if answer is not None:
            self.answers.append(answer)

    def run(self, length_ms: int) -> None:
        for _ in range(length_ms):
            driven = self.driven_since is not None
            answer = self.barrier.step(self.now_ms, self.emergency, driven, self.sensed)
            if answer is not None:
                self.answers.append(answer)
            if not self.barrier.is_open:
                self.driven_since = None
            elif self.driven_since is None:
                self.driven_since = self.now_ms
            self.open_ms += self.barrier.is_open
            self.now_ms += 1


def test_a_pulse_is_as_long_as_commanded() -> None:
    relay = Relay()
    relay.command(1, 100)
    relay.run(1000)
    assert relay.open_ms == 100
    assert relay.answers == [(1, wire.PULSED_SENSED, 10)]


def test_without_a_second_contact_the_pin_read_back_is_the_evidence() -> None:
    relay = Relay(has_sense=False)
    relay.command(1)
    relay.run(1000)
    assert relay.answers == [(1, wire.PULSED_DRIVEN, 1)]


@pytest.mark.parametrize("pulse_ms", [100, 3000])
def test_a_contact_that_does_not_follow_is_told(pulse_ms: int) -> None:
    relay = Relay(follows_ms=None)
    relay.command(1, pulse_ms)
    relay.run(5000)
    assert relay.answers == [(1, wire.PULSED_NOT_SENSED, min(pulse_ms, SENSE_MS))]


def test_a_contact_that_is_closed_before_the_pulse_is_no_evidence() -> None:
    barrier = Barrier(True)
    barrier.command(1, 100, 0, False, True)
    answers = [barrier.step(at, False, True, True) for at in range(300)]
    assert [answer for answer in answers if answer] == [(1, wire.PULSED_NOT_SENSED, 100)]


def test_a_contact_that_is_still_letting_go_of_the_last_pulse_is_not_stuck() -> None:
    relay = Relay()
    relay.command(1, 50)
    relay.run(51)
    assert not relay.barrier.is_open
    assert relay.barrier.command(2, 50, relay.now_ms, False, True) is None
    relay.run(200)
    assert [result for _, result, _ in relay.answers] == [wire.PULSED_SENSED] * 2


def test_the_same_job_again_is_answered_and_not_repeated() -> None:
    relay = Relay()
    relay.command(1)
    relay.run(1000)
    relay.command(1)
    relay.run(1000)
    assert relay.open_ms == 100
    assert relay.answers == [(1, wire.PULSED_SENSED, 10)] * 2


def test_another_job_during_a_pulse_is_refused_as_busy() -> None:
    relay = Relay()
    relay.command(1)
    relay.run(50)
    relay.command(2)
    relay.run(1000)
    assert relay.answers[-1] == (2, wire.PULSED_BUSY, 0)
    assert relay.open_ms == 100


@pytest.mark.parametrize("pulse_ms", [0, 49, 5001, 65535])
def test_a_pulse_too_short_or_too_long_is_refused(pulse_ms: int) -> None:
    relay = Relay()
    relay.command(1, pulse_ms)
    relay.run(10)
    assert relay.answers == [(1, wire.PULSED_OUT_OF_RANGE, 0)]
    assert relay.open_ms == 0


def test_an_emergency_opens_and_answers_every_pulse_as_open() -> None:
    relay = Relay()
    relay.emergency = True
    relay.run(10)
    relay.command(1)
    relay.run(500)
    assert relay.open_ms == 510
    assert relay.answers == [(1, wire.PULSED_EMERGENCY_OPEN, 0)]


def test_dropping_closes_at_once_but_not_against_the_emergency() -> None:
    relay = Relay()
    relay.command(1, 5000)
    relay.run(100)
    relay.barrier.drop()
    relay.run(1)
    assert not relay.barrier.is_open
    relay.emergency = True
    relay.run(1)
    relay.barrier.drop()
    relay.run(1)
    assert relay.barrier.is_open
