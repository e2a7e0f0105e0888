"""``kumquat deny-list``: the long list of who is refused although genuine, from files."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from terminal.cli.app import Json, Place
from terminal.cli.output import Output

app = typer.Typer(help="Install and look at the long deny list.", no_args_is_help=True)


@app.command()
def install(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="Whole lists and changes, in order.")],
    as_json: Json = False,
) -> int:
    """Take lists and changes that the host signed. Works beside a running terminal."""
    from terminal.compose import deny_list
    from terminal.compose.state import StatePaths

    place: Place = context.obj
    output = Output(as_json)
    with output.progress() as progress:
        progress.add_task("installing", total=None)
        for view in deny_list.install(StatePaths(place.state), files):
            value = {
                "event": "installed",
                "version": view.version,
                "subjects": view.head.count,
                "beside_base": view.overlay_count,
            }
            output.result(value, f"version {view.version} is installed: {view.head.count} subjects")
    return 0


@app.command()
def status(context: typer.Context, as_json: Json = False) -> int:
    """Check what is installed against the host's signature.

    Exit code 1: it is damaged; policy's own short list still holds.
    """
    from terminal.compose import deny_list
    from terminal.compose.state import StatePaths

    place: Place = context.obj
    found = deny_list.read(StatePaths(place.state))
    if found.version:
        words = (
            f"version {found.version}: {found.subject_count} subjects, "
            f"{found.mapped_bytes / 1e6:.1f} MB mapped, {found.overlay_count} beside the base"
        )
    else:
        words = "no long deny list is in force"
    if found.problem is not None:
        words += f"\nDAMAGED: {found.problem}"
    Output(as_json).result({"event": "deny_list", **asdict(found)}, words)
    return 0 if found.problem is None else 1
