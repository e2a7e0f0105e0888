"""Custody and verdict: what the host has, and what is not safe yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from host_sim.world.sales import NOON_UNIX_S, Shop
from terminal.crypto.keys import SoftwareSigner
from terminal.crypto.notes import cosign
from terminal.errors import DecodeError, JournalCorrupt
from terminal.journal.writer import Journal
from terminal.payment.verdict import Verdict, VerdictStatus, sign_verdict

MIRROR = SoftwareSigner("Ed25519", b"m" * 32)
HOST = SoftwareSigner("Ed25519", b"v" * 32)


def verdict_on(
    journal: Journal, index: int, status: VerdictStatus = VerdictStatus.SETTLED
) -> bytes:
    entry = journal.entry(index)
    return sign_verdict(Verdict(7, 1, index, entry.leaf(), status, 0, NOON_UNIX_S), HOST)


def test_custody_and_verdict_are_two_things(shop: Shop, journal: Journal) -> None:
    for _ in range(4):
        shop.sell(journal, 100)
    assert len(journal.pending()) == 4
    assert len(journal.pending(limit=3)) == 3
    note = journal.checkpoint()
    shop.sell(journal, 100)
    journal.record_verdict(verdict_on(journal, 0))
    assert journal.unsettled().at_risk_minor == 500, "a verdict without custody confirms nothing"
    journal.record_cosigned(cosign(note, "host.example/m", MIRROR, NOON_UNIX_S))
    assert [entry.index for entry in journal.pending()] == [4]
    unsettled = journal.unsettled()
    assert (unsettled.unsynced_count, unsettled.unsynced_minor) == (1, 100)
    assert (unsettled.at_risk_count, unsettled.at_risk_minor) == (4, 400)
    for _ in range(2):
        journal.record_verdicts([verdict_on(journal, n) for n in (0, 1, 2)])
    assert journal.unsettled().at_risk_minor == 200
    journal.record_verdict(verdict_on(journal, 3, VerdictStatus.REFUSED))
    assert journal.unsettled().at_risk_minor == 100
    line = journal.line(3)
    assert line is not None
    assert (line.in_custody, line.verdict_status) == (True, VerdictStatus.REFUSED)
    assert len(journal.verdicts()) == 4
    assert len(journal.verdicts(2, 3)) == 1


def test_an_older_cosigned_checkpoint_changes_nothing(shop: Shop, journal: Journal) -> None:
    notes = []
    for _ in range(3):
        shop.sell(journal)
        notes.append(cosign(journal.checkpoint(), "host.example/m", MIRROR, NOON_UNIX_S))
    for note in (notes[2], notes[0], notes[2]):
        journal.record_cosigned(note)
    assert journal.cosigned() == notes[2]


def test_a_host_that_holds_more_means_an_old_image_was_restored(tmp_path: Path) -> None:
    shop = Shop()
    path = tmp_path / "j"
    with shop.open(path) as journal:
        shop.sell(journal)
    image = path.read_bytes()
    with shop.open(path) as journal:
        shop.sell(journal)
        note = cosign(journal.checkpoint(), "host.example/m", MIRROR, NOON_UNIX_S)
    path.write_bytes(image)
    with shop.open(path) as journal:
        with pytest.raises(JournalCorrupt, match="older image"):
            journal.record_cosigned(note)
        shop.sell(journal, phone=3)
        with pytest.raises(JournalCorrupt, match="another history"):
            journal.record_cosigned(note)
        journal.require_nonce()
        with journal.transaction() as transaction:
            assert transaction.counters(next(shop.coupon_ids())).terminal.nonce_only
        journal.record_contact(NOON_UNIX_S)
        with journal.transaction() as transaction:
            assert not transaction.counters(next(shop.coupon_ids())).terminal.nonce_only


def test_a_verdict_on_another_entry_is_refused(shop: Shop, journal: Journal) -> None:
    entry = shop.sell(journal)
    for index, leaf in ((0, bytes(32)), (5, entry.leaf())):
        wrong = Verdict(7, 1, index, leaf, VerdictStatus.SETTLED, 0, NOON_UNIX_S)
        with pytest.raises(DecodeError):
            journal.record_verdict(sign_verdict(wrong, HOST))
    assert journal.verdicts() == ()
