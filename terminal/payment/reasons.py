"""Every finding that can decline a payment, with its number for ever and its words.

The numbers are written into journal entries, so a number is never reused and never changes meaning.
``text`` is the English fragment that every screen shows (the pages translate by the enum). Numbers
go by ground: 1.. the presentation itself, 20.. the coupon, 40.. the balance interval, 60.. limits
that the policy holds, 80.. the class of what was presented, 100.. clock, 120.. the payer, 140.. the
terminal's own state, 160.. a card that answered nothing which could be judged.
"""

from __future__ import annotations

from enum import IntEnum
from types import MappingProxyType
from typing import Final


class Reason(IntEnum):
    """Why a payment is declined. A decision carries every one that applies, in this order."""

    UNKNOWN_OR_DAMAGED = 1
    NOT_FOR_THIS_SALE = 2
    MALFORMED = 3
    COUPON_UNKNOWN_HERE = 4
    NO_OPEN_SALE = 5
    WRONG_AMOUNT = 6
    WRONG_CARRIER = 7

    EXPIRED = 20
    NOT_YET_VALID = 21
    WRONG_CURRENCY = 22
    OUT_OF_SCOPE = 23
    ISSUER_LIMIT_EXCEEDED = 24
    ISSUER_SCOPE_EXCEEDED = 25
    ISSUED_OUTSIDE_WINDOW = 26
    ISSUER_RETIRED = 27
    ISSUER_DENIED = 28
    COUPON_DENIED = 29
    HOLDER_DENIED = 30
    CARD_DENIED = 31
    TERMINAL_DENIED = 32
    LIFETIME_TOO_LONG = 33

    ALREADY_ACCEPTED = 40
    INTERVAL_SPENT = 41
    OVER_COUPON_LIMIT = 42
    COUPON_CONFLICT = 43
    SALE_ALREADY_PAID = 44

    OVER_FLOOR_LIMIT = 60
    OVER_COUPON_CAP = 61
    OVER_CUMULATIVE_LIMIT = 62
    OVER_COUNT_LIMIT = 63
    OVER_OFFLINE_TIME = 64
    TOO_MANY_CONSECUTIVE = 65
    MUST_GO_ONLINE = 66
    OVER_SLOT_CAP = 67
    OVER_UNKNOWN_CLOCK_CAP = 68
    OVER_UNKNOWN_PAYEE_CAP = 69
    OVER_CLASS_CAP = 70

    BEARER_NOT_ACCEPTED = 80
    PERMIT_NOT_ACCEPTED = 81
    STATIC_NOT_ACCEPTED = 82
    SYMMETRIC_NOT_ACCEPTED = 83
    NOT_WHOLE_VALUE = 84
    HOLDER_BOUND_NOT_ACCEPTED = 85
    NUMBER_NOT_ACCEPTED = 86

    CLOCK_UNKNOWN = 100
    OUTSIDE_SLOT = 101
    SLOT_UNATTENDED = 102

    VERIFICATION_NEEDED = 120
    VERIFICATION_NOT_ATTESTED = 121
    PIN_NEEDED = 122
    PIN_WRONG = 123
    PIN_BLOCKED = 124

    POLICY_NOT_YET_VALID = 140
    POLICY_STALE = 141
    WRONG_TERMINAL = 142
    JOURNAL_STOPPED = 143
    NONCE_ONLY_UNTIL_SYNC = 144

    CARD_COPYABLE = 160
    CARD_BROKEN = 161
    CARD_NUMBER_ONLY = 162
    CARD_UNSUITABLE = 163
    TWO_CARDS = 164
    NO_COUPON_ON_CARD = 165
    CARD_REFUSES = 166
    CARD_UNREADABLE = 167
    NO_PERMIT_FOR_CARD = 168

    @property
    def text(self) -> str:
        """The English words for a screen, lower case, no full stop."""
        return _TEXT[self]


