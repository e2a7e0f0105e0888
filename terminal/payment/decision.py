"""The decision: a verified presentation, policy, counters and a moment in; one answer out. Pure.

Steps, in the order of the findings: the balance interval, processing restrictions, terminal risk
management. All findings are reported, not only the first. The caller reads the counters, calls
``decide`` and appends the entry in one transaction, so that no two sales decide from one balance.

Invariants: the same spend for the sale it paid is *already paid*, whatever has changed since; for
any other sale it is declined and names its entry. An interval below ``high`` is never approved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from terminal.payment.clock_floor import Moment
from terminal.payment.counters import Acceptance, Counters
from terminal.payment.deny_list import DenyList
from terminal.payment.permit import Permit
from terminal.payment.policy import Policy
from terminal.payment.presentation import Numbered
from terminal.payment.reasons import Reason
from terminal.payment.request import Request
from terminal.payment.restrictions import Case, restrictions
from terminal.payment.risk import risks
from terminal.payment.spend import SpendId
from terminal.payment.verification import VerifiedPresentation


@dataclass(frozen=True, slots=True)
class Approved:
    """Append the entry, then tell. Not accepted before the entry is durable."""

    spend_id: SpendId
    coupon_digest: bytes
    sale: bytes
    """SHA-256 of the open sale's request bytes."""

    @property
    def amount_minor(self) -> int:
        return self.spend_id.amount_minor

    def acceptance(self, entry_index: int) -> Acceptance:
        """What ``counters.after`` needs, once the entry's index is known."""
        return Acceptance(self.spend_id, self.coupon_digest, self.sale, entry_index)


@dataclass(frozen=True, slots=True)
class AlreadyPaid:
    """This sale is paid by this spend already: the same answer again, and no second entry."""

    entry_index: int


@dataclass(frozen=True, slots=True)
class Declined:
    """Every reason, in ascending order, at least one."""

    reasons: tuple[Reason, ...]
    prior_entry: int | None = None
    """With ALREADY_ACCEPTED: the entry that took the spend."""

    @property
    def needs_seller_only(self) -> bool:
        """Nothing stands in the way but the seller's confirmation of the payer."""
        return set(self.reasons) <= {
            Reason.VERIFICATION_NEEDED,
            Reason.VERIFICATION_NOT_ATTESTED,
        }


Decision = Approved | AlreadyPaid | Declined


def sale_digest(request: Request) -> bytes:
    """What a sale is called in the counters: SHA-256 of its request bytes."""
    return hashlib.sha256(request.encode()).digest()


def take_number(permit: Permit, request: Request, counters: Counters) -> Numbered:
    """What a card's number pays by its permit: the sale's amount, from where the permit stands.

    The same card again for the sale it paid is the same spend again.
    """
    before, from_minor = counters.coupon, 0
    if before is not None:
        paid = before.last_sale == sale_digest(request)
        from_minor = before.last.from_minor if paid else before.high_minor
    return Numbered(permit, from_minor, request.amount_minor)


def decide(
    verified: VerifiedPresentation,
    *,
    request: Request | None,
    policy: Policy,
    counters: Counters,
    moment: Moment,
    paid_entry: int | None = None,
    seller_confirmed: bool = False,
    by_sound: bool = False,
    card_uid: bytes | None = None,
    deny: DenyList | None = None,
) -> Decision:
    """Judge a verified presentation for the open sale (``request``; None with no sale open).

    ``policy`` must be the one it was verified under, and ``counters`` those of its coupon.
    ``paid_entry`` is the entry that already paid the open sale: a sale is paid once, whoever
    answers its nonce second. ``deny`` is the long deny list in force, beside policy's own.

    Raises:
        ValueError: they are not; a fault of the caller.
    """
    if verified.policy_version != policy.version:
        raise ValueError("verified under another policy")
    taken_by = _entry_that_took(verified, counters)
    if verified.replayed:
        return Declined((Reason.ALREADY_ACCEPTED,), taken_by)
    if request is None:
        return Declined((Reason.NO_OPEN_SALE,))
    sale = sale_digest(request)
    paid_by = _paid_this_sale(verified.spend_id, counters, sale)
    if paid_by is not None:
        return AlreadyPaid(paid_by)
    case = Case(
        verified, request, policy, counters, moment, seller_confirmed, by_sound, card_uid, deny
    )
    found = {*_interval(case, taken_by), *restrictions(case), *risks(case)}
    if paid_entry is not None:
        found.add(Reason.SALE_ALREADY_PAID)
    if found:
        return Declined(tuple(sorted(found)), taken_by)
    return Approved(verified.spend_id, verified.coupon.digest, sale)


def _entry_that_took(verified: VerifiedPresentation, counters: Counters) -> int | None:
    """The entry of the same spend id, by the journal's search or by the coupon's last."""
    last = counters.coupon
    if last is not None and last.last.coupon != verified.coupon.id:
        raise ValueError("the counters are another coupon's")
    if last is not None and last.last == verified.spend_id:
        return last.last_entry
    return verified.prior_entry


def _paid_this_sale(spend: SpendId, counters: Counters, sale: bytes) -> int | None:
    """The entry, where this spend paid this very sale."""
    last = counters.coupon
    if last is not None and last.last == spend and last.last_sale == sale:
        return last.last_entry
    return None


def _interval(case: Case, taken_by: int | None) -> Iterator[Reason]:
    """The half-open interval lies within the limit and above everything accepted before."""
    spend, before = case.verified.spend_id, case.counters.coupon
    if spend.end_minor > case.coupon.limit_minor:
        yield Reason.OVER_COUPON_LIMIT
    if taken_by is not None:
        yield Reason.ALREADY_ACCEPTED
    elif before is not None and spend.from_minor < before.high_minor:
        yield Reason.INTERVAL_SPENT
    if before is not None and before.coupon_digest != case.verified.coupon.digest:
        yield Reason.COUPON_CONFLICT
