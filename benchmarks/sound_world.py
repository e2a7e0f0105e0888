"""The world between a phone's speaker and a microphone, from a seed: rooms, speakers, noises.

Rooms are image-source shoeboxes of pyroomacoustics. Speakers and noises are synthetic; what real
phones and markets do is not in here. All arrays are float64, one channel, 48 kHz.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.sound_cache import kept

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Sound = NDArray[np.float64]

RATE_HZ: Final = 48_000
ROOM_M: Final = (4.0, 5.0, 3.0)
SEEDS_A_WORLD: Final = 100_000
QUOTED_SEED: Final = 4_200_000
"""Frame n of every cell has this seed plus n. The world it lies in (seeds of one hundred thousand,
which share their rooms, speakers and noises) is never one that something was tuned on."""


@lru_cache(maxsize=512)
def room_response(seed: int, rt60_s: float, distance_m: float) -> Sound:
    """Impulse response of a 4 x 5 x 3 m shoebox, phone and microphone at random places."""
    name = f"room-{seed}-{rt60_s}-{distance_m}"
    return kept(name, lambda: _made_room(seed, rt60_s, distance_m))


def _made_room(seed: int, rt60_s: float, distance_m: float) -> Sound:
    import pyroomacoustics as pra

    rng = np.random.default_rng((seed, int(rt60_s * 1000), int(distance_m * 1000)))
    absorption, order = pra.inverse_sabine(rt60_s, ROOM_M)
    size = np.array(ROOM_M)
    microphone = phone = np.zeros(3)
    for _ in range(1000):
        microphone = rng.uniform([0.5, 0.5, 0.8], size - [0.5, 0.5, 1.0])
        direction = rng.normal(size=3) * [1, 1, 0.5]
        phone = microphone + distance_m * direction / np.linalg.norm(direction)
        if (phone > 0.3).all() and (phone < size - 0.3).all():
            break
    room = pra.ShoeBox(ROOM_M, fs=RATE_HZ, materials=pra.Material(absorption), max_order=order)
    room.add_source(phone)
    room.add_microphone(microphone)
    room.compute_rir()
    response = np.asarray(room.rir[0][0], np.float64)
    start = max(int(np.argmax(np.abs(response) > 0.1 * np.abs(response).max())) - 200, 0)
    return response[start : start + int(rt60_s * RATE_HZ)]


@lru_cache(maxsize=512)
def speaker_response(seed: int, loss_18khz_db: float = 12.0, deep_dips: bool = False) -> Sound:
    """A phone's speaker: 0.5 to 8 kHz within a few dB, dips, a falling top; 2048 taps.

    Three to five dips of 4 to 12 dB; with ``deep_dips`` five to eight of 6 to 20 dB.
    """
    counts, depths_db = ((5, 9), (6, 20)) if deep_dips else ((3, 6), (4, 12))
    rng = np.random.default_rng((seed, 77))
    hz = np.fft.rfftfreq(2048, 1 / RATE_HZ)
    octave = np.log2(np.maximum(hz, 20) / 500)
    gain_db = np.where(octave < 0, 18 * octave, 0.0)
    gain_db -= loss_18khz_db * np.clip((hz - 8000) / 10_000, 0, 1.3)
    for _ in range(rng.integers(*counts)):
        center, width = rng.uniform(0.7, 10), rng.uniform(0.08, 0.3)
        gain_db -= rng.uniform(*depths_db) * np.exp(
            -((np.log2(hz / 1000 / center + 1e-9) / width) ** 2)
        )
    gain_db += 1.5 * np.interp(np.log2(hz + 1), np.arange(16), rng.normal(size=16))
    spectrum = 10 ** (np.maximum(gain_db, -70) / 20)
    cepstrum = np.fft.irfft(np.log(spectrum))
    cepstrum[1:1024] *= 2
    cepstrum[1025:] = 0
    return np.fft.irfft(np.exp(np.fft.rfft(cepstrum)))


def convolve(sound: Sound, response: Sound) -> Sound:
    """Full linear convolution."""
    count = len(sound) + len(response) - 1
    size = 1 << (count - 1).bit_length()
    return np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(response, size), size)[:count]


def _unit(sound: Sound) -> Sound:
    return np.asarray(sound / (sound.std() + 1e-9), np.float64)


def _shaped(rng: np.random.Generator, count: int, exponent: float) -> Sound:
    spectrum = np.fft.rfft(rng.normal(size=count))
    hz = np.maximum(np.fft.rfftfreq(count, 1 / RATE_HZ), 40.0)
    noise = np.fft.irfft(spectrum * hz**exponent, count)
    return _unit(noise)


def talker(rng: np.random.Generator, count: int) -> Sound:
    """Glottal pulses through moving formants, with pauses: speech-like, no words."""
    syllable = int(0.18 * RATE_HZ)
    steps = count // syllable + 2
    pitch_hz = rng.uniform(90, 240) * 2 ** np.interp(
        np.arange(count) / syllable, np.arange(steps), 0.2 * rng.normal(size=steps)
    )
    pulses = np.diff(np.floor(np.cumsum(pitch_hz) / RATE_HZ), prepend=0.0)
    source = pulses * 20 + 0.15 * rng.normal(size=count)
    out = np.zeros(count + 4096)
    hz = np.fft.rfftfreq(2 * syllable * 2, 1 / RATE_HZ)
    window = np.hanning(2 * syllable)
    for s in range(0, count - 2 * syllable, syllable):
        if rng.random() < 0.25:
            continue
        formants = rng.uniform([250, 800, 2000, 3200], [850, 2200, 3000, 4500])
        shape = sum(
            g / (1 + ((hz - f) / w) ** 2)
            for f, g, w in zip(formants, (1, 0.5, 0.25, 0.12), (60, 90, 130, 200), strict=True)
        )
        piece = np.fft.irfft(
            np.fft.rfft(source[s : s + 2 * syllable] * window, len(hz) * 2 - 2) * shape
        )
        end = min(s + len(piece), len(out))
        out[s:end] += piece[: end - s]
    out = out[:count]
    return _unit(out)


def babble(rng: np.random.Generator, count: int, talkers: int = 6) -> Sound:
    """Several talkers at once."""
    total = sum((talker(rng, count) for _ in range(talkers)), np.zeros(count))
    return _unit(total)


def market(rng: np.random.Generator, count: int) -> Sound:
    """Babble, pink noise, and clatter: short bright decaying bursts."""
    clatter = np.zeros(count)
    for _ in range(rng.poisson(6 * count / RATE_HZ)):
        at, length = int(rng.integers(count)), int(rng.uniform(0.01, 0.08) * RATE_HZ)
        ring = rng.normal(size=length) * np.exp(-np.arange(length) / (length / 5))
        tone = np.cos(2 * np.pi * rng.uniform(1000, 6000) * np.arange(length) / RATE_HZ)
        stop = min(at + length, count)
        clatter[at:stop] += (ring * (0.5 + tone))[: stop - at] * rng.uniform(1, 8)
    total = babble(rng, count) + _shaped(rng, count, -0.5) + 0.7 * clatter / (clatter.std() + 1e-9)
    return _unit(total)


def music(rng: np.random.Generator, count: int) -> Sound:
    """Chords of decaying harmonics on an equal-tempered scale, and a beat."""
    out = np.zeros(count + RATE_HZ)
    beat = int(rng.uniform(0.2, 0.4) * RATE_HZ)
    t = np.arange(RATE_HZ) / RATE_HZ
    for start in range(0, count, beat):
        for note in rng.integers(40, 90, rng.integers(2, 5)):
            pitch_hz = 440 * 2 ** ((note - 69) / 12)
            for k in range(1, 1 + int(min(12, 18_000 / pitch_hz))):
                out[start : start + RATE_HZ] += (
                    np.sin(2 * np.pi * k * pitch_hz * t) * np.exp(-(2 + k) * t) / k
                )
        click = rng.normal(size=2_400) * np.exp(-np.arange(2_400) / 400)
        out[start : start + 2_400] += click
    return _unit(out[:count])


@lru_cache(maxsize=8)
def _long_market(seed: int) -> Sound:
    return kept(f"market-{seed}", lambda: market(np.random.default_rng((seed, 5)), 30 * RATE_HZ))


def noise(kind: str, rng: np.random.Generator, count: int, world: int = 0) -> Sound:
    """Unit-power noise; market is a stretch of a world's four half-minutes."""
    if kind == "white":
        return rng.normal(size=count)
    if kind == "pink":
        return _shaped(rng, count, -0.5)
    if kind == "babble":
        return babble(rng, count)
    if kind == "music":
        return music(rng, count)
    if kind == "market":
        long = _long_market(4 * world + int(rng.integers(4)))
        at = int(rng.integers(len(long) - count))
        return _unit(long[at : at + count])
    raise ValueError(kind)


