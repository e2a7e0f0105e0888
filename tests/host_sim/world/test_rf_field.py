"""The simulated air: Type A states as a reader can tell them, mishaps where they are planned."""

from __future__ import annotations

from host_sim.world.rf_field import Mishap, PlannedMishap, RfField
from host_sim.world.tags import Type2Tag

ONE, TWO = Type2Tag(bytes(range(7))), Type2Tag(bytes(range(1, 8)))
READ = b"\x30\x00"


def test_the_only_card_is_active_after_a_look_for_one_and_halted_after_a_look_for_two() -> None:
    field = RfField()
    field.place(ONE)
    assert field.find(1) == (ONE,)
    assert field.exchange(READ).answer is not None
    field.off()
    assert field.find(2) == (ONE,)
    assert field.exchange(READ).answer is None
    assert field.select(ONE)
    assert field.exchange(READ).answer is not None


def test_a_halted_card_is_found_again_only_after_the_field_dropped() -> None:
    field = RfField()
    field.place(ONE)
    field.find(2)
    assert field.find(2) == ()
    field.off()
    assert field.find(2) == (ONE,)


def test_two_cards_are_found_in_the_order_of_their_identifiers() -> None:
    field = RfField()
    field.place(TWO)
    field.place(ONE)
    assert field.find(2) == (ONE, TWO)


def test_a_card_with_a_known_identifier_wakes_from_halt() -> None:
    field = RfField()
    field.place(ONE)
    field.find(2)
    assert field.find(1, ONE.uid) == (ONE,)


def test_a_mishap_strikes_its_frame_and_is_over() -> None:
    field = RfField()
    field.place(ONE)
    field.planned.append(PlannedMishap(Mishap.LOST, 2))
    field.find(1)
    answers = [field.exchange(READ).answer for _ in range(3)]
    assert [answer is None for answer in answers] == [False, True, False]


def test_a_card_torn_away_is_gone() -> None:
    field = RfField()
    field.place(ONE)
    field.planned.append(PlannedMishap(Mishap.TORN_AFTER, 1))
    field.find(1)
    assert field.exchange(READ).answer is None
    assert field.cards == ()
    assert not field.select(ONE)


def test_a_tag_that_does_not_understand_waits_to_be_found_again() -> None:
    field = RfField()
    field.place(ONE)
    field.find(1)
    assert field.exchange(b"\x60").answer is None
    assert field.find(1) == (ONE,)
