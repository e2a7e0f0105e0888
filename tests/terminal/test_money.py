"""Money is exact, and what a screen shows can be typed back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.errors import DecodeError
from terminal.money import CURRENCIES, MAX_AMOUNT_MINOR, currency, format_amount, parse_amount

codes = st.sampled_from(sorted(CURRENCIES))


@given(st.integers(0, MAX_AMOUNT_MINOR), codes)
def test_an_amount_shown_is_read_back_exactly(amount_minor: int, code: int) -> None:
    letters, decimal = format_amount(amount_minor, code).split(" ")
    assert currency(letters).number == code
    assert parse_amount(decimal, code) == amount_minor


@pytest.mark.parametrize(
    ("amount_minor", "code", "shown"),
    [
        (1250, 156, "CNY 12.50"),
        (5, 156, "CNY 0.05"),
        (500, 392, "JPY 500"),
        (-1, 414, "KWD -0.001"),
    ],
)
def test_letters_come_before_the_amount(amount_minor: int, code: int, shown: str) -> None:
    assert format_amount(amount_minor, code) == shown


@pytest.mark.parametrize(
    "text", ["", "1e3", "1,50", "-1", "٣", "1.", ".5", "0x10", "1.234", "9" * 16]
)
def test_what_is_no_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(DecodeError, match="amount"):
        parse_amount(text, 156)


@pytest.mark.parametrize("code", [0, 999, 1000, -1, "XXX", "cny", "¥"])
def test_an_unknown_currency_is_refused(code: int | str) -> None:
    with pytest.raises(DecodeError, match="currency"):
        currency(code)
