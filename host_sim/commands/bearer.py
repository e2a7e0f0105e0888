"""issue-bearer: a coupon that belongs to whoever has it, and the message to write on a tag."""

from __future__ import annotations

import typer

from host_sim.commands.money import (
    Amount,
    Letters,
    Lifetime,
    NotAfter,
    Of,
    Scope,
    coupon_row,
    place_of,
    unix_s,
)
from host_sim.commands.output import Json, home_of, print_json, print_line
from host_sim.home import opened
from host_sim.issuer import Order
from terminal.money import parse_amount
from terminal.nfc.ndef_coupon import coupon_message
from terminal.payment.coupon import CouponClass
from terminal.payment.presentation import bearer_presentation


def add_bearer_commands(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("issue-bearer")(issue_bearer)


def issue_bearer(
    context: typer.Context,
    limit: Amount,
    merchant: Of = None,
    scope: Scope = None,
    letters: Letters = None,
    lifetime_h: Lifetime = 24 * 30,
    not_after: NotAfter = None,
    as_json: Json = False,
) -> None:
    """Issue a coupon without a holder: whoever has a copy may spend it, whole and once."""
    with opened(home_of(context)) as host:
        where, number = place_of(host, merchant, scope, letters)
        amount_minor = parse_amount(limit, number)
        ends = None if not_after is None else unix_s(not_after)
        order = Order(None, amount_minor, number, where, lifetime_h, ends, CouponClass.BEARER)
        row = coupon_row(host.issuer.sell(order))
    message = coupon_message(bearer_presentation(bytes.fromhex(str(row["coupon"])))).hex()
    if as_json:
        print_json({**row, "ndef": message})
    else:
        print_line(f"coupon {row['coupon_id']}: {row['limit']} until {row['not_after']}")
        print_line(f"NDEF message for a tag: {message}")
