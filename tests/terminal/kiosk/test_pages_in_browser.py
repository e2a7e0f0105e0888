"""The pages in a real browser: every state seen, read by an independent reader, checked by axe.

Pictures go to ``build/screenshots``, so that a person can look at each of them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import zxingcpp
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from host_sim.world.desk import SimulatedDesk, settings_of
from host_sim.world.png import decode_luminance
from host_sim.world.scenes import ASK_TEXT, SCENES, empty_day, presentation_text, scene
from terminal.kiosk.app import create_app
from terminal.kiosk.keypad import add, press, total_minor
from terminal.kiosk.server import KioskServer
from terminal.kiosk.words import LANGUAGES, words
from terminal.sale.view import Carrier, Phase

CHROMIUM = "/usr/bin/chromium"
PICTURES = Path(__file__).parents[3] / "build" / "screenshots"
SIZES = {"terminal": (1024, 600), "phone": (390, 844)}
PAGES = {
    **{name: (name, "/") for name in sorted(SCENES)},
    "typed": ("sell", "/?typed=12.5%2B6"),
    "today": ("sell", "/today"),
    "today_waiting": ("waiting", "/today"),
    "line": ("sell", "/line/211"),
    "line_refused": ("sell", "/line/204"),
    "refund": ("sell", "/line/211/refund?amount=5.00"),
    "void": ("sell", "/line/208/void"),
    "undo": ("sell", "/undo"),
    "settings": ("sell", "/settings"),
    "wrong": ("sell", "/no-such-page"),
}
MIN_TARGET_PX = 48
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
)

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="chromium is not installed"),
]


@dataclass(frozen=True, slots=True)
class Stall:
    """One simulated desk behind a real server."""

    desk: SimulatedDesk
    url: str


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=list(FLAGS),
        )
        yield chromium
        chromium.close()


def stall_of(language: str) -> Iterator[Stall]:
    desk = SimulatedDesk(scene("sell", language))
    with KioskServer(create_app(desk, settings_of(language)), port=0) as server:
        yield Stall(desk, server.url)


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def every(language: str) -> Iterator[Stall]:
    yield from stall_of(language)


@pytest.fixture
def stall() -> Iterator[Stall]:
    yield from stall_of("en")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    width, height = SIZES["terminal"]
    opened = browser.new_page(viewport={"width": width, "height": height})
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on(
        "console", lambda said: complaints.append(said.text) if said.type == "error" else None
    )
    opened.on(
        "response",
        lambda answer: complaints.append(answer.url) if answer.status >= 500 else None,
    )
    opened.on(
        "requestfailed",
        lambda failed: (
            None if failed.failure == "net::ERR_ABORTED" else complaints.append(str(failed.failure))
        ),
    )
    yield opened
    opened.close()
    assert [said for said in complaints if "Failed to load resource" not in said] == []


def small_targets(page: Page) -> list[str]:
    """What can be touched on this page and is smaller than ``MIN_TARGET_PX`` either way."""
    found = page.evaluate(
        """(least) => [...document.querySelectorAll("a, button, input")]
            .filter((one) => one.checkVisibility() && !one.closest("[aria-hidden=true]")
                && !one.matches("[aria-hidden=true], [type=hidden]"))
            .map((one) => [one.outerHTML.slice(0, 90), one.getBoundingClientRect()])
            .filter(([, box]) => box.width < least || box.height < least)
            .map(([html, box]) => `${Math.round(box.width)}x${Math.round(box.height)} ${html}`)""",
        MIN_TARGET_PX,
    )
    return [str(one) for one in found]


@pytest.mark.parametrize("name", sorted(PAGES))
@pytest.mark.parametrize("size", sorted(SIZES))
def test_every_state_is_seen_whole_reachable_and_without_a_violation(
    every: Stall, language: str, page: Page, size: str, name: str
) -> None:
    scene_name, path = PAGES[name]
    every.desk.show(scene(scene_name, language))
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.goto(every.url + path)
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}-{language}-{size}.png", full_page=size == "phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "scrolls sideways"
    if size == "terminal":
        assert page.evaluate("document.documentElement.scrollHeight") <= height, "does not fit"
    assert small_targets(page) == []
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("size", sorted(SIZES))
def test_the_request_on_the_screen_is_read_by_another_reader(
    every: Stall, language: str, page: Page, size: str
) -> None:
    every.desk.show(scene("waiting", language))
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.goto(every.url)
    found = zxingcpp.read_barcodes(decode_luminance(page.screenshot()))
    assert [code.text for code in found] == [ASK_TEXT]


def test_a_whole_sale_with_the_keyboard_and_a_scanner_alone(stall: Stall, page: Page) -> None:
    page.goto(stall.url)
    page.keyboard.type("12.5+6")
    expect(page.locator("#total")).to_have_text("CNY 18.50")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Waiting for payment")
    assert stall.desk.screen().amount_minor == 1850
    page.keyboard.type(presentation_text())
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Accepted")
    expect(page.get_by_role("button", name="Next sale")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#typed")).to_be_focused()
    assert stall.desk.calls == [("charge", 1850), ("scan", presentation_text()), ("done",)]


@pytest.mark.parametrize("path", ["/", "/today", "/line/211", "/settings"])
def test_a_scanners_line_is_caught_anywhere(stall: Stall, page: Page, path: str) -> None:
    stall.desk.charge(500)
    page.goto(stall.url + path)
    if path == "/line/211":
        page.locator("#amount").focus()
    page.keyboard.type(presentation_text())
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Accepted")
    assert stall.desk.screen().phase is Phase.ACCEPTED


def test_escape_clears_the_amount_and_cancels_the_sale(stall: Stall, page: Page) -> None:
    page.goto(stall.url)
    page.keyboard.type("7")
    page.keyboard.press("Escape")
    expect(page.locator("#total")).to_have_text("CNY 0.00")
    stall.desk.charge(500)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Waiting for payment")
    page.keyboard.press("Escape")
    expect(page.locator("#typed")).to_be_focused()
    assert stall.desk.calls[-1] == ("cancel",)


def test_fingers_make_a_sale_in_three_touches(stall: Stall, page: Page) -> None:
    page.goto(stall.url)
    page.get_by_role("button", name="Mango").click()
    expect(page.locator("#total")).to_have_text("CNY 6.50")
    page.get_by_role("button", name="Charge").click()
    expect(page.locator(".huge")).to_have_text("CNY 6.50")


def test_the_page_follows_a_sale_paid_by_sound(stall: Stall, page: Page) -> None:
    page.goto(stall.url)
    stall.desk.charge(1250)
    expect(page.locator(".huge")).to_have_text("CNY 12.50")
    stall.desk.accept(Carrier.SOUND)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Accepted")
    expect(page.locator(".proof-code")).to_contain_text("407")


def test_a_result_is_shown_even_when_another_page_is_open(stall: Stall, page: Page) -> None:
    page.goto(stall.url + "/today")
    stall.desk.charge(1250)
    stall.desk.accept(Carrier.TAP)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Accepted")


def test_what_is_typed_survives_what_happens_elsewhere(stall: Stall, page: Page) -> None:
    page.goto(stall.url)
    page.keyboard.type("12")
    stall.desk.refund(211, 250)
    expect(page.locator(".figures")).to_contain_text("144.50")
    expect(page.locator("#total")).to_have_text("CNY 12.00")


def test_a_page_that_lost_its_terminal_says_so(browser: Browser) -> None:
    desk = SimulatedDesk(scene("sell"))
    page = browser.new_page()
    with KioskServer(create_app(desk, settings_of("en")), port=0) as server:
        page.goto(server.url)
        expect(page.locator("#lost")).to_be_hidden()
    expect(page.locator("#lost")).to_be_visible()
    page.close()


def test_the_keypad_of_the_page_and_of_the_server_agree(stall: Stall, page: Page) -> None:
    page.goto(stall.url)
    chance = random.Random(7)
    keys = [*"0123456789", "00", ".", "+", "back"]
    for _ in range(200):
        typed = shown = ""
        for _ in range(chance.randrange(1, 30)):
            if chance.random() < 0.1:
                amount_minor = chance.randrange(1, 10_000)
                typed = add(typed, amount_minor, 2)
                shown = page.evaluate("([t, a]) => kumquat.add(t, a)", [shown, amount_minor])
            else:
                key = chance.choice(keys)
                typed = press(typed, key, 2)
                shown = page.evaluate("([t, k]) => kumquat.press(t, k)", [shown, key])
            assert shown == typed
        assert page.evaluate("(t) => kumquat.totalMinor(t)", shown) == total_minor(typed, 156)


def test_a_sale_without_any_script(stall: Stall, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(stall.url)
    for name in ("1", "2", "decimal point", "5"):
        page.get_by_role("button", name=name, exact=True).click()
    expect(page.locator("#total")).to_have_text("CNY 12.50")
    page.get_by_role("button", name="Charge").click()
    page.locator("#line").fill(presentation_text())
    page.locator("#line").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Accepted")
    page.get_by_role("button", name="Next sale").click()
    expect(page.locator("#total")).to_have_text("CNY 0.00")
    context.close()


def test_enter_in_the_amount_charges_without_any_script(stall: Stall, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(stall.url)
    page.locator("#typed").fill("3.20")
    page.locator("#typed").press("Enter")
    expect(page.locator(".huge")).to_have_text("CNY 3.20")
    context.close()


def test_the_other_language_is_one_touch_away(stall: Stall, page: Page) -> None:
    page.goto(stall.url + "/today")
    page.get_by_role("button", name="Change the language to 中文").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(words("zh")("today.title"))


def test_the_left_hand_has_its_keypad(stall: Stall, page: Page) -> None:
    page.goto(stall.url)
    page.get_by_role("button", name="Keypad left").click()
    keys, favourites = (
        page.locator(".keys").bounding_box(),
        page.locator(".favourites").bounding_box(),
    )
    assert keys is not None
    assert favourites is not None
    assert keys["x"] < favourites["x"]
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / "left-en-terminal.png")


def test_right_to_left_mirrors_the_page_and_keeps_it_whole(stall: Stall, page: Page) -> None:
    for name, path in (("sell", "/"), ("today", "/today")):
        page.goto(stall.url + path)
        page.evaluate("document.documentElement.dir = 'rtl'")
        assert page.evaluate("document.documentElement.scrollWidth") <= SIZES["terminal"][0]
        page.screenshot(path=PICTURES / f"rtl_{name}-en-terminal.png")


def test_an_empty_day_invites_nothing_that_cannot_be_done(stall: Stall, page: Page) -> None:
    stall.desk.show(empty_day())
    page.goto(stall.url + "/undo")
    expect(page.get_by_role("alert").first).to_contain_text("no sale of today to undo")
