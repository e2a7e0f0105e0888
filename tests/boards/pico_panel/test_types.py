"""The firmware's types against the stubs of the Pico's MicroPython, as staged for the board."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from boards.pico_panel.stage import stage

TYPINGS = Path(__file__).parents[3] / "typings"
STUBS = (
    "machine,micropython,_mpy_shed.*,rp2.*,builtins,typing,_typeshed.*,os.*,collections.*,"
    "asyncio.*,time,io,sys.*,struct,json.*,binascii"
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not TYPINGS.is_dir(), reason="needs the rp2 stubs: run make typings"),
]


def check(folder: Path) -> tuple[int, str]:
    """mypy's exit code and words about the staged files, with the Pico's modules and no others."""
    settings = folder / "mypy.ini"
    settings.write_text(
        "[mypy]\nstrict = True\nexplicit_package_bases = True\n"
        f"custom_typeshed_dir = {TYPINGS}\nmypy_path = {TYPINGS}\n"
        f"cache_dir = {folder / 'cache'}\n[mypy-{STUBS}]\nignore_errors = True\n",
        encoding="utf-8",
    )
    result = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", settings, "main.py", "terminal", "boards"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode, result.stdout + result.stderr


def test_the_firmware_uses_only_what_the_pico_has(tmp_path: Path) -> None:
    stage(tmp_path)
    assert check(tmp_path) == (0, "Success: no issues found in 11 source files\n")


def test_what_the_pico_lacks_would_be_found(tmp_path: Path) -> None:
    stage(tmp_path)
    with (tmp_path / "main.py").open("a", encoding="utf-8") as main:
        main.write("import dataclasses\ntime.monotonic()\nmachine.WDT(timeout='2 s')\n")
    code, words = check(tmp_path)
    assert code == 1
    for problem in ('"dataclasses"', '"monotonic"', 'Argument "timeout"'):
        assert problem in words
