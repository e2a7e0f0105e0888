"""The journal: what it accepts, counts, gives back, keeps, and finds again."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import apsw
import pytest

from host_sim.world.sales import NOON_UNIX_S, ORIGIN, Shop
from terminal.crypto.merkle import verify_consistency, verify_inclusion
from terminal.crypto.notes import open_note, verifier
from terminal.errors import JournalCorrupt, JournalError, JournalLocked
from terminal.journal.deep_check import deep_check
from terminal.journal.detail import Return, ShiftClosed, decode_detail
from terminal.journal.draft import EntryDraft, NotAllowed
from terminal.journal.entry import EntryKind
from terminal.journal.reader import JournalReader
from terminal.journal.writer import Journal
from terminal.payment.spend import SpendId
from terminal.ports import ClockQuality


def test_a_sale_is_found_again_after_reopening(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "j"
    with shop.open(path) as journal:
        entries = [shop.sell(journal) for _ in range(7)]
        note = journal.checkpoint()
    with shop.open(path) as journal:
        assert journal.entries() == tuple(entries)
        assert journal.checkpoint() == note
        assert journal.unannounced() == tuple(entries)
        opened = open_note(note, [verifier(ORIGIN, shop.journal_key.public_key)])
        assert (opened.checkpoint.origin, opened.checkpoint.size) == (ORIGIN, 7)


def test_one_process_appends_and_others_read(shop: Shop, journal: Journal, tmp_path: Path) -> None:
    entry = shop.sell(journal)
    with pytest.raises(JournalLocked):
        Shop().open(tmp_path / "journal")
    with JournalReader.open(tmp_path / "journal") as reader:
        assert reader.entries() == (entry,)
        assert reader.checkpoint() == journal.checkpoint()
        assert reader.unsettled() == journal.unsettled()
        later = shop.sell(journal)
        assert reader.unannounced() == (entry, later)


def test_nobody_writes_between_reading_and_appending(
    shop: Shop, journal: Journal, tmp_path: Path
) -> None:
    other = apsw.Connection(str(tmp_path / "journal"))
    with journal.transaction() as transaction:
        transaction.counters(next(shop.coupon_ids()))
        with pytest.raises(apsw.BusyError):
            other.execute("BEGIN IMMEDIATE")
        transaction.append(shop.draft())
    other.close()
    assert journal.size == 1


def test_closing_lets_the_next_one_in(shop: Shop, tmp_path: Path) -> None:
    journal = shop.open(tmp_path / "j")
    journal.close()
    journal.close()
    with pytest.raises(JournalError, match="closed"):
        journal.checkpoint()
    shop.open(tmp_path / "j").close()


def test_announced_is_a_subset_of_accepted(shop: Shop, journal: Journal) -> None:
    first, second = shop.sell(journal), shop.sell(journal)
    journal.mark_announced(first.index)
    assert journal.unannounced() == (second,)
    with journal.transaction() as transaction:
        declined = transaction.append(EntryDraft(EntryKind.DECLINED, 1, reasons=(60,)))
    for index in (declined.index, 99):
        with pytest.raises(NotAllowed):
            journal.mark_announced(index)
    journal.mark_announced(second.index)
    journal.mark_announced(second.index)
    assert journal.unannounced() == ()


def test_the_open_list_survives_reopening_whatever_was_marked(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "j"
    with shop.open(path) as journal:
        entries = [shop.sell(journal) for _ in range(6)]
        for index in (0, 1, 3, 5):
            journal.mark_announced(index)
    with shop.open(path) as journal:
        assert journal.unannounced() == (entries[2], entries[4])
        journal.mark_announced(2)
        shop.sell(journal)
    with shop.open(path) as journal:
        assert [entry.index for entry in journal.unannounced()] == [4, 6]


def test_a_body_that_raises_leaves_nothing(shop: Shop, journal: Journal) -> None:
    entry = shop.sell(journal)
    taken = shop.draft()

    def sell_twice() -> None:
        with journal.transaction() as transaction:
            transaction.append(taken)
            transaction.keep("name", b"value")
            transaction.append(taken)

    with pytest.raises(NotAllowed):
        sell_twice()
    assert journal.entries() == (entry,)
    assert journal.kept("name") is None
    shop.sell(journal, phone=3)
    assert journal.size == 2


def test_counters_follow_the_sales(shop: Shop, journal: Journal) -> None:
    (coupon_id, *_others) = shop.coupon_ids()
    with journal.transaction() as transaction:
        assert transaction.counters(coupon_id).coupon is None
        assert transaction.coupon(coupon_id) is None
        draft = shop.draft(700, phone=0)
        entry = transaction.append(draft)
        counters = transaction.counters(coupon_id)
    assert counters.coupon is not None
    assert counters.coupon.high_minor == 700
    assert counters.coupon.last_entry == entry.index
    assert counters.coupon.last_sale == sha256(draft.request).digest()
    assert (counters.terminal.unsynced_minor, counters.terminal.unsynced_count) == (700, 1)
    shop.sell(journal, 300, phone=0)
    with journal.transaction() as transaction:
        again = transaction.counters(coupon_id)
        assert transaction.coupon(coupon_id) == draft.coupon_bytes
    assert again.coupon is not None
    assert (again.coupon.high_minor, again.coupon.accepted_minor) == (1000, 1000)
    assert (again.coupon.count, again.consecutive) == (2, 2)
    journal.record_contact(NOON_UNIX_S)
    with journal.transaction() as transaction:
        synced = transaction.counters(coupon_id)
    assert synced.consecutive == 0
    assert synced.terminal.last_host_contact_unix_s == NOON_UNIX_S


def test_a_spend_is_found_by_its_interval(shop: Shop, journal: Journal) -> None:
    entries = [shop.sell(journal, 100, phone=number % 2) for number in range(8)]
    (coupon_id, *_others) = shop.coupon_ids()
    with journal.transaction() as transaction:
        for turn in range(4):
            found = transaction.prior(SpendId(coupon_id, 100 * turn, 100))
            assert found == entries[2 * turn]
        for start, amount in ((0, 99), (50, 100), (400, 100)):
            assert transaction.prior(SpendId(coupon_id, start, amount)) is None


def test_an_interval_that_goes_back_is_refused_here_too(shop: Shop, journal: Journal) -> None:
    draft = shop.draft(phone=0)
    with journal.transaction() as transaction:
        transaction.append(draft)
    with pytest.raises(NotAllowed, match="below"), journal.transaction() as transaction:
        transaction.append(draft)
    assert journal.size == 1


def test_refunds_never_exceed_the_sale(shop: Shop, journal: Journal) -> None:
    sale = shop.sell(journal, 1000)
    with journal.transaction() as transaction:
        refund = transaction.refund(sale.index, 400, policy=1)
    assert decode_detail(refund) == Return(sale.index, sale.leaf(), 400)
    for amount in (601, 0, -5):
        with pytest.raises(NotAllowed), journal.transaction() as transaction:
            transaction.refund(sale.index, amount, policy=1)
    for index in (refund.index, 77):
        with pytest.raises(NotAllowed), journal.transaction() as transaction:
            transaction.refund(index, 1, policy=1)
    with journal.transaction() as transaction:
        transaction.refund(sale.index, 600, policy=1)
    line = journal.line(sale.index)
    assert line is not None
    assert line.refundable_minor == 0
    with pytest.raises(NotAllowed, match="use refund"), journal.transaction() as transaction:
        transaction.append(EntryDraft(EntryKind.REFUND, 1))


def test_a_void_is_whole_and_before_the_shift_closes(shop: Shop, journal: Journal) -> None:
    first, second, third = (shop.sell(journal, 500) for _ in range(3))
    with journal.transaction() as transaction:
        void = transaction.void(first.index, policy=1)
        transaction.refund(second.index, 1, policy=1)
    assert void.kind is EntryKind.VOID
    for again in (first, second):
        with pytest.raises(NotAllowed), journal.transaction() as transaction:
            transaction.void(again.index, policy=1)
    sums = journal.shift_sums()
    assert (sums.sales_count, sums.sales_minor, sums.returned_minor) == (3, 1500, 501)
    closed = ShiftClosed(0, sums.sales_count, sums.sales_minor, sums.returned_minor, 2)
    with journal.transaction() as transaction:
        transaction.append(EntryDraft(EntryKind.SHIFT_CLOSED, 1, presentation=closed.encode()))
    with pytest.raises(NotAllowed, match="closed shift"), journal.transaction() as transaction:
        transaction.void(third.index, policy=1)
    assert journal.shift_sums().sales_count == 0
    with journal.transaction() as transaction:
        transaction.refund(third.index, 500, policy=1)


def test_the_day_has_its_lines_and_sums(shop: Shop, journal: Journal) -> None:
    for _ in range(5):
        shop.sell(journal, 100)
    shop.clock.now_unix_s += 86_400
    start = shop.clock.now_unix_s
    today = [shop.sell(journal, 200) for _ in range(3)]
    with journal.transaction() as transaction:
        transaction.refund(today[0].index, 50, policy=1)
        transaction.append(EntryDraft(EntryKind.DECLINED, 1, reasons=(60,)))
    lines = journal.day(start)
    assert [line.index for line in lines] == [5, 6, 7, 8]
    assert lines[0].refundable_minor == 150
    assert (lines[3].kind, lines[3].original, lines[3].amount_minor) == (EntryKind.REFUND, 5, 50)
    sums = journal.day_sums(start)
    assert (sums.sales_count, sums.sales_minor, sums.returned_minor) == (3, 600, 50)
    assert journal.day_sums(0).sales_count == 8
    assert journal.day(start + 10**9) == ()


def test_a_policy_is_an_entry_and_versions_only_rise(shop: Shop, journal: Journal) -> None:
    assert journal.policy() is None
    entry = journal.install_policy(b"policy three", 3)
    assert (entry.kind, entry.policy) == (EntryKind.POLICY_INSTALLED, 3)
    for version in (3, 2):
        with pytest.raises(NotAllowed):
            journal.install_policy(b"another", version)
    assert journal.policy() == b"policy three"
    journal.install_policy(b"policy four", 4)
    assert journal.policies() == (b"policy three", b"policy four")


def test_small_values_are_kept(shop: Shop, tmp_path: Path) -> None:
    with shop.open(tmp_path / "j") as journal:
        journal.keep("sale", b"one")
        journal.keep("sale", b"two", durable=False)
        assert journal.kept("sale") == b"two"
    with shop.open(tmp_path / "j") as journal:
        assert journal.kept("sale") == b"two"
        assert journal.kept("other") is None


def test_proofs_come_from_what_is_stored(shop: Shop, journal: Journal) -> None:
    leaves = [shop.sell(journal, 10).leaf() for _ in range(21)]
    roots = [journal.root_at(size).root for size in range(22)]
    for index in (0, 1, 7, 12, 20):
        verify_inclusion(leaves[index], index, 21, journal.inclusion_proof(index), roots[21])
    for old in (1, 4, 5, 16, 20, 21):
        proof = journal.consistency_proof(old)
        verify_consistency(old, roots[old], 21, roots[21], proof)


def test_time_never_falls_below_the_last_good_clock(shop: Shop, journal: Journal) -> None:
    known = shop.sell(journal).time_unix_s
    shop.clock.trusted, shop.clock.now_unix_s = ClockQuality.UNKNOWN, 0
    booted = shop.sell(journal)
    assert (booted.time_unix_s, booted.quality) == (known, ClockQuality.UNKNOWN)
    shop.clock.now_unix_s = known + 10**9
    assert shop.sell(journal).time_unix_s > known + 10**9
    assert journal.clock_floor_unix_s == known, "an unknown clock never raises the floor"
    shop.clock.now_unix_s, shop.clock.trusted = known + 50, ClockQuality.RTC
    assert shop.sell(journal).time_unix_s == known + 51
    assert [line.index for line in journal.day(known + 51)] == [2, 3]


def test_another_key_or_origin_cannot_open_it(shop: Shop, tmp_path: Path) -> None:
    shop.open(tmp_path / "j").close()
    with pytest.raises(JournalCorrupt, match="another key"):
        Shop(seed=2).open(tmp_path / "j")
    shop.open(tmp_path / "j").close()


def test_reading_what_is_no_journal_is_one_clear_error(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(JournalError):
        JournalReader.open(tmp_path / "missing")
    (tmp_path / "text").write_bytes(b"not a database, but long enough to look like one" * 100)
    with pytest.raises(JournalCorrupt):
        JournalReader.open(tmp_path / "text")
    with pytest.raises(JournalCorrupt):
        shop.open(tmp_path / "text")
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(JournalError):
        JournalReader.open(tmp_path / "empty")
    with pytest.raises(JournalError):
        shop.open(tmp_path / "no" / "directory")


def test_an_empty_journal_has_no_checkpoint(journal: Journal) -> None:
    assert journal.size == 0
    assert deep_check(journal) == 0
    with pytest.raises(JournalError, match="no checkpoint"):
        journal.checkpoint()
    with pytest.raises(JournalCorrupt):
        journal.entry(0)
