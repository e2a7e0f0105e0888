"""Compaction, and what other processes install: in steps, exact, and never twice at once."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from terminal.errors import JournalLocked
from terminal.journal import deny_log, deny_store
from terminal.journal.deny_base import BLOCK_SUBJECTS, DenyListCorrupt, subject_bytes
from terminal.journal.deny_view import DenyListRefused
from terminal.journal.lock import AppendLock
from terminal.payment.deny_head import Changes, DenyHead
from tests.terminal.journal.deny_rig import (
    UNIVERSE,
    Publisher,
    changed,
    listed_by,
    lying_delta,
    store,
    store_after,
    subject,
    subjects,
)


@pytest.fixture
def host(tmp_path: Path) -> Publisher:
    return Publisher(tmp_path / "host", subjects(*range(20)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "deny-list"


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
    assert not (folder / "base.new").exists()
    assert listed_by(store_after(folder), UNIVERSE) == host.listed | subjects(50)


def test_idle_tries_a_list_that_does_not_merge_only_once(host: Publisher, folder: Path) -> None:
    made = store(folder)
    view = made.install(host.base(1))
    changes = Changes(frozenset(subject(1000 + n) for n in range(40_000)), frozenset())
    digest = hashlib.sha256(changes.encode()).digest()
    made.apply(lying_delta(DenyHead(2, 40_020, bytes(32), view.head.digest, digest), changes))
    for _ in range(10):
        made.idle()
    assert "digest" in str(made.problem)
    made.idle()
    assert made._work is None
    assert made.view is not None
    assert all(one in made.view for one in changes.added)


def test_merging_is_exact_at_the_edges_of_blocks(folder: Path, tmp_path: Path) -> None:
    values = np.arange(1, 2 * BLOCK_SUBJECTS + 4, dtype=np.uint64) * np.uint64(10)
    every = subject_bytes(values)
    host = Publisher(tmp_path / "host", [every[at : at + 8] for at in range(0, len(every), 8)])
    edges = (0, BLOCK_SUBJECTS - 1, BLOCK_SUBJECTS, 2 * BLOCK_SUBJECTS, values.size - 1)
    removed = [int(values[at]) for at in edges]
    beside = [one + step for one in removed for step in (-1, 1)]
    made = store(folder)
    made.install(host.base(1))
    made.apply(host.publish(map(_subject, beside), map(_subject, removed)))
    made.compact()
    assert (folder / "base").read_bytes() == host.base(2).read_bytes()


def _subject(number: int) -> bytes:
    return number.to_bytes(8, "big")


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
