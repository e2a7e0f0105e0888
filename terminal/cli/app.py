"""The root of the command line: global options, and errors turned into one line and an exit code.

Exit codes: 0 done, 1 checked and found wanting, 2 wrong usage; from 64 on those of sysexits.h,
named on each error of ``terminal.errors``.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from terminal.cli.output import Output
from terminal.errors import KumquatError

WRONG_USAGE: Final = 2
INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141


@dataclass(frozen=True, slots=True)
class Place:
    """Where this terminal keeps its state: journal, keys and ``config.toml``."""

    state: Path


app = typer.Typer(
    name="kumquat",
    help="Kumquat: a payment terminal that takes money with no network.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON lines instead of words.")]


def default_state() -> Path:
    """``$KUMQUAT_STATE``, else the user's data directory (XDG base directories)."""
    if named := os.environ.get("KUMQUAT_STATE"):
        return Path(named)
    data_home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(data_home) / "kumquat"


@app.callback()
def root(
    context: typer.Context,
    state: Annotated[
        Path | None, typer.Option("--state", help="Directory of journal, keys and config.toml.")
    ] = None,
) -> None:
    """Kumquat: a payment terminal that takes money with no network."""
    context.obj = Place(state or default_state())


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit code and never shows a traceback for a known fault."""
    # Two cores at most, and one is for selling: read before numpy is imported, with the commands.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from terminal.cli import commands

    commands.register(app)
    given = sys.argv[1:] if arguments is None else arguments
    try:
        outcome: Any = app(given, standalone_mode=False)
    except KumquatError as error:
        Output("--json" in given).error(error)
        return error.exit_code
    except typer.TyperException as error:
        Output("--json" in given).usage(error)
        return WRONG_USAGE
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        # Nobody reads any more: leave quietly, without a second complaint at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    return outcome if isinstance(outcome, int) else 0
