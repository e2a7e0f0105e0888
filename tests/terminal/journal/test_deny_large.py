"""Ten million subjects: exact, mapped and not copied, and changed in less than a second."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from host_sim import deny_publisher
from terminal.journal.deny_base import Values
from terminal.journal.deny_store import DenyStore
from tests.terminal.journal.deny_rig import ROOT, ROOT_KEY, store

COUNT = 10_000_000
CHANGES = 10_000

pytestmark = pytest.mark.slow


def hashes(seed: int, count: int) -> Values:
    """So many different subjects, ascending."""
    chance = np.random.default_rng(seed)
    found = np.sort(chance.integers(0, 2**64, count + 100, dtype=np.uint64))
    return np.asarray(found[np.flatnonzero(np.diff(found)) + 1][:count])


@pytest.fixture(scope="module")
def listed() -> Values:
    return hashes(1, COUNT)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, listed: Values) -> Path:
    folder = tmp_path_factory.mktemp("large")
    deny_publisher.build(folder / "1.base", listed, 1, ROOT)
    return folder


@pytest.fixture(scope="module")
def installed(folder: Path) -> Iterator[DenyStore]:
    made = store(folder / "deny-list")
    made.install(folder / "1.base")
    yield made
    made.close()


def each(values: Values) -> Iterator[bytes]:
    return (int(value).to_bytes(8, "big") for value in values)


def test_lookups_are_exact(installed: DenyStore, listed: Values) -> None:
    view = installed.view
    assert view is not None
    some = listed[:: COUNT // 20_000]
    assert all(one in view for one in each(some))
    others = hashes(2, 20_000)
    beside = np.concatenate([some - np.uint64(1), some + np.uint64(1), others])
    expected = listed[np.minimum(np.searchsorted(listed, beside), COUNT - 1)] == beside
    assert [one in view for one in each(beside)] == expected.tolist()


def test_the_list_is_mapped_and_none_of_it_is_this_processs_own(
    installed: DenyStore, folder: Path
) -> None:
    view = installed.view
    assert view is not None
    assert view.base.mapped_bytes <= 90_000_000
    base = folder / "deny-list" / "base"
    smaps = Path("/proc/self/smaps").read_text("ascii")
    (found,) = re.findall(rf"{re.escape(str(base))}\n((?:[A-Z].*\n)+)", smaps)
    own = {name: int(kb) for name, kb in re.findall(r"(\w+): +(\d+) kB", found)}
    assert own["Size"] * 1024 <= 90_000_000
    assert own["Anonymous"] == own["Private_Dirty"] == 0


def test_ten_thousand_changes_take_less_than_a_second(
    installed: DenyStore, folder: Path, listed: Values
) -> None:
    half = CHANGES // 2
    wanted = np.sort(np.concatenate([np.delete(listed, np.arange(half) * 1999), hashes(3, half)]))
    old = deny_publisher.open_published(folder / "1.base", ROOT_KEY)
    delta = folder / "delta"
    _, changes = deny_publisher.publish_changes(old, folder / "2.base", delta, wanted, ROOT)
    assert len(changes.added) + len(changes.removed) == CHANGES
    data = delta.read_bytes()
    begun = time.perf_counter()
    view = installed.apply(data)
    assert time.perf_counter() - begun < 1.0
    assert all(one in view for one in changes.added)
    assert not any(one in view for one in changes.removed)


def test_compaction_gives_the_hosts_own_bytes(installed: DenyStore, folder: Path) -> None:
    installed.compact()
    base, published = folder / "deny-list" / "base", folder / "2.base"
    assert base.read_bytes() == published.read_bytes()
    assert base.stat().st_size <= 90_000_000
