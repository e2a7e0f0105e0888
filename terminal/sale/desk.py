"""The seller's desk: the sale's states, what moves them, and the screen that shows them.

One thread, no devices. ``tell`` is called with every outcome after its commit; whoever owns the
voice, the panel and the ack listens there. The legal moves are one table.

Invariant: the accepted screen exists only for an ``Accepted``, which exists only after its commit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from terminal.errors import DecodeError, OutcomeUnknown
from terminal.journal.draft import NotAllowed
from terminal.money import MAX_AMOUNT_MINOR
from terminal.payment.reasons import Reason
from terminal.payment.text import PRESENTATION, from_text
from terminal.sale.double_press import DoublePress
from terminal.sale.open_sale import LIFETIME_MS
from terminal.sale.outcome import (
    Accepted,
    Asked,
    Cleared,
    ConfirmPayer,
    Outcome,
    Refused,
    Replayed,
    Returned,
    Telling,
)
from terminal.sale.transitions import TRANSITIONS, Cause
from terminal.sale.view import Carrier, DeskRefused, LineKind, Phase, SaleLine

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.sale.till import Till

    Judge = Callable[[bool], Outcome]
    """Judges what was presented; told whether the seller vouches for the payer."""

DECLINED_SHOWN_MS: Final = 8_000
"""How long a decline stays on the screen of a sale that is still open."""
ACCEPTED_SHOWN_MS: Final = 120_000
MAX_RENEWALS: Final = 9
"""Fresh nonces of one sale: with the first, ten minutes of waiting for the payer."""


class SaleDesk:
    """The state of the sale in front of the customer, over a ``Till``."""

    def __init__(
        self, till: Till, *, tell: Callable[[Telling], None], monotonic_ms: Callable[[], int]
    ) -> None:
        self.till = till
        self.phase = Phase.IDLE
        self.outcome: Outcome | None = None
        """What the accepted or declined screen shows."""
        self.last_accepted: Accepted | None = None
        self.last_amount_minor: int | None = None
        self._tell = tell
        self._now_ms = monotonic_ms
        self._since_ms = monotonic_ms()
        self._renewals_left = 0
        self._refunds = DoublePress()
        self._unconfirmed: Judge | None = None
        self.confirming: ConfirmPayer | None = None
        """A genuine presentation that waits for the seller's word on the payer."""
        self._resume()

    @property
    def confirm_payer(self) -> bool:
        """Whether the seller is asked for a word on the payer."""
        return self.confirming is not None

    # --- the seller ----------------------------------------------------------------------------

    def charge(
        self,
        amount_minor: int,
        lifetime_ms: int = LIFETIME_MS,
        renewals: int = MAX_RENEWALS,
    ) -> None:
        """Open a sale whose request lives so long, and is renewed so often while unpaid.

        Raises:
            DeskRefused: one is open, selling has stopped, or the amount is no amount.
        """
        self._require_not_stopped()
        if self.phase is Phase.WAITING:
            raise DeskRefused("a sale is open: cancel it first")
        if not 0 < amount_minor <= MAX_AMOUNT_MINOR:
            raise DeskRefused("the amount must be more than nothing")
        self._renewals_left = renewals
        self._forget_unconfirmed()
        sale = self.till.open(amount_minor, lifetime_ms)
        self.last_amount_minor = amount_minor
        self._move(Cause.CHARGE, None)
        self._tell(Asked(sale.request_bytes, amount_minor))

    def cancel(self) -> None:
        """Close the open sale, or dismiss what the screen shows."""
        if self.phase in (Phase.IDLE, Phase.STOPPED):
            return
        self._renewals_left = 0
        self._forget_unconfirmed()
        self.till.close()
        self._move(Cause.DISMISS, None)
        self._tell(Cleared())

    def confirm_the_payer(self) -> None:
        """The seller has checked the payer: judge the waiting presentation again, confirmed."""
        if self._unconfirmed is None:
            raise DeskRefused("nothing waits for a confirmation")
        judge = self._unconfirmed
        self._forget_unconfirmed()
        self._present(judge, seller_confirmed=True)

    def repeat_last(self) -> None:
        """Ask for the last amount again."""
        if self.last_amount_minor is None:
            raise DeskRefused("nothing was sold yet")
        self.charge(self.last_amount_minor)

    def replay(self) -> None:
        """Announce the last acceptance again, as a replay."""
        if self.last_accepted is None:
            raise DeskRefused("nothing was announced yet")
        self._tell(Replayed(self.last_accepted))

    def refund(self, index: int, amount_minor: int) -> Returned:
        """Give money back on a sale of this journal; the same twice at once is one wish."""
        self._refunds.refuse_again((index, amount_minor), self._now_ms())
        returned = self._give_back(lambda: self.till.refund(index, amount_minor))
        self._refunds.done((index, amount_minor), self._now_ms())
        return returned

    def void(self, index: int) -> Returned:
        """Undo a whole sale."""
        return self._give_back(lambda: self.till.void(index))

    def undo(self, lines: tuple[SaleLine, ...]) -> Returned:
        """Void the newest sale among the day's ``lines``, newest first."""
        for line in lines:
            if line.kind is LineKind.SALE:
                if line.refundable_minor < line.amount_minor:
                    raise DeskRefused(f"entry {line.index} was given back already")
                return self.void(line.index)
        raise DeskRefused("there is no sale to undo today")

    # --- the payer -----------------------------------------------------------------------------

    def scan(self, line: str) -> Outcome:
        """A line from a scanner.

        Raises:
            DeskRefused: not a presentation in text form.
        """
        try:
            kind, data = from_text(line)
        except DecodeError as error:
            raise DeskRefused(f"that code is not a payment: {error}") from error
        if kind != PRESENTATION:
            raise DeskRefused("that code is not a payment: scan the one on the payer's phone")
        return self.present(data, Carrier.SCAN)

    def present(
        self,
        data: bytes,
        carrier: Carrier,
        *,
        seller_confirmed: bool = False,
        card_uid: bytes | None = None,
    ) -> Outcome:
        """Judge a presentation, move the screen, tell everybody; in that order, after the commit.

        ``card_uid`` is the identifier of the card that brought it, for the deny list alone.

        Raises:
            DeskRefused: the outcome of a commit is unknown; selling has stopped.
        """
        return self._present(
            lambda confirmed: self.till.present(
                data, carrier, seller_confirmed=confirmed, card_uid=card_uid
            ),
            seller_confirmed=seller_confirmed,
        )

    def present_number(self, card_uid: bytes) -> Outcome:
        """As ``present``, for a card that has nothing but its number.

        Raises:
            DeskRefused: the outcome of a commit is unknown; selling has stopped.
        """
        return self._present(
            lambda confirmed: self.till.present_number(card_uid, seller_confirmed=confirmed)
        )

    def refuse(self, refused: Refused) -> None:
        """Show and tell a refusal that no presentation came of: a card that cannot pay."""
        if self.phase is not Phase.STOPPED:
            self._follow(refused)
            self._tell(refused)

    def tick(self) -> bool:
        """Let time pass: renew an unpaid request, clear old screens. Whether anything changed."""
        waited_ms = self._now_ms() - self._since_ms
        if self.phase is Phase.WAITING and self.till.sale is None:
            return self._renew()
        if self.phase is Phase.DECLINED and waited_ms >= DECLINED_SHOWN_MS:
            if self.till.sale is None and not self._renewals_left:
                self.cancel()
            else:
                self._move(Cause.RETRY, None)
            return True
        if self.phase is Phase.ACCEPTED and waited_ms >= ACCEPTED_SHOWN_MS:
            self.cancel()
            return True
        return False

    def stop(self) -> None:
        """A commit's outcome is unknown: nothing is sold until the journal is reopened."""
        if self.phase is not Phase.STOPPED:
            self._move(Cause.STOP, None)

    # --- inside --------------------------------------------------------------------------------

    def _present(self, judge: Judge, *, seller_confirmed: bool = False) -> Outcome:
        self._require_not_stopped()
        try:
            outcome = judge(seller_confirmed)
        except OutcomeUnknown as error:
            self.stop()
            raise DeskRefused(str(error)) from error
        self._follow(outcome)
        if isinstance(outcome, ConfirmPayer):
            self._unconfirmed = judge
        self._tell(outcome)
        return outcome

    def _follow(self, outcome: Outcome) -> None:
        match outcome:
            case Accepted():
                self._renewals_left = 0
                self._forget_unconfirmed()
                self.last_accepted = outcome
                self.last_amount_minor = outcome.amount_minor
                self._move(Cause.ACCEPT, outcome)
            case ConfirmPayer():
                self.confirming = outcome
                if self.phase is Phase.DECLINED:
                    self._move(Cause.RETRY, None)
            case Refused() if self._worth_showing(outcome):
                self._move(Cause.DECLINE, outcome)
            case Refused():
                pass

    def _worth_showing(self, refused: Refused) -> bool:
        """Noise never disturbs a screen: unverified sound counts only while a sale is open."""
        if self.phase is Phase.ACCEPTED or refused.wants_full:
            return False
        if self._unconfirmed is not None and not refused.verified:
            return False
        return (
            refused.verified or self.till.sale is not None or refused.carrier is not Carrier.SOUND
        )

    def _give_back(self, work: Callable[[], Returned]) -> Returned:
        self._require_not_stopped()
        try:
            returned = work()
        except NotAllowed as error:
            raise DeskRefused(str(error)) from error
        except OutcomeUnknown as error:
            self.stop()
            raise DeskRefused(str(error)) from error
        self._tell(returned)
        return returned

    def _renew(self) -> bool:
        sale = self.till.renew() if self._renewals_left > 0 else None
        if sale is None:
            self.cancel()
            return True
        self._renewals_left -= 1
        self._forget_unconfirmed()  # it answered the old nonce: nobody's word can accept it now
        self._tell(Asked(sale.request_bytes, sale.request.amount_minor))
        return True

    def _forget_unconfirmed(self) -> None:
        self._unconfirmed = self.confirming = None

    def _require_not_stopped(self) -> None:
        if self.phase is Phase.STOPPED:
            raise DeskRefused(Reason.JOURNAL_STOPPED.text)

    def _resume(self) -> None:
        """After a restart: an unpaid request that still counts goes on with the same nonce."""
        sale = self.till.sale
        if sale is not None and sale.entry_index is None:
            self._renewals_left = MAX_RENEWALS
            self.last_amount_minor = sale.request.amount_minor
            self._move(Cause.CHARGE, None)

    def _move(self, cause: Cause, outcome: Outcome | None) -> None:
        self.phase = TRANSITIONS[self.phase, cause]
        self.outcome = outcome
        self._since_ms = self._now_ms()
