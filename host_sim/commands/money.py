"""sell, issue-card, revoke, refunds, gaps, settle."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from host_sim.commands.output import (
    Json,
    hex_bytes,
    home_of,
    money,
    print_json,
    print_line,
    print_rows,
    time_text,
)
from host_sim.home import opened
from host_sim.issuer import Order
from host_sim.model import IssuedCoupon, Merchant, Settlement
from host_sim.refusal import UsageError
from host_sim.service import Host
from host_sim.settlement import Gap, Owed
from terminal.money import currency, format_amount, parse_amount
from terminal.payment.coupon import CouponClass
from terminal.payment.deny_list import DenyKind


class Subject(StrEnum):
    """What can be revoked."""

    COUPON = "coupon"
    HOLDER = "holder"
    CARD = "card"
    TERMINAL = "terminal"
    ISSUER = "issuer"


Key = Annotated[str, typer.Argument(help="Public key, hex: 32 bytes Ed25519 or 33 bytes P-256.")]
Amount = Annotated[str, typer.Option("--limit", help="What the coupon holds, as 500.00.")]
Of = Annotated[str | None, typer.Option("--merchant", help="Takes scope and currency from it.")]
Scope = Annotated[int | None, typer.Option(min=0, max=2**32 - 1, help="Instead of --merchant.")]
Letters = Annotated[str | None, typer.Option("--currency", help="With --scope: ISO 4217 letters.")]
Lifetime = Annotated[int, typer.Option("--lifetime-h", min=1, max=65535, help="Hours.")]
NotAfter = Annotated[
    str | None, typer.Option("--not-after", help="2026-12-31T23:59:59Z or Unix seconds.")
]
Attested = Annotated[
    bool, typer.Option("--attested", help="The device checks PIN or biometrics when it says so.")
]


def add_money_commands(app: typer.Typer) -> None:
    """Add these commands to the application."""
    for name, command in (
        ("sell", sell),
        ("issue-card", issue_card),
        ("coupons", coupons),
        ("revoke", revoke),
        ("refunds", refunds),
        ("gaps", gaps),
        ("settle", settle),
    ):
        app.command(name)(command)


def sell(
    context: typer.Context,
    holder_key: Key,
    limit: Amount,
    merchant: Of = None,
    scope: Scope = None,
    letters: Letters = None,
    lifetime_h: Lifetime = 24 * 30,
    not_after: NotAfter = None,
    attested: Attested = False,
    as_json: Json = False,
) -> None:
    """Sell a coupon to a phone's key."""
    with opened(home_of(context)) as host:
        where = place_of(host, merchant, scope, letters)
        order = _order(holder_key, limit, where, lifetime_h, not_after, attested, hardware=False)
        print_coupon(host, host.issuer.sell(order), as_json=as_json)


def issue_card(
    context: typer.Context,
    card_key: Key,
    limit: Amount,
    merchant: Of = None,
    scope: Scope = None,
    letters: Letters = None,
    lifetime_h: Lifetime = 24 * 365,
    not_after: NotAfter = None,
    attested: Attested = False,
    as_json: Json = False,
) -> None:
    """Issue a coupon to a card's key, which stays in the card."""
    with opened(home_of(context)) as host:
        where = place_of(host, merchant, scope, letters)
        order = _order(card_key, limit, where, lifetime_h, not_after, attested, hardware=True)
        print_coupon(host, host.issuer.sell(order), as_json=as_json)


def place_of(
    host: Host, merchant: str | None, scope: int | None, letters: str | None
) -> tuple[int, int]:
    """Scope and currency number that the options name.

    Raises:
        UsageError: both ways given, or neither, or no such merchant.
    """
    if merchant is not None:
        if scope is not None or letters is not None:
            raise UsageError("give --merchant, or --scope with --currency, not both")
        found = _merchant(host, merchant)
        return found.scope, found.currency
    if scope is None or letters is None:
        raise UsageError("give --merchant, or --scope with --currency")
    return scope, currency(letters).number


def _merchant(host: Host, merchant: str) -> Merchant:
    with host.office.store.unit() as unit:
        found = unit.registry.merchant(merchant)
    if found is None:
        raise UsageError(f"there is no merchant {merchant}")
    return found


def _order(
    key: str,
    limit: str,
    where: tuple[int, int],
    lifetime_h: int,
    not_after: str | None,
    attested: bool,
    *,
    hardware: bool,
) -> Order:
    holder_key = hex_bytes(key, "key")
    scope, number = where
    return Order(
        holder_key,
        parse_amount(limit, number),
        number,
        scope,
        lifetime_h,
        None if not_after is None else unix_s(not_after),
        CouponClass.HOLDER_BOUND,
        attested,
        hardware,
    )


