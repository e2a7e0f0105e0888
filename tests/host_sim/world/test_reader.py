"""The simulated reader as a process: lines in, events out, a serial line that stays in place."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_sim.world.reader import run
from terminal.devices.nfcpy_reader import NfcpyReader
from terminal.nfc.polling import PollingLoop
from tests.cards import RecordingDesk, stored_card


def test_a_command_that_makes_no_sense_is_reported_and_survived(tmp_path: Path) -> None:
    told: list[tuple[str, dict[str, object]]] = []
    lines = [
        "dance",
        "place",
        "place nowhere",
        "fault meteor",
        "random x",
        "remove",
        "quit",
        "remove",
    ]
    run(tmp_path / "state", None, lines, lambda event, facts: told.append((event, facts)))
    events = [event for event, _ in told]
    assert events == ["ready", "error", "error", "error", "error", "error", "done"]
    assert told[0][1]["path"] == str(tmp_path / "state" / "reader")


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, "-m", "host_sim.world.reader", "--state", str(tmp_path / "reader")]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        yield running
        running.kill()


def say(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdin is not None
    process.stdin.write(text + "\n")
    process.stdin.flush()


def heard(process: subprocess.Popen[str], event: str) -> dict[str, object]:
    """The next event of that name, the others passed over."""
    assert process.stdout is not None
    for line in process.stdout:
        facts = json.loads(line)
        assert isinstance(facts, dict)
        if facts["event"] == event:
            return facts
    raise AssertionError(f"the process ended without {event}")


@pytest.mark.end_to_end
def test_a_whole_tap_between_two_processes(process: subprocess.Popen[str], tmp_path: Path) -> None:
    path = heard(process, "ready")["path"]
    desk = RecordingDesk()
    loop = PollingLoop(
        NfcpyReader(f"tty:{path}:pn532"), desk, lambda: time.monotonic_ns() // 1_000_000
    )
    loop.turn()
    say(process, f"place {stored_card(tmp_path)}")
    heard(process, "done")
    loop.turn()
    assert heard(process, "signed")["amount_minor"] == 1250
    heard(process, "acknowledged")
    say(process, "counts")
    assert len(desk.presentations) == 1
    commands = heard(process, "counts")["commands"]
    assert isinstance(commands, list)
    assert commands[-7:] == [0x4A, 0x54, 0x42, 0x42, 0x42, 0x42, 0x32]
    loop.close()
    say(process, "quit")
    assert process.wait(timeout=10) == 0
