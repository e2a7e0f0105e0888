"""What devices and people do to a burst: clipping, gain control, gaps, other rates, other phones.

Each abuse takes the burst (float64, 48 kHz, no silence around it) and a generator, and gives the
scene at the microphone. White noise is added where it is added in life: before what the device
does. The seed of a frame fixes everything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.sound_world import RATE_HZ, talker

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Sound = NDArray[np.float64]

BLOCK: Final = 480
"""10 ms, what an audio path loses or repeats at a time."""
OTHER_DB: Final = -6.0
REDUCED_DB: Final = 12.0


@dataclass(frozen=True, slots=True)
class Sent:
    """A burst and its payload, another one of the same mode, and the wanted SNR."""

    payload: bytes
    burst: Sound
    other_payload: bytes
    other: Sound
    snr_db: float


@dataclass(frozen=True, slots=True)
class Scene:
    """What is heard; ``wanted`` must be among what is received, the rest of it in ``allowed``."""

    sound: Sound
    wanted: bytes
    allowed: frozenset[bytes]
    rate_hz: int = RATE_HZ


Abuse = Callable[[Sent, np.random.Generator], Scene]


def in_noise(parts: Sound, sent: Sent, rng: np.random.Generator) -> Sound:
    """Half a second before, a quarter after, and noise for the SNR over 24 kHz."""
    before = int(rng.integers(24_000, 36_000))
    sound = np.concatenate([np.zeros(before), parts, np.zeros(12_000)])
    sigma = np.sqrt(np.mean(np.square(sent.burst)) / 10 ** (sent.snr_db / 10))
    return np.asarray(sound + sigma * rng.normal(size=len(sound)), np.float64)


def _plain(change: Callable[[Sound, np.random.Generator], Sound], rate_hz: int = RATE_HZ) -> Abuse:
    """An abuse that a device does to the whole sound."""

    def scene(sent: Sent, rng: np.random.Generator) -> Scene:
        heard = change(in_noise(sent.burst, sent, rng), rng)
        return Scene(heard, sent.payload, frozenset([sent.payload]), rate_hz)

    return scene


def _inside(sound: Sound, rng: np.random.Generator) -> int:
    """A place within the burst, a block from either end."""
    level = np.convolve(np.square(sound), np.ones(2 * BLOCK), mode="same")
    on = np.flatnonzero(level > 0.5 * level.max())
    return int(rng.integers(on[0] + 2 * BLOCK, on[-1] - 2 * BLOCK))


def clipped(sound: Sound, _: np.random.Generator) -> Sound:
    """Hard clipping of what is 12 dB over full scale."""
    loud = sound / np.abs(sound).max() * 10 ** (REDUCED_DB / 20)
    return np.asarray(np.clip(loud, -1.0, 1.0), np.float64)


def pumping(sound: Sound, _: np.random.Generator) -> Sound:
    """An automatic gain: to a tenth within 5 ms of a loud sound, back within 100 ms."""
    level, gain = 0.0, np.empty(len(sound) // 48 + 1)
    loud = np.abs(sound)
    for i in range(len(gain)):
        now = float(loud[48 * i : 48 * (i + 1)].max(initial=0.0))
        level += (now - level) * (0.2 if now > level else 0.01)
        gain[i] = 0.25 / (level + 0.02)
    return np.asarray(sound * np.repeat(gain, 48)[: len(sound)], np.float64)


def voice(sound: Sound, _: np.random.Generator) -> Sound:
    """A phone's voice processing: 300 Hz high-pass and a gate that closes over 20 ms."""
    spectrum = np.fft.rfft(sound)
    hz = np.fft.rfftfreq(len(sound), 1 / RATE_HZ)
    through = np.fft.irfft(spectrum / (1 + (300 / np.maximum(hz, 1)) ** 4), len(sound))
    frames = np.pad(through, (0, -len(sound) % BLOCK)).reshape(-1, BLOCK)
    level = np.sqrt(np.square(frames).mean(axis=1))
    gate = np.where(level > 0.5 * np.quantile(level, 0.9), 1.0, 0.05)
    smooth = np.convolve(gate, [0.25, 0.5, 0.25], mode="same")
    return np.asarray((frames * smooth[:, None]).reshape(-1)[: len(sound)], np.float64)


def faint_16_bit(sound: Sound, _: np.random.Generator) -> Sound:
    """16 bits, 60 dB under full scale."""
    return np.asarray(np.rint(sound / np.abs(sound).max() * 32.767) / 32768, np.float64)


