"""House rules as a test: what a reviewer would otherwise have to say twice."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAX_FILE_LINES = 320
MAX_FUNCTION_LINES = 60


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0:
        paths = [ROOT / line for line in listed.stdout.splitlines()]
    else:  # an unpacked source archive has no history
        paths = [path for path in ROOT.rglob("*") if not path.is_relative_to(ROOT / ".venv")]
    return sorted(path for path in paths if path.is_file())


TRACKED = tracked()
PYTHON = [path for path in TRACKED if path.suffix == ".py"]
TEXT_SUFFIXES = {".py", ".md", ".toml", ".lock", ".js", ".html", ".css", ".txt", ".yml", ".json"}


def identity(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", PYTHON, ids=identity)
def test_a_file_fits_in_the_head(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_FILE_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or node.lineno) - node.lineno < MAX_FUNCTION_LINES, node.name


@pytest.mark.parametrize("path", PYTHON, ids=identity)
def test_a_module_opens_with_its_purpose(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not tree.body or ast.get_docstring(tree), "say what the module is for"


@pytest.mark.parametrize("path", PYTHON, ids=identity)
def test_names_say_what_a_thing_is(path: Path) -> None:
    assert not re.search(r"(^|_)(utils?|manager|helpers?|misc|common)(_|\.|$)", path.name)


@pytest.mark.parametrize("path", PYTHON, ids=identity)
def test_a_silenced_check_gives_its_reason(path: Path) -> None:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        silenced = re.search(r"#\s*(type: ignore\[[^\]]+\]|noqa: [A-Z0-9, ]+)(.*)", line)
        if silenced:
            assert re.search(r"[#-]\s*\w+", silenced[2]), f"line {number} gives no reason"


def test_nothing_is_patched_in_tests() -> None:
    banned = re.compile(r"\b(monkeypatch|unittest\.mock|mocker|MagicMock)\b")
    here = Path(__file__)
    offenders = [identity(p) for p in PYTHON if p != here and banned.search(p.read_text("utf-8"))]
    assert not offenders, "a simulator implements the port instead"


def test_no_registry_is_named() -> None:
    registry = re.compile(
        r"(pypi|pythonhosted|npmjs|debian)\.(org|com|net|io)|--(extra-)?index-url"
    )
    here = Path(__file__)
    for path in TRACKED:
        if path.suffix in TEXT_SUFFIXES | {""} and path != here:
            text = path.read_text(encoding="utf-8", errors="replace")
            assert not registry.search(text), f"{identity(path)} names a package registry"


def test_every_locked_package_carries_a_hash() -> None:
    for path in TRACKED:
        if path.suffix != ".lock":
            continue
        for block in re.split(r"\n(?=\S)", path.read_text(encoding="utf-8")):
            if block.strip() and not block.startswith("#"):
                assert "--hash=sha256:" in block, f"{identity(path)}: {block.splitlines()[0]}"


def test_no_secret_is_committed() -> None:
    secret = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b")
    here = Path(__file__)
    for path in TRACKED:
        if path.suffix in TEXT_SUFFIXES and path != here:
            assert not secret.search(path.read_text(encoding="utf-8", errors="replace"))
