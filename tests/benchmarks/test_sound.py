"""The sound benchmark measures, resumes and finds no wrong payload."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from benchmarks import sound
from benchmarks.sound_run import plan
from benchmarks.sound_statistics import e90, verdict, wilson
from benchmarks.sound_tables import Table
from benchmarks.sound_tally import Tally

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
    assert 4.0 < found.low < found.db < found.high < 4.5
    assert e90(points[:1]) is None


def test_e90_is_a_ceiling_where_every_point_lies_above_nine_of_ten() -> None:
    found = e90([(3.0, 200, 199), (3.5, 200, 200), (4.0, 200, 200)])
    assert found is not None
    assert (found.db, found.at_most) == (3.0, True)
    assert e90([(3.0, 200, 20), (3.5, 200, 40), (4.0, 200, 60)]) is None


def test_a_share_meets_its_target_or_misses_it_and_the_interval_says_how_surely() -> None:
    assert verdict(1.0, wilson(600, 600), 0.99) == "met, proven"
    assert verdict(0.99, wilson(198, 200), 0.98) == "met"
    assert verdict(0.97, wilson(97, 100), 0.98) == "missed, within the interval"
    assert verdict(0.85, wilson(510, 600), 0.98) == "missed"
    assert verdict(0.85, wilson(510, 600), None) == ""


def test_a_table_reads_the_same_as_text_and_as_markdown() -> None:
    table = Table("Rooms", "A note.", ["mode", "share"], [["counter", "1.000"]])
    assert table.markdown().splitlines()[-1] == "| counter | 1.000 |"
    assert table.text().splitlines()[-1].split() == ["counter", "1.000"]


def test_a_run_goes_on_at_the_first_frame_that_is_not_counted(tmp_path: Path) -> None:
    tally = Tally(tmp_path / "tally.jsonl")
    first = next(plan(tally, ["motion"], most=30, short=False).jobs())
    assert (first.first, first.count) == (0, 20)
    tally.add(first.key, {"frames": 20, "passed": 20, "wrong": 0, "seconds": 1.0})
    tally.save(first.key, peer=False)
    again = Tally(tmp_path / "tally.jsonl")
    jobs = list(plan(again, ["motion"], most=30, short=False).jobs())
    mine = [(job.first, job.count) for job in jobs if job.key == first.key]
    assert mine == [(20, 10)]
    assert {(job.first, job.count) for job in jobs} == {(0, 20), (20, 10)}


def test_tables_are_asked_of_a_run_that_was_made(tmp_path: Path) -> None:
    assert sound.main(["--tables", "--out", str(tmp_path)]) == 2


def counts(path: Path) -> dict[str, dict[str, float]]:
    """The last counts of each key, without the time they took."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return {
        row["key"]: {name: n for name, n in row["counts"].items() if name != "seconds"}
        for row in rows
    }


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
    assert sound.main(["--tables", "--short", "--out", str(tmp_path)]) == 0


@pytest.mark.slow
def test_the_counts_do_not_depend_on_how_many_processes_there_are(tmp_path: Path) -> None:
    for workers in ("1", "2"):
        folder = tmp_path / workers
        words = ["--short", "--only", "motion", "--workers", workers, "--out", str(folder)]
        assert sound.main(words) == 0
    one, two = (counts(tmp_path / workers / "sound-short.jsonl") for workers in ("1", "2"))
    assert one == two
