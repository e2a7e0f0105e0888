"""From a judged entry to postings: pays a spend once, gives back once, keeps evidence of overlaps.

Called inside the unit that takes the entry into custody, so custody, verdict and money become
durable together. Money is idempotent on (issuer, serial, from, amount, terminal); a return on its
own entry's leaf, and never beyond what was paid.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from host_sim import ledger
from host_sim.judgement import (
    SETTLED,
    Bench,
    Clash,
    Finding,
    Genuine,
    Refused,
    denied,
    judge_overlap,
    read_spend_id,
    verify_entry,
)
from host_sim.model import Evidence, EvidenceKind, IssuedCoupon, PaidSpend, Returned
from host_sim.office import Office
from host_sim.store.port import Unit
from terminal.crypto.keys import PublicKey
from terminal.errors import DecodeError
from terminal.journal.detail import Return, decode_detail
from terminal.journal.entry import Entry, EntryKind, decode_entry
from terminal.payment.policy import Policy, decode_policy
from terminal.payment.verdict import VerdictReason, VerdictStatus

WAITING = None
"""Not judged yet: the sale that a refund cites has not arrived."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands.

    ``forked``: another entry claims the same index. ``journal_forked``: so it is somewhere in this
    journal, and nobody can tell which of its entries share a history.
    """

    terminal: int
    epoch: int
    index: int
    leaf: bytes
    forked: bool
    journal_forked: bool


class Payments:
    """Decides and books what one entry means, in the caller's unit.

    ``approved``: a person looked at a dispute and pays it; what is not genuine stays refused.
    """

    def __init__(self, office: Office, unit: Unit, *, approved: bool = False) -> None:
        self._office = office
        self._unit = unit
        self._approved = approved

    def settle(self, data: bytes, place: Place) -> Finding | None:
        """The finding on an entry's bytes, its money booked; None when it must wait."""
        try:
            return self._settle(decode_entry(data), place)
        except DecodeError:
            return Finding(VerdictStatus.REFUSED, VerdictReason.UNREADABLE)
        except Refused as refused:
            return Finding(VerdictStatus.REFUSED, refused.reason)

    def _settle(self, entry: Entry, place: Place) -> Finding | None:
        if entry.index != place.index:
            raise Refused(VerdictReason.UNREADABLE)
        if entry.kind is EntryKind.ACCEPTED:
            return self._pay(entry, place)
        detail = decode_detail(entry)
        if isinstance(detail, Return):
            return self._give_back(detail, place)
        return SETTLED

    def _pay(self, entry: Entry, place: Place) -> Finding:
        bench, merchant = self._bench(place.terminal)
        coupon_id = read_spend_id(entry).coupon
        issued = self._unit.money.coupon(coupon_id.issuer, coupon_id.serial)
        genuine = verify_entry(entry, bench, issued.coupon if issued else None)
        if issued is None:
            self._unit.money.add_coupon(self._found(genuine))
        elif issued.coupon != genuine.coupon.encode():
            return Finding(VerdictStatus.DISPUTED, VerdictReason.COUPON_UNKNOWN)
        spend = _paid_spend(genuine, entry, place)
        before = self._unit.money.spend(
            spend.issuer, spend.serial, spend.from_minor, spend.amount_minor, spend.terminal
        )
        if before is not None:
            return self._again(before, place)
        finding, overlap_minor = self._overlap(genuine, entry, spend, place)
        if self._approved:
            finding = Finding(VerdictStatus.SETTLED, finding.reason)
        if finding.status is VerdictStatus.SETTLED:
            self._unit.money.add_spend(spend)
            self._unit.money.post(
                ledger.paid(spend, overlap_minor, merchant, bench.currency, self._office.now())
            )
        return finding

    def _bench(self, terminal: int) -> tuple[Bench, str]:
        found = self._unit.registry.terminal(terminal)
        assert found is not None, "its journal refers to it"
        merchant = self._unit.registry.merchant(found.merchant)
        assert merchant is not None, "its terminal refers to it"
        keys = self._office.keys
        issuers = {keys.issuer_number: keys.public("issuer")}
        return Bench(terminal, merchant.currency, merchant.scope, issuers), merchant.merchant

    def _found(self, genuine: Genuine) -> IssuedCoupon:
        """A coupon our key signed that the store does not have: an older store was restored."""
        fields = genuine.coupon.fields
        key = fields.holder_key
        return IssuedCoupon(
            fields.issuer,
            fields.serial,
            genuine.coupon.encode(),
            None if key is None else key.data,
            fields.limit_minor,
            fields.currency,
            fields.scope,
            fields.not_after_unix_s,
            self._office.now(),
        )

    def _again(self, before: PaidSpend, place: Place) -> Finding:
        """The same spend under another entry: paid once. Twice in one line is one too many."""
        same_line = (
            before.epoch == place.epoch
            and not place.journal_forked
            and before.index != place.index
            and self._stands(before)
        )
        status = VerdictStatus.REFUSED if same_line else VerdictStatus.SETTLED
        return Finding(status, VerdictReason.ALREADY_SETTLED)

    def _stands(self, spend: PaidSpend) -> bool:
        line = self._unit.custody.on_line(spend.terminal, spend.epoch, spend.index)
        return line == spend.leaf

    def _overlap(
        self, genuine: Genuine, entry: Entry, spend: PaidSpend, place: Place
    ) -> tuple[Finding, int]:
        policy = self._policy(place.terminal, entry.policy)
        clashing = self._unit.money.clashing(
            spend.issuer, spend.serial, spend.from_minor, spend.end_minor
        )
        clean = Finding(
            VerdictStatus.SETTLED, VerdictReason.FORK if place.forked else VerdictReason.NONE
        )
        worst = clean
        if policy is not None and denied(genuine.coupon, policy):
            worst = Finding(VerdictStatus.DISPUTED, VerdictReason.COUPON_REVOKED)
        for one in clashing:
            on_line = self._stands(one) and not place.journal_forked
            clash = Clash(one.terminal, one.epoch, on_line)
            found = judge_overlap(genuine, entry, place.terminal, place.epoch, policy, clash)
            worst = max(worst, found, key=lambda finding: (finding.status, finding.reason))
            self._note_overlap(one, spend)
        gone = [(one.from_minor, one.end_minor) for one in clashing]
        gone += self._unit.money.given_back(spend.issuer, spend.serial)
        return worst, ledger.overlap_minor(spend.from_minor, spend.end_minor, gone)

    def _note_overlap(self, first: PaidSpend, second: PaidSpend) -> None:
        amount = ledger.overlap_minor(
            second.from_minor, second.end_minor, [(first.from_minor, first.end_minor)]
        )
        self._unit.custody.note_evidence(
            Evidence(
                ledger.cause_id("overlap", first.leaf, second.leaf),
                EvidenceKind.OVERLAP,
                f"holder:{second.issuer}/{second.serial}",
                second.terminal,
                second.epoch,
                second.index,
                amount,
                first.presentation,
                second.presentation,
                self._office.now(),
            )
        )

    def _policy(self, terminal: int, version: int) -> Policy | None:
        data = self._unit.registry.policy(terminal, version)
        return None if data is None else _policy(data, self._office.keys.public("root"))

    def _give_back(self, detail: Return, place: Place) -> Finding | None:
        original = self._unit.custody.leaf(
            place.terminal, place.epoch, detail.original, detail.original_leaf
        )
        if original is None or not original.verdict:
            return WAITING
        if original.status == VerdictStatus.DISPUTED:
            return WAITING
        spend = self._spend_of(original.data, place.terminal)
        if spend is None:
            raise Refused(VerdictReason.ORIGINAL_UNKNOWN)
        given = sum(one.amount_minor for one in self._unit.money.returns_of(spend))
        if not 0 < detail.amount_minor <= spend.amount_minor - given:
            raise Refused(VerdictReason.REFUND_EXCEEDS_SALE)
        self._book_return(spend, detail.amount_minor, place)
        return SETTLED

    def _spend_of(self, data: bytes, terminal: int) -> PaidSpend | None:
        try:
            found = read_spend_id(decode_entry(data))
        except DecodeError:
            return None
        return self._unit.money.spend(
            found.coupon.issuer, found.coupon.serial, found.from_minor, found.amount_minor, terminal
        )

    def _book_return(self, spend: PaidSpend, amount_minor: int, place: Place) -> None:
        bench, merchant = self._bench(place.terminal)
        self._unit.money.add_return(
            Returned(
                place.terminal,
                place.epoch,
                place.index,
                place.leaf,
                spend.issuer,
                spend.serial,
                spend.from_minor,
                spend.amount_minor,
                amount_minor,
            )
        )
        cause = ledger.cause_id("returned", place.terminal, place.epoch, place.index, place.leaf)
        self._unit.money.post(
            ledger.given_back(
                spend, cause, amount_minor, merchant, bench.currency, self._office.now()
            )
        )


@lru_cache(maxsize=64)
def _policy(data: bytes, root_key: PublicKey) -> Policy:
    """A policy of ours; remembered, since thousands of entries name the same one."""
    return decode_policy(data, root_key)


def _paid_spend(genuine: Genuine, entry: Entry, place: Place) -> PaidSpend:
    spend = genuine.spend_id
    return PaidSpend(
        spend.coupon.issuer,
        spend.coupon.serial,
        spend.from_minor,
        spend.amount_minor,
        place.terminal,
        place.epoch,
        place.index,
        place.leaf,
        entry.presentation,
        genuine.coupon.digest,
    )
