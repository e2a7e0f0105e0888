"""Spends: identity from payloads, modes and slots."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.crypto.keys import parse_public_key
from terminal.errors import DecodeError, SignatureInvalid
from terminal.payment.coupon import CouponId, sign_coupon
from terminal.payment.presentation import (
    Alone,
    check_code,
    decode_presentation,
    full_presentation,
)
from terminal.payment.spend import (
    Spend,
    SpendId,
    mode_of,
    sign_spend,
    signed_bytes,
    slot_near,
    verify_spend,
)
from tests.terminal.payment import stall

SPENDS = st.builds(Spend, st.integers(0, 2**52), st.integers(1, 2**52), st.integers(0, 17))
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@given(st.booleans(), st.none() | st.integers(0, 2**32))
def test_a_mode_says_whether_the_user_was_verified_and_which_slot(
    verified: bool, slot: int | None
) -> None:
    mode = mode_of(user_verified=verified, slot=slot)
    spend = Spend(0, 1, mode)
    assert 0 <= mode <= 17
    assert spend.user_verified == verified
    assert spend.slot_mark == (None if slot is None else slot % 8)


@given(st.integers(0, 2**32), st.integers(-8, 8))
def test_a_slot_is_found_again_within_one_and_not_beyond(unix_s: int, drift: int) -> None:
    slot = unix_s // 60 + drift
    found = slot_near(slot % 8, unix_s)
    if abs(drift) <= 1 and slot >= 0:
        assert found == slot
    else:
        assert found != slot


@given(SPENDS, st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1))
def test_a_spend_alone_comes_back_as_it_was_made(spend: Spend, issuer: int, serial: int) -> None:
    made = Alone(CouponId(issuer, serial), spend, b"s" * 64)
    assert decode_presentation(made.encode()) == made


@pytest.mark.parametrize("algorithm", ["Ed25519", "P-256"])
@given(spend=SPENDS, request=st.binary(max_size=32), slot=st.none() | st.integers(0, 2**32))
def test_a_signature_holds_for_its_own_request_slot_and_coupon_alone(
    algorithm: str, spend: Spend, request: bytes, slot: int | None
) -> None:
    holder = stall.signer("holder", algorithm)
    key = parse_public_key(holder.public_key, "holder")
    digest = bytes(32)
    signature = sign_spend(spend, request, slot, digest, holder)
    right = {"request_bytes": request, "slot": slot, "coupon_digest": digest}
    verify_spend(spend, signature, holder_key=key, **right)  # type: ignore[arg-type]  # mixed values
    for name, wrong in (
        ("request_bytes", request + b"\0"),
        ("slot", 7 if slot is None else None),
        ("coupon_digest", b"\1" * 32),
    ):
        with pytest.raises(SignatureInvalid):
            verify_spend(spend, signature, holder_key=key, **(right | {name: wrong}))  # type: ignore[arg-type]  # mixed values


def test_a_p256_signatures_twin_is_the_same_spend() -> None:
    holder = stall.signer("holder", "P-256")
    coupon = stall.fields(holder_key=parse_public_key(holder.public_key, "holder"))
    asked = stall.request()
    data = full_presentation(
        sign_coupon(coupon, stall.ISSUER), 0, 1250, 0, asked.encode(), None, holder
    )
    s = int.from_bytes(data[-32:], "big")
    twin = data[:-32] + (P256_ORDER - s).to_bytes(32, "big")
    assert twin != data
    first, second = stall.checked(data, asked), stall.checked(twin, asked)
    assert first.spend_id == second.spend_id
    assert check_code(data) == check_code(twin)


def test_overlap_is_of_half_open_intervals_of_one_coupon() -> None:
    coupon, other = CouponId(1, 2), CouponId(1, 3)
    one = SpendId(coupon, 100, 50)
    assert one.end_minor == 150
    assert one.overlaps(one)
    assert one.overlaps(SpendId(coupon, 149, 1))
    assert one.overlaps(SpendId(coupon, 0, 101))
    assert not one.overlaps(SpendId(coupon, 150, 1))
    assert not one.overlaps(SpendId(coupon, 0, 100))
    assert not one.overlaps(SpendId(other, 100, 50))


def test_a_spend_beyond_the_integers_of_the_wire_is_none() -> None:
    Spend(2**53 - 2, 1, 0)
    with pytest.raises(DecodeError, match="interval"):
        Spend(2**53 - 1, 1, 0)
    with pytest.raises(DecodeError, match="amount"):
        Spend(0, 0, 0)
    with pytest.raises(DecodeError, match="mode"):
        Spend(0, 1, 18)


def test_a_mode_and_a_slot_that_disagree_are_never_signed() -> None:
    coupon = sign_coupon(stall.FIELDS, stall.ISSUER)
    with pytest.raises(ValueError, match="disagree"):
        full_presentation(coupon, 0, 1, 0, b"r", 5, stall.HOLDER)


def test_an_algorithm_crossed_over_signs_other_bytes() -> None:
    spend = Spend(0, 1, 0)
    assert signed_bytes(spend, -19, b"r", None, bytes(32)) != signed_bytes(
        spend, -9, b"r", None, bytes(32)
    )
