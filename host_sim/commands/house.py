"""init, serve, status, keys, reconcile, ledger, evidence, disputes, resolve."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
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
from host_sim.home import make_home, opened
from host_sim.model import Leaf, Posting, Transfer
from host_sim.service import HostStatus
from terminal.payment.verdict import VerdictStatus, reason_text
from terminal.sync.enrolment_messages import fingerprint


def add_house_commands(app: typer.Typer) -> None:
    """Add these commands to the application."""
    for name, command in (
        ("init", init),
        ("serve", serve),
        ("status", status),
        ("keys", keys),
        ("reconcile", reconcile),
        ("ledger", ledger),
        ("evidence", evidence),
        ("disputes", disputes),
        ("resolve", resolve),
    ):
        app.command(name)(command)


def init(
    context: typer.Context,
    name: Annotated[str, typer.Option(help="The host's name, the head of every origin.")],
    issuer: Annotated[int, typer.Option(min=0, max=65535, help="The issuer's number.")] = 1,
    as_json: Json = False,
) -> None:
    """Make a new host: keys in an encrypted file, and an empty store."""
    home = home_of(context)
    make_home(home, name, issuer)
    with opened(home) as host:
        root = fingerprint(host.office.keys.root.public_key)
    if as_json:
        print_json({"home": str(home.folder), "name": name, "issuer": issuer, "root": root})
    else:
        print_line(f"{name}: made in {home.folder}, issuer {issuer}, root {root}")


def serve(
    context: typer.Context,
    address: Annotated[str, typer.Option(help="Loopback, or with TLS any address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8470,
    certificate: Annotated[Path | None, typer.Option(help="TLS certificate chain, PEM.")] = None,
    key: Annotated[Path | None, typer.Option(help="The certificate's key, PEM.")] = None,
    as_json: Json = False,
) -> None:
    """Answer terminals until SIGINT or SIGTERM."""
    from host_sim.api.app import create_app
    from host_sim.api.server import Listen
    from host_sim.api.server import serve as serve_app
    from host_sim.door import Door

    listen = Listen(address, port, certificate, key)
    with opened(home_of(context)) as host:

        def ready(url: str) -> None:
            if as_json:
                event = {"event": "ready", "url": url, "name": host.office.name, "pid": os.getpid()}
                print_json(event)
            else:
                print_line(f"{host.office.name} answers on {url} (pid {os.getpid()})")

        serve_app(create_app(Door(host)), listen, ready)


def status(context: typer.Context, as_json: Json = False) -> None:
    """Terminals, what is mirrored, what was refused or disputed."""
    with opened(home_of(context)) as host:
        found = host.status()
    if as_json:
        print_json(asdict(found))
        return
    _print_status(found)


def _print_status(found: HostStatus) -> None:
    print_line(f"{found.name}, issuer {found.issuer}, root {found.root_fingerprint}")
    print_line(
        f"{found.coupon_count} coupons, {found.evidence_count} pieces of evidence,"
        f" {found.denied_count} on the deny list"
    )
    columns = (
        "terminal",
        "merchant",
        "name",
        "epoch",
        "policy_version",
        "mirrored_size",
        "held_count",
        "refused_count",
        "disputed_count",
        "waiting_count",
        "forked",
    )
    rows = [asdict(one) for one in found.terminals]
    print_rows(rows, columns, as_json=False, none="no terminals yet")


def keys(context: typer.Context, as_json: Json = False) -> None:
    """The host's public keys, by role; a wallet needs the payee key."""
    with opened(home_of(context)) as host:
        office = host.office
        roles = ("root", "issuer", "verdict", "mirror", "payee")
        found = {role: office.keys.public(role).data.hex() for role in roles}
        value = {**found, "issuer_number": office.keys.issuer_number, "name": office.name}
        value["mirror_name"] = office.mirror_name
        value["root_fingerprint"] = fingerprint(office.keys.root.public_key)
    if as_json:
        print_json(value)
    else:
        for role, text in value.items():
            print_line(f"{role:16} {text}")