def unix_s(text: str) -> int:
    """The time that an option says, as seconds since 1970."""
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no time such as 2026-12-31T23:59:59Z") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def coupon_row(coupon: IssuedCoupon) -> dict[str, object]:
    """An issued coupon in plain values."""
    return {
        "coupon_id": f"{coupon.issuer}/{coupon.serial}",
        "issuer": coupon.issuer,
        "serial": coupon.serial,
        "limit": format_amount(coupon.limit_minor, coupon.currency),
        "limit_minor": coupon.limit_minor,
        "currency": coupon.currency,
        "scope": coupon.scope,
        "not_after": time_text(coupon.not_after_unix_s),
        "not_after_unix_s": coupon.not_after_unix_s,
        "coupon": coupon.coupon.hex(),
    }


def print_coupon(host: Host, coupon: IssuedCoupon, *, as_json: bool) -> None:
    """Show what was issued."""
    if as_json:
        print_json({**coupon_row(coupon), "payee_key": host.office.keys.payee.public_key.hex()})
    else:
        row = coupon_row(coupon)
        print_line(f"coupon {row['coupon_id']}: {row['limit']} until {row['not_after']}")
        print_line(coupon.coupon.hex())


def coupons(context: typer.Context, as_json: Json = False) -> None:
    """Every coupon issued."""
    with opened(home_of(context)) as host, host.office.store.unit() as unit:
        rows = [coupon_row(one) for one in unit.money.coupons()]
    columns = ("coupon_id", "limit", "scope", "not_after")
    print_rows(rows, columns, as_json=as_json, none="no coupons yet")


def revoke(
    context: typer.Context,
    kind: Annotated[Subject, typer.Argument(help="What is revoked.")],
    identifier: Annotated[
        str, typer.Argument(help="issuer/serial, a holder key or card UID in hex, or a number.")
    ],
    publish: Annotated[
        bool, typer.Option(help="Sign a new policy for every terminal at once.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Put a subject on the deny list; terminals learn it at their next sync."""
    with opened(home_of(context)) as host:
        added = host.issuer.revoke(DenyKind[kind.name], identifier, publish=publish)
    if as_json:
        print_json({"kind": kind.value, "identifier": identifier, "added": added})
    else:
        said = "is on the deny list" if added else "was on the deny list already"
        print_line(f"{kind.value} {identifier} {said}")


def refunds(context: typer.Context, as_json: Json = False) -> None:
    """What is owed to holders: refunds, and gaps that were given back."""
    with opened(home_of(context)) as host:
        found = host.settlement.refunds()
    rows = [
        {"coupon_id": f"{one.issuer}/{one.serial}", **money(one.amount_minor, one.currency)}
        for one in found
    ]
    print_rows(rows, ("coupon_id", "amount"), as_json=as_json, none="nothing is owed to holders")


def gaps(
    context: typer.Context,
    give_back: Annotated[
        bool, typer.Option("--give-back", help="Give back what is due, to the holders.")
    ] = False,
    as_json: Json = False,
) -> None:
    """What of each coupon nobody spent, and from when on it may be given back."""
    with opened(home_of(context)) as host:
        found = host.settlement.give_back_gaps() if give_back else host.settlement.gaps()
    columns = ("coupon_id", "from", "to", "amount", "due", "due_now")
    print_rows(
        [_gap_row(one) for one in found], columns, as_json=as_json, none="no gaps to speak of"
    )


def _gap_row(gap: Gap) -> dict[str, object]:
    return {
        "coupon_id": f"{gap.issuer}/{gap.serial}",
        "from": gap.start_minor,
        "to": gap.stop_minor,
        **money(gap.amount_minor, gap.currency),
        "due": time_text(gap.due_unix_s),
        "due_now": gap.due,
    }


def settle(
    context: typer.Context,
    merchant: Annotated[str | None, typer.Argument(help="One merchant; without it, all.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what is owed and pay nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Pay each merchant what the ledger says it is owed."""
    with opened(home_of(context)) as host:
        if dry_run:
            rows = [_owed_row(one) for one in host.settlement.owed(merchant)]
        else:
            rows = [_settlement_row(one) for one in host.settlement.settle(merchant)]
    columns = ("merchant", "amount") if dry_run else ("merchant", "number", "amount", "time")
    print_rows(rows, columns, as_json=as_json, none="nothing is owed")


def _owed_row(owed: Owed) -> dict[str, object]:
    return {**asdict(owed), **money(owed.amount_minor, owed.currency)}


def _settlement_row(settlement: Settlement) -> dict[str, object]:
    return {
        "merchant": settlement.merchant,
        "number": settlement.number,
        **money(settlement.amount_minor, settlement.currency),
        "time": time_text(settlement.unix_s),
        "transfer": settlement.transfer.hex(),
    }
