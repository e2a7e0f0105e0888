"""Cards of every kind through nfcpy's real driver: torn, slow, odd, two at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from host_sim.world.card import open_card
from host_sim.world.card_state import CardFile
from host_sim.world.isodep_card import IsoDepCard
from host_sim.world.rf_field import Mishap, PlannedMishap, RfCard
from host_sim.world.tags import ClassicCard, NdefApplication, Type2Tag
from terminal.devices.nfcpy_reader import NfcpyReader
from terminal.nfc.errors import CardLost, ReaderGlitch
from terminal.nfc.ndef_coupon import coupon_message
from terminal.nfc.reader import TwoCards
from terminal.nfc.tap import CardsRefused, CardUnusable, TapDone, TapTorn
from tests.booth import RECOVERY_S, Booth, booth_in
from tests.cards import OTHER_UID, bearer_coupon, card_with_coupon, stored_card

end_to_end = pytest.mark.end_to_end


@pytest.fixture
def booth(tmp_path: Path) -> Iterator[Booth]:
    with booth_in(tmp_path) as ready:
        yield ready


@end_to_end
@pytest.mark.parametrize("mishap", list(Mishap))
@pytest.mark.parametrize("frame", [1, 2, 3, 4])
def test_a_card_torn_or_unheard_at_every_frame_pays_once(
    booth: Booth, mishap: Mishap, frame: int
) -> None:
    booth.line.chip.field.planned.append(PlannedMishap(mishap, frame))
    booth.line.place(booth.card)
    ended = TapDone if mishap not in (Mishap.TORN_BEFORE, Mishap.TORN_AFTER) else (TapDone, TapTorn)
    took_s = booth.until(lambda: any(isinstance(event, ended) for event in booth.desk.events))
    assert took_s < 1.5, "the deadline of a tap"
    booth.clear()
    if not booth.count(TapDone):
        assert booth.tap() < RECOVERY_S
    assert len(set(booth.desk.presentations)) == 1
    assert CardFile(booth.card_path).read().next_minor == 1250


@end_to_end
def test_a_card_that_keeps_asking_for_time_is_cut_off_at_the_deadline(booth: Booth) -> None:
    slow = open_card(booth.card_path, extensions=10_000)
    booth.line.place(slow)
    took_s = booth.until(lambda: booth.count(TapTorn) == 1)
    assert took_s < 1.3
    booth.clear()
    assert booth.tap() < RECOVERY_S


@end_to_end
def test_a_card_that_needs_some_extensions_gets_them(booth: Booth) -> None:
    booth.tap(open_card(booth.card_path, extensions=3))


@end_to_end
@pytest.mark.parametrize("ats", ["0200", "04688002", "01", "0578807002", "067577810280"])
def test_any_well_formed_answer_to_select_works(booth: Booth, ats: str) -> None:
    booth.tap(open_card(booth.card_path, ats=bytes.fromhex(ats)))


@end_to_end
@pytest.mark.parametrize("ats", ["0578", "0108", "036880"])
def test_a_malformed_answer_to_select_is_refused_and_forgotten(booth: Booth, ats: str) -> None:
    booth.line.place(open_card(booth.card_path, ats=bytes.fromhex(ats)))
    booth.until(lambda: booth.count(CardUnusable) == 1)
    booth.clear()
    assert booth.tap() < RECOVERY_S


@end_to_end
def test_a_phone_with_sak_60_pays(booth: Booth) -> None:
    booth.tap(open_card(booth.card_path, sak=0x60))


@end_to_end
def test_two_cards_are_refused_until_both_are_gone(booth: Booth, tmp_path: Path) -> None:
    other = open_card(stored_card(tmp_path, card_with_coupon(uid=OTHER_UID), "other"))
    booth.line.chip.field.place(booth.card)
    booth.line.place(other)
    booth.until(lambda: booth.count(CardsRefused) == 1)
    refused = booth.desk.events[-1]
    assert isinstance(refused, CardsRefused)
    assert isinstance(refused.cards, TwoCards)
    booth.clear()
    assert booth.desk.presentations == []
    booth.tap()


@end_to_end
@pytest.mark.parametrize("card", [Type2Tag(bytes(range(7))), ClassicCard(OTHER_UID)])
def test_kinds_that_cannot_pay_are_refused(booth: Booth, card: RfCard) -> None:
    booth.line.place(card)
    booth.until(lambda: booth.count(CardsRefused) == 1)
    booth.clear()
    booth.tap()


@end_to_end
def test_a_card_gone_before_it_is_activated_is_a_lost_card(booth: Booth) -> None:
    reader = NfcpyReader(f"tty:{booth.line.path}:pn532")
    booth.loop.close()
    reader.open()
    booth.line.place(booth.card)
    assert reader.sense() is not None
    booth.line.remove(booth.card)
    with pytest.raises((CardLost, ReaderGlitch)):
        reader.activate(500)
    reader.close()


@end_to_end
@pytest.mark.parametrize("mishap", [None, Mishap.LOST, Mishap.GARBLED, Mishap.UNHEARD])
def test_a_coupon_on_a_type_2_tag_is_read_with_a_second_try(
    booth: Booth, mishap: Mishap | None
) -> None:
    booth.desk.bearer = True
    if mishap is not None:
        booth.line.chip.field.planned.append(PlannedMishap(mishap, 3))
    booth.tap(Type2Tag(bytes(range(7)), coupon_message(bearer_coupon())))
    assert booth.desk.presentations == [bearer_coupon()]


@end_to_end
def test_a_coupon_on_a_type_4_tag_is_read(booth: Booth) -> None:
    booth.desk.bearer = True
    booth.tap(IsoDepCard(NdefApplication(coupon_message(bearer_coupon())), OTHER_UID))
    assert booth.desk.presentations == [bearer_coupon()]
