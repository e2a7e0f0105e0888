"""Boards are data: the same names on all, and nothing claimed that nobody has seen."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from boards.pico_panel.firmware import pins

BOARDS = Path(__file__).parents[2] / "boards"
FILES = sorted(BOARDS.glob("*/board.toml"))
NAMES = {"desk", "raspberry_pi_4", "raspberry_pi_5", "raspberry_pi_zero_2w", "pico_panel"}


def board(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def shape(value: object) -> object:
    """The names and kinds of a value, without its contents."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    return type(value)


def identity(path: Path) -> str:
    return path.parent.name


def test_the_five_boards_are_there() -> None:
    assert {path.parent.name for path in FILES} == NAMES


@pytest.mark.parametrize("path", FILES, ids=identity)
def test_every_board_has_the_same_names_with_the_same_kinds(path: Path) -> None:
    assert shape(board(path)) == shape(board(BOARDS / "desk" / "board.toml"))


@pytest.mark.parametrize("path", FILES, ids=identity)
def test_a_board_is_named_as_its_folder_and_claims_no_hardware_test(path: Path) -> None:
    found = board(path)
    assert found["name"] == path.parent.name
    assert found["kind"] in {"terminal", "panel"}
    assert found["tested_on_hardware"] is False


@pytest.mark.parametrize("path", FILES, ids=identity)
def test_no_pin_has_two_purposes(path: Path) -> None:
    table = board(path)["pins"]
    used = [
        pin for value in table.values() for pin in (value if isinstance(value, list) else [value])
    ]
    wired = [pin for pin in used if pin >= 0]
    assert len(wired) == len(set(wired))
    assert all(pin < 30 for pin in wired)


@pytest.mark.parametrize("path", FILES, ids=identity)
def test_every_field_is_explained(path: Path) -> None:
    explained = (BOARDS / "README.md").read_text(encoding="utf-8")
    found = board(path)
    for name in [*found, *found["pins"], *found["features"]]:
        assert f"`{name}`" in explained or f"`[{name}]`" in explained, name


def test_the_panels_pins_are_those_of_its_firmware() -> None:
    assert board(BOARDS / "pico_panel" / "board.toml")["pins"] == {
        "uart_tx": pins.UART_TX,
        "uart_rx": pins.UART_RX,
        "reader_reset": -1,
        "led_idle": pins.LED_IDLE,
        "led_waiting": pins.LED_WAITING,
        "led_accepted": pins.LED_ACCEPTED,
        "led_declined": pins.LED_DECLINED,
        "buzzer": pins.BUZZER,
        "relay": pins.RELAY,
        "relay_sense": pins.RELAY_SENSE,
        "emergency": pins.EMERGENCY,
        "keypad_rows": list(pins.KEYPAD_ROWS),
        "keypad_columns": list(pins.KEYPAD_COLUMNS),
    }
    assert board(BOARDS / "pico_panel" / "board.toml")["panel_baud"] == pins.BAUD


@pytest.mark.parametrize("name", sorted(NAMES - {"desk", "pico_panel"}))
def test_a_raspberry_pi_has_its_boot_lines_and_the_shared_device_names(name: str) -> None:
    assert (BOARDS / name / "config.txt").is_file()
    rules = (BOARDS / "raspberry_pi" / "60-kumquat.rules").read_text(encoding="utf-8")
    found = board(BOARDS / name / "board.toml")
    for device in (found["panel_path"], found["reader_path"].split(":")[1]):
        assert f'SYMLINK+="{device.removeprefix("/dev/")}"' in rules


def test_the_service_waits_for_no_network_and_starts_again_for_ever() -> None:
    unit = (BOARDS / "raspberry_pi" / "kumquat.service").read_text(encoding="utf-8")
    assert "network" not in unit.replace("without a network", "")
    assert "Restart=always" in unit
    assert "StartLimitIntervalSec=0" in unit
    assert "User=kumquat" in unit
