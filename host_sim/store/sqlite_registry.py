"""Merchants, terminals, codes, policies and the deny list in SQLite (see ``port.Registry``)."""

from __future__ import annotations

from typing import Final

import apsw

from host_sim.model import Denial, EnrolCode, Merchant, NumberPermit, Terminal
from host_sim.store.port import Taken

_MERCHANT: Final = "SELECT merchant, number, name, scope, currency FROM merchant"
_TERMINAL: Final = (
    "SELECT terminal, merchant, name, site, settings, identity, epoch, policy_version FROM terminal"
)


class SqliteRegistry:
    """The registry's tables on one connection; every call is inside the caller's transaction."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def setting(self, name: str) -> str | None:
        row = self._connection.execute(
            "SELECT value FROM setting WHERE name = ?", (name,)
        ).fetchone()
        return row[0] if row else None

    def put_setting(self, name: str, value: str) -> None:
        self._connection.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, value))

    def add_merchant(self, merchant: Merchant) -> None:
        self._connection.execute(
            "INSERT INTO merchant VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (
                merchant.merchant,
                merchant.number,
                merchant.name,
                merchant.scope,
                merchant.currency,
            ),
        )
        if not self._connection.changes():
            raise Taken(f"merchant {merchant.merchant} or its number is there already")

    def merchant(self, merchant: str) -> Merchant | None:
        row = self._connection.execute(f"{_MERCHANT} WHERE merchant = ?", (merchant,)).fetchone()
        return Merchant(*row) if row else None

    def merchants(self) -> tuple[Merchant, ...]:
        rows = self._connection.execute(f"{_MERCHANT} ORDER BY merchant")
        return tuple(Merchant(*row) for row in rows)

    def add_terminal(self, terminal: Terminal) -> None:
        self._connection.execute(
            "INSERT INTO terminal VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (terminal.terminal, *_changing(terminal)),
        )
        if not self._connection.changes():
            raise Taken(f"terminal {terminal.terminal} was given before")

    def terminal(self, terminal: int) -> Terminal | None:
        row = self._connection.execute(f"{_TERMINAL} WHERE terminal = ?", (terminal,)).fetchone()
        return Terminal(*row) if row else None

    def terminals(self) -> tuple[Terminal, ...]:
        rows = self._connection.execute(f"{_TERMINAL} ORDER BY terminal")
        return tuple(Terminal(*row) for row in rows)

    def update_terminal(self, terminal: Terminal) -> None:
        self._connection.execute(
            "UPDATE terminal SET merchant = ?, name = ?, site = ?, settings = ?, identity = ?,"
            " epoch = ?, policy_version = ? WHERE terminal = ?",
            (*_changing(terminal), terminal.terminal),
        )
        assert self._connection.changes() == 1, "the terminal was read in this unit"

    def put_code(self, code: EnrolCode) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO enrol_code VALUES (?, ?, ?, ?, ?, ?)",
            (code.terminal, code.digits, code.tries, code.expires_unix_s, code.request, code.reply),
        )

    def code(self, terminal: int) -> EnrolCode | None:
        row = self._connection.execute(
            "SELECT terminal, digits, tries, expires_unix_s, request, reply FROM enrol_code"
            " WHERE terminal = ?",
            (terminal,),
        ).fetchone()
        return EnrolCode(*row) if row else None

    def add_policy(self, terminal: int, version: int, policy: bytes) -> None:
        self._connection.execute("INSERT INTO policy VALUES (?, ?, ?)", (terminal, version, policy))

    def policy(self, terminal: int, version: int) -> bytes | None:
        row = self._connection.execute(
            "SELECT policy FROM policy WHERE terminal = ? AND version = ?", (terminal, version)
        ).fetchone()
        return row[0] if row else None

    def deny(self, denial: Denial) -> bool:
        self._connection.execute(
            "INSERT INTO denial VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (denial.subject, denial.kind, denial.label, denial.added_unix_s),
        )
        return self._connection.changes() == 1

    def denials(self) -> tuple[Denial, ...]:
        rows = self._connection.execute(
            "SELECT subject, kind, label, added_unix_s FROM denial ORDER BY added_unix_s, subject"
        )
        return tuple(Denial(*row) for row in rows)

    def add_permit(self, permit: NumberPermit) -> None:
        self._connection.execute(
            "INSERT INTO permit VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (permit.terminal, permit.number, permit.issuer, permit.serial, permit.permit),
        )
        if not self._connection.changes():
            raise Taken(
                f"terminal {permit.terminal} has a permit for card {permit.number.hex()}:"
                " withdraw that first"
            )

    def permits(self, terminal: int) -> tuple[NumberPermit, ...]:
        rows = self._connection.execute(
            "SELECT terminal, number, issuer, serial, permit FROM permit WHERE terminal = ?"
            " ORDER BY number",
            (terminal,),
        )
        return tuple(NumberPermit(*row) for row in rows)

    def drop_permit(self, terminal: int, number: bytes) -> bool:
        self._connection.execute(
            "DELETE FROM permit WHERE terminal = ? AND number = ?", (terminal, number)
        )
        return self._connection.changes() == 1


def _changing(
    terminal: Terminal,
) -> tuple[str, str, int, str, bytes | None, int, int]:
    return (
        terminal.merchant,
        terminal.name,
        terminal.site,
        terminal.settings,
        terminal.identity,
        terminal.epoch,
        terminal.policy_version,
    )
