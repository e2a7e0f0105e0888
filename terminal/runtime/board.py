"""The screen everybody sees: built from the desk and the journal, published when it changes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from terminal.payment.text import ASK, ask_bytes, to_text
from terminal.runtime.business_day import day_start_unix_s
from terminal.sale import book
from terminal.sale.outcome import Accepted, Outcome, Refused
from terminal.sale.view import Carrier, Phase, PinView, SaleLine, Screen, Totals

if TYPE_CHECKING:
    from terminal.journal.writer import Journal
    from terminal.sale.desk import SaleDesk

Changed = Callable[[Screen], None]


@dataclass(frozen=True, slots=True)
class DaySettings:
    """When a business day begins, where, and whether the world around is simulated."""

    time_zone: str = "UTC"
    begins_h: int = 0
    simulated: bool = False


class ScreenBoard:
    """Publishes screens. ``refresh`` is for the loop's thread, the rest for any."""

    def __init__(self, settings: DaySettings, screen: Screen) -> None:
        self._settings = settings
        self._screen = screen
        self._listeners: dict[int, Changed] = {}
        self._next_listener = 0
        self._lock = threading.Lock()
        self._faults: dict[str, str] = {}
        self._sums_key: tuple[object, ...] | None = None
        self._sums: tuple[Totals, tuple[SaleLine, ...]] = (screen.totals, ())
        self.host_online = False
        self.pin: PinView | None = None
        """The payer's PIN entry, while one is wanted."""

    @property
    def screen(self) -> Screen:
        """The newest screen."""
        return self._screen

    def subscribe(self, changed: Changed) -> Callable[[], None]:
        """Call ``changed`` on every new screen; returns how to stop."""
        with self._lock:
            number = self._next_listener = self._next_listener + 1
            self._listeners[number] = changed

        def unsubscribe() -> None:
            with self._lock:
                self._listeners.pop(number, None)

        return unsubscribe

    def device(self, name: str, fault: str | None) -> bool:
        """A device's condition; whether that is news."""
        if self._faults.get(name) == fault:
            return False
        if fault is None:
            del self._faults[name]
        else:
            self._faults[name] = fault
        return True

    def day_start(self, desk: SaleDesk) -> int:
        """When the running business day began."""
        now_unix_s = desk.till.moment().judged_s
        return day_start_unix_s(now_unix_s, self._settings.time_zone, self._settings.begins_h)

    def refresh(self, desk: SaleDesk, journal: Journal) -> bool:
        """Build the screen; publish it when it differs. Whether it did."""
        new = self._build(desk, journal)
        if new == replace(self._screen, version=new.version):
            return False
        self._screen = replace(new, version=self._screen.version + 1)
        with self._lock:
            listeners = tuple(self._listeners.items())
        for number, changed in listeners:
            try:
                changed(self._screen)
            except RuntimeError:  # its event loop ended: a page must never hold up a sale
                with self._lock:
                    self._listeners.pop(number, None)
        return True

    def _build(self, desk: SaleDesk, journal: Journal) -> Screen:
        if desk.phase is Phase.STOPPED:
            return self._stopped()
        policy, outcome = desk.till.policy, desk.outcome
        shown = outcome or desk.confirming
        accepted = outcome if isinstance(outcome, Accepted) else None
        refused = outcome if isinstance(outcome, Refused) else None
        sale = desk.till.sale if desk.phase is not Phase.IDLE else None
        asked = sale.request.amount_minor if sale else None
        totals, unannounced = self._day_sums(desk, journal)
        waiting = desk.phase is Phase.WAITING and sale is not None
        ask = ask_bytes(sale.request_bytes, policy.payee_card) if waiting and sale else None
        return Screen(
            version=0,
            phase=desk.phase,
            currency=policy.currency,
            payee=policy.name,
            terminal=policy.terminal,
            totals=totals,
            amount_minor=accepted.amount_minor if accepted else asked,
            ask_text=None if ask is None else to_text(ASK, ask),
            check_code=shown.check_code if shown else None,
            entry_index=accepted.index if accepted else None,
            carrier=_carrier(outcome),
            reasons=refused.reasons if refused else (),
            prior_entry=refused.prior_entry if refused else None,
            confirm_payer=desk.confirm_payer,
            pin=self.pin,
            unannounced=unannounced,
            host_online=self.host_online,
            last_host_contact_unix_s=journal.custody().contact_unix_s,
            policy_version=policy.version,
            simulated=self._settings.simulated,
            faults=self._fault_lines(),
        )

    def _stopped(self) -> Screen:
        """Nothing of the sale in hand is known: only what was true before it stays."""
        return replace(
            self._screen,
            version=0,
            phase=Phase.STOPPED,
            amount_minor=None,
            ask_text=None,
            check_code=None,
            entry_index=None,
            carrier=None,
            reasons=(),
            prior_entry=None,
            confirm_payer=False,
            pin=None,
            host_online=self.host_online,
            faults=self._fault_lines(),
        )

    def _fault_lines(self) -> tuple[str, ...]:
        return tuple(fault for _, fault in sorted(self._faults.items()))

    def _day_sums(self, desk: SaleDesk, journal: Journal) -> tuple[Totals, tuple[SaleLine, ...]]:
        start = self.day_start(desk)
        key = (start, journal.size, journal.custody(), journal.head.unannounced)
        if key != self._sums_key:
            self._sums = (book.totals(journal, start), book.unannounced(journal))
            self._sums_key = key
        return self._sums


def _carrier(outcome: Outcome | None) -> Carrier | None:
    return outcome.carrier if isinstance(outcome, Accepted | Refused) else None
