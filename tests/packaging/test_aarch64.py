"""A Raspberry Pi can install the runtime: every locked package has a wheel that fits it.

The one package that is published as source only, pyDes (wanted by nfcpy), is pure Python: its wheel
is built here and must come out as ``none-any``, so no Pi ever needs a compiler.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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


def split_lock() -> tuple[str, str]:
    """The lock without the source-only package, and that package's own block."""
    blocks = (ROOT / "requirements.lock").read_text("utf-8").split("\n")
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
    wheels, _ = split_lock()
    lock = tmp_path / "wheels.lock"
    lock.write_text(wheels, encoding="utf-8")
    platforms = [option for name in PLATFORMS for option in ("--platform", name)]
    pip(
        "download",
        *("--only-binary", ":all:", "--no-deps", "--require-hashes", "--implementation", "cp"),
        *("--python-version", python, *platforms, "-r", str(lock), "-d", str(tmp_path / "wheels")),
    )
    # Markers are judged by the running interpreter here; what matters is that all were found.
    assert list((tmp_path / "wheels").glob("numpy-*aarch64.whl"))


@pytest.mark.slow
def test_the_package_published_as_source_alone_is_pure_python(tmp_path: Path) -> None:
    _, source = split_lock()
    lock = tmp_path / "source.lock"
    lock.write_text(source, encoding="utf-8")
    pip("wheel", "--no-deps", "--require-hashes", "-r", str(lock), "-w", str(tmp_path))
    assert next(path.name for path in tmp_path.glob("*.whl")).lower().endswith("-none-any.whl")
