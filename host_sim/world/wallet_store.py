"""The wallet's disk: one small SQLite database, one owner at a time, every change durable.

The order of writes is the point (``host_sim.world.wallet`` says why): ``reserve`` moves a balance
forward and stores the question in one transaction, ``keep_signature`` stores the answer. Both have
returned only when the disk has them (WAL, ``synchronous=FULL``).
"""

from __future__ import annotations

import dataclasses
import fcntl
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import apsw

from terminal.errors import KumquatError
from terminal.payment.coupon import Coupon, CouponId, decode_coupon
from terminal.payment.spend import Spend

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VERSION: Final = 1
MAX_ROWS: Final = 10_000
_PRIVATE: Final = 0o600

_SCHEMA: Final = """
CREATE TABLE coupon (
  issuer INTEGER NOT NULL, serial INTEGER NOT NULL, label TEXT NOT NULL, bytes BLOB NOT NULL,
  next_minor INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (issuer, serial)
) STRICT;
CREATE TABLE answer (
  number INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, request BLOB NOT NULL, slot INTEGER,
  terminal INTEGER NOT NULL, issuer INTEGER NOT NULL, serial INTEGER NOT NULL,
  from_minor INTEGER NOT NULL, amount_minor INTEGER NOT NULL, mode INTEGER NOT NULL,
  "full" INTEGER NOT NULL, signature BLOB
) STRICT;
CREATE TABLE known (
  terminal INTEGER NOT NULL, issuer INTEGER NOT NULL, serial INTEGER NOT NULL, ack BLOB NOT NULL,
  PRIMARY KEY (terminal, issuer, serial)
) STRICT;
CREATE TABLE kept (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
"""
_ANSWER: Final = (
    "SELECT digest, request, slot, terminal, issuer, serial, from_minor, amount_minor, mode,"
    ' "full", signature FROM answer'
)


class WalletError(KumquatError):
    """The wallet cannot do that; the message is fit for the payer's screen."""

    exit_code = 73


@dataclass(frozen=True, slots=True)
class Holding:
    """A coupon with where its next spend begins."""

    coupon: Coupon
    next_minor: int
    label: str
    """The name of its key in the key store."""

    @property
    def remaining_minor(self) -> int:
        return self.coupon.fields.limit_minor - self.next_minor

    def valid_at(self, unix_s: int) -> bool:
        fields = self.coupon.fields
        return fields.not_before_unix_s <= unix_s <= fields.not_after_unix_s


@dataclass(frozen=True, slots=True)
class Answer:
    """A question and what is signed for it; ``signature`` is None until it is stored."""

    digest: bytes
    request_bytes: bytes
    slot: int | None
    terminal: int
    coupon_id: CouponId
    spend: Spend
    full: bool
    signature: bytes | None


