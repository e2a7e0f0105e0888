"""False accepts: frames that were never sent, and hours of noise.

A *spliced* frame is the first part of one and the rest of another, a *corrupted* one has a third of
its symbols drawn anew, a *colliding* one is two at once. The decoder is told where the frame lies
and how long it is, which is the worst case: a receiver must first be led to try. A payload is wrong
when it is neither of those the frame was made of. One frame of ten goes through a whole receiver
too. Peers hear the same minutes of noise, and ggwave gets spliced frames of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from benchmarks import sound_world
from benchmarks.sound_modems import Minimodem, installed, modem
from terminal.acoustic import MODES, FrameReceived, FrameRejected, Mode, Receiver
from terminal.acoustic.demodulator import demodulate
from terminal.acoustic.events import CarrierFound
from terminal.acoustic.frame import block_bins, frame_tones, layout
from terminal.acoustic.sync import Block
from terminal.acoustic.transmitter import tone_waves

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from terminal.acoustic.frame import Layout

KINDS: Final = ("spliced", "corrupted", "colliding")
NOISES: Final = ("white", "pink", "babble", "music", "market")
SIZES: Final = (1, 1, 4, 4, 8, 8, 16, 85)
"""Bytes, drawn evenly: mostly short, where chance codewords are far more frequent."""
GGWAVE_SIZES: Final = (4, 16)
GGWAVE_BATCHES: Final = 50
WHOLE_EVERY: Final = 10
BATCH: Final = 20
SNR_DB: Final = 20.0
CORRUPTED_SHARE: Final = 1 / 3
MINUTE: Final = 60 * sound_world.RATE_HZ
WORLD: Final = sound_world.QUOTED_SEED // sound_world.SEEDS_A_WORLD + 1000
"""Apart from the worlds that rooms are in."""


@dataclass(frozen=True, slots=True)
class Trial:
    """So many batches of one kind of frame, or minutes of one noise."""

    group: str
    name: str
    units: int


def trials() -> list[Trial]:
    """100,000 frames, five hours, and some of ggwave's frames where it is installed."""
    batches = round(100_000 / BATCH / len(KINDS)) + 1
    found = [Trial("false_accepts", f"{kind} frames", batches) for kind in KINDS]
    found += [Trial("false_accepts", f"{noise} noise", 60) for noise in NOISES]
    if installed("ggwave"):
        found.append(Trial("false_accepts", "ggwave spliced", GGWAVE_BATCHES))
    return found


def run(trial: Trial, seed: int) -> dict[str, float]:
    """The counts of one unit."""
    kind, what = trial.name.split()
    if what == "spliced":
        return ggwave_frames(seed)
    return frames(kind, seed) if what == "frames" else minute(kind, seed)


def frames(kind: str, seed: int) -> dict[str, float]:
    """A batch of one kind through the decoder."""
    rng = np.random.default_rng((seed, KINDS.index(kind)))
    names = ("frames", "codewords", "one of those sent", "whole", "wrong")
    counts: dict[str, float] = dict.fromkeys(names, 0)
    for number in range(BATCH):
        mode = list(MODES.values())[int(rng.integers(len(MODES)))]
        size = SIZES[int(rng.integers(len(SIZES)))]
        sent = rng.bytes(size), rng.bytes(size)
        sound = made(kind, mode, sent, rng)
        shape, margin = layout(mode, size), mode.symbol_samples
        last = margin * (1 + shape.start_count + shape.coded_count)
        got = demodulate(sound, mode, shape, Block(margin), Block(last))
        counts["frames"] += 1
        counts["codewords"] += got.codeword
        counts["one of those sent"] += got.payload in sent
        counts["wrong"] += got.payload is not None and got.payload not in sent
        if number % WHOLE_EVERY == 0:
            counts["whole"] += 1
            found = modem(mode.name).heard(np.pad(sound, 9_600), size, sound_world.RATE_HZ)
            counts["wrong"] += sum(payload not in sent for payload in found)
    return counts