def mu_law(sound: Sound, _: np.random.Generator) -> Sound:
    """G.711 mu-law, 8 bits a sample."""
    x = sound / np.abs(sound).max()
    code = np.rint(127 * np.sign(x) * np.log1p(255 * np.abs(x)) / np.log(256)) / 127
    return np.asarray(np.sign(code) * np.expm1(np.abs(code) * np.log(256)) / 255, np.float64)


def at_44_100(sound: Sound, _: np.random.Generator) -> Sound:
    """A device of 44.1 kHz."""
    from scipy.signal import resample_poly

    return np.asarray(resample_poly(sound, 147, 160), np.float64)


def at_16_000(sound: Sound, _: np.random.Generator) -> Sound:
    """A device of 16 kHz."""
    from scipy.signal import resample_poly

    return np.asarray(resample_poly(sound, 1, 3), np.float64)


def dropped(sound: Sound, rng: np.random.Generator) -> Sound:
    """10 ms lost inside the burst."""
    at = _inside(sound, rng)
    return np.concatenate([sound[:at], sound[at + BLOCK :]])


def doubled(sound: Sound, rng: np.random.Generator) -> Sound:
    """10 ms heard twice inside the burst."""
    at = _inside(sound, rng)
    return np.concatenate([sound[:at], sound[at - BLOCK : at], sound[at:]])


def silenced(sound: Sound, rng: np.random.Generator) -> Sound:
    """20 ms of nothing inside the burst."""
    at = _inside(sound, rng)
    quiet = sound.copy()
    quiet[at : at + 2 * BLOCK] = 0
    return quiet


def two_phones(sent: Sent, rng: np.random.Generator) -> Scene:
    """Another phone, 6 dB weaker, begins anywhere within the first burst."""
    late = int(rng.integers(0, len(sent.burst)))
    both = np.zeros(late + len(sent.other))
    both[: len(sent.burst)] += sent.burst
    both[late:] += 10 ** (OTHER_DB / 20) * sent.other
    allowed = frozenset([sent.payload, sent.other_payload])
    return Scene(in_noise(both, sent, rng), sent.payload, allowed)


def two_phones_weaker_first(sent: Sent, rng: np.random.Generator) -> Scene:
    """Another phone, 6 dB weaker, is anywhere within its burst when the wanted one begins."""
    late = int(rng.integers(0, len(sent.other)))
    both = np.zeros(max(late + len(sent.burst), len(sent.other)))
    both[: len(sent.other)] += 10 ** (OTHER_DB / 20) * sent.other
    both[late : late + len(sent.burst)] += sent.burst
    allowed = frozenset([sent.payload, sent.other_payload])
    return Scene(in_noise(both, sent, rng), sent.payload, allowed)


def talking(sent: Sent, rng: np.random.Generator) -> Scene:
    """The terminal's own voice, as strong as the burst."""
    sound = in_noise(sent.burst, sent, rng)
    sound += np.sqrt(np.square(sent.burst).mean()) * talker(rng, len(sound))
    return Scene(sound, sent.payload, frozenset([sent.payload]))


def cut(sent: Sent, rng: np.random.Generator) -> Scene:
    """A burst cut anywhere, then a whole one 50 ms later, which must be received."""
    part = sent.burst[: int(rng.integers(1, len(sent.burst)))]
    both = np.concatenate([part, np.zeros(2_400), sent.other])
    allowed = frozenset([sent.payload, sent.other_payload])
    return Scene(in_noise(both, sent, rng), sent.other_payload, allowed)


ABUSES: Final[dict[str, tuple[Abuse, float | None, float]]] = {
    "clipped 12 dB over": (_plain(clipped), 0.95, 24e3),
    "automatic gain pumping": (_plain(pumping), 0.95, 24e3),
    "voice processing": (_plain(voice), 0.95, 24e3),
    "16 bit, 60 dB down": (_plain(faint_16_bit), 0.95, 24e3),
    "mu-law": (_plain(mu_law), 0.95, 24e3),
    "device of 44.1 kHz": (_plain(at_44_100, 44_100), 0.95, 19e3),
    "device of 16 kHz": (_plain(at_16_000, 16_000), 0.95, 7.2e3),
    "10 ms lost": (_plain(dropped), 0.95, 24e3),
    "10 ms doubled": (_plain(doubled), 0.95, 24e3),
    "20 ms silenced": (_plain(silenced), None, 24e3),
    "another phone 6 dB weaker": (two_phones, 0.95, 24e3),
    "another phone 6 dB weaker, first": (two_phones_weaker_first, 0.95, 24e3),
    "own voice as loud": (talking, 0.95, 24e3),
    "cut anywhere, then whole": (cut, 0.99, 24e3),
}
"""By name: the abuse, the share that must pass, and the highest frequency left."""
