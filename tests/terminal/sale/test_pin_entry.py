"""A PIN entry: digits in, one tap out, and nothing left behind."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.nfc.application import MAX_PIN, MIN_PIN
from terminal.sale.pin_entry import READY_MS, TYPING_MS, PinEntry, PinState


def typed(keys: str, now_ms: int = 0) -> PinEntry:
    entry = PinEntry()
    entry.want(now_ms)
    for key in keys:
        entry.press(key, now_ms)
    return entry


def test_what_was_typed_goes_to_one_tap_and_no_second() -> None:
    entry = typed("1234#")
    assert (entry.state, entry.count) == (PinState.READY, 4)
    assert entry.take(0) == b"1234"
    assert entry.take(0) == b""
    assert (entry.state, entry.count) == (PinState.TYPING, 0)


def test_nothing_is_taken_before_it_is_entered() -> None:
    assert typed("1234").take(0) == b""
    assert typed("123#").state is PinState.TYPING, "a PIN has at least four digits"


def test_a_key_does_nothing_where_no_pin_is_wanted() -> None:
    entry = PinEntry()
    assert not entry.press("1", 0)
    assert entry.count == 0


def test_the_star_begins_anew_at_any_time() -> None:
    entry = typed("99*1234#*5678#")
    assert entry.take(0) == b"5678"


@pytest.mark.parametrize("key", ["A", "D", "", "12", "٣", "#"])
def test_other_keys_are_not_digits(key: str) -> None:
    entry = typed("")
    assert not entry.press(key, 0)
    assert entry.count == 0


def test_a_ninth_digit_is_not_taken() -> None:
    assert typed("123456789#").take(0) == b"12345678"


def test_an_entered_pin_is_forgotten_when_no_card_comes() -> None:
    entry = typed("1234#")
    assert not entry.tick(READY_MS - 1)
    assert entry.tick(READY_MS)
    assert entry.take(READY_MS) == b""


def test_a_late_card_gets_nothing_even_when_nobody_looked_at_the_time() -> None:
    assert typed("1234#").take(READY_MS) == b""


def test_half_a_pin_is_forgotten_too() -> None:
    entry = typed("12")
    assert entry.tick(TYPING_MS)
    assert entry.count == 0
    assert entry.abandoned(2 * TYPING_MS)


def test_closing_forgets() -> None:
    entry = typed("1234#")
    entry.close()
    assert (entry.state, entry.count, entry.take(0)) == (PinState.OFF, 0, b"")


@given(st.text("0123456789*#", max_size=30))
def test_whatever_is_typed_only_whole_pins_come_out_and_no_text_has_a_digit(keys: str) -> None:
    entry = typed(keys)
    assert not any(letter.isdigit() for letter in repr(entry))
    pin = entry.take(0)
    assert not pin or MIN_PIN <= len(pin) <= MAX_PIN
    assert pin.decode() in keys
