"""Terminal risk management: every limit that bounds what the merchant may lose without the host.

EMV calls the step by that name (EMV 4.4 Book 3, 10.6: floor limits, velocity, random selection).
A sum is judged with this sale in it, so no limit is ever passed, not even by one sale.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from terminal.payment.reasons import Reason
from terminal.payment.request import Request
from terminal.payment.restrictions import Case

_ONLINE_LABEL: Final = b"kumquat.online.1"


def risks(case: Case) -> Iterator[Reason]:
    """Every finding of this step."""
    yield from _sale_limits(case)
    yield from _sums(case)
    yield from _time_offline(case)
    yield from _payer(case)


def _sale_limits(case: Case) -> Iterator[Reason]:
    limits = case.policy.limits
    if case.amount_minor > limits.floor_limit_minor:
        yield Reason.OVER_FLOOR_LIMIT
    if not case.moment.known and case.amount_minor > limits.unknown_clock_cap_minor:
        yield Reason.OVER_UNKNOWN_CLOCK_CAP
    if chosen_for_host(case.request, limits.online_per_mille):
        yield Reason.MUST_GO_ONLINE


def _sums(case: Case) -> Iterator[Reason]:
    limits, terminal = case.policy.limits, case.counters.terminal
    accepted = case.counters.coupon.accepted_minor if case.counters.coupon else 0
    if accepted + case.amount_minor > limits.coupon_cap_minor:
        yield Reason.OVER_COUPON_CAP
    if terminal.unsynced_minor + case.amount_minor > limits.cumulative_limit_minor:
        yield Reason.OVER_CUMULATIVE_LIMIT
    if terminal.unsynced_count + 1 > limits.count_limit:
        yield Reason.OVER_COUNT_LIMIT
    if case.counters.consecutive + 1 > limits.consecutive_limit:
        yield Reason.TOO_MANY_CONSECUTIVE


def _time_offline(case: Case) -> Iterator[Reason]:
    """Since the host was last heard; a policy's issue counts as hearing it."""
    heard_s = case.policy.issued_at_unix_s
    if case.counters.terminal.last_host_contact_unix_s is not None:
        heard_s = max(heard_s, case.counters.terminal.last_host_contact_unix_s)
    if case.moment.judged_s - heard_s > case.policy.limits.offline_horizon_s:
        yield Reason.OVER_OFFLINE_TIME


def _payer(case: Case) -> Iterator[Reason]:
    """Above the second limit: a check the coupon attests, or the seller's confirmation."""
    if case.amount_minor <= case.policy.limits.second_limit_minor or case.seller_confirmed:
        return
    claimed = case.verified.presentation.spend.user_verified
    if claimed and case.coupon.verification_attested:
        return
    yield Reason.VERIFICATION_NEEDED
    if claimed:
        yield Reason.VERIFICATION_NOT_ATTESTED


def chosen_for_host(request: Request, per_mille: int) -> bool:
    """Whether the sale's nonce, random and the terminal's own, picks it for the host."""
    drawn = hashlib.sha256(_ONLINE_LABEL + request.encode()).digest()
    return int.from_bytes(drawn[:8], "big") % 1000 < per_mille
