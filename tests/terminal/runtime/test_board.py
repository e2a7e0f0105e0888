"""The screen is built from what is true now, and published when it changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.payment.reasons import Reason
from terminal.runtime.board import DaySettings, ScreenBoard
from terminal.sale.desk import DECLINED_SHOWN_MS
from terminal.sale.open_sale import LIFETIME_MS
from terminal.sale.view import Carrier, Phase, Screen
from tests.terminal.payment.stall import DAY
from tests.terminal.runtime.loop_rig import first_screen
from tests.terminal.sale.till_rig import TillRig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[TillRig]:
    made = TillRig(tmp_path / "journal.db")
    yield made
    made.journal.close()


@pytest.fixture
def board() -> ScreenBoard:
    return ScreenBoard(DaySettings(simulated=True), first_screen())


def shown(board: ScreenBoard, rig: TillRig) -> Screen:
    board.refresh(rig.desk, rig.journal)
    return board.screen


def sell(rig: TillRig, amount_minor: int = 1250) -> None:
    high = rig.journal.head.sum_minor
    rig.desk.charge(amount_minor)
    rig.desk.present(rig.answer(high), Carrier.SOUND)
    assert rig.desk.phase is Phase.ACCEPTED
    rig.journal.mark_announced(rig.journal.size - 1)


def test_what_did_not_change_is_not_published(board: ScreenBoard, rig: TillRig) -> None:
    assert board.refresh(rig.desk, rig.journal)
    assert not board.refresh(rig.desk, rig.journal)
    rig.clock.now_ms += 1_000
    assert not board.refresh(rig.desk, rig.journal)


def test_a_page_that_is_gone_holds_up_no_sale(board: ScreenBoard, rig: TillRig) -> None:
    def gone(_: Screen) -> None:
        raise RuntimeError("Event loop is closed")

    seen: list[Screen] = []
    board.subscribe(gone)
    board.subscribe(seen.append)
    rig.desk.charge(1250)
    assert shown(board, rig).phase is Phase.WAITING
    rig.desk.cancel()
    assert shown(board, rig).phase is Phase.IDLE
    assert [screen.phase for screen in seen] == [Phase.WAITING, Phase.IDLE]


def test_the_seller_is_asked_for_a_word_with_the_code_to_compare(
    board: ScreenBoard, rig: TillRig
) -> None:
    rig.desk.charge(3_500)
    rig.desk.present(rig.answer(), Carrier.SOUND)
    screen = shown(board, rig)
    assert (screen.phase, screen.confirm_payer) == (Phase.WAITING, True)
    assert screen.check_code is not None
    rig.desk.present(b"noise", Carrier.SOUND)
    assert shown(board, rig) == screen, "noise takes no question off the screen"
    rig.desk.confirm_the_payer()
    accepted = shown(board, rig)
    assert (accepted.phase, accepted.confirm_payer) == (Phase.ACCEPTED, False)
    assert accepted.check_code == screen.check_code


def test_a_question_about_an_old_nonce_goes_with_it(board: ScreenBoard, rig: TillRig) -> None:
    rig.desk.charge(3_500)
    rig.desk.present(rig.answer(), Carrier.SOUND)
    rig.clock.now_ms += LIFETIME_MS
    rig.desk.tick()
    screen = shown(board, rig)
    assert (screen.phase, screen.confirm_payer, screen.check_code) == (Phase.WAITING, False, None)


def test_a_question_after_a_decline_is_on_the_waiting_screen(
    board: ScreenBoard, rig: TillRig
) -> None:
    rig.desk.charge(3_500)
    rig.desk.present(b"noise", Carrier.SCAN)
    assert shown(board, rig).phase is Phase.DECLINED
    rig.desk.present(rig.answer(), Carrier.SOUND)
    screen = shown(board, rig)
    assert (screen.phase, screen.confirm_payer, screen.reasons) == (Phase.WAITING, True, ())


def test_a_decline_as_the_nonce_runs_out_leaves_the_sale_open(
    board: ScreenBoard, rig: TillRig
) -> None:
    rig.desk.charge(1250)
    rig.clock.now_ms += LIFETIME_MS - 1
    rig.desk.present(b"noise", Carrier.SOUND)
    assert shown(board, rig).reasons == (Reason.UNKNOWN_OR_DAMAGED,)
    rig.clock.now_ms += DECLINED_SHOWN_MS
    rig.desk.tick()
    rig.desk.tick()
    screen = shown(board, rig)
    assert (screen.phase, screen.amount_minor) == (Phase.WAITING, 1250)
    assert screen.ask_text is not None


def test_a_stopped_screen_claims_nothing_of_the_sale_in_hand(
    board: ScreenBoard, rig: TillRig
) -> None:
    sell(rig)
    assert shown(board, rig).entry_index == 0
    rig.desk.stop()
    board.device("reader", "reader: gone; plug it in")
    screen = shown(board, rig)
    assert (screen.phase, screen.entry_index, screen.check_code) == (Phase.STOPPED, None, None)
    assert screen.totals.sales_count == 1, "what was true before stays"
    assert screen.faults == ("reader: gone; plug it in",)


def test_the_days_totals_begin_afresh_and_what_is_unsynced_stays(
    board: ScreenBoard, rig: TillRig
) -> None:
    sell(rig)
    rig.desk.void(0)
    sell(rig, 500)
    totals = shown(board, rig).totals
    assert (totals.sales_count, totals.sales_minor, totals.returned_minor) == (2, 1750, 1250)
    assert totals.net_minor == 500
    rig.desk.cancel()
    rig.clock.now_ms += 1000 * DAY
    tomorrow = shown(board, rig).totals
    assert (tomorrow.sales_count, tomorrow.net_minor, tomorrow.unsynced_count) == (0, 0, 2)


def test_the_simulated_banner_is_on_every_screen(board: ScreenBoard, rig: TillRig) -> None:
    assert shown(board, rig).simulated
