"""The reader's thread asks the loop and never dies of its answer."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from host_sim.world.card_application import KumquatApplication
from host_sim.world.direct_reader import DirectReader, HandClock
from host_sim.world.isodep_card import IsoDepCard
from host_sim.world.rf_field import RfField
from terminal.errors import DeviceError, OutcomeUnknown
from terminal.nfc.errors import CardLost, ReaderLost
from terminal.nfc.reader import CardFound, TwoCards
from terminal.nfc.tap import (
    CardSeen,
    CardsRefused,
    CardUnusable,
    ReaderDown,
    ReaderUp,
    TapAnswer,
    TapAsk,
    TapTorn,
)
from terminal.runtime.inbox import Call, DeviceState, Message
from terminal.runtime.tap_desk import DEVICE, LoopTapDesk, ReaderThread
from terminal.sale.view import DeskRefused
from tests.cards import MemoryOfCard, card_with_coupon, request_for

WAIT_S = 10.0
CARD = CardFound(b"\x08\x11\x22\x33", b"\x04\x00", 0x20)


@dataclass
class Sales:
    """The loop's half, scripted: asks one request, answers with an ack, or fails."""

    fault: Exception | None = None
    said: list[str] = field(default_factory=list)
    presented: threading.Event = field(default_factory=threading.Event)

    def tap_armed(self) -> bool:
        return not self.presented.is_set()

    def tap_named(self, card_uid: bytes) -> bool:
        return False

    def tap_number(self, card_uid: bytes) -> None:
        self.said.append("number")

    def tap_ask(self) -> TapAsk | None:
        self._fail()
        return TapAsk(request_for())

    def tap_presented(self, presentation: bytes, card_uid: bytes) -> TapAnswer:
        self.presented.set()
        self._fail()
        return TapAnswer(ack=b"ack" * 37)

    def tap_notice(self, words: str) -> None:
        self.said.append(words)

    def tap_refused(self, event: CardsRefused | CardUnusable) -> None:
        self.said.append(type(event).__name__)

    def tap_seen(self) -> None:
        self.said.append("seen")

    def _fail(self) -> None:
        if self.fault is not None:
            raise self.fault


@dataclass
class Loop:
    """Does every call where it is posted, as the loop's thread would."""

    states: list[DeviceState] = field(default_factory=list)

    def post(self, message: Message) -> None:
        if isinstance(message, DeviceState):
            self.states.append(message)
        elif isinstance(message, Call):
            try:
                message.result.set_result(message.work())
            except Exception as error:  # noqa: BLE001 - as a future takes it
                message.result.set_exception(error)


def test_the_loops_answers_come_back_to_the_reader() -> None:
    desk = LoopTapDesk(Sales(), Loop().post)
    assert desk.armed()
    assert desk.ask(CARD) == TapAsk(request_for())
    assert desk.presented(b"presentation") == TapAnswer(ack=b"ack" * 37)


@pytest.mark.parametrize("fault", [OutcomeUnknown("cut"), DeskRefused("the terminal is stopping")])
def test_a_loop_that_cannot_sell_costs_the_ack_and_nothing_else(fault: Exception) -> None:
    desk = LoopTapDesk(Sales(fault), Loop().post)
    assert desk.ask(CARD) is None
    assert desk.presented(b"presentation") == TapAnswer()


def test_what_the_reader_notices_reaches_screen_and_panel() -> None:
    sales, loop = Sales(), Loop()
    desk = LoopTapDesk(sales, loop.post)
    desk.notice(ReaderUp("a reader"))
    desk.notice(CardSeen(CARD))
    desk.notice(CardsRefused(TwoCards((b"1", b"2"))))
    desk.notice(TapTorn(CARD, CardLost("taken away")))
    error = ReaderLost("reader", "gone", "plug it in")
    desk.notice(ReaderDown(error, 50))
    assert sales.said == ["seen", "CardsRefused", "present the card again"]
    assert loop.states == [DeviceState(DEVICE, None), DeviceState(DEVICE, str(error))]
    assert isinstance(error, DeviceError)


def test_a_card_in_the_field_is_served_by_the_readers_thread() -> None:
    sales, loop, clock, field_ = Sales(), Loop(), HandClock(), RfField()
    memory = MemoryOfCard(card_with_coupon())
    field_.place(IsoDepCard(KumquatApplication(memory), memory.state.uid))
    reader = ReaderThread(DirectReader(field_, clock), sales, loop.post, clock.monotonic_ms)
    reader.start()
    try:
        assert sales.presented.wait(WAIT_S)
    finally:
        reader.stop()
    assert loop.states[0] == DeviceState(DEVICE, None)
    assert memory.state.answers[-1].ack == b"ack" * 37
