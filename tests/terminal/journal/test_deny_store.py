"""Installing, changing, compacting: versions only rise, and no cut leaves anything in between."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from terminal.errors import DecodeError, JournalError, JournalLocked, SignatureInvalid
from terminal.journal import deny_log, deny_store
from terminal.journal.deny_base import DenyListCorrupt
from terminal.journal.deny_view import DenyListRefused
from terminal.journal.lock import AppendLock
from terminal.payment.deny_head import Changes, DenyHead, encode_delta, sign_head
from tests.terminal.journal.deny_rig import (
    STRANGER,
    Publisher,
    listed_by,
    lying_delta,
    store,
    subject,
    subjects,
)

UNIVERSE = subjects(*range(60))


@pytest.fixture
def host(tmp_path: Path) -> Publisher:
    return Publisher(tmp_path / "host", subjects(*range(20)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "deny-list"


def changed(host: Publisher, folder: Path, times: int = 3) -> deny_store.DenyStore:
    """Version 1 installed, and so many changes after it."""
    made = store(folder)
    made.install(host.base(1))
    for number in range(times):
        made.apply(host.publish(subjects(20 + number, 40 + number), subjects(number)))
    return made


def test_nothing_is_in_force_before_a_list_is_installed(folder: Path) -> None:
    empty = store(folder)
    assert empty.refresh() is None
    assert empty.idle() is None
    assert empty.compact() is None
    assert empty.problem is None


def test_a_list_and_its_changes_survive_the_process(host: Publisher, folder: Path) -> None:
    changed(host, folder)
    again = store(folder)
    view = again.refresh()
    assert view is not None
    assert (view.version, view.head.count) == (4, len(host.listed))
    assert listed_by(again, UNIVERSE) == host.listed


def test_a_subject_removed_and_added_again_is_listed(host: Publisher, folder: Path) -> None:
    made = store(folder)
    made.install(host.base(1))
    made.apply(host.publish(removed=subjects(5)))
    made.apply(host.publish(added=subjects(5)))
    made.apply(host.publish(added=subjects(50)))
    made.apply(host.publish(removed=subjects(50)))
    assert listed_by(made, UNIVERSE) == host.listed
    made.compact()
    assert listed_by(made, UNIVERSE) == host.listed


def test_compaction_gives_the_very_bytes_the_host_published(host: Publisher, folder: Path) -> None:
    made = changed(host, folder)
    view = made.compact()
    assert view is not None
    assert (view.version, view.overlay_count) == (4, 0)
    assert (folder / "base").read_bytes() == host.base(4).read_bytes()
    assert (folder / "log").read_bytes() == deny_log.MAGIC
    made.apply(host.publish(subjects(55)))
    assert listed_by(store_after(folder), UNIVERSE) == host.listed


def store_after(folder: Path) -> deny_store.DenyStore:
    """A new process's store."""
    made = store(folder)
    made.refresh()
    return made


def test_versions_only_rise(host: Publisher, folder: Path) -> None:
    made = changed(host, folder)
    for version in (1, 2, 3, 4):
        with pytest.raises(DenyListRefused, match="not newer"):
            made.install(host.base(version))
    for version in (2, 3, 4):
        with pytest.raises(DenyListRefused, match="lead to version"):
            made.apply(host.deltas[version])
    host.publish(subjects(50))
    skipped = host.publish(subjects(51))
    with pytest.raises(DenyListRefused, match="lead to version 6"):
        made.apply(skipped)
    assert store_after(folder).install(host.base(6)).version == 6
    assert listed_by(store_after(folder), UNIVERSE) == host.listed


def test_changes_of_another_list_with_the_same_number_are_refused(
    host: Publisher, folder: Path, tmp_path: Path
) -> None:
    other = Publisher(tmp_path / "restored", subjects(1, 2))
    delta = other.publish(subjects(3))
    made = store(folder)
    made.install(host.base(1))
    with pytest.raises(DenyListRefused, match="another list"):
        made.apply(delta)


def test_changes_need_a_list_and_the_roots_signature(host: Publisher, folder: Path) -> None:
    delta = host.publish(subjects(30))
    with pytest.raises(DenyListRefused, match="no list"):
        store(folder).apply(delta)
    made = store(folder)
    made.install(host.base(1))
    head = DenyHead(2, 20, bytes(32), bytes(32), bytes(32))
    with pytest.raises(SignatureInvalid):
        made.apply(
            encode_delta(sign_head(head, STRANGER), Changes(frozenset(), frozenset()).encode())
        )
    with pytest.raises(DecodeError, match="not the changes"):
        made.apply(lying_delta(head, Changes(frozenset(), frozenset())))
    assert made.view is not None
    assert made.view.version == 1


