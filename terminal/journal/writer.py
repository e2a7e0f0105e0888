"""The journal: the one writer, and the only code that makes a sale durable.

Invariants: one process appends (``lock``). A transaction is one commit and one fsync. A commit that
raised leaves the journal *unknown*: it refuses everything until it is opened again, never retries
the fsync, and takes what it finds then as the truth (docs/adr/0011). Memory runs ahead of the disk
nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import apsw

from terminal.errors import JournalError, OutcomeUnknown
from terminal.journal import custody as custodies
from terminal.journal.detail import PolicyInstalled
from terminal.journal.draft import EntryDraft, NotAllowed
from terminal.journal.entry import Entry, EntryKind
from terminal.journal.lock import AppendLock
from terminal.journal.reader import Identity, JournalReader
from terminal.journal.recovery import recover
from terminal.journal.schema import connect
from terminal.journal.transaction import Transaction
from terminal.payment.verdict import Verdict

if TYPE_CHECKING:
    from terminal.journal.head import Head
    from terminal.ports import Clock, RandomBytes, Signer

IDLE_WAL_PAGES: Final = 512
"""``idle`` moves the WAL into the main file once it has this many pages (2 MB)."""
MAX_WAL_PAGES: Final = 32_768
"""A terminal that is never idle checkpoints in a sale rather than let the WAL pass 128 MB."""
_MARK: Final = "UPDATE entry SET announced = 1 WHERE idx = ? AND kind = 1"
_PRIME: Final = "UPDATE primed SET count = count + 1"


class Journal(JournalReader):
    """Opened for writing. One thread at a time; ``JournalReader`` serves the others."""

    def __init__(
        self,
        connection: apsw.Connection,
        lock: AppendLock,
        head: Head,
        identity: Identity,
        signer: Signer,
        clock: Clock,
        random_bytes: RandomBytes,
    ) -> None:
        super().__init__(connection, identity)
        self._lock = lock
        self._head = head
        self._custody = custodies.read_custody(connection)
        self._signer = signer
        self._clock = clock
        self._random_bytes = random_bytes
        self._unknown: str | None = None
        self._wal_pages = 0
        connection.set_wal_hook(self._count_wal)

    @classmethod
    def open(  # type: ignore[override]  # a writer needs what a reader does not
        cls,
        path: Path,
        *,
        signer: Signer,
        origin: str,
        clock: Clock,
        random_bytes: RandomBytes,
        vfs: str | None = None,
    ) -> Self:
        """Open or create the journal, recover it, and read back where it stands.

        Raises:
            JournalLocked: another process appends.
            JournalCorrupt: the files contradict their own checkpoint, or belong to another key.
            JournalError: the file cannot be opened.
        """
        lock = AppendLock(path)
        try:
            connection = connect(path, vfs)
            try:
                head = recover(connection, Identity(origin, signer.public_key))
                identity = Identity(origin, signer.public_key)
                journal = cls(connection, lock, head, identity, signer, clock, random_bytes)
                journal._checkpoint_wal()
            except BaseException:
                connection.close()
                raise
        except apsw.Error as error:
            lock.release()
            raise JournalError(f"{path} cannot be opened: {error}") from error
        except BaseException:
            lock.release()
            raise
        return journal

    def close(self) -> None:
        """Close and let another process in; again is harmless. Unknown outcomes stay unknown."""
        if self._connection is not None and self._unknown is not None:
            self._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        try:
            super().close()
        finally:
            self._lock.release()

    @property
    def head(self) -> Head:
        self.checked_connection()
        return self._head

    @property
    def outcome_unknown(self) -> bool:
        """A commit failed: nothing works until the journal is opened again."""
        return self._unknown is not None

    @property
    def clock_floor_unix_s(self) -> int:
        """The time of the last entry made by a clock of quality RTC or better; 0 before one."""
        return self.head.floor_unix_s

    def custody(self) -> custodies.Custody:
        self.checked_connection()
        return self._custody

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """``BEGIN IMMEDIATE`` … ``COMMIT``: the body reads, decides and appends; one fsync.

        A body that raises leaves nothing behind.

        Raises:
            OutcomeUnknown: the commit or the storage failed; reopen the journal.
        """
        with self._durably() as connection:
            transaction = Transaction(
                connection,
                self._head,
                self._custody,
                origin=self.identity.origin,
                signer=self._signer,
                clock=self._clock,
                random_bytes=self._random_bytes,
            )
            yield transaction
        self._head = transaction.head

    def mark_announced(self, index: int) -> None:
        """Entry ``index`` was announced. Has no fsync of its own: it rides on the next commit.

        Raises:
            NotAllowed: no accepted entry, so there was nothing to announce.
        """
        with self._durably(sync=False) as connection:
            connection.execute(_MARK, (index,))
            if connection.changes() != 1:
                raise NotAllowed(f"entry {index} is no accepted sale")
        self._head = self._head.announced(index)

    def install_policy(self, bundle: bytes, version: int) -> Entry:
        """Store a verified policy and remember that, in one transaction. Versions only rise.

        Raises:
            NotAllowed: this version or a later one is installed already.
        """
        with self.transaction() as transaction:
            connection = self.checked_connection()
            (newest,) = connection.execute("SELECT max(version) FROM policy").fetchone() or (None,)
            if newest is not None and version <= newest:
                raise NotAllowed(f"policy {newest} is installed, {version} is not newer")
            connection.execute("INSERT INTO policy VALUES (?, ?)", (version, bundle))
            detail = PolicyInstalled(version, sha256(bundle).digest()).encode()
            return transaction.append(
                EntryDraft(EntryKind.POLICY_INSTALLED, version, presentation=detail)
            )

    def record_verdict(self, verdict: bytes) -> Verdict:
        """Keep the host's verified answer on one entry; again is harmless.

        Raises:
            DecodeError: not a verdict on an entry of this journal.
        """
        (found,) = self.record_verdicts((verdict,))
        return found

    def record_verdicts(self, verdicts: Iterable[bytes]) -> tuple[Verdict, ...]:
        """As ``record_verdict`` for many, in one transaction: all of them or none."""
        with self._durably(sync=False) as connection:
            found = tuple(custodies.store_verdict(connection, data) for data in verdicts)
            custody = custodies.read_custody(connection)
        self._custody = custody
        return found

    def record_cosigned(self, note: bytes) -> None:
        """Keep a checkpoint with the mirror's verified cosignature; an older one changes nothing.

        Raises:
            DecodeError: not a checkpoint of this journal.
            JournalCorrupt: the host has other entries than this journal.
        """
        with self._durably() as connection:
            custodies.store_cosigned(connection, note, self.identity.origin, self._head.size)
            custody = custodies.read_custody(connection)
        self._custody = custody

    def record_contact(self, unix_s: int) -> None:
        """A sync succeeded, at this time by the host's clock.

        A power cut may undo it until the next sale: no rule is looser for it, and an idle terminal
        syncs all day.
        """
        with self._durably(sync=False) as connection:
            custodies.store_contact(connection, unix_s)
            custody = custodies.read_custody(connection)
        self._custody = custody

    def require_nonce(self) -> None:
        """The marks may be older than the sales: only fresh requests until the next sync."""
        with self._durably() as connection:
            custodies.store_nonce_only(connection)
            custody = custodies.read_custody(connection)
        self._custody = custody

    def keep(self, name: str, value: bytes, *, durable: bool = True) -> None:
        """Keep a small value under a name, replacing what was there.

        With ``durable=False`` it survives the end of the process at once, and a power cut only
        after the next commit.
        """
        with self._durably(sync=durable) as connection:
            connection.execute(
                "INSERT INTO kept VALUES (?, ?) "
                "ON CONFLICT(name) DO UPDATE SET value = excluded.value",
                (name, value),
            )

    def idle(self) -> None:
        """Nothing is going on: move the WAL into the main file where it has grown long."""
        self.checked_connection()
        if self._wal_pages >= IDLE_WAL_PAGES:
            self._checkpoint_wal()

    @contextmanager
    def _durably(self, *, sync: bool = True) -> Iterator[apsw.Connection]:
        connection = self.checked_connection()
        if self._wal_pages >= MAX_WAL_PAGES:
            self._checkpoint_wal()
        try:
            if not sync:
                connection.pragma("synchronous", "NORMAL")
            self._begin(connection)
            yield connection
        except apsw.Error as error:
            raise self._stop(error) from error
        except BaseException:
            if connection.in_transaction:
                self._roll_back(connection)
            raise
        else:
            self._commit(connection)
        finally:
            if not sync and self._unknown is None:
                connection.pragma("synchronous", "FULL")

    def _begin(self, connection: apsw.Connection) -> None:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except apsw.BusyError as error:
            raise JournalError("another program is writing to the journal's database") from error

    def _commit(self, connection: apsw.Connection) -> None:
        try:
            connection.execute("COMMIT")
        except BaseException as error:
            raise self._stop(error) from error

    def _roll_back(self, connection: apsw.Connection) -> None:
        try:
            connection.execute("ROLLBACK")
        except apsw.Error as error:
            raise self._stop(error) from error

    def _stop(self, error: BaseException) -> OutcomeUnknown:
        self._unknown = f"{type(error).__name__}: {error}"
        return OutcomeUnknown(
            f"the last write failed ({self._unknown}); the journal must be opened again "
            "before anything is sold"
        )

    def checked_connection(self) -> apsw.Connection:
        if self._unknown is not None:
            raise OutcomeUnknown(f"the journal must be opened again: {self._unknown}")
        return super().checked_connection()

    def _count_wal(self, _connection: apsw.Connection, _name: str, pages: int) -> int:
        self._wal_pages = pages
        return apsw.SQLITE_OK

    def _checkpoint_wal(self) -> None:
        """Move the WAL into the main file, then write its new header, so that no sale has to."""
        connection = self.checked_connection()
        try:
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_PRIME)
            connection.execute("COMMIT")
        except apsw.Error as error:
            raise self._stop(error) from error
