"""A coupon: the issuer's word that the holder of a key may spend up to a limit, in a scope, until.

Wire form: ``docs/protocol/money.md``, "Coupon": COSE_Sign1 by the issuer over nine fields.

Invariants: the payload bytes are kept exactly as they came, so the digest that a spend signs is
theirs. Identity is ``(issuer, serial)`` and never a signature. A holder key that is off its curve,
not canonical or of small order is refused here, at decode. A decoded coupon is *not* verified.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from terminal.crypto import cbor, cose
from terminal.crypto.keys import KEY_SIZES, PublicKey, parse_public_key
from terminal.errors import DecodeError
from terminal.ports import Signer

PURPOSE: Final = "kumquat.coupon.1"
MAX_SIZE: Final = 160
MAX_PAYLOAD_SIZE: Final = 80
U16: Final = 2**16 - 1
U32: Final = 2**32 - 1
MAX_CURRENCY: Final = 999
ParseKey = Callable[[bytes, str], PublicKey]
_CLASS_MASK, _ATTESTED, _HARDWARE = 3, 4, 8


class CouponClass(IntEnum):
    """The low two bits of a coupon's kind."""

    HOLDER_BOUND = 0
    BEARER = 1
    PERMIT = 2
    NUMBERED = 3
    """Never on the wire of a coupon: ``terminal.payment.permit`` has its own."""


@dataclass(frozen=True, slots=True, order=True)
class CouponId:
    """What a coupon is called, everywhere: issuer 0..65535, serial u32."""

    issuer: int
    serial: int


@dataclass(frozen=True, slots=True)
class CouponFields:
    """What an issuer decides. ``kind`` is the class, +4 verification attested, +8 hardware key.

    Raises:
        DecodeError: from the constructor, naming the field that is out of range.
    """

    kind: int
    issuer: int
    serial: int
    holder_key: PublicKey | None
    limit_minor: int
    currency: int
    scope: int
    not_after_unix_s: int
    lifetime_h: int

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.coupon_class is CouponClass.NUMBERED:
            raise DecodeError("coupon.kind", "class 3 is no coupon")
        if (self.holder_key is None) != (self.coupon_class is CouponClass.BEARER):
            raise DecodeError("coupon.key", "a bearer coupon has none, every other has one")
        if self.holder_key is None and self.kind & (_ATTESTED | _HARDWARE):
            raise DecodeError("coupon.kind", "a bearer coupon attests nothing")
        if self.holder_key is None and self.limit_minor == 0:
            raise DecodeError("coupon.limit", "a bearer coupon is worth something")
        if self.not_before_unix_s < 0:
            raise DecodeError("coupon.lifetime", "begins before 1970")

    @property
    def id(self) -> CouponId:
        return CouponId(self.issuer, self.serial)

    @property
    def coupon_class(self) -> CouponClass:
        return CouponClass(self.kind & _CLASS_MASK)

    @property
    def verification_attested(self) -> bool:
        """The issuer vouches that the holder's device checks PIN or biometrics when it says so."""
        return bool(self.kind & _ATTESTED)

    @property
    def key_in_hardware(self) -> bool:
        return bool(self.kind & _HARDWARE)

    @property
    def not_before_unix_s(self) -> int:
        return self.not_after_unix_s - 3600 * self.lifetime_h

    def encode_payload(self) -> bytes:
        """The CBOR array that the issuer signs (``coupon-p``)."""
        key = None if self.holder_key is None else self.holder_key.data
        fields = (self.kind, self.issuer, self.serial, key, self.limit_minor, self.currency)
        return cbor.encode((*fields, self.scope, self.not_after_unix_s, self.lifetime_h))


def check_ranges(fields: CouponFields) -> None:
    """Every number within its range.

    Raises:
        DecodeError: naming the field that is not.
    """
    cbor.expect_uint(fields.kind, "coupon.kind", 15)
    cbor.expect_uint(fields.issuer, "coupon.issuer", U16)
    cbor.expect_uint(fields.serial, "coupon.serial", U32)
    cbor.expect_uint(fields.limit_minor, "coupon.limit")
    cbor.expect_uint(fields.currency, "coupon.currency", MAX_CURRENCY)
    cbor.expect_uint(fields.scope, "coupon.scope", U32)
    cbor.expect_uint(fields.not_after_unix_s, "coupon.not_after", U32)
    cbor.expect_uint(fields.lifetime_h, "coupon.lifetime", U16)


@dataclass(frozen=True, slots=True)
class Coupon:
    """A decoded coupon: its fields, and the exact bytes they came in. Not verified."""

    fields: CouponFields
    payload: bytes
    signature: bytes
    digest: bytes
    """SHA-256 of ``payload``: what a spend of this coupon signs."""

    @property
    def id(self) -> CouponId:
        return self.fields.id

    @property
    def purpose(self) -> str:
        """What the issuer signed it for."""
        return PURPOSE

    def encode(self) -> bytes:
        return cose.assemble(self.payload, self.signature)

    def verify(self, issuer_key: PublicKey) -> None:
        """Check the issuer's signature.

        Raises:
            SignatureInvalid: it does not verify.
        """
        aad = cose.external_aad(self.purpose, issuer_key.algorithm)
        issuer_key.verify(self.signature, cose.sig_structure(self.payload, aad))


def decode_coupon(data: bytes) -> Coupon:
    """Read a coupon; nothing is verified.

    Raises:
        DecodeError: naming the first field that is wrong.
    """
    return coupon_from_value(cbor.decode(data, "coupon", MAX_SIZE))


def coupon_from_value(value: object, parse_key: ParseKey = parse_public_key) -> Coupon:
    """As ``decode_coupon``, for a coupon that was decoded as part of a presentation.

    ``parse_key`` may be ``claimed_public_key`` where the holder's signature is checked at once.
    """
    payload, signature = cose.unpack1_value(value, "coupon")
    fields = _decode_payload(payload, parse_key)
    return Coupon(fields, payload, signature, hashlib.sha256(payload).digest())


def _decode_payload(payload: bytes, parse_key: ParseKey) -> CouponFields:
    value = cbor.decode(payload, "coupon.payload", MAX_PAYLOAD_SIZE)
    items = cbor.expect_array(value, "coupon.payload", 9)
    kind, issuer, serial, key, limit, currency, scope, not_after, lifetime = items
    return CouponFields(
        kind=cbor.expect_uint(kind, "coupon.kind", 15),
        issuer=cbor.expect_uint(issuer, "coupon.issuer", U16),
        serial=cbor.expect_uint(serial, "coupon.serial", U32),
        holder_key=_holder_key(key, parse_key),
        limit_minor=cbor.expect_uint(limit, "coupon.limit"),
        currency=cbor.expect_uint(currency, "coupon.currency", MAX_CURRENCY),
        scope=cbor.expect_uint(scope, "coupon.scope", U32),
        not_after_unix_s=cbor.expect_uint(not_after, "coupon.not_after", U32),
        lifetime_h=cbor.expect_uint(lifetime, "coupon.lifetime", U16),
    )


def _holder_key(value: object, parse_key: ParseKey) -> PublicKey | None:
    if value is None:
        return None
    data = cbor.expect_bytes(value, "coupon.key", KEY_SIZES)
    return parse_key(data, "coupon.key")


def sign_coupon(fields: CouponFields, signer: Signer) -> bytes:
    """The issuer's signed coupon, 129 bytes or a few more."""
    return cose.sign1_for(signer, fields.encode_payload(), PURPOSE)
