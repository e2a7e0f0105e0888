"""What commands print: a table or a line for a person, one JSON value for a program."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.cells import cell_len
from rich.console import Console

from host_sim.home import Home
from host_sim.refusal import UsageError
from terminal.errors import KumquatError
from terminal.money import format_amount

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")]


def home_of(context: typer.Context) -> Home:
    """The home that the root command found."""
    home = context.obj
    assert isinstance(home, Home)
    return home


def print_json(value: object) -> None:
    """One JSON value on one line of standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def print_line(words: str) -> None:
    """One line for a person."""
    Console(highlight=False, soft_wrap=True).print(words, markup=False)


def print_usage_error(error: Exception, *, as_json: bool) -> None:
    """What is wrong with the command line, and where to look."""
    words = getattr(error, "format_message", error.__str__)()
    if as_json:
        print_json({"event": "error", "error": "WrongUsage", "message": words})
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"kumquat-host: {words}", markup=False, style="red")
    console.print("Try 'kumquat-host --help', or --help after a command.", markup=False)


def print_error(error: KumquatError, *, as_json: bool) -> None:
    """One clear line on standard error; with ``--json`` also a value on standard output."""
    if as_json:
        print_json({"event": "error", "error": type(error).__name__, "message": str(error)})
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"kumquat-host: {error}", markup=False, style="red")


def print_rows(
    rows: Sequence[Mapping[str, object]], columns: Iterable[str], *, as_json: bool, none: str
) -> None:
    """All rows as one JSON array, or as a table of some columns; ``none`` where there are none."""
    if as_json:
        print_json(list(rows))
        return
    if not rows:
        print_line(none)
        return
    names = tuple(columns)
    lines = [tuple(name.replace("_", " ") for name in names)]
    lines += [tuple(str(row[name]) for name in names) for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = zip(line, widths, strict=True)
        print_line("  ".join(cell + " " * (width - cell_len(cell)) for cell, width in cells))


def hex_bytes(text: str, name: str) -> bytes:
    """The bytes a person gave in hex.

    Raises:
        UsageError: it is not hexadecimal.
    """
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise UsageError(f"the {name} is not hexadecimal") from None


def time_text(unix_s: int) -> str:
    """``2026-11-22T13:00:00Z``."""
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def money(amount_minor: int, currency: int) -> dict[str, object]:
    """An amount for programs and people."""
    return {
        "amount_minor": amount_minor,
        "currency": currency,
        "amount": format_amount(amount_minor, currency),
    }
