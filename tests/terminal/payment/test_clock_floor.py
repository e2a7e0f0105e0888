"""The clock: never below the floor, never far beyond it, and a floor that only good times raise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.payment.clock_floor import Moment, floor_of, judge, raised_floor
from terminal.ports import ClockQuality

FLOOR, HORIZON = 1_790_000_000, 604_800
NTP, RTC, HOST, UNKNOWN = (
    ClockQuality.NTP,
    ClockQuality.RTC,
    ClockQuality.HOST,
    ClockQuality.UNKNOWN,
)


@pytest.mark.parametrize(
    ("unix_s", "quality"),
    [
        (FLOOR, NTP),
        (FLOOR + HORIZON, NTP),
        (FLOOR - 1, UNKNOWN),
        (FLOOR + HORIZON + 1, UNKNOWN),
        (0, UNKNOWN),
        (2**33, UNKNOWN),
        (-5, UNKNOWN),
    ],
)
def test_a_reading_has_its_quality_only_between_floor_and_horizon(
    unix_s: int, quality: ClockQuality
) -> None:
    moment = judge(unix_s, NTP, FLOOR, HORIZON)
    assert moment.quality is quality
    assert moment.known == (quality is not UNKNOWN)
    assert moment.judged_s == (unix_s if moment.known else FLOOR)


@pytest.mark.parametrize("quality", [HOST, UNKNOWN])
def test_a_poor_clock_never_raises_the_floor(quality: ClockQuality) -> None:
    assert raised_floor(judge(FLOOR + 50, quality, FLOOR, HORIZON)) == FLOOR


@given(st.integers(-(2**40), 2**40), st.sampled_from(ClockQuality))
def test_the_floor_never_falls_and_never_jumps_beyond_the_horizon(
    unix_s: int, quality: ClockQuality
) -> None:
    raised = raised_floor(judge(unix_s, quality, FLOOR, HORIZON))
    assert FLOOR <= raised <= FLOOR + HORIZON
    if raised != FLOOR:
        assert quality >= RTC


@pytest.mark.parametrize("quality", [RTC, NTP])
def test_a_good_clock_raises_the_floor(quality: ClockQuality) -> None:
    assert raised_floor(judge(FLOOR + 50, quality, FLOOR, HORIZON)) == FLOOR + 50


def test_no_time_is_believed_that_the_wire_cannot_carry() -> None:
    last = 2**32 - 1
    assert judge(last, NTP, last - 5, HORIZON).known
    assert not judge(last + 1, NTP, last - 5, HORIZON).known


def test_the_floor_is_the_largest_of_what_is_certain() -> None:
    marks = {"policy_issued_s": 5, "built_s": 3}
    assert floor_of(host_signed_s=None, last_good_entry_s=None, **marks) == 5
    assert floor_of(host_signed_s=9, last_good_entry_s=None, **marks) == 9
    assert floor_of(host_signed_s=9, last_good_entry_s=11, **marks) == 11


def test_a_slot_is_a_minute() -> None:
    assert Moment(119, NTP, 0).slot == 1
