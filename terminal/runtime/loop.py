"""The one waiting loop: takes a message, decides, tells, publishes the screen; one thread.

A commit that failed, wherever it was made, stops selling and never the loop; it then reopens the
journal and takes what it finds as the truth. What was accepted and never announced is on the screen
first, until the seller has seen it or the same presentation comes again.
"""

from __future__ import annotations

import queue
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from terminal.errors import JournalError, KumquatError
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
from terminal.runtime.overheard import is_for_phones
from terminal.runtime.panel_duties import PanelDuties
from terminal.runtime.quiet_moments import QuietMoments
from terminal.sale.outcome import Accepted, Telling
from terminal.sale.view import Carrier, DeskRefused, Phase
from terminal.sync.messages import LineState

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from terminal.journal.writer import Journal
    from terminal.panel.events import PanelEvent
    from terminal.runtime.announcer import Announcer, Report
    from terminal.runtime.board import ScreenBoard
    from terminal.runtime.deny_fetch import DenyFetch
    from terminal.runtime.front_panel import FrontPanel
    from terminal.runtime.host_link import Syncing
    from terminal.runtime.pin_pad import PinPad
    from terminal.runtime.shop import OpenShop, Shop
    from terminal.sale.desk import SaleDesk
    from terminal.sync.session import SyncOutcome

