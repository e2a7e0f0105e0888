"""Processing restrictions: whether this coupon may be used at all, here, now, for this request.

EMV calls the step by that name (EMV 4.4 Book 3, 10.4). Each check names its findings; none stops
the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from terminal.payment import deny_list
from terminal.payment.clock_floor import Moment
from terminal.payment.counters import Counters
from terminal.payment.coupon import CouponClass, CouponFields
from terminal.payment.deny_list import DenyList
from terminal.payment.permit import PermitFields
from terminal.payment.policy import Policy
from terminal.payment.presentation import UNSIGNED, Bearer
from terminal.payment.reasons import Reason
from terminal.payment.request import Request, StaticRequest
from terminal.payment.verification import VerifiedPresentation


@dataclass(frozen=True, slots=True)
class Case:
    """Everything one decision looks at."""

    verified: VerifiedPresentation
    request: Request
    policy: Policy
    counters: Counters
    moment: Moment
    seller_confirmed: bool
    by_sound: bool
    card_uid: bytes | None
    deny: DenyList | None = None

    @property
    def coupon(self) -> CouponFields:
        return self.verified.coupon.fields

    @property
    def amount_minor(self) -> int:
        return self.verified.presentation.spend.amount_minor


def restrictions(case: Case) -> Iterator[Reason]:
    """Every finding of this step."""
    yield from _sale(case)
    yield from _validity(case)
    yield from _place(case)
    yield from _issuer(case)
    yield from _denied(case)
    yield from _class(case)
    yield from _number(case)
    yield from _slot(case)
    yield from _policy(case)


def _sale(case: Case) -> Iterator[Reason]:
    """It answers the sale that is open, in terminal, amount and currency."""
    signed_for, request = case.verified.request_bytes, case.request
    if case.verified.slot is None:
        expected = request.encode()
    else:
        expected = StaticRequest(request.terminal, request.currency).encode()
    if not isinstance(case.verified.presentation, UNSIGNED) and signed_for != expected:
        yield Reason.NOT_FOR_THIS_SALE
    if request.terminal != case.policy.terminal:
        yield Reason.WRONG_TERMINAL
    if case.amount_minor != request.amount_minor:
        whole = isinstance(case.verified.presentation, Bearer)
        yield Reason.NOT_WHOLE_VALUE if whole else Reason.WRONG_AMOUNT


def _validity(case: Case) -> Iterator[Reason]:
    """In time. While the clock is unknown, the floor is what is certain to have passed."""
    if case.moment.judged_s > case.coupon.not_after_unix_s:
        yield Reason.EXPIRED
    if case.moment.known and case.moment.unix_s < case.coupon.not_before_unix_s:
        yield Reason.NOT_YET_VALID


def _place(case: Case) -> Iterator[Reason]:
    """In this currency, for this merchant."""
    if not case.coupon.currency == case.request.currency == case.policy.currency:
        yield Reason.WRONG_CURRENCY
    if case.coupon.scope not in case.policy.scopes:
        yield Reason.OUT_OF_SCOPE


def _issuer(case: Case) -> Iterator[Reason]:
    """Within what its issuer may issue, and while its key is believed."""
    issuer, coupon = case.verified.issuer, case.coupon
    if coupon.limit_minor > issuer.limit_cap_minor:
        yield Reason.ISSUER_LIMIT_EXCEEDED
    if coupon.scope not in issuer.scopes:
        yield Reason.ISSUER_SCOPE_EXCEEDED
    if not issuer.issued_from_unix_s <= coupon.not_before_unix_s <= issuer.issued_until_unix_s:
        yield Reason.ISSUED_OUTSIDE_WINDOW
    if case.moment.judged_s > issuer.verify_until_unix_s:
        yield Reason.ISSUER_RETIRED
    if coupon.lifetime_h > issuer.lifetime_cap_h:
        yield Reason.LIFETIME_TOO_LONG


def _denied(case: Case) -> Iterator[Reason]:
    """Neither on policy's own deny list nor on the long one, by any of its names."""
    coupon = case.coupon
    if not case.policy.deny and case.deny is None:
        return
    if _listed(case, deny_list.issuer_subject(coupon.issuer)):
        yield Reason.ISSUER_DENIED
    if _listed(case, deny_list.coupon_subject(coupon.id)):
        yield Reason.COUPON_DENIED
    if coupon.holder_key is not None and _listed(case, deny_list.holder_subject(coupon.holder_key)):
        yield Reason.HOLDER_DENIED
    if case.card_uid is not None and _listed(case, deny_list.card_subject(case.card_uid)):
        yield Reason.CARD_DENIED
    if _listed(case, deny_list.terminal_subject(case.policy.terminal)):
        yield Reason.TERMINAL_DENIED


