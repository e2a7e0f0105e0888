"""Amounts are said the way people say them, in both languages, for every known currency."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.kiosk.spoken_money import NAMES, chinese_number, english_number, spoken_amount
from terminal.money import CURRENCIES, MAX_AMOUNT_MINOR

CNY, USD, JPY, BHD = 156, 840, 392, 48
_DIGITS = {"零": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7}
_DIGITS |= {"八": 8, "九": 9}
_PLACES = {"十": 10, "百": 100, "千": 1000}


def read_chinese(said: str) -> int:
    """An independent reading: sections of 万, 亿 and 万亿, places within them."""
    if "亿" in said:
        head, _, tail = said.partition("亿")
        return read_chinese(head) * 10**8 + read_chinese(tail)
    if "万" in said:
        head, _, tail = said.partition("万")
        return read_chinese(head) * 10**4 + read_chinese(tail)
    total = digit = 0
    for sign in said:
        if sign in _PLACES:
            total += (digit or 1) * _PLACES[sign]
            digit = 0
        else:
            digit = _DIGITS[sign]
    return total + digit


@pytest.mark.parametrize(
    ("amount_minor", "code", "english", "chinese"),
    [
        (1250, CNY, "twelve yuan fifty", "十二元五角"),
        (1205, CNY, "twelve yuan oh five", "十二元零五分"),
        (1255, CNY, "twelve yuan fifty-five", "十二元五角五分"),
        (200, CNY, "two yuan", "两元"),
        (50, CNY, "fifty fen", "五角"),
        (1, CNY, "one fen", "一分"),
        (100, USD, "one dollar", "一美元"),
        (12050, USD, "one hundred twenty dollars fifty", "一百二十美元五十美分"),
        (2000, JPY, "two thousand yen", "两千日元"),
        (1250, BHD, "one dinar and two hundred fifty fils", "一第纳尔两百五十费尔"),
        (0, CNY, "zero yuan", "零元"),
    ],
)
def test_an_amount_is_said_naturally(
    amount_minor: int, code: int, english: str, chinese: str
) -> None:
    assert spoken_amount(amount_minor, code, "en") == english
    assert spoken_amount(amount_minor, code, "zh") == chinese


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "零"),
        (2, "两"),
        (10, "十"),
        (22, "二十二"),
        (101, "一百零一"),
        (110, "一百一十"),
        (1010, "一千零一十"),
        (10_010, "一万零一十"),
        (22_222, "两万两千两百二十二"),
        (100_000_001, "一亿零一"),
    ],
)
def test_a_chinese_number_follows_the_rules_of_zero_and_two(value: int, said: str) -> None:
    assert chinese_number(value) == said


@given(st.integers(0, 10**12 - 1))
def test_a_chinese_number_reads_back(value: int) -> None:
    assert read_chinese(chinese_number(value)) == value


@given(st.integers(0, MAX_AMOUNT_MINOR), st.integers(0, MAX_AMOUNT_MINOR))
def test_two_english_numbers_are_never_said_alike(left: int, right: int) -> None:
    assert (english_number(left) == english_number(right)) == (left == right)


@given(st.integers(0, MAX_AMOUNT_MINOR), st.sampled_from(sorted(CURRENCIES)))
def test_every_amount_of_every_currency_can_be_said(amount_minor: int, code: int) -> None:
    for language in ("en", "zh"):
        said = spoken_amount(amount_minor, code, language)
        assert said
        assert not any(sign.isdigit() for sign in said)


def test_every_known_currency_has_names() -> None:
    assert set(NAMES) == {unit.letters for unit in CURRENCIES.values()}
