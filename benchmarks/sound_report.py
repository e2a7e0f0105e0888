"""Counts to figures: shares with their intervals, e90, the peers' and the targets beside them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from benchmarks import sound_bound, sound_false
from benchmarks.sound_cells import GROUPS, SENSITIVITY, Cell
from benchmarks.sound_modems import installed, is_peer, missing_peers, modem
from benchmarks.sound_run import key
from benchmarks.sound_signal import SECONDS, crest_db, signals
from benchmarks.sound_statistics import Points, e90, verdict, verdict_below, wilson
from benchmarks.sound_world import QUOTED_SEED
from terminal.acoustic import MODES

if TYPE_CHECKING:
    from benchmarks.sound_tally import Counts, Tally

SIZES: Final = (16, 32, 85, 140, 210)
GGWAVE_BYTES_MAX: Final = 140
GGWAVE_FIXED_BYTES_MAX: Final = 64
FAIR_CREST_DB: Final = 3.0
"""A speaker is limited by its peak: Eb/N0 + crest - 3 dB is what compares modems on one."""


def can_carry(name: str, size: int) -> bool:
    """Whether it is installed and carries as much."""
    if not installed(name):
        return False
    return not name.startswith("ggwave") or size <= (
        GGWAVE_FIXED_BYTES_MAX if "fixed" in name else GGWAVE_BYTES_MAX
    )


@lru_cache(maxsize=128)
def air_s(name: str, size: int) -> float | None:
    """Seconds on the air, None where it cannot be said."""
    if not can_carry(name, size):
        return None
    return round(len(modem(name).burst(bytes(range(size)))) / 48_000, 3)


@lru_cache(maxsize=128)
def crest(name: str) -> float | None:
    """Crest factor in dB of a burst of 16 bytes."""
    return round(crest_db(modem(name).burst(bytes(range(16)))), 2) if installed(name) else None


def _row(cell: Cell, counts: Counts) -> dict[str, Any]:
    frames, passed = int(counts["frames"]), int(counts["passed"])
    share, interval = round(passed / frames, 4), wilson(passed, frames)
    return {
        "modem": cell.modem,
        "bytes": cell.payload_bytes,
        "channel": cell.channel,
        "eb_n0_db": cell.eb_n0_db,
        "frames": frames,
        "frames_wanted": cell.frames,
        "passed": passed,
        "share": share,
        "interval": interval,
        "target": cell.target,
        "verdict": verdict(share, interval, cell.target),
        "wrong": int(counts["wrong"]),
        "crashed": int(counts.get("crashed", 0)),
    }


def report(tally: Tally) -> dict[str, Any]:
    """Everything measured so far."""
    groups: dict[str, Any] = {}
    for name, make in GROUPS.items():
        counted = [(cell, tally.get(key(cell))) for cell in make()]
        groups[name] = {cell.name: _row(cell, counts) for cell, counts in counted if counts}
    trials = {trial.name: tally.get(trial.name) for trial in sound_false.trials()}
    return {
        "source": tally.source,
        "quoted_seed": QUOTED_SEED,
        "missing_peers": missing_peers(),
        "seconds": _seconds(),
        "signal": signals(),
        "e90": _sensitivities(groups),
        "groups": groups,
        "false_accepts": {name: counts for name, counts in trials.items() if counts},
        "designs": _designs(groups["designs"]),
        "cost": {},
    }


def _seconds() -> list[dict[str, Any]]:
    """Each mode and size, with what was asked for."""
    targets = {(mode, size): target for mode, size, target in SECONDS}
    rows = []
    for mode in MODES:
        for size in SIZES:
            value, target = air_s(mode, size), targets.get((mode, size))
            assert value is not None
            rows.append({
                "modem": mode, "bytes": size, "seconds": value, "target": target,
                "verdict": verdict_below(value, target),
            })  # fmt: skip
    return rows


def _points(rows: dict[str, Any], name: str, size: int) -> Points:
    found = [
        (row["eb_n0_db"], row["frames"], row["passed"])
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
                found.append(_sensitivity(name, size, points, targets.get((name, size))))
    return sorted(found, key=lambda row: (row["bytes"], is_peer(row["modem"]), row["modem"]))


def _sensitivity(name: str, size: int, points: Points, target: float | None) -> dict[str, Any]:
    value = e90(points)
    high = crest(name)
    fair = None if value is None or high is None else round(value.db + high - FAIR_CREST_DB, 2)
    return {
        "modem": name,
        "bytes": size,
        "seconds": air_s(name, size),
        "e90_db": None if value is None else value.db,
        "at_most": value is not None and value.at_most,
        "interval_db": None if value is None else (value.low, value.high),
        "crest_db": high,
        "fair_e90_db": fair,
        "target_db": target,
        "verdict": "" if value is None else verdict_below(value.db, target),
        "bound_db": sound_bound.e90(size),
        "points": points,
    }


def _designs(rows: dict[str, Any]) -> list[dict[str, Any]]:
    """Seconds, e90 and a room of each design; ``pareto``: none is better in everything."""
    found: list[dict[str, Any]] = []
    for name in dict.fromkeys(row["modem"] for row in rows.values()):
        room = [r for r in rows.values() if r["modem"] == name and r["eb_n0_db"] is None]
        value = e90(_points(rows, name, 85))
        found.append({
            "design": name,
            "seconds": air_s(name, 85),
            "e90_db": None if value is None else value.db,
            "interval_db": None if value is None else (value.low, value.high),
            "room": room[0]["share"] if room else None,
            "room_interval": room[0]["interval"] if room else None,
        })  # fmt: skip
    for one in found:
        one["pareto"] = not any(_better(other, one) for other in found if other is not one)
    return found


def _better(one: dict[str, Any], other: dict[str, Any]) -> bool:
    values = [
        (
            row["seconds"],
            99.0 if row["e90_db"] is None else row["e90_db"],
            -(row["room"] or 0.0),
        )
        for row in (one, other)
    ]
    return values[0] != values[1] and all(a <= b for a, b in zip(*values, strict=True))


def faults(report: dict[str, Any]) -> int:
    """Payloads taken by one of our modes that nobody sent, and its crashes."""
    rows = [row for group in report["groups"].values() for row in group.values()]
    ours = [int(row["wrong"] + row["crashed"]) for row in rows if not is_peer(row["modem"])]
    return sum(ours) + sum(int(one.get("wrong", 0)) for one in report["false_accepts"].values())
