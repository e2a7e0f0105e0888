"""permit: cards that a terminal takes by their number."""

from __future__ import annotations

from typing import Annotated

import typer

from host_sim.commands.money import Amount, NotAfter, unix_s
from host_sim.commands.output import Json, home_of, print_json, print_line, print_rows, time_text
from host_sim.home import opened
from host_sim.model import NumberPermit
from host_sim.permit_office import PermitOrder, number_of
from host_sim.refusal import UsageError
from host_sim.service import Host
from terminal.money import format_amount, parse_amount
from terminal.payment.permit import decode_permit

permits = typer.Typer(
    no_args_is_help=True,
    help="Cards taken by their number, which anybody can copy; see policy --number-cap.",
)

TerminalId = Annotated[int, typer.Argument(help="The terminal's id: a permit is good at one.")]
Number = Annotated[str, typer.Argument(help="The card's number (UID) in hex: 4, 7 or 10 bytes.")]


def add_permit_commands(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.add_typer(permits, name="permit")


@permits.command("issue")
def issue(
    context: typer.Context,
    terminal: TerminalId,
    number: Number,
    limit: Amount,
    lifetime_h: Annotated[int, typer.Option("--lifetime-h", min=1, max=65535)] = 24 * 31,
    not_after: NotAfter = None,
    as_json: Json = False,
) -> None:
    """Issue a permit for a card's number and publish it to its terminal."""
    with opened(home_of(context)) as host:
        order = PermitOrder(
            number_of(number),
            terminal,
            parse_amount(limit, _currency(host, terminal)),
            lifetime_h,
            None if not_after is None else unix_s(not_after),
        )
        row = permit_row(host.permits.issue(order))
    if as_json:
        print_json(row)
    else:
        print_line(
            f"permit {row['permit_id']}: card {row['number']} at terminal {terminal},"
            f" {row['limit']} until {row['not_after']}"
        )


@permits.command("list")
def list_permits(context: typer.Context, terminal: TerminalId, as_json: Json = False) -> None:
    """The cards a terminal takes by their number."""
    with opened(home_of(context)) as host:
        rows = [permit_row(one) for one in host.permits.permits(terminal)]
    columns = ("permit_id", "number", "limit", "not_after")
    print_rows(rows, columns, as_json=as_json, none="no permits at this terminal")


@permits.command("withdraw")
def withdraw(
    context: typer.Context, terminal: TerminalId, number: Number, as_json: Json = False
) -> None:
    """Take a card's number off a terminal; it learns so at its next sync."""
    with opened(home_of(context)) as host:
        version = host.permits.withdraw(terminal, number_of(number))
    if as_json:
        print_json({"terminal": terminal, "policy_version": version})
    else:
        print_line(f"withdrawn from terminal {terminal}, policy {version}")


def permit_row(permit: NumberPermit) -> dict[str, object]:
    """A permit for output."""
    fields = decode_permit(permit.permit).fields
    return {
        "permit_id": f"{permit.issuer}/{permit.serial}",
        "terminal": permit.terminal,
        "number": permit.number.hex(),
        "limit": format_amount(fields.limit_minor, fields.currency),
        "limit_minor": fields.limit_minor,
        "not_after": time_text(fields.not_after_unix_s),
        "permit": permit.permit.hex(),
    }


def _currency(host: Host, terminal: int) -> int:
    with host.office.store.unit() as unit:
        found = unit.registry.terminal(terminal)
        merchant = None if found is None else unit.registry.merchant(found.merchant)
    if merchant is None:
        raise UsageError(f"there is no terminal {terminal}")
    return merchant.currency
