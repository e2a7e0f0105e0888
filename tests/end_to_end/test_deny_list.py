"""A running terminal takes up a deny list installed beside it, and outlives a damaged one."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from os import environ
from pathlib import Path
from typing import Final

import pytest

from host_sim import deny_publisher
from host_sim.demo.processes import Actor
from host_sim.keys import create_keys
from terminal.cli import main
from terminal.journal.detail import DenyListInstalled, decode_detail
from terminal.journal.reader import JournalReader
from terminal.payment.deny_list import card_subject
from tests.host_sim.rigs import MemoryKeys
from tests.terminal.compose.states import enrolled_state

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

CONFIG: Final = '[kiosk]\nenabled = false\n[audio]\ninput = "off"\noutput = "off"\n'
CARDS: Final = [card_subject(number.to_bytes(7, "big")) for number in range(1000)]


@contextmanager
def running(state: Path, log: Path) -> Iterator[Actor]:
    """The terminal's process, once it sells."""
    words = ("-m", "terminal", "--state", str(state), "run", "--json")
    actor = Actor("terminal", words, log=log, env=environ)
    try:
        actor.expect("ready", timeout_s=30)
        yield actor
    finally:
        actor.end()


def versions(journal: Path) -> list[int]:
    """What the journal says was in force, in order."""
    with JournalReader.open(journal) as reader:
        details = [decode_detail(entry) for entry in reader.entries(0, reader.size)]
    return [one.version for one in details if isinstance(one, DenyListInstalled)]


def test_a_list_comes_into_force_beside_and_after(tmp_path: Path) -> None:
    paths, log = enrolled_state(tmp_path, CONFIG), tmp_path / "log"
    root = create_keys(MemoryKeys(random.Random(1)), 1).root  # of the small world, by its seed
    for version in (1, 2):
        values = deny_publisher.sorted_subjects(CARDS[: 500 * version])
        deny_publisher.build(tmp_path / f"{version}.base", values, version, root)
    install = ("--state", str(paths.root), "deny-list", "install")
    with running(paths.root, log) as terminal:
        for version in (1, 2):
            assert main([*install, str(tmp_path / f"{version}.base")]) == 0
            event = terminal.expect("deny_list", timeout_s=30, version=version)
            assert (event["subjects"], event["problem"]) == (500 * version, None)
    assert versions(paths.journal) == [1, 2]
    base = paths.deny_list / "base"
    base.write_bytes(base.read_bytes()[:-8])
    with running(paths.root, log) as terminal:
        event = terminal.expect("deny_list", timeout_s=30, version=None)
        assert "cut short" in str(event["problem"])
        assert main([*install, str(tmp_path / "2.base")]) == 0
        terminal.expect("deny_list", timeout_s=30, version=2)
    assert versions(paths.journal) == [1, 2, 0, 2]
