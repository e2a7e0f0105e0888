"""A holder's key is a point by the time anything rests on it, whoever checks that."""

from __future__ import annotations

import pytest

from terminal.crypto import cose
from terminal.crypto.keys import claimed_public_key, parse_public_key, require_on_curve
from terminal.errors import DecodeError
from terminal.payment.coupon import PURPOSE, decode_coupon, sign_coupon
from terminal.payment.reasons import Reason
from terminal.payment.verification import PresentationRefused, read_presentation, verify
from tests.terminal.payment.stall import FIELDS, HOLDER, ISSUER, MOMENT, POLICY, pay, request

OFF_CURVE = (2).to_bytes(32, "little")
"""y = 2 has no x on edwards25519: (y^2 - 1) / (d y^2 + 1) is no square."""


def coupon_for(key: bytes) -> bytes:
    """A coupon that its issuer really signed, for a key that nobody should have accepted."""
    payload = FIELDS.encode_payload().replace(HOLDER.public_key, key)
    return cose.sign1_for(ISSUER, payload, PURPOSE)


def test_a_key_off_the_curve_is_refused_wherever_it_is_parsed() -> None:
    with pytest.raises(DecodeError, match="not on the curve"):
        parse_public_key(OFF_CURVE, "key")
    with pytest.raises(DecodeError, match="not on the curve"):
        decode_coupon(coupon_for(OFF_CURVE))


def test_a_claimed_key_off_the_curve_verifies_nothing_and_is_told_apart() -> None:
    asked = request()
    honest = pay(asked)
    genuine = sign_coupon(FIELDS, ISSUER)
    assert genuine in honest
    presentation = read_presentation(honest.replace(genuine, coupon_for(OFF_CURVE)))
    with pytest.raises(PresentationRefused) as refused:
        verify(
            presentation,
            request_bytes=asked.encode(),
            known_coupon=None,
            policy=POLICY,
            moment=MOMENT,
        )
    assert refused.value.reason is Reason.UNKNOWN_OR_DAMAGED


@pytest.mark.parametrize("y", [0, 1, 2**255 - 20, 2**255 - 19, 2**255 - 18])
def test_a_claimed_key_is_canonical_and_not_of_small_order(y: int) -> None:
    with pytest.raises(DecodeError):
        claimed_public_key(y.to_bytes(32, "little"), "key")


def test_an_honest_claimed_key_is_on_the_curve() -> None:
    require_on_curve(claimed_public_key(HOLDER.public_key, "key"), "key")
