"""The database behind a journal: connection, pragmas, numbered migrations.

SQLite in WAL mode with ``synchronous=FULL``: a commit is one append to the WAL and one fsync
(sqlite.org/wal.html, sqlite.org/pragma.html). Checkpoints into the main file never happen inside a
sale (``wal_autocheckpoint=0``). Rows of ``entry`` hold everything that follows from the log up to
there (perfect subtree, checkpoint signature, running sums), so a sale writes two pages: its row and
its coupon's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import apsw

from terminal.errors import JournalCorrupt, JournalError

APPLICATION_ID: Final = 0x4B554D4A
"""ASCII "KUMJ", in the file's header."""
PAGE_SIZE: Final = 4096
WAL_SIZE_LIMIT: Final = 16 * 2**20
"""Bytes the WAL file keeps after a checkpoint; overwriting it is cheaper than growing it."""
BUSY_TIMEOUT_MS: Final = 5_000

MIGRATIONS: Final = (
    """
    CREATE TABLE identity(
        id INTEGER PRIMARY KEY CHECK (id = 1),
        origin TEXT NOT NULL,
        public_key BLOB NOT NULL
    ) STRICT;
    CREATE TABLE entry(
        idx INTEGER PRIMARY KEY,
        data BLOB NOT NULL,
        node BLOB NOT NULL,
        signature BLOB NOT NULL,
        kind INTEGER NOT NULL,
        time INTEGER NOT NULL,
        latest INTEGER NOT NULL,
        floor INTEGER NOT NULL,
        amount INTEGER NOT NULL,
        coupon INTEGER,
        spend_from INTEGER,
        previous INTEGER,
        original INTEGER,
        sum_minor INTEGER NOT NULL,
        sum_count INTEGER NOT NULL,
        shift INTEGER NOT NULL,
        oldest_open INTEGER NOT NULL,
        announced INTEGER NOT NULL,
        returned INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE coupon(
        id INTEGER PRIMARY KEY,
        data BLOB,
        digest BLOB NOT NULL,
        high INTEGER NOT NULL,
        last_entry INTEGER NOT NULL,
        last_from INTEGER NOT NULL,
        last_amount INTEGER NOT NULL,
        last_sale BLOB NOT NULL,
        accepted_minor INTEGER NOT NULL,
        count INTEGER NOT NULL,
        consecutive INTEGER NOT NULL,
        host_contacts INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE verdict(
        idx INTEGER PRIMARY KEY,
        status INTEGER NOT NULL,
        reason INTEGER NOT NULL,
        data BLOB NOT NULL
    ) STRICT;
    CREATE TABLE custody(
        id INTEGER PRIMARY KEY CHECK (id = 1),
        size INTEGER NOT NULL,
        note BLOB,
        contact INTEGER,
        contacts INTEGER NOT NULL,
        nonce_only INTEGER NOT NULL,
        sum_minor INTEGER NOT NULL,
        sum_count INTEGER NOT NULL,
        judged_minor INTEGER NOT NULL,
        judged_count INTEGER NOT NULL
    ) STRICT;
    INSERT INTO custody VALUES (1, 0, NULL, NULL, 0, 0, 0, 0, 0, 0);
    CREATE TABLE policy(
        version INTEGER PRIMARY KEY,
        data BLOB NOT NULL
    ) STRICT;
    CREATE TABLE kept(
        name TEXT PRIMARY KEY,
        value BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE primed(
        id INTEGER PRIMARY KEY CHECK (id = 1),
        count INTEGER NOT NULL
    ) STRICT;
    INSERT INTO primed VALUES (1, 0);
    """,
)
"""Each runs once, in order, in a transaction of its own; ``user_version`` counts them. In every
statement over ``entry``, kind 1 is ACCEPTED, 3 REFUND, 4 VOID (``EntryKind``)."""

VERSION: Final = len(MIGRATIONS)


def connect(path: Path, vfs: str | None) -> apsw.Connection:
    """Open or create the database for the one process that writes it.

    Raises:
        JournalError: the file cannot be opened, or belongs to a newer version or another program.
        JournalCorrupt: SQLite finds the file malformed.
    """
    flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    try:
        connection = apsw.Connection(str(path), flags=flags, vfs=vfs)
        _set_pragmas(connection)
        _migrate(connection)
    except (apsw.CorruptError, apsw.NotADBError) as error:
        raise JournalCorrupt(f"{path} is not an intact database: {error}") from error
    except apsw.Error as error:
        raise JournalError(f"{path} cannot be opened: {error}") from error
    return connection


def connect_reader(path: Path, vfs: str | None) -> apsw.Connection:
    """Open an existing database to read beside the process that writes it.

    Raises:
        JournalError, JournalCorrupt: as ``connect``; also where there is no such journal.
    """
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE, vfs=vfs)
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        connection.set_busy_timeout(BUSY_TIMEOUT_MS)
        connection.pragma("query_only", value=True)
        _check_owner(connection)
    except (apsw.CorruptError, apsw.NotADBError) as error:
        raise JournalCorrupt(f"{path} is not an intact database: {error}") from error
    except apsw.Error as error:
        raise JournalError(f"{path} cannot be opened: {error}") from error
    if connection.pragma("user_version") != VERSION:
        raise JournalError(f"{path} has another version; open it with its terminal first")
    return connection


def _set_pragmas(connection: apsw.Connection) -> None:
    connection.set_busy_timeout(BUSY_TIMEOUT_MS)
    connection.pragma("page_size", PAGE_SIZE)
    if connection.pragma("journal_mode", "wal") != "wal":
        raise JournalError("this storage does not support SQLite's WAL mode")
    connection.pragma("synchronous", "FULL")
    connection.pragma("wal_autocheckpoint", 0)
    connection.pragma("journal_size_limit", WAL_SIZE_LIMIT)
    connection.pragma("cell_size_check", value=True)
    connection.pragma("trusted_schema", value=False)


def _check_owner(connection: apsw.Connection) -> None:
    version = connection.pragma("user_version")
    owner = connection.pragma("application_id")
    if owner != APPLICATION_ID and (owner, version) != (0, 0):
        raise JournalError("the file belongs to another program")
    if version > VERSION:
        raise JournalError(f"the journal has version {version}, this program knows {VERSION}")


def _migrate(connection: apsw.Connection) -> None:
    _check_owner(connection)
    for number in range(connection.pragma("user_version"), VERSION):
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute(MIGRATIONS[number])
            connection.pragma("application_id", APPLICATION_ID)
            connection.pragma("user_version", number + 1)
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
