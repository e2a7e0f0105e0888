"""Judging one entry: what it claims, whether its signatures hold, what becomes of the money. Pure.

The host believes no terminal: it checks the issuer's signature on the coupon and the holder's over
the entry's own request bytes itself. Invariants: a genuine spend within its coupon is paid, once,
whichever journal it arrives in and however late; a fork never voids it. What two terminals took in
good faith is paid to both, and held against the holder. Time is the entry's own, never the sync's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from terminal.crypto.keys import PublicKey
from terminal.errors import DecodeError, SignatureInvalid
from terminal.journal.entry import Entry
from terminal.payment.coupon import Coupon, CouponId, decode_coupon
from terminal.payment.deny_list import card_subject, coupon_subject, holder_subject
from terminal.payment.permit import Permit
from terminal.payment.policy import Policy
from terminal.payment.presentation import (
    UNSIGNED,
    Alone,
    Numbered,
    Presentation,
    decode_presentation,
)
from terminal.payment.request import Request, StaticRequest, decode_request
from terminal.payment.spend import SLOTS, SpendId, verify_spend
from terminal.payment.verdict import VerdictReason, VerdictStatus
from terminal.ports import ClockQuality


@dataclass(frozen=True, slots=True)
class Finding:
    """The business answer to one entry."""

    status: VerdictStatus
    reason: VerdictReason = VerdictReason.NONE


SETTLED = Finding(VerdictStatus.SETTLED)


class Refused(Exception):
    """Judging stopped: the entry is refused for this reason."""

    def __init__(self, reason: VerdictReason) -> None:
        super().__init__(reason.text)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Bench:
    """What the host knows of the terminal an entry came from, and of issuers."""

    terminal: int
    currency: int
    scope: int
    issuers: Mapping[int, PublicKey]


@dataclass(frozen=True, slots=True)
class Genuine:
    """A spend whose two signatures hold for this entry."""

    spend_id: SpendId
    coupon: Coupon
    presentation: Presentation

    @property
    def unsigned(self) -> bool:
        """No holder signed for it."""
        return isinstance(self.presentation, UNSIGNED)


def read_spend_id(entry: Entry) -> SpendId:
    """Which spend an accepted entry took; nothing is verified.

    Raises:
        Refused: UNREADABLE.
    """
    try:
        return decode_presentation(entry.presentation).spend_id
    except DecodeError:
        raise Refused(VerdictReason.UNREADABLE) from None


def verify_entry(entry: Entry, bench: Bench, known_coupon: bytes | None) -> Genuine:
    """Check both signatures of an accepted entry and that they are for this terminal and amount.

    Raises:
        Refused: with the first reason found.
    """
    try:
        presentation = decode_presentation(entry.presentation)
        request = decode_request(entry.request)
    except DecodeError:
        raise Refused(VerdictReason.UNREADABLE) from None
    coupon = _coupon_of(presentation, known_coupon)
    if entry.coupon_digest != coupon.digest:
        raise Refused(VerdictReason.UNREADABLE)
    _check_place(entry, presentation, request, bench)
    _check_issuer(coupon, bench)
    _check_holder(entry, presentation, coupon)
    _check_terms(entry, presentation, coupon, bench)
    return Genuine(presentation.spend_id, coupon, presentation)


def _coupon_of(presentation: Presentation, known_coupon: bytes | None) -> Coupon:
    if not isinstance(presentation, Alone):
        return presentation.coupon
    if known_coupon is None:
        raise Refused(VerdictReason.COUPON_UNKNOWN)
    return decode_coupon(known_coupon)


def _check_place(
    entry: Entry, presentation: Presentation, request: Request | StaticRequest, bench: Bench
) -> None:
    spend = presentation.spend
    if request.terminal != bench.terminal or request.currency != bench.currency:
        raise Refused(VerdictReason.OUTSIDE_POLICY)
    if isinstance(request, Request) and request.amount_minor != spend.amount_minor:
        raise Refused(VerdictReason.OUTSIDE_POLICY)
    if isinstance(presentation, Numbered) and presentation.coupon.fields.terminal != bench.terminal:
        raise Refused(VerdictReason.OUTSIDE_POLICY)
    mark = spend.slot_mark
    slot_mark = None if entry.slot is None else entry.slot % SLOTS
    if isinstance(request, StaticRequest) != (mark is not None) or mark != slot_mark:
        raise Refused(VerdictReason.UNREADABLE)


def _check_issuer(coupon: Coupon, bench: Bench) -> None:
    key = bench.issuers.get(coupon.id.issuer)
    if key is None:
        raise Refused(VerdictReason.COUPON_UNKNOWN)
    try:
        coupon.verify(key)
    except SignatureInvalid:
        raise Refused(VerdictReason.SIGNATURE_INVALID) from None


def _check_holder(entry: Entry, presentation: Presentation, coupon: Coupon) -> None:
    if isinstance(presentation, UNSIGNED):
        return
    key = coupon.fields.holder_key
    if key is None:
        raise Refused(VerdictReason.SIGNATURE_INVALID)
    try:
        verify_spend(
            presentation.spend,
            presentation.signature,
            holder_key=key,
            request_bytes=entry.request,
            slot=entry.slot,
            coupon_digest=coupon.digest,
        )
    except SignatureInvalid:
        raise Refused(VerdictReason.SIGNATURE_INVALID) from None


def _check_terms(entry: Entry, presentation: Presentation, coupon: Coupon, bench: Bench) -> None:
    terms = coupon.fields
    if terms.currency != bench.currency or terms.scope != bench.scope:
        raise Refused(VerdictReason.OUTSIDE_POLICY)
    if presentation.spend_id.end_minor > terms.limit_minor:
        raise Refused(VerdictReason.OUTSIDE_POLICY)
    if entry.quality is ClockQuality.UNKNOWN:
        return  # the terminal judged by its floor; what it wrote down proves nothing either way
    # not_before is the terminal's to judge: a clock that is behind costs the merchant nothing
    if entry.time_unix_s > terms.not_after_unix_s:
        raise Refused(VerdictReason.EXPIRED)


@dataclass(frozen=True, slots=True)
class Clash:
    """Another paid spend of some of the same interval, and how it lies to the entry judged."""

    terminal: int
    epoch: int
    on_line: bool
    """It and the entry judged both stand on the line of their journals."""


def judge_overlap(
    genuine: Genuine, entry: Entry, terminal: int, epoch: int, policy: Policy | None, clash: Clash
) -> Finding:
    """Who bears a double spend.

    Terminals that cannot know of each other and followed policy are both paid, the holder is
    liable. Within one journal the terminal's own counters forbid it; a fork is reviewed; nobody
    signed for a bearer coupon's second sale, or for a number's. Those are held for a person.
    """
    if clash.terminal == terminal and clash.epoch == epoch:
        reason = VerdictReason.OUTSIDE_POLICY if clash.on_line else VerdictReason.FORK
        return Finding(VerdictStatus.DISPUTED, reason)
    if genuine.unsigned or not followed(genuine, entry, policy):
        return Finding(VerdictStatus.DISPUTED, VerdictReason.OUTSIDE_POLICY)
    return Finding(VerdictStatus.SETTLED, VerdictReason.DOUBLE_SPENT)


def followed(genuine: Genuine, entry: Entry, policy: Policy | None) -> bool:
    """Whether the entry keeps the limits of the policy it names."""
    if policy is None or genuine.spend_id.amount_minor > policy.limits.floor_limit_minor:
        return False
    fields = genuine.coupon.fields
    return (
        policy.version == entry.policy
        and fields.coupon_class in policy.classes
        and not denied(genuine.coupon, policy)
    )


def denied(coupon: Coupon, policy: Policy) -> bool:
    """Whether the policy's deny list names the coupon, its holder or its card."""
    key = coupon.fields.holder_key
    subjects = {coupon_subject(CouponId(coupon.id.issuer, coupon.id.serial))}
    if key is not None:
        subjects.add(holder_subject(key))
    if isinstance(coupon, Permit):
        subjects.add(card_subject(coupon.number))
    return bool(subjects & policy.deny)
