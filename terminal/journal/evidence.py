"""The payers' side of a journal: every accepted entry carries a coupon and a spend that verify.

Walks entries in order, remembers each coupon from its first full presentation, and checks what a
terminal alone could invent: that issuer and holder signed for exactly this request, that intervals
of a coupon never overlap, and that no sale is given back more than once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from terminal.crypto.keys import PublicKey
from terminal.errors import DecodeError, JournalCorrupt, SignatureInvalid
from terminal.journal.cose_form import cose_objects
from terminal.journal.detail import Return, decode_detail
from terminal.journal.entry import Entry, EntryKind
from terminal.payment.coupon import Coupon, CouponId
from terminal.payment.presentation import (
    UNSIGNED,
    Alone,
    Numbered,
    Presentation,
    decode_presentation,
)
from terminal.payment.request import Request, decode_request
from terminal.payment.spend import verify_spend

_PRESENTED: Final = (EntryKind.ACCEPTED, EntryKind.DECLINED)


class Evidence:
    """Feed it every entry once, in order. ``issuers`` are the keys that the policies name."""

    def __init__(self, issuers: Mapping[int, PublicKey]) -> None:
        self._issuers = issuers
        self._coupons: dict[bytes, Coupon] = {}
        self._issued: set[tuple[bytes, bytes]] = set()
        self._high: dict[CouponId, int] = {}
        self._left: dict[int, tuple[bytes, int]] = {}
        self.accepted_count = 0
        self.accepted_minor = 0
        self.returned_minor = 0
        self.coupons_unchecked = 0
        """Accepted entries whose issuer no policy of the export names."""
        self.clonable_count = 0
        """Accepted entries that no holder signed: a bearer coupon, or a card's number."""

    def follow(self, entry: Entry) -> tuple[Mapping[str, str], ...]:
        """Check one entry; returns its COSE objects.

        Raises:
            JournalCorrupt: naming the entry.
        """
        try:
            if entry.kind in _PRESENTED:
                return self._presented(entry)
            detail = decode_detail(entry)
            if isinstance(detail, Return):
                self._give_back(entry, detail)
        except (DecodeError, SignatureInvalid) as error:
            raise JournalCorrupt(str(error), entry.index) from error
        return ()

    def _presented(self, entry: Entry) -> tuple[Mapping[str, str], ...]:
        presentation = decode_presentation(entry.presentation)
        coupon = self._coupon(entry, presentation)
        issuer = self._issuers.get(coupon.id.issuer)
        if entry.kind is EntryKind.ACCEPTED:
            self._accept(entry, presentation, coupon, issuer)
        return cose_objects(entry, presentation, coupon, issuer)

    def _coupon(self, entry: Entry, presentation: Presentation) -> Coupon:
        if not isinstance(presentation, Alone):
            self._coupons.setdefault(presentation.coupon.digest, presentation.coupon)
            coupon = presentation.coupon
        else:
            found = self._coupons.get(entry.coupon_digest or b"")
            if found is None:
                raise DecodeError("entry.coupon_digest", "no earlier entry has this coupon")
            coupon = found
        if coupon.digest != entry.coupon_digest or coupon.id != presentation.coupon_id:
            raise DecodeError("entry.coupon_digest", "not of the coupon presented")
        return coupon

    def _accept(
        self, entry: Entry, presentation: Presentation, coupon: Coupon, issuer: PublicKey | None
    ) -> None:
        if issuer is None:
            self.coupons_unchecked += 1
        elif (coupon.digest, coupon.signature) not in self._issued:
            coupon.verify(issuer)
            self._issued.add((coupon.digest, coupon.signature))
        holder = coupon.fields.holder_key
        if holder is not None and not isinstance(presentation, UNSIGNED):
            verify_spend(
                presentation.spend,
                presentation.signature,
                holder_key=holder,
                request_bytes=entry.request,
                slot=entry.slot,
                coupon_digest=coupon.digest,
            )
        if isinstance(presentation, UNSIGNED):
            self.clonable_count += 1
        if isinstance(presentation, Numbered):
            check_number(entry, presentation)
        spend = presentation.spend_id
        if spend.from_minor < self._high.get(spend.coupon, 0):
            raise DecodeError("entry.presentation", "this part of the coupon was spent before")
        self._high[spend.coupon] = spend.end_minor
        self._left[entry.index] = (entry.leaf(), spend.amount_minor)
        self.accepted_count += 1
        self.accepted_minor += spend.amount_minor

    def _give_back(self, entry: Entry, detail: Return) -> None:
        leaf, left_minor = self._left.get(detail.original, (b"", 0))
        if leaf != detail.original_leaf:
            raise DecodeError("detail.original", "not an accepted sale of this journal")
        whole = entry.kind is not EntryKind.VOID or detail.amount_minor == left_minor
        if not whole or not 0 < detail.amount_minor <= left_minor:
            raise DecodeError("detail.amount", f"{left_minor} is left to give back")
        self._left[detail.original] = (leaf, left_minor - detail.amount_minor)
        self.returned_minor += detail.amount_minor


def check_number(entry: Entry, presentation: Numbered) -> None:
    """What a signature binds elsewhere: the sale's amount, and the permit's own terminal.

    Raises:
        DecodeError: the entry's request is not for these.
    """
    asked = decode_request(entry.request)
    if not isinstance(asked, Request) or asked.amount_minor != presentation.amount_minor:
        raise DecodeError("entry.presentation", "not the amount that was asked for")
    if asked.terminal != presentation.coupon.fields.terminal:
        raise DecodeError("entry.presentation", "the permit is for another terminal")
