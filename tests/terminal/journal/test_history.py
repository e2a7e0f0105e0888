"""Any history of sales, refunds, marks, syncs, failed commits and restarts agrees with a model."""

from __future__ import annotations

import shutil
import tempfile
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from host_sim.world.faults import Action, Fault, FaultyDisk
from host_sim.world.sales import NOON_UNIX_S, Shop
from terminal.crypto.keys import SoftwareSigner
from terminal.crypto.notes import cosign
from terminal.errors import OutcomeUnknown
from terminal.journal.deep_check import deep_check
from terminal.journal.draft import NotAllowed
from terminal.journal.entry import EntryKind

MIRROR = SoftwareSigner("Ed25519", b"m" * 32)
_names = (f"history-{number}" for number in count())


class History(RuleBasedStateMachine):
    """The model is plain lists; the journal must say the same whatever happened on the way."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="kumquat-history-"))
        self.disk = FaultyDisk(next(_names))
        self.shop = Shop(phones=3)
        self.journal = self.shop.open(self.directory / "j", self.disk.name)
        self.leaves: list[bytes] = []
        self.left: dict[int, int] = {}
        self.unannounced: list[int] = []
        self.cosigned = 0
        self.sold_minor: list[tuple[int, int]] = []

    def teardown(self) -> None:
        deep_check(self.journal)
        self.journal.close()
        shutil.rmtree(self.directory)

    def _accepted(self, data: bytes, amount_minor: int) -> None:
        index = len(self.leaves)
        self.leaves.append(data)
        self.left[index] = amount_minor
        self.unannounced.append(index)
        self.sold_minor.append((index, amount_minor))

    @rule(amount_minor=st.integers(1, 5000), phone=st.integers(0, 2))
    def sell(self, amount_minor: int, phone: int) -> None:
        self._accepted(self.shop.sell(self.journal, amount_minor, phone).data, amount_minor)

    @rule(
        call=st.sampled_from(["wal-write:1", "wal-write:2", "wal-write:3", "wal-sync:1"]),
        action=st.sampled_from([Action.FAIL, Action.TEAR]),
    )
    def sell_on_a_failing_disk(self, call: str, action: Action) -> None:
        name, _, number = call.partition(":")
        self.disk.arm(Fault(name, int(number), action))
        with pytest.raises(OutcomeUnknown):
            self.shop.sell(self.journal, 700, 0)
        self.disk.arm(None)
        self.reopen()
        found = self.journal.leaves()
        if len(found) > len(self.leaves):
            self._accepted(found[-1], 700)

    @precondition(lambda self: self.left)
    @rule(data=st.data(), amount_minor=st.integers(1, 5000))
    def refund(self, data: st.DataObject, amount_minor: int) -> None:
        index = data.draw(st.sampled_from(sorted(self.left)))
        try:
            with self.journal.transaction() as transaction:
                entry = transaction.refund(index, amount_minor, policy=1)
        except NotAllowed:
            assert amount_minor > self.left[index]
            return
        self.left[index] -= amount_minor
        assert self.left[index] >= 0
        self.leaves.append(entry.data)

    @precondition(lambda self: self.unannounced)
    @rule(data=st.data())
    def announce(self, data: st.DataObject) -> None:
        index = data.draw(st.sampled_from(self.unannounced))
        self.journal.mark_announced(index)
        self.unannounced.remove(index)

    @precondition(lambda self: self.leaves)
    @rule()
    def cosigned_by_the_mirror(self) -> None:
        note = cosign(self.journal.checkpoint(), "host.example/m", MIRROR, NOON_UNIX_S)
        self.journal.record_cosigned(note)
        self.journal.record_contact(NOON_UNIX_S)
        self.cosigned = len(self.leaves)

    @rule()
    def idle(self) -> None:
        self.journal.idle()

    @rule()
    def reopen(self) -> None:
        self.journal.close()
        self.journal = self.shop.open(self.directory / "j", self.disk.name)

    @invariant()
    def the_journal_says_what_the_model_says(self) -> None:
        assert self.journal.leaves() == tuple(self.leaves)
        assert [entry.index for entry in self.journal.unannounced()] == self.unannounced
        unsynced = [minor for index, minor in self.sold_minor if index >= self.cosigned]
        unsettled = self.journal.unsettled()
        assert (unsettled.unsynced_count, unsettled.unsynced_minor) == (
            len(unsynced),
            sum(unsynced),
        )
        lines = [line for line in self.journal.day(0) if line.kind is EntryKind.ACCEPTED]
        assert {line.index: line.refundable_minor for line in lines} == self.left


TestHistory = History.TestCase
TestHistory.settings = settings(max_examples=20, stateful_step_count=20)
