"""A card with nothing but its number, at a running terminal: refused, unless a permit names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from host_sim.world.isodep_card import IsoDepCard
from host_sim.world.rf_field import RfCard
from host_sim.world.tags import ClassicCard, NdefApplication, Type2Tag
from terminal.journal.entry import Entry, EntryKind
from terminal.payment.permit import NumberPermits
from terminal.payment.presentation import Numbered, decode_presentation
from terminal.payment.reasons import Reason
from terminal.sale.view import Phase
from tests.terminal.payment import stall
from tests.terminal.payment.test_permit import NUMBER, permit
from tests.terminal.runtime.loop_rig import LoopRig, running
from tests.terminal.runtime.test_tapped_tags import TapStand


def tag(uid: bytes = NUMBER) -> Type2Tag:
    return Type2Tag(uid, b"")


CARDS = [
    tag(),
    ClassicCard(NUMBER),
    IsoDepCard(NdefApplication(b""), NUMBER),
]
"""A Type 2 tag, an old car-park card, and somebody else's Type 4 card."""


def take_numbers(rig: LoopRig, cap_minor: int = 2_000) -> None:
    """Sell under a policy with a permit for NUMBER."""

    def install() -> None:
        assert rig.rig is not None
        rig.rig.till.policy = stall.policy(number_permits=NumberPermits(cap_minor, (permit(),)))

    rig.ask(install)


@pytest.mark.parametrize("card", CARDS, ids=["type 2", "classic", "type 4"])
def test_the_card_that_a_permit_names_pays_and_the_entry_says_how(
    tmp_path: Path, card: RfCard
) -> None:
    with running(tmp_path / "journal.db") as rig:
        stand = TapStand(rig)
        take_numbers(rig)
        for start_minor in (0, 1250):
            rig.door.charge(1250)
            screen = stand.visit(card)
            assert (screen.phase, screen.amount_minor) == (Phase.ACCEPTED, 1250)
            entry = rig.ask(lambda: rig.runtime.journal.entries(0, 99)[-1])
            assert isinstance(entry, Entry)
            assert entry.kind is EntryKind.ACCEPTED
            taken = decode_presentation(entry.presentation)
            assert isinstance(taken, Numbered)
            assert (taken.coupon.number, taken.from_minor) == (NUMBER, start_minor)
            rig.door.done()


@pytest.mark.parametrize("card", [tag(), ClassicCard(NUMBER)])
def test_without_the_policy_a_number_is_refused_as_its_card_is(
    tmp_path: Path, card: RfCard
) -> None:
    with running(tmp_path / "journal.db") as rig:
        rig.door.charge(1250)
        screen = TapStand(rig).visit(card)
        assert screen.phase is Phase.DECLINED
        assert screen.reasons[0] in (Reason.CARD_COPYABLE, Reason.CARD_BROKEN)


def test_a_card_that_no_permit_names_is_told_so(tmp_path: Path) -> None:
    with running(tmp_path / "journal.db") as rig:
        stand = TapStand(rig)
        take_numbers(rig)
        rig.door.charge(1250)
        screen = stand.visit(tag(NUMBER[:-1] + b"\x99"))
        assert screen.reasons == (Reason.CARD_COPYABLE, Reason.NO_PERMIT_FOR_CARD)
        assert stand.entries() == []


def test_over_its_cap_it_is_declined_with_an_entry(tmp_path: Path) -> None:
    with running(tmp_path / "journal.db") as rig:
        stand = TapStand(rig)
        take_numbers(rig, cap_minor=1_000)
        rig.door.charge(1250)
        assert stand.visit(tag()).reasons == (Reason.OVER_CLASS_CAP,)
        assert stand.entries() == [EntryKind.DECLINED]


def test_a_seller_vouches_for_a_number_above_the_second_limit(tmp_path: Path) -> None:
    with running(tmp_path / "journal.db") as rig:
        stand = TapStand(rig)
        take_numbers(rig, cap_minor=5_000)
        rig.door.charge(3_500)
        assert stand.visit(tag()).confirm_payer
        rig.door.confirm_payer()
        rig.ask(lambda: None)
        assert rig.door.screen().phase is Phase.ACCEPTED
