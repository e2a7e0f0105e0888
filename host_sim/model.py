"""What the host knows, as frozen values; the store gives and takes these and nothing else.

Money is integers in minor units with an ISO 4217 number; times are whole Unix seconds. Identities
need no global counter: terminal ids and serials are drawn at random and claimed by insertion,
versions, epochs and settlement numbers count within their own terminal or merchant.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Merchant:
    """Who is paid. ``merchant`` is a short name, unique here; ``scope`` is what coupons name.

    ``number`` is what policies carry, u32.
    """

    merchant: str
    number: int
    name: str
    scope: int
    currency: int


@dataclass(frozen=True, slots=True)
class Terminal:
    """One terminal. ``identity`` is bound at the first enrolment and never changes."""

    terminal: int
    merchant: str
    name: str
    site: int
    settings: str
    """The policy settings as JSON (``host_sim.policies.TerminalSettings``)."""
    identity: bytes | None = None
    epoch: int = 0
    """The epoch of the current journal; 0 before the first enrolment."""
    policy_version: int = 0


@dataclass(frozen=True, slots=True)
class EnrolCode:
    """A terminal's open code: ``tries`` left; ``request`` and ``reply`` once it was used."""

    terminal: int
    digits: str
    tries: int
    expires_unix_s: int
    request: bytes | None = None
    reply: bytes | None = None


@dataclass(frozen=True, slots=True)
class Denial:
    """One subject of the deny list: the 8 bytes terminals compare, and what a person sees."""

    subject: bytes
    kind: str
    label: str
    added_unix_s: int


@dataclass(frozen=True, slots=True)
class JournalLine:
    """What the host mirrored of one journal: everything below ``size``, whole and recomputed."""

    terminal: int
    epoch: int
    key: bytes
    size: int
    frontier: bytes
    note: bytes
    forked: bool = False


@dataclass(frozen=True, slots=True)
class Leaf:
    """One item kept as sent. ``leaf`` is its RFC 6962 hash; ``verdict`` the signed answer."""

    terminal: int
    epoch: int
    index: int
    leaf: bytes
    data: bytes
    received_unix_s: int
    status: int
    reason: int
    verdict: bytes


class EvidenceKind(StrEnum):
    """What a piece of evidence shows."""

    FORK_LEAF = "fork-leaf"
    """Another entry at an index that is already mirrored."""
    FORK_CHECKPOINT = "fork-checkpoint"
    """A signed checkpoint that contradicts the mirrored history."""
    OVERLAP = "overlap"
    """Two genuine spends of overlapping intervals of one coupon."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something to hold against somebody, with the signed bytes that prove it.

    ``against`` is ``holder:<issuer>/<serial>`` or ``terminal:<terminal>``.
    """

    evidence: bytes
    """16 bytes derived from what it shows, so that it is kept once."""
    kind: EvidenceKind
    against: str
    terminal: int
    epoch: int
    index: int
    amount_minor: int
    first: bytes
    second: bytes
    noted_unix_s: int


@dataclass(frozen=True, slots=True)
class IssuedCoupon:
    """A coupon this host's issuer signed."""

    issuer: int
    serial: int
    coupon: bytes
    holder: bytes | None
    limit_minor: int
    currency: int
    scope: int
    not_after_unix_s: int
    issued_unix_s: int


@dataclass(frozen=True, slots=True)
class NumberPermit:
    """A card's number that a terminal takes: the issued permit that names it.

    ``permit`` is the signed object; ``number`` the card's UID.
    """

    terminal: int
    number: bytes
    issuer: int
    serial: int
    permit: bytes


@dataclass(frozen=True, slots=True)
class PaidSpend:
    """A spend that was paid, under the key that makes money idempotent (first five fields)."""

    issuer: int
    serial: int
    from_minor: int
    amount_minor: int
    terminal: int
    epoch: int
    index: int
    leaf: bytes
    presentation: bytes
    coupon_digest: bytes

    @property
    def end_minor(self) -> int:
        return self.from_minor + self.amount_minor


@dataclass(frozen=True, slots=True)
class Returned:
    """A refund or void that was taken over, citing the paid spend it gives back."""

    terminal: int
    epoch: int
    index: int
    leaf: bytes
    issuer: int
    serial: int
    from_minor: int
    spend_minor: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Posting:
    """One side of a transfer: debits positive, credits negative."""

    account: str
    currency: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Transfer:
    """Postings that sum to nought in each currency, under an id made from their cause."""

    transfer: bytes
    kind: str
    unix_s: int
    memo: str
    postings: tuple[Posting, ...]


@dataclass(frozen=True, slots=True)
class Balance:
    """The fold over an account's postings in one currency."""

    account: str
    currency: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """One payment to a merchant; ``number`` counts within the merchant."""

    merchant: str
    number: int
    currency: int
    amount_minor: int
    unix_s: int
    transfer: bytes
