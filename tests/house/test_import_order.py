"""Imports go one way (docs/architecture.md): what decides never reaches what touches a device."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TIERS = (
    {"errors"},
    {"money", "ports"},
    {"acoustic", "crypto"},
    {"nfc"},
    {"payment"},
    {"journal"},
    {"sync", "panel"},
    {"sale"},
    {"runtime", "kiosk"},
    {"devices", "config"},
    {"compose"},
    {"cli"},
)
RANK = {room: rank for rank, tier in enumerate(TIERS) for room in tier}

DEVICE_LIBRARIES = {
    "sounddevice",
    "nfc",
    "serial",
    "gpiod",
    "httpx2",
    "usb1",
    "subprocess",
    "socket",
}
"""May be imported by ``devices`` alone: code that decides never touches a device."""

SOCKET_ROOMS = {"kiosk"}
"""The kiosk's server is the terminal's only listener."""

DISK_LIBRARIES = {"apsw", "sqlite3"}
"""May be imported by ``journal`` alone: it is the only disk."""


def imports(path: Path) -> Iterator[str]:
    """Dotted names of every module a source file imports, at any depth."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(dotted: str) -> str | None:
    parts = dotted.split(".")
    return parts[1] if parts[0] == "terminal" and len(parts) > 1 else None


def sources(package: str) -> list[Path]:
    return sorted(path for path in (ROOT / package).rglob("*.py"))


def identity(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", sources("terminal"), ids=identity)
def test_a_room_imports_only_rooms_below_it(path: Path) -> None:
    here = path.relative_to(ROOT / "terminal").parts[0].removesuffix(".py")
    if here in {"__init__", "__main__"}:
        return
    assert here in RANK, f"{here} has no place in the import order"
    for name in imports(path):
        there = room(name)
        if there is None or there == here or there not in RANK:
            continue
        if here == "acoustic":
            assert there == "errors", f"{identity(path)} imports {name}; acoustic lifts out alone"
        assert RANK[there] < RANK[here], f"{identity(path)} imports {name}, not below it"


@pytest.mark.parametrize("path", sources("terminal"), ids=identity)
def test_the_terminal_never_imports_the_host(path: Path) -> None:
    assert not [name for name in imports(path) if name.split(".")[0] in {"host_sim", "tests"}]


@pytest.mark.parametrize("path", sources("terminal"), ids=identity)
def test_devices_are_touched_in_devices_and_the_disk_in_the_journal(path: Path) -> None:
    here = path.relative_to(ROOT / "terminal").parts[0].removesuffix(".py")
    tops = {name.split(".")[0] for name in imports(path)}
    if here not in {"devices", "compose", "cli"} | SOCKET_ROOMS:
        assert not tops & DEVICE_LIBRARIES
    if here not in {"journal", "devices", "compose", "cli"}:
        assert not tops & DISK_LIBRARIES


@pytest.mark.parametrize(
    "room_name", ["acoustic", "crypto", "nfc", "payment", "sync", "panel", "sale"]
)
def test_what_decides_reads_no_clock_and_no_chance(room_name: str) -> None:
    for path in sources(f"terminal/{room_name}"):
        banned = {"time", "random", "secrets", "datetime", "uuid"} & {
            name.split(".")[0] for name in imports(path)
        }
        assert not banned, f"{identity(path)} imports {banned}; take it as an argument"


def test_only_compose_and_the_command_line_name_concrete_devices() -> None:
    for path in sources("terminal"):
        here = path.relative_to(ROOT / "terminal").parts[0].removesuffix(".py")
        if here in {"devices", "compose", "cli"}:
            continue
        assert not [name for name in imports(path) if name.startswith("terminal.devices")]
