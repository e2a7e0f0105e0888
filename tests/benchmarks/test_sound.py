"""The sound benchmark measures, resumes and finds no wrong payload."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks import sound
from benchmarks.sound_report import e90
from benchmarks.sound_tally import wilson

if TYPE_CHECKING:
    from pathlib import Path


def test_an_interval_holds_its_share_and_narrows_with_the_count() -> None:
    low, high = wilson(95, 100)
    assert low < 0.95 < high
    narrow = wilson(950, 1000)
    assert low < narrow[0] < narrow[1] < high


def test_e90_lies_where_nine_of_ten_arrive() -> None:
    points = [(3.0, 200, 60), (3.5, 200, 120), (4.0, 200, 170), (4.5, 200, 190)]
    found = e90(points)
    assert found is not None
    assert 4.0 < found < 4.5
    assert e90(points[:1]) is None


@pytest.mark.slow
def test_the_short_run_takes_no_wrong_payload_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    pytest.importorskip("pyroomacoustics")
    assert sound.main(["--short", "--out", str(tmp_path)]) == 0
    report = sound.figures_of(tmp_path / "sound-short.json")
    shares = [row["share"] for row in report["groups"]["motion"].values()]
    assert sum(shares) / len(shares) > 0.8
    lines = (tmp_path / "sound-short.jsonl").read_text("utf-8").splitlines()
    words = ["--short", "--only", "motion", "--out", str(tmp_path)]
    assert sound.main(words) == 0
    assert (tmp_path / "sound-short.jsonl").read_text("utf-8").splitlines() == lines
