"""Permits by number: issued for one terminal and one card, and carried there in its policy.

A permit is a coupon in the books: cash came in for its limit, each sale takes some of it, and what
nobody used goes back after its end. Invariant: a terminal has at most one permit for a card.
"""

from __future__ import annotations

from dataclasses import dataclass

from host_sim import ledger
from host_sim.issuer import BACKDATED_H
from host_sim.model import IssuedCoupon, NumberPermit
from host_sim.office import Office
from host_sim.refusal import UsageError
from host_sim.registration import FOREVER, ISSUER_LIMIT_CAP_MINOR, claim, publish
from host_sim.store.port import Taken, Unit
from terminal.errors import DecodeError
from terminal.payment.coupon import U16
from terminal.payment.permit import NUMBER_SIZES, PermitFields, numbered, sign_permit


@dataclass(frozen=True, slots=True)
class PermitOrder:
    """What a season customer buys. ``not_after_unix_s`` None: ``lifetime_h`` hours from now."""

    number: bytes
    """The card's UID."""
    terminal: int
    limit_minor: int
    lifetime_h: int = 24 * 31
    not_after_unix_s: int | None = None


class PermitOffice:
    """Issues and withdraws permits, and publishes the policies that carry them."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def issue(self, order: PermitOrder) -> NumberPermit:
        """Sign a permit, book its sale, and publish it to its terminal.

        Raises:
            UsageError: no such terminal, it has a permit for this card, or this is no permit.
        """
        if not 0 < order.limit_minor <= ISSUER_LIMIT_CAP_MINOR:
            raise UsageError(f"a permit's limit is 1 to {ISSUER_LIMIT_CAP_MINOR} minor units")
        with self._office.store.unit() as unit:
            try:
                return self._issue(unit, order)
            except (DecodeError, Taken) as error:
                raise UsageError(str(error)) from error

    def permits(self, terminal: int) -> tuple[NumberPermit, ...]:
        """What a terminal takes, by ascending number."""
        with self._office.store.unit() as unit:
            return unit.registry.permits(terminal)

    def withdraw(self, terminal: int, number: bytes) -> int:
        """Take a card's number off a terminal; the new policy version.

        Raises:
            UsageError: the terminal has no permit for this card.
        """
        with self._office.store.unit() as unit:
            found = unit.registry.terminal(terminal)
            if found is None or not unit.registry.drop_permit(terminal, number):
                raise UsageError(f"terminal {terminal} has no permit for card {number.hex()}")
            return publish(self._office, unit, found)

    def _issue(self, unit: Unit, order: PermitOrder) -> NumberPermit:
        terminal = unit.registry.terminal(order.terminal)
        if terminal is None:
            raise UsageError(f"there is no terminal {order.terminal}")
        merchant = unit.registry.merchant(terminal.merchant)
        assert merchant is not None, "the store holds the reference"
        now_unix_s = self._office.now()

        def take(serial: int) -> PermitFields:
            fields = self._fields(order, serial, merchant.currency, merchant.scope, now_unix_s)
            unit.money.add_coupon(_issued(fields, sign_permit(fields, signer), now_unix_s))
            return fields

        signer = self._office.keys.issuer
        fields = claim(self._office.random_u32, take)
        issued = unit.money.coupon(fields.issuer, fields.serial)
        assert issued is not None, "it was added in this unit"
        permit = NumberPermit(
            order.terminal, order.number, fields.issuer, fields.serial, issued.coupon
        )
        unit.registry.add_permit(permit)
        unit.money.post(
            ledger.sold(
                fields.issuer, fields.serial, fields.limit_minor, fields.currency, now_unix_s
            )
        )
        publish(self._office, unit, terminal)
        return permit

    def _fields(
        self, order: PermitOrder, serial: int, currency: int, scope: int, now_unix_s: int
    ) -> PermitFields:
        not_after, lifetime_h = order.not_after_unix_s, order.lifetime_h
        if not_after is None:
            not_after = min(now_unix_s + 3600 * lifetime_h, FOREVER)
            lifetime_h = min(lifetime_h + BACKDATED_H, U16)
        return numbered(
            order.number,
            order.terminal,
            issuer=self._office.keys.issuer_number,
            serial=serial,
            limit_minor=order.limit_minor,
            currency=currency,
            scope=scope,
            not_after_unix_s=not_after,
            lifetime_h=lifetime_h,
        )


def number_of(text: str) -> bytes:
    """A card's number as a person writes it: hex, with or without colons.

    Raises:
        UsageError: not 4, 7 or 10 bytes of hex.
    """
    try:
        number = bytes.fromhex(text.replace(":", ""))
    except ValueError:
        number = b""
    if len(number) not in NUMBER_SIZES:
        raise UsageError(
            f"{text!r} is no card's number: 4, 7 or 10 bytes in hex, as 04A1B2C3D4E580"
        )
    return number


def _issued(fields: PermitFields, permit: bytes, now_unix_s: int) -> IssuedCoupon:
    return IssuedCoupon(
        fields.issuer,
        fields.serial,
        permit,
        None,
        fields.limit_minor,
        fields.currency,
        fields.scope,
        fields.not_after_unix_s,
        now_unix_s,
    )
