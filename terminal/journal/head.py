"""Where a journal stands: everything the next entry builds on, as one frozen value.

It follows from the rows of the last entry alone, and is read back from them on opening. Invariant:
memory holds a new head only after the commit that made it durable.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from terminal.crypto.merkle import Frontier
from terminal.crypto.notes import Checkpoint
from terminal.journal.entry import EntryKind
from terminal.journal.tree import stored_frontier
from terminal.ports import ClockQuality

if TYPE_CHECKING:
    import apsw

    from terminal.journal.entry import Entry

_LAST = """SELECT idx, latest, floor, sum_minor, sum_count, shift, oldest_open, signature
    FROM entry ORDER BY idx DESC LIMIT 1"""
_OPEN = """SELECT idx FROM entry
    WHERE idx >= ? AND announced = 0 AND kind = 1 ORDER BY idx"""


@dataclass(frozen=True, slots=True)
class Head:
    """``signature`` is the journal key's over the checkpoint of ``frontier``; empty at size 0."""

    frontier: Frontier
    signature: bytes = b""
    latest_unix_s: int = 0
    """The latest time of any entry: never falls, so a day is found by bisection."""
    floor_unix_s: int = 0
    """The time of the last entry made by a clock of quality RTC or better."""
    sum_minor: int = 0
    """All that was ever accepted here."""
    sum_count: int = 0
    shift_start: int = 0
    """The first entry of the open shift."""
    unannounced: tuple[int, ...] = ()
    """Accepted entries without their announcement mark, ascending."""

    @property
    def size(self) -> int:
        return self.frontier.size

    def checkpoint(self, origin: str) -> Checkpoint:
        return Checkpoint(origin, self.size, self.frontier.root())

    def after(self, entry: Entry, frontier: Frontier, signature: bytes, amount_minor: int) -> Head:
        """The head once ``entry`` is appended; ``amount_minor`` is what it accepted."""
        accepted = entry.kind is EntryKind.ACCEPTED
        floor = self.floor_unix_s
        if entry.kind is EntryKind.CLOCK_CORRECTED or entry.quality >= ClockQuality.RTC:
            floor = entry.time_unix_s
        return Head(
            frontier=frontier,
            signature=signature,
            latest_unix_s=max(self.latest_unix_s, entry.time_unix_s),
            floor_unix_s=floor,
            sum_minor=self.sum_minor + amount_minor if accepted else self.sum_minor,
            sum_count=self.sum_count + accepted,
            shift_start=frontier.size if entry.kind is EntryKind.SHIFT_CLOSED else self.shift_start,
            unannounced=(*self.unannounced, entry.index) if accepted else self.unannounced,
        )

    def announced(self, index: int) -> Head:
        """The head once entry ``index`` carries its announcement mark."""
        return replace(self, unannounced=tuple(n for n in self.unannounced if n != index))

    @property
    def oldest_open(self) -> int:
        """Everything accepted below this index was announced."""
        return self.unannounced[0] if self.unannounced else self.size


def read_head(connection: apsw.Connection) -> Head:
    """The head that the last row describes; not checked against anything.

    Raises:
        JournalCorrupt: a row that the tree needs is missing.
    """
    row = connection.execute(_LAST).fetchone()
    if row is None:
        return Head(Frontier())
    index, latest, floor, sum_minor, sum_count, shift, oldest_open, signature = row
    unannounced = tuple(found for (found,) in connection.execute(_OPEN, (oldest_open,)))
    frontier = stored_frontier(connection, index + 1)
    return Head(frontier, signature, latest, floor, sum_minor, sum_count, shift, unannounced)
