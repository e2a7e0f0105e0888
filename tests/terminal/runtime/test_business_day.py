"""A business day begins at the merchant's hour, in the merchant's zone."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from terminal.runtime.business_day import day_start_unix_s


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def test_midnight_in_shanghai_is_four_in_the_afternoon_before_in_utc() -> None:
    assert day_start_unix_s(at("2026-11-22T12:00"), "Asia/Shanghai") == at("2026-11-21T16:00")


def test_a_night_market_keeps_its_day_after_midnight() -> None:
    assert day_start_unix_s(at("2026-11-22T02:00"), "UTC", 4) == at("2026-11-21T04:00")


@given(st.integers(1_700_000_000, 2_000_000_000), st.integers(0, 23))
def test_a_day_holds_its_own_moment_and_lasts_about_a_day(unix_s: int, begins_h: int) -> None:
    start = day_start_unix_s(unix_s, "Europe/Berlin", begins_h)
    assert start <= unix_s < start + 25 * 3600
