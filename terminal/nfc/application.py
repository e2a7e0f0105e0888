"""The words of the Kumquat card application: identifier, instructions, status words, its greeting.

Byte-exact in ``docs/protocol/card.md``; the terminal's session and the reference card share this
table. Payload bytes (requests, presentations, acks) pass through unread.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from types import MappingProxyType
from typing import Final

from terminal.errors import DecodeError
from terminal.nfc.tlv import decode_tlvs, encode_tlv

AID: Final = bytes.fromhex("F04B554D5155415401")
"""``F0`` (proprietary, ISO/IEC 7816-4, 12.2.2.3), "KUMQUAT", 01."""
VERSION: Final = 1
CLA_STANDARD: Final = 0x00
CLA_KUMQUAT: Final = 0x80
TAG_REQUEST: Final = 0x80
TAG_PAYEE_CARD: Final = 0x81
COUPON_REF_SIZE: Final = 6
"""Issuer (2 bytes) and serial (4 bytes), big-endian: enough to know a coupon again."""
MAX_PRESENTATION: Final = 256
MIN_PIN: Final = 4
MAX_PIN: Final = 8


class Instruction(IntEnum):
    """INS bytes. SELECT and VERIFY are the standard's; the others belong to class 80."""

    SELECT = 0xA4
    VERIFY = 0x20
    PRESENT = 0x50
    ACKNOWLEDGE = 0x52
    GET_DATA = 0xCA


class Form(IntEnum):
    """P1 of PRESENT: which presentation is wanted."""

    FULL = 0
    ALONE = 1


class Item(IntEnum):
    """P2 of GET DATA (P1 is 00)."""

    BALANCE = 1
    LAST_ACK = 2
    LAST_PAYEE_CARD = 3


class Status(IntEnum):
    """Status words. ``63Cx`` (wrong PIN, x tries left) is not listed."""

    OK = 0x9000
    WRONG_LENGTH = 0x6700
    VERIFICATION_NEEDED = 0x6982
    PIN_BLOCKED = 0x6983
    OUT_OF_ORDER = 0x6985
    WRONG_DATA = 0x6A80
    NOT_FOUND = 0x6A82
    WRONG_PARAMETERS = 0x6A86
    NO_DATA = 0x6A88
    UNKNOWN_INSTRUCTION = 0x6D00
    UNKNOWN_CLASS = 0x6E00
    FAULT = 0x6F00
    NO_COUPON = 0x9C01
    BALANCE_TOO_LOW = 0x9C02
    OVER_CARD_LIMIT = 0x9C03
    OTHER_CURRENCY = 0x9C04


_MEANINGS: Final[Mapping[int, str]] = MappingProxyType(
    {
        Status.WRONG_LENGTH: "wrong length",
        Status.VERIFICATION_NEEDED: "its PIN is needed",
        Status.PIN_BLOCKED: "its PIN is blocked",
        Status.OUT_OF_ORDER: "not in this order",
        Status.WRONG_DATA: "it does not understand the request",
        Status.NOT_FOUND: "no Kumquat application",
        Status.WRONG_PARAMETERS: "wrong parameters",
        Status.NO_DATA: "it does not hold that",
        Status.UNKNOWN_INSTRUCTION: "unknown instruction",
        Status.UNKNOWN_CLASS: "unknown class",
        Status.FAULT: "a fault of its own",
        Status.NO_COUPON: "no coupon on the card",
        Status.BALANCE_TOO_LOW: "its balance is too low",
        Status.OVER_CARD_LIMIT: "over the card's own limit",
        Status.OTHER_CURRENCY: "its coupon is in another currency",
    }
)


def tries_left(status: int) -> int | None:
    """How many tries a wrong PIN left, by the status word; None: it says nothing of that."""
    return status & 0xF if status & 0xFFF0 == 0x63C0 else None


def meaning(status: int) -> str:
    """A status word in words."""
    left = tries_left(status)
    if left is not None:
        return f"wrong PIN, {left} tries left"
    return _MEANINGS.get(status, "refused")


class Ability(IntFlag):
    """What a card says it can do."""

    PIN = 1
    """It has a PIN and answers VERIFY."""
    SPEND_ALONE = 2
    """It answers PRESENT with P1 01."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """The answer to SELECT. ``coupon_ref`` is empty when the card keeps it to itself."""

    version: int
    abilities: Ability
    coupon_ref: bytes = b""

    def encode(self) -> bytes:
        """File control information: ``6F { 84 AID, A5 { 80 version, 81 abilities, 82 ref } }``."""
        body = encode_tlv(0x80, bytes((self.version,))) + encode_tlv(0x81, bytes((self.abilities,)))
        if self.coupon_ref:
            body += encode_tlv(0x82, self.coupon_ref)
        return encode_tlv(0x6F, encode_tlv(0x84, AID) + encode_tlv(0xA5, body))


def decode_greeting(data: bytes) -> Greeting:
    """The data of the answer to SELECT; objects and abilities it does not know are passed over.

    Raises:
        DecodeError: an object is missing, damaged or of the wrong size, or the AID is another.
    """
    outer = decode_tlvs(data, "select")
    if set(outer) != {0x6F}:
        raise DecodeError("select", "not file control information")
    control = decode_tlvs(outer[0x6F], "select.6F")
    if control.get(0x84) != AID:
        raise DecodeError("select.84", "another application answered")
    own = decode_tlvs(control.get(0xA5, b""), "select.A5")
    version = _one_byte(own, 0x80, "select.version")
    if version == 0:
        raise DecodeError("select.version", "0 is not used")
    abilities = Ability(_one_byte(own, 0x81, "select.abilities") & 0x03)
    reference = own.get(0x82, b"")
    if len(reference) not in (0, COUPON_REF_SIZE):
        raise DecodeError("select.coupon_ref", f"{len(reference)} bytes, not {COUPON_REF_SIZE}")
    return Greeting(version, abilities, reference)


def _one_byte(objects: Mapping[int, bytes], tag: int, field: str) -> int:
    value = objects.get(tag, b"")
    if len(value) != 1:
        raise DecodeError(field, f"{len(value)} bytes, not 1")
    return value[0]
