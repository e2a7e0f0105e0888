"""The machine's clock says honestly what it rests on."""

from __future__ import annotations

import time
from pathlib import Path

from terminal.devices.system_clock import SystemClock
from terminal.ports import ClockQuality


def test_it_tells_the_machines_time() -> None:
    clock = SystemClock()
    assert abs(clock.unix_s() - time.time()) <= 2
    before = clock.monotonic_ms()
    assert 0 <= clock.monotonic_ms() - before < 1_000


def test_the_boot_id_is_eight_bytes_and_the_same_within_one_boot() -> None:
    assert len(SystemClock().boot_id()) == 8
    assert SystemClock().boot_id() == SystemClock().boot_id()


def test_a_battery_clock_makes_it_better_than_none(tmp_path: Path) -> None:
    without, battery = tmp_path / "none", tmp_path / "rtc"
    without.mkdir()
    (battery / "rtc0").mkdir(parents=True)
    bare, backed = SystemClock(without).quality(), SystemClock(battery).quality()
    if bare is ClockQuality.NTP:
        assert backed is ClockQuality.NTP, "a time service is better than a battery"
    else:
        assert (bare, backed) == (ClockQuality.UNKNOWN, ClockQuality.RTC)


def test_a_machine_that_does_not_list_its_clocks_has_none(tmp_path: Path) -> None:
    missing = SystemClock(tmp_path / "missing").quality()
    assert missing in (ClockQuality.UNKNOWN, ClockQuality.NTP)
