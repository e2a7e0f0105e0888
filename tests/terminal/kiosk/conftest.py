"""A real browser for the pages; imported only by the tests that ask for one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.terminal.kiosk.stall import CHROMIUM, FLAGS, SIZES, Stall, stall_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
    yield chromium
    chromium.close()


@pytest.fixture
def stall() -> Iterator[Stall]:
    yield from stall_of("en")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that fails its test when a script or a resource failed in it."""
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