_TEXT: Final = MappingProxyType(
    {
        Reason.UNKNOWN_OR_DAMAGED: "no known issuer, or damaged",
        Reason.NOT_FOR_THIS_SALE: "genuine coupon, not signed for this sale",
        Reason.MALFORMED: "not a Kumquat presentation",
        Reason.COUPON_UNKNOWN_HERE: "coupon unknown here, send the full one",
        Reason.NO_OPEN_SALE: "no sale is open",
        Reason.WRONG_AMOUNT: "not the amount asked for",
        Reason.WRONG_CARRIER: "not accepted by this way of paying",
        Reason.EXPIRED: "expired",
        Reason.NOT_YET_VALID: "not valid yet",
        Reason.WRONG_CURRENCY: "another currency",
        Reason.OUT_OF_SCOPE: "not for this merchant",
        Reason.ISSUER_LIMIT_EXCEEDED: "coupon is larger than its issuer may issue",
        Reason.ISSUER_SCOPE_EXCEEDED: "issuer may not issue for this scope",
        Reason.ISSUED_OUTSIDE_WINDOW: "issued outside its issuer's time",
        Reason.ISSUER_RETIRED: "issuer no longer accepted",
        Reason.ISSUER_DENIED: "issuer on the deny list",
        Reason.COUPON_DENIED: "coupon on the deny list",
        Reason.HOLDER_DENIED: "holder on the deny list",
        Reason.CARD_DENIED: "card on the deny list",
        Reason.TERMINAL_DENIED: "this terminal is on the deny list",
        Reason.LIFETIME_TOO_LONG: "coupon lives longer than its issuer may grant",
        Reason.ALREADY_ACCEPTED: "already accepted",
        Reason.INTERVAL_SPENT: "this part of the coupon is already spent",
        Reason.OVER_COUPON_LIMIT: "more than the coupon holds",
        Reason.COUPON_CONFLICT: "another coupon with this number was seen here",
        Reason.SALE_ALREADY_PAID: "this sale is already paid",
        Reason.OVER_FLOOR_LIMIT: "over the floor limit",
        Reason.OVER_COUPON_CAP: "over the limit for one coupon here",
        Reason.OVER_CUMULATIVE_LIMIT: "over this terminal's offline total",
        Reason.OVER_COUNT_LIMIT: "over this terminal's offline count",
        Reason.OVER_OFFLINE_TIME: "this terminal was offline too long",
        Reason.TOO_MANY_CONSECUTIVE: "too many payments in a row without the host",
        Reason.MUST_GO_ONLINE: "chosen at random to need the host",
        Reason.OVER_SLOT_CAP: "over the limit for a printed code",
        Reason.OVER_UNKNOWN_CLOCK_CAP: "over the limit while the clock is not known",
        Reason.OVER_UNKNOWN_PAYEE_CAP: "over the limit for an unknown payee",
        Reason.OVER_CLASS_CAP: "over the limit for this kind of coupon",
        Reason.BEARER_NOT_ACCEPTED: "bearer coupons are not accepted here",
        Reason.PERMIT_NOT_ACCEPTED: "permits are not accepted here",
        Reason.STATIC_NOT_ACCEPTED: "printed codes are not accepted here",
        Reason.SYMMETRIC_NOT_ACCEPTED: "this kind of card is not accepted here",
        Reason.NOT_WHOLE_VALUE: "a bearer coupon is spent as a whole",
        Reason.HOLDER_BOUND_NOT_ACCEPTED: "coupons of a holder are not accepted here",
        Reason.NUMBER_NOT_ACCEPTED: "permits by a card's number are not accepted here",
        Reason.CLOCK_UNKNOWN: "the clock is not known well enough for this",
        Reason.OUTSIDE_SLOT: "signed for another minute",
        Reason.SLOT_UNATTENDED: "printed codes are not accepted at an unattended post",
        Reason.VERIFICATION_NEEDED: "the seller must confirm the payer",
        Reason.VERIFICATION_NOT_ATTESTED: "the payer's check is not attested",
        Reason.PIN_NEEDED: "the card wants its PIN, and there is no keypad for it here",
        Reason.PIN_WRONG: "wrong PIN",
        Reason.PIN_BLOCKED: "too many wrong PINs, the card is blocked",
        Reason.POLICY_NOT_YET_VALID: "the installed policy is not valid yet",
        Reason.POLICY_STALE: "the installed policy is too old",
        Reason.WRONG_TERMINAL: "made for another terminal",
        Reason.JOURNAL_STOPPED: "selling has stopped until the journal is reopened",
        Reason.NONCE_ONLY_UNTIL_SYNC: "only fresh requests are taken until the next sync",
        Reason.CARD_COPYABLE: "a card that anybody can copy cannot pay here",
        Reason.CARD_BROKEN: "a card whose cipher is broken cannot pay",
        Reason.CARD_NUMBER_ONLY: "a card's number alone proves nothing, not even a permit",
        Reason.CARD_UNSUITABLE: "this kind of card cannot pay",
        Reason.TWO_CARDS: "two cards at once, present one",
        Reason.NO_COUPON_ON_CARD: "no coupon on this card",
        Reason.CARD_REFUSES: "the card will not pay this",
        Reason.CARD_UNREADABLE: "the card's answer makes no sense here",
        Reason.NO_PERMIT_FOR_CARD: "no permit names this card here",
    }
)
