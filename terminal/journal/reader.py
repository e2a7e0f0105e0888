"""Everything that can be asked of a journal. The writer answers these too.

``JournalReader.open`` reads beside the process that writes: for export, status and doctor while the
terminal runs. It takes no lock and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from terminal.crypto.merkle import consistency_proof, inclusion_proof
from terminal.crypto.notes import ED25519, Checkpoint, signature_line
from terminal.errors import JournalCorrupt, JournalError
from terminal.journal import lines
from terminal.journal.custody import Custody, read_custody
from terminal.journal.entry import Entry, decode_entry
from terminal.journal.head import Head, read_head
from terminal.journal.schema import connect_reader
from terminal.journal.tree import stored_root, stored_subtree

if TYPE_CHECKING:
    import apsw


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose journal it is: the log's origin and the journal key, 32 bytes of Ed25519."""

    origin: str
    public_key: bytes


@dataclass(frozen=True, slots=True)
class Unsettled:
    """Sums over accepted sales that are not finished with the host."""

    unsynced_count: int
    unsynced_minor: int
    """Not under a mirror's cosignature yet."""
    at_risk_count: int
    at_risk_minor: int
    """Not both cosigned and judged yet."""


def read_identity(connection: apsw.Connection) -> Identity | None:
    """The journal's identity, or None before it has one."""
    row = connection.execute("SELECT origin, public_key FROM identity").fetchone()
    return None if row is None else Identity(*row)


def format_checkpoint(identity: Identity, head: Head) -> bytes:
    """The head's checkpoint as a signed note (C2SP tlog-checkpoint).

    Raises:
        JournalError: the journal is empty: nothing was ever signed.
    """
    if head.size == 0:
        raise JournalError("an empty journal has no checkpoint yet")
    text = head.checkpoint(identity.origin).text()
    line = signature_line(identity.origin, ED25519, identity.public_key, head.signature)
    return text + b"\n" + line


