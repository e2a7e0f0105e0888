"""What leaves the speaker: seconds, crest, band, and what can be heard of the inaudible mode."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from scipy.signal import fftconvolve, firwin

from benchmarks.sound_modems import installed, modem
from benchmarks.sound_world import RATE_HZ
from terminal.acoustic import MODES

SECONDS: Final = (
    ("fast", 85, 0.62), ("fast", 210, 1.40),
    ("counter", 32, 0.55), ("counter", 85, 1.20), ("counter", 210, 2.75),
    ("robust", 32, 2.0), ("inaudible", 85, 2.3),
)  # fmt: skip
"""Mode, bytes, seconds on the air at most."""
CREST_DB: Final = 3.1
AUDIBLE_HZ: Final = 12_000
WINDOW: Final = 240
MARGIN: Final = 4_800
END_WINDOWS: Final = 4
BAND_SHARE: Final = 0.999
SHOWN: Final = (
    *MODES, "ggwave normal", "ggwave fastest", "ggwave fixed fastest", "minimodem 300",
)  # fmt: skip


def crest_db(burst: np.ndarray) -> float:
    """Peak over root mean square, silence at the ends left out."""
    on = np.flatnonzero(np.abs(burst) > 1e-3 * np.abs(burst).max())
    part = burst[on[0] : on[-1] + 1]
    return float(20 * np.log10(np.abs(part).max() / np.sqrt(np.square(part).mean())))


def audible_db(burst: np.ndarray) -> tuple[float, float]:
    """The loudest 5 ms under 12 kHz at either end, and within; over the burst's level.

    An end is 20 ms of the burst and the silence beside it. A click is an end louder than what lies
    between. The low-pass is down by 100 dB a kilohertz above.
    """
    low = firwin(401, AUDIBLE_HZ, window=("kaiser", 10.0), fs=RATE_HZ)
    through = fftconvolve(np.pad(burst, MARGIN), low, mode="same")
    frames = np.square(through[: len(through) // WINDOW * WINDOW]).reshape(-1, WINDOW).mean(axis=1)
    level_db = 10 * np.log10(frames / np.square(burst).mean() + 1e-12)
    end = MARGIN // WINDOW + END_WINDOWS
    ends = max(level_db[:end].max(), level_db[-end - 1 :].max())
    return round(float(ends), 1), round(float(level_db[end : -end - 1].max()), 1)


def band_hz(burst: np.ndarray) -> tuple[int, int]:
    """Between these frequencies lie 99.9 % of the energy."""
    power = np.square(np.abs(np.fft.rfft(burst)))
    share = np.cumsum(power) / power.sum()
    edges = np.searchsorted(share, [(1 - BAND_SHARE) / 2, (1 + BAND_SHARE) / 2])
    low, high = (int(edge * RATE_HZ / len(burst)) for edge in edges)
    return low, high


def signals() -> list[dict[str, Any]]:
    """A row for each modem that is installed: a burst of 32 bytes."""
    payload = np.random.default_rng(7).bytes(32)
    rows = []
    for name in SHOWN:
        if not installed(name):
            continue
        burst = modem(name).burst(payload)
        rows.append({
            "modem": name,
            "seconds": round(len(burst) / RATE_HZ, 3),
            "crest_db": round(crest_db(burst), 2),
            "crest_target_db": CREST_DB if name in MODES else None,
            "band_hz": band_hz(burst),
            "audible_db": audible_db(burst) if name == "inaudible" else None,
        })  # fmt: skip
    return rows