def test_a_damaged_source_changes_nothing(host: Publisher, folder: Path, tmp_path: Path) -> None:
    made = changed(host, folder, 1)
    host.publish(subjects(30))
    data = bytearray(host.base(3).read_bytes())
    data[-1] ^= 1
    damaged = tmp_path / "damaged"
    damaged.write_bytes(data)
    with pytest.raises(DenyListCorrupt):
        made.install(damaged)
    with pytest.raises(JournalError, match="No such file"):
        made.install(tmp_path / "nothing")
    assert store_after(folder).view is not None
    assert made.install(host.base(3)).version == 3


# --- cuts ----------------------------------------------------------------------------------------


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
    found.apply(host.publish(subjects(45)))
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


# --- damage --------------------------------------------------------------------------------------


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


def test_a_root_that_signs_a_false_digest_is_found_out_by_compaction(
    host: Publisher, folder: Path
) -> None:
    made = store(folder)
    view = made.install(host.base(1))
    changes = Changes(subjects(50), frozenset())
    digest = hashlib.sha256(changes.encode()).digest()
    made.apply(lying_delta(DenyHead(2, 21, bytes(32), view.head.digest, digest), changes))
    with pytest.raises(DenyListCorrupt, match="digest"):
        made.compact()
    assert listed_by(store_after(folder), UNIVERSE) == host.listed | subjects(50)


# --- beside others -------------------------------------------------------------------------------


def test_a_running_terminal_takes_up_what_another_process_installed(
    host: Publisher, folder: Path
) -> None:
    running = store(folder)
    running.refresh()
    changed(host, folder, 2)
    for _ in range(10):
        view = running.idle()
    assert view is not None
    assert view.version == 3
    before = view
    store_after(folder).apply(host.publish(subjects(58)))
    for _ in range(10):
        view = running.idle()
    assert view is not None
    assert view.version == 4
    assert view.base is before.base
    assert before.version == 3, "a view that a sale holds never changes"
    assert subject(58) not in before


def test_idle_compacts_a_long_log_in_steps_and_goes_on(host: Publisher, folder: Path) -> None:
    made = changed(host, folder)
    big = frozenset(subject(1000 + n) for n in range(deny_store.COMPACT_FROM_BYTES // 8))
    made.apply(host.publish(big))
    base = (folder / "base").read_bytes()
    made.idle()
    assert (folder / "base").read_bytes() == base, "one step is not the whole work"
    for _ in range(10):
        made.idle()
    assert made.view is not None
    assert (made.view.version, made.view.overlay_count) == (5, 0)
    assert (folder / "base").read_bytes() == host.base(5).read_bytes()


def test_a_change_in_the_middle_of_a_compaction_comes_first(host: Publisher, folder: Path) -> None:
    made = changed(host, folder)
    made.apply(host.publish(frozenset(subject(1000 + n) for n in range(33_000))))
    made.idle()
    made.apply(host.publish(subjects(59)))
    assert made.view is not None
    assert made.view.version == 6
    for _ in range(10):
        made.idle()
    assert (folder / "base").read_bytes() == host.base(6).read_bytes()


def test_writers_take_turns(host: Publisher, folder: Path) -> None:
    made = changed(host, folder)
    lock = AppendLock(folder / "writer")
    try:
        with pytest.raises(JournalLocked, match="another process"):
            made.apply(host.publish(subjects(50)))
        with pytest.raises(JournalLocked):
            made.compact()
        assert made.idle() is made.view
    finally:
        lock.release()
    assert made.apply(host.deltas[5]).version == 5


@pytest.mark.slow
def test_a_full_log_asks_for_compaction(host: Publisher, folder: Path) -> None:
    made = store(folder)
    made.install(host.base(1))
    sizes = deny_log.MAX_LOG_SIZE // (8 * 65_000)
    for turn in range(sizes):
        made.apply(host.publish(_thousands(turn)))
    delta = host.publish(_thousands(sizes))
    with pytest.raises(DenyListRefused, match="compact first"):
        made.apply(delta)
    made.compact()
    assert made.apply(delta).version == sizes + 2


def _thousands(turn: int) -> frozenset[bytes]:
    return frozenset(subject(10**6 * (turn + 1) + n) for n in range(65_000))
