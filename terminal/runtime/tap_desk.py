"""The reader's thread asks the loop: what to sign, and what came of the presentation.

The card waits in the field meanwhile, so the answer has a deadline; a loop that is too busy costs
the card its ack and nothing else, because the sale is decided by the commit alone.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from terminal.errors import KumquatError
from terminal.nfc.polling import PollingLoop, serve
from terminal.nfc.tap import (
    CardSeen,
    CardsRefused,
    CardUnusable,
    ReaderDown,
    ReaderEvent,
    ReaderUp,
    TapAnswer,
    TapAsk,
    TapTorn,
)
from terminal.runtime.inbox import Call, DeviceState
from terminal.runtime.watched import watched

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.nfc.reader import CardFound, ReaderDriver
    from terminal.runtime.inbox import Post

ANSWER_TIMEOUT_S: Final = 2.0
DEVICE: Final = "reader"
Result = TypeVar("Result")


class TapSales(Protocol):
    """What the loop does for a tap; every call is made on the loop's thread."""

    def tap_armed(self) -> bool:
        """Whether a card may pay now; read from any thread."""

    def tap_named(self, card_uid: bytes) -> bool:
        """Whether a permit names a card of this number; read from any thread."""

    def tap_ask(self) -> TapAsk | None:
        """What to ask the card in the field."""

    def tap_number(self, card_uid: bytes) -> None:
        """Decide, commit and tell by the card's number alone."""

    def tap_presented(self, presentation: bytes, card_uid: bytes) -> TapAnswer:
        """Decide, commit, tell, and give the ack; ``card_uid`` is empty where it is unknown."""

    def tap_notice(self, words: str) -> None:
        """Something the person at the reader should see or hear."""

    def tap_refused(self, event: CardsRefused | CardUnusable) -> None:
        """A card that cannot pay: show why."""

    def tap_seen(self) -> None:
        """A card is there: light and cue at once, before any verdict."""


class LoopTapDesk:
    """``nfc.tap.TapDesk`` on the reader's thread, answered by the loop's."""

    def __init__(self, sales: TapSales, post: Post) -> None:
        self._sales = sales
        self._post = post
        self._card_uid = b""
        """Of the card in the field: a permit or the deny list may name it."""

    def armed(self) -> bool:
        """Whether a sale waits for a card."""
        return self._sales.tap_armed()

    def named(self, card: CardFound) -> bool:
        """Whether a permit names this card."""
        return self._sales.tap_named(card.uid)

    def number_read(self) -> None:
        """The card in the field has nothing but its number."""
        card_uid = self._card_uid
        self._wait(lambda: self._sales.tap_number(card_uid), None)

    def ask(self, card: CardFound) -> TapAsk | None:
        """The open sale's request, or a fresh one at an unattended post."""
        self._card_uid = card.uid
        return self._wait(self._sales.tap_ask, None)

    def presented(self, presentation: bytes) -> TapAnswer:
        """The loop's answer; without one in time the card leaves without its ack."""
        card_uid = self._card_uid
        return self._wait(lambda: self._sales.tap_presented(presentation, card_uid), TapAnswer())

    def notice(self, event: ReaderEvent) -> None:
        """Tell the loop what a person should see; returns at once."""
        match event:
            case ReaderUp():
                self._post(DeviceState(DEVICE, None))
            case ReaderDown(error):
                self._post(DeviceState(DEVICE, str(error)))
            case CardSeen():
                self._call(self._sales.tap_seen)
            case CardsRefused() | CardUnusable():
                self._call(lambda: self._sales.tap_refused(event))
            case TapTorn():
                self._call(lambda: self._sales.tap_notice("present the card again"))

    def _call(self, work: Callable[[], Result]) -> Future[Result]:
        result: Future[Result] = Future()
        self._post(Call(work, result))
        return result

    def _wait(self, work: Callable[[], Result], otherwise: Result) -> Result:
        try:
            return self._call(work).result(ANSWER_TIMEOUT_S)
        except (FutureTimeout, KumquatError):  # no method of a TapDesk may raise
            return otherwise


class ReaderThread:
    """Turns the polling loop of one reader until stopped."""

    def __init__(
        self,
        driver: ReaderDriver,
        sales: TapSales,
        post: Post,
        monotonic_ms: Callable[[], int],
    ) -> None:
        self._loop = PollingLoop(driver, LoopTapDesk(sales, post), monotonic_ms)
        self._stopping = threading.Event()
        work = watched(DEVICE, self._run, post)
        self._thread = threading.Thread(target=work, name=DEVICE, daemon=True)

    def start(self) -> None:
        """Begin to look for cards."""
        self._thread.start()

    def stop(self) -> None:
        """Let go of the reader and return."""
        self._stopping.set()
        self._thread.join(timeout=5.0)

    def _run(self) -> None:
        serve(self._loop, self._stopping.wait)
