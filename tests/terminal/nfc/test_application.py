"""The greeting and the status words of the card application."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.errors import DecodeError
from terminal.nfc.application import AID, Ability, Greeting, Status, decode_greeting, meaning
from terminal.nfc.tlv import encode_tlv

greetings = st.builds(
    Greeting,
    version=st.integers(1, 255),
    abilities=st.sampled_from([Ability(bits) for bits in range(4)]),
    coupon_ref=st.just(b"") | st.binary(min_size=6, max_size=6),
)


@given(greetings)
def test_a_greeting_reads_as_it_was_written(greeting: Greeting) -> None:
    assert decode_greeting(greeting.encode()) == greeting


def test_the_greeting_is_the_one_in_the_documentation() -> None:
    greeting = Greeting(1, Ability.PIN | Ability.SPEND_ALONE, bytes.fromhex("000700000001"))
    assert greeting.encode().hex().upper() == (
        "6F1B8409F04B554D5155415401A50E8001018101038206000700000001"
    )


def test_objects_and_abilities_not_known_are_passed_over() -> None:
    own = encode_tlv(0x80, b"\x01") + encode_tlv(0x81, b"\xff") + encode_tlv(0x8F, b"new")
    data = encode_tlv(0x6F, encode_tlv(0x84, AID) + encode_tlv(0xA5, own))
    assert decode_greeting(data) == Greeting(1, Ability.PIN | Ability.SPEND_ALONE)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "select"),
        (encode_tlv(0x6F, b""), "select.84"),
        (encode_tlv(0x6F, encode_tlv(0x84, b"\xa0\x00")), "select.84"),
        (encode_tlv(0x6F, encode_tlv(0x84, AID)), "select.version"),
        (
            encode_tlv(0x6F, encode_tlv(0x84, AID) + encode_tlv(0xA5, encode_tlv(0x80, b"\x00"))),
            "select.version",
        ),
    ],
)
def test_a_damaged_greeting_names_its_field(body: bytes, field: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode_greeting(body)
    assert caught.value.field == field


def test_every_status_word_but_the_good_one_has_a_meaning() -> None:
    assert all(meaning(status) != "refused" for status in Status if status is not Status.OK)
    assert meaning(0x63C2) == "wrong PIN, 2 tries left"
    assert meaning(0x6581) == "refused"
