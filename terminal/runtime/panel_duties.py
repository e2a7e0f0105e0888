"""What the loop does with the front panel's events: keys sell, openings become entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from terminal.journal.detail import Cited, ManualOpen
from terminal.journal.draft import EntryDraft
from terminal.journal.entry import EntryKind
from terminal.panel.events import (
    BarrierConfirmed,
    BarrierUnconfirmed,
    EmergencyChanged,
    KeyPressed,
)
from terminal.sale.panel_keys import PanelKeys
from terminal.sale.view import DeskRefused, Phase

if TYPE_CHECKING:
    from terminal.panel.events import PanelEvent
    from terminal.runtime.announcer import Report
    from terminal.runtime.loop import Runtime

MAX_OWED: Final = 16
"""Entries that wait for the journal to be opened again; the newest are kept."""


class PanelDuties:
    """For the loop's thread.

    Raises:
        JournalError: from any method; the loop stops selling.
    """

    def __init__(self, runtime: Runtime, report: Report) -> None:
        self._runtime = runtime
        self._report = report
        self._keys = PanelKeys()
        self._owed: list[tuple[EntryKind, bytes]] = []

    def take(self, events: tuple[PanelEvent, ...]) -> None:
        """Act on what the panel said, in order."""
        for event in events:
            match event:
                case BarrierConfirmed(job, evidence, after_ms):
                    opened = {"entry": job, "evidence": evidence.name, "after_ms": after_ms}
                    self._report({"event": "barrier_opened", **opened})
                case BarrierUnconfirmed(job, reason):
                    self._report(
                        {"event": "barrier_unconfirmed", "entry": job, "why": reason.value}
                    )
                    self._remember(EntryKind.BARRIER_UNCONFIRMED, Cited(job).encode())
                case EmergencyChanged(active):
                    self._report({"event": "emergency", "active": active})
                    if active:  # opened first, remembered after: the one exemption
                        self._remember(EntryKind.MANUAL_OPEN, ManualOpen().encode())
                case KeyPressed(character):
                    self._key(character)
                case _:
                    self._report({"event": "panel", "what": type(event).__name__})

    def catch_up(self) -> None:
        """Selling goes on: what happened meanwhile becomes entries."""
        owed, self._owed = self._owed, []
        for kind, detail in owed:
            self._remember(kind, detail)

    def _key(self, character: str) -> None:
        if self._runtime.pins is not None:  # it faces the payer, who may not sell
            self._runtime.pins.press(character)
            return
        try:
            self._keys.press(character, self._runtime.desk)
        except DeskRefused as refusal:
            self._report({"event": "key_refused", "why": str(refusal)})

    def _remember(self, kind: EntryKind, detail: bytes) -> None:
        desk = self._runtime.desk
        if desk.phase is Phase.STOPPED:
            self._owed = [*self._owed, (kind, detail)][-MAX_OWED:]
            return
        draft = EntryDraft(kind, desk.till.policy.version, presentation=detail)
        with self._runtime.journal.transaction() as transaction:
            transaction.append(draft)
