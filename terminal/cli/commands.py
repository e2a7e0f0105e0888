"""Every command by its name; each is imported when the command line runs, none before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from terminal.cli import audit, deny_list, doctor, operate, sound, tap

if TYPE_CHECKING:
    import typer


def register(app: typer.Typer) -> None:
    """Give the application its commands, once."""
    if app.registered_commands:
        return
    app.command()(operate.run)
    app.command()(operate.enrol)
    app.command()(operate.status)
    app.command()(operate.demo)
    app.command()(sound.listen)
    app.command()(sound.play)
    app.command()(tap.tap)
    app.command()(audit.export)
    app.command()(audit.verify)
    app.command()(doctor.doctor)
    app.add_typer(deny_list.app, name="deny-list")
