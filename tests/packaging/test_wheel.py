"""The wheel is whole: it runs in an empty environment outside the checkout."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return next(out.glob("*.whl"))


@pytest.mark.slow
def test_the_wheel_carries_the_three_packages_and_their_data(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"terminal", "host_sim", "boards"}
    for ending in ("board.toml", ".html", ".css", ".sql", "firmware/main.py"):
        assert any(name.endswith(ending) for name in names), f"no {ending} in the wheel"


@pytest.mark.slow
def test_the_doctor_runs_from_a_wheel_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    python = environment / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    for arguments in (
        ("--require-hashes", "-r", str(ROOT / "requirements.lock")),
        ("--no-deps", str(wheel)),
    ):
        subprocess.run(
            [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *arguments],
            check=True,
            capture_output=True,
        )
    done = subprocess.run(
        [environment / "bin" / "kumquat", "--state", str(tmp_path / "s"), "doctor", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    findings = json.loads(done.stdout)
    assert {finding["part"] for finding in findings["findings"]} >= {"microphone", "key", "host"}
    assert "Traceback" not in done.stderr
