"""How much slower a Raspberry Pi 4 is than this machine: two published figures, measured here too.

What a receiver does is either arithmetic on arrays (transforms, products) or Python and numpy's
small calls. For each kind there is a program whose time on a Pi 4 others have published; the same
is run here, and each kind of work is multiplied by its own ratio. No Pi was measured for it. Not in
it: smaller caches, slower memory, a processor that slows down when hot.
"""

from __future__ import annotations

import math
import time
from typing import Final

import numpy as np

PI_4_GFLOPS: Final = 2.0
"""High-Performance Linpack, double precision: 8 Gflop/s on four cores (B. Feiereisen,
"Benchmarking the Raspberry Pi 4 with Raspberry Pi OS64", 2022, feiereisen.net)."""
PI_4_NBODY_S: Final = 158.3
"""Five million steps of the n-body program in CPython at 1.5 GHz (C. Mehta, "Performance Analysis
of Languages on Raspberry Pi", chaitanyamehta.github.io)."""
NBODY_STEPS: Final = 5_000_000
PRODUCT: Final = 768
REPEATS: Final = 5

Body = tuple[list[float], list[float], float]
BODIES: Final[list[Body]] = [
    ([0.0, 0.0, 0.0], [0.0, 0.0, 0.0], 39.47),
    ([4.84, -1.16, -0.10], [0.606, 2.81, -0.02], 0.037),
    ([8.34, 4.12, -0.4], [-1.01, 1.82, 0.008], 0.011),
    ([12.89, -15.11, -0.22], [1.08, 0.868, -0.01], 0.0017),
    ([15.37, -25.9, 0.179], [0.979, 0.594, -0.034], 0.002),
]
"""Places, speeds, masses: the sun and the four great planets, roughly; the work is the same."""


def gflops() -> float:
    """Double-precision matrix products on one core."""
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=(2, PRODUCT, PRODUCT))
    spent = []
    for _ in range(REPEATS):
        begun = time.process_time()
        one @ other
        spent.append(time.process_time() - begun)
    return float(2 * PRODUCT**3 / min(spent) / 1e9)


def nbody_s(steps: int) -> float:
    """Seconds that ``NBODY_STEPS`` would take, from so many."""
    bodies = [(place[:], speed[:], mass) for place, speed, mass in BODIES]
    pairs = [(a, b) for i, a in enumerate(bodies) for b in bodies[i + 1 :]]
    begun = time.process_time()
    for _ in range(steps):
        _advance(0.01, bodies, pairs)
    return (time.process_time() - begun) * NBODY_STEPS / steps


def _advance(dt: float, bodies: list[Body], pairs: list[tuple[Body, Body]]) -> None:
    for ([x1, y1, z1], v1, m1), ([x2, y2, z2], v2, m2) in pairs:
        dx, dy, dz = x1 - x2, y1 - y2, z1 - z2
        mag = dt * ((dx * dx + dy * dy + dz * dz) ** (-1.5))
        b1m, b2m = m1 * mag, m2 * mag
        v1[0] -= dx * b2m
        v1[1] -= dy * b2m
        v1[2] -= dz * b2m
        v2[0] += dx * b1m
        v2[1] += dy * b1m
        v2[2] += dz * b1m
    for r, [vx, vy, vz], _ in bodies:
        r[0] += dt * vx
        r[1] += dt * vy
        r[2] += dt * vz


def factors(steps: int = 100_000) -> dict[str, float]:
    """How many times longer a Pi 4 takes: for Python, for array arithmetic."""
    here_s, here_gflops = nbody_s(steps), gflops()
    assert math.isfinite(here_s)
    return {
        "nbody_here_s": round(here_s, 1),
        "product_here_gflops": round(here_gflops, 1),
        "factor_python": round(PI_4_NBODY_S / here_s, 1),
        "factor_arithmetic": round(here_gflops / PI_4_GFLOPS, 1),
    }
