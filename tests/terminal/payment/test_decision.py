"""The decision: every finding by name, intervals that only move forward, answers that repeat."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from terminal.payment import deny_list
from terminal.payment.clock_floor import Moment
from terminal.payment.counters import Counters, TerminalCounters
from terminal.payment.coupon import CouponClass, CouponFields
from terminal.payment.decision import Approved, Declined, decide
from terminal.payment.policy import Policy
from terminal.payment.presentation import (
    decode_presentation,
)
from terminal.payment.reasons import Reason
from terminal.payment.risk import chosen_for_host
from terminal.ports import ClockQuality
from tests.terminal.payment import stall
from tests.terminal.payment.stall import DAY, MOMENT, NOW, TERMINAL, pay, reasons, sell

UNKNOWN = Moment(0, ClockQuality.UNKNOWN, NOW)


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


def test_every_date_includes_its_ends() -> None:
    asked = stall.request()
    coupon = stall.fields(not_after_unix_s=NOW + 96 * 3600)
    at_once = replace(
        stall.ISSUER_KEY,
        issued_from_unix_s=NOW,
        issued_until_unix_s=NOW,
        verify_until_unix_s=NOW,
        lifetime_cap_h=96,
    )
    exactly = stall.policy(issuers=(at_once,), not_before_unix_s=NOW)
    assert coupon.not_before_unix_s == NOW
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
    last = replace(late, unix_s=late.unix_s - 1)
    assert isinstance(sell(pay(asked, coupon=coupon), asked, moment=last), Approved)


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
    drawn = sha256(b"kumquat.online.1" + stall.request().encode()).digest()
    exactly = int.from_bytes(drawn[:8], "big") % 1000
    assert not chosen_for_host(stall.request(), exactly)
    assert chosen_for_host(stall.request(), exactly + 1)


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
