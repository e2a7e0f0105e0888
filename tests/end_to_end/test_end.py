"""A terminal that is told to end does so at once, and goes on with its open sale afterwards."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from os import environ
from pathlib import Path
from typing import Final

import httpx2
import pytest

from host_sim.demo.processes import Actor
from tests.terminal.compose.states import enrolled_state

pytestmark = pytest.mark.end_to_end

CONFIG: Final = '[kiosk]\nport = 0\n[audio]\ninput = "off"\noutput = "off"\n'


@contextmanager
def running(state: Path, log: Path) -> Iterator[tuple[Actor, str]]:
    """The terminal's process, and where its page is."""
    words = ("-m", "terminal", "--state", str(state), "run", "--json")
    actor = Actor("terminal", words, log=log, env=environ)
    try:
        yield actor, str(actor.expect("ready", timeout_s=30)["kiosk"])
    finally:
        actor.end()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_terminal_told_to_end_ends_with_nothing_lost(
    tmp_path: Path, number: signal.Signals
) -> None:
    paths, log = enrolled_state(tmp_path, CONFIG), tmp_path / "log"
    with running(paths.root, log) as (actor, url):
        headers = {"Origin": url, "Content-Type": "application/x-www-form-urlencoded"}
        answer = httpx2.post(
            f"{url}/charge", content="typed=12.50", headers=headers, trust_env=False
        )
        assert answer.status_code == 303
        actor.expect("asked", amount="CNY 12.50")
        actor._process.send_signal(number)
        assert actor._process.wait(10) == 0
    assert log.read_text(encoding="utf-8") == ""
    with running(paths.root, log) as (_, url):
        page = httpx2.get(url, trust_env=False).text
        assert "12.50" in page
        assert "Waiting for payment" in page
    assert log.read_text(encoding="utf-8") == ""
