"""The keypad makes only amounts, exactly, whatever is pressed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.errors import DecodeError
from terminal.kiosk.keypad import MAX_TYPED_CHARS, add, is_typed, press, total_minor

CNY, JPY, BHD = 156, 392, 48
KEYS = [*"0123456789", "00", ".", "+", "back", "clear"]


def typed(keys: str, exponent: int = 2) -> str:
    text = ""
    for key in keys:
        text = press(text, key, exponent)
    return text


@pytest.mark.parametrize(
    ("keys", "amount_minor"),
    [
        ("12.5", 1250),
        ("12.50", 1250),
        ("12.505", 1250),
        ("007", 700),
        (".5", 50),
        ("1..5", 150),
        ("6+4.5", 1050),
        ("6++4", 1000),
        ("6+", 600),
        ("", 0),
        ("0", 0),
        ("+5", 500),
    ],
)
def test_keys_make_the_amount_a_seller_expects(keys: str, amount_minor: int) -> None:
    assert total_minor(typed(keys), CNY) == amount_minor


def test_two_zeros_have_a_key() -> None:
    assert press("12", "00", 2) == "1200"
    assert press("1.5", "00", 2) == "1.50"
    assert press("", "00", 2) == "0"


def test_a_currency_without_decimals_has_no_point() -> None:
    assert typed("12.5", exponent=0) == "125"
    assert total_minor("125", JPY) == 125


def test_back_and_clear_undo() -> None:
    assert press("12.5", "back", 2) == "12."
    assert press("12.5", "clear", 2) == ""
    assert press("", "back", 2) == ""


def test_a_favourite_adds_to_what_is_typed() -> None:
    assert add("", 1250, 2) == "12.50"
    assert add("6", 1000, 2) == "6+10"
    assert add("6+", 1000, 2) == "6+10"
    assert add("0", 1000, 2) == "10"
    assert total_minor(add("6.5", 550, 2), CNY) == 1200


@given(
    st.lists(st.one_of(st.sampled_from(KEYS), st.integers(1, 10**9)), max_size=80),
    st.sampled_from([(CNY, 2), (JPY, 0), (BHD, 3)]),
)
def test_whatever_is_pressed_stays_an_amount(
    pressed: list[str | int], unit: tuple[int, int]
) -> None:
    code, exponent = unit
    text = ""
    for key in pressed:
        if isinstance(key, int):
            text = add(text, min(key, 10 ** (9 + exponent) - 1), exponent)
        else:
            text = press(text, key, exponent)
        assert is_typed(text)
        assert len(text) <= MAX_TYPED_CHARS
        assert total_minor(text, code) >= 0


@given(st.text(max_size=60))
def test_what_the_keys_cannot_make_is_refused(text: str) -> None:
    if is_typed(text):
        return
    with pytest.raises(DecodeError):
        total_minor(text, CNY)
