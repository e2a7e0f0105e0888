"""Keeps the long deny list in force: at the start, and between sales when a newer one is there.

What is in force for a decision follows from the journal: each change of version is an entry, made
before the first decision under it. A list that cannot be used is said, and never stops selling:
the policy's own deny list holds in any case.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from terminal.errors import JournalError
from terminal.journal.detail import DenyListInstalled
from terminal.journal.draft import EntryDraft
from terminal.journal.entry import DIGEST_SIZE, EntryKind

if TYPE_CHECKING:
    from terminal.journal.deny_store import DenyStore
    from terminal.journal.deny_view import DenyView
    from terminal.journal.writer import Journal
    from terminal.sale.till import Till

IN_FORCE: Final = "deny.in_force"
"""Name of the small value: the detail of the last entry about the deny list."""
_NONE: Final = DenyListInstalled(0, bytes(DIGEST_SIZE))


class DenyWatch:
    """One store's list for one till. For the loop's thread.

    Raises:
        OutcomeUnknown: from the constructor; the journal must be opened again.
    """

    def __init__(self, store: DenyStore, till: Till, journal: Journal) -> None:
        self._store = store
        self._till = till
        self._journal = journal
        self._said: dict[str, object] | None = None
        with suppress(JournalError):  # said by the first ``step``
            store.refresh()
        self._put_in_force(store.view)

    @property
    def problem(self) -> str | None:
        """What is wrong with the list on disk."""
        return self._store.problem

    def step(self) -> dict[str, object] | None:
        """Nothing is going on: a few milliseconds of work; an event for the log, where one is due.

        Raises:
            OutcomeUnknown: the journal must be opened again.
        """
        view = self._store.idle()
        if view is not self._till.deny:
            self._put_in_force(view)
        event: dict[str, object] = {
            "event": "deny_list",
            "version": None if view is None else view.version,
            "subjects": 0 if view is None else view.head.count,
            "problem": self._store.problem,
        }
        nothing = view is None and self.problem is None and self._said is None
        if nothing or event == self._said:
            return None
        self._said = event
        return event

    def _put_in_force(self, view: DenyView | None) -> None:
        """The entry first, then the list, so that no decision precedes its entry."""
        before = self._journal.kept(IN_FORCE)
        found = _NONE if view is None else DenyListInstalled(view.version, view.head.digest)
        detail = found.encode()
        if before != detail and (view is not None or before is not None):
            policy = self._till.policy.version
            draft = EntryDraft(EntryKind.DENY_LIST_INSTALLED, policy, presentation=detail)
            with self._journal.transaction() as transaction:
                transaction.append(draft)
                transaction.keep(IN_FORCE, detail)
        self._till.deny = view
