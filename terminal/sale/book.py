"""The day as a screen shows it: lines in their honest states, and the sums that belong to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from terminal.journal.entry import EntryKind
from terminal.payment.verdict import VerdictStatus, reason_text
from terminal.sale.view import LineKind, LineState, SaleLine, Totals

if TYPE_CHECKING:
    from terminal.journal.lines import Line
    from terminal.journal.reader import JournalReader

_KINDS: Final = {
    EntryKind.ACCEPTED: LineKind.SALE,
    EntryKind.REFUND: LineKind.REFUND,
    EntryKind.VOID: LineKind.VOID,
}


def today(journal: JournalReader, day_start_unix_s: int) -> tuple[SaleLine, ...]:
    """The lines since the business day began, newest first."""
    return tuple(show_line(line) for line in reversed(journal.day(day_start_unix_s)))


def totals(journal: JournalReader, day_start_unix_s: int) -> Totals:
    """The day's sums, and everything that still waits for the host, of whatever day."""
    sums, unsettled = journal.day_sums(day_start_unix_s), journal.unsettled()
    return Totals(
        sales_count=sums.sales_count,
        sales_minor=sums.sales_minor,
        returned_minor=sums.returned_minor,
        unsynced_count=unsettled.unsynced_count,
        at_risk_minor=unsettled.at_risk_minor,
    )


def unannounced(journal: JournalReader) -> tuple[SaleLine, ...]:
    """Accepted and never announced: what the seller sees first after a restart."""
    found = (journal.line(entry.index) for entry in journal.unannounced())
    return tuple(show_line(line) for line in found if line is not None)


def show_line(line: Line) -> SaleLine:
    """One line with its state. Host confirmed needs custody and a settling verdict, both."""
    state = LineState.ACCEPTED_OFFLINE
    if line.verdict_status in (VerdictStatus.REFUSED, VerdictStatus.DISPUTED):
        state = LineState.HOST_REFUSED
    elif line.in_custody and line.verdict_status == VerdictStatus.SETTLED:
        state = LineState.HOST_CONFIRMED
    return SaleLine(
        index=line.index,
        kind=_KINDS[line.kind],
        time_unix_s=line.time_unix_s,
        amount_minor=line.amount_minor,
        state=state,
        announced=line.announced,
        original_index=line.original,
        refundable_minor=line.refundable_minor,
        host_reason=None if not line.verdict_reason else reason_text(line.verdict_reason),
    )
