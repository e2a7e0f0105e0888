"""Reconciliation: do the journals and the ledger say the same? Read-only.

For each journal the totals are counted twice: once from the mirrored leaves alone, as the terminal
would count them, and once from the money tables. They must agree but for what was answered
otherwise, which is listed. The ledger as a whole must balance, and no account may be what it cannot
be: a coupon never gives more than was paid in, but where a holder is liable.
"""

from __future__ import annotations

from dataclasses import dataclass

from host_sim.model import JournalLine, Leaf
from host_sim.office import Office
from host_sim.store.port import Unit
from terminal.errors import DecodeError
from terminal.journal.detail import Return, decode_detail
from terminal.journal.entry import Entry, EntryKind, decode_entry
from terminal.payment.presentation import decode_presentation
from terminal.payment.verdict import VerdictStatus


@dataclass(frozen=True, slots=True)
class JournalTotals:
    """One journal, counted from its entries and from the money tables; amounts in minor units."""

    terminal: int
    epoch: int
    mirrored_size: int
    held_count: int
    forked: bool
    sales_count: int
    sales_minor: int
    returned_minor: int
    settled_count: int
    settled_minor: int
    booked_returned_minor: int
    open_count: int
    """Entries refused, disputed, waiting, or settled elsewhere."""
    agrees: bool
    """Accepted sales and returns = booked ones + those answered otherwise."""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Both sides of every journal, and whether the ledger balances."""

    journals: tuple[JournalTotals, ...]
    ledger_balances: bool
    overdrawn: tuple[str, ...]
    """Coupon accounts that gave more than was paid in: a restored store, or a fault of ours."""

    @property
    def in_order(self) -> bool:
        return (
            self.ledger_balances
            and not self.overdrawn
            and all(journal.agrees for journal in self.journals)
        )


def reconcile(office: Office) -> Reconciliation:
    """Compare everything the host holds with what it booked."""
    with office.store.unit() as unit:
        journals = tuple(_totals(unit, line) for line in unit.custody.journals())
        balances = unit.money.balances("")
    sums: dict[int, int] = {}
    for balance in balances:
        sums[balance.currency] = sums.get(balance.currency, 0) + balance.amount_minor
    overdrawn = tuple(
        balance.account
        for balance in balances
        if balance.account.startswith("coupon:") and balance.amount_minor > 0
    )
    return Reconciliation(journals, not any(sums.values()), overdrawn)


@dataclass(frozen=True, slots=True)
class _Counted:
    """A leaf that moves money: its amount, positive, and whether it gives back."""

    leaf: Leaf
    amount_minor: int
    returns: bool


def _totals(unit: Unit, line: JournalLine) -> JournalTotals:
    held = unit.custody.leaves(line.terminal, line.epoch)
    counted = [one for one in map(_count, held) if one is not None]
    sales = [one for one in counted if not one.returns]
    returns = [one for one in counted if one.returns]
    spends = [one for one in unit.money.spends_of(line.terminal) if one.epoch == line.epoch]
    booked = [
        one
        for one in unit.money.all_returns()
        if (one.terminal, one.epoch) == (line.terminal, line.epoch)
    ]
    paid_leaves = {spend.leaf for spend in spends}
    booked_leaves = {one.leaf for one in booked}
    otherwise = [one for one in counted if one.leaf.leaf not in paid_leaves | booked_leaves]
    settled_minor = sum(spend.amount_minor for spend in spends)
    booked_minor = sum(one.amount_minor for one in booked)
    left_sales = sum(one.amount_minor for one in otherwise if not one.returns)
    left_returns = sum(one.amount_minor for one in otherwise if one.returns)
    sales_minor = sum(one.amount_minor for one in sales)
    returned_minor = sum(one.amount_minor for one in returns)
    answered = all(_answered_otherwise(one.leaf) for one in otherwise)
    return JournalTotals(
        line.terminal,
        line.epoch,
        line.size,
        len(held),
        line.forked,
        len(sales),
        sales_minor,
        returned_minor,
        len(spends),
        settled_minor,
        booked_minor,
        len(otherwise),
        answered
        and sales_minor == settled_minor + left_sales
        and returned_minor == booked_minor + left_returns,
    )


def _answered_otherwise(leaf: Leaf) -> bool:
    """Not paid here, and the answer says so: waiting, refused, disputed, or paid elsewhere."""
    return not leaf.verdict or leaf.status != VerdictStatus.SETTLED or leaf.reason != 0


def _count(leaf: Leaf) -> _Counted | None:
    try:
        entry = decode_entry(leaf.data)
        return _amount(leaf, entry)
    except DecodeError:
        return None


def _amount(leaf: Leaf, entry: Entry) -> _Counted | None:
    if entry.kind is EntryKind.ACCEPTED:
        spend = decode_presentation(entry.presentation).spend
        return _Counted(leaf, spend.amount_minor, returns=False)
    detail = decode_detail(entry)
    if isinstance(detail, Return):
        return _Counted(leaf, detail.amount_minor, returns=True)
    return None
