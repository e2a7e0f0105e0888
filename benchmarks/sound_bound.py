"""How little energy the best code of that length could need: the bound beside the figures.

Non-coherent orthogonal 32-FSK in white noise, checksum paid, nothing for sync. Normal approximation
(Polyanskiy, Poor, Verdu, "Channel coding rate in the finite blocklength regime", IEEE Trans. Inf.
Theory 56, 2010): with mean C and variance V of the information density of a symbol, a code of n
symbols for k bits fails with probability Q((n C - k + log2(n)/2) / sqrt(n V)); of all n, the best.
C and V come from draws of fixed seed; the error of e90 is some hundredths of a decibel.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np
from scipy.special import ive

TONES: Final = 32
DRAWS: Final = 20_000
CRC_BITS: Final = 32
RATES: Final = np.arange(0.3, 0.96, 0.05)
SYMBOL_DB: Final = np.arange(2.0, 13.0, 1.0)


@lru_cache(maxsize=64)
def _density(symbol_db: float) -> tuple[float, float]:
    """Mean and variance, in bits, of a symbol's information density at this Es/N0."""
    rng = np.random.default_rng(1)
    snr = 10 ** (symbol_db / 10)
    noise = (rng.normal(size=(DRAWS, TONES)) + 1j * rng.normal(size=(DRAWS, TONES))) / np.sqrt(2)
    noise[:, 0] += np.sqrt(snr)
    x = 2 * np.sqrt(snr) * np.abs(noise)
    value = np.log(ive(0, x)) + x
    top = value.max(axis=1)
    mean = top + np.log(np.exp(value - top[:, None]).mean(axis=1))
    density = (value[:, 0] - mean) / np.log(2)
    return float(density.mean()), float(density.var())


def success(size: int, eb_n0_db: float) -> float:
    """Share of frames of ``size`` bytes that the best code gets through."""
    table = np.array([_density(float(db)) for db in SYMBOL_DB])
    bits, best = 8 * size + CRC_BITS, -math.inf
    for rate in RATES:
        count = bits / (rate * math.log2(TONES))
        symbol_db = eb_n0_db + 10 * math.log10(8 * size / count)
        if not SYMBOL_DB[0] <= symbol_db <= SYMBOL_DB[-1]:
            continue
        mean, spread = (float(np.interp(symbol_db, SYMBOL_DB, table[:, i])) for i in (0, 1))
        margin = count * mean - bits + 0.5 * math.log2(count)
        best = max(best, margin / math.sqrt(count * spread))
    return 0.5 * math.erfc(-best / math.sqrt(2)) if best > -math.inf else 0.0


@lru_cache(maxsize=16)
def e90(size: int) -> float:
    """Eb/N0 in dB at which nine of ten frames could arrive."""
    low, high = 0.0, 8.0
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (low, middle) if success(size, middle) >= 0.9 else (middle, high)
    return round(high, 2)
