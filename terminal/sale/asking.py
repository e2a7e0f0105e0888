"""Asking: the one request that is open, kept over a restart so that its nonce still counts.

Every sale has a fresh nonce and a number that rises. The kept value costs no fsync: lost in a power
cut, it only means that the payer is asked anew.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from terminal.errors import DecodeError
from terminal.journal.entry import EntryKind
from terminal.payment.request import NONCE_SIZE, Ask, Request
from terminal.sale.open_sale import OpenSale, decode_open_sale

if TYPE_CHECKING:
    from terminal.journal.entry import Entry
    from terminal.journal.writer import Journal
    from terminal.payment.policy import Policy
    from terminal.ports import Clock, RandomBytes

OPEN_SALE: Final = "sale.open"
"""Name of the small value that keeps the open sale over a restart."""
LATEST: Final = 64
"""How many entries are looked through after a restart for the sale that was open."""


class Asking:
    """Opens, renews and closes; ``paid`` says which entry answered."""

    def __init__(self, journal: Journal, clock: Clock, random_bytes: RandomBytes) -> None:
        self._journal = journal
        self._clock = clock
        self._random_bytes = random_bytes
        self._sale = self._kept_sale()

    @property
    def sale(self) -> OpenSale | None:
        """The sale whose request still counts."""
        sale = self._sale
        if sale is not None and sale.is_open(self._clock.boot_id(), self._clock.monotonic_ms()):
            return sale
        return None

    def open(self, amount_minor: int, lifetime_ms: int, policy: Policy) -> OpenSale:
        """Ask for an amount, with a nonce nobody has seen."""
        number = 1 + (self._sale.number if self._sale else self._last_number())
        return self._ask(number, amount_minor, lifetime_ms, policy)

    def renew(self, policy: Policy) -> OpenSale | None:
        """The same sale with a fresh nonce; None where there is none, or it is paid."""
        sale = self._sale
        if sale is None or sale.entry_index is not None:
            return None
        return self._ask(sale.number, sale.request.amount_minor, sale.lifetime_ms, policy)

    def close(self) -> None:
        """Nothing is asked for any more."""
        if self._sale is not None:
            self._keep(replace(self._sale, lifetime_ms=0))

    def paid(self, entry_index: int) -> None:
        """An entry answered the open sale; not kept, since the journal knows."""
        if self._sale is not None:
            self._sale = replace(self._sale, entry_index=entry_index)

    def _ask(self, number: int, amount_minor: int, lifetime_ms: int, policy: Policy) -> OpenSale:
        above = amount_minor > policy.limits.second_limit_minor
        request = Request(
            terminal=policy.terminal,
            currency=policy.currency,
            amount_minor=amount_minor,
            nonce=self._random_bytes(NONCE_SIZE),
            ask=Ask.VERIFICATION if above else Ask.NOTHING,
        )
        boot, now_ms = self._clock.boot_id(), self._clock.monotonic_ms()
        sale = OpenSale(number, request, request.encode(), boot, now_ms, lifetime_ms)
        self._keep(sale)
        return sale

    def _keep(self, sale: OpenSale) -> None:
        self._journal.keep(OPEN_SALE, sale.encode(), durable=False)
        self._sale = sale

    def _kept_sale(self) -> OpenSale | None:
        kept = self._journal.kept(OPEN_SALE)
        if kept is None:
            return None
        try:
            sale = decode_open_sale(kept)
        except DecodeError:
            return None  # written by another version: no request is open, and nothing else depends
        paid = [
            entry.index
            for entry in self._latest_entries()
            if entry.kind is EntryKind.ACCEPTED and entry.request == sale.request_bytes
        ]
        return replace(sale, entry_index=paid[-1]) if paid else sale

    def _last_number(self) -> int:
        return max((entry.sale for entry in self._latest_entries()), default=0)

    def _latest_entries(self) -> tuple[Entry, ...]:
        size = self._journal.size
        return self._journal.entries(max(0, size - LATEST), size)
