"""The page in a real browser: every state seen, checked by axe, and without a server at all.

Pictures go to ``build/screenshots/wallet``, so that a person can look at each of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from terminal.payment.request import Request, StaticRequest
from tests.host_sim.wallet.conftest import phone_at, serve
from tests.host_sim.wallet.phones import (
    IN_BROWSER,
    PAYEE_NAME,
    TERMINAL,
    Phone,
    a_request,
    ask_text,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = IN_BROWSER
PICTURES: Final = Path("build") / "screenshots" / "wallet"
MIN_TARGET_PX: Final = 48
LOCALES: Final = {"en": "en-GB", "zh": "zh-CN"}


@pytest.fixture(params=sorted(LOCALES))
def spoken(request: pytest.FixtureRequest, browser: Browser, url: str) -> Iterator[Phone]:
    yield from phone_at(browser, url, LOCALES[request.param])


def small_targets(page: Page) -> list[str]:
    """What can be touched and is smaller than ``MIN_TARGET_PX`` either way."""
    found = page.evaluate(
        """(least) => [...document.querySelectorAll("a, button, input, select, textarea, summary")]
            .filter((one) => one.checkVisibility())
            .map((one) => [one.outerHTML.slice(0, 90), one.getBoundingClientRect()])
            .filter(([, box]) => box.width < least || box.height < least)
            .map(([html, box]) => `${Math.round(box.width)}x${Math.round(box.height)} ${html}`)""",
        MIN_TARGET_PX,
    )
    return [str(one) for one in found]


def look(phone: Phone, name: str) -> None:
    """Take a picture of this state and judge it."""
    from axe_playwright_python.sync_playwright import Axe

    page = phone.page
    language = page.evaluate("document.documentElement.lang").split("-")[0]
    PICTURES.mkdir(parents=True, exist_ok=True)
    frames = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    page.evaluate(frames)  # a picture in the middle of a change shows neither state
    page.screenshot(path=PICTURES / f"{name}-{language}.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("innerWidth")
    assert small_targets(page) == []
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def at(phone: Phone, place: str) -> None:
    """Wait until the page is at a place or a phase."""
    phone.page.wait_for_selector(f"body[data-place={place}]")


def test_from_an_empty_wallet_to_an_answer_every_state_is_in_order(spoken: Phone) -> None:
    phone, page = spoken, spoken.page
    look(phone, "empty")
    page.click("#tab-coupons")
    page.click("#make-key")
    page.wait_for_selector("#next-key")
    look(phone, "key")
    page.fill("#coupon-hex", "not a coupon")
    page.click("#take")
    page.wait_for_selector("[role=alert]")
    look(phone, "not-a-coupon")
    page.click("#tab-pay")
    phone.buy()
    phone.buy(serial=2, limit_minor=3_000)
    look(phone, "home")

    phone.read("KQR?")
    page.wait_for_selector("[role=alert]")
    look(phone, "not-a-request")
    page.fill("#code-text", ask_text(a_request()))
    page.click("#go")
    at(phone, "asked")
    assert page.inner_text(".payee-name") == PAYEE_NAME
    look(phone, "asked")
    page.click("#pay")
    at(phone, "answering")
    look(phone, "answering")
    at(phone, "waiting")
    look(phone, "waiting")
    page.click("text=/^(Close|关闭)$/")
    page.click("#tab-payments")
    at(phone, "payments")
    look(phone, "payments")
    page.click("#tab-coupons")
    at(phone, "coupons")
    look(phone, "coupons")


def test_a_payee_whom_nobody_vouches_for_takes_a_second_yes_and_a_small_sum(
    spoken: Phone,
) -> None:
    phone, page = spoken, spoken.page
    phone.buy(limit_minor=50_000)
    phone.read(ask_text(a_request(1_000), named=False))
    at(phone, "asked")
    assert page.is_disabled("#pay")
    look(phone, "unknown")
    page.check("#confirm")
    page.wait_for_selector("#pay:enabled")
    look(phone, "unknown-confirmed")
    page.click("text=/^(Cancel|取消)$/")
    phone.read(ask_text(a_request(20_001), named=False))
    at(phone, "asked")
    assert page.is_disabled("#pay")
    assert page.locator("#confirm").count() == 0
    look(phone, "unknown-capped")


def test_a_name_once_learned_is_shown_for_a_bare_request_of_that_terminal_alone(
    phone: Phone,
) -> None:
    phone.buy()
    phone.read(ask_text(a_request()))
    at(phone, "asked")
    phone.page.get_by_role("button", name="Cancel").click()
    for terminal, name in ((TERMINAL, PAYEE_NAME), (TERMINAL + 1, "Unknown payee")):
        phone.read(ask_text(a_request(terminal=terminal), named=False))
        at(phone, "asked")
        assert phone.page.inner_text(".payee-name") == name
        phone.page.get_by_role("button", name="Cancel").click()


def test_more_than_there_is_cannot_be_paid_and_says_so(phone: Phone) -> None:
    phone.buy(limit_minor=1_000)
    phone.read(ask_text(a_request(1_001)))
    at(phone, "asked")
    assert "large enough" in phone.page.inner_text("[role=alert]")
    assert phone.page.is_disabled("#pay")
    look(phone, "too-much")


def test_a_printed_code_asks_for_the_amount(phone: Phone) -> None:
    phone.buy()
    request = StaticRequest(TERMINAL, 156)
    phone.read(ask_text(request))
    at(phone, "asked")
    assert phone.page.is_disabled("#pay")
    phone.page.fill("#amount", "4.50")
    phone.page.get_by_role("button", name="Set amount").click()
    phone.page.wait_for_selector("#pay:enabled")
    assert "CNY 4.50" in phone.page.inner_text("#pay")
    look(phone, "printed")


def test_a_shake_pays_what_is_shown_and_nothing_else(phone: Phone) -> None:
    phone.buy()
    phone.page.click("#paste")
    shake = """() => [20, -20, 20, -20].forEach((x) => dispatchEvent(
        new DeviceMotionEvent("devicemotion", { acceleration: { x, y: 0, z: 0 } })))"""
    phone.page.evaluate(shake)
    phone.page.fill("#code-text", ask_text(a_request()))
    phone.page.click("#go")
    at(phone, "asked")
    phone.page.evaluate(shake)
    at(phone, "answering")


def test_a_second_tab_waits_until_the_payer_takes_the_wallet_there(phone: Phone) -> None:
    phone.buy()
    other = Phone(phone.page.context.new_page(), phone.url)
    other.open()
    at(other, "elsewhere")
    look(other, "elsewhere")
    other.page.click("#take-over")
    at(other, "home")
    at(phone, "elsewhere")


def test_it_opens_and_answers_with_its_server_gone(browser: Browser, tmp_path: Path) -> None:
    server = serve(tmp_path / "log")
    phones = phone_at(browser, str(server.expect("ready")["url"]))
    phone = next(phones)
    phone.buy()
    phone.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    # Not wait_for_function: it would evaluate text in the page, which the page's policy refuses.
    phone.page.evaluate(
        """navigator.serviceWorker.controller ? true : new Promise((done) =>
            navigator.serviceWorker.addEventListener("controllerchange", () => done(true)))"""
    )
    server.end()
    phone.open()
    assert phone.page.locator(".simulated").count() == 1
    phone.page.reload()
    phone.read(ask_text(a_request()))
    at(phone, "asked")
    assert phone.page.inner_text(".payee-name") == PAYEE_NAME
    phone.page.click("#pay")
    at(phone, "waiting")
    assert len(phone.page.inner_text("#code")) == 3
    with pytest.raises(StopIteration):
        next(phones)


def test_the_browser_finds_nothing_in_the_way_of_installing_it(phone: Phone) -> None:
    phone.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    browsers_own = phone.page.context.new_cdp_session(phone.page)
    found = browsers_own.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # A context of a test is a private window, which installs nothing; that is all it may say.
    assert [one["errorId"] for one in found] == ["in-incognito"]
    manifest = browsers_own.send("Page.getAppManifest")
    assert manifest["errors"] == []
    assert manifest["url"] == f"{phone.url.rstrip('/')}/static/manifest.webmanifest"


def test_a_page_that_is_not_simulated_does_not_say_so(browser: Browser, tmp_path: Path) -> None:
    server = serve(tmp_path / "log", "--no-simulated")
    phones = phone_at(browser, str(server.expect("ready")["url"]))
    assert next(phones).page.locator(".simulated").count() == 0
    server.end()
    with pytest.raises(StopIteration):
        next(phones)


@pytest.mark.parametrize("verified", [True, False])
@pytest.mark.parametrize("status", [0, 1, 2])
def test_the_terminals_word_fills_the_screen(spoken: Phone, status: int, verified: bool) -> None:
    """The view alone; the word itself is heard in ``tests/end_to_end/test_wallet_page.py``."""
    spoken.run(
        """const { outcomeView } = await at("pay_views");
        const { wordsOf } = await at("words");
        const language = document.documentElement.lang.split("-")[0];
        const [status, verified] = given;
        const word = { ack: { index: 207 }, accepted: status > 0, again: status === 2, verified };
        const state = { word, payment: { code: "464" }, amountMinor: 1250, currency: 156 };
        const view = outcomeView(wordsOf(language), state, { close() {} });
        document.getElementById("main").replaceChildren(view);
        document.getElementById("tabs").replaceChildren();""",
        status, verified,
    )  # fmt: skip
    look(spoken, f"outcome-{status}-{'verified' if verified else 'heard'}")


def test_listening_shows_how_loud_it_is(spoken: Phone) -> None:
    spoken.run(
        """const { listeningView } = await at("pay_views");
        const { wordsOf } = await at("words");
        const language = document.documentElement.lang.split("-")[0];
        const view = listeningView(wordsOf(language), {}, {});
        document.getElementById("main").replaceChildren(view);
        document.getElementById("level-bar").style.inlineSize = "40%";
        document.getElementById("tabs").replaceChildren();"""
    )
    look(spoken, "listening")


def test_a_phone_without_a_microphone_is_told_what_else_there_is(phone: Phone) -> None:
    phone.buy()
    phone.page.click("#listen")
    phone.page.wait_for_selector("[role=alert]")
    assert "microphone" in phone.page.inner_text("[role=alert]")
    look(phone, "no-microphone")


def test_the_wait_for_a_word_ends_with_advice(phone: Phone) -> None:
    phone.page.clock.install()
    phone.buy()
    phone.read(ask_text(Request(TERMINAL, 156, 1_250, bytes(8))))
    at(phone, "asked")
    phone.page.click("#pay")
    at(phone, "waiting")
    phone.page.clock.fast_forward(10_000)
    at(phone, "waiting")
    phone.page.clock.fast_forward(10_000)
    phone.page.wait_for_selector("text=No word heard")
    look(phone, "quiet")


def test_a_page_whose_script_does_not_arrive_says_what_to_do(browser: Browser, url: str) -> None:
    page = browser.new_page()
    page.route("**/modem/modes.js", lambda route: route.abort())
    page.goto(url)
    page.get_by_text("load the page again").wait_for(state="visible")
    page.close()
