"""Tags at the polling loop: refused by name, or read where the desk takes bearer coupons."""

from __future__ import annotations

import pytest

from host_sim.world.card_application import KumquatApplication
from host_sim.world.direct_reader import DirectReader, HandClock
from host_sim.world.isodep_card import IsoDepCard
from host_sim.world.rf_field import Mishap, PlannedMishap, RfCard, RfField
from host_sim.world.tags import ClassicCard, NdefApplication, Type2Tag
from terminal.errors import DecodeError
from terminal.nfc.ndef_coupon import NoCoupon, coupon_message
from terminal.nfc.polling import PollingLoop
from terminal.nfc.reader import Sensed
from terminal.nfc.tap import CardUnusable, TapDone
from tests.cards import UID, MemoryOfCard, RecordingDesk, bearer_coupon, card_with_coupon

TAG_UID = bytes.fromhex("04A1B2C3D4E580")
COUPON = bearer_coupon()


class Stand:
    """A reader, a desk and time in hand."""

    def __init__(self, *, bearer: bool) -> None:
        self.desk = RecordingDesk(bearer=bearer)
        self.clock = HandClock()
        self.field = RfField()
        driver = DirectReader(self.field, self.clock)
        self.loop = PollingLoop(driver, self.desk, self.clock.monotonic_ms)
        self.loop.turn()

    def visit(self, card: RfCard, turns: int = 3) -> list[str]:
        """What happened while a card came, stayed and went."""
        before = len(self.desk.events)
        self.field.place(card)
        self.turns(turns)
        self.field.remove(card)
        self.turns(3)
        return [type(event).__name__ for event in self.desk.events[before:]]

    def turns(self, count: int) -> None:
        for _ in range(count):
            self.clock.pass_ms(self.loop.turn())


def type_2(payload: bytes = COUPON) -> Type2Tag:
    return Type2Tag(TAG_UID, coupon_message(payload) if payload else b"")


def type_4(payload: bytes = COUPON) -> IsoDepCard:
    return IsoDepCard(NdefApplication(coupon_message(payload) if payload else b""), UID)


@pytest.mark.parametrize("tag", [type_2(), type_4()])
def test_a_coupon_on_a_tag_is_handed_over_where_bearer_coupons_are_taken(tag: RfCard) -> None:
    stand = Stand(bearer=True)
    assert stand.visit(tag) == ["CardSeen", "TapDone", "FieldClear"]
    assert stand.desk.presentations == [COUPON]
    done = stand.desk.events[2]
    assert isinstance(done, TapDone)
    assert not done.acknowledged, "a tag cannot keep an ack"


def test_a_tag_is_not_even_read_where_they_are_not() -> None:
    stand = Stand(bearer=False)
    assert stand.visit(type_2()) == ["CardsRefused", "FieldClear"]
    assert stand.field.exchanges == []
    assert stand.visit(type_4()) == ["CardSeen", "CardUnusable", "FieldClear"]
    assert stand.desk.presentations == []


@pytest.mark.parametrize("tag", [type_2(b""), type_4(b""), Type2Tag(TAG_UID, bytes(8))])
def test_a_tag_without_a_coupon_is_unusable(tag: RfCard) -> None:
    stand = Stand(bearer=True)
    assert stand.visit(tag) == ["CardSeen", "CardUnusable", "FieldClear"]
    unusable = stand.desk.events[2]
    assert isinstance(unusable, CardUnusable)
    assert isinstance(unusable.error, NoCoupon | DecodeError)


def test_a_classic_card_is_refused_whatever_the_desk_takes() -> None:
    assert Stand(bearer=True).visit(ClassicCard(UID)) == ["CardsRefused", "FieldClear"]


def test_a_card_of_ours_pays_as_itself_where_bearer_coupons_are_taken() -> None:
    stand = Stand(bearer=True)
    card = IsoDepCard(KumquatApplication(MemoryOfCard(card_with_coupon())), UID)
    assert stand.visit(card) == ["CardSeen", "TapDone", "FieldClear"]
    assert stand.desk.presentations[0][:2] == b"\x86\x01"


def test_a_card_of_ours_that_refuses_is_not_read_as_a_tag() -> None:
    stand = Stand(bearer=True)
    poor = IsoDepCard(KumquatApplication(MemoryOfCard(card_with_coupon(limit_minor=1))), UID)
    assert stand.visit(poor) == ["CardSeen", "CardUnusable", "FieldClear"]
    assert len(stand.field.exchanges) == 3, "answer to select, SELECT, PRESENT"


@pytest.mark.parametrize("frame", [1, 2, 5])
@pytest.mark.parametrize("mishap", [Mishap.TORN_BEFORE, Mishap.TORN_AFTER])
def test_a_tag_torn_away_hands_over_nothing_and_all_when_it_comes_back(
    mishap: Mishap, frame: int
) -> None:
    stand = Stand(bearer=True)
    stand.field.planned.append(PlannedMishap(mishap, frame))
    assert stand.visit(type_2())[:2] == ["CardSeen", "TapTorn"]
    assert stand.desk.presentations == []
    assert "TapDone" in stand.visit(type_2())
    assert stand.desk.presentations == [COUPON]


def test_a_tag_is_read_once_a_visit() -> None:
    stand = Stand(bearer=True)
    stand.visit(type_2(), turns=40)
    assert stand.desk.presentations == [COUPON]


class ReaderOfCardsAlone:
    """A driver without ``TagDriver``'s methods."""

    def __init__(self, inner: DirectReader) -> None:
        self._inner = inner

    def open(self) -> str:
        return self._inner.open()

    def sense(self) -> Sensed:
        return self._inner.sense()

    def activate(self, timeout_ms: int) -> None:
        self._inner.activate(timeout_ms)

    def exchange(self, command_apdu: bytes, timeout_ms: int) -> bytes:
        return self._inner.exchange(command_apdu, timeout_ms)

    def release(self) -> None:
        self._inner.release()

    def close(self) -> None:
        self._inner.close()


def test_a_reader_that_cannot_read_tags_refuses_them() -> None:
    stand = Stand(bearer=True)
    driver = ReaderOfCardsAlone(DirectReader(stand.field, stand.clock))
    stand.loop = PollingLoop(driver, stand.desk, stand.clock.monotonic_ms)
    stand.loop.turn()
    assert stand.visit(type_2()) == ["CardsRefused", "FieldClear"]


def test_a_simulated_type_2_tag_says_where_a_longer_message_goes() -> None:
    Type2Tag(TAG_UID, bytes(141))
    with pytest.raises(ValueError, match="place it on a type4"):
        Type2Tag(TAG_UID, bytes(142))
