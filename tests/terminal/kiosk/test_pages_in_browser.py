"""The pages in a real browser: every state seen, read by an independent reader, checked by axe.

Pictures go to ``build/screenshots``, so that a person can look at each of them.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import zxingcpp
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from host_sim.world.png import decode_luminance
from host_sim.world.scenes import ASK_TEXT, SCENES, scene
from terminal.kiosk.words import LANGUAGES
from tests.terminal.kiosk.stall import IN_BROWSER, PICTURES, SIZES, Stall, stall_of

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
pytestmark = IN_BROWSER


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def every(language: str) -> Iterator[Stall]:
    yield from stall_of(language)


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
