"""Coupons, paid spends, returns and the ledger in SQLite (see ``port.Money``)."""

from __future__ import annotations

from typing import Final

import apsw

from host_sim.model import (
    Balance,
    IssuedCoupon,
    PaidSpend,
    Posting,
    Returned,
    Settlement,
    Transfer,
)
from host_sim.store.port import Taken

_COUPON: Final = (
    "SELECT issuer, serial, coupon, holder, limit_minor, currency, scope, not_after_unix_s,"
    " issued_unix_s FROM coupon"
)
_SPEND: Final = (
    "SELECT issuer, serial, from_minor, amount_minor, terminal, epoch, idx, leaf, presentation,"
    " coupon_digest FROM spend"
)
_RETURNED: Final = (
    "SELECT terminal, epoch, idx, leaf, issuer, serial, from_minor, spend_minor, amount_minor"
    " FROM returned"
)


class SqliteMoney:
    """The money tables on one connection; every call is inside the caller's transaction."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def add_coupon(self, coupon: IssuedCoupon) -> None:
        self._insert(
            "INSERT INTO coupon VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (
                coupon.issuer,
                coupon.serial,
                coupon.coupon,
                coupon.holder,
                coupon.limit_minor,
                coupon.currency,
                coupon.scope,
                coupon.not_after_unix_s,
                coupon.issued_unix_s,
            ),
            f"coupon {coupon.issuer}/{coupon.serial} was issued before",
        )

    def coupon(self, issuer: int, serial: int) -> IssuedCoupon | None:
        row = self._connection.execute(
            f"{_COUPON} WHERE issuer = ? AND serial = ?", (issuer, serial)
        ).fetchone()
        return IssuedCoupon(*row) if row else None

    def coupons(self) -> tuple[IssuedCoupon, ...]:
        rows = self._connection.execute(f"{_COUPON} ORDER BY issuer, serial")
        return tuple(IssuedCoupon(*row) for row in rows)

    def add_spend(self, spend: PaidSpend) -> None:
        self._insert(
            "INSERT INTO spend VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (
                spend.issuer,
                spend.serial,
                spend.from_minor,
                spend.amount_minor,
                spend.terminal,
                spend.epoch,
                spend.index,
                spend.leaf,
                spend.presentation,
                spend.coupon_digest,
            ),
            "this spend was paid before",
        )

    def spend(
        self, issuer: int, serial: int, from_minor: int, amount_minor: int, terminal: int
    ) -> PaidSpend | None:
        row = self._connection.execute(
            f"{_SPEND} WHERE issuer = ? AND serial = ? AND from_minor = ? AND amount_minor = ?"
            " AND terminal = ?",
            (issuer, serial, from_minor, amount_minor, terminal),
        ).fetchone()
        return PaidSpend(*row) if row else None

    def spends(self, issuer: int, serial: int) -> tuple[PaidSpend, ...]:
        rows = self._connection.execute(
            f"{_SPEND} WHERE issuer = ? AND serial = ? ORDER BY from_minor, amount_minor, terminal",
            (issuer, serial),
        )
        return tuple(PaidSpend(*row) for row in rows)

    def clashing(self, issuer: int, serial: int, start: int, stop: int) -> tuple[PaidSpend, ...]:
        rows = self._connection.execute(
            f"{_SPEND} WHERE issuer = ? AND serial = ? AND from_minor < ?"
            " AND from_minor + amount_minor > ? ORDER BY from_minor, amount_minor, terminal",
            (issuer, serial, stop, start),
        )
        return tuple(PaidSpend(*row) for row in rows)

    def spends_of(self, terminal: int) -> tuple[PaidSpend, ...]:
        rows = self._connection.execute(
            f"{_SPEND} WHERE terminal = ? ORDER BY epoch, idx", (terminal,)
        )
        return tuple(PaidSpend(*row) for row in rows)

    def add_return(self, returned: Returned) -> None:
        self._insert(
            "INSERT INTO returned VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (
                returned.terminal,
                returned.epoch,
                returned.index,
                returned.leaf,
                returned.issuer,
                returned.serial,
                returned.from_minor,
                returned.spend_minor,
                returned.amount_minor,
            ),
            "this return was taken over before",
        )

    def returns_of(self, spend: PaidSpend) -> tuple[Returned, ...]:
        rows = self._connection.execute(
            f"{_RETURNED} WHERE issuer = ? AND serial = ? AND from_minor = ? AND spend_minor = ?"
            " AND terminal = ? ORDER BY epoch, idx",
            (spend.issuer, spend.serial, spend.from_minor, spend.amount_minor, spend.terminal),
        )
        return tuple(Returned(*row) for row in rows)

    def all_returns(self) -> tuple[Returned, ...]:
        rows = self._connection.execute(f"{_RETURNED} ORDER BY terminal, epoch, idx")
        return tuple(Returned(*row) for row in rows)

    def add_given_back(self, issuer: int, serial: int, start: int, stop: int) -> None:
        self._insert(
            "INSERT INTO given_back VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (issuer, serial, start, stop),
            "this interval was given back before",
        )

    def given_back(self, issuer: int, serial: int) -> tuple[tuple[int, int], ...]:
        rows = self._connection.execute(
            "SELECT from_minor, end_minor FROM given_back WHERE issuer = ? AND serial = ?"
            " ORDER BY from_minor",
            (issuer, serial),
        )
        return tuple((start, stop) for start, stop in rows)

    def post(self, transfer: Transfer) -> bool:
        self._connection.execute(
            "INSERT INTO transfer VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (transfer.transfer, transfer.kind, transfer.unix_s, transfer.memo),
        )
        if not self._connection.changes():
            return False
        self._connection.executemany(
            "INSERT INTO posting VALUES (?, ?, ?, ?, ?)",
            [
                (transfer.transfer, side, posting.account, posting.currency, posting.amount_minor)
                for side, posting in enumerate(transfer.postings)
            ],
        )
        return True

    def transfers(self) -> tuple[Transfer, ...]:
        heads = self._connection.execute(
            "SELECT transfer, kind, unix_s, memo FROM transfer ORDER BY unix_s, transfer"
        )
        return tuple(
            Transfer(transfer, kind, unix_s, memo, self._postings(transfer))
            for transfer, kind, unix_s, memo in list(heads)
        )

    def _postings(self, transfer: bytes) -> tuple[Posting, ...]:
        rows = self._connection.execute(
            "SELECT account, currency, amount_minor FROM posting WHERE transfer = ? ORDER BY side",
            (transfer,),
        )
        return tuple(Posting(*row) for row in rows)

    def balances(self, prefix: str) -> tuple[Balance, ...]:
        rows = self._connection.execute(
            "SELECT account, currency, sum(amount_minor) FROM posting"
            " WHERE substr(account, 1, length(?1)) = ?1 GROUP BY account, currency",
            (prefix,),
        )
        return tuple(Balance(*row) for row in rows)

    def add_settlement(self, settlement: Settlement) -> None:
        self._insert(
            "INSERT INTO settlement VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (
                settlement.merchant,
                settlement.number,
                settlement.currency,
                settlement.amount_minor,
                settlement.unix_s,
                settlement.transfer,
            ),
            "this settlement was made before",
        )

    def settlements(self, merchant: str) -> tuple[Settlement, ...]:
        rows = self._connection.execute(
            "SELECT merchant, number, currency, amount_minor, unix_s, transfer FROM settlement"
            " WHERE merchant = ? ORDER BY number",
            (merchant,),
        )
        return tuple(Settlement(*row) for row in rows)

    def _insert(self, sql: str, row: tuple[int | str | bytes | None, ...], taken: str) -> None:
        self._connection.execute(sql, row)
        if not self._connection.changes():
            raise Taken(taken)
