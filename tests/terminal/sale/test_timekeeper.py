"""What time it is: two right clocks agree within seconds, a wrong one borrows the host's."""

from __future__ import annotations

import pytest

from terminal.errors import DecodeError
from terminal.ports import ClockQuality
from terminal.sale.judged_clock import JudgedClock
from terminal.sale.timekeeper import (
    CLOCK_TOLERANCE_S,
    HostAnchor,
    Timekeeper,
    decode_anchor,
)
from tests.terminal.payment.stall import DAY, LIMITS, NOW, POLICY, policy
from tests.terminal.sale.till_rig import ManualClock

HOUR_MS = 3_600_000


def keeper(clock: ManualClock) -> Timekeeper:
    return Timekeeper(clock, built_unix_s=0)


def test_a_clock_a_second_behind_the_host_keeps_its_quality() -> None:
    clock = ManualClock()
    time = keeper(clock)
    time.hear_host(NOW + 1)
    moment = time.moment(POLICY, 0)
    assert (moment.quality, moment.unix_s) == (ClockQuality.NTP, NOW + 1)


def test_a_clock_a_second_behind_its_policy_keeps_its_quality() -> None:
    moment = keeper(ManualClock()).moment(policy(issued_at_unix_s=NOW + 1), 0)
    assert (moment.quality, moment.unix_s) == (ClockQuality.NTP, NOW + 1)


def test_a_clock_further_below_the_floor_is_unknown() -> None:
    ahead = policy(issued_at_unix_s=NOW + CLOCK_TOLERANCE_S + 1)
    moment = keeper(ManualClock()).moment(ahead, 0)
    assert moment.quality is ClockQuality.UNKNOWN
    assert moment.judged_s == NOW + CLOCK_TOLERANCE_S + 1


def test_a_clock_without_quality_borrows_the_hosts() -> None:
    clock = ManualClock(trusted=ClockQuality.UNKNOWN)
    time = keeper(clock)
    assert not time.moment(POLICY, 0).known
    time.hear_host(NOW + 7_000)
    clock.now_ms += HOUR_MS
    moment = time.moment(POLICY, 0)
    assert (moment.unix_s, moment.quality) == (NOW + 7_000 + 3_600, ClockQuality.HOST)


@pytest.mark.parametrize("wrong_s", [-7_200, 7_200, LIMITS.offline_horizon_s + DAY])
def test_a_clock_that_the_host_contradicts_gives_way_to_it(wrong_s: int) -> None:
    clock = ManualClock(trusted=ClockQuality.RTC)
    time = keeper(clock)
    time.hear_host(NOW - wrong_s)
    moment = time.moment(policy(issued_at_unix_s=0), 0)
    assert (moment.unix_s, moment.quality) == (NOW - wrong_s, ClockQuality.HOST)


def test_the_hosts_time_counts_from_when_it_came_not_from_when_it_was_used() -> None:
    clock = ManualClock(trusted=ClockQuality.UNKNOWN)
    time = keeper(clock)
    came_ms = clock.monotonic_ms()
    clock.now_ms += 90_000
    time.hear_host(NOW, came_ms)
    assert time.lent_unix_s() == NOW + 90


def test_after_a_reboot_the_hosts_time_is_a_floor_and_no_clock() -> None:
    clock = ManualClock(trusted=ClockQuality.UNKNOWN)
    time = keeper(clock)
    time.hear_host(NOW)
    clock.boot = b"boot0002"
    assert time.lent_unix_s() is None
    moment = time.moment(POLICY, 0)
    assert (moment.known, moment.floor_s) == (False, NOW)


def test_a_jump_beyond_the_horizon_has_no_quality() -> None:
    clock = ManualClock()
    clock.now_ms += 1000 * (LIMITS.offline_horizon_s + DAY)
    moment = keeper(clock).moment(POLICY, NOW)
    assert (moment.known, moment.judged_s) == (False, NOW)


def test_the_anchor_is_read_as_it_was_kept() -> None:
    anchor = HostAnchor(NOW, b"boot0001", 5_000)
    assert decode_anchor(anchor.encode()) == anchor
    with pytest.raises(DecodeError):
        decode_anchor(anchor.encode()[:-1])


def test_a_judged_clock_says_what_the_rules_leave() -> None:
    clock = ManualClock()
    judged = JudgedClock(clock)
    assert (judged.unix_s(), judged.quality()) == (0, ClockQuality.UNKNOWN)
    time = keeper(clock)
    judged.judge_by(lambda: time.moment(POLICY, NOW))
    assert (judged.unix_s(), judged.quality()) == (NOW, ClockQuality.NTP)
    clock.now_ms += 1000 * (LIMITS.offline_horizon_s + DAY)
    assert (judged.unix_s(), judged.quality()) == (NOW, ClockQuality.UNKNOWN)
    assert (judged.boot_id(), judged.monotonic_ms()) == (clock.boot, clock.monotonic_ms())
