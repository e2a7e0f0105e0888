"""A presentation: what the payer's device answers. The same bytes by sound, QR and card.

Wire form: ``docs/protocol/money.md``, "Presentation": the coupon with a spend, the spend alone for
a terminal that holds the coupon, or a bearer coupon by itself. A fourth form no device sends: the
terminal writes it down where a card's number is named by a permit. Everything is *unverified*.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from terminal.crypto import cbor
from terminal.crypto.keys import SIGNATURE_SIZE, parse_public_key
from terminal.errors import DecodeError
from terminal.payment import coupon as coupons
from terminal.payment.coupon import (
    Coupon,
    CouponClass,
    CouponId,
    ParseKey,
    coupon_from_value,
    decode_coupon,
)
from terminal.payment.permit import Permit, permit_from_value
from terminal.payment.spend import Spend, SpendId, mode_of, sign_spend
from terminal.ports import Signer

MAX_SIZE: Final = 255
_FULL, _ALONE, _BEARER, _NUMBERED = 1, 2, 3, 4


@dataclass(frozen=True, slots=True)
class Full:
    """Coupon and spend: all a terminal needs that has never seen the coupon."""

    coupon: Coupon
    spend: Spend
    signature: bytes

    @property
    def coupon_id(self) -> CouponId:
        return self.coupon.id

    @property
    def spend_id(self) -> SpendId:
        return SpendId(self.coupon.id, self.spend.from_minor, self.spend.amount_minor)

    def encode(self) -> bytes:
        return _full(self.coupon.encode(), self.spend, self.signature)


@dataclass(frozen=True, slots=True)
class Alone:
    """A spend of a coupon that the terminal already holds."""

    coupon_id: CouponId
    spend: Spend
    signature: bytes

    @property
    def spend_id(self) -> SpendId:
        return SpendId(self.coupon_id, self.spend.from_minor, self.spend.amount_minor)

    def encode(self) -> bytes:
        fields = (self.coupon_id.issuer, self.coupon_id.serial, *_spend_fields(self.spend))
        return cbor.encode((_ALONE, *fields, self.signature))


@dataclass(frozen=True, slots=True)
class Bearer:
    """A coupon by itself. Whoever has a bearer coupon's bytes has its whole value, once."""

    coupon: Coupon

    @property
    def coupon_id(self) -> CouponId:
        return self.coupon.id

    @property
    def spend(self) -> Spend:
        """The whole value: nothing signed it."""
        return Spend(0, self.coupon.fields.limit_minor, 0)

    @property
    def spend_id(self) -> SpendId:
        return SpendId(self.coupon.id, self.spend.from_minor, self.spend.amount_minor)

    def encode(self) -> bytes:
        return b"\x82\x03" + self.coupon.encode()


@dataclass(frozen=True, slots=True)
class Numbered:
    """A card's number was read, and this permit names it. No holder signed: *clonable*."""

    coupon: Permit
    from_minor: int
    amount_minor: int

    @property
    def coupon_id(self) -> CouponId:
        return self.coupon.id

    @property
    def spend(self) -> Spend:
        """What the terminal took: nothing signed it."""
        return Spend(self.from_minor, self.amount_minor, 0)

    @property
    def spend_id(self) -> SpendId:
        return SpendId(self.coupon.id, self.from_minor, self.amount_minor)

    def encode(self) -> bytes:
        spend = cbor.encode(self.from_minor) + cbor.encode(self.amount_minor)
        return b"\x84\x04" + self.coupon.encode() + spend


Presentation = Full | Alone | Bearer | Numbered
UNSIGNED: Final = (Bearer, Numbered)
"""The forms that no holder signs: their evidence is clonable."""


def _spend_fields(spend: Spend) -> tuple[int, int, int]:
    return spend.from_minor, spend.amount_minor, spend.mode


def _full(coupon_bytes: bytes, spend: Spend, signature: bytes) -> bytes:
    fields = b"".join([cbor.encode(part) for part in (*_spend_fields(spend), signature)])
    return b"\x86\x01" + coupon_bytes + fields


def decode_presentation(data: bytes, parse_key: ParseKey = parse_public_key) -> Presentation:
    """Read a presentation of at most 255 bytes; nothing is verified.

    ``parse_key`` may be ``claimed_public_key`` where the holder's signature is checked at once.

    Raises:
        DecodeError: naming the first field that is wrong.
    """
    items = cbor.expect_array(cbor.decode(data, "presentation", MAX_SIZE), "presentation")
    kind = cbor.expect_uint(items[0], "presentation.kind", _NUMBERED) if items else 0
    if kind == _FULL:
        return _decode_full(cbor.expect_array(items, "presentation", 6), parse_key)
    if kind == _ALONE:
        return _decode_alone(cbor.expect_array(items, "presentation", 7))
    if kind == _BEARER:
        return _decode_bearer(cbor.expect_array(items, "presentation", 2))
    if kind == _NUMBERED:
        return _decode_numbered(cbor.expect_array(items, "presentation", 4))
    raise DecodeError("presentation.kind", "unknown kind of presentation")


