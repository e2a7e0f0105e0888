"""A permit by number: an object of its own, taken by nobody who did not read the card."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from terminal.crypto import cose
from terminal.crypto.keys import parse_public_key
from terminal.errors import DecodeError, SignatureInvalid
from terminal.payment import deny_list
from terminal.payment.counters import Counters, after
from terminal.payment.coupon import sign_coupon
from terminal.payment.decision import AlreadyPaid, Approved, Decision, take_number
from terminal.payment.permit import (
    MAX_PERMITS,
    NumberPermits,
    Permit,
    PermitFields,
    decode_permit,
    numbered,
    sign_permit,
)
from terminal.payment.policy import Policy, decode_policy, sign_policy
from terminal.payment.presentation import decode_presentation
from terminal.payment.reasons import Reason
from terminal.payment.verification import PresentationRefused, read_presentation
from tests.terminal.payment import stall
from tests.terminal.payment.stall import reasons, request

NUMBER = bytes.fromhex("04A1B2C3D4E580")
OTHER = bytes.fromhex("04A1B2C3D4E581")


def fields(**changes: Any) -> PermitFields:
    given: dict[str, Any] = {
        "number": NUMBER,
        "terminal": stall.TERMINAL,
        "issuer": 1000,
        "serial": 5,
        "limit_minor": 10_000,
        "currency": stall.CNY,
        "scope": stall.SCOPE,
        "not_after_unix_s": stall.NOW + stall.DAY,
        "lifetime_h": 96,
    } | changes
    return numbered(**given)


def permit(**changes: Any) -> Permit:
    return decode_permit(sign_permit(fields(**changes), stall.ISSUER))


PERMIT = permit()
POLICY = stall.policy(number_permits=NumberPermits(2_000, (PERMIT,)))


def take(
    asked: Any = None,
    *,
    of: Permit = PERMIT,
    under: Policy = POLICY,
    counters: Counters | None = None,
    card_uid: bytes | None = NUMBER,
    seller_confirmed: bool = False,
) -> Decision:
    """Read the card's number for a sale, and decide."""
    asked = asked or request()
    taken = take_number(of, asked, counters or Counters())
    return stall.sell(
        taken.encode(),
        asked,
        counters,
        under,
        card_uid=card_uid,
        seller_confirmed=seller_confirmed,
    )


def test_a_card_that_the_policy_names_pays_by_its_number_from_where_its_permit_stands() -> None:
    counters = Counters()
    for sale in (1, 2, 3):
        decision = take(request(sale=sale), counters=counters)
        assert isinstance(decision, Approved)
        assert decision.spend_id.from_minor == 1250 * (sale - 1)
        counters = after(counters, decision.acceptance(sale))


def test_the_same_card_again_for_the_sale_it_paid_is_the_same_spend() -> None:
    first = take()
    assert isinstance(first, Approved)
    counters = after(Counters(), first.acceptance(7))
    assert take(counters=counters) == AlreadyPaid(7)


def test_a_policy_says_nothing_of_numbers_until_somebody_asks() -> None:
    assert stall.POLICY.number_permits is None
    assert reasons(take(under=stall.POLICY)) == (Reason.NUMBER_NOT_ACCEPTED,)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"terminal": 9}, Reason.WRONG_TERMINAL),
        ({"scope": 5}, Reason.OUT_OF_SCOPE),
        ({"currency": 978}, Reason.WRONG_CURRENCY),
        ({"not_after_unix_s": stall.NOW - 1}, Reason.EXPIRED),
        ({"not_after_unix_s": stall.NOW + 5 * stall.DAY}, Reason.NOT_YET_VALID),
        ({"limit_minor": 1_000}, Reason.OVER_COUPON_LIMIT),
        ({"lifetime_h": 101}, Reason.LIFETIME_TOO_LONG),
    ],
)
def test_a_permit_is_judged_as_every_coupon_is(changes: dict[str, Any], reason: Reason) -> None:
    other = permit(**changes)
    under = stall.policy(number_permits=NumberPermits(2_000, (other,)))
    assert reason in reasons(take(of=other, under=under))


