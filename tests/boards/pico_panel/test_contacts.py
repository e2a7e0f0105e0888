"""Contacts that bounce, and the keypad."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from boards.pico_panel.firmware.inputs import KEY_STEADY_MS, Contact, Keypad
from terminal.panel import wire

KEYS = wire.KEYS.decode()


def mask(characters: str) -> int:
    return sum(1 << KEYS.index(character) for character in characters)


def typed(samples: list[tuple[int, int]]) -> str:
    keypad = Keypad()
    return "".join(chr(key) for at, down in samples for key in keypad.step(down, at))


def test_a_contact_counts_after_it_was_steady() -> None:
    contact = Contact(on_ms=10, off_ms=1000)
    assert not contact.step(True, 0)
    assert not contact.step(True, 9)
    assert contact.step(True, 10)
    assert contact.is_on


def test_a_contact_that_bounces_does_not_count() -> None:
    contact = Contact(on_ms=10, off_ms=1000)
    assert not any(contact.step(at % 8 < 4, at) for at in range(1000))


def test_letting_go_takes_longer_than_opening() -> None:
    contact = Contact(on_ms=10, off_ms=1000)
    contact.step(True, 0)
    contact.step(True, 10)
    assert not contact.step(False, 20)
    assert not contact.step(False, 1019)
    assert contact.step(False, 1020)


def test_every_key_gives_its_own_character() -> None:
    samples = []
    for index, character in enumerate(KEYS):
        start = 200 * index
        samples += [(start + at, mask(character)) for at in range(0, 60, 2)]
        samples += [(start + at, 0) for at in range(60, 200, 2)]
    assert typed(samples) == KEYS


def test_a_key_held_down_gives_one_character() -> None:
    assert typed([(at, mask("7")) for at in range(0, 5000, 2)]) == "7"


def test_a_key_touched_too_shortly_gives_none() -> None:
    assert (
        typed([(at, mask("7") if at < KEY_STEADY_MS - 2 else 0) for at in range(0, 200, 2)]) == ""
    )


def test_a_second_key_over_the_first_gives_both() -> None:
    samples = [(at, mask("1") if at < 100 else mask("12")) for at in range(0, 200, 2)]
    assert typed(samples) == "12"


def test_three_keys_at_once_may_be_ghosts_and_give_none() -> None:
    assert typed([(at, mask("125")) for at in range(0, 200, 2)]) == ""


@given(st.lists(st.integers(0, 0xFFFF), max_size=100))
def test_no_samples_give_more_keys_than_went_down(samples: list[int]) -> None:
    timed = [(2 * index, down) for index, down in enumerate(samples)]
    assert len(typed(timed)) <= sum(down.bit_count() for down in samples)
