"""A sale by scanner: real host, terminal, phone and browser; the QR is read off a real picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from host_sim.demo.cast import STALL, buy, enrol, found_host
from host_sim.demo.stage import Stage
from tests.terminal.kiosk.stall import CHROMIUM, FLAGS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

    from host_sim.demo.processes import Actor

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="chromium is not installed"),
]

CONFIG = """
simulated = true
sync_every_s = 2
[kiosk]
port = 0
[audio]
input = "off"
output = "off"
"""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage.build(tmp_path, "virtual") as built:
        yield built


@pytest.fixture
def browser(playwright: Playwright) -> Iterator[Browser]:
    chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
    yield chromium
    chromium.close()


def open_stall(stage: Stage) -> tuple[Actor, str]:
    """A stall that sells, and the coupon in the phone."""
    keys = found_host(stage)
    stage.host()
    stage.phone("wallet-new", "--payee-key", str(keys["payee"]))
    stage.state("stall").mkdir(mode=0o700)
    (stage.state("stall") / "config.toml").write_text(CONFIG, encoding="utf-8")
    enrol(stage, "stall", STALL)
    coupon = buy(stage, str(stage.phone("key")["key"]["public_key"]))
    return stage.terminal("stall"), coupon


def test_a_line_typed_by_a_scanner_pays_for_what_the_phone_read(
    stage: Stage, browser: Browser
) -> None:
    from playwright.sync_api import expect

    stall, coupon = open_stall(stage)
    page = browser.new_page(viewport={"width": 1024, "height": 600})
    page.goto(stage.url("stall"))
    page.keyboard.type("12.50")
    page.keyboard.press("Enter")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text("Waiting for payment")

    picture = stage.root / "screen.png"
    page.screenshot(path=str(picture))
    paid = stage.phone("pay", "--from-screenshot", str(picture), "--coupon", coupon, "--text")
    assert paid["request"]["amount"] == "CNY 12.50"
    assert paid["request"]["payee"] == "Wang's Fruit"
    line = str(paid["text"]["text"])
    page.keyboard.type(line)
    page.keyboard.press("Enter")

    accepted = stall.expect("accepted", carrier="scan", amount="CNY 12.50", again=False)
    stall.expect("announced", entry=accepted["entry"])
    expect(heading).to_contain_text("Accepted")
    assert accepted["check_code"] == paid["answer"]["check_code"]
    expect(page.locator("main")).to_contain_text(str(accepted["check_code"]))

    page.get_by_role("button", name="Next sale").click()
    page.keyboard.type(line)
    page.keyboard.press("Enter")
    declined = stall.expect("declined", carrier="scan")
    assert (declined["reasons"], declined["prior_entry"]) == (
        ["ALREADY_ACCEPTED"],
        accepted["entry"],
    )
    expect(page.locator("main")).to_contain_text("Already accepted, entry")
    sales = [line for line in stage.lines("stall") if line["kind"] == "sale"]
    assert [(sale["amount"], sale["announced"]) for sale in sales] == [("CNY 12.50", True)]
