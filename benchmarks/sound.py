"""Measures the modem, and its peers beside it: python -m benchmarks.sound [--short].

    nice -n 15 python -m benchmarks.sound [--only rooms] [--most 100] [--minutes 10]

Counts are kept in ``build/bench/sound.jsonl`` as frames are done; a run goes on where the last one
stopped, and begins anew when the modem's source or the world's has changed (the peers only with the
world). Everything measured so far goes to ``build/bench/sound.json``, with plots beside it. Frame n
of a cell has seed ``QUOTED_SEED + n``; nothing is tuned on these seeds, nor on the rooms, speakers
and noises they lead to.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

# One thread: the linear algebra library must not take the second core from those who share it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from benchmarks import sound_false, sound_report
from benchmarks.sound_cells import GROUPS, Cell
from benchmarks.sound_channel import outcome
from benchmarks.sound_cost import cost
from benchmarks.sound_modems import installed
from benchmarks.sound_tally import ROOT, Tally

OUT: Final = ROOT / "build" / "bench"
QUOTED_SEED: Final = 900_000
SAVE_EVERY: Final = 25
SHORT_FRAMES: Final = 2
SHORT_BATCHES: Final = 1
ORDER: Final = (*GROUPS, "false_accepts", "cost")


class Run:
    """One run: what to measure, until when."""

    def __init__(self, tally: Tally, most: int | None, minutes: float | None) -> None:
        self.tally, self._most = tally, most
        self._ends_s = None if minutes is None else time.monotonic() + 60 * minutes

    def over(self) -> bool:
        """Whether the time given is used up."""
        return self._ends_s is not None and time.monotonic() > self._ends_s

    def cell(self, cell: Cell) -> None:
        """Bring one cell up to its number of frames."""
        key, peer = repr(replace(cell, short=False)), cell.modem.startswith(("ggwave", "minimodem"))
        wanted = cell.frames if self._most is None else min(cell.frames, self._most)
        begun = self.tally.get(key).get("frames", 0)
        for n in range(begun, wanted):
            passed, wrong = outcome(cell, QUOTED_SEED + n)
            self.tally.add(key, {"frames": 1, "passed": passed, "wrong": wrong})
            if n % SAVE_EVERY == SAVE_EVERY - 1 or n == wanted - 1 or self.over():
                self.tally.save(key, peer=peer)
            if self.over():
                return

    def trial(self, trial: sound_false.Trial) -> None:
        """Bring one trial of false accepts up to its number of units."""
        wanted = trial.units if self._most is None else min(trial.units, self._most)
        done = self.tally.get(trial.name).get("units", 0)
        for n in range(done, wanted):
            counts = {"units": 1} | sound_false.run(trial, QUOTED_SEED + n)
            self.tally.add(trial.name, counts)
            self.tally.save(trial.name, peer=False)
            if self.over():
                return


def cells(groups: list[str], *, short: bool) -> list[Cell]:
    """The cells of these groups that can be run here."""
    found = [cell for name in groups if name in GROUPS for cell in GROUPS[name]()]
    return [c for c in found if installed(c.modem) and (c.short or not short)]


def measure(groups: list[str], run: Run, *, short: bool) -> None:
    """Everything of these groups, as far as the time goes."""
    for cell in cells(groups, short=short):
        if run.over():
            return
        run.cell(cell)
    if "false_accepts" not in groups:
        return
    for trial in sound_false.trials():
        if run.over():
            return
        run.trial(replace(trial, units=SHORT_BATCHES) if short else trial)


def main(words: list[str] | None = None) -> int:
    """Measure, print, write, draw; 1 if a wrong payload was ever taken from one of our modes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sound")
    parser.add_argument("--only", choices=ORDER, action="append")
    parser.add_argument("--most", type=int, help="frames a cell, at most")
    parser.add_argument("--minutes", type=float, help="stop after so many")
    parser.add_argument("--short", action="store_true", help="about a minute; some cells only")
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args(words)
    given.out.mkdir(parents=True, exist_ok=True)
    name = "sound-short" if given.short else "sound"
    tally = Tally(given.out / f"{name}.jsonl")
    groups = list(given.only or ORDER)
    run = Run(tally, SHORT_FRAMES if given.short else given.most, given.minutes)
    try:
        measure(groups, run, short=given.short)
    except KeyboardInterrupt:
        sys.stdout.write("stopped; what is done is kept\n")
    path = given.out / f"{name}.json"
    report = sound_report.report(tally)
    if "cost" in groups and not run.over():
        report["cost"] = cost(short=given.short)
    elif path.exists():
        report["cost"] = json.loads(path.read_text("utf-8"))["figures"].get("cost", {})
    path.write_text(json.dumps({"figures": report}, indent=1) + "\n", "utf-8")
    sys.stdout.write(sound_report.text(report))
    if importlib.util.find_spec("matplotlib") and not given.short:
        from benchmarks import sound_plots

        sound_plots.draw(report, given.out)
    return 1 if sound_report.wrong_payloads(report) else 0


def figures_of(path: Path) -> dict[str, Any]:
    """The figures a run wrote."""
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))["figures"]
    return found


if __name__ == "__main__":
    sys.exit(main())
