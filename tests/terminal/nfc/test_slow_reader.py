"""A reader that grows slow over the hours is opened anew; one slow look is nothing."""

from __future__ import annotations

from host_sim.world.direct_reader import DirectReader, HandClock
from terminal.nfc.polling import PollingLoop
from terminal.nfc.reader import Sensed
from tests.terminal.nfc.test_polling import Stand


class Slowing(DirectReader):
    """Each look takes ``look_ms``; opening it anew makes it quick again."""

    look_ms = 0

    def open(self) -> str:
        self.look_ms = 0
        return super().open()

    def sense(self) -> Sensed:
        self.slow_clock.pass_ms(self.look_ms)
        return super().sense()

    slow_clock = HandClock()


def slowing_stand() -> tuple[Stand, Slowing]:
    stand = Stand()
    reader = Slowing(stand.field_, stand.clock)
    reader.slow_clock = stand.clock
    stand.reader = reader
    stand.loop = PollingLoop(reader, stand.desk, stand.clock.monotonic_ms)
    stand.turns(1)
    return stand, reader


def test_a_reader_that_stays_slow_is_opened_anew_and_the_next_tap_pays_within_two_seconds() -> None:
    stand, reader = slowing_stand()
    reader.look_ms = 150
    began_ms = stand.clock.monotonic_ms()
    stand.field_.place(stand.card)
    while "TapDone" not in stand.desk.names():
        stand.turns(1)
    assert stand.clock.monotonic_ms() - began_ms < 2_000
    stand.field_.remove(stand.card)
    reader.look_ms = 150
    while stand.desk.names().count("ReaderDown") < 1:
        stand.turns(1)
    assert reader.opened >= 1


def test_a_card_left_lying_while_its_reader_is_opened_anew_is_not_asked_again() -> None:
    stand, reader = slowing_stand()
    stand.field_.place(stand.card)
    stand.turns(3)
    assert len(stand.desk.presentations) == 1
    reader.look_ms = 150
    stand.turns(20)
    assert stand.desk.names().count("ReaderUp") == 2
    reader.plugged = False
    stand.turns(3)
    reader.plugged = True
    stand.turns(5)
    assert stand.desk.names().count("ReaderUp") == 3
    assert len(stand.desk.presentations) == 1, "it never left"
    stand.field_.remove(stand.card)
    stand.turns(3)
    stand.visit(stand.card)
    assert len(stand.desk.presentations) == 2


def test_a_few_slow_looks_are_forgiven() -> None:
    stand, reader = slowing_stand()
    for _ in range(3):
        reader.look_ms = 150
        stand.turns(4)
        reader.look_ms = 0
        stand.turns(1)
    assert stand.desk.names() == ["ReaderUp"]
