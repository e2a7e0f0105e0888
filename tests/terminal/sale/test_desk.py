"""The desk shows what happened, only after it happened, and noise moves nothing."""

from __future__ import annotations

import pytest

from terminal.payment.text import ACK, PRESENTATION, to_text
from terminal.sale.desk import DECLINED_SHOWN_MS, MAX_RENEWALS
from terminal.sale.double_press import AT_ONCE_MS
from terminal.sale.open_sale import LIFETIME_MS
from terminal.sale.outcome import Accepted, Asked, Cleared, Refused, Replayed, Returned
from terminal.sale.transitions import TRANSITIONS, Cause
from terminal.sale.view import Carrier, DeskRefused, Phase
from tests.terminal.sale.till_rig import TillRig


def shown(rig: TillRig) -> Phase:
    return rig.desk.phase


def test_a_sale_goes_from_keypad_to_accepted_and_back(rig: TillRig) -> None:
    desk = rig.desk
    desk.charge(1250)
    assert shown(rig) is Phase.WAITING
    desk.present(rig.answer(), Carrier.SOUND)
    assert shown(rig) is Phase.ACCEPTED
    desk.cancel()
    assert shown(rig) is Phase.IDLE
    assert [type(each) for each in rig.told] == [Asked, Accepted, Cleared]


def test_one_sale_at_a_time(rig: TillRig) -> None:
    rig.desk.charge(1250)
    with pytest.raises(DeskRefused, match="a sale is open"):
        rig.desk.charge(500)


@pytest.mark.parametrize("amount_minor", [0, -1, 2**53])
def test_no_amount_is_no_sale(rig: TillRig, amount_minor: int) -> None:
    with pytest.raises(DeskRefused):
        rig.desk.charge(amount_minor)


def test_sound_that_does_not_verify_moves_no_screen_without_a_sale(rig: TillRig) -> None:
    rig.desk.present(b"noise", Carrier.SOUND)
    assert shown(rig) is Phase.IDLE


def test_a_decline_is_shown_and_the_open_sale_can_still_be_paid(rig: TillRig) -> None:
    desk = rig.desk
    desk.charge(1250)
    desk.present(b"noise", Carrier.SOUND)
    assert shown(rig) is Phase.DECLINED
    rig.clock.now_ms += DECLINED_SHOWN_MS
    assert desk.tick()
    assert shown(rig) is Phase.WAITING
    desk.present(rig.answer(), Carrier.SOUND)
    assert shown(rig) is Phase.ACCEPTED


def test_noise_never_takes_the_accepted_screen_away(rig: TillRig) -> None:
    rig.desk.charge(1250)
    rig.desk.present(rig.answer(), Carrier.SOUND)
    rig.desk.present(b"noise", Carrier.SOUND)
    assert shown(rig) is Phase.ACCEPTED


def test_the_recording_after_the_sale_is_declined_without_an_approval(rig: TillRig) -> None:
    desk = rig.desk
    desk.charge(1250)
    recording = rig.answer()
    desk.present(recording, Carrier.SOUND)
    desk.cancel()
    rig.told.clear()
    desk.present(recording, Carrier.SOUND)
    assert shown(rig) is Phase.DECLINED
    assert [type(each) for each in rig.told] == [Refused]


def test_an_unpaid_request_is_renewed_ten_minutes_and_then_given_up(rig: TillRig) -> None:
    rig.desk.charge(1250)
    for _ in range(MAX_RENEWALS):
        rig.clock.now_ms += LIFETIME_MS
        assert rig.desk.tick()
        assert shown(rig) is Phase.WAITING
    rig.clock.now_ms += LIFETIME_MS
    assert rig.desk.tick()
    assert shown(rig) is Phase.IDLE


def test_after_a_restart_the_open_sale_is_still_asked_for(rig: TillRig) -> None:
    rig.desk.charge(1250)
    rig.reopen()
    assert shown(rig) is Phase.WAITING
    rig.desk.present(rig.answer(), Carrier.TAP)
    rig.reopen()
    assert shown(rig) is Phase.IDLE


def test_a_scanned_line_pays_like_a_burst(rig: TillRig) -> None:
    rig.desk.charge(1250)
    outcome = rig.desk.scan(to_text(PRESENTATION, rig.answer()) + "\r\n")
    assert isinstance(outcome, Accepted)
    assert outcome.carrier is Carrier.SCAN


@pytest.mark.parametrize("line", ["", "4006381333931", to_text(ACK, b"x"), "KQP!"])
def test_another_code_is_refused_in_words(rig: TillRig, line: str) -> None:
    rig.desk.charge(1250)
    with pytest.raises(DeskRefused, match="not a payment"):
        rig.desk.scan(line)


def test_the_seller_confirms_the_payer_above_the_second_limit(rig: TillRig) -> None:
    desk = rig.desk
    desk.charge(3_500)
    desk.present(rig.answer(), Carrier.SOUND)
    assert (desk.phase, desk.confirm_payer) == (Phase.WAITING, True)
    desk.confirm_the_payer()
    assert (desk.phase, desk.confirm_payer) == (Phase.ACCEPTED, False)


def test_repeat_last_asks_for_the_same_amount(rig: TillRig) -> None:
    with pytest.raises(DeskRefused):
        rig.desk.repeat_last()
    rig.desk.charge(1250)
    rig.desk.cancel()
    rig.desk.repeat_last()
    assert rig.request.amount_minor == 1250


def test_replay_is_told_as_a_replay(rig: TillRig) -> None:
    with pytest.raises(DeskRefused):
        rig.desk.replay()
    rig.desk.charge(1250)
    rig.desk.present(rig.answer(), Carrier.SOUND)
    rig.desk.replay()
    assert isinstance(rig.told[-1], Replayed)


def test_giving_back_more_than_the_sale_is_refused_in_words(rig: TillRig) -> None:
    rig.desk.charge(1250)
    rig.desk.present(rig.answer(), Carrier.SOUND)
    with pytest.raises(DeskRefused, match="1250 left"):
        rig.desk.refund(0, 1251)
    rig.desk.void(0)
    assert isinstance(rig.told[-1], Returned)


def test_a_refund_sent_twice_is_given_once(rig: TillRig) -> None:
    rig.desk.charge(1250)
    rig.desk.present(rig.answer(), Carrier.SOUND)
    rig.desk.refund(0, 250)
    with pytest.raises(DeskRefused, match="just now"):
        rig.desk.refund(0, 250)
    rig.desk.refund(0, 100)
    rig.clock.now_ms += AT_ONCE_MS
    rig.desk.refund(0, 250)
    assert [rig.journal.size, rig.journal.day_sums(0).returned_minor] == [4, 600]


def test_a_stopped_desk_sells_nothing(rig: TillRig) -> None:
    rig.desk.charge(1250)
    data = rig.answer()
    rig.desk.stop()
    for attempt in (
        lambda: rig.desk.present(data, Carrier.SOUND),
        lambda: rig.desk.charge(1),
        lambda: rig.desk.void(0),
    ):
        with pytest.raises(DeskRefused):
            attempt()


def test_a_stopped_desk_is_left_by_no_move() -> None:
    assert not [key for key in TRANSITIONS if key[0] is Phase.STOPPED]
    reached = {phase for (_, cause), phase in TRANSITIONS.items() if cause is Cause.ACCEPT}
    assert reached == {Phase.ACCEPTED}
