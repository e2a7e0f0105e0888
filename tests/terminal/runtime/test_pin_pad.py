"""Above the second limit a card is shown its holder's PIN, from a keypad that policy enrolled."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from host_sim.world.card import load_coupon
from host_sim.world.card_application import KumquatApplication
from host_sim.world.card_state import CardState
from host_sim.world.isodep_card import IsoDepCard
from host_sim.world.rf_field import Mishap, PlannedMishap
from terminal.errors import JournalError
from terminal.journal.entry import Entry, EntryKind
from terminal.nfc.tap import TapAsk
from terminal.panel.events import KeyPressed
from terminal.payment.coupon import sign_coupon
from terminal.payment.presentation import decode_presentation
from terminal.payment.reasons import Reason
from terminal.runtime.front_panel import Post
from terminal.runtime.panel_duties import PanelDuties
from terminal.runtime.pin_pad import PinPad
from terminal.sale.pin_entry import READY_MS
from terminal.sale.view import Phase
from tests.cards import MemoryOfCard
from tests.terminal.payment import stall
from tests.terminal.runtime.loop_rig import LoopRig, running
from tests.terminal.runtime.test_tapped_tags import TapStand

PIN = "2580"
ABOVE_MINOR = 3_500
"""Above the second limit, below the floor limit."""


class PinStand(TapStand):
    """A stall with a payer's keypad, and a card with a PIN."""

    def __init__(self, rig: LoopRig, *, enrolled: bool = True, unattended: bool = False) -> None:
        super().__init__(rig)
        card = CardState(bytes(4), "Ed25519", b"holder".ljust(32, b"\0"), pin=PIN)
        coupon = sign_coupon(stall.fields(kind=4), stall.ISSUER)
        self.memory = MemoryOfCard(load_coupon(card, coupon))
        self.card = IsoDepCard(KumquatApplication(self.memory), bytes(4))
        self.duties = PanelDuties(rig.runtime, rig._report)

        def install() -> None:
            assert rig.rig is not None
            rig.rig.till.policy = stall.policy(keypad_enrolled=enrolled)
            rig.runtime.pins = PinPad(
                rig.runtime,
                rig._report,
                rig.clock.monotonic_ms,
                unattended=unattended,
            )

        rig.ask(install)

    def type(self, keys: str) -> None:
        """Press keys of the payer's keypad."""
        self.rig.ask(lambda: self.duties.take(tuple(KeyPressed(key) for key in keys)))

    def wait(self, waited_ms: int) -> None:
        """Nobody does anything for so long."""
        self.rig.clock.now_ms += waited_ms
        self.rig.ask(lambda: None)

    def last_entry(self) -> Entry:
        entry = self.rig.ask(lambda: self.rig.runtime.journal.entries(0, 99)[-1])
        assert isinstance(entry, Entry)
        return entry


@contextmanager
def stand_at(tmp_path: Path, **options: bool) -> Iterator[PinStand]:
    post = Post(ABOVE_MINOR, 500) if options.get("unattended") else None
    with running(tmp_path / "journal.db", post) as rig:
        yield PinStand(rig, **options)


def verified(entry: Entry) -> bool:
    return decode_presentation(entry.presentation).spend.user_verified


def test_a_pin_typed_first_pays_at_the_first_tap_without_the_sellers_word(tmp_path: Path) -> None:
    with stand_at(tmp_path) as stand:
        stand.rig.door.charge(ABOVE_MINOR)
        assert stand.rig.door.screen().pin is not None
        stand.type(f"{PIN}#")
        assert stand.visit(stand.card).phase is Phase.ACCEPTED
        assert verified(stand.last_entry())
        assert stand.rig.door.screen().pin is None


def test_a_card_that_wants_its_pin_keeps_the_sale_waiting_for_it(tmp_path: Path) -> None:
    with stand_at(tmp_path) as stand:
        stand.rig.door.charge(ABOVE_MINOR)
        screen = stand.visit(stand.card)
        assert (screen.phase, screen.reasons) == (Phase.WAITING, ())
        assert stand.rig.wait_for("tap")["notice"]
        stand.type(f"{PIN}#")
        assert stand.visit(stand.card).phase is Phase.ACCEPTED
        assert verified(stand.last_entry())


def test_a_wrong_pin_is_declined_with_its_tries_and_the_right_one_pays_after_it(
    tmp_path: Path,
) -> None:
    with stand_at(tmp_path) as stand:
        stand.rig.door.charge(ABOVE_MINOR)
        stand.type("9999#")
        screen = stand.visit(stand.card)
        assert screen.reasons == (Reason.PIN_WRONG,)
        assert screen.pin is not None
        assert (screen.pin.tries_left, screen.pin.count) == (2, 0)
        assert stand.memory.state.pin_tries == 2
        stand.type(f"{PIN}#")
        assert stand.visit(stand.card).phase is Phase.ACCEPTED
        assert stand.memory.state.pin_tries == 3


