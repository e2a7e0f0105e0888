"""The demonstration, whole: every step of the day has its checks, and every check is good."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.end_to_end

DAY_TIMEOUT_S = 600
STEPS = [str(number) for number in range(1, 9)]
REFUSALS = {
    "a.": "already accepted, entry ",
    "b.": "genuine coupon, not signed for this sale",
    "c.": "no known issuer, or damaged",
    "d.": "expired",
    "e.": "over the floor limit",
}


def test_the_whole_day_is_as_it_should_be(tmp_path: Path) -> None:
    keep = tmp_path / "day"
    command = [sys.executable, "-m", "terminal", "demo", "--keep", str(keep), "--json"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=DAY_TIMEOUT_S, check=False
    )
    checks = [json.loads(line) for line in done.stdout.splitlines()]
    wrong = [check for check in checks if not check["good"]]
    assert wrong == [], done.stderr
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert [step for step in STEPS if step not in {check["step"] for check in checks}] == []
    attempts = [check for check in checks if check["step"] == "5"]
    for mark, words in REFUSALS.items():
        (seen,) = (check["seen"] for check in attempts if check["tried"].startswith(mark))
        assert words in seen
    for name in ("stall", "toll", "host"):
        assert "Traceback" not in (keep / f"{name}.log").read_text(encoding="utf-8")
