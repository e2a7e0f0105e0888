"""One tap, from the first command to the ack: whichever dialogue the card in the field needs.

Invariants: whatever was read is handed to the desk once; nothing is acknowledged before the desk
has answered; a tap ends by its deadline whatever the card does.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Final, TypeVar

from terminal.errors import DecodeError
from terminal.nfc.application import Form, Status
from terminal.nfc.card_session import CardDialogue, acknowledge, card_session, present
from terminal.nfc.errors import CardLost, CardRefused, ReaderGlitch, ReaderLost
from terminal.nfc.ndef_coupon import type_2_coupon, type_4_coupon
from terminal.nfc.reader import ReaderDriver, TagDriver
from terminal.nfc.tap import TapAnswer, TapAsk, TapDesk

_NOT_OURS: Final = frozenset({Status.NOT_FOUND, Status.UNKNOWN_INSTRUCTION, Status.UNKNOWN_CLASS})
"""What cards of others say to our SELECT: no such application, instruction or class."""
T = TypeVar("T")
Command = TypeVar("Command")


class Conversation:
    """The talk with one card. Times in milliseconds of ``monotonic_ms``.

    Every method raises ``CardLost``, ``CardRefused``, ``DecodeError``, ``ReaderLost`` or
    ``ReaderGlitch``, and never once the desk has a presentation.
    """

    def __init__(
        self,
        driver: ReaderDriver,
        desk: TapDesk,
        monotonic_ms: Callable[[], int],
        *,
        tap_deadline_ms: int,
        ack_deadline_ms: int,
    ) -> None:
        self._driver = driver
        self._desk = desk
        self._now_ms = monotonic_ms
        self._tap_ms = tap_deadline_ms
        self._ack_ms = ack_deadline_ms

    def with_card(self, ask: TapAsk, *, named: bool = False) -> bool:
        """A Type 4 card or phone; whether it took the ack.

        One without our application may still be ``named`` by its number, or a tag with a bearer
        coupon, where that may pay.
        """
        deadline_ms = self._now_ms() + self._tap_ms
        self._driver.activate(self._tap_ms)
        session = card_session(
            ask.request, ask.payee_card, knows_coupon=ask.knows_coupon, pin=ask.pin
        )
        try:
            presentation = self._apdus(session, deadline_ms)
        except CardRefused as refused:
            if named and refused.status in _NOT_OURS:
                return self.with_number()
            if refused.status != Status.NOT_FOUND or not ask.bearer:
                raise
            self._desk.presented(self._apdus(type_4_coupon(), deadline_ms))
            return False
        answer = self._desk.presented(presentation)
        if answer.again_in_full:
            deadline_ms = self._now_ms() + self._tap_ms
            whole = present(ask.request, ask.payee_card, Form.FULL)
            answer = self._desk.presented(self._apdus(whole, deadline_ms))
        return self._acknowledge(answer)

    def with_number(self) -> bool:
        """A card that has nothing but its number, which was read already; it takes no ack."""
        self._desk.number_read()
        return False

    def with_tag(self, reader: TagDriver) -> bool:
        """A Type 2 tag with a bearer coupon; it takes no ack, so False."""
        deadline_ms = self._now_ms() + self._tap_ms
        reader.select_tag()
        self._desk.presented(self._carry(type_2_coupon(), reader.read_pages, deadline_ms))
        return False

    def _acknowledge(self, answer: TapAnswer) -> bool:
        """The sale is durable by now: whatever fails here only leaves the card without its ack."""
        if not answer.ack:
            return False
        deadline_ms = self._now_ms() + self._ack_ms
        try:
            self._carry(acknowledge(answer.ack), self._driver.exchange, deadline_ms)
        except (CardLost, CardRefused, DecodeError, ReaderLost, ReaderGlitch):
            return False
        return True

    def _apdus(self, dialogue: CardDialogue, deadline_ms: int) -> bytes:
        return self._carry(dialogue, self._driver.exchange, deadline_ms)

    def _carry(
        self,
        dialogue: Generator[Command, bytes, T],
        exchange: Callable[[Command, int], bytes],
        deadline_ms: int,
    ) -> T:
        """Carry commands and answers between a dialogue and the card until one ends, or time."""
        try:
            command = next(dialogue)
            while True:
                left_ms = deadline_ms - self._now_ms()
                if left_ms <= 0:
                    raise CardLost("the tap took too long")
                command = dialogue.send(exchange(command, left_ms))
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            dialogue.close()
