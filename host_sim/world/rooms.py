"""The air between a phone and a terminal: a phone's speaker, a room, its noise, two clocks.

A room is a shoebox; its impulse response comes from the image-source method (Allen and Berkley,
J. Acoust. Soc. Am. 65 (4), 1979) with one absorption for all walls, chosen by Sabine's formula for
the wanted reverberation time. Everything is a pure function of its arguments and a seed. All sound
is float32 of shape (n,) at 48 kHz.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from terminal.ports import Samples

    Point = tuple[float, float, float]
    Spectrum = NDArray[np.complex128]
    Floats = NDArray[np.float64]

SAMPLE_RATE_HZ: Final = 48_000
SPEED_OF_SOUND_M_S: Final = 343.0
FRACTIONAL_TAPS: Final = 41
"""Length of the windowed sinc that places an echo between two samples."""
MAX_IMAGES: Final = 2_000_000
_BATCH: Final = 50_000


@dataclass(frozen=True, slots=True)
class Room:
    """A shoebox room: ``size_m`` along x, y, z; ``rt60_s`` seconds to decay by 60 dB."""

    size_m: Point = (4.0, 5.0, 3.0)
    rt60_s: float = 0.5

    @property
    def reflection(self) -> float:
        """The pressure reflected by a wall, 0 to 1 (Sabine: RT60 = 0.161 V / (S a))."""
        x, y, z = self.size_m
        surface = 2.0 * (x * y + y * z + x * z)
        absorption = 0.161 * x * y * z / (surface * self.rt60_s)
        return float(np.sqrt(max(0.0, 1.0 - absorption)))


def impulse_response(room: Room, source_m: Point, microphone_m: Point) -> Samples:
    """The room's response from source to microphone, pressure 1 at 1 m, until it fell by 60 dB.

    Raises:
        ValueError: a point is outside the room, or the room so live that the images are too many.
    """
    size = np.asarray(room.size_m)
    for point in (source_m, microphone_m):
        if not np.all((np.asarray(point) > 0.0) & (np.asarray(point) < size)):
            raise ValueError(f"{point} is not inside the room")
    length = int(room.rt60_s * SAMPLE_RATE_HZ) + FRACTIONAL_TAPS
    distance_m, bounces = _images(size, source_m, microphone_m, room.rt60_s * SPEED_OF_SOUND_M_S)
    gain = room.reflection**bounces / np.maximum(distance_m, 0.01)
    response = np.zeros(length + 2 * FRACTIONAL_TAPS)
    for start in range(0, distance_m.size, _BATCH):
        batch = slice(start, start + _BATCH)
        _place(response, distance_m[batch] / SPEED_OF_SOUND_M_S * SAMPLE_RATE_HZ, gain[batch])
    return response[:length].astype(np.float32)


def _images(
    size: Floats, source_m: Point, microphone_m: Point, reach_m: float
) -> tuple[Floats, Floats]:
    """Distance and number of wall reflections of every image nearer than ``reach_m``."""
    squares, counts = [], []
    for axis in range(3):
        order = int(np.ceil(reach_m / (2.0 * size[axis]))) + 1
        n = np.arange(-order, order + 1)
        # Images at 2nL + x after |2n| reflections, and at 2nL - x after |2n - 1| (their eq. 7).
        where = np.concatenate(
            (2 * n * size[axis] + source_m[axis], 2 * n * size[axis] - source_m[axis])
        )
        squares.append((where - microphone_m[axis]) ** 2)
        counts.append(np.concatenate((np.abs(2 * n), np.abs(2 * n - 1))))
    if np.prod([each.size for each in squares]) > 8 * MAX_IMAGES:
        raise ValueError("too many echoes: a smaller reverberation time or a larger room, please")
    square = squares[0][:, None, None] + squares[1][None, :, None] + squares[2][None, None, :]
    count = counts[0][:, None, None] + counts[1][None, :, None] + counts[2][None, None, :]
    near = square < reach_m**2
    return np.sqrt(square[near]), count[near].astype(np.float64)


def _place(response: Floats, delay: Floats, gain: Floats) -> None:
    """Add one windowed sinc for each echo, centred on its exact delay in samples."""
    half = FRACTIONAL_TAPS // 2
    whole = np.floor(delay).astype(np.int64)
    offset = np.arange(-half, half + 1) - (delay - whole)[:, None]
    taps = np.sinc(offset) * (0.5 + 0.5 * np.cos(np.pi * offset / (half + 1)))
    index = whole[:, None] + np.arange(-half, half + 1)
    inside = (index >= 0) & (index < response.size)
    np.add.at(response, index[inside], (gain[:, None] * taps)[inside])


def phone_speaker(seed: int) -> Samples:
    """A phone speaker's impulse response, 512 taps: 0.5 to 8 kHz, three dips, peak 0 dB."""
    rng = np.random.default_rng(seed)
    frequency = np.fft.rfftfreq(512, 1.0 / SAMPLE_RATE_HZ)
    low, high = rng.uniform(400.0, 600.0), rng.uniform(7_000.0, 9_000.0)
    octaves = np.log2(np.maximum(frequency, 1.0))
    level_db = -10.0 * np.log10(1.0 + (low / np.maximum(frequency, 1.0)) ** 6)
    level_db -= 10.0 * np.log10(1.0 + (frequency / high) ** 8)
    for _ in range(3):
        centre, width = np.log2(rng.uniform(1_000.0, 7_000.0)), rng.uniform(0.05, 0.2)
        level_db -= rng.uniform(4.0, 12.0) * np.exp(-(((octaves - centre) / width) ** 2))
    magnitude = 10.0 ** ((level_db - level_db.max()) / 20.0)
    return np.fft.irfft(_minimum_phase(magnitude), 512).astype(np.float32)


