"""One frame of a cell: sent, through its channel, received; everything from a seed."""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks import sound_world
from benchmarks.sound_abuse import ABUSES, Scene, Sent
from benchmarks.sound_modems import modem

if TYPE_CHECKING:
    from benchmarks.sound_cells import Cell

ROOMS: Final = 120


def scene(cell: Cell, seed: int) -> Scene:
    """What the microphone hears of one frame, and what must come of it.

    Modems of the same cell and seed meet the same noise, room and speaker.
    """
    rng = np.random.default_rng(seed)
    payload = rng.bytes(cell.payload_bytes)
    chosen = modem(cell.modem)
    burst = chosen.burst(payload)
    alone = frozenset([payload])
    if cell.abuse:
        other = rng.bytes(cell.payload_bytes)
        sent = Sent(payload, burst, other, chosen.burst(other), cell.snr_db)
        return ABUSES[cell.abuse][0](sent, rng)
    moved = sound_world.moved(burst, cell.ppm, cell.wobble_m_per_s, float(rng.uniform(0, 6.28)))
    if cell.eb_n0_db is None:
        heard = sound_world.through_room(
            moved,
            seed=seed,
            rooms=ROOMS,
            rt60_s=0.5,
            distance_m=cell.distance_m,
            snr_db=cell.snr_db,
            noise_kind=cell.noise,
            loss_18khz_db=cell.loss_18khz_db,
            deep_dips=cell.deep_dips,
        )
        return Scene(heard.astype(np.float64), payload, alone)
    energy = np.square(burst).sum()
    sigma = np.sqrt(energy / (8 * len(payload)) / 10 ** (cell.eb_n0_db / 10) / 2)
    before = int(rng.integers(24_000, 36_000))
    sound = np.concatenate([np.zeros(before), moved, np.zeros(9_600)])
    sound += sigma * rng.normal(size=len(sound))
    return Scene(sound, payload, alone)


def outcome(cell: Cell, seed: int) -> dict[str, float]:
    """The counts of one frame: arrived or not, payloads that nobody sent, crashes."""
    counts: dict[str, float] = {"frames": 1, "passed": 0, "wrong": 0, "crashed": 0}
    heard = scene(cell, seed)
    level = 0.25 / float(np.abs(heard.sound).max())
    sound = (level * heard.sound).astype(np.float32)
    try:
        found = modem(cell.modem).heard(sound, cell.payload_bytes, heard.rate_hz)
    except Exception:  # noqa: BLE001 - that no sound makes a receiver fall over is measured here
        sys.stderr.write(f"{cell.name}, seed {seed}:\n{traceback.format_exc()}")
        return counts | {"crashed": 1}
    passed = heard.wanted in found
    if cell.modem.startswith("minimodem"):  # it prints whatever it hears; no frame, no checksum
        wrong = int(bool(found) and not passed)
    else:
        wrong = sum(one not in heard.allowed for one in found)
    return counts | {"passed": int(passed), "wrong": wrong}
