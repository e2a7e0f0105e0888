"""What a reader finds: kinds by SAK, and the list a PN53x gives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.errors import DecodeError
from terminal.nfc.reader import CardFound, CardKind, decode_targets, kind_of


@pytest.mark.parametrize(
    ("sak", "kind"),
    [
        (0x20, CardKind.ISO_DEP),
        (0x60, CardKind.ISO_DEP),
        (0x28, CardKind.ISO_DEP),
        (0x08, CardKind.CLASSIC),
        (0x18, CardKind.CLASSIC),
        (0x09, CardKind.CLASSIC),
        (0x88, CardKind.CLASSIC),
        (0x11, CardKind.CLASSIC),
        (0x00, CardKind.TYPE_2),
        (0x40, CardKind.PEER),
        (0x02, CardKind.OTHER),
    ],
)
def test_a_card_is_what_its_sak_says(sak: int, kind: CardKind) -> None:
    assert kind_of(sak) is kind


def test_one_and_two_targets_read() -> None:
    one = bytes.fromhex("01 01 0004 20 04 08112233")
    assert decode_targets(one) == (CardFound(bytes.fromhex("08112233"), b"\x00\x04", 0x20),)
    two = bytes.fromhex("02 01 0004 20 04 08112233 02 0044 00 07 04A1B2C3D4E580")
    assert [card.sak for card in decode_targets(two)] == [0x20, 0x00]
    assert decode_targets(b"\x00") == ()


@pytest.mark.parametrize(
    "hexadecimal",
    [
        "",
        "03",
        "01",
        "01020004200408112233",
        "01010004200508112233FF",
        "010100042004081122",
        "00FF",
    ],
)
def test_a_damaged_list_is_refused(hexadecimal: str) -> None:
    with pytest.raises(DecodeError):
        decode_targets(bytes.fromhex(hexadecimal))


@given(st.binary(max_size=40))
def test_any_list_reads_or_is_refused(data: bytes) -> None:
    try:
        found = decode_targets(data)
    except DecodeError:
        return
    assert all(len(card.uid) in (4, 7, 10) for card in found)
