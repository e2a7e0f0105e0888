"""What is about to be remembered: an entry before it has a place, a time and a salt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from terminal.errors import JournalError
from terminal.journal.entry import EntryKind

if TYPE_CHECKING:
    from terminal.payment.spend import SpendId
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
