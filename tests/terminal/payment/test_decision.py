"""The decision: every finding by name, intervals that only move forward, answers that repeat."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.payment import deny_list
from terminal.payment.clock_floor import Moment
from terminal.payment.counters import Counters, TerminalCounters, after
from terminal.payment.coupon import CouponClass, CouponFields, sign_coupon
from terminal.payment.decision import AlreadyPaid, Approved, Declined, decide
from terminal.payment.policy import Policy
from terminal.payment.presentation import (
    bearer_presentation,
    decode_presentation,
    full_presentation,
)
from terminal.payment.reasons import Reason
from terminal.payment.request import StaticRequest
from terminal.payment.risk import chosen_for_host
from terminal.payment.spend import mode_of
from terminal.payment.verification import Prior
from terminal.ports import ClockQuality
from tests.terminal.payment import stall
from tests.terminal.payment.stall import CNY, DAY, MOMENT, NOW, TERMINAL, pay, sell

UNKNOWN = Moment(0, ClockQuality.UNKNOWN, NOW)


def reasons(decision: object) -> tuple[Reason, ...]:
    assert isinstance(decision, Declined), decision
    return decision.reasons


def offline(**changes: Any) -> Counters:
    return Counters(None, TerminalCounters(**changes))


def with_issuer(**changes: Any) -> Policy:
    return stall.policy(issuers=(replace(stall.ISSUER_KEY, **changes),))


def denying(subject: bytes) -> Policy:
    return stall.policy(deny=frozenset({subject, b"\xff" * 8}))


def test_a_sound_sale_is_approved() -> None:
    asked = stall.request()
    decision = sell(pay(asked), asked)
    assert isinstance(decision, Approved)
    assert decision.amount_minor == 1250
    assert decision.spend_id.end_minor == 1250


RESTRICTED: list[tuple[Reason, CouponFields, Policy]] = [
    (Reason.EXPIRED, stall.fields(not_after_unix_s=NOW - 1), stall.POLICY),
    (Reason.NOT_YET_VALID, stall.fields(not_after_unix_s=NOW + 97 * 3600), stall.POLICY),
    (Reason.WRONG_CURRENCY, stall.fields(currency=978), stall.POLICY),
    (Reason.WRONG_CURRENCY, stall.FIELDS, stall.policy(currency=978)),
    (Reason.OUT_OF_SCOPE, stall.FIELDS, stall.policy(scopes=(1, 2))),
    (Reason.ISSUER_LIMIT_EXCEEDED, stall.FIELDS, with_issuer(limit_cap_minor=19_999)),
    (Reason.ISSUER_SCOPE_EXCEEDED, stall.FIELDS, with_issuer(scopes=())),
    (Reason.ISSUED_OUTSIDE_WINDOW, stall.FIELDS, with_issuer(issued_from_unix_s=NOW)),
    (Reason.ISSUED_OUTSIDE_WINDOW, stall.FIELDS, with_issuer(issued_until_unix_s=NOW - 2 * DAY)),
    (Reason.ISSUER_RETIRED, stall.FIELDS, with_issuer(verify_until_unix_s=NOW - 1)),
    (Reason.LIFETIME_TOO_LONG, stall.FIELDS, with_issuer(lifetime_cap_h=95)),
    (Reason.ISSUER_DENIED, stall.FIELDS, denying(deny_list.issuer_subject(1000))),
    (Reason.COUPON_DENIED, stall.FIELDS, denying(deny_list.coupon_subject(stall.FIELDS.id))),
    (
        Reason.HOLDER_DENIED,
        stall.FIELDS,
        denying(deny_list.deny_subject(deny_list.DenyKind.HOLDER, stall.HOLDER.public_key)),
    ),
    (Reason.CARD_DENIED, stall.FIELDS, denying(deny_list.card_subject(b"\x04UID567"))),
    (Reason.TERMINAL_DENIED, stall.FIELDS, denying(deny_list.terminal_subject(TERMINAL))),
    (Reason.WRONG_TERMINAL, stall.FIELDS, stall.policy(terminal=TERMINAL + 1)),
    (Reason.PERMIT_NOT_ACCEPTED, stall.fields(kind=2), stall.POLICY),
    (Reason.HOLDER_BOUND_NOT_ACCEPTED, stall.FIELDS, stall.policy(classes=frozenset())),
    (
        Reason.OVER_CLASS_CAP,
        stall.fields(kind=2),
        stall.policy(classes=frozenset({CouponClass.PERMIT}), class_cap_minor=1249),
    ),
    (Reason.POLICY_NOT_YET_VALID, stall.FIELDS, stall.policy(not_before_unix_s=NOW + 1)),
    (Reason.OVER_COUPON_LIMIT, stall.fields(limit_minor=1249), stall.POLICY),
    (
        Reason.OVER_FLOOR_LIMIT,
        stall.FIELDS,
        stall.policy(floor_limit_minor=1249, unknown_clock_cap_minor=0),
    ),
    (Reason.OVER_COUPON_CAP, stall.FIELDS, stall.policy(coupon_cap_minor=1249)),
    (Reason.OVER_CUMULATIVE_LIMIT, stall.FIELDS, stall.policy(cumulative_limit_minor=1249)),
    (Reason.OVER_COUNT_LIMIT, stall.FIELDS, stall.policy(count_limit=0)),
    (Reason.TOO_MANY_CONSECUTIVE, stall.FIELDS, stall.policy(consecutive_limit=0)),
    (Reason.MUST_GO_ONLINE, stall.FIELDS, stall.policy(online_per_mille=1000)),
    (Reason.VERIFICATION_NEEDED, stall.FIELDS, stall.policy(second_limit_minor=1249)),
]


@pytest.mark.parametrize(
    ("reason", "coupon", "under"), RESTRICTED, ids=[one[0].name for one in RESTRICTED]
)
def test_each_check_declines_with_its_own_reason_and_no_other(
    reason: Reason, coupon: CouponFields, under: Policy
) -> None:
    asked = stall.request()
    found = sell(pay(asked, coupon=coupon), asked, under=under, card_uid=b"\x04UID567")
    assert reasons(found) == (reason,)


def test_a_limit_is_the_largest_amount_still_accepted() -> None:
    asked = stall.request(1250)
    exactly = stall.policy(
        floor_limit_minor=1250,
        second_limit_minor=1250,
        coupon_cap_minor=1250,
        cumulative_limit_minor=1250,
        count_limit=1,
        consecutive_limit=1,
        unknown_clock_cap_minor=1250,
    )
    coupon = stall.fields(limit_minor=1250, not_after_unix_s=NOW)
    assert isinstance(sell(pay(asked, coupon=coupon), asked, under=exactly), Approved)


def test_every_finding_is_reported_not_only_the_first() -> None:
    asked = stall.request(6000)
    coupon = stall.fields(not_after_unix_s=NOW - 1, limit_minor=5999, currency=978)
    under = stall.policy(scopes=(), coupon_cap_minor=100)
    assert reasons(sell(pay(asked, coupon=coupon), asked, under=under)) == (
        Reason.EXPIRED,
        Reason.WRONG_CURRENCY,
        Reason.OUT_OF_SCOPE,
        Reason.OVER_COUPON_LIMIT,
        Reason.OVER_FLOOR_LIMIT,
        Reason.OVER_COUPON_CAP,
        Reason.VERIFICATION_NEEDED,
    )


def test_sums_count_what_is_not_yet_host_confirmed() -> None:
    asked = stall.request(1000)
    at_limit = offline(unsynced_minor=49_000, unsynced_count=99)
    assert isinstance(sell(pay(asked), asked, at_limit), Approved)
    over = offline(unsynced_minor=49_001, unsynced_count=100)
    assert reasons(sell(pay(asked), asked, over)) == (
        Reason.OVER_CUMULATIVE_LIMIT,
        Reason.OVER_COUNT_LIMIT,
    )


def test_too_long_without_the_host_declines_and_one_contact_ends_it() -> None:
    late = Moment(NOW + 6 * DAY + 1, ClockQuality.RTC, NOW)
    coupon = stall.fields(not_after_unix_s=NOW + 9 * DAY, lifetime_h=99, serial=5)
    coupon = replace(coupon, not_after_unix_s=NOW + 6 * DAY + 3600)
    asked = stall.request()
    alone = sell(pay(asked, coupon=coupon), asked, moment=late)
    assert reasons(alone) == (Reason.OVER_OFFLINE_TIME,)
    heard = offline(last_host_contact_unix_s=NOW)
    assert isinstance(sell(pay(asked, coupon=coupon), asked, heard, moment=late), Approved)


def test_a_policy_older_than_staleness_and_horizon_together_is_stale() -> None:
    asked = stall.request()
    heard = offline(last_host_contact_unix_s=NOW)
    old = stall.policy(issued_at_unix_s=NOW - 9 * DAY)
    assert isinstance(sell(pay(asked), asked, heard, old), Approved)
    older = stall.policy(issued_at_unix_s=NOW - 9 * DAY - 1)
    assert reasons(sell(pay(asked), asked, heard, older)) == (Reason.POLICY_STALE,)


def test_consecutive_spends_of_one_coupon_start_again_after_a_sync() -> None:
    counters = Counters()
    for sale in range(5):
        asked = stall.request(100, sale)
        counters = stall.accept(pay(asked, 100 * sale), asked, counters, entry=sale)
    sixth = stall.request(100, 6)
    assert reasons(sell(pay(sixth, 500), sixth, counters)) == (Reason.TOO_MANY_CONSECUTIVE,)
    synced = replace(counters, terminal=replace(counters.terminal, host_contacts=1))
    assert isinstance(sell(pay(sixth, 500), sixth, synced), Approved)


def test_the_nonce_picks_sales_for_the_host_at_about_the_asked_rate() -> None:
    picked = sum(chosen_for_host(stall.request(100, sale), 250) for sale in range(2000))
    assert 400 < picked < 600
    assert not any(chosen_for_host(stall.request(100, sale), 0) for sale in range(100))


# balance intervals


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
    again = sell(pay(asked, 1250), asked, counters)
    assert reasons(again) == (Reason.SALE_ALREADY_PAID,)
    other = pay(asked, coupon=stall.fields(serial=78_000_000))
    elsewhere = Counters(None, counters.terminal)
    assert reasons(sell(other, asked, elsewhere)) == (Reason.SALE_ALREADY_PAID,)


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


# the payer


def test_above_the_second_limit_the_seller_or_an_attested_check_is_needed() -> None:
    asked = stall.request(4000)
    plain, claimed = pay(asked), pay(asked, user_verified=True)
    needed = sell(plain, asked)
    assert isinstance(needed, Declined)
    assert needed.reasons == (Reason.VERIFICATION_NEEDED,)
    assert needed.needs_seller_only
    assert isinstance(sell(plain, asked, seller_confirmed=True), Approved)
    unattested = sell(claimed, asked)
    assert isinstance(unattested, Declined)
    assert unattested.needs_seller_only
    assert Reason.VERIFICATION_NOT_ATTESTED in unattested.reasons
    attested = pay(asked, coupon=stall.fields(kind=4), user_verified=True)
    assert isinstance(sell(attested, asked), Approved)
    silent = pay(asked, coupon=stall.fields(kind=4))
    assert reasons(sell(silent, asked)) == (Reason.VERIFICATION_NEEDED,)


def test_the_sellers_confirmation_lifts_nothing_else() -> None:
    asked = stall.request(6000)
    decision = sell(pay(asked), asked, seller_confirmed=True)
    assert reasons(decision) == (Reason.OVER_FLOOR_LIMIT,)
    assert isinstance(decision, Declined)
    assert not decision.needs_seller_only


# the clock


def test_with_an_unknown_clock_expiry_goes_by_the_floor_and_amounts_are_capped() -> None:
    small, large = stall.request(2000), stall.request(2001)
    assert isinstance(sell(pay(small), small, moment=UNKNOWN), Approved)
    assert reasons(sell(pay(large), large, moment=UNKNOWN)) == (Reason.OVER_UNKNOWN_CLOCK_CAP,)
    expired = stall.fields(not_after_unix_s=NOW - 1)
    assert reasons(sell(pay(small, coupon=expired), small, moment=UNKNOWN)) == (Reason.EXPIRED,)
    future = stall.fields(not_after_unix_s=NOW + 97 * 3600)
    assert isinstance(sell(pay(small, coupon=future), small, moment=UNKNOWN), Approved)


# printed codes and bearer coupons


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
    restored = offline(nonce_only=True)
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


# what the caller may not mix up


def test_a_presentation_verified_for_one_request_does_not_pay_another() -> None:
    first, second = stall.request(sale=1), stall.request(sale=2)
    verified = stall.checked(pay(first), first)
    decision = decide(
        verified, request=second, policy=stall.POLICY, counters=Counters(), moment=MOMENT
    )
    assert reasons(decision) == (Reason.NOT_FOR_THIS_SALE,)


def test_another_policy_or_anothers_counters_are_the_callers_fault() -> None:
    asked = stall.request()
    verified = stall.checked(pay(asked), asked)
    with pytest.raises(ValueError, match="policy"):
        decide(
            verified,
            request=asked,
            policy=stall.policy(version=4),
            counters=Counters(),
            moment=MOMENT,
        )
    other = stall.request(sale=5)
    foreign = stall.accept(pay(other, coupon=stall.fields(serial=1)), other, Counters(), entry=1)
    with pytest.raises(ValueError, match="coupon"):
        decide(verified, request=asked, policy=stall.POLICY, counters=foreign, moment=MOMENT)


def test_the_full_form_and_the_spend_alone_are_one_spend() -> None:
    asked = stall.request()
    full = decode_presentation(pay(asked))
    assert full.spend_id.coupon == stall.FIELDS.id
