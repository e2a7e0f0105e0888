"""The page's server: what it serves, with which headers, and under which certificate."""

from __future__ import annotations

import json
import re
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from starlette.testclient import TestClient

from host_sim.wallet.app import STATIC, create_app, served_files, version_of
from host_sim.wallet.certificate import LIFETIME, kept_certificate
from host_sim.wallet.command import main
from host_sim.wallet.settings import WalletSettings, read_journal_keys
from terminal.errors import DecodeError
from tests.host_sim.wallet.phones import JOURNAL, PAYEE

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SETTINGS = WalletSettings(
    payee_key=PAYEE.public_key, journal_keys=read_journal_keys([f"7={JOURNAL.public_key.hex()}"])
)


@pytest.fixture
def client() -> TestClient:
    return TestClient(create_app(SETTINGS))


def test_nothing_inline_and_nothing_foreign_may_run(client: TestClient) -> None:
    for path in ("/", "/service_worker.js", "/files.js", "/static/page.js", "/settings.json"):
        answer = client.get(path)
        assert answer.status_code == 200, path
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; ")
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
    page = client.get("/").text
    assert not re.search(r"<script(?![^>]* src=)|<style| on\w+=| style=|https?://", page)


def test_every_file_that_the_page_may_ask_for_is_kept_for_use_offline(client: TestClient) -> None:
    text = client.get("/files.js").text
    found = re.search(r"self.FILES = (\[.*\]);", text)
    assert found is not None
    files = json.loads(found[1])
    assert {"/", "/settings.json", "/static/page.js", "/static/modem/receiver.js"} <= set(files)
    for path in files:
        assert client.get(path).status_code == 200, path
    for name in (name for name in served_files() if name.endswith(".js")):
        source = (STATIC / name).read_text(encoding="utf-8")
        for asked in re.findall(r'from "\./([\w./-]+)"', source):
            assert f"/static/{(Path(name).parent / asked).as_posix()}" in files, (name, asked)


def test_a_changed_file_is_a_new_version(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("page")
    (tmp_path / "page.js").write_text("one")
    before = version_of(tmp_path, served_files(tmp_path))
    (tmp_path / "page.js").write_text("two")
    assert version_of(tmp_path, served_files(tmp_path)) != before
    assert served_files(tmp_path) == ("page.js",)


def test_the_host_says_whom_to_believe_and_that_it_is_simulated(client: TestClient) -> None:
    assert client.get("/settings.json").json() == {
        "simulated": True,
        "payee_key": PAYEE.public_key.hex(),
        "journal_keys": {"7": JOURNAL.public_key.hex()},
    }


def test_what_is_no_key_is_refused_at_start() -> None:
    with pytest.raises(DecodeError, match="payee key"):
        WalletSettings(payee_key=bytes(31))
    for text in ("7", "seven=00", "7=zz"):
        with pytest.raises(DecodeError, match="journal key"):
            read_journal_keys([text])


def test_the_page_installs(client: TestClient) -> None:
    answer = client.get("/static/manifest.webmanifest")
    assert answer.headers["content-type"] == "application/manifest+json"
    manifest = answer.json()
    assert (manifest["start_url"], manifest["display"]) == ("/", "standalone")
    for icon in manifest["icons"]:
        assert client.get(icon["src"]).headers["content-type"] == "image/png"


def test_nothing_outside_the_folder_is_served_and_nothing_is_taken(client: TestClient) -> None:
    assert client.get("/static/../app.py").status_code == 404
    assert client.get("/static/%2e%2e/app.py").status_code == 404
    assert client.post("/", content=b"x").status_code == 405


def test_a_certificate_is_made_once_and_kept_to_oneself(tmp_path: Path) -> None:
    made = kept_certificate(tmp_path / "home", ("192.0.2.7", "stall.example"), NOW)
    again = kept_certificate(tmp_path / "home", ("192.0.2.7",), NOW + timedelta(days=1))
    assert again == made
    for path in (made.certificate, made.key):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    ssl.create_default_context(cafile=made.certificate)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(made.certificate, made.key)
    read = x509.load_pem_x509_certificate(made.certificate.read_bytes())
    names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {str(one.value) for one in names} == {
        "localhost", "127.0.0.1", "::1", "192.0.2.7", "stall.example",
    }  # fmt: skip


def test_a_certificate_is_made_anew_before_it_ends_and_for_a_new_name(tmp_path: Path) -> None:
    first = kept_certificate(tmp_path, (), NOW)
    later = kept_certificate(tmp_path, (), NOW + LIFETIME - timedelta(days=29))
    named = kept_certificate(tmp_path, ("192.0.2.7",), NOW)
    assert len({first.fingerprint, later.fingerprint, named.fingerprint}) == 3
    (tmp_path / "wallet.crt").write_text("damaged")
    assert kept_certificate(tmp_path, (), NOW).fingerprint != named.fingerprint


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["serve", "--payee-key", "zz"], "payee key"),
        (["serve", "--http", "--address", "192.0.2.1"], "--certificate"),
        (["serve", "--certificate", "/no/such"], "belong together"),
        (["serve", "--port", "70000"], "65535"),
    ],
)
def test_a_wrong_start_is_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) != 0
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1
