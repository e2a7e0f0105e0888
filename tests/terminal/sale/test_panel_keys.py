"""The panel's keys sell as the page does."""

from __future__ import annotations

import pytest

from terminal.sale.outcome import Accepted, Replayed
from terminal.sale.panel_keys import PanelKeys
from terminal.sale.view import Carrier, DeskRefused, Phase
from tests.terminal.sale.till_rig import TillRig


def press(rig: TillRig, keys: PanelKeys, typed: str) -> Phase:
    for key in typed:
        keys.press(key, rig.desk)
    return rig.desk.phase


def test_digits_and_hash_ask_for_an_amount(rig: TillRig) -> None:
    assert press(rig, PanelKeys(), "1250#") is Phase.WAITING
    assert rig.request.amount_minor == 1250


def test_star_clears_first_and_cancels_then(rig: TillRig) -> None:
    keys = PanelKeys()
    press(rig, keys, "99*500#")
    assert rig.request.amount_minor == 500
    assert press(rig, keys, "*") is Phase.IDLE


def test_hash_without_an_amount_is_refused(rig: TillRig) -> None:
    with pytest.raises(DeskRefused):
        press(rig, PanelKeys(), "#")


def test_a_repeats_and_b_replays(rig: TillRig) -> None:
    keys = PanelKeys()
    press(rig, keys, "1250#")
    assert isinstance(rig.desk.present(rig.answer(), Carrier.TAP), Accepted)
    press(rig, keys, "B")
    assert isinstance(rig.told[-1], Replayed)
    assert press(rig, keys, "DA") is Phase.WAITING
    assert rig.request.amount_minor == 1250


def test_c_confirms_the_payer(rig: TillRig) -> None:
    keys = PanelKeys()
    press(rig, keys, "3500#")
    rig.desk.present(rig.answer(), Carrier.SOUND)
    assert press(rig, keys, "C") is Phase.ACCEPTED


def test_typing_for_ever_stays_within_the_largest_amount(rig: TillRig) -> None:
    keys = PanelKeys()
    press(rig, keys, "9" * 40)
    assert keys.typed_minor == 2**53 - 1