def test_it_has_a_cap_of_its_own() -> None:
    tight = stall.policy(class_cap_minor=5_000, number_permits=NumberPermits(1_249, (PERMIT,)))
    assert reasons(take(under=tight)) == (Reason.OVER_CLASS_CAP,)


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        (deny_list.card_subject(NUMBER), Reason.CARD_DENIED),
        (deny_list.coupon_subject(PERMIT.id), Reason.COUPON_DENIED),
        (deny_list.issuer_subject(1000), Reason.ISSUER_DENIED),
    ],
)
def test_the_deny_list_knows_it_by_card_permit_and_issuer(subject: bytes, reason: Reason) -> None:
    assert reasons(take(under=replace(POLICY, deny=frozenset({subject})))) == (reason,)


def test_another_card_cannot_use_it_and_neither_can_nobody() -> None:
    assert reasons(take(card_uid=OTHER)) == (Reason.WRONG_CARRIER,)
    assert reasons(take(card_uid=None)) == (Reason.WRONG_CARRIER,)


def test_a_genuine_permit_that_the_policy_no_longer_holds_is_refused() -> None:
    under = stall.policy(number_permits=NumberPermits(2_000, ()))
    assert reasons(take(under=under)) == (Reason.NO_PERMIT_FOR_CARD,)
    again = stall.policy(number_permits=NumberPermits(2_000, (permit(serial=6),)))
    assert reasons(take(under=again)) == (Reason.NO_PERMIT_FOR_CARD,)


def test_above_the_second_limit_the_seller_must_vouch_since_a_number_verifies_nobody() -> None:
    asked = request(3_001)
    under = replace(POLICY, number_permits=NumberPermits(5_000, (PERMIT,)))
    assert reasons(take(asked, under=under)) == (Reason.VERIFICATION_NEEDED,)
    assert isinstance(take(asked, under=under, seller_confirmed=True), Approved)


def test_a_number_that_somebody_sends_is_believed_from_nobody() -> None:
    data = take_number(PERMIT, request(), Counters()).encode()
    with pytest.raises(PresentationRefused) as refused:
        read_presentation(data)
    assert refused.value.reason is Reason.WRONG_CARRIER


def test_a_permit_of_an_issuer_nobody_knows_is_refused_before_any_decision() -> None:
    forged = decode_permit(sign_permit(fields(), stall.HOLDER))
    under = stall.policy(number_permits=NumberPermits(2_000, (forged,)))
    with pytest.raises(PresentationRefused):
        take(of=forged, under=under)


def test_neither_a_coupon_nor_a_permit_is_taken_for_the_other() -> None:
    with pytest.raises(DecodeError):
        decode_permit(sign_coupon(stall.FIELDS, stall.ISSUER))
    as_coupon = cose.sign1_for(stall.ISSUER, fields().encode_payload(), "kumquat.coupon.1")
    with pytest.raises(SignatureInvalid):
        decode_permit(as_coupon).verify(stall.ISSUER_KEY.key)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": b"12345"}, "permit.number"),
        ({"number": bytes.fromhex("08112233")}, "permit.number"),
        ({"terminal": 2**32}, "permit.terminal"),
        ({"limit_minor": 0}, "permit.limit"),
        ({"lifetime_h": 65_535, "not_after_unix_s": 0}, "permit.lifetime"),
    ],
)
def test_what_is_no_permit_is_refused_by_name(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(DecodeError) as error:
        fields(**changes)
    assert error.value.field == field


def test_a_permit_and_its_presentation_and_a_policy_with_it_have_one_spelling() -> None:
    taken = take_number(PERMIT, request(), Counters())
    assert decode_permit(PERMIT.encode()) == PERMIT
    assert decode_presentation(taken.encode()) == taken
    root = stall.signer("root")
    signed = sign_policy(POLICY, root)
    assert decode_policy(signed, parse_public_key(root.public_key, "root")) == POLICY


def test_a_policy_with_every_permit_it_may_hold_fits() -> None:
    numbers = [b"\4\0\0\0\0" + one.to_bytes(2, "big") for one in range(MAX_PERMITS)]
    many = [permit(number=number) for number in numbers]
    full = stall.policy(number_permits=NumberPermits(2_000, tuple(many)))
    assert len(full.encode()) < 100_000
    with pytest.raises(DecodeError):
        NumberPermits(2_000, (PERMIT, PERMIT))
