"""A till behind the polling loop, and cards that pay it: what a tap is from end to end.

The cards keep their state in memory: what a simulated card costs is signing, not a disk.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import Final

from benchmarks.stall import AMOUNT_MINOR, BenchStall
from host_sim.world.card import load_coupon, new_card
from host_sim.world.card_application import KumquatApplication
from host_sim.world.card_state import CardState
from host_sim.world.isodep_card import IsoDepCard
from terminal.crypto.keys import SoftwareSigner
from terminal.nfc.reader import CardFound
from terminal.nfc.tap import ReaderEvent, TapAnswer, TapAsk
from terminal.payment.coupon import decode_coupon
from terminal.sale.outcome import Accepted, Outcome
from terminal.sale.view import Carrier

CARD_LIMIT_MINOR: Final = 10**9


@dataclass
class Purse:
    """One payer's card: its memory, and what a reader meets."""

    state: CardState

    def __post_init__(self) -> None:
        self.card = IsoDepCard(KumquatApplication(self), self.state.uid)
        self.coupon_id = decode_coupon(self.state.coupon).id

    def read(self) -> CardState:
        return self.state

    def store(self, state: CardState) -> None:
        self.state = state


def purse_for(stall: BenchStall, chance: random.Random) -> Purse:
    """A card with a coupon that this stall takes."""
    blank = new_card(chance.randbytes)
    key = SoftwareSigner(blank.algorithm, blank.secret).public_key
    return Purse(load_coupon(blank, stall.coupon_for(key, CARD_LIMIT_MINOR)))


class TillDesk:
    """``TapDesk`` straight over the till: asks the open sale, decides, commits, answers."""

    def __init__(self, stall: BenchStall) -> None:
        self.stall = stall
        self.decided_ns = 0
        """When the last decision was durable, on the system's monotonic clock."""
        self.outcome: Outcome | None = None
        self.events: dict[str, int] = {}
        """How often each kind of event was heard."""

    def open(self) -> None:
        """The next sale."""
        self.outcome = None
        self.stall.till.open(AMOUNT_MINOR)

    @property
    def paid(self) -> bool:
        """Whether the open sale is accepted."""
        return isinstance(self.outcome, Accepted)

    def armed(self) -> bool:
        return True

    def ask(self, card: CardFound) -> TapAsk | None:
        assert card.uid
        sale = self.stall.till.sale
        return None if sale is None else TapAsk(sale.request_bytes)

    def named(self, _card: CardFound) -> bool:
        """No permits by number here."""
        return False

    def number_read(self) -> None:
        """Never asked for."""

    def presented(self, presentation: bytes) -> TapAnswer:
        outcome = self.stall.till.present(presentation, Carrier.TAP)
        self.decided_ns = time.perf_counter_ns()
        self.outcome = outcome
        ack = self.stall.till.ack(outcome) if isinstance(outcome, Accepted) else b""
        return TapAnswer(ack)

    def notice(self, event: ReaderEvent) -> None:
        name = type(event).__name__
        self.events[name] = self.events.get(name, 0) + 1