TICK_S: Final = 0.2
_NOT_ONE_LINE: Final = "journal: the host holds another history of this terminal; call its operator"
REOPEN_MS: Final = 3_000


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
        self.deny_fetch: DenyFetch | None = None
        self.pins: PinPad | None = None
        """The payer's keypad, where there is one."""
        self._inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._open_shop = open_shop
        self._report = report
        self._now_ms = monotonic_ms
        self._shop = open_shop(self._tell)
        self.board = board(self._shop)
        self._duties = PanelDuties(self, report)
        self._reopen_at_ms = 0
        self._why_stopped: str | None = None
        self._ended = False
        self._moments = QuietMoments(monotonic_ms())

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
        if self._ended:
            self._dismiss()

    def run(self) -> None:
        """Take messages until ``Stop``; then close the journal."""
        self._guard(self._refresh)
        try:
            while not isinstance(message := self._next(), Stop):
                if message is not None:
                    self._moments.came(message, self._now_ms())
                    self._guard(partial(self._take, message))
                self._guard(self._pass_time)
                self._guard(self._refresh)
        finally:
            self._ended = True
            self._dismiss()
            self.journal.close()

    def acknowledge(self, index: int) -> None:
        """The seller has seen an accepted sale that was never announced."""
        if index not in self.journal.head.unannounced:
            raise DeskRefused(f"entry {index} waits for nobody")
        self.journal.mark_announced(index)
        self._report({"event": "acknowledged", "entry": index})

    # --- messages ------------------------------------------------------------------------------

    def _next(self) -> Message | None:
        try:
            return self._inbox.get(timeout=self._wait_s())
        except queue.Empty:
            return None

    def _guard(self, step: Callable[[], object]) -> None:
        """A journal that fails in any step stops selling; reopening it is the loop's business."""
        try:
            step()
        except JournalError as error:
            self._stop_selling(error)

    def _dismiss(self) -> None:
        """The loop has ended: whoever waits for an answer is told so at once."""
        while not self._inbox.empty():
            with suppress(queue.Empty):
                message = self._inbox.get_nowait()
                if isinstance(message, Call) and message.result.set_running_or_notify_cancel():
                    message.result.set_exception(DeskRefused("the terminal is stopping"))

    def _answer(self, work: Callable[[], Any], result: Future[Any]) -> None:
        if not result.set_running_or_notify_cancel():
            return  # who asked gave up and was told that it was not done
        try:
            done = work()
        except KumquatError as error:
            if self.journal.outcome_unknown:
                self._stop_selling(error)
            result.set_exception(error)
        except BaseException as error:
            result.set_exception(error)
            raise
        else:
            self._guard(self._refresh)
            result.set_result(done)

    def _take(self, message: Message) -> None:
        match message:
            case Heard(payload, carrier):
                self._present(payload, carrier)
            case Call(work, result):
                self._answer(work, result)
            case PanelData(data) if self.panel is not None:
                self._panel_events(self.panel.receive(data))
            case PanelGone() if self.panel is not None:
                self._panel_events(self.panel.gone())
            case DeviceState(device, fault):
                self._device(device, fault)
            case HostAnswered() if self.syncing is not None:
                outcome = self.syncing.answered(message)
                if outcome is not None:
                    self._synced(outcome, self.syncing.heard_ms)
                problem = self.syncing.problem
                self._device("host", problem and f"host: {problem}; nothing is lost")
            case _:
                pass

    def _present(self, payload: bytes, carrier: Carrier) -> None:
        if carrier is Carrier.SOUND and is_for_phones(payload):
            return
        try:
            self.desk.present(payload, carrier)
        except DeskRefused as refusal:
            self._report({"event": "not_judged", "why": str(refusal)})

    def _device(self, device: str, fault: str | None) -> None:
        if self.board.device(device, fault):
            state = "working" if fault is None else "failed"
            self._report({"event": f"device_{state}", "device": device, "why": fault})

    def _panel_events(self, events: tuple[PanelEvent, ...]) -> None:
        self._duties.take(events)
        if self.panel is not None:
            self._device("panel link", self.panel.fault)

    # --- outcomes ------------------------------------------------------------------------------

    def _tell(self, telling: Telling) -> None:
        """Called by the desk after the commit: panel and screen first, then voice and log."""
        if isinstance(telling, Accepted) and telling.index in self.journal.head.unannounced:
            telling = replace(telling, again=False)  # taken before, and told to nobody yet
        if self.pins is not None:
            self.pins.tell(telling)
        self._refresh()
        if self.announcer is not None:
            self.announcer.tell(telling, self.desk.till.policy.currency)
        if isinstance(telling, Accepted) and telling.index in self.journal.head.unannounced:
            self.journal.mark_announced(telling.index)
            self._report({"event": "announced", "entry": telling.index})

    def _refresh(self) -> None:
        self.board.pin = None if self.pins is None else self.pins.view
        self.board.refresh(self.desk, self.journal)

    def _stop_selling(self, error: KumquatError) -> None:
        self.desk.stop()
        if self.pins is not None:
            self.pins.forget()
        if self.panel is not None and self._why_stopped is None:
            self.panel.stopped()
        if self._why_stopped != str(error):
            self._why_stopped = str(error)
            self._report({"event": "stopped", "why": self._why_stopped})

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
        self.desk.tick()
        if self.pins is not None:
            self.pins.advance()
        if self.syncing is not None:
            self.syncing.advance()
            self.board.host_online = self.syncing.online
        if self._moments.for_journal(now_ms):
            self.journal.idle()
        if self._moments.for_deny_list(now_ms, waiting=not self._inbox.empty()):
            self._step_deny_list()

    def _step_deny_list(self) -> None:
        deny = self._shop.deny
        if deny is not None and (event := deny.step()) is not None:
            self._report(event)
            self._device("deny list", deny.problem)

    def _reopen(self, now_ms: int) -> None:
        if now_ms < self._reopen_at_ms:
            return
        self._reopen_at_ms = now_ms + REOPEN_MS
        if self.syncing is not None:
            self.syncing.abandon()
        self.journal.close()
        try:
            self._shop = self._open_shop(self._tell)
        except KumquatError as error:
            self._stop_selling(error)
            return
        self._why_stopped = None
        self._report({"event": "reopened", "entries": self.journal.size})
        if self.panel is not None:
            self.panel.resumed(waiting=self.desk.phase is Phase.WAITING)
        self._duties.catch_up()

    def _synced(self, outcome: SyncOutcome, heard_ms: int) -> None:
        shop = self._shop
        evidence = outcome.host_time_evidence
        corrected = shop.hear_host(outcome.host_time_unix_s, evidence, heard_ms)
        if corrected is not None:
            self._report({"event": "clock_corrected", "entry": corrected})
        if outcome.state is LineState.ROLLED_BACK:
            shop.journal.require_nonce()  # an old image: its marks may be older than its sales
        if self.deny_fetch is not None:
            self.deny_fetch.offer(outcome.deny_head)
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
