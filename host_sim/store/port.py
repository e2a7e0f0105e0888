"""The store port: what the core asks of storage, and nothing about how.

Every change happens inside a ``Unit``: all of it durable when the block ends, none of it when the
block raises. The port assumes no single node: rows are found by terminal, by coupon or by merchant,
no call counts across all of them to make an id, and each terminal's order lives in its own row.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from host_sim.model import (
    Balance,
    Denial,
    EnrolCode,
    Evidence,
    IssuedCoupon,
    JournalLine,
    Leaf,
    Merchant,
    NumberPermit,
    PaidSpend,
    Returned,
    Settlement,
    Terminal,
    Transfer,
)
from terminal.errors import KumquatError


class StoreError(KumquatError):
    """The host's store cannot be used; the message says what to do."""

    exit_code = 74


class Taken(KumquatError):
    """An id that must be new is already there."""


class Registry(Protocol):
    """What the host is called; merchants, terminals, enrolment codes, policies, the deny list."""

    def setting(self, name: str) -> str | None: ...

    def put_setting(self, name: str, value: str) -> None: ...

    def add_merchant(self, merchant: Merchant) -> None:
        """Raises Taken: there is one of that short name."""

    def merchant(self, merchant: str) -> Merchant | None: ...

    def merchants(self) -> tuple[Merchant, ...]: ...

    def add_terminal(self, terminal: Terminal) -> None:
        """Raises Taken: the id was given before; ids are never used twice."""

    def terminal(self, terminal: int) -> Terminal | None: ...

    def terminals(self) -> tuple[Terminal, ...]: ...

    def update_terminal(self, terminal: Terminal) -> None: ...

    def put_code(self, code: EnrolCode) -> None:
        """The terminal's only code from now on."""

    def code(self, terminal: int) -> EnrolCode | None: ...

    def add_policy(self, terminal: int, version: int, policy: bytes) -> None: ...

    def policy(self, terminal: int, version: int) -> bytes | None: ...

    def deny(self, denial: Denial) -> bool:
        """False when the subject was on the list already."""

    def denials(self) -> tuple[Denial, ...]: ...

    def add_permit(self, permit: NumberPermit) -> None:
        """Raises Taken: the terminal has a permit for this card."""

    def permits(self, terminal: int) -> tuple[NumberPermit, ...]:
        """By ascending number."""

    def drop_permit(self, terminal: int, number: bytes) -> bool:
        """False when there was none."""


class Custody(Protocol):
    """What terminals sent, kept as sent."""

    def journal(self, terminal: int, epoch: int) -> JournalLine | None: ...

    def journals(self) -> tuple[JournalLine, ...]: ...

    def put_journal(self, line: JournalLine) -> None: ...

    def leaf(self, terminal: int, epoch: int, index: int, leaf: bytes) -> Leaf | None: ...

    def add_leaf(self, leaf: Leaf) -> None:
        """Raises Taken: (origin, index, leaf hash) is held already."""

    def answer(self, leaf: Leaf) -> None:
        """Replace a held leaf's status, reason and verdict."""

    def leaves(self, terminal: int, epoch: int) -> tuple[Leaf, ...]:
        """Everything held of a journal, forks included, by index."""

    def with_status(self, status: int) -> tuple[Leaf, ...]:
        """Every leaf with this status, by journal and index."""

    def tally(self, terminal: int, epoch: int) -> dict[int, int]:
        """How many leaves have which status; 0 is one that waits for its verdict."""

    def on_line(self, terminal: int, epoch: int, index: int) -> bytes | None:
        """The leaf hash that stands for ``index`` on the journal's line."""

    def put_on_line(self, terminal: int, epoch: int, index: int, leaf: bytes) -> None: ...

    def line(self, terminal: int, epoch: int, start: int, stop: int) -> tuple[bytes, ...]:
        """Leaf hashes of [start, stop) in order, up to the first that is missing."""

    def clear_line(self, terminal: int, epoch: int, start: int) -> None:
        """Forget which leaves stood at ``start`` and above; the leaves themselves stay."""

    def note_evidence(self, evidence: Evidence) -> bool:
        """False when it was noted before."""

    def evidence(self) -> tuple[Evidence, ...]: ...


class Money(Protocol):
    """Coupons, spends paid, what was given back, and the double-entry ledger."""

    def add_coupon(self, coupon: IssuedCoupon) -> None:
        """Raises Taken: (issuer, serial) was issued before."""

    def coupon(self, issuer: int, serial: int) -> IssuedCoupon | None: ...

    def coupons(self) -> tuple[IssuedCoupon, ...]: ...

    def add_spend(self, spend: PaidSpend) -> None:
        """Raises Taken: this spend was paid before."""

    def spend(
        self, issuer: int, serial: int, from_minor: int, amount_minor: int, terminal: int
    ) -> PaidSpend | None: ...

    def spends(self, issuer: int, serial: int) -> tuple[PaidSpend, ...]:
        """All spends paid from a coupon, by ``from_minor``."""

    def clashing(self, issuer: int, serial: int, start: int, stop: int) -> tuple[PaidSpend, ...]:
        """The paid spends of a coupon that overlap [start, stop), by ``from_minor``."""

    def spends_of(self, terminal: int) -> tuple[PaidSpend, ...]: ...

    def add_return(self, returned: Returned) -> None:
        """Raises Taken: this entry was taken over before."""

    def returns_of(self, spend: PaidSpend) -> tuple[Returned, ...]:
        """What was given back of one paid spend."""

    def all_returns(self) -> tuple[Returned, ...]: ...

    def add_given_back(self, issuer: int, serial: int, start: int, stop: int) -> None:
        """Raises Taken: an interval that begins there was given back before."""

    def given_back(self, issuer: int, serial: int) -> tuple[tuple[int, int], ...]:
        """The intervals [start, stop) of a coupon that were given back, in order."""

    def post(self, transfer: Transfer) -> bool:
        """False, and nothing is written, when a transfer of this id was posted before."""

    def transfers(self) -> tuple[Transfer, ...]: ...

    def balances(self, prefix: str) -> tuple[Balance, ...]:
        """Balances of the accounts whose name begins with ``prefix``, folded from the postings."""

    def add_settlement(self, settlement: Settlement) -> None: ...

    def settlements(self, merchant: str) -> tuple[Settlement, ...]: ...


class Unit(Protocol):
    """One transaction."""

    @property
    def registry(self) -> Registry: ...

    @property
    def custody(self) -> Custody: ...

    @property
    def money(self) -> Money: ...


class Store(Protocol):
    """A place that outlives the process."""

    def unit(self) -> AbstractContextManager[Unit]:
        """A transaction that writes; one at a time.

        Raises:
            StoreError: it could not begin or did not become durable.
        """

    def close(self) -> None: ...
