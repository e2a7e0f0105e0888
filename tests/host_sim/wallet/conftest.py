"""A real browser and a real server for the wallet page."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from host_sim.demo.processes import Actor
from tests.host_sim.wallet.phones import (
    CHROMIUM,
    FLAGS,
    JOURNAL,
    PAYEE,
    PHONE_SIZE,
    TERMINAL,
    Phone,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

SERVE = ("-m", "host_sim.wallet", "serve", "--port", "0", "--json")
TRUST = (
    "--payee-key", PAYEE.public_key.hex(),
    "--journal-key", f"{TERMINAL}={JOURNAL.public_key.hex()}",
)  # fmt: skip


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
    yield chromium
    chromium.close()


def serve(log: Path, *options: str) -> Actor:
    """The page's server as a process of its own, trusting the keys of ``phones``."""
    return Actor("wallet", (*SERVE, "--http", *TRUST, *options), log=log, env=dict(os.environ))


@pytest.fixture(scope="session")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the page is, for tests that leave its server alone."""
    actor = serve(tmp_path_factory.mktemp("wallet") / "log")
    yield str(actor.expect("ready")["url"])
    actor.end()


@pytest.fixture
def phone(browser: Browser, url: str) -> Iterator[Phone]:
    """A phone with an empty wallet; a script that fails fails the test."""
    yield from phone_at(browser, url)


def phone_at(browser: Browser, url: str, locale: str = "en-GB") -> Iterator[Phone]:
    """A new phone at that address, opened and watched."""
    width, height = PHONE_SIZE
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale=locale, device_scale_factor=2
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    opened = Phone(page, url)
    opened.open()
    yield opened
    context.close()
    assert [said for said in complaints if "Failed to load resource" not in said] == []
