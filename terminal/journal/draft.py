"""What is about to be remembered: an entry before it has a place, a time and a salt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from terminal.errors import JournalError
from terminal.journal.entry import EntryKind
from terminal.payment.presentation import Alone

if TYPE_CHECKING:
    from terminal.payment.clock_floor import Moment
    from terminal.payment.decision import Approved, Declined
    from terminal.payment.spend import SpendId
    from terminal.payment.verification import VerifiedPresentation
    from terminal.ports import ClockQuality


class NotAllowed(JournalError):
    """The entry would break a rule of the journal; nothing was written."""

    exit_code = 65


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """The parts of an entry that the caller decides.

    An ACCEPTED draft has ``spend`` (what it takes) and ``coupon_bytes`` (the exact coupon, so that
    a spend alone can be verified here later). REFUND, VOID and POLICY_INSTALLED have methods of
    their own on ``Transaction`` and ``Journal``.
    """

    kind: EntryKind
    policy: int
    sale: int = 0
    request: bytes = b""
    slot: int | None = None
    presentation: bytes = b""
    """Presentation bytes, or an encoded detail."""
    coupon_digest: bytes | None = None
    reasons: tuple[int, ...] = ()
    spend: SpendId | None = None
    sale_digest: bytes | None = None
    """SHA-256 of the open sale's request bytes; None: ``request`` is that request."""
    coupon_bytes: bytes | None = None
    time_unix_s: int | None = None
    """The moment the decision was made for; None reads the clock."""
    quality: ClockQuality | None = None


def accepted_draft(
    verified: VerifiedPresentation,
    approved: Approved,
    *,
    request: bytes,
    sale: int,
    moment: Moment | None = None,
) -> EntryDraft:
    """The draft of an approved decision. ``request`` is the open sale's request bytes."""
    return EntryDraft(
        EntryKind.ACCEPTED,
        policy=verified.policy_version,
        sale=sale,
        request=verified.request_bytes or request,
        slot=verified.slot,
        presentation=verified.presentation.encode(),
        coupon_digest=approved.coupon_digest,
        spend=approved.spend_id,
        sale_digest=approved.sale,
        coupon_bytes=None if isinstance(verified.presentation, Alone) else verified.coupon.encode(),
        time_unix_s=None if moment is None else moment.unix_s,
        quality=None if moment is None else moment.quality,
    )


def declined_draft(
    verified: VerifiedPresentation,
    declined: Declined,
    *,
    request: bytes,
    sale: int,
    moment: Moment | None = None,
) -> EntryDraft:
    """The draft of a verified presentation that was declined, with every reason."""
    return EntryDraft(
        EntryKind.DECLINED,
        policy=verified.policy_version,
        sale=sale,
        request=verified.request_bytes or request,
        slot=verified.slot,
        presentation=verified.presentation.encode(),
        coupon_digest=verified.coupon.digest,
        reasons=declined.reasons,
        time_unix_s=None if moment is None else moment.unix_s,
        quality=None if moment is None else moment.quality,
    )