def reconcile(context: typer.Context, as_json: Json = False) -> int:
    """Compare every journal with what was booked; exit code 1 where they disagree."""
    with opened(home_of(context)) as host:
        found = host.reconcile()
    if as_json:
        print_json({**asdict(found), "in_order": found.in_order})
    else:
        columns = (
            "terminal",
            "epoch",
            "mirrored_size",
            "sales_count",
            "sales_minor",
            "settled_minor",
            "returned_minor",
            "open_count",
            "agrees",
        )
        rows = [asdict(one) for one in found.journals]
        print_rows(rows, columns, as_json=False, none="no journals yet")
        print_line("in order" if found.in_order else "NOT in order")
    return 0 if found.in_order else 1


def ledger(
    context: typer.Context,
    prefix: Annotated[str, typer.Argument(help="Accounts that begin so, as merchant:.")] = "",
    transfers: Annotated[
        bool, typer.Option("--transfers", help="Every transfer instead of balances.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Balances, folded from the postings; debits positive."""
    with opened(home_of(context)) as host, host.office.store.unit() as unit:
        if transfers:
            rows = [
                _posting_row(one, posting)
                for one in unit.money.transfers()
                for posting in one.postings
            ]
        else:
            rows = [
                {"account": one.account, **money(one.amount_minor, one.currency)}
                for one in unit.money.balances(prefix)
            ]
    rows = [row for row in rows if str(row["account"]).startswith(prefix)]
    columns = ("time", "kind", "account", "amount", "memo") if transfers else ("account", "amount")
    print_rows(rows, columns, as_json=as_json, none="nothing is booked")


def _posting_row(transfer: Transfer, posting: Posting) -> dict[str, object]:
    return {
        "transfer": transfer.transfer.hex(),
        "time": time_text(transfer.unix_s),
        "kind": transfer.kind,
        "account": posting.account,
        **money(posting.amount_minor, posting.currency),
        "memo": transfer.memo,
    }


def evidence(context: typer.Context, as_json: Json = False) -> None:
    """Forks and double spends, with the signed bytes that prove them."""
    with opened(home_of(context)) as host:
        found = host.evidence()
    rows: list[dict[str, object]] = [
        {
            "evidence": one.evidence.hex(),
            "kind": one.kind.value,
            "against": one.against,
            "terminal": one.terminal,
            "epoch": one.epoch,
            "index": one.index,
            "amount_minor": one.amount_minor,
            "first": one.first.hex(),
            "second": one.second.hex(),
            "noted": time_text(one.noted_unix_s),
        }
        for one in found
    ]
    columns = ("kind", "against", "terminal", "epoch", "index", "amount_minor", "noted")
    print_rows(rows, columns, as_json=as_json, none="no evidence")


def disputes(context: typer.Context, as_json: Json = False) -> None:
    """Entries held for a person: money has not moved."""
    with opened(home_of(context)) as host:
        rows = [_leaf_row(one) for one in host.review.disputes()]
    columns = ("terminal", "epoch", "index", "reason", "received")
    print_rows(rows, columns, as_json=as_json, none="no disputes")


def resolve(
    context: typer.Context,
    terminal: Annotated[int, typer.Argument(help="The terminal's id.")],
    epoch: Annotated[int, typer.Argument(help="The journal's epoch.")],
    index: Annotated[int, typer.Argument(help="The entry's index.")],
    pay: Annotated[bool, typer.Option("--pay/--refuse", help="Pay the merchant, or refuse.")],
    leaf: Annotated[
        str | None, typer.Option(help="The leaf hash, hex, where forks differ.")
    ] = None,
    as_json: Json = False,
) -> None:
    """End a dispute; the terminal learns it at its next sync."""
    wanted = None if leaf is None else hex_bytes(leaf, "leaf")
    with opened(home_of(context)) as host:
        row = _leaf_row(host.review.resolve(terminal, epoch, index, pay=pay, leaf=wanted))
    if as_json:
        print_json(row)
    else:
        print_line(f"entry {index}: {row['status']}, {row['reason']}")


def _leaf_row(leaf: Leaf) -> dict[str, object]:
    return {
        "terminal": leaf.terminal,
        "epoch": leaf.epoch,
        "index": leaf.index,
        "leaf": leaf.leaf.hex(),
        "status": VerdictStatus(leaf.status).name.lower(),
        "reason": reason_text(leaf.reason),
        "received": time_text(leaf.received_unix_s),
    }
