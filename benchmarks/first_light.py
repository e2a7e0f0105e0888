"""From a card placed to the panel's first light and cue: a lane of whole processes.

    python -m benchmarks.first_light [--taps 20]

Host, terminal, simulated reader and the front panel's real firmware, each a process of its own. The
reader stamps the card's placement and the panel its lamp and its buzzer, all with the system's
monotonic clock; the later of the two counts. The terminal's verdict and the relay must come after.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Final

from host_sim.demo.toll_point import TollPoint, toll_point

TAPS: Final = 20
TICK_HZ: Final = 2000


def first_light_ms(taps: int = TAPS) -> list[float]:
    """Milliseconds from placement to light and cue, tap by tap.

    Raises:
        DeviceError, StageFailed: a part of the stage is missing, or did not answer.
    """
    root = Path(tempfile.mkdtemp(prefix="kumquat-light-"))
    try:
        with toll_point(root) as point:
            return [_tap(point) for _ in range(taps)]
    finally:
        shutil.rmtree(root)


def first_light_figures(taps: int = TAPS) -> dict[str, float]:
    """As ``make bench-nfc`` prints them: median and largest, in milliseconds."""
    found = first_light_ms(taps)
    return {
        "first_light_ms": round(statistics.median(found), 1),
        "first_light_max_ms": round(max(found), 1),
    }


def _tap(point: TollPoint) -> float:
    since = len(point.stage.panel.log)
    placed_ms = point.place()
    tick_ms = point.panel_ms(since, what="buzzer", tone_hz=TICK_HZ)
    light_ms = point.panel_ms(since, what="led", name="waiting", on=True)
    relay_ms = point.panel_ms(since, what="relay", on=True)
    if not max(tick_ms, light_ms) < relay_ms:
        raise AssertionError("the barrier opened before the first light")
    point.terminal.expect("accepted")
    point.clear()
    point.panel_ms(since, what="led", name="accepted", on=False)
    return max(tick_ms, light_ms) - placed_ms


def main(words: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_light")
    parser.add_argument("--taps", type=int, default=TAPS)
    report = first_light_figures(parser.parse_args(words).taps)
    sys.stdout.write(json.dumps(report) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
