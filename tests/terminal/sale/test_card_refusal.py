"""Each card that cannot pay has its reason, by what it is and by what the policy takes."""

from __future__ import annotations

import pytest

from terminal.errors import DecodeError
from terminal.nfc.errors import CardRefused
from terminal.nfc.ndef_coupon import NoCoupon
from terminal.nfc.reader import CardFound, TwoCards
from terminal.nfc.tap import CardsRefused, CardUnusable
from terminal.payment.coupon import CouponClass
from terminal.payment.reasons import Reason
from terminal.sale.card_refusal import card_refusal
from terminal.sale.outcome import Refused
from terminal.sale.view import Carrier
from tests.terminal.payment import stall

USUAL = stall.POLICY


def card(sak: int) -> CardFound:
    return CardFound(bytes(4), b"\x04\x00", sak)


@pytest.mark.parametrize(
    ("sak", "reason"),
    [
        (0x00, Reason.CARD_COPYABLE),
        (0x08, Reason.CARD_BROKEN),
        (0x18, Reason.CARD_BROKEN),
        (0x40, Reason.CARD_UNSUITABLE),
        (0x04, Reason.CARD_UNSUITABLE),
    ],
)
def test_a_kind_that_cannot_pay_has_its_reason(sak: int, reason: Reason) -> None:
    refused = card_refusal(CardsRefused(card(sak)), USUAL)
    assert refused == Refused((reason,), Carrier.TAP, verified=False)


def test_two_cards_are_said_to_be_two() -> None:
    refused = card_refusal(CardsRefused(TwoCards((b"1234", b"5678"))), USUAL)
    assert refused.reasons == (Reason.TWO_CARDS,)


@pytest.mark.parametrize("sak", [0x00, 0x08, 0x04])
def test_where_permits_are_taken_a_number_alone_is_still_none_and_that_is_said(sak: int) -> None:
    permits = stall.policy(classes=USUAL.classes | {CouponClass.PERMIT})
    refused = card_refusal(CardsRefused(card(sak)), permits)
    assert Reason.CARD_NUMBER_ONLY in refused.reasons
    assert len(refused.reasons) == 2


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (0x6A82, Reason.NO_COUPON_ON_CARD),
        (0x9C01, Reason.NO_COUPON_ON_CARD),
        (0x9C02, Reason.OVER_COUPON_LIMIT),
        (0x9C03, Reason.CARD_REFUSES),
        (0x9C04, Reason.WRONG_CURRENCY),
        (0x6982, Reason.PIN_NEEDED),
        (0x63C2, Reason.PIN_WRONG),
        (0x63C0, Reason.PIN_BLOCKED),
        (0x6983, Reason.PIN_BLOCKED),
    ],
)
def test_a_card_that_says_no_is_told_by_its_status(status: int, reason: Reason) -> None:
    event = CardUnusable(card(0x20), CardRefused(status, "no"))
    assert card_refusal(event, USUAL).reasons == (reason,)


def test_a_tag_without_a_coupon_differs_from_one_that_cannot_be_read() -> None:
    empty = CardUnusable(card(0x00), NoCoupon("ndef", "no coupon on it"))
    damaged = CardUnusable(card(0x00), DecodeError("ndef", "cut short"))
    assert card_refusal(empty, USUAL).reasons == (Reason.NO_COUPON_ON_CARD,)
    assert card_refusal(damaged, USUAL).reasons == (Reason.CARD_UNREADABLE,)
