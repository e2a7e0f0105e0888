"""Settings for every test: seeds that replay, and no silent skip where it counts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from playwright.sync_api import Playwright

settings.register_profile(
    "replay",
    derandomize=True,
    deadline=None,  # speed is a benchmark, never a timed test
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("deep", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "replay"))

_skipped: list[str] = []


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """The one Playwright of this process: a second one beside it refuses to start."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        yield started


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember what could not run here."""
    if report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        _skipped.append(f"{report.nodeid}: {reason}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A suite that cannot run says so; in continuous integration that is a failure."""
    if _skipped and os.environ.get("CI") and not hasattr(session.config, "workerinput"):
        print("\nNot run on this machine, which fails in CI:", *_skipped, sep="\n  ")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
