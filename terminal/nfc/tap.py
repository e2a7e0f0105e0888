"""What a tap asks and answers, and what the reader has to say: the seam to whoever sells.

The polling loop calls a ``TapDesk`` from the reader's thread, one call at a time. Everything it
says is a frozen event; nothing of it is a promise about money.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from terminal.errors import DecodeError
from terminal.nfc.card_session import KnowsCoupon, knows_none
from terminal.nfc.errors import CardLost, CardRefused, ReaderGlitch, ReaderLost
from terminal.nfc.reader import CardFound, TwoCards


@dataclass(frozen=True, slots=True)
class TapAsk:
    """What to ask a card: the exact request bytes of the open sale, the payee card or nothing."""

    request: bytes
    payee_card: bytes = b""
    knows_coupon: KnowsCoupon = knows_none
    pin: bytes = field(default=b"", repr=False)
    """Typed on the payer's keypad for this tap; empty: none."""
    bearer: bool = False
    """Whether a coupon on a tag that anybody could copy may pay."""


@dataclass(frozen=True, slots=True)
class TapAnswer:
    """What came of a presentation: the ack to hand to the card, or a wish for the full one.

    ``again_in_full`` is for a spend alone whose coupon turned out unknown: same tap, same interval.
    """

    ack: bytes = b""
    again_in_full: bool = False


@dataclass(frozen=True, slots=True)
class ReaderUp:
    """The reader is open; ``description`` is what it says it is."""

    description: str


@dataclass(frozen=True, slots=True)
class ReaderDown:
    """The reader is gone; it is opened again after ``retry_in_ms``."""

    error: ReaderLost | ReaderGlitch
    retry_in_ms: int


@dataclass(frozen=True, slots=True)
class CardSeen:
    """A card that can pay is in the field: time for the first light and cue."""

    card: CardFound


@dataclass(frozen=True, slots=True)
class CardsRefused:
    """Two cards at once, or a kind that cannot pay: nothing was asked of them. Take them away."""

    cards: TwoCards | CardFound


@dataclass(frozen=True, slots=True)
class CardUnusable:
    """The card said no, or does not speak as it should."""

    card: CardFound
    error: CardRefused | DecodeError
    """``NoCoupon`` (a DecodeError) where nothing is wrong but that there is none."""


@dataclass(frozen=True, slots=True)
class TapTorn:
    """The card, or the reader, went away in the middle: *present again* resumes the same sale."""

    card: CardFound
    error: CardLost | ReaderLost | ReaderGlitch


@dataclass(frozen=True, slots=True)
class TapDone:
    """A presentation was handed over; ``acknowledged``: the card has the ack as well."""

    card: CardFound
    acknowledged: bool


@dataclass(frozen=True, slots=True)
class FieldClear:
    """The cards of the last tap are gone; the next may come."""


ReaderEvent = (
    ReaderUp | ReaderDown | CardSeen | CardsRefused | CardUnusable | TapTorn | TapDone | FieldClear
)


class TapDesk(Protocol):
    """Whoever sells. No method may raise; each is called on the reader's thread."""

    def armed(self) -> bool:
        """Whether a sale is waiting for a card, so that looking often is worth it."""

    def ask(self, card: CardFound) -> TapAsk | None:
        """What to ask this card; None: nothing is for sale just now."""

    def named(self, card: CardFound, /) -> bool:
        """Whether this card's number is worth something here, though the card can prove nothing."""

    def number_read(self) -> None:
        """The card that ``ask`` was for has nothing but its number: decide and commit by that."""

    def presented(self, presentation: bytes) -> TapAnswer:
        """Decide and commit, then answer. The card is waiting in the field meanwhile."""

    def notice(self, event: ReaderEvent) -> None:
        """Something a person may want to see or hear. Must return at once."""
