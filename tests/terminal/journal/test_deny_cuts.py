"""Whatever is cut or damaged: a whole version is in force, one that was before, or none."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from terminal.journal import deny_log
from terminal.journal.deny_base import DenyListCorrupt
from terminal.journal.deny_view import DenyListRefused
from terminal.payment.deny_head import Changes, DenyHead, encode_delta, sign_head
from tests.terminal.journal.deny_rig import (
    STRANGER,
    UNIVERSE,
    Publisher,
    changed,
    listed_by,
    store,
    store_after,
    subjects,
)


@pytest.fixture
def host(tmp_path: Path) -> Publisher:
    return Publisher(tmp_path / "host", subjects(*range(20)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "deny-list"


def test_a_log_cut_at_any_byte_gives_the_last_whole_version(host: Publisher, folder: Path) -> None:
    changed(host, folder, 2)
    log = folder / "log"
    data = log.read_bytes()
    ends = [len(deny_log.MAGIC)]
    for version in (2, 3):
        ends.append(ends[-1] + deny_log.record_size(host.deltas[version]))
    assert ends[-1] == len(data)
    for size in range(len(data) + 1):
        log.write_bytes(data[:size])
        cut = store_after(folder)
        whole = max(1, sum(end <= size for end in ends))
        assert cut.view is not None
        assert cut.view.version == whole
        assert cut.problem is None
        assert cut.dropped_bytes == size - max((end for end in ends if end <= size), default=0)
        assert listed_by(cut, UNIVERSE) == host.content[whole]


@pytest.mark.parametrize("back", [1, 8, 9, 100, 300])
def test_a_torn_tail_is_cut_off_by_the_next_change(
    host: Publisher, folder: Path, back: int
) -> None:
    changed(host, folder)
    log = folder / "log"
    whole = log.read_bytes()
    log.write_bytes(whole[:-back])
    torn = store_after(folder)
    assert torn.view is not None
    for version in range(torn.view.version + 1, 5):
        torn.apply(host.deltas[version])
    assert log.read_bytes() == whole
    assert listed_by(store_after(folder), UNIVERSE) == host.listed


def test_garbage_or_zeroes_after_the_last_record_are_dropped(host: Publisher, folder: Path) -> None:
    changed(host, folder)
    log = folder / "log"
    whole = log.read_bytes()
    for tail in (bytes(8), bytes(4096), b"\xff" * 50, whole[8:60]):
        log.write_bytes(whole + tail)
        found = store_after(folder)
        assert found.view is not None
        assert (found.view.version, found.dropped_bytes) == (4, len(tail))


def test_every_damaged_byte_of_the_log_costs_versions_and_never_truth(
    host: Publisher, folder: Path
) -> None:
    changed(host, folder, 2)
    log = folder / "log"
    data = log.read_bytes()
    for at in range(len(data)):
        log.write_bytes(data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :])
        found = store_after(folder)
        assert found.view is not None
        assert found.view.version < 3
        assert listed_by(found, UNIVERSE) == host.content[found.view.version]


def test_a_genuine_record_with_a_forged_delta_is_said(host: Publisher, folder: Path) -> None:
    changed(host, folder, 1)
    head = DenyHead(3, 1, bytes(32), bytes(32), bytes(32))
    forged = encode_delta(sign_head(head, STRANGER), Changes(frozenset(), frozenset()).encode())
    log = folder / "log"
    whole = log.read_bytes()
    log.write_bytes(whole + deny_log.encode_record(forged))
    found = store_after(folder)
    assert found.view is not None
    assert found.view.version == 2
    assert found.problem is not None
    found.apply(host.publish(subjects(44)))
    assert store_after(folder).problem is None
    assert log.read_bytes().startswith(whole)
    assert listed_by(store_after(folder), UNIVERSE) == host.listed


def test_a_log_that_is_none_is_said_and_replaced(host: Publisher, folder: Path) -> None:
    made = store(folder)
    made.install(host.base(1))
    (folder / "log").write_bytes(b"something else")
    found = store_after(folder)
    assert found.view is not None
    assert found.problem is not None
    assert "not a log" in found.problem
    found.apply(host.publish(subjects(33)))
    assert store_after(folder).problem is None


def test_a_cut_between_the_new_base_and_the_emptied_log_is_harmless(
    host: Publisher, folder: Path
) -> None:
    made = changed(host, folder)
    old_log = (folder / "log").read_bytes()
    made.compact()
    (folder / "log").write_bytes(old_log)
    found = store_after(folder)
    assert found.view is not None
    assert (found.view.version, found.view.overlay_count) == (4, 0)
    assert (found.problem, found.dropped_bytes) == (None, 0)
    found.apply(host.publish(subjects(45)))
    assert (folder / "log").read_bytes().startswith(old_log), "older changes are passed over"
    assert listed_by(store_after(folder), UNIVERSE) == host.listed


def test_compaction_left_at_any_step_changes_nothing(
    host: Publisher, folder: Path, tmp_path: Path
) -> None:
    changed(host, folder)
    before = (folder / "base").read_bytes()
    for steps in range(4):
        copy = tmp_path / f"copy-{steps}"
        shutil.copytree(folder, copy)
        cut = store(copy)
        cut.refresh()
        cut._work = cut._compacting()
        for _ in range(steps):
            if next(cut._work, cut) is cut:
                break
        draft = copy / "base.new"
        kept = draft.read_bytes() if draft.exists() else b"half a draft"
        cut.close()
        if (copy / "base").read_bytes() == before:
            draft.write_bytes(kept)  # as a kill would leave it
        found = store_after(copy)
        assert found.view is not None
        assert found.view.version == 4
        assert listed_by(found, UNIVERSE) == host.listed
        found.compact()
        assert not draft.exists()
        assert (copy / "base").read_bytes() == host.base(4).read_bytes()


def test_a_corrupt_base_is_refused_and_may_be_replaced_by_itself(
    host: Publisher, folder: Path
) -> None:
    store(folder).install(host.base(1))
    host.publish(subjects(30))
    with (folder / "base").open("r+b") as file:
        file.seek(-3, os.SEEK_END)
        file.write(b"\0\0\0")
    damaged = store(folder)
    with pytest.raises(DenyListCorrupt, match="digest"):
        damaged.refresh()
    assert damaged.idle() is None
    assert "digest" in str(damaged.problem)
    with pytest.raises(DenyListRefused):
        damaged.apply(host.deltas[2])
    damaged.install(host.base(1))
    assert damaged.apply(host.deltas[2]).version == 2


def test_a_damaged_base_is_not_replaced_by_an_older_one(host: Publisher, folder: Path) -> None:
    host.publish(subjects(30))
    host.publish(subjects(31))
    store(folder).install(host.base(3))
    data = (folder / "base").read_bytes()
    (folder / "base").write_bytes(data[:-1] + bytes((data[-1] ^ 1,)))
    for older in (1, 2):
        with pytest.raises(DenyListRefused, match="not newer"):
            store(folder).install(host.base(older))
    assert store(folder).install(host.base(3)).version == 3


def test_a_base_damaged_under_a_running_terminal_leaves_what_it_mapped(
    host: Publisher, folder: Path
) -> None:
    running = changed(host, folder)
    other = folder / "other"
    other.write_bytes(b"not a list")
    other.replace(folder / "base")
    with pytest.raises(DenyListCorrupt):
        running.refresh()
    assert listed_by(running, UNIVERSE) == host.listed
    with pytest.raises(DenyListRefused, match="no list is in force"):
        running.apply(host.publish(subjects(31)))
    assert running.install(host.base(5)).version == 5
    assert running.problem is None
