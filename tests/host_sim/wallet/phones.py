"""A browser as the payer's phone, and the world's side of what it signs and hears."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from terminal.crypto.keys import SoftwareSigner, parse_public_key
from terminal.payment.coupon import CouponFields, sign_coupon
from terminal.payment.payee import PayeeCard, sign_payee_card
from terminal.payment.request import Request, StaticRequest
from terminal.payment.text import ASK, ask_bytes, to_text

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM: Final = "/usr/bin/chromium"
FLAGS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
)
IN_BROWSER = [
    pytest.mark.end_to_end,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="chromium is not installed"),
]
PHONE_SIZE: Final = (390, 844)
VECTORS: Final = Path(__file__).parents[2] / "vectors" / "money"

ISSUER: Final = SoftwareSigner("Ed25519", bytes(range(32)))
PAYEE: Final = SoftwareSigner("Ed25519", bytes(range(1, 33)))
JOURNAL: Final = SoftwareSigner("Ed25519", bytes(range(2, 34)))
TERMINAL: Final = 7
PAYEE_NAME: Final = "Wang's Fruit 王氏水果"


def vectors(name: str) -> dict[str, Any]:
    """One file of ``tests/vectors/money``."""
    found: dict[str, Any] = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def a_request(amount_minor: int = 1_250, terminal: int = TERMINAL) -> Request:
    """A sale's request with a fresh nonce."""
    return Request(terminal, 156, amount_minor, os.urandom(8))


def ask_text(request: Request | StaticRequest, *, named: bool = True) -> str:
    """What the terminal's QR code says."""
    soon = int(time.time()) + 3_600
    card = PayeeCard(request.terminal, request.currency, 1, soon, PAYEE_NAME)
    signed = sign_payee_card(card, PAYEE) if named else None
    return to_text(ASK, ask_bytes(request.encode(), signed))


def a_coupon(public_key: bytes, serial: int = 1, limit_minor: int = 20_000) -> bytes:
    """A coupon of CNY for a holder key, valid for an hour."""
    key = parse_public_key(public_key, "key")
    soon = int(time.time()) + 3_600
    return sign_coupon(CouponFields(0, 9, serial, key, limit_minor, 156, 1, soon, 48), ISSUER)


@dataclass(frozen=True, slots=True)
class Phone:
    """One page of the wallet, driven as a payer would."""

    page: Page
    url: str

    def open(self) -> None:
        """Load the page and wait until it shows something."""
        self.page.goto(self.url)
        self.page.wait_for_selector("main > section")

    def buy(self, serial: int = 1, limit_minor: int = 20_000) -> bytes:
        """Make a key in the page, have a coupon signed for it, and paste it; the coupon."""
        self.page.click("#tab-coupons")
        self.page.wait_for_selector("body[data-place=coupons]")
        if self.page.locator("#make-key").count():
            self.page.click("#make-key")
        key = bytes.fromhex(self.page.inner_text("#next-key"))
        coupon = a_coupon(key, serial, limit_minor)
        self.page.fill("#coupon-hex", coupon.hex())
        self.page.click("#take")
        self.page.wait_for_selector("#taken")
        self.page.click("#tab-pay")
        return coupon

    def read(self, text: str) -> None:
        """Type the text of a QR code."""
        self.page.click("#paste")
        self.page.fill("#code-text", text)
        self.page.click("#go")

    def run(self, script: str, *given: object) -> Any:
        """Run an async function of the page's world with its modules at hand."""
        return self.page.evaluate(f"async (given) => {{ {PRELUDE} {script} }}", list(given))


PRELUDE: Final = """
const at = (name) => import(`/static/${name}.js`);
const { fromHex, toHex } = await at("bytes");
const openWallet = async (settings = {}) => {
  const { Store } = await at("store");
  const { Wallet } = await at("wallet");
  return new Wallet(await Store.open(), settings);
};
const now = () => Math.floor(Date.now() / 1000);
"""
