"""The command line ``kumquat-host``: parses, opens the host, runs one command, prints.

Exit codes: 0 done, 1 checked and found wanting, 2 wrong usage of the command line; from 64 on those
of sysexits.h, named on each error. A fault is one line on standard error, never a traceback.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from host_sim.commands.bearer import add_bearer_commands
from host_sim.commands.deny import add_deny_commands
from host_sim.commands.house import add_house_commands
from host_sim.commands.money import add_money_commands
from host_sim.commands.output import print_error, print_usage_error
from host_sim.commands.permits import add_permit_commands
from host_sim.commands.registry import add_registry_commands
from host_sim.home import Home, default_folder
from terminal.errors import KumquatError

WRONG_USAGE: Final = 2
INTERRUPTED: Final = 130

app = typer.Typer(
    name="kumquat-host",
    help="The host that Kumquat terminals settle with.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def root(
    context: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option("--home", help="Directory of store and keys; or $KUMQUAT_HOST_HOME."),
    ] = None,
    secret_file: Annotated[
        Path | None,
        typer.Option(
            "--secret-file", help="File with the key file's secret; or $KUMQUAT_HOST_SECRET."
        ),
    ] = None,
) -> None:
    """The host that Kumquat terminals settle with."""
    context.obj = Home(home or default_folder(), secret_file)


add_house_commands(app)
add_registry_commands(app)
add_money_commands(app)
add_bearer_commands(app)
add_permit_commands(app)
add_deny_commands(app)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        outcome: Any = app(given, standalone_mode=False)
    except KumquatError as error:
        print_error(error, as_json="--json" in given)
        return error.exit_code
    except typer.TyperException as error:
        print_usage_error(error, as_json="--json" in given)
        return WRONG_USAGE
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    return outcome if isinstance(outcome, int) else 0
