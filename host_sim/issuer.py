"""The issuer: sells coupons to holders' keys, and refuses for ever what must not be taken again.

Serials are drawn at random and claimed by insertion. A coupon is in the ledger from the moment it
is signed: cash came in, and is owed to the holder until spent.
"""

from __future__ import annotations

from dataclasses import dataclass

from host_sim import ledger
from host_sim.model import Denial, IssuedCoupon
from host_sim.office import Office
from host_sim.refusal import UsageError
from host_sim.registration import FOREVER, ISSUER_LIMIT_CAP_MINOR, claim, publish_all
from terminal.crypto.keys import parse_public_key
from terminal.errors import DecodeError
from terminal.payment import deny_list
from terminal.payment.coupon import U16, CouponClass, CouponFields, CouponId, sign_coupon

ATTESTED = 4
HARDWARE = 8
BACKDATED_H = 1
"""A fresh coupon is valid from an hour before it is sold, for terminals whose clocks are behind."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a buyer asks for. ``not_after_unix_s`` None: ``lifetime_h`` hours from now."""

    holder_key: bytes | None
    limit_minor: int
    currency: int
    scope: int
    lifetime_h: int = 24 * 30
    not_after_unix_s: int | None = None
    coupon_class: CouponClass = CouponClass.HOLDER_BOUND
    verification_attested: bool = False
    key_in_hardware: bool = False

    @property
    def kind(self) -> int:
        """The coupon's kind on the wire."""
        attested = ATTESTED if self.verification_attested else 0
        return int(self.coupon_class) + attested + (HARDWARE if self.key_in_hardware else 0)


class Issuer:
    """One issuer number with its one key."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def sell(self, order: Order) -> IssuedCoupon:
        """Sign a coupon and book its sale.

        Raises:
            UsageError: the order cannot become a coupon.
        """
        if not 0 < order.limit_minor <= ISSUER_LIMIT_CAP_MINOR:
            raise UsageError(f"a coupon's limit is 1 to {ISSUER_LIMIT_CAP_MINOR} minor units")

        def take(serial: int) -> IssuedCoupon:
            coupon = self._signed(order, serial, now_unix_s)
            unit.money.add_coupon(coupon)
            return coupon

        now_unix_s = self._office.now()
        with self._office.store.unit() as unit:
            try:
                coupon = claim(self._office.random_u32, take)
            except DecodeError as error:
                raise UsageError(str(error)) from error
            unit.money.post(
                ledger.sold(
                    coupon.issuer, coupon.serial, order.limit_minor, order.currency, now_unix_s
                )
            )
            return coupon

    def _signed(self, order: Order, serial: int, now_unix_s: int) -> IssuedCoupon:
        key = None
        if order.holder_key is not None:
            key = parse_public_key(order.holder_key, "holder_key")
        not_after, lifetime_h = order.not_after_unix_s, order.lifetime_h
        if not_after is None:
            not_after = min(now_unix_s + 3600 * lifetime_h, FOREVER)
            lifetime_h = min(lifetime_h + BACKDATED_H, U16)
        fields = CouponFields(
            kind=order.kind,
            issuer=self._office.keys.issuer_number,
            serial=serial,
            holder_key=key,
            limit_minor=order.limit_minor,
            currency=order.currency,
            scope=order.scope,
            not_after_unix_s=not_after,
            lifetime_h=lifetime_h,
        )
        return IssuedCoupon(
            fields.issuer,
            serial,
            sign_coupon(fields, self._office.keys.issuer),
            order.holder_key,
            order.limit_minor,
            order.currency,
            order.scope,
            not_after,
            now_unix_s,
        )

    def revoke(self, kind: deny_list.DenyKind, identifier: str, *, publish: bool = True) -> bool:
        """Put a subject on the deny list and into every policy; False: it was there already.

        ``identifier`` is ``issuer/serial`` for a coupon, hex for a holder key or card UID, a
        number for a terminal or issuer.

        Raises:
            UsageError: the identifier does not fit the kind.
        """
        subject = subject_of(kind, identifier)
        denial = Denial(subject, kind.name.lower(), identifier, self._office.now())
        with self._office.store.unit() as unit:
            added = unit.registry.deny(denial)
            if added and publish:
                publish_all(self._office, unit)
            return added


def subject_of(kind: deny_list.DenyKind, identifier: str) -> bytes:
    """The eight bytes that stand for a subject a person named.

    Raises:
        UsageError: the identifier does not fit the kind.
    """
    try:
        if kind is deny_list.DenyKind.COUPON:
            issuer, serial = identifier.split("/")
            return deny_list.coupon_subject(CouponId(int(issuer), int(serial)))
        if kind is deny_list.DenyKind.HOLDER:
            key = parse_public_key(bytes.fromhex(identifier), "holder")
            return deny_list.holder_subject(key)
        if kind is deny_list.DenyKind.CARD:
            return deny_list.card_subject(bytes.fromhex(identifier))
        if kind is deny_list.DenyKind.TERMINAL:
            return deny_list.terminal_subject(int(identifier))
        return deny_list.issuer_subject(int(identifier))
    except (ValueError, OverflowError, DecodeError) as error:
        raise UsageError(f"{identifier!r} does not name a {kind.name.lower()}: {error}") from error
