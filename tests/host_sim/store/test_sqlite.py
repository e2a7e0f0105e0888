"""The SQLite store keeps what a unit did, or none of it, and never the same thing twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from host_sim.model import (
    Denial,
    EnrolCode,
    Evidence,
    EvidenceKind,
    JournalLine,
    Leaf,
    Merchant,
    PaidSpend,
    Posting,
    Terminal,
    Transfer,
)
from host_sim.store.port import StoreError, Taken, Unit
from host_sim.store.sqlite import SqliteStore, migrations

STALL = Merchant("stall", 3, "Li's Fruit", 7, 156)
TERMINAL = Terminal(11, "stall", "Till", 1, "{}")
JOURNAL = JournalLine(11, 1, bytes(32), 0, bytes(8), b"note")
LEAF = Leaf(11, 1, 0, b"\x01" * 32, b"data", 5, 1, 0, b"verdict")
SPEND = PaidSpend(1, 2, 0, 100, 11, 1, 0, b"\x01" * 32, b"p", b"\x02" * 32)


class Deliberate(Exception):
    """Raised by a test to end a unit."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path / "host.db")
    yield store
    store.close()


def fill(unit: Unit) -> None:
    unit.registry.add_merchant(STALL)
    unit.registry.add_terminal(TERMINAL)
    unit.custody.put_journal(JOURNAL)


def test_what_a_unit_did_is_there_after_reopening(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "host.db")
    with store.unit() as unit:
        fill(unit)
    store.close()
    again = SqliteStore(tmp_path / "host.db")
    with again.unit() as unit:
        assert unit.registry.merchants() == (STALL,)
        assert unit.registry.terminal(11) == TERMINAL
    again.close()


def fill_and_raise(store: SqliteStore) -> None:
    with store.unit() as unit:
        fill(unit)
        raise Deliberate


def test_a_unit_that_raises_leaves_nothing(store: SqliteStore) -> None:
    with pytest.raises(Deliberate):
        fill_and_raise(store)
    with store.unit() as unit:
        assert unit.registry.merchants() == ()


def test_ids_that_must_be_new_are_refused_when_taken(store: SqliteStore) -> None:
    with store.unit() as unit:
        fill(unit)
        unit.custody.add_leaf(LEAF)
        unit.money.add_spend(SPEND)
        with pytest.raises(Taken):
            unit.registry.add_merchant(STALL)
        with pytest.raises(Taken):
            unit.registry.add_terminal(TERMINAL)
        with pytest.raises(Taken):
            unit.custody.add_leaf(LEAF)
        with pytest.raises(Taken):
            unit.money.add_spend(replace(SPEND, index=9))


def test_a_fork_is_kept_beside_the_line(store: SqliteStore) -> None:
    other = replace(LEAF, leaf=b"\x03" * 32, data=b"other")
    with store.unit() as unit:
        fill(unit)
        unit.custody.add_leaf(LEAF)
        unit.custody.add_leaf(other)
        unit.custody.put_on_line(11, 1, 0, LEAF.leaf)
        assert unit.custody.on_line(11, 1, 0) == LEAF.leaf
        assert {leaf.data for leaf in unit.custody.leaves(11, 1)} == {b"data", b"other"}


def test_the_line_ends_at_the_first_gap(store: SqliteStore) -> None:
    with store.unit() as unit:
        fill(unit)
        for index in (0, 1, 3):
            unit.custody.add_leaf(replace(LEAF, index=index))
            unit.custody.put_on_line(11, 1, index, LEAF.leaf)
        assert len(unit.custody.line(11, 1, 0, 4)) == 2
        assert unit.custody.line(11, 1, 2, 4) == ()
        unit.custody.clear_line(11, 1, 1)
        assert len(unit.custody.line(11, 1, 0, 4)) == 1
        assert len(unit.custody.leaves(11, 1)) == 3


def test_a_transfer_posts_once_and_balances_are_its_sum(store: SqliteStore) -> None:
    sale = Transfer(
        bytes(16), "sold", 5, "", (Posting("cash", 156, 70), Posting("coupon:1/2", 156, -70))
    )
    with store.unit() as unit:
        assert unit.money.post(sale)
        assert not unit.money.post(replace(sale, kind="again"))
        assert unit.money.transfers() == (sale,)
        assert [balance.amount_minor for balance in unit.money.balances("")] == [70, -70]
        assert [balance.account for balance in unit.money.balances("coupon:")] == ["coupon:1/2"]


def test_codes_denials_and_evidence_are_kept_once(store: SqliteStore) -> None:
    evidence = Evidence(bytes(16), EvidenceKind.OVERLAP, "holder:1/2", 11, 1, 0, 5, b"a", b"b", 9)
    denial = Denial(bytes(8), "coupon", "1/2", 9)
    with store.unit() as unit:
        fill(unit)
        unit.registry.put_code(EnrolCode(11, "12345678", 5, 99))
        unit.registry.put_code(EnrolCode(11, "87654321", 5, 99))
        code = unit.registry.code(11)
        assert code is not None
        assert code.digits == "87654321"
        assert unit.registry.deny(denial)
        assert not unit.registry.deny(denial)
        assert unit.custody.note_evidence(evidence)
        assert not unit.custody.note_evidence(evidence)
        assert unit.custody.evidence() == (evidence,)


def test_a_strange_file_is_refused_in_one_line(tmp_path: Path) -> None:
    text = tmp_path / "text.db"
    text.write_text("not a database at all, but long enough to have a header of its own" * 9)
    with pytest.raises(StoreError, match=r"text\.db"):
        SqliteStore(text)
    other = apsw.Connection(str(tmp_path / "other.db"))
    other.execute("CREATE TABLE theirs (a)")
    other.close()
    with pytest.raises(StoreError, match="not a Kumquat host's"):
        SqliteStore(tmp_path / "other.db")


def test_a_store_newer_than_the_program_is_refused(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "host.db").close()
    ahead = apsw.Connection(str(tmp_path / "host.db"))
    ahead.execute(f"PRAGMA user_version={len(migrations()) + 1}")
    ahead.close()
    with pytest.raises(StoreError, match="update it"):
        SqliteStore(tmp_path / "host.db")
