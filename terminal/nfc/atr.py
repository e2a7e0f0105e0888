"""What a PC/SC reader says of a contactless card: its answer to reset, put together by the reader.

PC/SC part 3 (revision 2.01.09), 3.1.3.2.3: ``3B 8n 80 01``, n historical bytes, check byte. A card
with ISO/IEC 14443-4 puts its own historical bytes there; of any other the reader names standard and
card in them. SENS_RES and SEL_RES stay inside the reader: the SAK here is one that the named card
gives, so that ``kind_of`` says the same whatever the reader is.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import xor
from types import MappingProxyType
from typing import Final

from terminal.nfc.reader import CardFound

ISO_DEP_SAK: Final = 0x20
OTHER_SAK: Final = 0x02
_HEAD: Final = bytes.fromhex("8001")
"""TD1 and TD2: T=0, then T=1 and no more."""
_STORAGE: Final = bytes.fromhex("804F0CA000000306")
"""Historical bytes of a card without 14443-4: application identifier of 12 bytes, PC/SC's RID."""
_STORAGE_SIZE: Final = 15
_SAK_BY_NAME: Final[Mapping[int, int]] = MappingProxyType(
    {
        0x0001: 0x08,  # MIFARE Classic 1K
        0x0002: 0x18,  # MIFARE Classic 4K
        0x0003: 0x00,  # MIFARE Ultralight, and what readers take for one: every NTAG
        0x0026: 0x09,  # MIFARE Mini
        0x003A: 0x00,  # MIFARE Ultralight C
    }
)


def is_contactless(atr: bytes) -> bool:
    """Whether a reader made this answer for a card without contacts."""
    return (
        len(atr) >= 5
        and atr[0] == 0x3B
        and atr[1] & 0xF0 == 0x80
        and atr[2:4] == _HEAD
        and len(atr) == 5 + (atr[1] & 0x0F)
        and reduce(xor, atr[1:]) == 0
    )


def card_found(atr: bytes, uid: bytes) -> CardFound:
    """The card behind an answer to reset; whatever is not understood is of an unknown kind.

    ``uid`` may be empty: not every reader tells it. ``atqa`` always is.
    """
    return CardFound(uid, b"", _sak_of(atr))


def _sak_of(atr: bytes) -> int:
    if not is_contactless(atr):
        return OTHER_SAK
    historical = atr[4:-1]
    if not historical.startswith(_STORAGE):
        return ISO_DEP_SAK
    if len(historical) != _STORAGE_SIZE:
        return OTHER_SAK
    return _SAK_BY_NAME.get(int.from_bytes(historical[9:11], "big"), OTHER_SAK)