class WalletStore:
    """The database, locked for this process until ``close``.

    Raises:
        WalletError: no wallet is there, another process has it, or it is of another version.
    """

    def __init__(self, directory: Path, *, create: bool = False) -> None:
        path = directory / "wallet.db"
        if create:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        elif not path.exists():
            raise WalletError(f"there is no wallet in {directory}; make one with wallet-new")
        self._lock = os.open(directory / "wallet.lock", os.O_RDWR | os.O_CREAT, _PRIVATE)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._lock)
            raise WalletError(f"another process has the wallet in {directory} open") from error
        # SQLite gives its -wal and -shm files the permissions of the database.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, _PRIVATE))
        self._db = apsw.Connection(str(path))
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def _prepare(self) -> None:
        # Fetched before the next statement: the pragma takes effect when its row is read.
        self._db.execute("PRAGMA journal_mode=WAL").fetchall()
        self._db.execute("PRAGMA synchronous=FULL")
        version = self._db.pragma("user_version")
        if version == 0:
            with self._db:
                self._db.execute(_SCHEMA)
                self._db.pragma("user_version", VERSION)
        elif version != VERSION:
            raise WalletError(f"the wallet is of version {version}, not {VERSION}")

    def close(self) -> None:
        self._db.close()
        os.close(self._lock)

    def add(self, coupon: Coupon, label: str) -> Holding:
        """Store a coupon once; its balance stays where it is if it is already there."""
        with self._db:
            self._db.execute(
                "INSERT OR IGNORE INTO coupon (issuer, serial, label, bytes) VALUES (?, ?, ?, ?)",
                (coupon.id.issuer, coupon.id.serial, label, coupon.encode()),
            )
        return self.holding(coupon.id)

    def holding(self, coupon_id: CouponId) -> Holding:
        """The coupon of that name.

        Raises:
            WalletError: there is none.
        """
        for held in self._holdings("WHERE issuer = ? AND serial = ?", _numbers(coupon_id)):
            return held
        raise WalletError(f"no coupon {coupon_id} here")

    def holdings(self) -> tuple[Holding, ...]:
        return tuple(self._holdings("ORDER BY rowid LIMIT ?", (MAX_ROWS,)))

    def _holdings(self, clause: str, values: tuple[int, ...]) -> Iterator[Holding]:
        query = f"SELECT bytes, next_minor, label FROM coupon {clause}"  # noqa: S608 - our constants
        rows: list[tuple[Any, ...]] = self._db.execute(query, values).fetchall()
        for data, next_minor, label in rows:
            yield Holding(decode_coupon(data), next_minor, label)

    def reserve(self, answer: Answer) -> None:
        """Move the coupon's balance over the spend's interval and store the question, at once.

        Raises:
            WalletError: the interval does not begin at the balance, or ends beyond the limit.
        """
        spend, coupon_id = answer.spend, answer.coupon_id
        with self._db:  # a savepoint; the lock already keeps others out
            holding = self.holding(coupon_id)
            if (
                spend.from_minor != holding.next_minor
                or spend.amount_minor > holding.remaining_minor
            ):
                raise WalletError("the balance has moved")
            self._db.execute(
                "UPDATE coupon SET next_minor = ? WHERE issuer = ? AND serial = ?",
                (spend.from_minor + spend.amount_minor, *_numbers(coupon_id)),
            )
            self._db.execute(
                "INSERT INTO answer (digest, request, slot, terminal, issuer, serial, from_minor,"
                ' amount_minor, mode, "full") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
                (
                    answer.digest, answer.request_bytes, answer.slot, answer.terminal,
                    *_numbers(coupon_id), spend.from_minor, spend.amount_minor, spend.mode,
                    answer.full,
                ),
            )  # fmt: skip

    def keep_signature(self, answer: Answer, signature: bytes) -> Answer:
        """Store the signature of a reserved answer, once and for ever."""
        with self._db:
            self._db.execute(
                "UPDATE answer SET signature = ? WHERE digest = ? AND signature IS NULL",
                (signature, answer.digest),
            )
        return dataclasses.replace(answer, signature=signature)

    def spell_out(self, answer: Answer) -> Answer:
        """From now on this answer carries its coupon; interval and signature stay."""
        with self._db:
            self._db.execute('UPDATE answer SET "full" = 1 WHERE digest = ?', (answer.digest,))
        return dataclasses.replace(answer, full=True)

    def answer(self, digest: bytes) -> Answer | None:
        row = self._db.execute(f"{_ANSWER} WHERE digest = ?", (digest,)).fetchone()
        return None if row is None else _answer(row)

    def answers(self) -> tuple[Answer, ...]:
        rows = self._db.execute(f"{_ANSWER} ORDER BY number DESC LIMIT ?", (MAX_ROWS,)).fetchall()
        return tuple(_answer(row) for row in reversed(rows))

    def is_known(self, terminal: int, coupon_id: CouponId) -> bool:
        query = "SELECT 1 FROM known WHERE terminal = ? AND issuer = ? AND serial = ?"
        return self._db.execute(query, (terminal, *_numbers(coupon_id))).fetchone() is not None

    def know(self, terminal: int, coupon_id: CouponId, ack: bytes) -> None:
        with self._db:
            self._db.execute(
                "INSERT OR REPLACE INTO known VALUES (?, ?, ?, ?)",
                (terminal, *_numbers(coupon_id), ack),
            )

    def forget(self, terminal: int, coupon_id: CouponId) -> None:
        """That terminal said *coupon unknown here*."""
        with self._db:
            self._db.execute(
                "DELETE FROM known WHERE terminal = ? AND issuer = ? AND serial = ?",
                (terminal, *_numbers(coupon_id)),
            )

    def keep(self, name: str, value: bytes) -> None:
        """Store a small value by name: a payee card, the host's public key."""
        with self._db:
            self._db.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (name, value))

    def kept(self, name: str) -> bytes | None:
        row = self._db.execute("SELECT value FROM kept WHERE name = ?", (name,)).fetchone()
        return None if row is None else bytes(row[0])


def _numbers(coupon_id: CouponId) -> tuple[int, int]:
    return coupon_id.issuer, coupon_id.serial


def _answer(row: tuple[Any, ...]) -> Answer:
    digest, request, slot, terminal, issuer, serial, start, amount, mode, full, signature = row
    spend = Spend(start, amount, mode)
    coupon_id = CouponId(issuer, serial)
    return Answer(digest, request, slot, terminal, coupon_id, spend, bool(full), signature)
