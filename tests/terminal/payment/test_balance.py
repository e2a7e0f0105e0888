"""Balance intervals: they only move forward, repeat idempotently, and name who took them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.payment.clock_floor import Moment
from terminal.payment.counters import Counters, after
from terminal.payment.decision import AlreadyPaid, Approved, Declined
from terminal.payment.reasons import Reason
from terminal.payment.verification import Prior
from terminal.ports import ClockQuality
from tests.terminal.payment import stall
from tests.terminal.payment.stall import DAY, NOW, pay, reasons, sell


def test_the_same_spend_for_its_open_sale_is_already_paid_whatever_has_changed() -> None:
    asked = stall.request()
    counters = stall.accept(pay(asked), asked, Counters(), entry=7)
    assert sell(pay(asked), asked, counters) == AlreadyPaid(7)
    hostile = stall.policy(floor_limit_minor=0, unknown_clock_cap_minor=0, scopes=())
    assert sell(pay(asked), asked, counters, hostile) == AlreadyPaid(7)
    far = Moment(NOW + 90 * DAY, ClockQuality.NTP, NOW)
    assert sell(pay(asked), asked, counters, moment=far) == AlreadyPaid(7)


def test_a_recording_played_in_a_later_sale_names_the_entry_that_took_it() -> None:
    first, second = stall.request(sale=1), stall.request(sale=2)
    recording = pay(first)
    counters = stall.accept(recording, first, Counters(), entry=7)
    prior = Prior(7, recording)
    for asked in (second, None):
        decision = sell(recording, asked, counters, prior=prior)
        assert decision == Declined((Reason.ALREADY_ACCEPTED,), 7)


def test_an_older_recording_names_its_own_entry_and_not_the_last() -> None:
    first, second, third = (stall.request(sale=sale) for sale in (1, 2, 3))
    recording = pay(first)
    counters = stall.accept(recording, first, Counters(), entry=7)
    counters = stall.accept(pay(second, 1250), second, counters, entry=8)
    for asked in (second, third):
        decision = sell(recording, asked, counters, prior=Prior(7, recording))
        assert decision == Declined((Reason.ALREADY_ACCEPTED,), 7)


def test_an_interval_signed_again_for_another_sale_is_already_accepted() -> None:
    first, second = stall.request(sale=1), stall.request(sale=2)
    counters = stall.accept(pay(first), first, Counters(), entry=7)
    decision = sell(pay(second), second, counters, prior=Prior(7, pay(first)))
    assert decision == Declined((Reason.ALREADY_ACCEPTED,), 7)
    assert sell(pay(second), second, counters) == decision


@pytest.mark.parametrize(
    ("from_minor", "amount", "approved"),
    [(1000, 500, True), (1001, 499, True), (999, 1, False), (0, 1000, False), (500, 1000, False)],
)
def test_an_interval_must_begin_at_or_above_all_that_was_accepted(
    from_minor: int, amount: int, approved: bool
) -> None:
    first, second = stall.request(400, 1), stall.request(amount, 2)
    counters = stall.accept(pay(first, 600), first, Counters(), entry=1)
    decision = sell(pay(second, from_minor), second, counters)
    if approved:
        assert isinstance(decision, Approved)
    else:
        assert reasons(decision) == (Reason.INTERVAL_SPENT,)


def test_a_sale_is_paid_once_whoever_pays_second() -> None:
    asked = stall.request()
    counters = stall.accept(pay(asked), asked, Counters(), entry=7)
    again = sell(pay(asked, 1250), asked, counters, paid_entry=7)
    assert reasons(again) == (Reason.SALE_ALREADY_PAID,)
    other = pay(asked, coupon=stall.fields(serial=78_000_000))
    elsewhere = Counters(None, counters.terminal)
    assert reasons(sell(other, asked, elsewhere, paid_entry=7)) == (Reason.SALE_ALREADY_PAID,)
    assert sell(pay(asked), asked, counters, paid_entry=7) == AlreadyPaid(7)


def test_two_coupons_under_one_number_are_a_conflict() -> None:
    first, second = stall.request(sale=1), stall.request(sale=2)
    counters = stall.accept(pay(first), first, Counters(), entry=1)
    twin = stall.fields(limit_minor=19_000)
    found = sell(pay(second, 1250, twin), second, counters)
    assert reasons(found) == (Reason.COUPON_CONFLICT,)


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 3000)), max_size=12))
def test_accepted_intervals_never_overlap_and_never_pass_the_limit(
    wishes: list[tuple[int, int]],
) -> None:
    generous = stall.policy(coupon_cap_minor=10**6, consecutive_limit=100, second_limit_minor=5000)
    counters, taken = Counters(), []
    for sale, (from_minor, amount) in enumerate(wishes):
        asked = stall.request(amount, sale)
        decision = sell(pay(asked, from_minor), asked, counters, generous)
        if isinstance(decision, Approved):
            counters = after(counters, decision.acceptance(sale))
            taken.append(decision.spend_id)
        else:
            assert reasons(decision) in {(Reason.INTERVAL_SPENT,), (Reason.ALREADY_ACCEPTED,)}
    assert not any(a.overlaps(b) for i, a in enumerate(taken) for b in taken[:i])
    assert counters.terminal.unsynced_minor == sum(spend.amount_minor for spend in taken)
    high = counters.coupon.high_minor if counters.coupon else 0
    assert high == max([spend.end_minor for spend in taken], default=0)