def _decode_full(items: list[object], parse_key: ParseKey) -> Full:
    coupon = coupon_from_value(items[1], parse_key)
    if coupon.fields.coupon_class is CouponClass.BEARER:
        raise DecodeError("presentation.coupon", "a bearer coupon has no holder to sign a spend")
    return Full(coupon, *_decode_spend(items[2:]))


def _decode_alone(items: list[object]) -> Alone:
    issuer = cbor.expect_uint(items[1], "spend.issuer", coupons.U16)
    serial = cbor.expect_uint(items[2], "spend.serial", coupons.U32)
    return Alone(CouponId(issuer, serial), *_decode_spend(items[3:]))


def _decode_bearer(items: list[object]) -> Bearer:
    coupon = coupon_from_value(items[1])
    if coupon.fields.coupon_class is not CouponClass.BEARER:
        raise DecodeError("presentation.coupon", "only a bearer coupon goes without a spend")
    return Bearer(coupon)


def _decode_numbered(items: list[object]) -> Numbered:
    return Numbered(
        permit_from_value(items[1]),
        cbor.expect_uint(items[2], "spend.from"),
        cbor.expect_uint(items[3], "spend.amount", minimum=1),
    )


def _decode_spend(items: list[object]) -> tuple[Spend, bytes]:
    from_, amount, mode, signature = items
    spend = Spend(
        cbor.expect_uint(from_, "spend.from"),
        cbor.expect_uint(amount, "spend.amount", minimum=1),
        cbor.expect_uint(mode, "spend.mode"),
    )
    return spend, cbor.expect_bytes(signature, "spend.signature", SIGNATURE_SIZE)


def full_presentation(
    coupon_bytes: bytes,
    from_minor: int,
    amount_minor: int,
    mode: int,
    request_bytes: bytes,
    slot: int | None,
    signer: Signer,
) -> bytes:
    """The holder's answer with the coupon in it.

    ``mode`` comes from ``mode_of``; ``slot`` is the whole slot number, None for a nonce request.
    """
    coupon = decode_coupon(coupon_bytes)
    spend = _spend_in_mode(from_minor, amount_minor, mode, slot)
    signature = sign_spend(spend, request_bytes, slot, coupon.digest, signer)
    return _full(coupon_bytes, spend, signature)


def alone_presentation(
    coupon_bytes: bytes,
    from_minor: int,
    amount_minor: int,
    mode: int,
    request_bytes: bytes,
    slot: int | None,
    signer: Signer,
) -> bytes:
    """The holder's answer for a terminal that acknowledged this coupon before."""
    coupon = decode_coupon(coupon_bytes)
    spend = _spend_in_mode(from_minor, amount_minor, mode, slot)
    signature = sign_spend(spend, request_bytes, slot, coupon.digest, signer)
    return Alone(coupon.id, spend, signature).encode()


def _spend_in_mode(from_minor: int, amount_minor: int, mode: int, slot: int | None) -> Spend:
    spend = Spend(from_minor, amount_minor, mode)
    if mode_of(user_verified=spend.user_verified, slot=slot) != mode:
        raise ValueError("mode and slot disagree")
    return spend


def bearer_presentation(coupon_bytes: bytes) -> bytes:
    """A bearer coupon, handed over."""
    return Bearer(decode_coupon(coupon_bytes)).encode()


def spend_digest(presentation: Presentation) -> bytes:
    """SHA-256 over the spend's identity and payload, 32 bytes: what an ack answers."""
    return presentation.spend.digest(presentation.coupon_id)


def check_code_of(presentation: Presentation) -> str:
    """The three digits that both screens show for this presentation."""
    return code_of_digest(spend_digest(presentation))


def code_of_digest(digest: bytes) -> str:
    """``check_code_of`` where ``spend_digest`` is at hand."""
    return f"{int.from_bytes(digest[:8], 'big') % 1000:03d}"


def check_code(data: bytes) -> str:
    """``check_code_of`` for presentation bytes.

    Raises:
        DecodeError: not a presentation.
    """
    return check_code_of(decode_presentation(data))
