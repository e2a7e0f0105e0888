"""The payer's keypad at a running terminal: when a PIN is wanted, and whose tap gets it.

Wanted while a sale above the second limit waits, and after a card asked for its PIN. A keypad that
faces the payer does nothing else: its keys never sell, cancel or vouch for anybody. It is believed
only where the policy has enrolled it; keys never come over the air.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from terminal.nfc.application import Status, tries_left
from terminal.payment.request import Ask
from terminal.sale.outcome import Accepted, Asked, Cleared, Telling
from terminal.sale.pin_entry import PinEntry, PinState
from terminal.sale.view import PinView

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.runtime.announcer import Report
    from terminal.runtime.loop import Runtime


class PinPad:
    """For the loop's thread. Nothing it reports contains a digit."""

    def __init__(
        self,
        runtime: Runtime,
        report: Report,
        monotonic_ms: Callable[[], int],
        *,
        unattended: bool = False,
    ) -> None:
        self._runtime = runtime
        self._report = report
        self._now_ms = monotonic_ms
        self._unattended = unattended
        """Sales come and go with the cards there, so only time ends an entry."""
        self._entry = PinEntry()
        self._tries_left: int | None = None

    @property
    def view(self) -> PinView | None:
        """What the screen shows; None while no PIN is wanted."""
        if self._entry.state is PinState.OFF:
            return None
        ready = self._entry.state is PinState.READY
        return PinView(self._entry.count, ready, self._tries_left)

    def tell(self, telling: Telling) -> None:
        """A sale opened or ended."""
        match telling:
            case Asked():
                sale = self._runtime.desk.till.sale
                asked = sale is not None and sale.request.ask is Ask.VERIFICATION
                if asked and self._enrolled and self._entry.state is PinState.OFF:
                    self._want(None)
            case Accepted():
                self.forget()
            case Cleared() if not self._unattended:
                self.forget()

    def press(self, key: str) -> None:
        """A key of the payer's keypad."""
        before = self._entry.state
        self._entry.press(key, self._now_ms())
        if self._entry.state is PinState.READY and before is not PinState.READY:
            self._say("entered")

    def take(self) -> bytes:
        """The PIN for the card that is in the field now; kept nowhere after this."""
        return self._entry.take(self._now_ms()) if self._enrolled else b""

    def refused_by_card(self, status: int) -> bool:
        """The card wants its PIN, or another one: ask for it. False: not a matter of PINs."""
        if not self._enrolled:
            return False
        left = tries_left(status)
        if status == Status.VERIFICATION_NEEDED or left:
            self._want(left)
            return True
        if status == Status.PIN_BLOCKED or left == 0:
            self.forget()
        return False

    def advance(self) -> None:
        """Time passed: what waited too long is forgotten."""
        now_ms = self._now_ms()
        if self._entry.tick(now_ms):
            self._say("forgotten")
        elif self._unattended and self._entry.abandoned(now_ms):
            self.forget()

    def forget(self) -> None:
        """No PIN is wanted any more, and none is held."""
        self._tries_left = None
        self._entry.close()

    @property
    def _enrolled(self) -> bool:
        return self._runtime.desk.till.policy.keypad_enrolled

    def _want(self, left: int | None) -> None:
        self._tries_left = left
        self._entry.want(self._now_ms())
        self._say("wanted")
        if self._runtime.panel is not None:
            self._runtime.panel.pin_wanted()

    def _say(self, what: str) -> None:
        self._report({"event": "pin", "what": what, "tries_left": self._tries_left})
