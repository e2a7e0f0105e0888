"""The command line's page names every command and option of both programs, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from host_sim.cli import app as host_app
from host_sim.registration import TerminalSettings
from terminal.cli import commands
from terminal.cli.app import app as terminal_app

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "command-line.md"
EVERYWHERE = {"--help", "-h", "--json", "--install-completion", "--show-completion"}
"""Said once for all commands at the head of the page."""


def every_command(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Each command that does something, and the root for its global options."""
    within = getattr(command, "commands", {})
    if not within or command.params:
        yield name, command
    for word, inner in within.items():
        yield from every_command(inner, f"{name} {word}")


def known() -> dict[str, Any]:
    commands.register(terminal_app)
    found = dict(every_command(get_command(terminal_app), "kumquat"))
    return found | dict(every_command(get_command(host_app), "kumquat-host"))


COMMANDS = known()


def sections() -> dict[str, str]:
    """The text under each heading that is a command in code marks."""
    parts = re.split(r"^#+ (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.M)
    pairs = zip(parts[1::2], parts[2::2], strict=True)
    return {title[1:-1]: text for title, text in pairs if re.fullmatch(r"`[^`]+`", title)}


def options(command: Any) -> set[str]:
    spelled = {word for each in command.params for word in (*each.opts, *each.secondary_opts)}
    return {word for word in spelled if word.startswith("-")} - EVERYWHERE


def arguments(command: Any) -> set[str]:
    found = [each for each in command.params if each.param_type_name == "argument"]
    return {str(each.name).upper() for each in found}


def test_the_page_has_a_section_for_each_command_and_no_other() -> None:
    assert set(sections()) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_section_names_exactly_the_options_there_are(name: str) -> None:
    text = " ".join(re.findall(r"`([^`\n]+)`", sections()[name]))
    assert set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", text)) - EVERYWHERE == options(
        COMMANDS[name]
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_a_section_names_every_argument(name: str) -> None:
    shown = set(re.findall(r"\b[A-Z][A-Z_]+\b", sections()[name]))
    assert arguments(COMMANDS[name]) <= shown


def test_every_limit_is_explained_with_what_a_new_terminal_has() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \| .+ \| (\d+) \|$", PAGE.read_text(encoding="utf-8"), re.M)
    assert {name: int(value) for name, value in rows} == asdict(TerminalSettings().limits)
