"""Why a card at the reader cannot pay, before or instead of any presentation.

Clonable and broken cards are refused by policy: a tag that anybody could copy pays only as a bearer
coupon where those are taken, and by its number where a permit names it (docs/adr/0084).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from terminal.nfc.application import Status, tries_left
from terminal.nfc.errors import CardRefused
from terminal.nfc.ndef_coupon import NoCoupon
from terminal.nfc.reader import CardKind, TwoCards
from terminal.nfc.tap import CardsRefused, CardUnusable
from terminal.payment.coupon import CouponClass
from terminal.payment.policy import Policy
from terminal.payment.reasons import Reason
from terminal.sale.outcome import Refused
from terminal.sale.view import Carrier

_KINDS: Final[Mapping[CardKind, Reason]] = MappingProxyType(
    {
        CardKind.TYPE_2: Reason.CARD_COPYABLE,
        CardKind.CLASSIC: Reason.CARD_BROKEN,
        CardKind.PEER: Reason.CARD_UNSUITABLE,
        CardKind.OTHER: Reason.CARD_UNSUITABLE,
        CardKind.ISO_DEP: Reason.CARD_UNSUITABLE,
    }
)
_STATUSES: Final[Mapping[int, Reason]] = MappingProxyType(
    {
        Status.NOT_FOUND: Reason.NO_COUPON_ON_CARD,
        Status.NO_COUPON: Reason.NO_COUPON_ON_CARD,
        Status.BALANCE_TOO_LOW: Reason.OVER_COUPON_LIMIT,
        Status.OTHER_CURRENCY: Reason.WRONG_CURRENCY,
        Status.VERIFICATION_NEEDED: Reason.PIN_NEEDED,
        Status.PIN_BLOCKED: Reason.PIN_BLOCKED,
    }
)


def card_refusal(event: CardsRefused | CardUnusable, policy: Policy | None) -> Refused:
    """What the screen, the lights and the log say of it; ``policy`` None: that is not known."""
    reasons = _refused(event, policy) if isinstance(event, CardsRefused) else _unusable(event)
    return Refused(tuple(sorted(reasons)), Carrier.TAP, verified=False)


def _refused(event: CardsRefused, policy: Policy | None) -> set[Reason]:
    if isinstance(event.cards, TwoCards):
        return {Reason.TWO_CARDS}
    reasons = {_KINDS[event.cards.kind]}
    if policy is not None and policy.number_permits is not None:
        reasons.add(Reason.NO_PERMIT_FOR_CARD)
    elif policy is not None and CouponClass.PERMIT in policy.classes:
        reasons.add(Reason.CARD_NUMBER_ONLY)  # somebody may take the card's number for a permit
    return reasons


def _unusable(event: CardUnusable) -> set[Reason]:
    if isinstance(event.error, CardRefused):
        left = tries_left(event.error.status)
        if left is not None:
            return {Reason.PIN_WRONG if left else Reason.PIN_BLOCKED}
        return {_STATUSES.get(event.error.status, Reason.CARD_REFUSES)}
    if isinstance(event.error, NoCoupon):
        return {Reason.NO_COUPON_ON_CARD}
    return {Reason.CARD_UNREADABLE}
