"""merchant, terminal, enrol-code, policy."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from typing import Annotated

import typer

from host_sim.commands.output import Json, home_of, print_json, print_line, print_rows, time_text
from host_sim.home import opened
from host_sim.model import Merchant, Terminal
from host_sim.refusal import UsageError
from host_sim.registration import TerminalSettings, settings_from_json
from host_sim.service import Host
from terminal.money import parse_amount
from terminal.payment.limits import Limits

merchants = typer.Typer(no_args_is_help=True, help="Who is paid.")
terminals = typer.Typer(no_args_is_help=True, help="Where payments are taken.")

Limit = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        help="NAME=VALUE, repeatable: "
        + ", ".join(field.name for field in fields(Limits))
        + ". Amounts (…_minor) may be written 12.50.",
    ),
]
Unattended = Annotated[bool | None, typer.Option(help="A toll or parking post.")]
Static = Annotated[bool | None, typer.Option("--printed-codes/--no-printed-codes")]
Bearer = Annotated[bool | None, typer.Option("--bearer/--no-bearer")]
Permit = Annotated[bool | None, typer.Option("--permits/--no-permits")]
Keypad = Annotated[
    bool | None, typer.Option("--keypad/--no-keypad", help="PINs may be typed at its keypad.")
]
NumberCap = Annotated[
    str | None,
    typer.Option(
        "--number-cap",
        help="Largest sale by a card's number alone, as 5.00; 0 takes none. Numbers can be copied.",
    ),
]


def add_registry_commands(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.add_typer(merchants, name="merchant")
    app.add_typer(terminals, name="terminal")
    app.command("enrol-code")(enrol_code)
    app.command("policy")(policy)


def merchant_row(merchant: Merchant) -> dict[str, object]:
    """A merchant for output."""
    return asdict(merchant)


def terminal_row(terminal: Terminal) -> dict[str, object]:
    """A terminal for output."""
    return {
        "terminal": terminal.terminal,
        "merchant": terminal.merchant,
        "name": terminal.name,
        "site": terminal.site,
        "epoch": terminal.epoch,
        "policy_version": terminal.policy_version,
        "settings": asdict(settings_from_json(terminal.settings)),
    }


@merchants.command("add")
def add_merchant(
    context: typer.Context,
    merchant: Annotated[str, typer.Argument(help="Short name: a-z, 0-9 and -.")],
    name: Annotated[str, typer.Option(help="The name that payers see.")],
    currency: Annotated[str, typer.Option(help="ISO 4217 letters.")],
    scope: Annotated[
        int | None,
        typer.Option(min=0, max=2**32 - 1, help="What coupons name; default the merchant's own."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Add a merchant."""
    with opened(home_of(context)) as host:
        added = host.registration.add_merchant(merchant, name, scope, currency)
    if as_json:
        print_json(merchant_row(added))
    else:
        print_line(f"{added.merchant}: {added.name}, scope {added.scope}")


@merchants.command("list")
def list_merchants(context: typer.Context, as_json: Json = False) -> None:
    """All merchants."""
    with opened(home_of(context)) as host, host.office.store.unit() as unit:
        rows = [merchant_row(one) for one in unit.registry.merchants()]
    columns = ("merchant", "name", "scope", "currency")
    print_rows(rows, columns, as_json=as_json, none="no merchants yet")


@terminals.command("add")
def add_terminal(
    context: typer.Context,
    merchant: Annotated[str, typer.Argument(help="The merchant's short name.")],
    name: Annotated[str, typer.Option(help="What this terminal is called.")] = "Till",
    site: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="The site's number.")] = 0,
    terminal_id: Annotated[
        int | None,
        typer.Option("--id", min=1, max=2**32 - 1, help="An id that was never used; else random."),
    ] = None,
    limit: Limit = None,
    unattended: Unattended = None,
    printed_codes: Static = None,
    bearer: Bearer = None,
    permits: Permit = None,
    keypad: Keypad = None,
    number_cap: NumberCap = None,
    as_json: Json = False,
) -> None:
    """Add a terminal and sign its first policy."""
    with opened(home_of(context)) as host:
        settings = _changed(
            TerminalSettings(),
            _currency(host, merchant),
            limit,
            (unattended, printed_codes, bearer, permits, keypad),
            number_cap,
        )
        added = host.registration.add_terminal(
            merchant, name, site=site, settings=settings, terminal=terminal_id
        )
    if as_json:
        print_json(terminal_row(added))
    else:
        print_line(f"terminal {added.terminal} ({added.name}) of {added.merchant}")


