"""The doctor looks at every part for itself and says what to do."""

from __future__ import annotations

from pathlib import Path

from terminal.compose.doctor import Finding, Health, examine
from terminal.compose.state import StatePaths
from terminal.config import Audio, Config, Panel, Reader, Voice
from terminal.journal.lock import AppendLock
from tests.terminal.compose.states import NOBODY, enrolled_state

PARTS = ["microphone", "speaker", "voice", "reader", "panel"]
PARTS += ["clock", "storage", "key", "journal", "host"]
BARE = Config(
    audio=Audio(input="off", output="off"),
    voice=Voice(enabled=False),
    reader=Reader("off"),
    panel=Panel("off"),
)


def by_part(findings: tuple[Finding, ...]) -> dict[str, Finding]:
    return {finding.part: finding for finding in findings}


def test_an_enrolled_terminal_without_devices_has_only_its_host_to_miss(tmp_path: Path) -> None:
    found = by_part(examine(enrolled_state(tmp_path), BARE, deep=True))
    assert list(found) == PARTS
    for absent in ("microphone", "speaker", "voice", "reader", "panel"):
        assert found[absent].health is Health.ABSENT
    for good in ("key", "journal"):
        assert found[good].health is Health.GOOD, found[good]
    assert "recomputed and right" in found["journal"].seen
    assert (found["host"].health, NOBODY in found["host"].seen) == (Health.WARNING, True)
    assert found["host"].remedy


def test_nothing_enrolled_is_said_at_each_part_that_needs_it(tmp_path: Path) -> None:
    found = by_part(examine(StatePaths(tmp_path / "none"), BARE))
    for part in ("key", "journal", "host"):
        assert found[part].health is Health.BAD
        assert "kumquat enrol" in found[part].seen
    assert found["storage"].health is not Health.BAD


def test_devices_that_are_not_there_are_bad_and_hide_nothing(tmp_path: Path) -> None:
    config = Config(
        audio=Audio(input="off", output="off"),
        voice=Voice(enabled=False),
        reader=Reader("tty:/dev/kumquat-none:pn532"),
        panel=Panel("/dev/kumquat-none"),
    )
    found = by_part(examine(StatePaths(tmp_path), config))
    for part in ("reader", "panel"):
        assert found[part].health is Health.BAD
        assert found[part].remedy
    assert list(found) == PARTS


def test_it_looks_beside_a_running_terminal(tmp_path: Path) -> None:
    paths = enrolled_state(tmp_path)
    lock = AppendLock(paths.journal)
    try:
        assert by_part(examine(paths, BARE))["journal"].health is Health.GOOD
    finally:
        lock.release()


def test_a_host_address_that_cannot_be_one_is_bad(tmp_path: Path) -> None:
    config = Config(audio=BARE.audio, voice=BARE.voice, host="ftp://host.example")
    found = by_part(examine(enrolled_state(tmp_path), config))
    assert found["host"].health is Health.BAD
