"""False accepts: frames that were never sent, and hours of noise.

A *spliced* frame is the first part of one and the rest of another, a *corrupted* one has a third of
its symbols drawn anew, a *colliding* one is two at once. The decoder is told where the frame lies
and how long it is, which is the worst case: a receiver must first be led to try. A payload is wrong
when it is neither of those the frame was made of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from benchmarks import sound_world
from terminal.acoustic import MODES, FrameReceived, FrameRejected, Mode, Receiver
from terminal.acoustic.demodulator import demodulate
from terminal.acoustic.events import CarrierFound
from terminal.acoustic.frame import block_bins, frame_tones, layout
from terminal.acoustic.sync import Block
from terminal.acoustic.transmitter import tone_waves

if TYPE_CHECKING:
    from numpy.typing import NDArray

KINDS: Final = ("spliced", "corrupted", "colliding")
NOISES: Final = ("white", "pink", "babble", "music", "market")
SIZES: Final = (1, 4, 16, 85)
BATCH: Final = 20
SNR_DB: Final = 20.0
CORRUPTED_SHARE: Final = 1 / 3
MINUTE: Final = 60 * sound_world.RATE_HZ
WORLD: Final = 900


@dataclass(frozen=True, slots=True)
class Trial:
    """So many batches of one kind of frame, or minutes of one noise."""

    group: str
    name: str
    units: int


def trials() -> list[Trial]:
    """100,000 frames and five hours."""
    batches = round(100_000 / BATCH / len(KINDS)) + 1
    found = [Trial("false_accepts", f"{kind} frames", batches) for kind in KINDS]
    return found + [Trial("false_accepts", f"{noise} noise", 60) for noise in NOISES]


def run(trial: Trial, seed: int) -> dict[str, int]:
    """The counts of one unit."""
    kind, what = trial.name.split()
    return frames(kind, seed) if what == "frames" else minute(kind, seed)


def frames(kind: str, seed: int) -> dict[str, int]:
    """A batch of one kind through the decoder."""
    rng = np.random.default_rng((seed, KINDS.index(kind)))
    counts = {"frames": 0, "codewords": 0, "one of those sent": 0, "wrong": 0}
    for _ in range(BATCH):
        mode = MODES[("counter", "fast", "robust")[int(rng.integers(3))]]
        size = SIZES[int(rng.integers(len(SIZES)))]
        sent = rng.bytes(size), rng.bytes(size)
        sound = _made(kind, mode, (frame_tones(sent[0], mode), frame_tones(sent[1], mode)), rng)
        shape, margin = layout(mode, size), mode.symbol_samples
        last = margin * (1 + shape.start_count + shape.coded_count)
        got = demodulate(sound, mode, shape, Block(margin), Block(last))
        counts["frames"] += 1
        counts["codewords"] += got.codeword
        counts["one of those sent"] += got.payload in sent
        counts["wrong"] += got.payload is not None and got.payload not in sent
    return counts


def _made(
    kind: str, mode: Mode, pair: tuple[NDArray[np.int64], NDArray[np.int64]],
    rng: np.random.Generator,
) -> NDArray[np.float32]:  # fmt: skip
    """The samples of such a frame, a symbol's margin around it, noise added."""
    one, other = pair
    count = len(one) - 16
    tones = one.copy()
    if kind == "spliced":
        at = int(rng.integers(8 + count // 8, 8 + count - count // 8))
        tones[at:-8] = other[at:-8]
    elif kind == "corrupted":
        places = 8 + np.flatnonzero(rng.random(count) < CORRUPTED_SHARE)
        tones[places] = rng.integers(0, mode.tone_count, len(places))
    burst = _wave(tones, mode)
    if kind == "colliding":
        shift = int(rng.integers(0, len(burst) // 2))
        burst[shift:] += rng.uniform(0.3, 1.0) * _wave(other, mode)[: len(burst) - shift]
    sound = np.pad(burst, 2 * mode.symbol_samples)[mode.symbol_samples :]
    sound += np.sqrt(0.5 / 10 ** (SNR_DB / 10)) * rng.normal(size=len(sound))
    return sound.astype(np.float32)


def _wave(tones: NDArray[np.int64], mode: Mode) -> NDArray[np.float64]:
    parts = np.split(tones, [8, len(tones) - 8])
    bins = np.concatenate([block_bins(part, mode) for part in parts])
    return np.asarray(tone_waves(mode)[bins].reshape(-1), np.float64)


def minute(kind: str, seed: int) -> dict[str, int]:
    """A minute of noise, every mode listening."""
    rng = np.random.default_rng((seed, NOISES.index(kind), 7))
    sound: NDArray[Any] = (
        sound_world.market(rng, MINUTE)
        if kind == "market"
        else sound_world.noise(kind, rng, MINUTE, WORLD)
    )
    receiver = Receiver()
    events = receiver.receive((0.1 * sound).astype(np.float32)) + receiver.flush()
    return {
        "minutes": 1,
        "carriers": sum(isinstance(event, CarrierFound) for event in events),
        "rejected": sum(isinstance(event, FrameRejected) for event in events),
        "wrong": sum(isinstance(event, FrameReceived) for event in events),
    }
