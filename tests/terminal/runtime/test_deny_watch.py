"""The long deny list in force: an entry before the first decision under it, and no sale stopped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from host_sim import deny_publisher
from terminal.crypto.keys import parse_public_key
from terminal.journal.deny_store import DenyStore
from terminal.journal.detail import DenyListInstalled, decode_detail
from terminal.journal.entry import EntryKind
from terminal.payment import deny_list
from terminal.payment.reasons import Reason
from terminal.runtime.deny_watch import DenyWatch
from terminal.sale.outcome import Accepted, Refused
from terminal.sale.view import Carrier
from tests.terminal.payment import stall
from tests.terminal.sale.till_rig import TillRig

ROOT = stall.signer("root")
HOLDER = deny_list.deny_subject(deny_list.DenyKind.HOLDER, stall.HOLDER.public_key)
OTHER = b"\xff" * 8


class Rig:
    """A till with a long deny list beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.till_rig = TillRig(folder / "journal.db")
        self.watch = self.started()

    def started(self) -> DenyWatch:
        """As at the start of the process."""
        key = parse_public_key(ROOT.public_key, "root")
        self.store = DenyStore(self.folder / "deny-list", key)
        return DenyWatch(self.store, self.till_rig.till, self.till_rig.journal)

    def restart(self) -> None:
        self.till_rig.reopen()
        self.watch = self.started()

    def install(self, version: int, *subjects: bytes) -> None:
        """By another process."""
        path = self.folder / f"{version}.base"
        values = deny_publisher.sorted_subjects(subjects)
        deny_publisher.build(path, values, version, ROOT)
        key = parse_public_key(ROOT.public_key, "root")
        DenyStore(self.folder / "deny-list", key).install(path)

    def steps(self) -> list[dict[str, object]]:
        """What a quiet minute reports."""
        return [event for _ in range(20) if (event := self.watch.step()) is not None]

    def entries(self) -> list[tuple[EntryKind, int]]:
        """Kinds, and the version where it is about the deny list."""
        journal = self.till_rig.journal
        found = []
        for entry in journal.entries(0, journal.size):
            detail = decode_detail(entry)
            version = detail.version if isinstance(detail, DenyListInstalled) else 0
            found.append((entry.kind, version))
        return found

    def sell(self, from_minor: int = 0) -> Accepted | Refused:
        self.till_rig.till.open(1250)
        outcome = self.till_rig.till.present(self.till_rig.answer(from_minor), Carrier.SCAN)
        assert isinstance(outcome, Accepted | Refused)
        return outcome


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.till_rig.journal.close()


def test_without_a_list_nothing_is_said_and_nothing_remembered(rig: Rig) -> None:
    assert rig.steps() == []
    assert rig.entries() == []
    assert isinstance(rig.sell(), Accepted)


def test_a_list_installed_beside_the_terminal_comes_into_force_between_sales(rig: Rig) -> None:
    assert isinstance(rig.sell(), Accepted)
    rig.install(1, HOLDER, OTHER)
    assert isinstance(rig.sell(1250), Accepted), "not before a quiet moment"
    (event,) = rig.steps()
    assert (event["version"], event["subjects"], event["problem"]) == (1, 2, None)
    declined = rig.sell(2500)
    assert isinstance(declined, Refused)
    assert declined.reasons == (Reason.HOLDER_DENIED,)
    assert rig.entries() == [
        (EntryKind.ACCEPTED, 0),
        (EntryKind.ACCEPTED, 0),
        (EntryKind.DENY_LIST_INSTALLED, 1),
        (EntryKind.DECLINED, 0),
    ]


def test_a_restart_brings_the_list_at_once_and_no_second_entry(rig: Rig) -> None:
    rig.install(1, HOLDER)
    rig.steps()
    rig.restart()
    assert isinstance(rig.sell(), Refused)
    assert [kind for kind, _ in rig.entries()].count(EntryKind.DENY_LIST_INSTALLED) == 1


def test_a_newer_list_is_another_entry(rig: Rig) -> None:
    rig.install(1, HOLDER)
    rig.steps()
    rig.install(5, OTHER)
    (event,) = rig.steps()
    assert event["version"] == 5
    assert isinstance(rig.sell(), Accepted)
    installed = (EntryKind.DENY_LIST_INSTALLED, 1), (EntryKind.DENY_LIST_INSTALLED, 5)
    assert rig.entries() == [*installed, (EntryKind.ACCEPTED, 0)]


def test_compaction_is_no_new_version(rig: Rig, tmp_path: Path) -> None:
    rig.install(1, HOLDER)
    rig.steps()
    old = deny_publisher.open_published(
        tmp_path / "1.base", parse_public_key(ROOT.public_key, "root")
    )
    delta = tmp_path / "delta"
    values = deny_publisher.sorted_subjects([HOLDER, OTHER])
    deny_publisher.publish_changes(old, tmp_path / "2.base", delta, values, ROOT)
    rig.store.apply(delta.read_bytes())
    rig.steps()
    rig.store.compact()
    assert rig.steps() == []
    assert [version for _, version in rig.entries()] == [1, 2]


def test_a_list_that_cannot_be_read_any_more_is_an_entry_and_stops_nothing(rig: Rig) -> None:
    rig.install(1, HOLDER)
    rig.steps()
    base = rig.folder / "deny-list" / "base"
    damaged = base.with_name("damaged")
    damaged.write_bytes(base.read_bytes()[:-1])
    damaged.replace(base)
    (event,) = rig.steps()
    assert event["version"] == 1, "what is mapped stays in force"
    assert "cut short" in str(event["problem"])
    assert isinstance(rig.sell(), Refused)
    rig.restart()
    (event,) = rig.steps()
    assert event["version"] is None
    assert rig.watch.problem is not None
    assert rig.entries()[-1] == (EntryKind.DENY_LIST_INSTALLED, 0)
    assert isinstance(rig.sell(), Accepted), "policy's own list holds, and says nothing"
    rig.install(2, HOLDER)
    (event,) = rig.steps()
    assert (event["version"], event["problem"]) == (2, None)
