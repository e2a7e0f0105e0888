"""Answers to reset that PC/SC readers make up for contactless cards."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_sim.world.vpcd_card import CONTACT_ATR, ISO_DEP_ATR, storage_atr
from terminal.nfc.atr import card_found, is_contactless
from terminal.nfc.reader import CardKind

UID = bytes.fromhex("04A1B2C3D4E580")


@pytest.mark.parametrize(
    ("atr", "kind"),
    [
        # as the makers of readers print them: ACS, "ACR122U API", 3.1; PC/SC part 3, appendix A
        ("3B8F8001804F0CA000000306030001000000006A", CardKind.CLASSIC),
        ("3B8F8001804F0CA0000003060300020000000069", CardKind.CLASSIC),
        ("3B8F8001804F0CA0000003060300030000000068", CardKind.TYPE_2),
        ("3B8F8001804F0CA00000030611003B0000000042", CardKind.OTHER),
        ("3B8180018080", CardKind.ISO_DEP),  # a DESFire
        ("3B80800101", CardKind.ISO_DEP),
        ("3B858001308C6D8F0261", CardKind.OTHER),  # its check byte is wrong
        ("3B00", CardKind.OTHER),
        ("", CardKind.OTHER),
    ],
)
def test_a_card_is_what_its_reader_says(atr: str, kind: CardKind) -> None:
    assert card_found(bytes.fromhex(atr), UID).kind is kind


def test_our_simulated_answers_are_well_formed() -> None:
    assert is_contactless(ISO_DEP_ATR)
    assert not is_contactless(CONTACT_ATR)
    assert storage_atr(1).hex().upper() == "3B8F8001804F0CA000000306030001000000006A"
    assert card_found(storage_atr(0x26), UID).kind is CardKind.CLASSIC
    assert card_found(storage_atr(0xF004), UID).kind is CardKind.OTHER


@given(st.binary(max_size=33))
def test_any_answer_gives_a_card_of_some_kind(atr: bytes) -> None:
    found = card_found(atr, b"")
    assert found.uid == b""
    assert is_contactless(atr) or found.kind is CardKind.OTHER


@given(st.binary(max_size=15))
def test_a_card_with_its_own_historical_bytes_is_iso_dep(historical: bytes) -> None:
    body = bytes((0x80 | len(historical), 0x80, 0x01)) + historical
    check = 0
    for byte in body:
        check ^= byte
    kind = card_found(b"\x3b" + body + bytes((check,)), b"").kind
    assert kind is CardKind.ISO_DEP
