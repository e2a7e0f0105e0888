"""Over HTTPS at an address that is not loopback, as a phone sees the page: a secure context."""

from __future__ import annotations

import base64
import hashlib
import os
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from host_sim.demo.processes import Actor
from host_sim.wallet.certificate import kept_certificate
from tests.host_sim.wallet.conftest import SERVE, phone_at
from tests.host_sim.wallet.phones import CHROMIUM, FLAGS, IN_BROWSER

pytestmark = IN_BROWSER


def own_address() -> str | None:
    """This machine's address on its network; nothing is sent to find it out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))
        except OSError:
            return None
        address = str(probe.getsockname()[0])
        return None if address.startswith("127.") else address


def spki_digest(certificate: Path) -> str:
    """How chromium names a key that it is told to trust."""
    key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    data = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def test_a_phone_on_the_network_gets_keys_a_microphone_and_the_page_offline(tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    address = own_address()
    if address is None:
        pytest.skip("this machine has no address but loopback")
    made = kept_certificate(tmp_path / "home", (address,), datetime.now(UTC))
    trusted = f"--ignore-certificate-errors-spki-list={spki_digest(made.certificate)}"
    where = ("--address", address, "--home", str(tmp_path / "home"))
    server = Actor("wallet", (*SERVE, *where), log=tmp_path / "log", env=dict(os.environ))
    try:
        ready = server.expect("ready")
        assert str(ready["url"]).startswith(f"https://{address}:")
        assert ready["fingerprint"] == made.fingerprint
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, trusted])
            phones = phone_at(browser, str(ready["url"]))
            phone = next(phones)
            assert phone.page.evaluate("isSecureContext && Boolean(navigator.mediaDevices)")
            phone.buy()
            phone.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
            server.end()
            phone.open()
            assert "200.00" in phone.page.inner_text("#balance-156")
            next(phones, None)
            browser.close()
    finally:
        server.end()
