"""Shares and e90 with their intervals, and what to call a figure beside its target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

Z: Final = 1.96
"""95 %, two-sided."""
NEWTON_STEPS: Final = 30

Points = list[tuple[float, int, int]]
"""Eb/N0 in dB, frames, frames that arrived."""


@dataclass(frozen=True, slots=True)
class E90:
    """Eb/N0 in dB of nine in ten, its 95 % interval; ``at_most``: no point was lower."""

    db: float
    low: float
    high: float
    at_most: bool = False


def wilson(passed: int, count: int) -> tuple[float, float]:
    """95 % interval of a share; ``count`` at least 1."""
    p = passed / count
    middle = (p + Z * Z / (2 * count)) / (1 + Z * Z / count)
    half = Z / (1 + Z * Z / count) * np.sqrt(p * (1 - p) / count + Z * Z / (4 * count * count))
    return round(float(middle - half), 4), round(float(middle + half), 4)


def e90(points: Points) -> E90 | None:
    """Nine in ten by a logistic curve through all points; None where they don't tell.

    Maximum likelihood, a tenth of a frame added to either side of each point so that the fit is
    finite. The interval is the delta method's: the curve's two numbers have the inverse of the
    information matrix as their covariance. It knows nothing of how far a frame's true curve is
    from a logistic one, so points should lie close around nine in ten.
    """
    if len(points) < 3:
        return None
    shares = [passed / count for _, count, passed in points]
    if min(shares) > 0.9:
        lowest = min(points)[0]
        return E90(lowest, lowest, lowest, at_most=True)
    if max(shares) < 0.9:
        return None
    middle, weights, covariance = _logistic(points)
    if weights[1] <= 0:
        return None
    beyond = (np.log(9) - weights[0]) / weights[1]
    gradient = np.array([-1.0, -beyond]) / weights[1]
    half = Z * float(np.sqrt(gradient @ covariance @ gradient))
    db = middle + float(beyond)
    return E90(round(db, 2), round(db - half, 2), round(db + half, 2))


def _logistic(points: Points) -> tuple[float, np.ndarray, np.ndarray]:
    """The middle of the points, offset and slope there, and the covariance of these two."""
    db = np.array([point[0] for point in points])
    count = np.array([point[1] + 0.2 for point in points])
    passed = np.array([point[2] + 0.1 for point in points])
    middle = float(db.mean())
    design = np.stack([np.ones_like(db), db - middle], axis=1)
    weights, bend = np.zeros(2), np.eye(2)
    for _ in range(NEWTON_STEPS):
        share = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        slope = design.T @ (passed - count * share)
        bend = design.T @ (design * (count * share * (1 - share))[:, None]) + 1e-6 * np.eye(2)
        weights = weights + np.clip(np.linalg.solve(bend, slope), -3, 3)
    return middle, weights, np.linalg.inv(bend)


def verdict(value: float, interval: tuple[float, float], target: float | None) -> str:
    """Of a share: met or missed, and whether its interval says so too."""
    if target is None:
        return ""
    if value >= target:
        return "met, proven" if interval[0] >= target else "met"
    return "missed, within the interval" if interval[1] >= target else "missed"


def verdict_below(value: float, target: float | None) -> str:
    """Of what should be at most so much."""
    return "" if target is None else "met" if value <= target else "missed"