def _minimum_phase(magnitude: Floats) -> Spectrum:
    """The causal spectrum with this magnitude (real cepstrum, folded)."""
    count = 2 * (magnitude.size - 1)
    cepstrum = np.fft.irfft(np.log(np.maximum(magnitude, 1e-4)), count)
    cepstrum[1 : count // 2] *= 2.0
    cepstrum[count // 2 + 1 :] = 0.0
    return np.exp(np.fft.rfft(cepstrum))


def convolve(samples: Samples, response: Samples) -> Samples:
    """Full convolution, by transform; the result has ``samples.size + response.size - 1``."""
    size = samples.size + response.size - 1
    count = 1 << (size - 1).bit_length()
    spectrum = np.fft.rfft(samples, count) * np.fft.rfft(response, count)
    return np.fft.irfft(spectrum, count)[:size].astype(np.float32)


def stretch(samples: Samples, ppm: float) -> Samples:
    """As heard by a clock that runs ``ppm`` slow: that much longer, by windowed sinc."""
    ratio = 1.0 + ppm * 1e-6
    half = 16
    padded = np.pad(samples.astype(np.float64), half)
    where = np.arange(int((samples.size - 1) * ratio + 1e-9) + 1) / ratio
    whole = np.floor(where).astype(np.int64)
    out = np.zeros(where.size)
    for tap in range(-half + 1, half + 1):
        offset = tap - (where - whole)
        window = 0.5 + 0.5 * np.cos(np.pi * offset / half)
        out += padded[whole + tap + half] * np.sinc(offset) * window
    return out.astype(np.float32)


def silence_around(samples: Samples, before_s: float = 0.2, after_s: float = 0.2) -> Samples:
    """The samples with digital silence before and after."""
    pads = (round(before_s * SAMPLE_RATE_HZ), round(after_s * SAMPLE_RATE_HZ))
    return np.pad(samples, pads)


def add_noise(samples: Samples, noise: Samples, snr_db: float) -> Samples:
    """Noise under a signal: SNR over the whole 24 kHz band, over the samples where it is on."""
    sounding = np.flatnonzero(np.abs(samples) > 1e-3 * np.max(np.abs(samples), initial=1e-12))
    active = samples[sounding[0] : sounding[-1] + 1] if sounding.size else samples
    signal_power = float(np.mean(np.square(active, dtype=np.float64))) if active.size else 0.0
    noise_power = float(np.mean(np.square(noise, dtype=np.float64)))
    gain = np.sqrt(signal_power / noise_power * 10.0 ** (-snr_db / 10.0))
    mixed: Samples = (samples + gain * noise[: samples.size]).astype(np.float32)
    return mixed


def noise(kind: str, size: int, seed: int) -> Samples:
    """Noise of unit power, shape (size,); ``kind`` is one of ``NOISES``.

    Raises:
        KeyError: no such kind.
    """
    made = NOISES[kind](size, np.random.default_rng(seed))
    return unit_power(made).astype(np.float32)


def unit_power(samples: Floats) -> Floats:
    """Scaled to a mean square of 1; silence stays silence."""
    scaled: Floats = samples / np.sqrt(np.mean(np.square(samples)) + 1e-20)
    return scaled


def _white(size: int, rng: np.random.Generator) -> Floats:
    return rng.standard_normal(size)


def _shaped(size: int, rng: np.random.Generator, gain: Callable[[Floats], Floats]) -> Floats:
    spectrum = np.fft.rfft(rng.standard_normal(size))
    frequency = np.fft.rfftfreq(size, 1.0 / SAMPLE_RATE_HZ).astype(np.float64)
    return np.fft.irfft(spectrum * gain(frequency), size)


def _pink(size: int, rng: np.random.Generator) -> Floats:
    return _shaped(size, rng, lambda frequency: 1.0 / np.sqrt(np.maximum(frequency, 20.0)))


def _babble(size: int, rng: np.random.Generator) -> Floats:
    """Twelve voices: noise shaped by wandering formants, each cut into syllables."""
    total = np.zeros(size)
    time_s = np.arange(size) / SAMPLE_RATE_HZ
    for _ in range(12):
        formants = rng.uniform((300.0, 900.0, 2_200.0), (800.0, 2_000.0, 3_200.0))
        rate_hz, phase = rng.uniform(2.5, 5.0), rng.uniform(0.0, 2.0 * np.pi)
        syllables = np.maximum(0.0, np.sin(2.0 * np.pi * rate_hz * time_s + phase)) ** 0.7
        part = _shaped(size, rng, functools.partial(_vowel, formants)) * syllables
        total += unit_power(part)
    return total


def _vowel(formants_hz: Floats, frequency_hz: Floats) -> Floats:
    """The magnitude of one open mouth: three resonances, weaker as they rise."""
    peaks = np.exp(-(((frequency_hz - formants_hz[:, None]) / 180.0) ** 2))
    magnitude: Floats = np.sum(peaks / np.arange(1, formants_hz.size + 1)[:, None], axis=0)
    return magnitude


def _clatter(size: int, rng: np.random.Generator) -> Floats:
    """About eight short metallic strokes a second."""
    total = np.zeros(size)
    stroke = np.arange(SAMPLE_RATE_HZ // 10) / SAMPLE_RATE_HZ
    for start in rng.integers(0, size, max(1, 8 * size // SAMPLE_RATE_HZ)):
        tones = rng.uniform(1_500.0, 9_000.0, 5)[:, None]
        decay = np.exp(-stroke / rng.uniform(0.005, 0.03))
        sound = np.sum(np.sin(2.0 * np.pi * tones * stroke), axis=0) * decay
        part = total[start : start + sound.size]
        part += rng.uniform(0.3, 1.0) * sound[: part.size]
    return total


def _market(size: int, rng: np.random.Generator) -> Floats:
    """Babble, the street's pink rumble and clatter, in equal powers."""
    parts = (_babble(size, rng), _pink(size, rng), _clatter(size, rng))
    return sum(map(unit_power, parts), np.zeros(size))


NOISES: Final[Mapping[str, Callable[[int, np.random.Generator], Floats]]] = {
    "white": _white,
    "pink": _pink,
    "babble": _babble,
    "clatter": _clatter,
    "market": _market,
}
"""Every kind of noise by its name: (size, generator) to float64 of shape (size,)."""
