"""Everything that belongs to one opening of the journal, so that reopening replaces it whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from terminal.journal.detail import ClockCorrected
from terminal.journal.draft import EntryDraft
from terminal.journal.entry import EntryKind
from terminal.journal.writer import Journal
from terminal.ports import ClockQuality
from terminal.runtime.deny_watch import DenyWatch
from terminal.sale.desk import SaleDesk
from terminal.sale.outcome import Telling
from terminal.sale.till import Till
from terminal.sale.timekeeper import CLOCK_TOLERANCE_S, Timekeeper
from terminal.sync.policies import Policies

HOST_ANCHOR: Final = "clock.host"
"""Name of the small value that keeps the last host-signed time."""


@dataclass(frozen=True, slots=True)
class Shop:
    """An open journal and what sells into it."""

    journal: Journal
    till: Till
    desk: SaleDesk
    timekeeper: Timekeeper
    policies: Policies
    deny: DenyWatch | None = None
    """The long deny list; None where nothing reads one."""

    def hear_host(self, unix_s: int, evidence: bytes, heard_ms: int) -> int | None:
        """A dialogue with the host ended well: its time, and the policy it may have brought.

        Where its time sets this terminal's marks back, that is an entry with the evidence first;
        the entry's index then.

        Raises:
            JournalError: it could not be remembered.
        """
        before, index = self.timekeeper.anchor, None
        marks_unix_s = max(before.unix_s if before else 0, self.journal.clock_floor_unix_s)
        anchor = self.timekeeper.hear_host(unix_s, heard_ms)
        host_now_s = self.timekeeper.lent_unix_s() or unix_s
        if marks_unix_s > host_now_s + CLOCK_TOLERANCE_S:
            index = self._correct(ClockCorrected(marks_unix_s, host_now_s, evidence))
        self.journal.keep(HOST_ANCHOR, anchor.encode(), durable=False)
        self._take_policy()
        return index

    def _correct(self, detail: ClockCorrected) -> int:
        draft = EntryDraft(
            EntryKind.CLOCK_CORRECTED,
            self.till.policy.version,
            presentation=detail.encode(),
            time_unix_s=detail.after_unix_s,
            quality=ClockQuality.HOST,
        )
        with self.journal.transaction() as transaction:
            return transaction.append(draft).index

    def _take_policy(self) -> None:
        installed = self.policies.installed()
        assert installed is not None, "a terminal sells under a policy"
        self.till.policy = installed


OpenShop = Callable[[Callable[[Telling], None]], Shop]
"""Opens the journal and builds the rest over it; the argument hears every outcome.

Raises:
    KumquatError: it cannot be opened now.
"""
