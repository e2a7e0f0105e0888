"""A permit by number: the issuer's word that whoever brings a card of this number may pass.

Wire form: ``docs/protocol/money.md``, "Permit by number": COSE_Sign1 by the issuer, under a purpose
of its own, over nine fields. In a decision it is a coupon of class NUMBERED, so that balance,
limits, deny list and books are those of every coupon; two things set it apart. It names a card's
number where a coupon names a key, so nothing is signed by a holder: its evidence is *clonable*. And
it names the one terminal it is good at, so that two terminals never sell from one balance.

Invariant: a decoded permit is *not* verified; it counts only where the policy holds it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from terminal.crypto import cbor, cose
from terminal.errors import DecodeError
from terminal.payment.coupon import MAX_CURRENCY, U16, U32, Coupon, CouponClass, CouponFields
from terminal.payment.coupon import check_ranges as check_coupon_ranges
from terminal.ports import Signer

PURPOSE: Final = "kumquat.permit.1"
MAX_SIZE: Final = 160
MAX_PAYLOAD_SIZE: Final = 80
MAX_PERMITS: Final = 500
"""In one policy, which has room for other things."""
NUMBER_SIZES: Final = (4, 7, 10)
"""Of a UID (ISO/IEC 14443-3, 6.4.4)."""
RANDOM_NUMBER: Final = 0x08
"""First byte of a 4-byte UID that the card draws anew for every visit (ISO/IEC 14443-3, 6.4.4)."""


@dataclass(frozen=True, slots=True)
class PermitFields(CouponFields):
    """What an issuer decides; ``numbered`` makes one.

    Raises:
        DecodeError: from the constructor, naming the field that is out of range.
    """

    number: bytes = b""
    """The card's UID: 4, 7 or 10 bytes."""
    terminal: int = 0
    """The one terminal it is good at."""

    def __post_init__(self) -> None:
        check_coupon_ranges(self)
        if self.kind != CouponClass.NUMBERED or self.holder_key is not None:
            raise DecodeError("permit.kind", "a permit by number attests nothing and has no key")
        if self.limit_minor == 0:
            raise DecodeError("permit.limit", "a permit is worth something")
        cbor.expect_uint(self.terminal, "permit.terminal", U32)
        if len(self.number) not in NUMBER_SIZES:
            raise DecodeError("permit.number", "a card's number has 4, 7 or 10 bytes")
        if len(self.number) == 4 and self.number[0] == RANDOM_NUMBER:
            raise DecodeError("permit.number", "drawn anew at every visit: it names no card")
        if self.not_before_unix_s < 0:
            raise DecodeError("permit.lifetime", "begins before 1970")

    def encode_payload(self) -> bytes:
        """The CBOR array that the issuer signs (``permit-p``)."""
        names = (self.issuer, self.serial, self.number, self.terminal)
        money = (self.limit_minor, self.currency, self.scope)
        return cbor.encode((*names, *money, self.not_after_unix_s, self.lifetime_h))


def numbered(
    number: bytes,
    terminal: int,
    *,
    issuer: int,
    serial: int,
    limit_minor: int,
    currency: int,
    scope: int,
    not_after_unix_s: int,
    lifetime_h: int,
) -> PermitFields:
    """A permit's fields."""
    return PermitFields(
        kind=int(CouponClass.NUMBERED),
        issuer=issuer,
        serial=serial,
        holder_key=None,
        limit_minor=limit_minor,
        currency=currency,
        scope=scope,
        not_after_unix_s=not_after_unix_s,
        lifetime_h=lifetime_h,
        number=number,
        terminal=terminal,
    )


@dataclass(frozen=True, slots=True)
class Permit(Coupon):
    """A decoded permit: its fields, and the exact bytes they came in. Not verified."""

    fields: PermitFields

    @property
    def purpose(self) -> str:
        return PURPOSE

    @property
    def number(self) -> bytes:
        return self.fields.number


def decode_permit(data: bytes) -> Permit:
    """Read a permit; nothing is verified.

    Raises:
        DecodeError: naming the first field that is wrong.
    """
    return permit_from_value(cbor.decode(data, "permit", MAX_SIZE))


def permit_from_value(value: object) -> Permit:
    """As ``decode_permit``, for a permit that was decoded as part of a presentation."""
    payload, signature = cose.unpack1_value(value, "permit")
    fields = _decode_payload(payload)
    return Permit(fields, payload, signature, hashlib.sha256(payload).digest())


def _decode_payload(payload: bytes) -> PermitFields:
    value = cbor.decode(payload, "permit.payload", MAX_PAYLOAD_SIZE)
    items = cbor.expect_array(value, "permit.payload", 9)
    issuer, serial, number, terminal, limit, currency, scope, not_after, lifetime = items
    return numbered(
        cbor.expect_bytes(number, "permit.number", NUMBER_SIZES),
        cbor.expect_uint(terminal, "permit.terminal", U32),
        issuer=cbor.expect_uint(issuer, "permit.issuer", U16),
        serial=cbor.expect_uint(serial, "permit.serial", U32),
        limit_minor=cbor.expect_uint(limit, "permit.limit"),
        currency=cbor.expect_uint(currency, "permit.currency", MAX_CURRENCY),
        scope=cbor.expect_uint(scope, "permit.scope", U32),
        not_after_unix_s=cbor.expect_uint(not_after, "permit.not_after", U32),
        lifetime_h=cbor.expect_uint(lifetime, "permit.lifetime", U16),
    )


def sign_permit(fields: PermitFields, signer: Signer) -> bytes:
    """The issuer's signed permit, about 106 bytes."""
    return cose.sign1_for(signer, fields.encode_payload(), PURPOSE)


@dataclass(frozen=True, slots=True)
class NumberPermits:
    """What a policy says of cards' numbers: the permits it takes, and the largest sale by one.

    Raises:
        DecodeError: from the constructor, naming the field that is wrong.
    """

    cap_minor: int
    permits: tuple[Permit, ...] = ()
    """By ascending number, none twice."""

    def __post_init__(self) -> None:
        cbor.expect_uint(self.cap_minor, "policy.permits.cap")
        if len(self.permits) > MAX_PERMITS:
            raise DecodeError("policy.permits", f"more than {MAX_PERMITS}")
        numbers = [permit.number for permit in self.permits]
        if any(later <= earlier for earlier, later in pairwise(numbers)):
            raise DecodeError("policy.permits", "not in ascending order of number, each once")

    def of(self, number: bytes) -> Permit | None:
        """The permit that names this card, None where there is none."""
        return next((permit for permit in self.permits if permit.number == number), None)

    def values(self) -> tuple[object, ...]:
        """The fields in the order of the wire."""
        return self.cap_minor, [permit.encode() for permit in self.permits]


def decode_number_permits(value: object) -> NumberPermits:
    """The permits in a decoded policy.

    Raises:
        DecodeError: naming the field that is wrong.
    """
    cap, permits = cbor.expect_array(value, "policy.permits", 2)
    items = cbor.expect_array(permits, "policy.permits")
    return NumberPermits(
        cbor.expect_uint(cap, "policy.permits.cap"),
        tuple([decode_permit(cbor.expect_bytes(one, "policy.permit")) for one in items]),
    )
