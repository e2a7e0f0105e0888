"""What the journal remembers that a decision needs, as frozen values, and how a sale changes them.

The journal reads them inside the transaction that appends the entry and stores ``after`` in the
same one, so a crash can neither lose nor double a count. ``high`` only ever rises.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from terminal.payment.spend import SpendId

DIGEST_SIZE: Final = 32


@dataclass(frozen=True, slots=True)
class CouponCounters:
    """One coupon at this terminal, after at least one acceptance."""

    high_minor: int
    """The largest end of an interval accepted."""
    last: SpendId
    """The spend accepted last."""
    last_entry: int
    """Its entry's index."""
    last_sale: bytes
    """SHA-256 of the request bytes of the sale it paid (of the open sale, also for a slot)."""
    coupon_digest: bytes
    accepted_minor: int
    """Sum of what was accepted of this coupon here, refunds not taken off."""
    count: int
    consecutive: int
    """How many of them since the host was last heard."""
    host_contacts: int
    """The terminal's ``host_contacts`` that ``consecutive`` was counted at."""


@dataclass(frozen=True, slots=True)
class TerminalCounters:
    """This terminal since it last heard the host. Money at risk is ``unsynced_minor``."""

    unsynced_minor: int = 0
    unsynced_count: int = 0
    host_contacts: int = 0
    """Rises by one with every successful sync."""
    last_host_contact_unix_s: int | None = None
    nonce_only: bool = False
    """Set after restoring an old image or losing the marks, cleared by a sync."""


@dataclass(frozen=True, slots=True)
class Counters:
    """Both, as read in one transaction; ``coupon`` is None for a coupon never accepted here."""

    coupon: CouponCounters | None = None
    terminal: TerminalCounters = TerminalCounters()

    @property
    def consecutive(self) -> int:
        """Spends of this coupon in a row without the host, so far."""
        if self.coupon is None or self.coupon.host_contacts != self.terminal.host_contacts:
            return 0
        return self.coupon.consecutive


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What an accepted sale adds: made by ``decision.Approved.acceptance``."""

    spend_id: SpendId
    coupon_digest: bytes
    sale: bytes
    """SHA-256 of the open sale's request bytes."""
    entry_index: int


def after(counters: Counters, accepted: Acceptance) -> Counters:
    """The counters once ``accepted`` is in the journal."""
    before = counters.coupon
    spend = accepted.spend_id
    coupon = CouponCounters(
        high_minor=max(spend.end_minor, before.high_minor if before else 0),
        last=spend,
        last_entry=accepted.entry_index,
        last_sale=accepted.sale,
        coupon_digest=accepted.coupon_digest,
        accepted_minor=(before.accepted_minor if before else 0) + spend.amount_minor,
        count=(before.count if before else 0) + 1,
        consecutive=counters.consecutive + 1,
        host_contacts=counters.terminal.host_contacts,
    )
    terminal = replace(
        counters.terminal,
        unsynced_minor=counters.terminal.unsynced_minor + spend.amount_minor,
        unsynced_count=counters.terminal.unsynced_count + 1,
    )
    return Counters(coupon, terminal)
