"""``kumquat-host deny-list`` to ``kumquat deny-list``: files from one to the other."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from host_sim.cli import main as host_main
from terminal.cli import main as terminal_main
from terminal.compose.state import StatePaths, make_state, save_enrolment
from terminal.crypto.keys import parse_public_key
from terminal.sync.origin import Origin
from terminal.sync.record import EnrolmentRecord

CARDS = "card 04aabbcc\ncard 04ddeeff  # stolen\n\ncoupon 1/77\n0011223344556677\n"


class Shell:
    """A host's and a terminal's command line over one folder."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys
        secret = folder / "secret"
        secret.write_text("a secret for tests\n")
        self._home = ["--home", str(folder / "home"), "--secret-file", str(secret)]
        self.host("init", "--name", "host.test")
        root = bytes.fromhex(self.host("keys")["root"])
        paths = StatePaths(folder / "state")
        make_state(paths)
        key = parse_public_key(root, "root")
        record = EnrolmentRecord(Origin("host.test", 7, 1), key, b"", (), "http://127.0.0.1:1")
        save_enrolment(paths, record)

    def host(self, *words: str) -> Any:
        """A command that succeeds; its JSON."""
        return self._answer(host_main, [*self._home, *words, "--json"], 0)

    def terminal(self, *words: str, code: int = 0) -> Any:
        state = ["--state", str(self.folder / "state")]
        return self._answer(terminal_main, [*state, *words, "--json"], code)

    def host_refuses(self, *words: str) -> str:
        assert host_main([*self._home, *words]) != 0
        return self._capsys.readouterr().err

    def _answer(self, run: Callable[[list[str]], int], words: list[str], code: int) -> Any:
        found = run(words)
        captured = self._capsys.readouterr()
        assert found == code, captured.err
        lines = [json.loads(line) for line in captured.out.splitlines()]
        return lines[0] if len(lines) == 1 else lines

    def file(self, name: str, text: str = "") -> str:
        path = self.folder / name
        if text:
            path.write_text(text)
        return str(path)


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(tmp_path, capsys)


@pytest.mark.slow
def test_a_list_and_its_changes_travel_as_files(shell: Shell) -> None:
    first, second, delta = (shell.file(name) for name in ("first", "second", "delta"))
    assert shell.terminal("deny-list", "status")["version"] == 0
    built = shell.host("deny-list", "build", first, "--subjects", shell.file("cards", CARDS))
    assert (built["version"], built["subjects"]) == (1, 4)
    longer = shell.file("longer", CARDS.replace("coupon 1/77", "terminal 9") + "issuer 3\n")
    made = shell.host("deny-list", "delta", first, second, delta, "--subjects", longer)
    assert (made["version"], made["added"], made["removed"]) == (2, 2, 1)
    installed = shell.terminal("deny-list", "install", first, delta)
    assert [each["version"] for each in installed] == [1, 2]
    status = shell.terminal("deny-list", "status")
    assert (status["version"], status["subject_count"], status["overlay_count"]) == (2, 5, 3)
    refused = shell.terminal("deny-list", "install", second, code=65)
    assert refused["error"] == "DenyListRefused"


@pytest.mark.slow
def test_what_is_revoked_here_is_listed_without_a_file(shell: Shell) -> None:
    shell.host("revoke", "card", "04aabbcc")
    built = shell.host("deny-list", "build", shell.file("first"), "--version", "8")
    assert (built["version"], built["subjects"]) == (8, 1)


@pytest.mark.slow
def test_a_damaged_list_is_said_with_an_exit_code(shell: Shell) -> None:
    first = shell.file("first")
    shell.host("deny-list", "build", first, "--subjects", shell.file("cards", CARDS))
    shell.terminal("deny-list", "install", first)
    base = StatePaths(shell.folder / "state").deny_list / "base"
    base.write_bytes(base.read_bytes()[:-8])
    status = shell.terminal("deny-list", "status", code=1)
    assert (status["version"], "cut short" in status["problem"]) == (0, True)
    assert shell.terminal("deny-list", "install", first)["version"] == 1
    missing = shell.terminal("deny-list", "install", shell.file("nothing"), code=74)
    assert "nothing" in missing["message"]


@pytest.mark.slow
def test_the_host_names_the_line_it_does_not_understand(shell: Shell) -> None:
    first = shell.file("first")
    for text in ("card 04aa\nbicycle 7\n", "card 04aa\n00112233\n", "card\n\n", "card x y"):
        said = shell.host_refuses(
            "deny-list", "build", first, "--subjects", shell.file("broken", text)
        )
        assert "line" in said or "does not name" in said
    assert "cannot be read" in shell.host_refuses(
        "deny-list", "build", first, "--subjects", shell.file("nothing")
    )
    shell.host("deny-list", "build", first, "--subjects", shell.file("cards", CARDS))
    same = ("deny-list", "delta", first, shell.file("second"), shell.file("delta"))
    assert "nothing changed" in shell.host_refuses(*same, "--subjects", shell.file("cards"))
    assert "no list" in shell.host_refuses(
        "deny-list", "delta", shell.file("nothing"), shell.file("second"), shell.file("delta")
    )
