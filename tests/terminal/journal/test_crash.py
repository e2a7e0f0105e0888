"""Crashes: nothing accepted is missing or doubled, whatever call of a sale was the last one."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from host_sim.world.crash_images import crash_images, read_baseline
from host_sim.world.faults import CALLS, Action, Fault, FaultyDisk
from host_sim.world.sales import Shop
from terminal.errors import JournalError, OutcomeUnknown
from terminal.journal.deep_check import deep_check

_names = (f"crash-{number}" for number in count())


@pytest.fixture
def disk() -> FaultyDisk:
    return FaultyDisk(next(_names))


def test_a_sale_is_one_fsync(tmp_path: Path, disk: FaultyDisk) -> None:
    shop = Shop()
    with shop.open(tmp_path / "j", disk.name) as journal:
        for _ in range(5):
            before = disk.counts["wal-sync"], disk.counts["main-sync"]
            entry = shop.sell(journal)
            after = disk.counts["wal-sync"], disk.counts["main-sync"]
            assert (after[0] - before[0], after[1] - before[1]) == (1, 0)
            journal.mark_announced(entry.index)
            assert (disk.counts["wal-sync"], disk.counts["main-sync"]) == after


def test_that_the_host_answered_waits_for_no_fsync_and_outlives_the_process(
    tmp_path: Path, disk: FaultyDisk
) -> None:
    shop = Shop()
    with shop.open(tmp_path / "j", disk.name) as journal:
        shop.sell(journal)
        before = disk.counts["wal-sync"], disk.counts["main-sync"]
        journal.record_contact(1_800_000_000)
        assert (disk.counts["wal-sync"], disk.counts["main-sync"]) == before
    with shop.open(tmp_path / "j", disk.name) as journal:
        assert journal.custody().contact_unix_s == 1_800_000_000


@pytest.mark.slow
def test_after_a_checkpoint_a_sale_is_still_one_fsync(tmp_path: Path, disk: FaultyDisk) -> None:
    shop = Shop()
    with shop.open(tmp_path / "j", disk.name) as journal:
        while disk.counts["main-write"] < 50:
            shop.sell(journal)
            journal.idle()
        before = disk.counts["wal-sync"]
        shop.sell(journal)
        assert disk.counts["wal-sync"] - before == 1


@pytest.mark.parametrize("accepted_before", [0, 3])
def test_every_crash_image_of_a_sale_holds_all_of_it_or_nothing(
    tmp_path: Path, disk: FaultyDisk, accepted_before: int
) -> None:
    shop = Shop()
    path = tmp_path / "j"
    with shop.open(path, disk.name) as journal:
        for _ in range(accepted_before):
            journal.mark_announced(shop.sell(journal).index)
        kept = journal.leaves()
        baseline, calls = read_baseline(path), disk.record()
        sale = shop.sell(journal)
        committed = len(calls)
        journal.mark_announced(sale.index)
        images = list(crash_images(baseline, tuple(calls)))
    assert len(images) > 2 * committed
    for image in images:
        restored = tmp_path / "restored"
        image.restore(restored)
        with shop.open(restored) as journal:
            found = journal.leaves()
            assert found in (kept, (*kept, sale.data)), image.how
            if image.calls >= committed:
                assert found == (*kept, sale.data), f"an accepted sale is missing: {image.how}"
            assert deep_check(journal) == len(found)
            unannounced = journal.unannounced()
            if image.calls < committed and len(found) > len(kept):
                assert unannounced == (sale,)
            with journal.transaction() as transaction:
                assert transaction.counters(next(shop.coupon_ids())).terminal.unsynced_count == len(
                    found
                )


def test_every_crash_image_of_a_wal_checkpoint_and_of_closing_holds_every_sale(
    tmp_path: Path, disk: FaultyDisk
) -> None:
    shop = Shop()
    path = tmp_path / "j"
    with shop.open(path, disk.name) as journal:
        for _ in range(3):
            shop.sell(journal)
    with shop.open(path, disk.name) as journal:
        for _ in range(3):
            shop.sell(journal)
        kept = journal.leaves()
        baseline, calls = read_baseline(path), disk.record()
    assert any(call.file == "main" for call in calls)
    for image in crash_images(baseline, tuple(calls)):
        restored = tmp_path / "restored"
        image.restore(restored)
        with shop.open(restored) as journal:
            assert journal.leaves() == kept, image.how


@pytest.mark.parametrize("action", [Action.FAIL, Action.TEAR])
@pytest.mark.parametrize("call", ["wal-write:1", "wal-write:2", "wal-write:4", "wal-sync:1"])
def test_a_failed_commit_is_unknown_until_reopened(
    tmp_path: Path, disk: FaultyDisk, call: str, action: Action
) -> None:
    shop = Shop()
    path = tmp_path / "j"
    journal = shop.open(path, disk.name)
    kept = (shop.sell(journal).data,)
    name, _, number = call.partition(":")
    disk.arm(Fault(name, int(number), action))
    with pytest.raises(OutcomeUnknown):
        shop.sell(journal)
    syncs = disk.counts["wal-sync"]
    disk.arm(None)
    for refused in (journal.checkpoint, journal.unannounced, journal.idle):
        with pytest.raises(OutcomeUnknown):
            refused()
    with pytest.raises(OutcomeUnknown):
        shop.sell(journal)
    journal.close()
    assert disk.counts["wal-sync"] == syncs, "an fsync that failed is never tried again"
    with shop.open(path, disk.name) as journal:
        found = journal.leaves()
        assert found[:1] == kept
        assert len(found) in (1, 2)
        assert len(journal.unannounced()) == len(found)
        assert deep_check(journal) == len(found)
        shop.sell(journal, phone=4)


def test_what_a_failed_fsync_left_is_made_durable_on_reopening(
    tmp_path: Path, disk: FaultyDisk
) -> None:
    shop = Shop()
    path = tmp_path / "j"
    journal = shop.open(path, disk.name)
    disk.arm(Fault("wal-sync", 1, Action.FAIL))
    with pytest.raises(OutcomeUnknown):
        shop.sell(journal)
    journal.close()
    disk.arm(None)
    with shop.open(path, disk.name) as journal:
        found = journal.leaves()
        main_only = tmp_path / "main-only"
        main_only.write_bytes(path.read_bytes())
    with shop.open(main_only) as journal:
        assert journal.leaves() == found, "the WAL's pages may never have reached the disk"


def test_opening_a_faulty_disk_fails_cleanly(tmp_path: Path, disk: FaultyDisk) -> None:
    shop = Shop()
    for call in CALLS:
        for number in (1, 2, 3):
            path = tmp_path / f"{call}-{number}"
            disk.arm(Fault(call, number, Action.FAIL))
            with pytest.raises(JournalError):
                shop.open(path, disk.name)
            disk.arm(None)
            with shop.open(path, disk.name) as journal:
                assert journal.size == 0