def through_room(
    burst: Sound,
    *,
    seed: int,
    rooms: int,
    rt60_s: float,
    distance_m: float,
    snr_db: float,
    noise_kind: str,
    loss_18khz_db: float = 12.0,
    deep_dips: bool = False,
) -> NDArray[np.float32]:
    """The burst as a microphone hears it; SNR over 24 kHz while the burst is on.

    Seeds of one hundred thousand share their rooms, speakers and stretches of noise, no others.
    """
    rng = np.random.default_rng((seed, 3))
    world = seed // SEEDS_A_WORLD
    speaker = speaker_response(1000 * world + seed % (rooms + 7), loss_18khz_db, deep_dips)
    room = room_response(1000 * world + seed % rooms, rt60_s, distance_m)
    heard = convolve(convolve(burst, speaker), room)
    before, after = int(rng.integers(24_000, 36_000)), 12_000
    power = np.mean(heard[200 : 200 + len(burst)] ** 2)
    sigma = np.sqrt(power / 10 ** (snr_db / 10))
    stream = np.zeros(before + len(heard) + after)
    stream[before : before + len(heard)] = heard
    stream += sigma * noise(noise_kind, rng, len(stream), world)
    return np.asarray(0.25 * stream / np.abs(stream).max(), np.float32)


def moved(burst: Sound, ppm: float, wobble_m_per_s: float, phase: float) -> Sound:
    """The burst with time stretched by ``ppm`` and by a hand that swings twice a second.

    Sinc interpolation over 32 samples, so that 20 kHz survives.
    """
    if ppm == 0 and wobble_m_per_s == 0:
        return burst
    count = int(len(burst) * (1 + ppm * 1e-6)) + 64
    heard_s = np.arange(count) / RATE_HZ
    swing_m = wobble_m_per_s / (4 * np.pi) * np.sin(4 * np.pi * heard_s + phase)
    places = (np.arange(count) - RATE_HZ * swing_m / 343.0) / (1 + ppm * 1e-6) - 16
    whole = np.floor(places).astype(int)
    padded = np.concatenate([np.zeros(64), burst, np.zeros(128)])
    offsets = np.arange(-15, 17)
    sound = np.zeros(count)
    for offset in offsets:
        distance = places - whole - offset
        window = np.cos(np.pi * distance / 34) ** 2
        index = np.clip(whole + offset + 64, 0, len(padded) - 1)
        sound += padded[index] * np.sinc(distance) * window
    return sound
