"""Our own polling loop over one reader: look, tap, wait for removal; survive whatever breaks.

Nothing here reads a clock or sleeps: time is a function given at the start, and ``turn`` says how
long to wait before the next. States and their transitions:

==========  ================================  ==========================================
state       seen                              next
==========  ================================  ==========================================
DOWN        reader opens                      SEARCHING, or OCCUPIED as before it was lost
SEARCHING   one card, tap ends                OCCUPIED
SEARCHING   one card, torn                    SEARCHING, OCCUPIED after three in a row
SEARCHING   two cards, or a kind refused      OCCUPIED
OCCUPIED    nothing, twice running            SEARCHING
any         lost, three glitches, ever slower DOWN, opened again after a growing wait
==========  ================================  ==========================================

Invariants: a card is asked once per visit (it must leave before the next sale can charge it, also
where the reader was opened anew meanwhile); a torn tap asks the same again; a tag is read only
where the desk takes bearer coupons.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from terminal.errors import DecodeError
from terminal.nfc.conversation import Conversation
from terminal.nfc.errors import CardLost, CardRefused, ReaderGlitch, ReaderLost
from terminal.nfc.reader import CardFound, CardKind, ReaderDriver, Sensed, TagDriver, TwoCards
from terminal.nfc.tap import (
    CardSeen,
    CardsRefused,
    CardUnusable,
    FieldClear,
    ReaderDown,
    ReaderUp,
    TapAsk,
    TapDesk,
    TapDone,
    TapTorn,
)

MonotonicMs = Callable[[], int]


@dataclass(frozen=True, slots=True)
class PollingProfile:
    """Every number of the loop, with its unit.

    ``occupied_interval_ms``: the next in the queue may hold a card there a fifth of a second after
    the last one left; until that was seen to leave, the next cannot pay.
    ``tap_deadline_ms``: Visa allows a whole tap 500 ms; a slow card's signature gets twice that.
    ``field_reset_polls``: a card halted by a look whose answer was lost wakes only when the field
    drops, so it drops every so many empty looks. ``slow_look_ms``: a look takes some 10
    ms; a tap of seven commands that each take as long as this just fits into its deadline.
    """

    armed_interval_ms: int = 5
    occupied_interval_ms: int = 50
    idle_interval_ms: int = 250
    tap_deadline_ms: int = 1000
    ack_deadline_ms: int = 300
    empty_polls_to_clear: int = 2
    torn_in_a_row: int = 3
    field_reset_polls: int = 16
    glitches_to_reopen: int = 3
    slow_look_ms: int = 100
    slow_looks_to_reopen: int = 5
    backoff_ms: tuple[int, ...] = (50, 100, 200, 400, 800, 1000)


class FieldState(Enum):
    """What the loop is waiting for."""

    DOWN = "the reader"
    SEARCHING = "a card"
    OCCUPIED = "the card to be taken away"


class PollingLoop:
    """One reader, its supervisor and its taps. One thread calls ``turn`` over and over."""

    def __init__(
        self,
        driver: ReaderDriver,
        desk: TapDesk,
        monotonic_ms: MonotonicMs,
        profile: PollingProfile | None = None,
    ) -> None:
        self._driver = driver
        self._desk = desk
        self._now_ms = monotonic_ms
        self._profile = profile or PollingProfile()
        self._conversation = Conversation(
            driver,
            desk,
            monotonic_ms,
            tap_deadline_ms=self._profile.tap_deadline_ms,
            ack_deadline_ms=self._profile.ack_deadline_ms,
        )
        self._state = FieldState.DOWN
        self._failures = 0
        self._glitches = 0
        self._empty = 0
        self._torn = 0
        self._slow = 0
        self._lying = False
        """A card that was asked lay there when the reader was lost: it must still leave."""

    @property
    def state(self) -> FieldState:
        """What it is waiting for just now."""
        return self._state

    def turn(self) -> int:
        """Do the next thing; returns how many milliseconds to wait before the next turn."""
        try:
            if self._state is FieldState.DOWN:
                self._open()
            else:
                self._look()
        except ReaderLost as error:
            return self._down(error)
        except ReaderGlitch as error:
            return self._stumble(error)
        if self._desk.armed():
            return self._profile.armed_interval_ms
        if self._state is FieldState.OCCUPIED:
            return self._profile.occupied_interval_ms
        return self._profile.idle_interval_ms

    def close(self) -> None:
        """Let go of the reader; ``turn`` would open it again."""
        self._driver.close()
        self._state = FieldState.DOWN

    # --- supervisor ---------------------------------------------------------------------------

    def _open(self) -> None:
        description = self._driver.open()
        self._state = FieldState.OCCUPIED if self._lying else FieldState.SEARCHING
        self._lying = False
        self._failures = self._glitches = self._empty = self._torn = self._slow = 0
        self._desk.notice(ReaderUp(description))

    def _down(self, error: ReaderLost | ReaderGlitch) -> int:
        """Close at once, say so once, try again later and later."""
        waits = self._profile.backoff_ms
        wait_ms = waits[min(self._failures, len(waits) - 1)]
        self._failures += 1
        self._driver.close()
        self._lying = self._lying or self._state is FieldState.OCCUPIED
        if self._state is not FieldState.DOWN or self._failures == 1:
            self._desk.notice(ReaderDown(error, wait_ms))
        self._state = FieldState.DOWN
        return wait_ms

    def _stumble(self, error: ReaderGlitch) -> int:
        """One failed command is forgiven; a card it may have halted needs the field to drop."""
        self._glitches += 1
        if self._state is FieldState.DOWN or self._glitches >= self._profile.glitches_to_reopen:
            return self._down(error)
        self._empty = self._profile.field_reset_polls - 1
        return self._profile.armed_interval_ms

    # --- field --------------------------------------------------------------------------------

    def _look(self) -> None:
        sensed = self._timely(self._driver.sense)
        self._glitches = 0
        if sensed is None:
            self._nothing()
            return
        self._empty = 0
        if self._state is FieldState.SEARCHING and self._desk.armed():
            self._meet(sensed)
        self._driver.release()

    def _timely(self, sense: Callable[[], Sensed]) -> Sensed:
        """Readers grow slow over hours; one that stays so is opened anew.

        Raises:
            ReaderLost: so many looks in a row took too long.
        """
        began_ms = self._now_ms()
        sensed = sense()
        slow = self._now_ms() - began_ms > self._profile.slow_look_ms
        self._slow = self._slow + 1 if slow else 0
        if self._slow >= self._profile.slow_looks_to_reopen:
            raise ReaderLost("reader", "it answers ever more slowly", "it is opened anew by itself")
        return sensed

    def _nothing(self) -> None:
        self._empty += 1
        self._torn = 0
        occupied = self._state is FieldState.OCCUPIED
        if occupied and self._empty >= self._profile.empty_polls_to_clear:
            self._state = FieldState.SEARCHING
            self._desk.notice(FieldClear())
        if self._empty % self._profile.field_reset_polls == 0:
            self._driver.release()

    def _meet(self, sensed: Sensed) -> None:
        """Somebody is there and a sale is open."""
        if isinstance(sensed, CardFound):
            named = self._desk.named(sensed)
            if named or sensed.kind in (CardKind.ISO_DEP, CardKind.TYPE_2):
                ask = self._desk.ask(sensed)
                if ask is None:
                    return
                converse = self._dialogue(sensed.kind, ask, named=named)
                if converse is not None:
                    self._tap(sensed, converse)
                    return
        if isinstance(sensed, (CardFound, TwoCards)):
            self._state = FieldState.OCCUPIED
            self._desk.notice(CardsRefused(sensed))

    def _dialogue(self, kind: CardKind, ask: TapAsk, *, named: bool) -> Callable[[], bool] | None:
        """The talk that suits a card of this kind; None: it can pay in no way."""
        reader = self._driver
        if kind is CardKind.ISO_DEP:
            return lambda: self._conversation.with_card(ask, named=named)
        if named:
            return self._conversation.with_number
        if kind is CardKind.TYPE_2 and ask.bearer and isinstance(reader, TagDriver):
            return lambda: self._conversation.with_tag(reader)
        return None

    # --- tap ----------------------------------------------------------------------------------

    def _tap(self, card: CardFound, converse: Callable[[], bool]) -> None:
        self._desk.notice(CardSeen(card))
        try:
            acknowledged = converse()
        except CardLost as error:
            self._tear()
            self._desk.notice(TapTorn(card, error))
        except (CardRefused, DecodeError) as error:
            self._state = FieldState.OCCUPIED
            self._desk.notice(CardUnusable(card, error))
        except (ReaderLost, ReaderGlitch) as error:
            self._desk.notice(TapTorn(card, error))
            raise
        else:
            self._torn = 0
            self._state = FieldState.OCCUPIED
            self._desk.notice(TapDone(card, acknowledged))

    def _tear(self) -> None:
        """A card that keeps failing where it lies must be taken away first."""
        self._torn += 1
        if self._torn >= self._profile.torn_in_a_row:
            self._torn = 0
            self._state = FieldState.OCCUPIED


def serve(loop: PollingLoop, wait: Callable[[float], bool]) -> None:
    """Turn until ``wait(seconds)`` returns True, as ``threading.Event.wait`` does; then let go."""
    try:
        while not wait(loop.turn() / 1000):
            pass
    finally:
        loop.close()
