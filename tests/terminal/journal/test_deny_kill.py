"""Real SIGKILL of a real process that follows the deny list: no version it had is lost."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.terminal.journal.deny_rig import ROOT_KEY, Publisher, listed_by, store, subject

ROOT = Path(__file__).parents[3]
DEADLINE_S = 60.0
VERSIONS = 25

pytestmark = [pytest.mark.slow, pytest.mark.end_to_end]


def test_a_killed_process_loses_no_version_it_had(tmp_path: Path) -> None:
    host, folder = tmp_path / "host", tmp_path / "deny-list"
    publisher = Publisher(host, map(subject, range(20_000)))
    for number in range(2, VERSIONS + 1):
        added = [subject(100_000 + 50 * number + n) for n in range(50)]
        delta = publisher.publish(added, [subject(number)])
        (host / f"{number}.delta").write_bytes(delta)
    universe = {subject(n) for n in range(VERSIONS + 1)} | publisher.listed
    chance, version, kills = random.Random(4), 0, 0
    ends = time.monotonic() + DEADLINE_S
    while version < VERSIONS:
        assert time.monotonic() < ends, f"only version {version}"
        said = _follow_and_kill(folder, host, chance.randrange(1, 5), chance.uniform(0, 0.01))
        kills += 1
        again = store(folder)
        view = again.refresh()
        found = 0 if view is None else view.version
        assert again.problem is None
        assert found >= max(version, said)
        if view is not None:
            expected = publisher.content[found] & universe
            assert listed_by(again, universe) == expected
            assert view.head.count == len(publisher.content[found])
        version = found
    assert kills > 4


def _follow_and_kill(folder: Path, host: Path, lines: int, delay_s: float) -> int:
    """The last version the child said it had, before it was killed some moment later."""
    child_name = "tests.terminal.journal.deny_child"
    arguments = [str(folder), str(host), ROOT_KEY.data.hex()]
    command = [sys.executable, "-m", child_name, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as child:
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(lines)]
        ends = time.monotonic() + delay_s
        while time.monotonic() < ends:
            pass
        child.kill()
        said += child.stdout.readlines()
    return max([int(line) for line in said if line.endswith("\n")], default=0)
