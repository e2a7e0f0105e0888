"""``kumquat run``, ``enrol``, ``status`` and ``demo``: the terminal itself."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from terminal.cli.app import Json, Place
from terminal.cli.output import Output
from terminal.config import load_config
from terminal.money import format_amount

if TYPE_CHECKING:
    from collections.abc import Mapping


def run(
    context: typer.Context,
    as_json: Json = False,
) -> int:
    """Sell, until interrupted: sound, taps, scans and the seller's page.

    Prints what happens as it happens. A missing device is shown and retried, never fatal.
    """
    from terminal.compose.state import StatePaths
    from terminal.compose.terminal import Terminal

    place: Place = context.obj
    output = Output(as_json)
    paths = StatePaths(place.state)

    def report(event: Mapping[str, object]) -> None:
        output.result(event, _words(event))

    terminal = Terminal(paths, load_config(paths.config), report)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: terminal.stop())
    terminal.run()
    return 0


def enrol(
    context: typer.Context,
    code: Annotated[str, typer.Argument(help="The code that the host printed.")],
    host: Annotated[str, typer.Option("--host", help="The host's address.")],
    ca_file: Annotated[Path | None, typer.Option(help="The host's own authority, PEM.")] = None,
    as_json: Json = False,
) -> int:
    """Enrol this terminal with a host: makes its keys here, brings its policy and its name."""
    from terminal.compose.enrol import enrol_terminal
    from terminal.compose.state import StatePaths

    place: Place = context.obj
    enrolled = enrol_terminal(StatePaths(place.state), code, host, ca_file)
    policy = enrolled.policy
    value = {
        "event": "enrolled",
        "terminal": policy.terminal,
        "merchant": policy.name,
        "origin": str(enrolled.origin),
        "policy": policy.version,
    }
    words = f"enrolled as terminal {policy.terminal} of {policy.name}, policy {policy.version}"
    Output(as_json).result(value, words)
    return 0


def status(
    context: typer.Context,
    lines: Annotated[
        bool, typer.Option("--lines", help="Every sale, refund and void too.")
    ] = False,
    as_json: Json = False,
) -> int:
    """What this terminal has taken, and how much of it the host has confirmed.

    Works beside a running terminal.
    """
    from terminal.compose.state import StatePaths
    from terminal.compose.status import read_status

    place: Place = context.obj
    output = Output(as_json)
    found = read_status(StatePaths(place.state))
    currency = found.currency
    totals = found.totals
    value = {
        "event": "status",
        "terminal": found.terminal,
        "entries": found.entries,
        "sales": totals.sales_count,
        "net": format_amount(totals.net_minor, currency),
        "unsynced": totals.unsynced_count,
        "at_risk": format_amount(totals.at_risk_minor, currency),
        "unannounced": found.unannounced,
    }
    words = (
        f"terminal {found.terminal}: {totals.sales_count} sales, {value['net']} net; "
        f"{totals.unsynced_count} not yet with the host, {value['at_risk']} at risk"
    )
    output.result(value, words)
    for line in found.lines if lines else ():
        shown = {
            "event": "line",
            "entry": line.index,
            "kind": line.kind.value,
            "amount": format_amount(line.amount_minor, currency),
            "state": line.state.value,
            "announced": line.announced,
            "original": line.original_index,
            "host_reason": line.host_reason,
        }
        state = line.state.value.replace("_", " ")
        output.result(shown, f"  {line.index:5d}  {line.kind.value:6}  {shown['amount']}  {state}")
    return 0


def demo(
    audio: Annotated[
        str, typer.Option(help="virtual, or real for this machine's own.")
    ] = "virtual",
    keep: Annotated[Path | None, typer.Option(help="Keep everything in this directory.")] = None,
    as_json: Json = False,
) -> int:
    """Play a day at a stall and a toll point, on simulated hardware, in about a minute."""
    arguments = ["--audio", audio]
    if keep is not None:
        arguments += ["--keep", str(keep)]
    if as_json:
        arguments.append("--json")
    command = [sys.executable, "-m", "host_sim.demo", *arguments]
    return subprocess.run(command, check=False).returncode


def _words(event: Mapping[str, object]) -> str:
    rest = ", ".join(
        f"{name} {value}" for name, value in event.items() if name != "event" and value is not None
    )
    return f"{event['event']}: {rest}" if rest else str(event["event"])
