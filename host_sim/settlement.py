"""Settlement: what the host owes each merchant and each holder, from the ledger alone.

A merchant is owed the credit on its account; paying it out is one transfer and one numbered
settlement. A coupon's value that nobody spent, and nobody can spend any more, goes back to its
holder: after ``not_after`` and the longest offline horizon of any terminal. A journal that brings
such a spend even later is still paid; the holder, who has the money already, then owes it.
"""

from __future__ import annotations

from dataclasses import dataclass

from host_sim import ledger
from host_sim.model import IssuedCoupon, Settlement
from host_sim.office import Office
from host_sim.refusal import UsageError
from host_sim.registration import settings_from_json
from host_sim.store.port import Unit


@dataclass(frozen=True, slots=True)
class Owed:
    """What a merchant's account comes to; negative: refunds came after the last settlement."""

    merchant: str
    name: str
    currency: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Gap:
    """An interval of a coupon that nobody spent. ``due``: it may be given back now."""

    issuer: int
    serial: int
    start_minor: int
    stop_minor: int
    currency: int
    due_unix_s: int
    due: bool

    @property
    def amount_minor(self) -> int:
        return self.stop_minor - self.start_minor


@dataclass(frozen=True, slots=True)
class RefundDue:
    """What is owed to a coupon's holder outside the coupon: refunds and given-back gaps."""

    issuer: int
    serial: int
    currency: int
    amount_minor: int


class SettlementOffice:
    """Pays merchants and gives back to holders."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def owed(self, merchant: str | None = None) -> tuple[Owed, ...]:
        """What each merchant is owed now, nought included.

        Raises:
            UsageError: no such merchant.
        """
        with self._office.store.unit() as unit:
            return _owed(unit, merchant)

    def settle(self, merchant: str | None = None) -> tuple[Settlement, ...]:
        """Pay out what is owed, to one merchant or to all; nothing owed makes no settlement.

        Raises:
            UsageError: no such merchant.
        """
        now_unix_s = self._office.now()
        with self._office.store.unit() as unit:
            return tuple(
                _pay_out(unit, owed, now_unix_s)
                for owed in _owed(unit, merchant)
                if owed.amount_minor > 0
            )

    def settlements(self, merchant: str) -> tuple[Settlement, ...]:
        """What was paid to a merchant so far."""
        with self._office.store.unit() as unit:
            return unit.money.settlements(merchant)

    def gaps(self) -> tuple[Gap, ...]:
        """Every interval of a coupon that was neither spent nor given back."""
        with self._office.store.unit() as unit:
            return self._gaps(unit)

    def give_back_gaps(self) -> tuple[Gap, ...]:
        """Give back to the holders every gap that is due; those given back."""
        now_unix_s = self._office.now()
        with self._office.store.unit() as unit:
            due = tuple(gap for gap in self._gaps(unit) if gap.due)
            for gap in due:
                unit.money.add_given_back(gap.issuer, gap.serial, gap.start_minor, gap.stop_minor)
                unit.money.post(
                    ledger.gap_returned(
                        gap.issuer,
                        gap.serial,
                        gap.start_minor,
                        gap.stop_minor,
                        gap.currency,
                        now_unix_s,
                    )
                )
        return due

    def refunds(self) -> tuple[RefundDue, ...]:
        """What is owed to holders outside their coupons."""
        with self._office.store.unit() as unit:
            balances = unit.money.balances("refund:")
        found = []
        for balance in balances:
            if balance.amount_minor < 0:
                issuer, serial = balance.account.removeprefix("refund:").split("/")
                found.append(
                    RefundDue(int(issuer), int(serial), balance.currency, -balance.amount_minor)
                )
        return tuple(found)

    def _gaps(self, unit: Unit) -> tuple[Gap, ...]:
        horizon_s = _longest_horizon_s(unit)
        found: list[Gap] = []
        for coupon in unit.money.coupons():
            found += self._gaps_of(unit, coupon, horizon_s)
        return tuple(found)

    def _gaps_of(self, unit: Unit, coupon: IssuedCoupon, horizon_s: int) -> list[Gap]:
        due_unix_s = coupon.not_after_unix_s + horizon_s
        spends = unit.money.spends(coupon.issuer, coupon.serial)
        gone = [(spend.from_minor, spend.end_minor) for spend in spends]
        gone += unit.money.given_back(coupon.issuer, coupon.serial)
        return [
            Gap(
                coupon.issuer,
                coupon.serial,
                start,
                stop,
                coupon.currency,
                due_unix_s,
                self._office.now() > due_unix_s,
            )
            for start, stop in ledger.gaps(coupon.limit_minor, gone)
        ]


def _owed(unit: Unit, merchant: str | None) -> tuple[Owed, ...]:
    merchants = unit.registry.merchants()
    if merchant is not None:
        merchants = tuple(one for one in merchants if one.merchant == merchant)
        if not merchants:
            raise UsageError(f"there is no merchant {merchant}")
    found = []
    for one in merchants:
        account = ledger.merchant_account(one.merchant)
        balance = sum(
            balance.amount_minor
            for balance in unit.money.balances(account)
            if balance.account == account and balance.currency == one.currency
        )
        found.append(Owed(one.merchant, one.name, one.currency, -balance))
    return tuple(found)


def _pay_out(unit: Unit, owed: Owed, now_unix_s: int) -> Settlement:
    number = len(unit.money.settlements(owed.merchant)) + 1
    account = ledger.merchant_account(owed.merchant)
    cause = ledger.cause_id("settled", owed.merchant, number)
    unit.money.post(ledger.paid_out(account, cause, owed.amount_minor, owed.currency, now_unix_s))
    settlement = Settlement(
        owed.merchant, number, owed.currency, owed.amount_minor, now_unix_s, cause
    )
    unit.money.add_settlement(settlement)
    return settlement


def _longest_horizon_s(unit: Unit) -> int:
    horizons = [
        settings_from_json(terminal.settings).limits.offline_horizon_s
        for terminal in unit.registry.terminals()
    ]
    return max(horizons, default=0)
