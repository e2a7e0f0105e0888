"""Counts to figures: shares with their intervals, e90, the peers' and the targets beside them."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from benchmarks import sound_bound, sound_cost, sound_false
from benchmarks.sound_cells import GROUPS, SENSITIVITY, Cell
from benchmarks.sound_modems import DESIGNS, installed, modem
from benchmarks.sound_tally import wilson
from terminal.acoustic import MODES

if TYPE_CHECKING:
    from benchmarks.sound_tally import Tally

PEERS: Final = ("ggwave", "minimodem")
NEWTON_STEPS: Final = 30
SIZES: Final = (16, 32, 85, 140, 210)

Points = list[tuple[float, int, int]]
"""Eb/N0 in dB, frames, frames that arrived."""


def e90(points: Points) -> float | None:
    """Eb/N0 of nine in ten by a logistic curve through all points; None where they don't tell.

    A tenth of a frame is added to either side of each point, so that the fit is finite.
    """
    if len(points) < 3:
        return None
    shares = [passed / count for _, count, passed in points]
    if min(shares) > 0.9 or max(shares) < 0.9:
        return None
    db = np.array([point[0] for point in points])
    count = np.array([point[1] + 0.2 for point in points])
    passed = np.array([point[2] + 0.1 for point in points])
    middle = db.mean()
    design = np.stack([np.ones_like(db), db - middle], axis=1)
    weights = np.zeros(2)
    for _ in range(NEWTON_STEPS):
        share = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        slope = design.T @ (passed - count * share)
        bend = design.T @ (design * (count * share * (1 - share))[:, None]) + 1e-6 * np.eye(2)
        weights = weights + np.clip(np.linalg.solve(bend, slope), -3, 3)
    if weights[1] <= 0:
        return None
    return round(float(middle + (np.log(9) - weights[0]) / weights[1]), 2)


@lru_cache(maxsize=128)
def air_s(name: str, size: int) -> float | None:
    """Seconds on the air, None where it is not installed or cannot carry as much."""
    if not installed(name) or (name not in MODES and name not in DESIGNS and size > 140):
        return None
    if "fixed" in name and size > 64:
        return None
    return round(len(modem(name).burst(bytes(range(size)))) / 48_000, 3)


def _row(cell: Cell, counts: dict[str, int]) -> dict[str, Any]:
    frames, passed = counts["frames"], counts["passed"]
    return {
        "modem": cell.modem,
        "bytes": cell.payload_bytes,
        "channel": cell.channel,
        "eb_n0_db": cell.eb_n0_db,
        "frames": frames,
        "share": round(passed / frames, 4),
        "interval": wilson(passed, frames),
        "target": cell.target,
        "wrong": counts["wrong"],
    }


def report(tally: Tally) -> dict[str, Any]:
    """Everything measured so far."""
    groups: dict[str, Any] = {}
    for name, make in GROUPS.items():
        counted = [(cell, tally.get(repr(replace(cell, short=False)))) for cell in make()]
        groups[name] = {cell.name: _row(cell, counts) for cell, counts in counted if counts}
    trials = {trial.name: tally.get(trial.name) for trial in sound_false.trials()}
    return {
        "source": tally.source,
        "seconds": {name: {str(n): air_s(name, n) for n in SIZES} for name in MODES},
        "e90": _sensitivities(groups),
        "groups": groups,
        "false_accepts": {name: counts for name, counts in trials.items() if counts},
        "designs": _designs(groups["designs"]),
        "cost": {},
    }


def _points(rows: dict[str, Any], name: str, size: int) -> Points:
    found = [
        (row["eb_n0_db"], row["frames"], round(row["share"] * row["frames"]))
        for row in rows.values()
        if (row["modem"], row["bytes"]) == (name, size) and row["eb_n0_db"] is not None
    ]
    return sorted(found)


def _sensitivities(groups: dict[str, Any]) -> list[dict[str, Any]]:
    """Ours and the peers', by size."""
    targets = {(mode, size): target for mode, size, target, _ in SENSITIVITY}
    found = []
    for rows in (groups["sensitivity"], groups["peers"]):
        for name, size in dict.fromkeys((row["modem"], row["bytes"]) for row in rows.values()):
            points = _points(rows, name, size)
            if points:
                found.append({
                    "modem": name,
                    "bytes": size,
                    "seconds": air_s(name, size),
                    "e90_db": e90(points),
                    "target_db": targets.get((name, size)),
                    "bound_db": sound_bound.e90(size),
                    "points": points,
                })  # fmt: skip
    return sorted(found, key=lambda row: row["bytes"])


