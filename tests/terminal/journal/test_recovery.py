"""Opening finds a damaged tail at once; the deep check finds everything else."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import apsw
import pytest

from host_sim.world.sales import Shop
from terminal.errors import JournalCorrupt, JournalError
from terminal.journal.deep_check import deep_check
from terminal.journal.entry import EntryKind
from terminal.journal.recovery import TAIL_ENTRIES


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed journal of 140 entries."""
    path = tmp_path_factory.mktemp("filled") / "journal"
    shop = Shop()
    with shop.open(path) as journal:
        sales = [shop.sell(journal, 100) for _ in range(138)]
        with journal.transaction() as transaction:
            transaction.refund(sales[0].index, 50, policy=1)
            transaction.void(sales[1].index, policy=1)
    return path


def altered(filled: Path, tmp_path: Path, statement: str) -> Path:
    path = tmp_path / "altered"
    shutil.copy(filled, path)
    connection = apsw.Connection(str(path))
    connection.execute(statement)
    connection.close()
    return path


def test_an_intact_journal_opens_and_checks(filled: Path) -> None:
    with Shop().open(filled) as journal:
        assert deep_check(journal) == 140


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET data = zeroblob(300) WHERE idx = 120",
        "UPDATE entry SET data = x'00' WHERE idx = 139",
        "DELETE FROM entry WHERE idx = 100",
        "UPDATE entry SET signature = zeroblob(64) WHERE idx = 139",
        "UPDATE entry SET node = zeroblob(32) WHERE idx = 139",
        "UPDATE entry SET node = zeroblob(32) WHERE idx = 127",
        "UPDATE identity SET origin = 'host.example/t/8/1'",
    ],
)
def test_a_damaged_tail_never_opens(filled: Path, tmp_path: Path, statement: str) -> None:
    with pytest.raises(JournalCorrupt):
        Shop().open(altered(filled, tmp_path, statement))


def test_deleting_the_tail_with_its_marks_still_leaves_a_signed_journal(
    filled: Path, tmp_path: Path
) -> None:
    path = altered(filled, tmp_path, "DELETE FROM entry WHERE idx >= 130")
    with Shop().open(path) as journal:
        assert journal.size == 130, "only the host's cosignature can tell: see the sync tests"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE entry SET data = cast(substr(data, 1, 150) || x'00' || substr(data, 152) AS BLOB)",
        "UPDATE entry SET node = zeroblob(32)",
        "UPDATE entry SET signature = zeroblob(64)",
        "UPDATE entry SET amount = amount + 1",
        "UPDATE entry SET kind = 2",
        "UPDATE entry SET time = time + 1",
        "UPDATE entry SET latest = latest + 1",
        "UPDATE entry SET floor = floor - 1",
        "UPDATE entry SET sum_minor = sum_minor + 1",
        "UPDATE entry SET sum_count = sum_count + 1",
        "UPDATE entry SET shift = 1",
        "UPDATE entry SET coupon = 7",
        "UPDATE entry SET spend_from = 0",
        "UPDATE entry SET previous = NULL",
        "UPDATE entry SET original = 0",
        "UPDATE entry SET returned = 1",
    ],
)
def test_the_deep_check_names_an_altered_row(filled: Path, tmp_path: Path, change: str) -> None:
    index = 140 - TAIL_ENTRIES - 36  # 40: below the tail, and no node of the frontiers on the way
    path = altered(filled, tmp_path, f"{change} WHERE idx = {index}")
    with Shop().open(path) as journal:
        with pytest.raises(JournalCorrupt) as caught:
            deep_check(journal)
        assert caught.value.index == index


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE coupon SET high = 0",
        "UPDATE coupon SET count = count - 1",
        "UPDATE coupon SET digest = zeroblob(32)",
        "UPDATE coupon SET data = (SELECT data FROM coupon ORDER BY id DESC LIMIT 1)",
        "DELETE FROM coupon WHERE id = (SELECT max(id) FROM coupon)",
        "UPDATE coupon SET id = 1 WHERE id = (SELECT max(id) FROM coupon)",
    ],
)
def test_the_deep_check_finds_an_altered_coupon(
    filled: Path, tmp_path: Path, statement: str
) -> None:
    path = altered(filled, tmp_path, statement)
    with Shop().open(path) as journal, pytest.raises(JournalCorrupt, match="coupon"):
        deep_check(journal)


def test_the_deep_check_tells_how_far_it_is(filled: Path) -> None:
    seen: list[tuple[int, int]] = []
    with Shop().open(filled) as journal:
        deep_check(journal, lambda done, total: seen.append((done, total)))
    assert seen == [(0, 140)]


def test_the_deep_check_finds_a_missing_row(filled: Path, tmp_path: Path) -> None:
    path = altered(filled, tmp_path, "DELETE FROM entry WHERE idx = 40")
    with Shop().open(path) as journal, pytest.raises(JournalCorrupt, match="entry 40: missing"):
        deep_check(journal)


def test_damaged_pages_are_found(filled: Path, tmp_path: Path) -> None:
    image = bytearray(filled.read_bytes())
    found = 0
    for page in range(1, len(image) // 4096, 3):
        broken = bytearray(image)
        broken[page * 4096 : page * 4096 + 64] = bytes(64)
        path = tmp_path / f"page-{page}"
        path.write_bytes(broken)
        try:
            with Shop().open(path) as journal:
                deep_check(journal)
        except JournalError:
            found += 1
    assert found >= len(range(1, len(image) // 4096, 3)) - 1, "an unused page may be any bytes"


def test_a_newer_or_foreign_database_is_refused(filled: Path, tmp_path: Path) -> None:
    path = altered(filled, tmp_path, "PRAGMA user_version = 99")
    with pytest.raises(JournalError, match="version 99"):
        Shop().open(path)
    path = altered(filled, tmp_path, "PRAGMA application_id = 7")
    with pytest.raises(JournalError, match="another program"):
        Shop().open(path)


def test_the_kinds_in_statements_are_the_wires() -> None:
    kinds = (EntryKind.ACCEPTED, EntryKind.REFUND, EntryKind.VOID)
    assert tuple(map(int, kinds)) == (1, 3, 4)


@pytest.mark.slow
def test_ten_thousand_entries_open_in_well_under_a_second(tmp_path: Path) -> None:
    shop = Shop(phones=200)
    path = tmp_path / "j"
    with shop.open(path) as journal:
        for _ in range(100):
            with journal.transaction() as transaction:
                for _ in range(100):
                    transaction.append(shop.draft(10))
            journal.idle()
        for entry in journal.unannounced():
            journal.mark_announced(entry.index)
    began = time.perf_counter()
    with shop.open(path) as journal:
        assert journal.size == 10_000
        assert journal.day_sums(0).sales_count == 10_000
    assert time.perf_counter() - began < 0.5
