"""Coupons: what an issuer may write, and what comes back of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.crypto.keys import parse_public_key
from terminal.errors import DecodeError, SignatureInvalid
from terminal.payment.coupon import CouponClass, CouponFields, decode_coupon, sign_coupon
from tests.terminal.payment import stall

KEYS = [parse_public_key(stall.signer("h", name).public_key, "h") for name in ("Ed25519", "P-256")]
U32 = st.integers(0, 2**32 - 1)


@st.composite
def coupon_fields(draw: st.DrawFn) -> CouponFields:
    """Any coupon that may exist."""
    kind = draw(st.sampled_from([0, 1, 2, 4, 6, 8, 10, 12, 14]))
    lifetime_h = draw(st.integers(0, 2**16 - 1))
    return CouponFields(
        kind=kind,
        issuer=draw(st.integers(0, 2**16 - 1)),
        serial=draw(U32),
        holder_key=None if kind == 1 else draw(st.sampled_from(KEYS)),
        limit_minor=draw(st.integers(1, 2**53 - 1)),
        currency=draw(st.integers(0, 999)),
        scope=draw(U32),
        not_after_unix_s=draw(st.integers(3600 * lifetime_h, 2**32 - 1)),
        lifetime_h=lifetime_h,
    )


@given(coupon_fields())
def test_a_coupon_comes_back_as_it_was_issued(fields: CouponFields) -> None:
    for algorithm in ("Ed25519", "P-256"):
        issuer = stall.signer("issuer", algorithm)
        data = sign_coupon(fields, issuer)
        coupon = decode_coupon(data)
        assert coupon.fields == fields
        assert coupon.encode() == data
        coupon.verify(parse_public_key(issuer.public_key, "issuer"))
        with pytest.raises(SignatureInvalid):
            coupon.verify(parse_public_key(stall.signer("x", algorithm).public_key, "x"))


@given(coupon_fields(), st.integers(0, 8 * 141 - 1))
def test_any_changed_bit_is_refused_or_no_longer_verifies(fields: CouponFields, bit: int) -> None:
    issuer = stall.signer("issuer")
    data = bytearray(sign_coupon(fields, issuer))
    data[bit // 8 % len(data)] ^= 1 << bit % 8
    with pytest.raises((DecodeError, SignatureInvalid)):
        decode_coupon(bytes(data)).verify(parse_public_key(issuer.public_key, "issuer"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": 3}, "coupon.kind"),
        ({"kind": 16}, "coupon.kind"),
        ({"issuer": 2**16}, "coupon.issuer"),
        ({"serial": -1}, "coupon.serial"),
        ({"limit_minor": 2**53}, "coupon.limit"),
        ({"limit_minor": True}, "coupon.limit"),
        ({"currency": 1000}, "coupon.currency"),
        ({"scope": 2**32}, "coupon.scope"),
        ({"not_after_unix_s": 2**32}, "coupon.not_after"),
        ({"not_after_unix_s": 3599, "lifetime_h": 1}, "coupon.lifetime"),
        ({"holder_key": None}, "coupon.key"),
        ({"kind": 1}, "coupon.key"),
        ({"kind": 5, "holder_key": None}, "coupon.kind"),
        ({"kind": 1, "holder_key": None, "limit_minor": 0}, "coupon.limit"),
    ],
)
def test_an_issuer_cannot_write_what_no_terminal_would_read(
    changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(DecodeError) as caught:
        stall.fields(**changes)
    assert caught.value.field == field


def test_a_kind_says_class_attestation_and_hardware() -> None:
    coupon = stall.fields(kind=14)
    assert coupon.coupon_class is CouponClass.PERMIT
    assert coupon.verification_attested
    assert coupon.key_in_hardware
    assert not stall.FIELDS.verification_attested
    assert not stall.FIELDS.key_in_hardware


def test_a_coupon_begins_its_lifetime_before_its_end() -> None:
    assert stall.FIELDS.not_before_unix_s == stall.FIELDS.not_after_unix_s - 96 * 3600
