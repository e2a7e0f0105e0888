"""A terminal that cannot start says why in one line, with an exit code that means it."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from terminal.journal.lock import AppendLock
from tests.terminal.compose.states import enrolled_state

pytestmark = pytest.mark.end_to_end

START_TIMEOUT_S = 60
QUIET = '[audio]\ninput = "off"\noutput = "off"\n'


def start(state: Path) -> subprocess.CompletedProcess[str]:
    """``kumquat run``, which must end by itself."""
    return subprocess.run(
        [sys.executable, "-m", "terminal", "--state", str(state), "run"],
        capture_output=True,
        text=True,
        timeout=START_TIMEOUT_S,
        check=False,
    )


def complaint(done: subprocess.CompletedProcess[str], exit_code: int) -> str:
    """The one line, after nothing else was printed."""
    lines = done.stderr.splitlines()
    assert (done.returncode, done.stdout, len(lines)) == (exit_code, "", 1), done
    return lines[0]


def test_without_a_state_it_says_to_enrol(tmp_path: Path) -> None:
    assert "run `kumquat enrol` first" in complaint(start(tmp_path / "none"), 78)


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ("colour = 1", "colour"),
        ("[kiosk]\nport = 99999", "kiosk.port"),
        ("= not toml", "config"),
        ('board = "abacus"', "board"),
        ('time_zone = "Nowhere/City"', "time_zone"),
    ],
)
def test_a_wrong_configuration_is_refused_by_its_field(
    tmp_path: Path, config: str, named: str
) -> None:
    (tmp_path / "config.toml").write_text(config, encoding="utf-8")
    assert named in complaint(start(tmp_path), 78)


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ('[audio]\ninput = "off"\noutput = "off"\nmode = "shout"', "audio.mode"),
        ('[audio]\nlisten = ["shout"]', "audio.listen"),
        ('[voice]\ncue = "gong"', "voice.cue"),
        ('host = "ftp://host.example"', "host"),
        ('[kiosk]\nfavourites = [{name = "Figs", amount = "much"}]', "kiosk.favourites"),
        ('[post]\namount = "-1"', "post.amount"),
    ],
)
def test_a_setting_that_cannot_work_here_is_refused_by_its_field(
    tmp_path: Path, config: str, named: str
) -> None:
    paths = enrolled_state(tmp_path, config)
    assert named in complaint(start(paths.root), 78)


def test_a_taken_port_is_said(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        paths = enrolled_state(tmp_path, f"{QUIET}[kiosk]\nport = {port}\n")
        assert f"port {port}" in complaint(start(paths.root), 69)


def test_a_journal_that_another_process_has_is_said(tmp_path: Path) -> None:
    paths = enrolled_state(tmp_path, QUIET)
    lock = AppendLock(paths.journal)
    try:
        assert "open in another process" in complaint(start(paths.root), 75)
    finally:
        lock.release()
