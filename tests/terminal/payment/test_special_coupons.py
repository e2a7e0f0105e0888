"""Printed codes and bearer coupons: refused unless the policy says, then within their own caps."""

from __future__ import annotations

import pytest

from terminal.payment.counters import Counters, TerminalCounters, after
from terminal.payment.coupon import CouponClass, sign_coupon
from terminal.payment.decision import AlreadyPaid, Approved, Declined
from terminal.payment.presentation import bearer_presentation, full_presentation
from terminal.payment.reasons import Reason
from terminal.payment.request import StaticRequest
from terminal.payment.spend import mode_of
from terminal.payment.verification import Prior
from tests.terminal.payment import stall
from tests.terminal.payment.stall import CNY, MOMENT, TERMINAL, reasons, sell


def printed(slot: int, amount: int = 900) -> bytes:
    static = StaticRequest(TERMINAL, CNY).encode()
    coupon = sign_coupon(stall.FIELDS, stall.ISSUER)
    return full_presentation(coupon, 0, amount, mode_of(slot=slot), static, slot, stall.HOLDER)


@pytest.mark.parametrize("drift", [-1, 0, 1])
def test_a_printed_code_is_taken_within_a_minute_where_the_policy_says(drift: int) -> None:
    asked = stall.request(900)
    data = printed(MOMENT.slot + drift)
    assert reasons(sell(data, asked)) == (Reason.STATIC_NOT_ACCEPTED,)
    allowed = stall.policy(static_accepted=True, slot_cap_minor=900)
    assert isinstance(sell(data, asked, under=allowed), Approved)
    capped = stall.policy(static_accepted=True, slot_cap_minor=899)
    assert reasons(sell(data, asked, under=capped)) == (Reason.OVER_SLOT_CAP,)
    alone = stall.policy(static_accepted=True, slot_cap_minor=900, unattended=True)
    assert reasons(sell(data, asked, under=alone)) == (Reason.SLOT_UNATTENDED,)
    restored = Counters(None, TerminalCounters(nonce_only=True))
    assert reasons(sell(data, asked, restored, allowed)) == (Reason.NONCE_ONLY_UNTIL_SYNC,)


def test_a_printed_codes_spend_pays_one_sale_of_its_minute_and_no_second() -> None:
    first, second = stall.request(900, 1), stall.request(900, 2)
    allowed = stall.policy(static_accepted=True, slot_cap_minor=900)
    data = printed(MOMENT.slot)
    decision = sell(data, first, under=allowed)
    assert isinstance(decision, Approved)
    counters = after(Counters(), decision.acceptance(3))
    assert sell(data, first, counters, allowed) == AlreadyPaid(3)
    again = sell(data, second, counters, allowed, prior=Prior(3, data))
    assert again == Declined((Reason.ALREADY_ACCEPTED,), 3)


def test_a_printed_code_for_another_amount_is_declined() -> None:
    asked = stall.request(901)
    allowed = stall.policy(static_accepted=True, slot_cap_minor=5000)
    assert reasons(sell(printed(MOMENT.slot), asked, under=allowed)) == (Reason.WRONG_AMOUNT,)


def test_a_bearer_coupon_goes_whole_once_and_never_by_sound() -> None:
    data = bearer_presentation(
        sign_coupon(stall.fields(kind=1, holder_key=None, limit_minor=1250), stall.ISSUER)
    )
    asked, other = stall.request(1250), stall.request(1000)
    assert reasons(sell(data, asked)) == (Reason.BEARER_NOT_ACCEPTED,)
    allowed = stall.policy(classes=frozenset({CouponClass.BEARER}), class_cap_minor=1250)
    assert reasons(sell(data, asked, under=allowed, by_sound=True)) == (Reason.WRONG_CARRIER,)
    assert reasons(sell(data, other, under=allowed)) == (Reason.NOT_WHOLE_VALUE,)
    decision = sell(data, asked, under=allowed)
    assert isinstance(decision, Approved)
    counters = after(Counters(), decision.acceptance(4))
    assert sell(data, asked, counters, allowed) == AlreadyPaid(4)
    later = stall.request(1250, 9)
    again = sell(data, later, counters, allowed, prior=Prior(4, data))
    assert again == Declined((Reason.ALREADY_ACCEPTED,), 4)
