"""The polling loop over a simulated field: one visit one question, whatever breaks."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from host_sim.world.card_application import KumquatApplication
from host_sim.world.direct_reader import DirectReader, HandClock
from host_sim.world.isodep_card import IsoDepCard
from host_sim.world.rf_field import Mishap, PlannedMishap, RfCard, RfField
from host_sim.world.tags import ClassicCard, Type2Tag
from terminal.nfc.polling import FieldState, PollingLoop, PollingProfile, serve
from terminal.nfc.tap import (
    CardsRefused,
    CardUnusable,
    ReaderDown,
    TapAnswer,
    TapDone,
    TapTorn,
)
from terminal.payment.presentation import Alone, Full, decode_presentation
from tests.cards import (
    OTHER_UID,
    UID,
    MemoryOfCard,
    RecordingDesk,
    card_with_coupon,
    request_for,
)


@dataclass
class Stand:
    """A reader, a desk and a card, with time in hand."""

    desk: RecordingDesk = field(default_factory=RecordingDesk)
    memory: MemoryOfCard = field(default_factory=lambda: MemoryOfCard(card_with_coupon()))
    clock: HandClock = field(default_factory=HandClock)
    field_: RfField = field(default_factory=RfField)

    def __post_init__(self) -> None:
        self.reader = DirectReader(self.field_, self.clock)
        self.loop = PollingLoop(self.reader, self.desk, self.clock.monotonic_ms)
        self.card = self.another(self.memory)

    def another(self, memory: MemoryOfCard, sak: int = 0x20) -> IsoDepCard:
        return IsoDepCard(KumquatApplication(memory), memory.state.uid, sak=sak)

    def turns(self, count: int) -> None:
        for _ in range(count):
            self.clock.pass_ms(self.loop.turn())

    def visit(self, card: RfCard, turns: int = 3) -> None:
        """A card comes, stays for some turns, and goes."""
        self.field_.place(card)
        self.turns(turns)
        self.field_.remove(card)
        self.turns(3)


def test_a_tap_hands_over_a_presentation_and_the_ack() -> None:
    stand = Stand()
    stand.turns(2)
    stand.visit(stand.card)
    assert stand.desk.names() == ["ReaderUp", "CardSeen", "TapDone", "FieldClear"]
    assert stand.desk.events[2] == TapDone(stand.desk.events[1].card, acknowledged=True)  # type: ignore[union-attr]  # it is CardSeen
    assert isinstance(decode_presentation(stand.desk.presentations[0]), Full)
    assert stand.memory.state.answers[-1].ack == b"ack" * 37


def test_a_card_left_lying_is_asked_once() -> None:
    stand = Stand()
    stand.turns(1)
    stand.field_.place(stand.card)
    stand.turns(50)
    assert len(stand.desk.presentations) == 1
    stand.desk.request = request_for(number=2)
    stand.turns(50)
    assert len(stand.desk.presentations) == 1, "it has to leave before the next sale"
    stand.field_.remove(stand.card)
    stand.turns(3)
    stand.visit(stand.card)
    assert len(stand.desk.presentations) == 2


def test_nothing_is_asked_while_no_sale_is_open() -> None:
    stand = Stand()
    stand.desk.is_armed = False
    stand.turns(1)
    stand.field_.place(stand.card)
    stand.turns(5)
    assert stand.desk.names() == ["ReaderUp"]
    stand.desk.is_armed = True
    stand.turns(2)
    assert len(stand.desk.presentations) == 1, "a card already there when the sale opens may pay"


def test_two_cards_are_refused_and_both_must_go() -> None:
    stand = Stand()
    other = stand.another(MemoryOfCard(card_with_coupon(uid=OTHER_UID)))
    stand.turns(1)
    stand.field_.place(stand.card)
    stand.field_.place(other)
    stand.turns(3)
    stand.field_.remove(other)
    stand.turns(3)
    assert stand.desk.names() == ["ReaderUp", "CardsRefused"]
    assert stand.desk.presentations == []
    stand.field_.remove(stand.card)
    stand.turns(3)
    stand.visit(stand.card)
    assert len(stand.desk.presentations) == 1


@pytest.mark.parametrize("card", [Type2Tag(bytes(range(7))), ClassicCard(UID)])
def test_a_kind_that_cannot_pay_is_refused_by_name(card: RfCard) -> None:
    stand = Stand()
    stand.turns(1)
    stand.visit(card)
    refused = stand.desk.events[1]
    assert isinstance(refused, CardsRefused)
    assert stand.desk.presentations == []


def test_a_phone_with_sak_60_pays() -> None:
    stand = Stand()
    stand.turns(1)
    stand.visit(stand.another(stand.memory, sak=0x60))
    assert len(stand.desk.presentations) == 1


@pytest.mark.parametrize("mishap", [Mishap.TORN_BEFORE, Mishap.TORN_AFTER])
@pytest.mark.parametrize("frame", [1, 2, 3, 4])
def test_a_card_torn_away_anywhere_pays_once(mishap: Mishap, frame: int) -> None:
    stand = Stand()
    stand.turns(1)
    stand.field_.planned.append(PlannedMishap(mishap, frame))
    stand.visit(stand.card)
    torn_in_the_ack = frame == 4
    assert ("TapDone" if torn_in_the_ack else "TapTorn") in stand.desk.names()
    stand.visit(stand.card)
    assert isinstance(stand.desk.events[-2], TapDone)
    assert len(set(stand.desk.presentations)) == 1, "the same bytes as before"
    assert stand.memory.state.next_minor == 1250


def test_a_card_that_comes_back_into_reach_resumes_without_leaving() -> None:
    stand = Stand()
    stand.turns(1)
    stand.field_.planned.extend(PlannedMishap(Mishap.UNHEARD, frame) for frame in (2, 3, 4))
    stand.field_.place(stand.card)
    stand.turns(4)
    assert stand.desk.names()[1:5] == ["CardSeen", "TapTorn", "CardSeen", "TapDone"]


def test_a_card_that_keeps_failing_must_leave_first() -> None:
    stand = Stand()
    stand.turns(1)
    dumb = IsoDepCard(KumquatApplication(stand.memory), UID)
    dumb.ats = b""
    stand.field_.place(dumb)
    stand.turns(10)
    assert stand.loop.state is FieldState.OCCUPIED
    assert sum(isinstance(event, (TapTorn, CardUnusable)) for event in stand.desk.events) <= 3


@pytest.mark.parametrize("ats", ["0578", "0108", "036880", "0280"])
def test_a_malformed_answer_to_select_is_the_card_s_fault(ats: str) -> None:
    stand = Stand()
    stand.turns(1)
    stand.card.ats = bytes.fromhex(ats)
    stand.visit(stand.card)
    assert isinstance(stand.desk.events[2], CardUnusable)
    stand.card.ats = bytes.fromhex("0578807002")
    stand.visit(stand.card)
    assert len(stand.desk.presentations) == 1


def test_a_tap_ends_by_its_deadline_whatever_the_card_does() -> None:
    stand = Stand()
    stand.turns(1)
    stand.card.ats = bytes.fromhex("0468D002")  # FWI 13: 2.5 s a block
    stand.field_.planned.append(PlannedMishap(Mishap.UNHEARD, 2))
    stand.field_.place(stand.card)
    before_ms = stand.clock.monotonic_ms()
    stand.loop.turn()
    assert isinstance(stand.desk.events[-1], TapTorn)
    assert stand.clock.monotonic_ms() - before_ms == PollingProfile().tap_deadline_ms


def test_a_card_without_coupon_says_so() -> None:
    stand = Stand(memory=MemoryOfCard(card_with_coupon(limit_minor=1000)))
    stand.turns(1)
    stand.visit(stand.card)
    unusable = stand.desk.events[2]
    assert isinstance(unusable, CardUnusable)
    assert "balance is too low" in str(unusable.error)


def test_a_coupon_unknown_after_all_is_asked_for_in_full_in_the_same_tap() -> None:
    stand = Stand()
    stand.desk.known = frozenset((bytes.fromhex("000700000001"),))
    stand.desk.answers = [TapAnswer(again_in_full=True), TapAnswer(b"ack")]
    stand.turns(1)
    stand.visit(stand.card)
    alone, full = (decode_presentation(data) for data in stand.desk.presentations)
    assert isinstance(alone, Alone)
    assert isinstance(full, Full)
    assert alone.spend_id == full.spend_id


def test_a_reader_unplugged_is_opened_again_with_growing_waits() -> None:
    stand = Stand()
    stand.turns(1)
    stand.reader.plugged = False
    waits = [stand.loop.turn() for _ in range(8)]
    assert waits == [50, 100, 200, 400, 800, 1000, 1000, 1000]
    assert [type(event) for event in stand.desk.events[1:]] == [ReaderDown], "said once"
    stand.reader.plugged = True
    stand.turns(1)
    stand.visit(stand.card)
    assert stand.desk.names()[-4:] == ["ReaderUp", "CardSeen", "TapDone", "FieldClear"]


def test_a_reader_missing_from_the_start_is_said_once() -> None:
    stand = Stand()
    stand.reader.plugged = False
    stand.turns(5)
    assert stand.desk.names() == ["ReaderDown"]


def test_one_glitch_is_forgiven_and_three_in_a_row_reopen() -> None:
    stand = Stand()
    stand.turns(1)
    stand.reader.glitches = 2
    stand.turns(3)
    assert stand.desk.names() == ["ReaderUp"]
    stand.reader.glitches = 3
    stand.turns(4)
    assert stand.desk.names() == ["ReaderUp", "ReaderDown", "ReaderUp"]


def test_a_glitch_in_the_middle_of_a_tap_asks_for_the_card_again() -> None:
    stand = Stand()
    stand.turns(1)

    class Stumbling(DirectReader):
        def exchange(self, command_apdu: bytes, timeout_ms: int) -> bytes:
            self.glitches = 1 if self.opened == 1 and not stand.desk.presentations else 0
            self.opened = 2
            return super().exchange(command_apdu, timeout_ms)

    stand.reader = Stumbling(stand.field_, stand.clock)
    stand.loop = PollingLoop(stand.reader, stand.desk, stand.clock.monotonic_ms)
    stand.turns(1)
    stand.field_.place(stand.card)
    stand.turns(20)
    assert "TapTorn" in stand.desk.names()
    assert stand.desk.names()[-1] == "TapDone"


def test_a_reader_lost_while_acknowledging_does_not_unmake_the_sale() -> None:
    stand = Stand()
    stand.turns(1)

    class Leaving(RecordingDesk):
        def presented(self, presentation: bytes) -> TapAnswer:
            stand.reader.plugged = False
            return super().presented(presentation)

    stand.desk = Leaving()
    stand.loop = PollingLoop(stand.reader, stand.desk, stand.clock.monotonic_ms)
    stand.turns(1)
    stand.field_.place(stand.card)
    stand.turns(1)
    assert stand.desk.names() == ["ReaderUp", "CardSeen", "TapDone", "ReaderDown"]
    done = stand.desk.events[2]
    assert isinstance(done, TapDone)
    assert not done.acknowledged


def test_serving_ends_when_told_and_lets_go_of_the_reader() -> None:
    stand = Stand()
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return len(waits) == 3

    serve(stand.loop, wait)
    assert waits == [0.005, 0.005, 0.005]
    assert stand.loop.state is FieldState.DOWN