def _listed(case: Case, subject: bytes) -> bool:
    return subject in case.policy.deny or (case.deny is not None and subject in case.deny)


def _class(case: Case) -> Iterator[Reason]:
    """Of a class that the policy takes, up to that class's cap."""
    kind = case.coupon.coupon_class
    if kind is CouponClass.BEARER and case.by_sound:
        yield Reason.WRONG_CARRIER
    if kind is CouponClass.NUMBERED:
        return  # the policy names each one: see _number
    if kind in case.policy.classes:
        special = kind is not CouponClass.HOLDER_BOUND
        if special and case.amount_minor > case.policy.limits.class_cap_minor:
            yield Reason.OVER_CLASS_CAP
    elif kind is CouponClass.BEARER:
        yield Reason.BEARER_NOT_ACCEPTED
    elif kind is CouponClass.PERMIT:
        yield Reason.PERMIT_NOT_ACCEPTED
    else:
        yield Reason.HOLDER_BOUND_NOT_ACCEPTED


def _number(case: Case) -> Iterator[Reason]:
    """A permit by number: by the card it names alone, held by the policy, up to its own cap."""
    permit, taken = case.coupon, case.policy.number_permits
    if not isinstance(permit, PermitFields):
        return
    if permit.number != case.card_uid:
        yield Reason.WRONG_CARRIER
    if permit.terminal != case.policy.terminal:
        yield Reason.WRONG_TERMINAL
    if taken is None:
        yield Reason.NUMBER_NOT_ACCEPTED
        return
    if taken.of(permit.number) != case.verified.coupon:
        yield Reason.NO_PERMIT_FOR_CARD
    if case.amount_minor > taken.cap_minor:
        yield Reason.OVER_CLASS_CAP


def _slot(case: Case) -> Iterator[Reason]:
    """A printed code: only where the policy says, at a seller's side, by a clock that is known."""
    slot = case.verified.slot
    if slot is None:
        return
    if not case.policy.static_accepted:
        yield Reason.STATIC_NOT_ACCEPTED
    elif case.amount_minor > case.policy.limits.slot_cap_minor:
        yield Reason.OVER_SLOT_CAP
    if case.policy.unattended:
        yield Reason.SLOT_UNATTENDED
    if not case.moment.known:
        yield Reason.CLOCK_UNKNOWN
    elif abs(slot - case.moment.slot) > 1:
        yield Reason.OUTSIDE_SLOT
    if case.counters.terminal.nonce_only:
        yield Reason.NONCE_ONLY_UNTIL_SYNC


def _policy(case: Case) -> Iterator[Reason]:
    """Under a policy in force: begun, and not older than staleness and horizon allow together."""
    policy, moment = case.policy, case.moment
    if moment.known and moment.unix_s < policy.not_before_unix_s:
        yield Reason.POLICY_NOT_YET_VALID
    oldest_s = policy.limits.staleness_s + policy.limits.offline_horizon_s
    if moment.judged_s - policy.issued_at_unix_s > oldest_s:
        yield Reason.POLICY_STALE