@terminals.command("list")
def list_terminals(context: typer.Context, as_json: Json = False) -> None:
    """All terminals."""
    with opened(home_of(context)) as host, host.office.store.unit() as unit:
        rows = [terminal_row(one) for one in unit.registry.terminals()]
    columns = ("terminal", "merchant", "name", "epoch", "policy_version")
    print_rows(rows, columns, as_json=as_json, none="no terminals yet")


def enrol_code(
    context: typer.Context,
    terminal: Annotated[int, typer.Argument(help="The terminal's id.")],
    as_json: Json = False,
) -> None:
    """A code to enrol a terminal with: one use, five tries, fifteen minutes."""
    with opened(home_of(context)) as host:
        code = host.enrolment.code(terminal)
    expires = time_text(code.expires_unix_s)
    if as_json:
        print_json({"terminal": code.terminal, "code": code.text, "expires": expires})
    else:
        print_line(code.text)
        print_line(f"one use, until {expires}")


def policy(
    context: typer.Context,
    terminal: Annotated[int | None, typer.Argument(help="One terminal; without it, all.")] = None,
    limit: Limit = None,
    unattended: Unattended = None,
    printed_codes: Static = None,
    bearer: Bearer = None,
    permits: Permit = None,
    keypad: Keypad = None,
    number_cap: NumberCap = None,
    as_json: Json = False,
) -> None:
    """Change settings of a terminal, or none, and sign and publish the next policy."""
    switches = (unattended, printed_codes, bearer, permits, keypad)
    with opened(home_of(context)) as host:
        if terminal is None:
            if limit or number_cap or any(switch is not None for switch in switches):
                raise UsageError("name the terminal whose settings change")
            versions = host.registration.publish_all()
        else:
            found = _terminal(host, terminal)
            settings = _changed(
                settings_from_json(found.settings),
                _currency(host, found.merchant),
                limit,
                switches,
                number_cap,
            )
            versions = {terminal: host.registration.set_settings(terminal, settings)}
    rows: list[dict[str, object]] = [
        {"terminal": number, "policy_version": version} for number, version in versions.items()
    ]
    print_rows(rows, ("terminal", "policy_version"), as_json=as_json, none="no terminals yet")


def _terminal(host: Host, number: int) -> Terminal:
    with host.office.store.unit() as unit:
        found = unit.registry.terminal(number)
    if found is None:
        raise UsageError(f"there is no terminal {number}")
    return found


def _currency(host: Host, merchant: str) -> int:
    with host.office.store.unit() as unit:
        found = unit.registry.merchant(merchant)
    if found is None:
        raise UsageError(f"there is no merchant {merchant}")
    return found.currency


def _changed(
    settings: TerminalSettings,
    currency: int,
    limits: list[str] | None,
    switches: tuple[bool | None, ...],
    number_cap: str | None,
) -> TerminalSettings:
    known = {field.name for field in fields(Limits)}
    changes: dict[str, int] = {}
    for text in limits or ():
        name, _, value = text.partition("=")
        if name not in known:
            raise UsageError(f"{name!r} is no limit; there are {', '.join(sorted(known))}")
        if name.endswith("_minor") and "." in value:
            changes[name] = parse_amount(value, currency)
        elif value.isascii() and value.isdigit():
            changes[name] = int(value)
        else:
            raise UsageError(f"{text!r} must look like {name}=1000")
    cap_minor = settings.number_cap_minor
    if number_cap is not None:
        cap_minor = 0 if number_cap == "0" else parse_amount(number_cap, currency)
    unattended, printed, bearer, permits, keypad = switches
    return replace(
        settings,
        limits=replace(settings.limits, **changes),
        unattended=settings.unattended if unattended is None else unattended,
        static_accepted=settings.static_accepted if printed is None else printed,
        bearer_accepted=settings.bearer_accepted if bearer is None else bearer,
        permit_accepted=settings.permit_accepted if permits is None else permits,
        keypad_enrolled=settings.keypad_enrolled if keypad is None else keypad,
        number_cap_minor=cap_minor,
    )
