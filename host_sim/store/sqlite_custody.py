"""What terminals sent, in SQLite (see ``port.Custody``)."""

from __future__ import annotations

from typing import Final

import apsw

from host_sim.model import Evidence, EvidenceKind, JournalLine, Leaf
from host_sim.store.port import Taken

_JOURNAL: Final = "SELECT terminal, epoch, key, size, frontier, note, forked FROM journal"
_LEAF: Final = (
    "SELECT terminal, epoch, idx, leaf, data, received_unix_s, status, reason, verdict FROM leaf"
)


class SqliteCustody:
    """The custody tables on one connection; every call is inside the caller's transaction."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def journal(self, terminal: int, epoch: int) -> JournalLine | None:
        row = self._connection.execute(
            f"{_JOURNAL} WHERE terminal = ? AND epoch = ?", (terminal, epoch)
        ).fetchone()
        return _journal(row) if row else None

    def journals(self) -> tuple[JournalLine, ...]:
        rows = self._connection.execute(f"{_JOURNAL} ORDER BY terminal, epoch")
        return tuple(_journal(row) for row in rows)

    def put_journal(self, line: JournalLine) -> None:
        self._connection.execute(
            "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (terminal, epoch)"
            " DO UPDATE SET size = excluded.size, frontier = excluded.frontier,"
            " note = excluded.note, forked = excluded.forked",
            (
                line.terminal,
                line.epoch,
                line.key,
                line.size,
                line.frontier,
                line.note,
                int(line.forked),
            ),
        )

    def leaf(self, terminal: int, epoch: int, index: int, leaf: bytes) -> Leaf | None:
        row = self._connection.execute(
            f"{_LEAF} WHERE terminal = ? AND epoch = ? AND idx = ? AND leaf = ?",
            (terminal, epoch, index, leaf),
        ).fetchone()
        return Leaf(*row) if row else None

    def add_leaf(self, leaf: Leaf) -> None:
        self._connection.execute(
            "INSERT INTO leaf VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (
                leaf.terminal,
                leaf.epoch,
                leaf.index,
                leaf.leaf,
                leaf.data,
                leaf.received_unix_s,
                leaf.status,
                leaf.reason,
                leaf.verdict,
            ),
        )
        if not self._connection.changes():
            raise Taken(f"entry {leaf.index} is held already")

    def answer(self, leaf: Leaf) -> None:
        self._connection.execute(
            "UPDATE leaf SET status = ?, reason = ?, verdict = ?"
            " WHERE terminal = ? AND epoch = ? AND idx = ? AND leaf = ?",
            (
                leaf.status,
                leaf.reason,
                leaf.verdict,
                leaf.terminal,
                leaf.epoch,
                leaf.index,
                leaf.leaf,
            ),
        )
        assert self._connection.changes() == 1, "the leaf was read in this unit"

    def leaves(self, terminal: int, epoch: int) -> tuple[Leaf, ...]:
        rows = self._connection.execute(
            f"{_LEAF} WHERE terminal = ? AND epoch = ? ORDER BY idx, received_unix_s, leaf",
            (terminal, epoch),
        )
        return tuple(Leaf(*row) for row in rows)

    def with_status(self, status: int) -> tuple[Leaf, ...]:
        rows = self._connection.execute(
            # as a literal, so that SQLite may use the partial index on disputes
            f"{_LEAF} WHERE status = {int(status)} ORDER BY terminal, epoch, idx, leaf"
        )
        return tuple(Leaf(*row) for row in rows)

    def tally(self, terminal: int, epoch: int) -> dict[int, int]:
        rows = self._connection.execute(
            "SELECT status, count(*) FROM leaf WHERE terminal = ? AND epoch = ? GROUP BY status",
            (terminal, epoch),
        )
        return dict(list(rows))

    def on_line(self, terminal: int, epoch: int, index: int) -> bytes | None:
        row = self._connection.execute(
            "SELECT leaf FROM line WHERE terminal = ? AND epoch = ? AND idx = ?",
            (terminal, epoch, index),
        ).fetchone()
        return row[0] if row else None

    def put_on_line(self, terminal: int, epoch: int, index: int, leaf: bytes) -> None:
        self._connection.execute(
            "INSERT INTO line VALUES (?, ?, ?, ?) ON CONFLICT (terminal, epoch, idx)"
            " DO UPDATE SET leaf = excluded.leaf",
            (terminal, epoch, index, leaf),
        )

    def line(self, terminal: int, epoch: int, start: int, stop: int) -> tuple[bytes, ...]:
        rows = self._connection.execute(
            "SELECT idx, leaf FROM line WHERE terminal = ? AND epoch = ? AND idx >= ? AND idx < ?"
            " ORDER BY idx",
            (terminal, epoch, start, stop),
        )
        found: list[bytes] = []
        for index, leaf in rows:
            if index != start + len(found):
                break
            found.append(leaf)
        return tuple(found)

    def clear_line(self, terminal: int, epoch: int, start: int) -> None:
        self._connection.execute(
            "DELETE FROM line WHERE terminal = ? AND epoch = ? AND idx >= ?",
            (terminal, epoch, start),
        )

    def note_evidence(self, evidence: Evidence) -> bool:
        self._connection.execute(
            "INSERT INTO evidence VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (
                evidence.evidence,
                evidence.kind.value,
                evidence.against,
                evidence.terminal,
                evidence.epoch,
                evidence.index,
                evidence.amount_minor,
                evidence.first,
                evidence.second,
                evidence.noted_unix_s,
            ),
        )
        return self._connection.changes() == 1

    def evidence(self) -> tuple[Evidence, ...]:
        rows = self._connection.execute(
            "SELECT evidence, kind, against, terminal, epoch, idx, amount_minor, first, second,"
            " noted_unix_s FROM evidence ORDER BY noted_unix_s, evidence"
        )
        return tuple(Evidence(row[0], EvidenceKind(row[1]), *row[2:]) for row in rows)


def _journal(row: tuple[int, int, bytes, int, bytes, bytes, int]) -> JournalLine:
    terminal, epoch, key, size, frontier, note, forked = row
    return JournalLine(terminal, epoch, key, size, frontier, note, bool(forked))
