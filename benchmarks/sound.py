"""Measures the modem, and its peers beside it: python -m benchmarks.sound [--short].

    nice -n 15 python -m benchmarks.sound [--only rooms] [--most 100] [--minutes 10] [--workers 2]
    python -m benchmarks.sound --plan      # what is done, and how long the rest will take
    python -m benchmarks.sound --tables    # the last run's tables, as Markdown

Counts are kept in ``build/bench/sound.jsonl`` as frames are done; a run goes on where the last one
stopped, and begins anew when the modem's source or the world's has changed (the peers only with the
world). Everything measured so far goes to ``build/bench/sound.json``, with plots beside it. Frame n
of a cell has seed ``QUOTED_SEED + n`` (``sound_world.py``); nothing is tuned on these seeds, nor on
the rooms, speakers and noises they lead to. Exit code 1: one of our modes took a payload that
nobody sent, or fell over.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Final

# One thread: the linear algebra library must not take the other cores from those who share them.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from benchmarks import sound_report, sound_tables
from benchmarks.sound_cells import GROUPS
from benchmarks.sound_cost import cost
from benchmarks.sound_modems import missing_peers
from benchmarks.sound_run import plan, work_off
from benchmarks.sound_tally import ROOT, Tally

OUT: Final = ROOT / "build" / "bench"
SHORT_FRAMES: Final = 2
ORDER: Final = (*GROUPS, "false_accepts", "cost")


def arguments(words: list[str] | None) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sound")
    parser.add_argument("--only", choices=ORDER, action="append")
    parser.add_argument("--most", type=int, help="frames a cell, at most")
    parser.add_argument("--minutes", type=float, help="begin nothing new after so many")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--short", action="store_true", help="about a minute; some cells only")
    parser.add_argument("--plan", action="store_true", help="say how long it will take")
    parser.add_argument("--tables", action="store_true", help="the last run's, as Markdown")
    parser.add_argument("--out", type=Path, default=OUT)
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> int:
    """Measure, print, write, draw; 1 if a wrong payload was ever taken from one of our modes."""
    given = arguments(words)
    given.out.mkdir(parents=True, exist_ok=True)
    name = "sound-short" if given.short else "sound"
    path = given.out / f"{name}.json"
    if given.tables:
        if not path.exists():
            sys.stderr.write(f"{path} is not there yet: run python -m benchmarks.sound first\n")
            return 2
        sys.stdout.write(sound_tables.markdown(json.loads(path.read_text("utf-8"))["tables"]))
        return 0
    tally = Tally(given.out / f"{name}.jsonl")
    groups = list(given.only or ORDER)
    todo = plan(tally, groups, most=SHORT_FRAMES if given.short else given.most, short=given.short)
    for peer in missing_peers():
        sys.stdout.write(f"{peer} is not installed: no figures of it (make setup installs it)\n")
    sys.stdout.write(todo.text(given.workers))
    if given.plan:
        return 0
    ends_s = None if given.minutes is None else time.monotonic() + 60 * given.minutes
    try:
        work_off(todo, given.workers, ends_s)
    except KeyboardInterrupt:
        ends_s = time.monotonic()
        sys.stdout.write("stopped; what is done is kept\n")
    report = sound_report.report(tally)
    if "cost" in groups and (ends_s is None or time.monotonic() < ends_s):
        report["cost"] = cost(short=given.short)
    elif path.exists() and (last := figures_of(path))["source"] == report["source"]:
        report["cost"] = last["cost"]
    tables = [table.as_json() for table in sound_tables.tables(report)]
    path.write_text(json.dumps({"figures": report, "tables": tables}, indent=1) + "\n", "utf-8")
    sys.stdout.write(sound_tables.text(report))
    if importlib.util.find_spec("matplotlib") and not given.short:
        from benchmarks import sound_plots

        sound_plots.draw(report, given.out)
    return 1 if sound_report.faults(report) else 0


def figures_of(path: Path) -> dict[str, Any]:
    """The figures a run wrote."""
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))["figures"]
    return found


if __name__ == "__main__":
    sys.exit(main())
