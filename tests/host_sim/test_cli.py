"""``kumquat-host`` in a script: JSON out, exit codes that mean something, one line for a fault."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from host_sim.cli import main
from host_sim.home import Home
from host_sim.keys import MIRROR, PAYEE, ROOT, VERDICT, issuer_label
from host_sim.store.sqlite import SqliteStore
from terminal.crypto.keys import private_signer
from terminal.devices.key_file import EncryptedFileKeyStore
from terminal.payment.coupon import decode_coupon
from terminal.payment.permit import decode_permit
from terminal.sync.enrolment_messages import parse_code

HOLDER = private_signer("Ed25519", b"\x03" * 32).public_key.hex()


class Shell:
    """Runs commands against one home."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.secret = folder / "secret"
        self.secret.write_text("a secret for tests\n")
        self._capsys = capsys

    def run(self, *arguments: str) -> tuple[int, str, str]:
        home = ["--home", str(self.folder / "home"), "--secret-file", str(self.secret)]
        code = main([*home, *arguments])
        captured = self._capsys.readouterr()
        return code, captured.out, captured.err

    def json(self, *arguments: str) -> Any:
        code, out, err = self.run(*arguments, "--json")
        assert code == 0, err
        return json.loads(out)


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    shell = Shell(tmp_path, capsys)
    shell.json("init", "--name", "host.test")
    return shell


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A host that no test of this module changes."""
    folder = tmp_path_factory.mktemp("made")
    secret = folder / "secret"
    secret.write_text("a secret for tests\n")
    home = ["--home", str(folder / "home"), "--secret-file", str(secret)]
    assert main([*home, "init", "--name", "host.test"]) == 0
    return folder


@pytest.mark.slow
def test_a_host_is_set_up_from_commands(shell: Shell) -> None:
    merchant = shell.json("merchant", "add", "stall", "--name", "李记水果", "--currency", "CNY")
    terminal = shell.json(
        "terminal", "add", "stall", "--name", "Till", "--limit", "floor_limit_minor=80.00"
    )
    assert terminal["settings"]["limits"]["floor_limit_minor"] == 8000
    code = shell.json("enrol-code", str(terminal["terminal"]))
    assert parse_code(code["code"]).terminal == terminal["terminal"]
    sold = shell.json("sell", HOLDER, "--limit", "500.00", "--merchant", "stall")
    coupon = decode_coupon(bytes.fromhex(sold["coupon"]))
    assert coupon.fields.scope == merchant["scope"]
    assert coupon.fields.limit_minor == 50_000
    card = shell.json(
        "issue-card",
        HOLDER,
        "--limit",
        "20.00",
        "--merchant",
        "stall",
        "--not-after",
        "2030-01-01T00:00:00Z",
    )
    assert decode_coupon(bytes.fromhex(card["coupon"])).fields.key_in_hardware
    assert len(shell.json("coupons")) == 2
    assert shell.json("revoke", "coupon", sold["coupon_id"])["added"]
    assert shell.json("policy") == [{"terminal": terminal["terminal"], "policy_version": 3}]
    status = shell.json("status")
    assert status["coupon_count"] == 2
    assert status["terminals"][0]["policy_version"] == 3
    assert shell.json("reconcile")["in_order"]
    assert shell.json("settle") == []
    assert shell.json("settle", "--dry-run")[0]["amount"] == "CNY 0.00"
    assert shell.json("refunds") == []
    assert {gap["due_now"] for gap in shell.json("gaps")} == {False}
    assert shell.json("evidence") == []
    assert {row["account"]: row["amount"] for row in shell.json("ledger", "cash")} == {
        "cash": "CNY 520.00"
    }
    assert len(shell.json("ledger", "--transfers")) == 4
    assert shell.json("keys")["root_fingerprint"] == status["root_fingerprint"]


def test_every_list_is_also_for_people(shell: Shell) -> None:
    shell.json("merchant", "add", "stall", "--name", "李记水果", "--currency", "CNY")
    shell.json("terminal", "add", "stall", "--id", "1001")
    for command in (["merchant", "list"], ["terminal", "list"], ["status"], ["reconcile"]):
        code, out, _ = shell.run(*command)
        assert code == 0
        assert out.strip()
    assert "李记水果" in shell.run("merchant", "list")[1]


def test_making_a_host_twice_changes_nothing(shell: Shell) -> None:
    before = shell.json("keys")
    code, _, err = shell.run("init", "--name", "host.test")
    assert code == 64
    assert "holds a host already" in err
    assert shell.json("keys") == before


def test_a_name_that_is_none_makes_no_host(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = Shell(tmp_path, capsys)
    code, _, err = shell.run("init", "--name", "Fruit stall")
    assert code != 0
    assert "a-z" in err
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("keys_made", [0, 2, 5])
def test_a_host_half_made_when_the_power_went_is_made_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], keys_made: int
) -> None:
    shell = Shell(tmp_path, capsys)
    home = Home(tmp_path / "home", shell.secret)
    home.folder.mkdir()
    SqliteStore(home.store).close()
    keystore = EncryptedFileKeyStore(home.keys, home.secret())
    for label in (ROOT, issuer_label(1), VERDICT, MIRROR, PAYEE)[:keys_made]:
        keystore.create(label, "Ed25519")
    shell.json("init", "--name", "host.test")
    assert shell.json("merchant", "list") == []


def test_keys_without_their_store_are_left_alone(shell: Shell) -> None:
    (shell.folder / "home" / "host.db").unlink()
    before = (shell.folder / "home" / "host.keys").read_bytes()
    code, _, err = shell.run("init", "--name", "host.test")
    assert code == 64
    assert "without its store" in err
    assert (shell.folder / "home" / "host.keys").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (["terminal", "add", "nobody"], 64, "no merchant nobody"),
        (["enrol-code", "77"], 64, "no terminal 77"),
        (["sell", "zz", "--limit", "1", "--scope", "1", "--currency", "CNY"], 64, "hexadecimal"),
        (["sell", HOLDER, "--limit", "1.234", "--scope", "1", "--currency", "CNY"], 65, "decimals"),
        (["sell", HOLDER, "--limit", "1"], 64, "--merchant"),
        (["sell", HOLDER, "--limit", "1", "--scope", "1", "--currency", "XXX"], 65, "'XXX'"),
        (["revoke", "coupon", "x"], 64, "does not name"),
        (["serve", "--address", "192.0.2.1"], 78, "reachable from outside"),
        (["no-such-command"], 2, "No such command"),
        (["sell"], 2, "holder_key"),
        (["policy", "--limit", "count_limit=1"], 64, "name the terminal"),
    ],
)
def test_a_fault_is_one_clear_line_and_a_code(
    made: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    exit_code: int,
    words: str,
) -> None:
    code, _, err = Shell(made, capsys).run(*arguments)
    assert code == exit_code
    assert words in err
    assert "Traceback" not in err


def test_a_fault_in_json_is_a_value_too(shell: Shell) -> None:
    code, out, _ = shell.run("enrol-code", "77", "--json")
    assert code == 64
    assert json.loads(out)["error"] == "UsageError"


def test_another_secret_opens_nothing(shell: Shell) -> None:
    shell.secret.write_text("another secret")
    code, _, err = shell.run("status")
    assert code == 77
    assert "does not open" in err


def test_a_home_without_a_host_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = Shell(tmp_path, capsys).run("status")
    assert code == 64
    assert "kumquat-host init" in err


@pytest.mark.slow
def test_a_season_card_is_taken_and_let_go_from_commands(shell: Shell) -> None:
    shell.json("merchant", "add", "park", "--name", "Park", "--currency", "CNY")
    shell.json("terminal", "add", "park", "--id", "12", "--number-cap", "5.00")
    issued = shell.json("permit", "issue", "12", "04:a1:b2:c3:d4:e5:80", "--limit", "300.00")
    assert (issued["number"], issued["limit"]) == ("04a1b2c3d4e580", "CNY 300.00")
    assert decode_permit(bytes.fromhex(issued["permit"])).fields.terminal == 12
    assert shell.json("permit", "list", "12") == [issued]
    code, out, _ = shell.run("permit", "list", "12")
    assert (code, "CNY 300.00" in out) == (0, True)
    code, _, said = shell.run("permit", "issue", "12", "04A1B2C3D4E580", "--limit", "1.00")
    assert (code != 0, "withdraw that first" in said) == (True, True)
    assert shell.json("permit", "withdraw", "12", "04A1B2C3D4E580")["policy_version"] == 3
    assert shell.json("permit", "list", "12") == []
