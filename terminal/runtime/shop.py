"""Everything that belongs to one opening of the journal, so that reopening replaces it whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from terminal.journal.writer import Journal
from terminal.sale.desk import SaleDesk
from terminal.sale.outcome import Telling
from terminal.sale.till import Till
from terminal.sale.timekeeper import Timekeeper
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

    def hear_host(self, unix_s: int) -> None:
        """A dialogue with the host ended well: its time, and the policy it may have brought."""
        anchor = self.timekeeper.hear_host(unix_s)
        self.journal.keep(HOST_ANCHOR, anchor.encode(), durable=False)
        installed = self.policies.installed()
        assert installed is not None, "a terminal sells under a policy"
        self.till.policy = installed


OpenShop = Callable[[Callable[[Telling], None]], Shop]
"""Opens the journal and builds the rest over it; the argument hears every outcome.

Raises:
    JournalError: it cannot be opened now.
"""
