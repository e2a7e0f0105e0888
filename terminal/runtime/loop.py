"""The one waiting loop: takes a message, decides, tells, publishes the screen; one thread.

A commit that failed stops selling; the loop then reopens the journal and takes what it finds as the
truth. What was accepted and never announced is on the screen first, until the seller has seen it.
"""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING, Final

from terminal.errors import JournalError, KumquatError
from terminal.journal.detail import Cited, ManualOpen
from terminal.journal.draft import EntryDraft
from terminal.journal.entry import EntryKind
from terminal.panel.events import (
    BarrierConfirmed,
    BarrierUnconfirmed,
    EmergencyChanged,
    KeyPressed,
    PanelEvent,
)
from terminal.runtime.inbox import (
    Call,
    DeviceState,
    Heard,
    HostAnswered,
    Message,
    PanelData,
    PanelGone,
    Stop,
)
from terminal.sale.outcome import Accepted, Telling
from terminal.sale.panel_keys import PanelKeys
from terminal.sale.view import Carrier, DeskRefused, Phase
from terminal.sync.messages import LineState

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.journal.writer import Journal
    from terminal.runtime.announcer import Announcer, Report
    from terminal.runtime.board import ScreenBoard
    from terminal.runtime.front_panel import FrontPanel
    from terminal.runtime.host_link import Syncing
    from terminal.runtime.shop import OpenShop, Shop
    from terminal.sale.desk import SaleDesk
    from terminal.sync.session import SyncOutcome

TICK_S: Final = 0.2
_NOT_ONE_LINE: Final = "journal: the host holds another history of this terminal; call its operator"
REOPEN_MS: Final = 3_000
QUIET_MS: Final = 3_000
"""After so long without a message the journal may tidy its write-ahead log."""