def made(
    kind: str, mode: Mode, sent: tuple[bytes, bytes], rng: np.random.Generator
) -> NDArray[np.float32]:
    """The samples of such a frame, a symbol's margin around it, noise added."""
    one, other = frame_tones(sent[0], mode), frame_tones(sent[1], mode)
    shape, tones = layout(mode, len(sent[0])), one.copy()
    first, count, end = shape.start_count, shape.coded_count, len(one) - shape.end_count
    if kind == "spliced":
        at = int(rng.integers(first + count // 8, end - count // 8))
        tones[at:end] = other[at:end]
    elif kind == "corrupted":
        places = first + np.flatnonzero(rng.random(count) < CORRUPTED_SHARE)
        tones[places] = rng.integers(0, mode.tone_count, len(places))
    burst = _wave(tones, mode, shape)
    if kind == "colliding":
        shift = int(rng.integers(0, len(burst) // 2))
        burst[shift:] += rng.uniform(0.3, 1.0) * _wave(other, mode, shape)[: len(burst) - shift]
    sound = np.pad(burst, 2 * mode.symbol_samples)[mode.symbol_samples :]
    sound += np.sqrt(0.5 / 10 ** (SNR_DB / 10)) * rng.normal(size=len(sound))
    return sound.astype(np.float32)


def _wave(tones: NDArray[np.int64], mode: Mode, shape: Layout) -> NDArray[np.float64]:
    parts = np.split(tones, [shape.start_count, len(tones) - shape.end_count])
    bins = np.concatenate([block_bins(part, mode) for part in parts])
    return np.asarray(tone_waves(mode)[bins].reshape(-1), np.float64)


def minute(kind: str, seed: int) -> dict[str, float]:
    """A minute of noise, every mode listening, and the peers that are installed."""
    rng = np.random.default_rng((seed, NOISES.index(kind), 7))
    made_noise: NDArray[Any] = (
        sound_world.market(rng, MINUTE)
        if kind == "market"
        else sound_world.noise(kind, rng, MINUTE, WORLD)
    )
    sound = (0.1 * made_noise).astype(np.float32)
    receiver = Receiver()
    events = receiver.receive(sound) + receiver.flush()
    counts: dict[str, float] = {
        "minutes": 1,
        "carriers": sum(isinstance(event, CarrierFound) for event in events),
        "rejected": sum(isinstance(event, FrameRejected) for event in events),
        "wrong": sum(isinstance(event, FrameReceived) for event in events),
    }
    if installed("ggwave"):
        for name in ("ggwave fastest", "ggwave fixed fastest"):
            counts[name] = len(modem(name).heard(sound, 16, sound_world.RATE_HZ))
    if installed("minimodem"):
        counts["minimodem bytes"] = len(Minimodem("300").printed(sound, sound_world.RATE_HZ))
    return counts


def ggwave_frames(seed: int) -> dict[str, float]:
    """A batch of ggwave's frames of fixed length, each the first of one and the rest of another."""
    rng, peer = np.random.default_rng((seed, 9)), modem("ggwave fixed fastest")
    counts: dict[str, float] = {}
    for number in range(BATCH):
        size = GGWAVE_SIZES[number % len(GGWAVE_SIZES)]
        sent = rng.bytes(size), rng.bytes(size)
        one, other = (peer.burst(payload) for payload in sent)
        at = int(rng.integers(len(one) // 8, len(one) - len(one) // 8))
        sound = np.pad(np.concatenate([one[:at], other[at:]]), 24_000)
        sigma = np.sqrt(np.mean(np.square(one)) / 10 ** (SNR_DB / 10))
        sound += sigma * rng.normal(size=len(sound))
        heard = (0.25 * sound / np.abs(sound).max()).astype(np.float32)
        found = peer.heard(heard, size, sound_world.RATE_HZ)
        for name, more in (
            (f"frames of {size} B", 1),
            (f"peer wrong {size} B", sum(payload not in sent for payload in found)),
        ):
            counts[name] = counts.get(name, 0) + more
    return counts
