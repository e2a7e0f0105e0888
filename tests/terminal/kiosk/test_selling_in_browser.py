"""Selling with fingers, keyboard, scanner, without a script, in a real browser."""

from __future__ import annotations

import random

import pytest
from playwright.sync_api import Browser, Page, expect

from host_sim.world.desk import SimulatedDesk, settings_of
from host_sim.world.scenes import empty_day, presentation_text, scene
from terminal.kiosk.app import create_app
from terminal.kiosk.keypad import add, press, total_minor
from terminal.kiosk.server import KioskServer
from terminal.kiosk.words import words
from terminal.sale.view import Carrier, Phase
from tests.terminal.kiosk.stall import IN_BROWSER, PICTURES, SIZES, Stall

pytestmark = IN_BROWSER


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
