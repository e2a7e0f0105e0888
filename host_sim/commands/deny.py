"""deny-list publish for terminals in touch; build and delta for files carried by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from host_sim import deny_publisher
from host_sim.commands.output import Json, home_of, print_json, print_line
from host_sim.home import opened
from host_sim.refusal import UsageError
from host_sim.service import Host
from terminal.journal.deny_base import Values
from terminal.payment.deny_head import Changes, DenyHead

deny_app = typer.Typer(
    name="deny-list",
    help="The long deny list: published to terminals, or as signed files to carry.",
    no_args_is_help=True,
)
Subjects = Annotated[
    Path | None,
    typer.Option(
        "--subjects",
        help="Text, a line each: `coupon 1/77`, `card 04aabbcc`, or 16 hex digits;"
        " without it, everything revoked here.",
    ),
]


def add_deny_commands(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.add_typer(deny_app)


@deny_app.command()
def build(
    context: typer.Context,
    base: Annotated[Path, typer.Argument(help="The file to write.")],
    subjects: Subjects = None,
    version: Annotated[
        int, typer.Option(min=1, max=2**32 - 1, help="Above every version published before.")
    ] = 1,
    as_json: Json = False,
) -> None:
    """Sign and write a whole list that follows no other."""
    with opened(home_of(context)) as host:
        wanted = _wanted(host, subjects)
        head = deny_publisher.build(base, wanted, version, host.office.keys.root)
    _print(head, None, as_json=as_json)


@deny_app.command()
def delta(
    context: typer.Context,
    old: Annotated[Path, typer.Argument(help="The list published last.")],
    new: Annotated[Path, typer.Argument(help="The whole new list to write.")],
    changes: Annotated[Path, typer.Argument(help="The changes to write.")],
    subjects: Subjects = None,
    as_json: Json = False,
) -> None:
    """Sign and write the next version, whole and as changes; terminals may take either."""
    with opened(home_of(context)) as host:
        before = deny_publisher.open_published(old, host.office.keys.public("root"))
        wanted = _wanted(host, subjects)
        head, made = deny_publisher.publish_changes(
            before, new, changes, wanted, host.office.keys.root
        )
    _print(head, made, as_json=as_json)


@deny_app.command()
def publish(
    context: typer.Context,
    subjects: Subjects = None,
    as_json: Json = False,
) -> None:
    """Sign the next version and serve it: terminals fetch it after their next sync."""
    with opened(home_of(context)) as host:
        wanted = _wanted(host, subjects)
        assert host.deny_archive is not None, "a home has a place for it"
        head, made = host.deny_archive.publish(wanted)
    _print(head, made, as_json=as_json)


def _wanted(host: Host, path: Path | None) -> Values:
    if path is None:
        with host.office.store.unit() as unit:
            return deny_publisher.sorted_subjects(one.subject for one in unit.registry.denials())
    try:
        with path.open(encoding="utf-8") as lines:
            return deny_publisher.read_subjects(lines)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error


def _print(head: DenyHead, changes: Changes | None, *, as_json: bool) -> None:
    value: dict[str, object] = {"version": head.version, "subjects": head.count}
    words = f"version {head.version}: {head.count} subjects"
    if changes is not None:
        value |= {"added": len(changes.added), "removed": len(changes.removed)}
        words += f", {len(changes.added)} added, {len(changes.removed)} removed"
    if as_json:
        print_json({**value, "digest": head.digest.hex()})
    else:
        print_line(words)
