"""A real browser pays a real terminal by sound, on the virtual sound card.

(a) the page plays, the terminal accepts. (b) Neither has a network: the terminal plays its request,
the page hears it, shows payee and amount, signs with a key that cannot leave the browser, answers
by sound, and hears the terminal's ack. ``make pay-by-page`` prints how long each took in all.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from host_sim.demo.cast import STALL, enrol, found_host
from host_sim.demo.processes import StageFailed
from host_sim.demo.stage import HOST, TERMINAL, Air, Stage
from host_sim.world.panel import SimulatedPanel
from host_sim.world.sound_card import VirtualSoundCard
from terminal.crypto.keys import parse_public_key
from terminal.journal.verify import TrustedKeys, verify_export
from tests.host_sim.wallet.phones import CHROMIUM, FLAGS, PHONE_SIZE, Phone

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

    from host_sim.demo.processes import Actor, Event

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="chromium is not installed"),
]

PAGE = ("-m", "host_sim.wallet")
AMOUNT = "12.50"
PLAYS = 4
CONFIG = """
simulated = true
sync_every_s = 2
[kiosk]
port = 0
[audio]
input = "{microphone}"
output = "{speaker}"
ask = {ask}
ack = {ask}
[voice]
enabled = false
"""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A stall in the air; the browser hears the last sink, which is its loudspeaker."""
    with VirtualSoundCard(("stall_air", "stall_voice")) as card, ExitStack() as closing:
        own = {
            "KUMQUAT_HOST_SECRET": secrets.token_hex(16),
            "KUMQUAT_HOST_HOME": str(tmp_path / "host"),
        }
        microphone, speaker = card.microphone("stall_air"), card.speaker("stall_voice")
        air = Air({**card.env, **own}, microphone, speaker)
        panel = closing.enter_context(SimulatedPanel())
        yield Stage(tmp_path, air, panel, card=card, _closing=closing)


@pytest.fixture
def browser(stage: Stage, playwright: Playwright) -> Iterator[Browser]:
    """Plays into the stall's air, and hears the stall's loudspeaker (source ``phone_mic``)."""
    assert stage.card is not None
    chromium = playwright.chromium.launch(
        executable_path=CHROMIUM,
        args=list(FLAGS),
        ignore_default_args=["--mute-audio"],
        env={**stage.air.env},
    )
    yield chromium
    chromium.close()


