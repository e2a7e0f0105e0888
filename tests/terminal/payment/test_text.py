"""Text for QR codes and scanners: one spelling, and nothing else is taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.crypto import cbor
from terminal.errors import DecodeError
from terminal.payment import text
from tests.terminal.payment import stall


@given(st.sampled_from(text.KINDS), st.binary(max_size=400))
def test_bytes_come_back_from_their_text(kind: str, data: bytes) -> None:
    line = text.to_text(kind, data)
    assert set(line) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    assert text.from_text(line) == (kind, data)
    assert text.from_text(line + "\r\n") == (kind, data)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "KQ",
        "KQX",
        "kqp",
        "KQPA",
        "KQPAB======",
        "KQPae",
        "KQPA1",
        "KQPAB C",
        "KQPAAÄ",
        "KQPAB",  # the last character has bits that stand for nothing
        "KQP" + "A" * 641,
        "https://example.org/",
    ],
)
def test_everything_else_is_refused(line: str) -> None:
    with pytest.raises(DecodeError):
        text.from_text(line)


def test_a_line_with_one_character_more_or_less_is_refused() -> None:
    line = text.to_text(text.PRESENTATION, stall.pay(stall.request())[:-2])
    for changed in (line[:-1], line + "A"):
        with pytest.raises(DecodeError):
            text.from_text(changed)


@given(st.binary(max_size=32), st.none() | st.binary(min_size=1, max_size=200))
def test_an_ask_carries_a_request_and_perhaps_a_payee_card(
    request: bytes, card: bytes | None
) -> None:
    assert text.decode_ask(text.ask_bytes(request, card)) == (request, card)


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ([b"r"], "ask"),
        ([b"r" * 33, b""], "ask.request"),
        ([b"r", b"c" * 201], "ask.payee_card"),
        ([b"r", "card"], "ask.payee_card"),
        (["r", b""], "ask.request"),
    ],
)
def test_an_ask_of_another_shape_is_refused_by_field(value: object, field: str) -> None:
    with pytest.raises(DecodeError) as caught:
        text.decode_ask(cbor.encode(value))
    assert caught.value.field == field


def test_what_is_too_long_for_a_code_is_our_own_fault() -> None:
    with pytest.raises(ValueError, match="too long"):
        text.to_text(text.ACK, bytes(401))
