"""Reasons: words for every number, and numbers that never move."""

from __future__ import annotations

from terminal.payment.reasons import Reason


def test_every_reason_has_words_of_its_own() -> None:
    words = [reason.text for reason in Reason]
    assert len(set(words)) == len(words)
    for text in words:
        assert text[0].islower()
        assert not text.endswith(".")


def test_the_words_of_the_promised_reasons_are_kept() -> None:
    assert Reason.ALREADY_ACCEPTED.text == "already accepted"
    assert Reason.NOT_FOR_THIS_SALE.text == "genuine coupon, not signed for this sale"
    assert Reason.UNKNOWN_OR_DAMAGED.text == "no known issuer, or damaged"
    assert Reason.EXPIRED.text == "expired"
    assert Reason.OVER_FLOOR_LIMIT.text == "over the floor limit"


def test_numbers_in_old_journals_keep_their_meaning() -> None:
    kept = {1: "UNKNOWN_OR_DAMAGED", 2: "NOT_FOR_THIS_SALE", 3: "MALFORMED",
            4: "COUPON_UNKNOWN_HERE", 5: "NO_OPEN_SALE", 6: "WRONG_AMOUNT", 7: "WRONG_CARRIER",
            20: "EXPIRED", 21: "NOT_YET_VALID", 22: "WRONG_CURRENCY", 23: "OUT_OF_SCOPE",
            24: "ISSUER_LIMIT_EXCEEDED", 25: "ISSUER_SCOPE_EXCEEDED",
            26: "ISSUED_OUTSIDE_WINDOW", 27: "ISSUER_RETIRED", 28: "ISSUER_DENIED",
            29: "COUPON_DENIED", 30: "HOLDER_DENIED", 31: "CARD_DENIED", 32: "TERMINAL_DENIED",
            33: "LIFETIME_TOO_LONG", 40: "ALREADY_ACCEPTED", 41: "INTERVAL_SPENT",
            42: "OVER_COUPON_LIMIT", 43: "COUPON_CONFLICT", 44: "SALE_ALREADY_PAID",
            60: "OVER_FLOOR_LIMIT", 61: "OVER_COUPON_CAP", 62: "OVER_CUMULATIVE_LIMIT",
            63: "OVER_COUNT_LIMIT", 64: "OVER_OFFLINE_TIME", 65: "TOO_MANY_CONSECUTIVE",
            66: "MUST_GO_ONLINE", 67: "OVER_SLOT_CAP", 68: "OVER_UNKNOWN_CLOCK_CAP",
            69: "OVER_UNKNOWN_PAYEE_CAP", 70: "OVER_CLASS_CAP", 80: "BEARER_NOT_ACCEPTED",
            81: "PERMIT_NOT_ACCEPTED", 82: "STATIC_NOT_ACCEPTED", 83: "SYMMETRIC_NOT_ACCEPTED",
            84: "NOT_WHOLE_VALUE", 85: "HOLDER_BOUND_NOT_ACCEPTED", 86: "NUMBER_NOT_ACCEPTED",
            100: "CLOCK_UNKNOWN",
            101: "OUTSIDE_SLOT", 102: "SLOT_UNATTENDED", 120: "VERIFICATION_NEEDED",
            121: "VERIFICATION_NOT_ATTESTED", 122: "PIN_NEEDED", 123: "PIN_WRONG",
            124: "PIN_BLOCKED", 140: "POLICY_NOT_YET_VALID", 141: "POLICY_STALE",
            142: "WRONG_TERMINAL", 143: "JOURNAL_STOPPED",
            144: "NONCE_ONLY_UNTIL_SYNC", 160: "CARD_COPYABLE", 161: "CARD_BROKEN",
            162: "CARD_NUMBER_ONLY", 163: "CARD_UNSUITABLE", 164: "TWO_CARDS",
            165: "NO_COUPON_ON_CARD", 166: "CARD_REFUSES", 167: "CARD_UNREADABLE",
            168: "NO_PERMIT_FOR_CARD"}  # fmt: skip
    assert {reason.value: reason.name for reason in Reason} == kept
