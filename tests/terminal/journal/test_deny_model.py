"""The store against a Python set: random lists, changes, compactions, cuts and restarts."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from terminal.journal import deny_log
from tests.terminal.journal.deny_rig import Publisher, store, subject

UNIVERSE = tuple(
    sorted(
        {subject(n) for n in range(24)}
        | {bytes(8), b"\xff" * 8, b"\0" * 7 + b"\1", b"\xff" * 7 + b"\xfe"}
        | {b"\x80" + bytes(7), b"\x7f" + b"\xff" * 7}
    )
)
some = st.frozensets(st.sampled_from(UNIVERSE))


class DenyListMachine(RuleBasedStateMachine):
    """The host publishes, the terminal follows, and things happen to both."""

    @initialize(first=some)
    def begin(self, first: frozenset[bytes]) -> None:
        self.work = tempfile.TemporaryDirectory()
        self.folder = Path(self.work.name) / "deny-list"
        self.log = self.folder / "log"
        self.host = Publisher(Path(self.work.name) / "host", first)
        self.store = store(self.folder)
        self.store.install(self.host.base(1))
        self.version = 1
        self.base_version = 1
        self.good_size = 0

    @rule(added=some, removed=some)
    def publish(self, added: frozenset[bytes], removed: frozenset[bytes]) -> None:
        added -= self.host.listed
        removed &= self.host.listed
        if added or removed:
            self.host.publish(added, removed)

    @precondition(lambda self: self.version < self.host.version)
    @rule()
    def apply(self) -> None:
        self.version += 1
        self.store.apply(self.host.deltas[self.version])
        self.good_size = self.log.stat().st_size

    @precondition(lambda self: self.version < self.host.version)
    @rule()
    def install(self) -> None:
        self.version = self.base_version = self.host.version
        self.store.install(self.host.base(self.version))
        self.good_size = self.log.stat().st_size if self.log.exists() else 0

    @rule()
    def compact(self) -> None:
        self.store.compact()
        if self.base_version < self.version:
            self.good_size = self.log.stat().st_size
        self.base_version = self.version
        assert (self.folder / "base").read_bytes() == self.host.base(self.version).read_bytes()

    @rule(steps=st.integers(0, 3))
    def compact_and_be_killed(self, steps: int) -> None:
        """Between any two steps; after the last the base is in its place, perhaps not the log."""
        before = self.log.read_bytes() if self.log.exists() else None
        work = self.store._compacting()
        ended = any(next(work, self) is self for _ in range(steps))
        work.close()
        if ended:
            self.base_version = self.version
            if before is not None:
                self.log.write_bytes(before)
        (self.folder / "base.new").write_bytes(b"half a draft")
        self.restart()

    @rule(data=st.data())
    def be_cut_while_appending(self, data: st.DataObject) -> None:
        """The last record of the log stays in part: the version before is in force."""
        if self.version == self.base_version:
            return
        last = deny_log.record_size(self.host.deltas[self.version])
        lost = data.draw(st.integers(1, last))
        torn = self.log.read_bytes()[: self.good_size - lost]
        self.log.write_bytes(torn + data.draw(st.binary(max_size=4)) * (lost > 12))
        self.version -= 1
        self.good_size -= last
        self.restart()

    @rule(tail=st.binary(max_size=40))
    def find_something_after_the_end(self, tail: bytes) -> None:
        if self.log.exists():
            self.log.write_bytes(self.log.read_bytes() + tail)

    @rule(idle=st.integers(1, 3))
    def be_idle(self, idle: int) -> None:
        for _ in range(idle):
            self.store.idle()

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.store = store(self.folder)
        self.store.refresh()

    @invariant()
    def lists_exactly_what_its_version_lists(self) -> None:
        view = self.store.view
        assert view is not None
        assert view.version == self.version
        listed = self.host.content[self.version]
        assert view.head.count == len(listed)
        assert {one for one in UNIVERSE if one in view} == listed

    def teardown(self) -> None:
        if hasattr(self, "work"):
            self.store.close()
            self.work.cleanup()


TestTheStoreAgreesWithASet = DenyListMachine.TestCase
TestTheStoreAgreesWithASet.settings = settings(max_examples=15, stateful_step_count=25)
