"""Cards and tags at a running terminal: a refusal is on the screen, a bearer coupon pays once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from host_sim.world.direct_reader import DirectReader, HandClock
from host_sim.world.isodep_card import IsoDepCard
from host_sim.world.rf_field import Mishap, PlannedMishap, RfCard, RfField
from host_sim.world.tags import ClassicCard, NdefApplication, Type2Tag
from terminal.journal.entry import EntryKind
from terminal.nfc.ndef_coupon import coupon_message
from terminal.nfc.polling import PollingLoop
from terminal.payment.coupon import CouponClass, sign_coupon
from terminal.payment.presentation import bearer_presentation
from terminal.payment.reasons import Reason
from terminal.runtime.front_panel import FrontPanel, Post
from terminal.runtime.tap_desk import LoopTapDesk
from terminal.runtime.wire import Wire
from terminal.sale.view import Phase, Screen
from tests.terminal.payment import stall
from tests.terminal.runtime.loop_rig import LoopRig, running
from tests.terminal.runtime.ports_rig import Cable, Inbox

TAG_UID = bytes.fromhex("04A1B2C3D4E580")
BEARER = frozenset({CouponClass.HOLDER_BOUND, CouponClass.BEARER})


class TapStand:
    """A reader at a running terminal; ``visit`` is what a person does with a card."""

    def __init__(self, rig: LoopRig) -> None:
        self.rig = rig
        self.field = RfField()
        clock = HandClock()
        driver = DirectReader(self.field, clock)
        desk = LoopTapDesk(rig.taps, rig.runtime.post)
        self.loop = PollingLoop(driver, desk, clock.monotonic_ms)
        self.loop.turn()

    def visit(self, *cards: RfCard) -> Screen:
        """The screen after the cards came, stayed a while and went."""
        for card in cards:
            self.field.place(card)
        for _ in range(3):
            self.loop.turn()
        for card in cards:
            self.field.remove(card)
        for _ in range(3):
            self.loop.turn()
        self.rig.ask(lambda: None)
        return self.rig.door.screen()

    def take(self, classes: frozenset[CouponClass]) -> None:
        """Sell under a policy that takes these classes."""

        def install() -> None:
            assert self.rig.rig is not None
            policy = stall.policy(classes=classes, class_cap_minor=5_000)
            self.rig.rig.till.policy = policy

        self.rig.ask(install)

    def entries(self) -> list[EntryKind]:
        found = self.rig.ask(lambda: [e.kind for e in self.rig.runtime.journal.entries(0, 99)])
        assert isinstance(found, list)
        return found


def bearer(limit_minor: int = 1250) -> bytes:
    fields = stall.fields(kind=1, holder_key=None, limit_minor=limit_minor)
    return bearer_presentation(sign_coupon(fields, stall.ISSUER))


def type_2(payload: bytes) -> Type2Tag:
    return Type2Tag(TAG_UID, coupon_message(payload))


def type_4(payload: bytes) -> IsoDepCard:
    return IsoDepCard(NdefApplication(coupon_message(payload)), bytes(4))


@pytest.mark.parametrize(
    ("card", "reason"),
    [
        (type_2(bearer()), Reason.CARD_COPYABLE),
        (type_4(bearer()), Reason.NO_COUPON_ON_CARD),
        (ClassicCard(bytes(4)), Reason.CARD_BROKEN),
    ],
)
def test_a_card_that_cannot_pay_is_refused_on_the_screen_and_the_sale_stays_open(
    tmp_path: Path, card: RfCard, reason: Reason
) -> None:
    with running(tmp_path / "journal.db") as rig:
        stand = TapStand(rig)
        rig.door.charge(1250)
        screen = stand.visit(card)
        assert (screen.phase, screen.reasons) == (Phase.DECLINED, (reason,))
        assert screen.amount_minor == 1250
        assert rig.wait_for("declined")["words"] == [reason.text]
        assert stand.entries() == [], "what was not verified is no entry"
        assert rig.taps.tap_armed(), "the right card need not wait for the screen to clear"


def test_two_cards_are_refused_on_the_screen(tmp_path: Path) -> None:
    with running(tmp_path / "journal.db") as rig:
        rig.door.charge(1250)
        two = (ClassicCard(bytes(4)), ClassicCard(bytes((1, 2, 3, 4))))
        assert TapStand(rig).visit(*two).reasons == (Reason.TWO_CARDS,)


@pytest.mark.parametrize("tag", [type_2, type_4])
def test_a_bearer_coupon_pays_once_for_its_whole_value_where_it_is_taken(
    tmp_path: Path, tag: Callable[[bytes], RfCard]
) -> None:
    with running(tmp_path / "journal.db") as rig:
        stand = TapStand(rig)
        stand.take(BEARER)
        rig.door.charge(1000)
        assert stand.visit(tag(bearer())).reasons == (Reason.NOT_WHOLE_VALUE,)
        rig.door.cancel()
        rig.door.charge(1250)
        accepted = stand.visit(tag(bearer()))
        assert (accepted.phase, accepted.entry_index) == (Phase.ACCEPTED, 1)
        rig.door.charge(1250)
        again = stand.visit(tag(bearer()))
        assert (again.reasons, again.prior_entry) == ((Reason.ALREADY_ACCEPTED,), 1)
        assert stand.entries().count(EntryKind.ACCEPTED) == 1


def test_a_card_number_is_no_permit_and_the_screen_says_so(tmp_path: Path) -> None:
    with running(tmp_path / "journal.db") as rig:
        stand = TapStand(rig)
        stand.take(frozenset({CouponClass.HOLDER_BOUND, CouponClass.PERMIT}))
        rig.door.charge(1250)
        screen = stand.visit(ClassicCard(bytes(4)))
        assert screen.reasons == (Reason.CARD_BROKEN, Reason.CARD_NUMBER_ONLY)


class NotedPanel(FrontPanel):
    """A panel without a cable that notes which lights it was asked for."""

    def __init__(self) -> None:
        super().__init__(Wire(Cable, Inbox().post), 7, lambda: 1_000, None)
        self.noted: list[str] = []

    def card_seen(self) -> None:
        self.noted.append("reading")

    def resumed(self, *, waiting: bool) -> None:
        self.noted.append("waiting" if waiting else "idle")


def test_a_torn_card_turns_the_light_from_reading_back_to_waiting(tmp_path: Path) -> None:
    with running(tmp_path / "journal.db") as rig:
        panel = NotedPanel()
        rig.runtime.panel = panel
        stand = TapStand(rig)
        rig.door.charge(1250)
        stand.field.planned.append(PlannedMishap(Mishap.TORN_BEFORE, 2))
        stand.visit(type_4(bearer()))
        assert rig.wait_for("tap")["notice"] == "present the card again"
        assert panel.noted == ["reading", "waiting"]


def test_an_unattended_post_refuses_and_asks_the_next_card(tmp_path: Path) -> None:
    with running(tmp_path / "journal.db", Post(500, 500)) as rig:
        stand = TapStand(rig)
        stand.take(BEARER)
        assert stand.visit(ClassicCard(bytes(4))).reasons == (Reason.CARD_BROKEN,)
        assert stand.visit(type_2(bearer(500))).phase is Phase.ACCEPTED
        after = stand.visit(ClassicCard(bytes(4)))
        assert (after.phase, after.reasons) == (Phase.DECLINED, (Reason.CARD_BROKEN,))
        assert stand.entries() == [EntryKind.ACCEPTED]
