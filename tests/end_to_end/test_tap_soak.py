"""A few hundred taps while everything goes wrong; ``make bench-nfc`` does ten thousand."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.poll_soak import poll_soak
from benchmarks.tap_soak import soak

pytestmark = [pytest.mark.slow, pytest.mark.end_to_end]

TAPS = 250
LIMIT_S = 60.0


@pytest.mark.parametrize("seed", [11, 12])
def test_taps_under_random_faults_lose_nothing_and_take_nothing_twice(
    tmp_path: Path, seed: int
) -> None:
    report = soak(tmp_path, TAPS, seed, LIMIT_S)
    assert report.taps == TAPS
    assert (report.lost, report.doubled, report.leaked_fds) == (0, 0, 0), report
    assert report.troubles["mishap"] > 5
    assert report.troubles["frame faults"] > 5
    assert report.longest_sale_s < 10


def test_a_reader_that_slows_down_or_locks_up_over_the_hours_is_opened_anew_and_leaks_nothing(
    tmp_path: Path,
) -> None:
    report = poll_soak(tmp_path, 0.3, slow_after=600, lock_after=600)
    assert report.slowed >= 2, report
    assert report.locked >= 2, report
    assert report.longest_recovery_s < 2, report
    assert (report.leaked_fds, report.taps >= 4) == (0, True), report
