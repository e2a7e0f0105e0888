"""The card's file: what is stored is read, what is odd is refused by field."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_sim.world.card_state import CardFile, CardState, KeptAnswer, decode_card, encode_card
from terminal.errors import DecodeError
from tests.cards import card_with_coupon

ANSWER = KeptAnswer(bytes(32), 0, 5, 0, bytes(64), b"payee", b"ack")


@given(
    st.sampled_from(["Ed25519", "P-256"]),
    st.integers(0, 2**53 - 1),
    st.sampled_from(["", "1234", "12345678"]),
    st.integers(0, 3),
)
def test_a_card_reads_as_it_was_written(
    algorithm: str, next_minor: int, pin: str, answers: int
) -> None:
    state = CardState(
        bytes(7), algorithm, bytes(32), b"coupon", next_minor, pin, answers=(ANSWER,) * answers
    )
    assert decode_card(encode_card(state)) == state


def test_a_card_survives_in_its_file_for_its_owner_alone(tmp_path: Path) -> None:
    file = CardFile(tmp_path / "card")
    file.store(card_with_coupon())
    assert file.read() == card_with_coupon()
    assert (tmp_path / "card").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["card"]


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("version", 2, "card.version"),
        ("uid", "00", "card.uid"),
        ("uid", "zz", "card.uid"),
        ("algorithm", "RSA", "card.algorithm"),
        ("secret", "00", "card.secret"),
        ("pin", "12", "card.pin"),
        ("pin", "１２３４", "card.pin"),
        ("next_minor", -1, "card.next_minor"),
        ("next_minor", True, "card.next_minor"),
        ("next_minor", 2**53, "card.next_minor"),
        ("answers", {}, "card.answers"),
        ("answers", [{}], "card.answers.request_digest"),
        ("colour", "red", "card.colour"),
    ],
)
def test_an_odd_field_is_named(name: str, value: object, field: str) -> None:
    plain = json.loads(encode_card(card_with_coupon()))
    plain[name] = value
    with pytest.raises(DecodeError) as caught:
        decode_card(json.dumps(plain))
    assert caught.value.field == field


@pytest.mark.parametrize("text", ["", "[]", "1", "{", "[" * 100_000])
def test_anything_but_an_object_is_no_card(text: str) -> None:
    with pytest.raises(DecodeError):
        decode_card(text)
