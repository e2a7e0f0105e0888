"""From an unverified presentation to a verified one: another type, and the only way to it.

Order: what costs nothing first (issuer known, coupon known), then the issuer's signature, then the
holder's: never more than two signature checks. A refusal here is about genuineness alone; whether a
genuine presentation is *accepted* is the decision's business.

A recording played again fails the holder's signature, since the open sale has another nonce. Where
the journal has that very spend (``prior``), it comes out verified as ``replayed``, so the decision
can name the entry that took it; anywhere else it is genuine but not for this sale.
"""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from typing import Final

from terminal.crypto.keys import PublicKey, claimed_public_key, require_on_curve
from terminal.errors import DecodeError, KumquatError, SignatureInvalid
from terminal.payment.clock_floor import Moment
from terminal.payment.coupon import Coupon, decode_coupon
from terminal.payment.policy import IssuerKey, Policy
from terminal.payment.presentation import (
    UNSIGNED,
    Alone,
    Numbered,
    Presentation,
    decode_presentation,
)
from terminal.payment.reasons import Reason
from terminal.payment.request import StaticRequest
from terminal.payment.spend import SpendId, slot_near, verify_spend

_PROOF: Final = object()


class PresentationRefused(KumquatError):
    """Not genuine, or not for this sale. ``reason`` is the finding; nothing becomes an entry."""

    exit_code = 65

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.text)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Prior:
    """The entry that already took a spend of the same ``SpendId``, as the journal has it."""

    entry_index: int
    presentation: bytes


@dataclass(frozen=True, slots=True)
class VerifiedPresentation:
    """A presentation whose signatures hold. Only ``verify`` makes one.

    Raises:
        TypeError: from the constructor, in anybody else's hands.
    """

    presentation: Presentation
    coupon: Coupon
    issuer: IssuerKey
    request_bytes: bytes | None
    """What the holder signed for; None for a replay, and for what no holder signs."""
    slot: int | None
    policy_version: int
    prior_entry: int | None = None
    """The entry that already took this spend."""
    replayed: bool = False
    """Signed for an earlier sale, and taken then."""
    proof: InitVar[object] = None

    def __post_init__(self, proof: object) -> None:
        if proof is not _PROOF:
            raise TypeError("a verified presentation comes from verify() alone")

    @property
    def spend_id(self) -> SpendId:
        return self.presentation.spend_id


def read_presentation(data: bytes) -> Presentation:
    """Decode what a carrier brought; what cannot be read is unknown or damaged.

    Raises:
        PresentationRefused: UNKNOWN_OR_DAMAGED; WRONG_CARRIER where somebody sends a number, which
            the terminal reads off a card by itself and believes from nobody.
    """
    try:
        presentation = decode_presentation(data, claimed_public_key)
    except DecodeError as error:
        raise PresentationRefused(Reason.UNKNOWN_OR_DAMAGED) from error
    if isinstance(presentation, Numbered):
        raise PresentationRefused(Reason.WRONG_CARRIER)
    return presentation


def verify(
    presentation: Presentation,
    *,
    request_bytes: bytes | None,
    known_coupon: bytes | None,
    policy: Policy,
    prior: Prior | None = None,
    moment: Moment | None = None,
) -> VerifiedPresentation:
    """Check issuer and holder. ``request_bytes`` is the open sale's request, None with no sale.

    ``known_coupon`` is the coupon of that id that the journal holds, ``prior`` the entry that took
    the same spend id; ``moment`` is needed for printed codes alone.

    Raises:
        PresentationRefused: with the one reason.
    """
    coupon = _coupon_of(presentation, known_coupon)
    issuer = _trusted_issuer(coupon, policy)
    replayed, slot = False, None
    signed_for: bytes | None = None
    try:
        signed_for, slot = _holder_signed(presentation, coupon, request_bytes, policy, moment)
    except PresentationRefused:
        if prior is None or not _same_spend(presentation, prior):
            raise
        replayed = True
    return VerifiedPresentation(
        presentation=presentation,
        coupon=coupon,
        issuer=issuer,
        request_bytes=signed_for,
        slot=slot,
        policy_version=policy.version,
        prior_entry=None if prior is None else prior.entry_index,
        replayed=replayed,
        proof=_PROOF,
    )


def _coupon_of(presentation: Presentation, known_coupon: bytes | None) -> Coupon:
    if not isinstance(presentation, Alone):
        return presentation.coupon
    if known_coupon is None:
        raise PresentationRefused(Reason.COUPON_UNKNOWN_HERE)
    try:
        coupon = decode_coupon(known_coupon)
    except DecodeError as error:
        raise PresentationRefused(Reason.COUPON_UNKNOWN_HERE) from error
    if coupon.id != presentation.coupon_id or coupon.fields.holder_key is None:
        raise PresentationRefused(Reason.COUPON_UNKNOWN_HERE)
    return coupon


def _trusted_issuer(coupon: Coupon, policy: Policy) -> IssuerKey:
    issuer = policy.issuer(coupon.id.issuer)
    if issuer is None:
        raise PresentationRefused(Reason.UNKNOWN_OR_DAMAGED)
    try:
        coupon.verify(issuer.key)
    except SignatureInvalid as error:
        raise PresentationRefused(Reason.UNKNOWN_OR_DAMAGED) from error
    return issuer


def _holder_signed(
    presentation: Presentation,
    coupon: Coupon,
    request_bytes: bytes | None,
    policy: Policy,
    moment: Moment | None,
) -> tuple[bytes | None, int | None]:
    """The request bytes and slot that the holder's signature is over."""
    if request_bytes is None:
        raise PresentationRefused(Reason.NO_OPEN_SALE)
    holder_key = coupon.fields.holder_key
    if isinstance(presentation, UNSIGNED) or holder_key is None:
        return None, None
    slot = None
    if presentation.spend.slot_mark is not None:
        slot = _slot(presentation.spend.slot_mark, moment)
        request_bytes = StaticRequest(policy.terminal, policy.currency).encode()
    try:
        verify_spend(
            presentation.spend,
            presentation.signature,
            holder_key=holder_key,
            request_bytes=request_bytes,
            slot=slot,
            coupon_digest=coupon.digest,
        )
    except SignatureInvalid as error:
        raise PresentationRefused(_why_not_signed(holder_key)) from error
    return request_bytes, slot


def _why_not_signed(holder_key: PublicKey) -> Reason:
    try:
        require_on_curve(holder_key, "coupon.key")
    except DecodeError:
        return Reason.UNKNOWN_OR_DAMAGED
    return Reason.NOT_FOR_THIS_SALE


def _slot(mark: int, moment: Moment | None) -> int:
    if moment is None or not moment.known:
        raise PresentationRefused(Reason.CLOCK_UNKNOWN)
    slot = slot_near(mark, moment.unix_s)
    if slot is None:
        raise PresentationRefused(Reason.OUTSIDE_SLOT)
    return slot


def _same_spend(presentation: Presentation, prior: Prior) -> bool:
    """Whether these are the very signed bytes that the journal took, coupon or no coupon."""
    try:
        taken = decode_presentation(prior.presentation)
    except DecodeError:
        return False
    return (taken.spend_id, taken.spend, _signature(taken)) == (
        presentation.spend_id,
        presentation.spend,
        _signature(presentation),
    )


def _signature(presentation: Presentation) -> bytes | None:
    return None if isinstance(presentation, UNSIGNED) else presentation.signature
