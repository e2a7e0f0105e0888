"""``export`` and ``verify``: anybody checks the journal, and a changed byte is found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from terminal.cli import main
from terminal.compose.state import StatePaths, load_enrolment
from tests.terminal.compose.states import enrolled_state

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def exported(tmp_path: Path, capsys: Capture) -> tuple[StatePaths, Path]:
    """An enrolled terminal and an export of its journal."""
    paths = enrolled_state(tmp_path)
    file = tmp_path / "journal.export"
    assert main(["--state", str(paths.root), "export", str(file), "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert (value["event"], value["entries"]) == ("exported", 1)
    return paths, file


def test_an_export_verifies_under_the_hosts_root(
    exported: tuple[StatePaths, Path], capsys: Capture
) -> None:
    paths, file = exported
    root = load_enrolment(paths).root_key.data.hex()
    assert main(["verify", str(file), "--root", root, "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert (value["event"], value["entries"], value["accepted"]) == ("verified", 1, 0)
    assert main(["verify", str(file), "--root", root]) == 0
    assert "1 entries are whole and signed" in capsys.readouterr().out


def test_a_damaged_export_ends_with_one_and_names_the_entry(
    exported: tuple[StatePaths, Path], capsys: Capture
) -> None:
    paths, file = exported
    root = load_enrolment(paths).root_key.data.hex()
    whole = file.read_bytes()
    with_entry = 0
    for at in range(0, len(whole), max(1, len(whole) // 12)):
        damaged = bytearray(whole)
        damaged[at] ^= 0x01
        file.write_bytes(bytes(damaged))
        assert main(["verify", str(file), "--root", root, "--json"]) == 1, at
        value = json.loads(capsys.readouterr().out)
        assert value["event"] == "wrong"
        with_entry += value["entry"] is not None
    assert with_entry > 0


def test_another_root_verifies_nothing(exported: tuple[StatePaths, Path], capsys: Capture) -> None:
    other = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert main(["verify", str(exported[1]), "--root", other]) == 1
    assert "WRONG" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "exit_code"),
    [
        (["verify", "/nowhere/at/all"], 74),
        (["verify", "/nowhere/at/all", "--root", "xyz"], 65),
        (["verify", "/nowhere/at/all", "--root", "00"], 65),
    ],
)
def test_what_cannot_be_checked_is_one_clear_line(
    words: list[str], exit_code: int, capsys: Capture
) -> None:
    assert main(words) == exit_code
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)


def test_an_export_that_cannot_be_written_is_one_clear_line(
    exported: tuple[StatePaths, Path], capsys: Capture
) -> None:
    paths, _ = exported
    assert main(["--state", str(paths.root), "export", "/nowhere/at/all"]) != 0
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
