"""Cards, coupons and requests for tests: every key is fixed, so every byte replays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from host_sim.world.card import load_coupon
from host_sim.world.card_application import KumquatApplication
from host_sim.world.card_state import CardFile, CardState
from host_sim.world.pcsc import PcscCard
from terminal.crypto.keys import SoftwareSigner, parse_public_key
from terminal.nfc.reader import CardFound
from terminal.nfc.tap import ReaderEvent, TapAnswer, TapAsk
from terminal.payment.coupon import CouponFields, sign_coupon
from terminal.payment.presentation import bearer_presentation
from terminal.payment.request import Ask, Request

ISSUER = SoftwareSigner("Ed25519", bytes(range(32)))
CNY = 156
UID = bytes.fromhex("08112233")
OTHER_UID = bytes.fromhex("08445566")
PAYEE_CARD = bytes(range(109))


def blank_card(algorithm: str = "Ed25519", uid: bytes = UID, pin: str = "") -> CardState:
    """A card with a fixed key and no coupon."""
    return CardState(uid, algorithm, bytes(range(1, 33)), pin=pin)


def card_with_coupon(
    algorithm: str = "Ed25519",
    *,
    uid: bytes = UID,
    pin: str = "",
    limit_minor: int = 100_000,
    currency: int = CNY,
) -> CardState:
    """A card that can pay."""
    state = blank_card(algorithm, uid, pin)
    key = SoftwareSigner(state.algorithm, state.secret).public_key
    fields = CouponFields(
        0, 7, 1, parse_public_key(key, "key"), limit_minor, currency, 1, 2_000_000_000, 1000
    )
    return load_coupon(state, sign_coupon(fields, ISSUER))


def bearer_coupon(limit_minor: int = 1250, serial: int = 2) -> bytes:
    """A coupon that belongs to whoever has it."""
    fields = CouponFields(1, 7, serial, None, limit_minor, CNY, 1, 2_000_000_000, 1000)
    return bearer_presentation(sign_coupon(fields, ISSUER))


def request_for(
    amount_minor: int = 1250, *, number: int = 1, currency: int = CNY, verify: bool = False
) -> bytes:
    """A request of terminal 1; ``number`` makes its nonce."""
    ask = Ask.VERIFICATION if verify else Ask.NOTHING
    return Request(1, currency, amount_minor, number.to_bytes(8, "big"), ask).encode()


@dataclass
class MemoryOfCard:
    """A card's durable memory, with every state it ever held."""

    state: CardState
    history: list[CardState] = field(default_factory=list)

    def read(self) -> CardState:
        return self.state

    def store(self, state: CardState) -> None:
        self.history.append(state)
        self.state = state


def stored_card(folder: Path, state: CardState | None = None, name: str = "card") -> Path:
    """A card as a file."""
    path = folder / name
    CardFile(path).store(state or card_with_coupon())
    return path


@dataclass
class RecordingDesk:
    """A ``TapDesk`` that asks one request, answers with ``answers`` in turn, and keeps all."""

    request: bytes | None = field(default_factory=request_for)
    payee_card: bytes = b""
    answers: list[TapAnswer] = field(default_factory=list)
    known: frozenset[bytes] = frozenset()
    pin: bytes = b""
    bearer: bool = False
    is_named: bool = False
    is_armed: bool = True
    when_asked: Callable[[], None] = lambda: None
    numbers: int = 0
    presentations: list[bytes] = field(default_factory=list)
    events: list[ReaderEvent] = field(default_factory=list)

    def armed(self) -> bool:
        return self.is_armed

    def ask(self, card: CardFound) -> TapAsk | None:
        self.when_asked()
        if self.request is None:
            return None
        known = self.known.__contains__
        return TapAsk(self.request, self.payee_card, known, self.pin, self.bearer)

    def named(self, card: CardFound) -> bool:
        return self.is_named

    def number_read(self) -> None:
        self.numbers += 1

    def presented(self, presentation: bytes) -> TapAnswer:
        self.presentations.append(presentation)
        return self.answers.pop(0) if self.answers else TapAnswer(b"ack" * 37)

    def notice(self, event: ReaderEvent) -> None:
        self.events.append(event)

    def names(self) -> list[str]:
        """What happened, in order."""
        return [type(event).__name__ for event in self.events]


def pcsc_card(memory: MemoryOfCard | None = None) -> PcscCard:
    """A card that can pay, for a PC/SC service in memory."""
    return PcscCard(KumquatApplication(memory or MemoryOfCard(card_with_coupon())), UID)
