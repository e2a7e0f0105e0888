"""What came of a presentation or a wish of the seller: frozen values, made after the commit.

An ``Accepted`` exists only once its entry is durable, so nothing built from one can announce too
early.
"""

from __future__ import annotations

from dataclasses import dataclass

from terminal.payment.reasons import Reason
from terminal.sale.view import Carrier


@dataclass(frozen=True, slots=True)
class Accepted:
    """Durable in the journal. ``again``: the same presentation once more, same entry."""

    index: int
    amount_minor: int
    carrier: Carrier
    check_code: str
    leaf: bytes
    """The entry's leaf hash; with ``spend_digest`` what ``Till.ack`` signs for the payer."""
    spend_digest: bytes
    again: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Not accepted. ``verified`` tells a genuine presentation from noise or damage."""

    reasons: tuple[Reason, ...]
    carrier: Carrier
    verified: bool
    prior_entry: int | None = None
    check_code: str | None = None

    @property
    def wants_full(self) -> bool:
        """The coupon is unknown here: the sale stays open for the full presentation."""
        return Reason.COUPON_UNKNOWN_HERE in self.reasons


@dataclass(frozen=True, slots=True)
class ConfirmPayer:
    """Only the seller's confirmation of the payer stands between this and acceptance."""

    check_code: str


@dataclass(frozen=True, slots=True)
class Returned:
    """A refund or void is durable: ``index`` cites ``original``."""

    index: int
    original: int
    amount_minor: int
    void: bool = False


@dataclass(frozen=True, slots=True)
class Replayed:
    """The seller wants to hear the last announcement again; it is announced as a replay."""

    accepted: Accepted


@dataclass(frozen=True, slots=True)
class Asked:
    """A request is open: show it, and play it where the terminal asks by sound."""

    request: bytes
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Cleared:
    """Nothing is asked for any more: back to the keypad."""


Outcome = Accepted | Refused | ConfirmPayer
Telling = Outcome | Returned | Replayed | Asked | Cleared