def test_three_wrong_ones_block_the_card_and_no_more_are_asked_for(tmp_path: Path) -> None:
    with stand_at(tmp_path) as stand:
        stand.rig.door.charge(ABOVE_MINOR)
        for _ in range(3):
            stand.type("9999#")
            screen = stand.visit(stand.card)
        assert (screen.reasons, screen.pin) == ((Reason.PIN_BLOCKED,), None)
        stand.type(f"{PIN}#")
        assert stand.visit(stand.card).reasons != ()
        assert stand.memory.state.next_minor == 0, "nothing was spent"


def test_a_cancelled_sale_and_a_late_card_get_no_pin(tmp_path: Path) -> None:
    with stand_at(tmp_path) as stand:
        stand.rig.door.charge(ABOVE_MINOR)
        stand.type(f"{PIN}#")
        stand.rig.door.cancel()
        stand.rig.door.charge(ABOVE_MINOR)
        assert stand.visit(stand.card).phase is Phase.WAITING
        stand.type(f"{PIN}#")
        stand.wait(READY_MS)
        assert stand.visit(stand.card).phase is Phase.WAITING
        assert stand.memory.state.next_minor == 0


@pytest.mark.parametrize("mishap", list(Mishap))
@pytest.mark.parametrize("frame", [1, 2, 3, 4, 5])
def test_a_card_torn_or_unheard_at_any_command_with_a_pin_pays_once(
    tmp_path: Path, mishap: Mishap, frame: int
) -> None:
    with stand_at(tmp_path) as stand:
        stand.rig.door.charge(ABOVE_MINOR)
        stand.field.planned.append(PlannedMishap(mishap, frame))
        for _ in range(3):
            stand.type(f"{PIN}#")
            if stand.visit(stand.card).phase is Phase.ACCEPTED:
                break
        assert stand.rig.door.screen().phase is Phase.ACCEPTED
        assert verified(stand.last_entry())
        assert stand.entries().count(EntryKind.ACCEPTED) == 1
        assert stand.memory.state.next_minor == ABOVE_MINOR, "paid once"
        assert stand.memory.state.pin_tries == 3


def test_below_the_second_limit_nobody_is_asked(tmp_path: Path) -> None:
    with stand_at(tmp_path) as stand:
        stand.rig.door.charge(1250)
        assert stand.rig.door.screen().pin is None
        stand.type(f"{PIN}#")
        assert stand.visit(stand.card).phase is Phase.ACCEPTED
        assert not verified(stand.last_entry())


def test_a_keypad_that_policy_did_not_enrol_takes_no_pin(tmp_path: Path) -> None:
    with stand_at(tmp_path, enrolled=False) as stand:
        stand.rig.door.charge(ABOVE_MINOR)
        assert stand.rig.door.screen().pin is None
        stand.type(f"{PIN}#")
        assert stand.visit(stand.card).reasons == (Reason.PIN_NEEDED,)
        assert stand.memory.state.pin_tries == 3, "the card was shown none"


def test_a_keypad_that_faces_the_payer_neither_sells_nor_vouches(tmp_path: Path) -> None:
    with stand_at(tmp_path) as stand:
        stand.type("500#C")
        assert stand.rig.door.screen().phase is Phase.IDLE
        stand.rig.door.charge(ABOVE_MINOR)
        stand.type("D*")
        assert stand.rig.door.screen().phase is Phase.WAITING


def test_a_post_keeps_the_pin_over_the_sales_that_come_and_go_with_cards(tmp_path: Path) -> None:
    with stand_at(tmp_path, unattended=True) as stand:
        stand.visit(stand.card)
        stand.wait(6_000)
        stand.type(f"{PIN}#")
        assert stand.visit(stand.card).phase is Phase.ACCEPTED
        assert verified(stand.last_entry())


def test_when_selling_stops_the_pin_is_forgotten(tmp_path: Path) -> None:
    with stand_at(tmp_path) as stand:
        stand.rig.door.charge(ABOVE_MINOR)
        stand.type(f"{PIN}#")

        def stop() -> bytes:
            stand.rig.runtime._stop_selling(JournalError("the disk is away"))
            assert stand.rig.runtime.pins is not None
            return stand.rig.runtime.pins.take()

        assert stand.rig.ask(stop) == b""


def test_no_log_line_screen_or_ask_shows_a_digit_of_it(tmp_path: Path) -> None:
    with stand_at(tmp_path) as stand:
        stand.rig.door.charge(ABOVE_MINOR)
        stand.type(f"{PIN}#")
        shown = [repr(stand.rig.door.screen()), repr(TapAsk(b"", pin=PIN.encode()))]
        stand.visit(stand.card)
        shown += [repr(stand.rig.door.screen()), json.dumps(stand.rig.log)]
        shown.append(repr(stand.last_entry().data))
        assert not [text for text in shown if PIN in text]
        assert {line["what"] for line in stand.rig.log if line["event"] == "pin"} == {
            "wanted",
            "entered",
        }
