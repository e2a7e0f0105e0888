"""What the loop does for a card in the field: ask it, decide, and answer with the ack.

At a stall the card is asked for the open sale. An unattended post opens a sale for each card, and
asks a torn one the same again while its request lives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from terminal.nfc.application import Status
from terminal.nfc.errors import CardRefused
from terminal.nfc.tap import CardsRefused, CardUnusable, TapAnswer, TapAsk
from terminal.payment.coupon import CouponClass
from terminal.sale.card_refusal import card_refusal
from terminal.sale.open_sale import TAP_LIFETIME_MS
from terminal.sale.outcome import Accepted, Refused
from terminal.sale.view import Carrier, DeskRefused, Phase

if TYPE_CHECKING:
    from terminal.runtime.announcer import Report
    from terminal.runtime.front_panel import Post
    from terminal.runtime.loop import Runtime


class LoopTapSales:
    """``tap_desk.TapSales`` over a running loop.

    All on the loop's thread but ``tap_armed`` and ``tap_named``.
    """

    def __init__(self, runtime: Runtime, report: Report, unattended: Post | None) -> None:
        self._runtime = runtime
        self._report = report
        self._unattended = unattended

    def tap_armed(self) -> bool:
        """Whether a card may pay now; read from the reader's thread."""
        screen = self._runtime.board.screen
        open_still = screen.phase is Phase.DECLINED and screen.amount_minor is not None
        return self._unattended is not None or screen.phase is Phase.WAITING or open_still

    def tap_named(self, card_uid: bytes) -> bool:
        """Whether a permit names a card of this number; read from the reader's thread."""
        return self._runtime.desk.till.policy.permit_of(card_uid) is not None

    def tap_number(self, card_uid: bytes) -> None:
        """The card has nothing but its number: judge that by the permit that names it."""
        try:
            self._runtime.desk.present_number(card_uid)
        except DeskRefused as refusal:
            self._report({"event": "not_judged", "why": str(refusal)})

    def tap_ask(self) -> TapAsk | None:
        """The open sale's request; an unattended post opens one for this card."""
        pins = self._runtime.pins
        pin = b"" if pins is None else pins.take()
        try:
            self._open_for_card()
        except DeskRefused as refusal:
            self._report({"event": "not_judged", "why": str(refusal)})
            return None
        desk = self._runtime.desk
        sale = desk.till.sale
        asking = desk.phase in (Phase.WAITING, Phase.DECLINED) or self._is_owed_an_answer()
        if sale is None or not asking:
            return None
        policy = desk.till.policy
        bearer = CouponClass.BEARER in policy.classes
        return TapAsk(sale.request_bytes, policy.payee_card, pin=pin, bearer=bearer)

    def tap_presented(self, presentation: bytes, card_uid: bytes) -> TapAnswer:
        """Decide, commit, tell; then the ack for the card. ``card_uid`` may be empty: unknown."""
        desk = self._runtime.desk
        try:
            outcome = desk.present(presentation, Carrier.TAP, card_uid=card_uid or None)
        except DeskRefused as refusal:
            self._report({"event": "not_judged", "why": str(refusal)})
            return TapAnswer()
        if isinstance(outcome, Accepted):
            return TapAnswer(ack=desk.till.ack(outcome))
        return TapAnswer(again_in_full=isinstance(outcome, Refused) and outcome.wants_full)

    def tap_seen(self) -> None:
        """A card is in the field: light and sound at once."""
        if self._runtime.panel is not None:
            self._runtime.panel.card_seen()

    def tap_refused(self, event: CardsRefused | CardUnusable) -> None:
        """Nothing was presented, and the sale stays open: why is on the screen and the panel."""
        desk = self._runtime.desk
        if isinstance(event, CardUnusable):
            self.tap_notice(str(event.error))
            if self._asks_for_pin(event):
                return
        served = self._unattended is not None and desk.phase is Phase.ACCEPTED
        if served and not self._is_owed_an_answer():
            desk.cancel()  # the customer before has gone: this card is another's
        desk.refuse(card_refusal(event, desk.till.policy))

    def tap_notice(self, words: str) -> None:
        """Something about the card that a person should know; the panel asks again."""
        self._report({"event": "tap", "notice": words})
        if self._runtime.panel is not None and self._runtime.desk.phase is Phase.WAITING:
            self._runtime.panel.resumed(waiting=True)

    def _asks_for_pin(self, event: CardUnusable) -> bool:
        """The card wants its PIN and there is a keypad: nothing is declined yet.

        A wrong one is shown as a decline all the same, and may be typed again.
        """
        if self._runtime.pins is None or not isinstance(event.error, CardRefused):
            return False
        wanted = self._runtime.pins.refused_by_card(event.error.status)
        return wanted and event.error.status == Status.VERIFICATION_NEEDED

    def _is_owed_an_answer(self) -> bool:
        """At an unattended post: the open sale was paid, the journal reopened, nobody was told.

        The card that paid is asked the same again and answers the same, so that it is let through
        for what it paid; a fresh request would charge it twice.
        """
        sale = self._runtime.desk.till.sale
        return (
            self._unattended is not None
            and sale is not None
            and sale.entry_index in self._runtime.journal.head.unannounced
        )

    def _open_for_card(self) -> None:
        if self._unattended is None:
            return
        desk = self._runtime.desk
        sale = desk.till.sale
        if (sale is not None and sale.entry_index is None) or self._is_owed_an_answer():
            return
        if desk.phase is Phase.WAITING:
            desk.cancel()
        desk.charge(self._unattended.amount_minor, TAP_LIFETIME_MS, renewals=0)
