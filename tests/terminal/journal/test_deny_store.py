"""Installing and changing the deny list: versions only rise, and follow one another."""

from __future__ import annotations

from pathlib import Path

import pytest

from terminal.errors import DecodeError, JournalError, SignatureInvalid
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
    lying_delta,
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
    assert made.apply(host.publish(added=subjects(5))).overlay_count == 1
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