class JournalReader:
    """Queries over an open database. One thread at a time."""

    def __init__(self, connection: apsw.Connection, identity: Identity) -> None:
        self._connection: apsw.Connection | None = connection
        self.identity = identity

    @classmethod
    def open(cls, path: Path, vfs: str | None = None) -> Self:
        """Read an existing journal.

        Raises:
            JournalError: there is none, or another version wrote it.
            JournalCorrupt: it is no intact database.
        """
        connection = connect_reader(path, vfs)
        identity = read_identity(connection)
        if identity is None:
            connection.close()
            raise JournalError(f"{path} was never used by a terminal")
        return cls(connection, identity)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database; again is harmless."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def checked_connection(self) -> apsw.Connection:
        if self._connection is None:
            raise JournalError("the journal is closed")
        return self._connection

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything read inside belongs to one moment."""
        connection = self.checked_connection()
        connection.execute("BEGIN")
        try:
            yield
        finally:
            connection.execute("ROLLBACK")

    @property
    def head(self) -> Head:
        """Where the journal stands, as its last row says."""
        return read_head(self.checked_connection())

    @property
    def size(self) -> int:
        """How many entries there are; the next one's index."""
        return self.head.size

    @property
    def origin(self) -> str:
        return self.identity.origin

    def checkpoint(self) -> bytes:
        """The newest signed checkpoint, a note.

        Raises:
            JournalError: the journal is empty.
        """
        return format_checkpoint(self.identity, self.head)

    def root_at(self, size: int) -> Checkpoint:
        """The checkpoint after ``size`` entries, unsigned: to compare with another's."""
        root = stored_root(self.checked_connection(), size)
        return Checkpoint(self.identity.origin, size, root)

    def leaves(self, start: int = 0, stop: int | None = None) -> tuple[bytes, ...]:
        """The exact bytes of entries [start, stop), in order."""
        stop = self.size if stop is None else stop
        rows = self.checked_connection().execute(
            "SELECT data FROM entry WHERE idx >= ? AND idx < ? ORDER BY idx", (start, stop)
        )
        return tuple(data for (data,) in rows)

    def entries(self, start: int = 0, stop: int | None = None) -> tuple[Entry, ...]:
        """Entries [start, stop), decoded, in order."""
        return tuple(decode_entry(data) for data in self.leaves(start, stop))

    def entry(self, index: int) -> Entry:
        """One entry.

        Raises:
            JournalCorrupt: there is none with this index.
        """
        found = self.entries(index, index + 1)
        if not found:
            raise JournalCorrupt("missing", index)
        return found[0]

    def unannounced(self) -> tuple[Entry, ...]:
        """Accepted entries whose announcement was never confirmed, oldest first."""
        return tuple(self.entry(index) for index in self.head.unannounced)

    def pending(self, limit: int | None = None) -> tuple[Entry, ...]:
        """Entries that no mirror has cosigned yet, oldest first, at most ``limit``."""
        start, stop = self.custody().size, self.size
        return self.entries(start, stop if limit is None else min(stop, start + limit))

    def custody(self) -> Custody:
        """What is safe with the host."""
        return read_custody(self.checked_connection())

    def unsettled(self) -> Unsettled:
        """What is accepted and not yet finished with the host."""
        head, custody = self.head, self.custody()
        return Unsettled(
            unsynced_count=head.sum_count - custody.sum_count,
            unsynced_minor=head.sum_minor - custody.sum_minor,
            at_risk_count=head.sum_count - custody.judged_count,
            at_risk_minor=head.sum_minor - custody.judged_minor,
        )

    def verdicts(self, start: int = 0, stop: int | None = None) -> tuple[bytes, ...]:
        """The host's signed verdicts on entries [start, stop), by index."""
        stop = self.size if stop is None else stop
        rows = self.checked_connection().execute(
            "SELECT data FROM verdict WHERE idx >= ? AND idx < ? ORDER BY idx", (start, stop)
        )
        return tuple(data for (data,) in rows)

    def cosigned(self) -> bytes | None:
        """The newest cosigned checkpoint, a note."""
        return self.custody().note

    def policy(self) -> bytes | None:
        """The installed policy bundle."""
        row = self.checked_connection().execute(
            "SELECT data FROM policy ORDER BY version DESC LIMIT 1"
        )
        found = row.fetchone()
        return None if found is None else found[0]

    def policies(self) -> tuple[bytes, ...]:
        """Every policy bundle that was ever installed, oldest first."""
        rows = self.checked_connection().execute("SELECT data FROM policy ORDER BY version")
        return tuple(data for (data,) in rows)

    def signatures(self, start: int = 0, stop: int | None = None) -> tuple[bytes, ...]:
        """The journal key's signatures over the checkpoints of sizes start + 1 … stop."""
        stop = self.size if stop is None else stop
        rows = self.checked_connection().execute(
            "SELECT signature FROM entry WHERE idx >= ? AND idx < ? ORDER BY idx", (start, stop)
        )
        return tuple(signature for (signature,) in rows)

    def kept(self, name: str) -> bytes | None:
        """A small value kept under this name."""
        found = (
            self.checked_connection()
            .execute("SELECT value FROM kept WHERE name = ?", (name,))
            .fetchone()
        )
        return None if found is None else found[0]

    def day(self, start_unix_s: int) -> tuple[lines.Line, ...]:
        """The lines of everything that moved money since then, oldest first."""
        connection, size = self.checked_connection(), self.size
        start = lines.first_since(connection, start_unix_s, size)
        return lines.read_lines(connection, start, size, self.custody().size, start_unix_s)

    def day_sums(self, start_unix_s: int) -> lines.Sums:
        """The sums over the same lines, without reading each."""
        connection, size = self.checked_connection(), self.size
        start = lines.first_since(connection, start_unix_s, size)
        return lines.read_sums(connection, start, size, start_unix_s)

    def shift_sums(self) -> lines.Sums:
        """The sums since the last shift was closed."""
        head = self.head
        return lines.read_sums(self.checked_connection(), head.shift_start, head.size)

    def line(self, index: int) -> lines.Line | None:
        """The line of one entry, or None where it moved no money."""
        found = lines.read_lines(self.checked_connection(), index, index + 1, self.custody().size)
        return found[0] if found else None

    def inclusion_proof(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """The audit path of an entry in the tree of ``size`` (RFC 6962); default: all of it."""
        size = self.size if size is None else size
        return inclusion_proof(stored_subtree(self.checked_connection()), index, size)

    def consistency_proof(self, old_size: int, new_size: int | None = None) -> tuple[bytes, ...]:
        """That the tree only grew from ``old_size`` to ``new_size`` (RFC 6962)."""
        new_size = self.size if new_size is None else new_size
        return consistency_proof(stored_subtree(self.checked_connection()), old_size, new_size)
