"""What is said, in which languages, and that only a new payment sounds like one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from host_sim.world.scenes import SCENES, scene
from terminal.kiosk.announcement import (
    Cue,
    accepted,
    announcement_of,
    declined,
    replay,
    returned,
    stopped,
    unannounced,
)
from terminal.payment.reasons import Reason
from terminal.sale.view import LineKind, Phase

BOTH = ("en", "zh")
CNY = 156


def texts(*, of: object) -> list[str]:
    phrases = getattr(of, "phrases")  # noqa: B009 - reads any announcement
    return [phrase.text for phrase in phrases]


def test_an_accepted_sale_is_said_in_the_sellers_language_then_the_payers() -> None:
    said = accepted(1250, CNY, BOTH)
    assert said.cue is Cue.APPROVED
    assert texts(of=said) == ["Accepted, twelve yuan fifty.", "已收款，十二元五角。"]


def test_the_reason_of_a_decline_names_the_entry_that_took_it() -> None:
    said = declined((Reason.ALREADY_ACCEPTED, Reason.EXPIRED), 12, BOTH)
    assert said.cue is Cue.DECLINED
    assert texts(of=said) == [
        "Declined: Already accepted, entry 12.",
        "未收款：已经收过，记录 12。",
    ]


def test_a_decline_without_a_reason_still_says_that_nothing_was_taken() -> None:
    assert texts(of=declined((), None, ("en",))) == ["Declined: Nothing was taken."]


def test_a_replay_says_that_it_is_one() -> None:
    said = replay(41, 1250, CNY, BOTH)
    assert said.cue is Cue.REPLAY
    assert "not a new payment" in texts(of=said)[0]
    assert "不是新的付款" in texts(of=said)[1]


@pytest.mark.parametrize("kind", [LineKind.REFUND, LineKind.VOID])
def test_money_given_back_has_its_own_cue_and_words(kind: LineKind) -> None:
    said = returned(kind, 500, CNY, ("en",))
    assert said.cue is Cue.RETURNED
    assert "five yuan" in texts(of=said)[0]


def test_only_a_new_payment_has_the_approval_cue() -> None:
    others = [
        declined((Reason.EXPIRED,), None, BOTH),
        replay(1, 1, CNY, BOTH),
        returned(LineKind.VOID, 1, CNY, BOTH),
        stopped(BOTH),
        unannounced(1, CNY, BOTH),
    ]
    assert Cue.APPROVED not in {said.cue for said in others}


@pytest.mark.parametrize("name", sorted(SCENES))
def test_a_screen_is_announced_by_its_phase(name: str) -> None:
    screen = scene(name).screen
    said = announcement_of(screen, BOTH)
    speaks = screen.phase in (Phase.ACCEPTED, Phase.DECLINED, Phase.STOPPED)
    assert (said is not None) == speaks
    if said is not None:
        assert (said.cue is Cue.APPROVED) == (screen.phase is Phase.ACCEPTED)


def test_an_accepted_screen_without_an_amount_says_nothing() -> None:
    screen = replace(scene("accepted").screen, amount_minor=None)
    assert announcement_of(screen, BOTH) is None
