"""Whatever is posted is either understood exactly or refused with words for a person."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.kiosk.forms import (
    MAX_LINE_CHARS,
    BadInput,
    decode_form,
    entry_index,
    refund_amount,
    scanned_line,
    typed_amount,
)
from terminal.kiosk.words import LANGUAGES, words

CNY = 156


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=20), max_size=8))
def test_a_form_reads_back_what_was_sent(fields: dict[str, str]) -> None:
    assert decode_form(urlencode(fields).encode()) == fields


@pytest.mark.parametrize(
    "body",
    [b"\xff=1", b"a=%ff", b"a=1&a=2", b"&".join(b"f%d=1" % n for n in range(9))],
)
def test_a_form_that_is_not_understood_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput) as refused:
        decode_form(body)
    assert refused.value.key == "bad.form"


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("", "bad.amount_zero"),
        ("0", "bad.amount_zero"),
        ("0.00", "bad.amount_zero"),
        ("abc", "bad.amount"),
        ("-5", "bad.amount"),
        ("1e9", "bad.amount"),
        ("1.234", "bad.amount"),
        ("9" * 40, "bad.amount"),
        ("٣", "bad.amount"),
    ],
)
def test_a_bad_amount_says_what_is_wrong_with_it(typed: str, key: str) -> None:
    with pytest.raises(BadInput) as refused:
        typed_amount({"typed": typed}, CNY)
    assert refused.value.key == key


def test_a_typed_sum_is_an_amount() -> None:
    assert typed_amount({"typed": "12.5+6"}, CNY) == 1850


def test_a_refund_is_a_plain_amount() -> None:
    assert refund_amount({"amount": " 5.00 "}, CNY) == 500
    for text in ("", "0", "5+5", "five", "9" * 20):
        with pytest.raises(BadInput):
            refund_amount({"amount": text}, CNY)


@pytest.mark.parametrize("text", ["", "-1", "1.0", "a", "٣", "1" * 11])
def test_an_index_is_a_whole_number(text: str) -> None:
    with pytest.raises(BadInput):
        entry_index({"index": text})


def test_a_scanned_line_is_upper_case_letters_and_digits() -> None:
    assert scanned_line({"line": " kqpAB23 "}) == "KQPAB23"
    for text in ("", "KQP AB", "KQP;", "é", "A" * (MAX_LINE_CHARS + 1)):
        with pytest.raises(BadInput):
            scanned_line({"line": text})


def test_every_refusal_has_words() -> None:
    for key in ("bad.form", "bad.amount", "bad.amount_zero", "bad.index", "bad.line"):
        for language in LANGUAGES:
            assert words(language)(key, text="x")
