"""The wallet page beyond loopback: HTTPS between two network namespaces, a phone's and a server's.

Browsers give keys, microphone and service workers to secure contexts only, and loopback counts as
one without TLS; so this is the one place where the page's own certificate has to do its work. The
phone trusts that one key, as a person does who installs the certificate.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.host_sim.wallet.phones import CHROMIUM, FLAGS, Phone, a_request, ask_text

if TYPE_CHECKING:
    from playwright.sync_api import Playwright

SERVER_IP, PHONE_IP = "192.0.2.1", "192.0.2.2"  # RFC 5737, 3: addresses for documentation
END_S = 10.0


def no_namespaces() -> str:
    """Why namespaces cannot be made here; empty where they can."""
    if not shutil.which("ip"):
        return "no ip command (iproute2) on this machine"
    name = f"kqt{os.getpid()}"
    tried = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
    if tried.returncode:
        return f"network namespaces need root: {tried.stderr.decode().strip()}"
    ip("netns", "del", name)
    return ""


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="chromium is not installed"),
]


class Wire:
    """Two namespaces with one cable between them."""

    def __init__(self, closing: ExitStack) -> None:
        self.server, self.phone = (f"kq{end}{os.getpid()}" for end in "sp")
        for name in (self.server, self.phone):
            ip("netns", "add", name)
            closing.callback(ip, "netns", "del", name)
        far = ("peer", "name", "far", "netns", self.phone)
        ip("-n", self.server, "link", "add", "near", "type", "veth", *far)
        for name, link, address in (
            (self.server, "near", SERVER_IP),
            (self.phone, "far", PHONE_IP),
        ):
            # An IPv6 address that came up during a load would be a changed network to Chromium,
            # which then drops what it is loading.
            ip("-n", name, "link", "set", link, "addrgenmode", "none")
            ip("-n", name, "address", "add", f"{address}/24", "dev", link)
            for each in ("lo", link):
                ip("-n", name, "link", "set", each, "up")

    def pull(self) -> None:
        """Take the cable out."""
        ip("-n", self.phone, "link", "set", "far", "down")


@pytest.fixture
def phone(tmp_path: Path, playwright: Playwright) -> Iterator[tuple[Phone, Callable[[], None]]]:
    """A phone that has the page's address, and what takes server and network away."""
    if why := no_namespaces():
        pytest.skip(why)
    with ExitStack() as closing:
        wire = Wire(closing)
        home = tmp_path / "home"
        command = [sys.executable, "-m", "host_sim.wallet", "serve", "--address", SERVER_IP]
        server = subprocess.Popen(
            ["ip", "netns", "exec", wire.server, *command, "--home", str(home), "--json"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert server.stdout is not None
        closing.enter_context(server.stdout)

        def gone() -> None:
            server.terminate()
            server.wait(END_S)
            wire.pull()

        closing.callback(server.wait, END_S)
        closing.callback(server.terminate)
        url = str(json.loads(server.stdout.readline())["url"])
        wrapper = tmp_path / "chromium"
        wrapper.write_text(f'#!/bin/sh\nexec ip netns exec {wire.phone} {CHROMIUM} "$@"\n')
        wrapper.chmod(0o700)
        trusted = f"--ignore-certificate-errors-spki-list={pin_of(home / 'wallet.crt')}"
        browser = playwright.chromium.launch(
            executable_path=wrapper,
            args=[*FLAGS, "--use-fake-device-for-media-stream", trusted],
        )
        closing.callback(browser.close)
        context = browser.new_context(locale="en-GB")
        context.grant_permissions(["microphone"], origin=url)
        yield Phone(context.new_page(), url), gone


def pin_of(certificate: Path) -> str:
    """SHA-256 of the public key in base64, as RFC 7469, 2.4."""
    key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()


def test_a_phone_elsewhere_takes_a_coupon_and_spends_it_with_the_server_gone(
    phone: tuple[Phone, Callable[[], None]],
) -> None:
    payer, gone = phone
    payer.open()
    page = payer.page
    assert page.url.startswith(f"https://{SERVER_IP}:")
    assert page.evaluate("isSecureContext")
    payer.buy()
    page.click("#listen")
    page.wait_for_selector("#level")  # the microphone was granted; what it hears is tried elsewhere
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    gone()
    page.reload()
    page.wait_for_selector("#balance-156")
    payer.read(ask_text(a_request(), named=False))
    page.check("#confirm")
    page.click("#pay")
    page.wait_for_selector("#presentation", state="attached")