class Runtime:
    """Owns the shop. ``post`` is for any thread; everything else runs on the loop's."""

    def __init__(
        self,
        open_shop: OpenShop,
        *,
        board: Callable[[Shop], ScreenBoard],
        report: Report,
        monotonic_ms: Callable[[], int],
    ) -> None:
        self.announcer: Announcer | None = None
        self.panel: FrontPanel | None = None
        self.syncing: Syncing | None = None
        self._inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._open_shop = open_shop
        self._report = report
        self._now_ms = monotonic_ms
        self._shop = open_shop(self._tell)
        self.board = board(self._shop)
        self._keys = PanelKeys()
        self._reopen_at_ms = 0
        self._busy_ms = monotonic_ms()

    @property
    def journal(self) -> Journal:
        """The open journal."""
        return self._shop.journal

    @property
    def desk(self) -> SaleDesk:
        """The sale in front of the customer."""
        return self._shop.desk

    @property
    def shop(self) -> Shop:
        """Everything over the open journal."""
        return self._shop

    def post(self, message: Message) -> None:
        """Give the loop something to do; from any thread."""
        self._inbox.put(message)

    def run(self) -> None:
        """Take messages until ``Stop``; then close the journal."""
        self._refresh()
        try:
            while True:
                try:
                    message = self._inbox.get(timeout=self._wait_s())
                except queue.Empty:
                    message = None
                if isinstance(message, Stop):
                    return
                if message is not None:
                    self._busy_ms = self._now_ms()
                    self._take(message)
                self._pass_time()
                self._refresh()
        finally:
            self.journal.close()

    def acknowledge(self, index: int) -> None:
        """The seller has seen an accepted sale that was never announced."""
        if index not in self.journal.head.unannounced:
            raise DeskRefused(f"entry {index} waits for nobody")
        self.journal.mark_announced(index)
        self._report({"event": "acknowledged", "entry": index})

    # --- messages ------------------------------------------------------------------------------

    def _take(self, message: Message) -> None:
        match message:
            case Heard(payload, carrier):
                self._present(payload, carrier)
            case Call(work, result):
                try:
                    result.set_result(work())
                except KumquatError as error:
                    result.set_exception(error)
            case PanelData(data) if self.panel is not None:
                self._panel_events(self.panel.receive(data))
            case PanelGone() if self.panel is not None:
                self._panel_events(self.panel.gone())
            case DeviceState(device, fault):
                self._device(device, fault)
            case HostAnswered(reply) if self.syncing is not None:
                outcome = self.syncing.answered(reply)
                if outcome is not None:
                    self._synced(outcome)
            case _:
                pass

    def _present(self, payload: bytes, carrier: Carrier) -> None:
        try:
            self.desk.present(payload, carrier)
        except DeskRefused as refusal:
            self._report({"event": "not_judged", "why": str(refusal)})

    def _device(self, device: str, fault: str | None) -> None:
        if self.board.device(device, fault):
            state = "working" if fault is None else "failed"
            self._report({"event": f"device_{state}", "device": device, "why": fault})

    def _panel_events(self, events: tuple[PanelEvent, ...]) -> None:
        for event in events:
            match event:
                case BarrierConfirmed(job, evidence, after_ms):
                    opened = {"entry": job, "evidence": evidence.name, "after_ms": after_ms}
                    self._report({"event": "barrier_opened", **opened})
                case BarrierUnconfirmed(job, reason):
                    self._remember(EntryKind.BARRIER_UNCONFIRMED, Cited(job).encode())
                    self._report(
                        {"event": "barrier_unconfirmed", "entry": job, "why": reason.value}
                    )
                case EmergencyChanged(active):
                    if active:  # opened first, remembered after: the one exemption
                        self._remember(EntryKind.MANUAL_OPEN, ManualOpen().encode())
                    self._report({"event": "emergency", "active": active})
                case KeyPressed(character):
                    self._key(character)
                case _:
                    self._report({"event": "panel", "what": type(event).__name__})
        if self.panel is not None:
            self._device("panel link", self.panel.fault)

    def _key(self, character: str) -> None:
        try:
            self._keys.press(character, self.desk)
        except DeskRefused as refusal:
            self._report({"event": "key_refused", "why": str(refusal)})

    def _remember(self, kind: EntryKind, detail: bytes) -> None:
        draft = EntryDraft(kind, self.desk.till.policy.version, presentation=detail)
        try:
            with self.journal.transaction() as transaction:
                transaction.append(draft)
        except JournalError as error:
            self._stop_selling(error)

    # --- outcomes ------------------------------------------------------------------------------

    def _tell(self, telling: Telling) -> None:
        """Called by the desk after the commit: panel and screen first, then voice and log."""
        self._refresh()
        if self.announcer is not None:
            self.announcer.tell(telling, self.desk.till.policy.currency)
        if isinstance(telling, Accepted) and telling.index in self.journal.head.unannounced:
            try:
                self.journal.mark_announced(telling.index)
            except JournalError as error:
                self._stop_selling(error)
            else:
                self._report({"event": "announced", "entry": telling.index})

    def _refresh(self) -> None:
        self.board.refresh(self.desk, self.journal)

    def _stop_selling(self, error: JournalError) -> None:
        self.desk.stop()
        self._report({"event": "stopped", "why": str(error)})

    # --- time ----------------------------------------------------------------------------------

    def _wait_s(self) -> float:
        return min(TICK_S, self.panel.wait_s()) if self.panel is not None else TICK_S

    def _pass_time(self) -> None:
        now_ms = self._now_ms()
        if self.panel is not None:
            self._panel_events(self.panel.advance())
        if self.desk.phase is Phase.STOPPED:
            self._reopen(now_ms)
            return
        try:
            self.desk.tick()
            if self.syncing is not None:
                self.syncing.advance()
                self.board.host_online = self.syncing.online
            if now_ms - self._busy_ms >= QUIET_MS:
                self.journal.idle()
        except JournalError as error:
            self._stop_selling(error)

    def _reopen(self, now_ms: int) -> None:
        if now_ms < self._reopen_at_ms:
            return
        self._reopen_at_ms = now_ms + REOPEN_MS
        if self.panel is not None:
            self.panel.stopped()
        if self.syncing is not None:
            self.syncing.abandon()
        self.journal.close()
        try:
            self._shop = self._open_shop(self._tell)
        except JournalError as error:
            self._report({"event": "stopped", "why": str(error)})
        else:
            self._report({"event": "reopened", "entries": self.journal.size})

    def _synced(self, outcome: SyncOutcome) -> None:
        shop = self._shop
        shop.hear_host(outcome.host_time_unix_s)
        if outcome.state is LineState.ROLLED_BACK:
            shop.journal.require_nonce()  # an old image: its marks may be older than its sales
        wrong = None if outcome.state is LineState.CONSISTENT else _NOT_ONE_LINE
        self._device("journal", wrong)
        self._report(
            {
                "event": "synced",
                "sent": outcome.sent_count,
                "judged": outcome.judged_count,
                "cosigned_size": outcome.cosigned_size,
                "entries": shop.journal.size,
                "state": outcome.state.name.lower(),
                "policy": outcome.installed_policy,
                "problems": list(outcome.problems),
            }
        )
