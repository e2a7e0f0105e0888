"""The command line: wrong usage is 2, a known fault one line and its code, never a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from terminal.cli import main
from terminal.cli.app import default_state
from tests.terminal.compose.states import NOBODY, enrolled_state, environment

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    "words",
    [
        ["dance"],
        ["--loud", "status"],
        ["play"],
        ["play", "00", "--volume", "11"],
        ["listen", "--seconds", "long"],
        ["verify"],
        ["enrol", "code"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_two_and_says_where_help_is(words: list[str], capsys: Capture) -> None:
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "--help" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "command", ["run", "enrol", "status", "demo", "listen", "play", "tap", "export", "verify"]
)
def test_every_command_has_help(command: str, capsys: Capture) -> None:
    assert main([command, "--help"]) == 0
    assert command in capsys.readouterr().out


@pytest.mark.parametrize("command", [["run"], ["status"], ["export", "file"]], ids=" ".join)
def test_without_a_terminal_each_command_says_to_enrol(
    command: list[str], tmp_path: Path, capsys: Capture
) -> None:
    assert main(["--state", str(tmp_path / "none"), *command]) == 78
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert "kumquat enrol" in err


def test_an_error_in_json_is_one_value(tmp_path: Path, capsys: Capture) -> None:
    assert main(["--state", str(tmp_path), "status", "--json"]) == 78
    (line,) = capsys.readouterr().out.splitlines()
    value = json.loads(line)
    assert (value["event"], value["error"]) == ("error", "ConfigError")


def test_a_wrong_configuration_names_its_field(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "config.toml").write_text("[kiosk]\nport = 70000\n", encoding="utf-8")
    assert main(["--state", str(tmp_path), "run"]) == 78
    assert "kiosk.port" in capsys.readouterr().err


def test_an_enrolment_code_that_is_none_is_refused(tmp_path: Path, capsys: Capture) -> None:
    words = ["--state", str(tmp_path / "new"), "enrol", "not-a-code", "--host", NOBODY]
    assert main(words) == 65
    assert "Traceback" not in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_status_says_what_was_taken(tmp_path: Path, capsys: Capture) -> None:
    paths = enrolled_state(tmp_path)
    assert main(["--state", str(paths.root), "status", "--lines", "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    value = json.loads(line)
    assert (value["entries"], value["sales"], value["net"]) == (1, 0, "CNY 0.00")
    assert main(["--state", str(paths.root), "status"]) == 0
    assert "0 sales" in capsys.readouterr().out


def test_the_doctor_ends_with_one_where_something_is_bad(tmp_path: Path, capsys: Capture) -> None:
    config = (
        '[audio]\ninput="off"\noutput="off"\n[voice]\nenabled=false\n[reader]\npath="off"\n'
        '[panel]\npath="off"\n'
    )
    paths = enrolled_state(tmp_path, config)
    assert main(["--state", str(paths.root), "doctor", "--json"]) == 0
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert {finding["part"]: finding["health"] for finding in findings}["host"] == "warning"
    paths.enrolment.unlink()
    assert main(["--state", str(paths.root), "doctor"]) == 1
    assert "BAD" in capsys.readouterr().out


def test_the_state_is_where_the_environment_says(tmp_path: Path) -> None:
    with environment(KUMQUAT_STATE=str(tmp_path / "named")):
        assert default_state() == tmp_path / "named"
    with environment(KUMQUAT_STATE=None, XDG_DATA_HOME=str(tmp_path)):
        assert default_state() == tmp_path / "kumquat"