def _designs(rows: dict[str, Any]) -> list[dict[str, Any]]:
    """Seconds, e90 and a room of each design; ``kept`` where none is better in everything."""
    found: list[dict[str, Any]] = []
    for name in dict.fromkeys(row["modem"] for row in rows.values()):
        room = [r for r in rows.values() if r["modem"] == name and r["eb_n0_db"] is None]
        share = room[0]["share"] if room else None
        sensitivity = e90(_points(rows, name, 85))
        found.append(
            {"design": name, "seconds": air_s(name, 85), "e90_db": sensitivity, "room": share}
        )
    for one in found:
        one["pareto"] = not any(_better(other, one) for other in found if other is not one)
    return found


def _better(one: dict[str, Any], other: dict[str, Any]) -> bool:
    values = [
        (row["seconds"], row["e90_db"] or 99.0, -(row["room"] or 0.0)) for row in (one, other)
    ]
    return values[0] != values[1] and all(a <= b for a, b in zip(*values, strict=True))


def wrong_payloads(report: dict[str, Any]) -> int:
    """Payloads taken from one of our modes that nobody sent."""
    rows = [row for group in report["groups"].values() for row in group.values()]
    wrong = [int(row["wrong"]) for row in rows if not row["modem"].startswith(PEERS)]
    return sum(wrong) + sum(int(one.get("wrong", 0)) for one in report["false_accepts"].values())


def _number(value: float | None, form: str = ".2f") -> str:
    return "-" if value is None else format(value, form)


def text(report: dict[str, Any]) -> str:
    """The figures for reading."""
    lines = ["bytes  modem                   seconds    e90  wanted  bound   (Eb/N0, dB)"]
    lines.extend(
        f"{row['bytes']:5}  {row['modem']:22} {_number(row['seconds'], '8.3f')} "
        f"{_number(row['e90_db'], '6.2f'):>6} {_number(row['target_db'], '7.2f'):>7} "
        f"{row['bound_db']:6.2f}"
        for row in report["e90"]
    )
    for name, rows in report["groups"].items():
        shown = [row for row in rows.values() if row["eb_n0_db"] is None or name == "motion"]
        lines += (
            ["", f"{name}: share of frames that arrived, 95 % interval, wanted"] if shown else []
        )
        for row in shown:
            low, high = row["interval"]
            title = f"{row['modem']} {row['bytes']} B {row['channel']}"
            lines.append(
                f"  {title:58} {row['share']:6.3f}  {low:.3f}-{high:.3f} of {row['frames']:4}"
                f"  {_number(row['target'])}  wrong {row['wrong']}"
            )
    lines += ["", "designs, 85 B: seconds, e90, 1 m market 0 dB; * none is better in everything"]
    for row in report["designs"]:
        values = f"{row['seconds']:6.3f} {_number(row['e90_db']):>6} {_number(row['room']):>6}"
        lines.append(f"  {row['design']:26} {values} {'*' if row['pareto'] else ''}")
    lines += ["", "false accepts"]
    lines += [f"  {name:20} {counts}" for name, counts in report["false_accepts"].items()]
    lines += ["", "cost (wanted)"]
    for name, value in report["cost"].items():
        if name == "profile":
            lines += ["  profile, market noise:", *(f"    {row}" for row in value)]
        else:
            wanted = sound_cost.TARGETS.get(name)
            lines.append(f"  {name:36} {value} {'' if wanted is None else f'({wanted})'}")
    return "\n".join(lines) + "\n"
