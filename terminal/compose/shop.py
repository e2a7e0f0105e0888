"""Opens the journal and builds what sells into it; again after a commit of unknown outcome."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from terminal.errors import ConfigError, DecodeError
from terminal.journal.deny_intake import DenyIntake
from terminal.journal.deny_store import DenyStore
from terminal.journal.writer import Journal
from terminal.runtime.deny_watch import DenyWatch
from terminal.runtime.shop import HOST_ANCHOR, Shop
from terminal.sale.desk import SaleDesk
from terminal.sale.judged_clock import JudgedClock
from terminal.sale.till import Till
from terminal.sale.timekeeper import HostAnchor, Timekeeper, decode_anchor
from terminal.sync.deny_session import DenyOutcome, deny_session
from terminal.sync.enrolment import journal_label
from terminal.sync.policies import Policies, trust_of
from terminal.sync.session import SyncOutcome, sync_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.compose.state import StatePaths
    from terminal.ports import Clock, KeyStore, Signer
    from terminal.sale.outcome import Telling
    from terminal.sync.exchange import Dialogue
    from terminal.sync.record import EnrolmentRecord

NONCE_BYTES: Final = 8


class ShopOpener:
    """Everything needed to open this terminal's shop, any number of times."""

    def __init__(
        self, paths: StatePaths, record: EnrolmentRecord, keys: KeyStore, clock: Clock
    ) -> None:
        self.signer: Signer = keys.signer(journal_label(record.origin.epoch))
        self._paths = paths
        self._record = record
        self._clock = clock
        self._deny = DenyStore(paths.deny_list, record.root_key)
        self._deny_intake = DenyIntake(paths.deny_list, record.root_key)

    def open_journal(self, clock: Clock | None = None) -> Journal:
        """The journal, for writing.

        Raises:
            JournalError: locked, corrupt or unreadable.
        """
        return Journal.open(
            self._paths.journal,
            signer=self.signer,
            origin=str(self._record.origin),
            clock=clock or self._clock,
            random_bytes=os.urandom,
        )

    def __call__(self, tell: Callable[[Telling], None]) -> Shop:
        """The shop over a freshly opened journal.

        Raises:
            JournalError: locked, corrupt or unreadable.
            ConfigError, DecodeError, SignatureInvalid: the installed policy is none.
        """
        clock = JudgedClock(self._clock)
        journal = self.open_journal(clock)
        try:
            shop = self._over(journal, tell)
        except BaseException:
            journal.close()
            raise
        clock.judge_by(shop.till.moment)
        try:
            return replace(shop, deny=DenyWatch(self._deny, shop.till, journal))
        except BaseException:
            journal.close()
            raise

    def dialogue(self, shop: Shop) -> Dialogue[SyncOutcome]:
        """One conversation with the host about this shop."""
        return sync_session(
            shop.journal,
            shop.policies,
            origin=str(self._record.origin),
            signer=self.signer,
            trust=trust_of(shop.till.policy),
            nonce=os.urandom(NONCE_BYTES),
        )

    def deny_dialogue(self, head: bytes) -> Dialogue[DenyOutcome]:
        """One conversation with the host about the deny list that it offers."""
        return deny_session(
            self._deny_intake,
            head,
            self._record.root_key,
            origin=str(self._record.origin),
            signer=self.signer,
        )

    def _over(self, journal: Journal, tell: Callable[[Telling], None]) -> Shop:
        policies = Policies(journal, self._record.root_key, self._record.origin.terminal)
        policy = policies.installed()
        if policy is None:
            raise ConfigError("policy", "none is installed: run `kumquat enrol` again")
        timekeeper = Timekeeper(self._clock, _kept_anchor(journal))
        till = Till(
            journal,
            policy,
            signer=self.signer,
            clock=self._clock,
            timekeeper=timekeeper,
            random_bytes=os.urandom,
        )
        desk = SaleDesk(till, tell=tell, monotonic_ms=self._clock.monotonic_ms)
        return Shop(journal, till, desk, timekeeper, policies)


def _kept_anchor(journal: Journal) -> HostAnchor | None:
    kept = journal.kept(HOST_ANCHOR)
    if kept is None:
        return None
    try:
        return decode_anchor(kept)
    except DecodeError:
        return None  # from another version: the next sync brings a new one
