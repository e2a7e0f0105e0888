"""A spend: the holder's signature over one interval of one coupon for exactly one request.

Wire form: ``docs/protocol/money.md``, "Spend". A spend consumes the half-open interval
``[from, from + amount)`` of its coupon's limit. Its payload travels as bare fields inside a
presentation; the receiver builds the signed bytes again.

Invariant: ``SpendId`` and ``Spend.digest`` come from payloads; the signature is no part of either.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from terminal.crypto import cbor, cose
from terminal.crypto.keys import PublicKey, algorithm_of
from terminal.errors import DecodeError
from terminal.payment.coupon import CouponId
from terminal.payment.request import SLOT_S
from terminal.ports import Signer

PURPOSE: Final = "kumquat.spend.1"
MAX_MODE: Final = 17
SLOTS: Final = 8
"""Slots are sent modulo this; the receiver knows the rest from its clock."""


@dataclass(frozen=True, slots=True, order=True)
class SpendId:
    """What a spend is called, everywhere: money is paid once for each."""

    coupon: CouponId
    from_minor: int
    amount_minor: int

    @property
    def end_minor(self) -> int:
        return self.from_minor + self.amount_minor

    def overlaps(self, other: SpendId) -> bool:
        """Both spend some of the same coupon: if both are signed, proof of double spending."""
        return (
            self.coupon == other.coupon
            and self.from_minor < other.end_minor
            and other.from_minor < self.end_minor
        )


@dataclass(frozen=True, slots=True)
class Spend:
    """The signed fields. ``mode`` bit 0: user verified; the rest: 0 nonce, else slot mod 8 + 1.

    Raises:
        DecodeError: from the constructor, naming the field that is out of range.
    """

    from_minor: int
    amount_minor: int
    mode: int

    def __post_init__(self) -> None:
        cbor.expect_uint(self.from_minor, "spend.from")
        cbor.expect_uint(self.amount_minor, "spend.amount", minimum=1)
        cbor.expect_uint(self.mode, "spend.mode", MAX_MODE)
        if self.from_minor + self.amount_minor > cbor.MAX_UINT:
            raise DecodeError("spend.amount", "the interval ends above 2^53 - 1")

    @property
    def user_verified(self) -> bool:
        """The device says it checked PIN or biometrics; believed only of an attested coupon."""
        return bool(self.mode & 1)

    @property
    def slot_mark(self) -> int | None:
        """The slot modulo 8, or None where the spend answers a nonce."""
        return (self.mode >> 1) - 1 if self.mode >> 1 else None

    def encode_payload(self) -> bytes:
        """The CBOR array that the holder signs (``spend-p``)."""
        return cbor.encode((self.from_minor, self.amount_minor, self.mode))

    def digest(self, coupon: CouponId) -> bytes:
        """SHA-256 over the spend's identity and payload: what an ack answers, 32 bytes."""
        content = (coupon.issuer, coupon.serial, self.encode_payload())
        return hashlib.sha256(cbor.encode(content)).digest()


def mode_of(*, user_verified: bool = False, slot: int | None = None) -> int:
    """The ``mode`` field for a nonce (``slot`` None) or for a slot number ``unix_s // 60``."""
    return int(user_verified) | (0 if slot is None else (slot % SLOTS + 1) << 1)


def slot_near(mark: int, unix_s: int) -> int | None:
    """The slot within one of the clock's whose number modulo 8 is ``mark``; None: no such slot."""
    now = unix_s // SLOT_S
    for slot in (now, now - 1, now + 1):
        if slot >= 0 and slot % SLOTS == mark:
            return slot
    return None


def signed_bytes(
    spend: Spend, algorithm: int, request_bytes: bytes, slot: int | None, coupon_digest: bytes
) -> bytes:
    """The COSE Sig_structure of a spend (``spend-aad`` and ``spend-p``)."""
    aad = cose.external_aad(PURPOSE, algorithm, request_bytes, slot, coupon_digest)
    return cose.sig_structure(spend.encode_payload(), aad)


def sign_spend(
    spend: Spend, request_bytes: bytes, slot: int | None, coupon_digest: bytes, signer: Signer
) -> bytes:
    """The holder's 64-byte signature over one interval for exactly these request bytes."""
    algorithm = algorithm_of(signer.public_key)
    return signer.sign(signed_bytes(spend, algorithm, request_bytes, slot, coupon_digest))


def verify_spend(
    spend: Spend,
    signature: bytes,
    *,
    holder_key: PublicKey,
    request_bytes: bytes,
    slot: int | None,
    coupon_digest: bytes,
) -> None:
    """Check a spend's signature.

    Raises:
        SignatureInvalid: not signed by this holder for this request, slot and coupon.
    """
    message = signed_bytes(spend, holder_key.algorithm, request_bytes, slot, coupon_digest)
    holder_key.verify(signature, message)
