"""The equaliser: the path learned from a frame, and what it then says of the tones."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from terminal.acoustic import MODES, Mode, modulate
from terminal.acoustic.baseband import baseband, grid
from terminal.acoustic.demodulator import Attempt
from terminal.acoustic.equaliser import ROOM, STRAIGHT, Equaliser, Path
from terminal.acoustic.frame import frame_bins, layout, possible_bins
from terminal.acoustic.sync import Block, Fit
from terminal.acoustic.tones import frame_energies

Floats = NDArray[np.float32]
Sound = NDArray[Any]

BEFORE = 512
PAYLOAD = bytes(range(40, 72))


def shares_of(payload: bytes, mode: Mode) -> Floats:
    """The decoder's account of a frame it is sure of."""
    return np.eye(mode.bin_count, dtype=np.float32)[frame_bins(payload, mode)]


def heard_through(path: Sound, payload: bytes, mode: Mode, noise: float, seed: int = 1) -> Floats:
    """A burst through a path, with white noise of this deviation, silence around it."""
    sent = np.concatenate([np.zeros(BEFORE), modulate(payload, mode), np.zeros(2048)])
    sound = np.convolve(sent, path)[: len(sent)]
    rng = np.random.default_rng(seed)
    return (sound + noise * rng.normal(size=len(sound))).astype(np.float32)


def echoes(seed: int, level: float = 0.045) -> Sound:
    """A direct path and a dense decaying tail with twice its energy."""
    rng = np.random.default_rng(seed)
    count, decay_s = int(48_000 * 0.06), 0.03
    tail = level * rng.normal(size=count) * np.exp(-np.arange(count) / 48_000 / (2 * decay_s))
    tail[0] = 1.0
    return tail


def equaliser(
    sound: Floats, mode: Mode, payload: bytes, path: Path, scale: float = 1.0
) -> Equaliser:
    possible, _ = possible_bins(mode, layout(mode, len(payload)))
    floor = np.ones(mode.bin_count, np.float32)
    return Equaliser(sound, mode, Fit(float(BEFORE), scale), floor, possible, path)


def wrong_share(values: Floats, payload: bytes, mode: Mode) -> float:
    inner = slice(len(mode.start_tones), -len(mode.end_tones))
    return float((values.argmax(axis=1) != frame_bins(payload, mode))[inner].mean())


SCALES = [(name, 1.0) for name in MODES] + [
    # Straight lines between samples, used to stretch a burst here, do not carry 19 kHz.
    (name, scale)
    for name in ("counter", "fast", "robust")
    for scale in (1.003, 0.9968)
]


@pytest.mark.parametrize(("name", "scale"), SCALES)
def test_the_baseband_of_a_burst_is_the_grids_own_waveform(name: str, scale: float) -> None:
    mode = MODES[name]
    count = layout(mode, len(PAYLOAD)).symbol_count
    burst = modulate(PAYLOAD, mode).astype(np.float64)
    slow = np.interp(np.arange(int(len(burst) * scale)) / scale, np.arange(len(burst)), burst)
    sound = np.concatenate([np.zeros(BEFORE), slow, np.zeros(2048)]).astype(np.float32)
    placed = Fit(float(BEFORE), scale)
    found = baseband(sound, mode, placed, count, np.ones(mode.bin_count, np.float32))
    sent = grid(found, mode, placed, count).waveform(shares_of(PAYLOAD, mode), len(found.samples))
    sent = np.roll(sent, found.early_count)
    alike = abs(np.vdot(sent, found.samples))
    alike /= np.linalg.norm(sent) * np.linalg.norm(found.samples)
    assert alike > 0.97


def test_with_the_path_learned_fewer_tones_are_mistaken_than_by_energy_alone() -> None:
    mode = MODES["counter"]
    sound = heard_through(echoes(3), PAYLOAD, mode, noise=1.0)
    starts = BEFORE + mode.symbol_samples * np.arange(layout(mode, 32).symbol_count)
    by_energy = wrong_share(frame_energies(sound, mode, starts, 1.0), PAYLOAD, mode)
    values = equaliser(sound, mode, PAYLOAD, ROOM).values(shares_of(PAYLOAD, mode))
    assert by_energy > 0.2
    assert wrong_share(values, PAYLOAD, mode) < 0.02


def test_values_are_nought_for_the_best_tone_and_never_say_more_than_the_limit() -> None:
    mode = MODES["counter"]
    values = equaliser(
        heard_through(echoes(3), PAYLOAD, mode, noise=0.3), mode, PAYLOAD, ROOM
    ).values(shares_of(PAYLOAD, mode))
    assert values.dtype == np.float32
    assert (values.max(axis=1) == 0).all()
    assert values.min() >= -40


@pytest.mark.parametrize("ppm", [-250, -60, 60, 250])
def test_a_clock_that_runs_evenly_wrong_is_followed(ppm: int) -> None:
    mode = MODES["counter"]
    burst = modulate(bytes(85), mode).astype(np.float64)
    scale = 1 + ppm * 1e-6
    slow = np.interp(np.arange(int(len(burst) * scale)) / scale, np.arange(len(burst)), burst)
    sound = np.concatenate([np.zeros(BEFORE), slow, np.zeros(2048)])
    sound += 1.5 * np.random.default_rng(5).normal(size=len(sound))
    heard = equaliser(sound.astype(np.float32), mode, bytes(85), STRAIGHT)
    shares = shares_of(bytes(85), mode)
    rounds = [wrong_share(heard.values(shares), bytes(85), mode) for _ in range(5)]
    still = equaliser(sound.astype(np.float32), mode, bytes(85), STRAIGHT, scale)
    assert rounds[-1] <= wrong_share(still.values(shares), bytes(85), mode) + 0.03
    if abs(ppm) > 100:
        assert rounds[-1] < rounds[0] - 0.05


@pytest.mark.parametrize("name", MODES)
def test_silence_says_nothing_and_breaks_nothing(name: str) -> None:
    mode = MODES[name]
    silence = np.zeros(60_000, np.float32)
    heard = equaliser(silence, mode, PAYLOAD, ROOM)
    for _ in range(6):
        values = heard.values(shares_of(PAYLOAD, mode))
        assert np.isfinite(values).all()


def test_a_frame_cut_off_by_the_recording_is_still_worked_on() -> None:
    mode = MODES["counter"]
    sound = heard_through(np.ones(1), PAYLOAD, mode, noise=0.1)[:9_000]
    values = equaliser(sound, mode, PAYLOAD, ROOM).values(shares_of(PAYLOAD, mode))
    assert np.isfinite(values).all()


def test_what_reverberation_hid_from_the_first_look_the_search_finds() -> None:
    mode, shape = MODES["counter"], layout(MODES["counter"], 32)
    hidden = found = 0
    for seed in range(12):
        path = echoes(seed, level=0.07)
        sound = heard_through(path, PAYLOAD, mode, noise=2.0, seed=seed)
        end = Block(BEFORE + mode.symbol_samples * (shape.start_count + shape.coded_count))
        attempt = Attempt(sound, mode, shape, Block(BEFORE), end)
        hidden += attempt.outcome.payload is None
        if attempt.hopeful:
            found += attempt.search().payload == PAYLOAD
    assert hidden >= 6
    assert found >= hidden - 1
