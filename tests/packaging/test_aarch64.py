"""A Raspberry Pi can install the runtime: every locked package has a wheel that fits it.

The one package that is published as source only, pyDes (wanted by nfcpy), is pure Python: its wheel
is built here and must come out as ``none-any``, so no Pi ever needs a compiler.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.markers import Marker

ROOT = Path(__file__).parents[2]
SOURCE_ONLY = "pydes"
PLATFORMS = ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64", "any")


def pip(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    if "Temporary failure in name resolution" in done.stderr:
        pytest.skip("no package registry within reach")
    assert done.returncode == 0, done.stderr[-2000:]


def split_lock(python: str) -> tuple[str, str]:
    """The lock as a Pi with this Python reads it, and the source-only package's own block.

    pip would judge the markers for the machine it runs on, so they are judged here.
    """
    pi = {
        "sys_platform": "linux",
        "platform_machine": "aarch64",
        "implementation_name": "cpython",
        "python_version": python,
        "python_full_version": f"{python}.2",
    }
    wanted = []
    for block in re.split(r"\n(?=\S)", (ROOT / "requirements.lock").read_text("utf-8")):
        head, _, rest = block.partition(" \\")
        name, _, marker = head.partition(" ; ")
        if not marker or Marker(marker).evaluate(pi):
            wanted.append(f"{name} \\{rest}")
    blocks = "\n".join(wanted).split("\n")
    wheels: list[str] = []
    source: list[str] = []
    into_source = False
    for line in blocks:
        if line and not line.startswith(" "):
            into_source = line.startswith(f"{SOURCE_ONLY}==")
        (source if into_source else wheels).append(line)
    return "\n".join(wheels), "\n".join(source)


@pytest.mark.slow
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_every_runtime_package_has_a_wheel_for_aarch64(python: str, tmp_path: Path) -> None:
    wheels, _ = split_lock(python)
    lock = tmp_path / "wheels.lock"
    lock.write_text(wheels, encoding="utf-8")
    platforms = [option for name in PLATFORMS for option in ("--platform", name)]
    pip(
        "download",
        *("--only-binary", ":all:", "--no-deps", "--require-hashes", "--implementation", "cp"),
        *("--python-version", python, *platforms, "-r", str(lock), "-d", str(tmp_path / "wheels")),
    )
    found = {wheel.name.split("-")[0] for wheel in (tmp_path / "wheels").glob("*.whl")}
    assert {"numpy", "scipy", "apsw", "cryptography", "gpiod", "nfcpy"} <= found


@pytest.mark.slow
def test_the_package_published_as_source_alone_is_pure_python(tmp_path: Path) -> None:
    _, source = split_lock("3.11")
    lock = tmp_path / "source.lock"
    lock.write_text(source, encoding="utf-8")
    pip("wheel", "--no-deps", "--require-hashes", "-r", str(lock), "-w", str(tmp_path))
    assert next(path.name for path in tmp_path.glob("*.whl")).lower().endswith("-none-any.whl")
