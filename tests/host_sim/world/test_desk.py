"""The simulated desk keeps the port's promises, so that pages tested on it can be trusted."""

from __future__ import annotations

import subprocess
import sys
import urllib.request

import pytest

from host_sim.world.desk import SimulatedDesk
from host_sim.world.scenes import SCENES, presentation_text, scene
from terminal.sale.view import Desk, DeskRefused, LineKind, Phase, Screen


def test_it_is_a_desk() -> None:
    desk: Desk = SimulatedDesk(scene("sell"))
    assert desk.screen().phase is Phase.IDLE


def test_every_change_is_a_new_version_told_to_every_listener() -> None:
    desk = SimulatedDesk(scene("sell"))
    seen: list[Screen] = []
    unsubscribe = desk.subscribe(seen.append)
    desk.charge(100)
    desk.scan(presentation_text())
    unsubscribe()
    desk.done()
    assert [screen.phase for screen in seen] == [Phase.WAITING, Phase.ACCEPTED]
    assert [screen.version for screen in seen] == [2, 3]


def test_what_it_cannot_do_it_refuses() -> None:
    desk = SimulatedDesk(scene("sell"))
    with pytest.raises(DeskRefused):
        desk.scan("KQPA")
    desk.charge(100)
    with pytest.raises(DeskRefused):
        desk.charge(100)
    with pytest.raises(DeskRefused):
        desk.refund(999, 1)


def test_giving_back_is_a_line_that_cites_the_sale() -> None:
    desk = SimulatedDesk(scene("sell"))
    desk.refund(211, 250)
    line = desk.today()[0]
    assert (line.kind, line.original_index, line.amount_minor) == (LineKind.REFUND, 211, 250)
    sale = next(line for line in desk.today() if line.index == 211)
    assert sale.refundable_minor == 1000


@pytest.mark.parametrize("name", sorted(SCENES))
def test_a_scene_adds_up(name: str) -> None:
    shown = scene(name)
    assert shown.screen.version == 1
    taken = sum(line.amount_minor for line in shown.lines if line.kind is LineKind.SALE)
    assert shown.screen.totals.sales_minor == taken


@pytest.mark.slow
def test_it_serves_a_scene_from_the_command_line() -> None:
    command = [sys.executable, "-m", "host_sim.world.desk", "--scene", "stopped", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own loopback
            assert b"Selling has stopped" in answer.read()
        process.terminate()
        assert process.wait(10) == 0
