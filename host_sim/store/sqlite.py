"""The store in one SQLite file: the port's default back end.

WAL with ``synchronous=FULL``: a unit that ended without an error is durable. One connection behind
a lock serves the threads of this process; other processes (a command beside a running server) take
their turn through SQLite's own lock, waiting up to ``BUSY_TIMEOUT_MS``.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

import apsw

from host_sim.store.port import StoreError, Unit
from host_sim.store.sqlite_custody import SqliteCustody
from host_sim.store.sqlite_money import SqliteMoney
from host_sim.store.sqlite_registry import SqliteRegistry

BUSY_TIMEOUT_MS: Final = 10_000
APPLICATION_ID: Final = 0x4B514854  # "KQHT", SQLite's own field for telling files apart
_NUMBERED: Final = re.compile(r"(\d{4})_[a-z_]+\.sql")


@dataclass(frozen=True, slots=True)
class SqliteUnit:
    """One transaction on one connection."""

    registry: SqliteRegistry
    custody: SqliteCustody
    money: SqliteMoney


class SqliteStore:
    """A host's SQLite file, made or brought up to date on opening.

    Raises:
        StoreError: the file cannot be opened, is none of ours, or is newer than this program.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        try:
            self._connection = apsw.Connection(str(path))
            self._connection.set_busy_timeout(BUSY_TIMEOUT_MS)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                self._connection.execute(f"PRAGMA {pragma}").fetchall()
            _migrate(self._connection)
        except apsw.Error as error:
            raise StoreError(
                f"{path}: {error}; is it a Kumquat host's file, and writable?"
            ) from error
        if str(path) != ":memory:":
            os.chmod(path, 0o600)  # noqa: PTH101 - one call, and the path may be a string to SQLite
        custody = SqliteCustody(self._connection)
        self._unit = SqliteUnit(
            SqliteRegistry(self._connection), custody, SqliteMoney(self._connection)
        )

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """See ``Store.unit``."""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
            except apsw.Error as error:
                raise StoreError(f"the store is busy or failing: {error}") from error
            try:
                yield self._unit
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._commit()

    def _commit(self) -> None:
        try:
            self._connection.execute("COMMIT")
        except apsw.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise StoreError(f"a change did not become durable: {error}") from error

    def close(self) -> None:
        """Close the file; the store is not used afterwards."""
        with self._lock:
            self._connection.close()


def migrations() -> tuple[tuple[int, str], ...]:
    """The numbered migrations of this program: (number, SQL), in order, without a gap."""
    found = []
    for file in resources.files("host_sim.store.migrations").iterdir():
        match = _NUMBERED.fullmatch(file.name)
        if match:
            found.append((int(match[1]), file.read_text(encoding="utf-8")))
    found.sort()
    assert [number for number, _ in found] == list(range(1, len(found) + 1))
    return tuple(found)


def _migrate(connection: apsw.Connection) -> None:
    steps = migrations()
    connection.execute("BEGIN IMMEDIATE")
    try:
        for number, sql in steps[_migrations_done(connection, len(steps)) :]:
            connection.execute(sql)
            connection.execute(f"PRAGMA user_version={number}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _migrations_done(connection: apsw.Connection, known: int) -> int:
    marked = int(connection.pragma("application_id"))
    fresh = connection.execute("SELECT count(*) FROM sqlite_master").get == 0
    if marked != APPLICATION_ID and not (fresh and marked == 0):
        raise StoreError("the file is a database, but not a Kumquat host's")
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    done = int(connection.pragma("user_version"))
    if done > known:
        raise StoreError(f"the store is at migration {done}, this program knows {known}; update it")
    return done