class Market:
    """A host, a stall that sells, and a phone whose wallet page has a coupon."""

    def __init__(self, stage: Stage, browser: Browser, *, ask: bool) -> None:
        self.stage = stage
        keys = found_host(stage)
        self.host = stage.host()
        self._open_stall(ask=ask)
        trust = ("--payee-key", str(keys["payee"]), "--journal-key", self._journal_key(keys))
        serve = ("serve", "--http", "--port", "0", "--json")
        self.server = stage.actor("page", *PAGE, *serve, *trust)
        url = str(self.server.expect("ready")["url"])
        context = browser.new_context(
            viewport={"width": PHONE_SIZE[0], "height": PHONE_SIZE[1]}, locale="en-GB"
        )
        context.grant_permissions(["microphone"], origin=url)
        self.phone = Phone(context.new_page(), url)
        self.page = self.phone.page
        self._buy()
        self._learn_the_name()

    def _buy(self) -> None:
        page = self.page
        self.phone.open()
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        page.click("#tab-coupons")
        page.click("#make-key")
        key = page.inner_text("#next-key")
        sold = self.stage.one(
            *HOST, "sell", key, "--limit", "500.00", "--merchant", "wang", "--json"
        )
        page.fill("#coupon-hex", str(sold["coupon"]))
        page.click("#take")
        page.wait_for_selector("#taken")
        page.click("#tab-pay")

    def _open_stall(self, *, ask: bool) -> None:
        air = self.stage.air
        self.stage.state("stall").mkdir(mode=0o700)
        config = CONFIG.format(
            microphone=air.stall_microphone, speaker=air.stall_speaker, ask=str(ask).lower()
        )
        (self.stage.state("stall") / "config.toml").write_text(config, encoding="utf-8")
        enrol(self.stage, "stall", STALL)
        self.stall: Actor = self.stage.terminal("stall")

    def _journal_key(self, keys: Event) -> str:
        """As anybody finds it out who trusts the host's root: from an export that verifies."""
        path = self.stage.root / "export.jsonl"
        state = str(self.stage.state("stall"))
        self.stage.run(*TERMINAL, "--state", state, "export", str(path), "--json")
        root = parse_public_key(bytes.fromhex(str(keys["root"])), "root")
        report = verify_export(path, TrustedKeys(host_root=root))
        return f"{STALL}={report.journal_key.hex()}"

    def _learn_the_name(self) -> None:
        """The phone was here before: it has read the stall's code, and its payee card with it."""
        self.charge("1.00")
        self.read_screen()
        self.page.wait_for_selector("body[data-place=asked]")
        self.page.get_by_role("button", name="Cancel").click()
        self.stage.press("stall", "cancel")

    def charge(self, amount: str) -> None:
        """The seller opens a sale."""
        self.stage.press("stall", "charge", typed=amount)

    def asked_by_sound(self, amount: str) -> None:
        """Charge until the page has heard the request; a request that a busy machine tore is
        cancelled and charged again, as a seller would."""
        from playwright.sync_api import TimeoutError as NothingHeard

        for charges in range(1, PLAYS + 1):
            self.charge(amount)
            try:
                self.page.wait_for_selector("body[data-place=asked]", timeout=8_000)
            except NothingHeard:
                if charges == PLAYS:
                    raise
                self.stage.press("stall", "cancel")
            else:
                print(f"\nrequests played: {charges}")
                return

    def ack_heard(self) -> str:
        """Wait for the terminal's word and say its title; one that was torn is asked for again, as
        a payer would: to the same bytes the terminal says *already paid*."""
        from playwright.sync_api import TimeoutError as NothingHeard

        for plays in range(1, PLAYS + 1):
            try:
                self.page.wait_for_selector("body[data-place=outcome]", timeout=10_000)
            except NothingHeard:
                if plays == PLAYS:
                    raise
                self.page.click("#again")
            else:
                print(f"acks waited for: {plays}")
                return "Accepted" if plays == 1 else "Already paid"
        raise AssertionError("a loop that returns or raises")

    def read_screen(self) -> None:
        """The payer types what the stall's QR code says."""
        from zxingcpp import read_barcodes

        from host_sim.world.png import decode_luminance

        picture = self.stage.photograph("stall")
        (code,) = read_barcodes(decode_luminance(picture.read_bytes()))
        self.phone.read(code.text)

    def accepted(self) -> Event:
        """The terminal's acceptance; a burst that a busy machine tore is played again, as a payer
        would: the same bytes."""
        for plays in range(1, PLAYS + 1):
            try:
                event = self.stall.expect(
                    "accepted", carrier="sound", amount=f"CNY {AMOUNT}", timeout_s=8
                )
            except StageFailed:
                if plays == PLAYS:
                    raise
                self.page.click("#again")
            else:
                print(f"\nbursts played: {plays}")
                return event
        raise AssertionError("a loop that returns or raises")

    def go_offline(self) -> None:
        """No host for the terminal, no server for the page, no network for the browser."""
        self.host.end()
        self.server.end()
        self.page.context.set_offline(True)
        self.phone.open()


def test_the_page_plays_and_the_terminal_accepts(stage: Stage, browser: Browser) -> None:
    market = Market(stage, browser, ask=False)
    page = market.page
    market.charge(AMOUNT)
    market.read_screen()
    page.wait_for_selector("body[data-place=asked]")
    assert page.inner_text(".payee-name") == "Wang's Fruit"
    started = time.monotonic()
    page.click("#pay")
    accepted = market.accepted()
    print(f"(a) the page plays: total, pressed to accepted: {time.monotonic() - started:.2f} s")
    page.wait_for_selector("#code")
    assert page.inner_text("#code") == accepted["check_code"]
    announced = market.stall.expect("announced", entry=accepted["entry"])
    assert announced["entry"] == accepted["entry"]


def test_both_offline_the_whole_payment_goes_through_the_air(
    stage: Stage, browser: Browser
) -> None:
    market = Market(stage, browser, ask=True)
    page = market.page
    market.go_offline()
    assert page.locator(".simulated").count() == 1
    page.click("#listen")
    page.wait_for_selector("body[data-place=listening]")
    page.wait_for_selector("#level[aria-valuenow]")

    started = time.monotonic()
    market.asked_by_sound(AMOUNT)
    heard = time.monotonic()
    assert page.inner_text(".payee-name") == "Wang's Fruit"
    assert re.search(r"CNY\s*12\.50", page.inner_text(".bill .huge"))
    page.click("#pay")
    accepted = market.accepted()
    taken = time.monotonic()
    title = market.ack_heard()
    ended = time.monotonic()
    print(
        f"(b) both offline: request heard after {heard - started:.2f} s, accepted after"
        f" {taken - started:.2f} s; total, sale opened to ack heard: {ended - started:.2f} s"
    )
    assert page.inner_text("h1") == title
    assert page.inner_text("#code") == accepted["check_code"]
    assert page.inner_text("#entry") == str(accepted["entry"])
    sales = [line for line in stage.lines("stall") if line["kind"] == "sale"]
    assert [sale["amount"] for sale in sales] == [f"CNY {AMOUNT}"]

    page.click("#done")
    page.wait_for_selector("#balance-156")
    assert "487.50" in page.inner_text("#balance-156")
