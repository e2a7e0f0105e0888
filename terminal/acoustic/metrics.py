"""Soft values: how likely each tone is at each symbol, given what was heard of all of them.

A tone in noise is Rician (Proakis, *Digital Communications*, 5.4): with z the energy over noise, s
its steady and v its fading part, the log likelihood against noise alone is
ln I0(2 sqrt(s z) / (1+v)) + (z v - s) / (1+v) - ln(1+v). In a room a tone goes on sounding for many
symbols: that echo is noise for the symbols after it, and evidence for the symbol it came from. Its
size and decay, the level of each tone and how steady it is are all taken from the frame itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from terminal.acoustic.tones import medians

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

SYMBOL_SNR_MAX: Final = 60.0
"""Trusting one symbol more than this makes strong frames fail."""
FIRST_ROUNDS: Final = 2
"""Rounds of soft values before anything was decoded."""
STEADY_SHARES: Final = (1.0, 0.8, 0.5)
FIRST_STEADY_SHARE: Final = 0.7
ECHO_LAGS: Final = 8
ECHO_GAIN_MIN: Final = 0.004
ECHO_GAIN_MAX: Final = 0.6
ECHO_DECAY_MAX: Final = 0.97
TAIL_MIN: Final = 1e-6
LEVEL_WEIGHTS: Final = (0.7, 20.0)
FLOOR_WEIGHT: Final = 60.0
FLOOR_NEIGHBOURS: Final = 4
FLOOR_SHARE: Final = 1e-3
"""Least floor as a share of what a symbol brings: no symbol counts for more than 30 dB."""
ENERGY_MIN: Final = 1e-20
CLATTER_QUANTILE: Final = 0.4
CLATTER_MIN: Final = 1.7
"""Times its usual level from which a symbol's noise is held to be louder, not chance."""
POWER_MIN: Final = 0.3
EVIDENCE_MIN: Final = 0.3
"""Nats a symbol under which what was heard is not a frame and decoding is not tried."""
_STEPS: Final = np.float32(16)
"""Table entries for each 1 of the argument."""
_TABLE_END: Final = 64
_LOG_I0: Final = np.log(np.i0(np.arange(_TABLE_END * int(_STEPS)) / _STEPS)).astype(np.float32)
_RISES: Final = np.diff(_LOG_I0)


def log_bessel(x: Floats) -> Floats:
    """ln I0(x) for x >= 0, float32, within 0.001."""
    at = np.minimum(x * _STEPS, np.float32(len(_RISES) - 1))
    whole = at.astype(np.int32)
    values: Floats = _LOG_I0[whole] + _RISES[whole] * (at - whole.astype(np.float32))
    large = x >= _TABLE_END - 1
    if large.any():
        far = x[large]
        values[large] = far - 0.5 * np.log(2 * np.pi * far) + 0.125 / far
    return values


@dataclass(frozen=True, slots=True, eq=False)
class SoftValues:
    """``log_likelihood`` float32 ``(N, bins)`` for every symbol of the frame, sync included;
    ``evidence``: nats a symbol by which a tone in noise explains the frame better than noise;
    ``symbol_snr``: mean tone energy over noise.
    """

    log_likelihood: Floats
    evidence: float
    symbol_snr: float


def noise_floor(energies: Floats) -> Floats:
    """Noise energy a tone, float32 ``(bins,)``: the median over the frame, drawn towards the
    neighbours' where symbols are few.
    """
    tones = energies.shape[1]
    own = medians(energies) / -np.log(1 - 0.5 * tones / (tones - 1))
    own = own + FLOOR_SHARE * energies.sum(axis=1).mean() + ENERGY_MIN
    width = 2 * FLOOR_NEIGHBOURS + 1
    padded = np.pad(own, FLOOR_NEIGHBOURS, mode="edge")
    around = np.convolve(padded, np.full(width, 1 / width), mode="valid")
    weight = len(energies) / (len(energies) + FLOOR_WEIGHT)
    return np.asarray(weight * own + (1 - weight) * around, np.float32)


def clatter(ratio: Floats) -> Floats:
    """How much louder than usual the noise is at each symbol, float32 ``(N,)``, 1 unless clearly.

    Something that falls or clicks fills all tones of a few symbols: their quieter tones tell it.
    """
    rank = round(CLATTER_QUANTILE * (ratio.shape[1] - 1))
    quiet = np.partition(ratio, rank, axis=1)[:, rank]
    over = quiet / max(float(np.median(quiet)), ENERGY_MIN)
    return np.asarray(np.where(over > CLATTER_MIN, over, 1.0), np.float32)


def plain_values(energies: Floats) -> tuple[Floats, float]:
    """Log likelihood and symbol SNR with steady noise, no echoes and every tone alike.

    Enough for what is heard well, and a small part of the work of :func:`soft_values`.
    """
    ratio = energies / noise_floor(energies)
    level = _level(ratio)
    flat = np.full(ratio.shape[1], level, np.float32)
    return _values(ratio, np.ones((1, 1), np.float32), flat, FIRST_STEADY_SHARE), level


def _level(ratio: Floats) -> float:
    """Mean energy of a symbol over the noise."""
    return max(float((ratio.sum(axis=1) - ratio.shape[1]).mean()), POWER_MIN)


def first_values(
    energies: Floats, possible: NDArray[np.bool_], plain: Floats | None = None
) -> SoftValues:
    """Soft values of a frame of which nothing is known; ``plain``: its plain values, if at hand."""
    if plain is None:
        plain, _ = plain_values(energies)
    return soft_values(energies, possible, _likely(plain, possible), FIRST_ROUNDS)


def soft_values(
    energies: Floats, possible: NDArray[np.bool_], shares: Floats, rounds: int = 1
) -> SoftValues:
    """Soft values of a frame from its energies ``(N, bins)``.

    ``possible``: the bins each symbol may have, ``(N, bins)``, one alone where it is sync.
    ``shares``: how likely each bin is by what is known so far, ``(N, bins)``; each further round
    takes them from the values of the one before.
    """
    ratio = energies / noise_floor(energies)
    louder = clatter(ratio)
    if (louder > 1).any():
        energies = energies / louder[:, None]
        ratio = energies / noise_floor(energies)
    known = possible.sum(axis=1, keepdims=True) == 1
    for last in range(1 - rounds, 1):
        shares = np.where(known, possible, shares)
        level = max(float((shares * (ratio - 1)).sum() / shares.sum()), POWER_MIN)
        power = _tone_power(ratio, shares, level)
        lit = shares * power
        gain, decay = _echo_shape(ratio, shares, power)
        noise = 1 + _tail(lit, gain, decay)
        values, evidence = _best_values(ratio, noise, power, possible)
        if gain:
            values = values + _echo_values(ratio, noise + lit, lit, power, gain, decay)
        if last < 0:
            shares = _likely(values, possible)
    return SoftValues(values, evidence, level)


def _best_values(
    ratio: Floats, noise: Floats, power: Floats, possible: NDArray[np.bool_]
) -> tuple[Floats, float]:
    """Values under the share of steadiness that explains the frame best, and their evidence."""
    tried = [_values(ratio, noise, power, share) for share in STEADY_SHARES]
    evidence = [float(_log_mean_exp(values, possible).mean()) for values in tried]
    best = int(np.argmax(evidence))
    return tried[best], evidence[best]


def _values(ratio: Floats, noise: Floats, power: Floats, steady_share: float) -> Floats:
    expected = np.minimum(power[None, :] / noise, SYMBOL_SNR_MAX)
    steady = np.float32(steady_share) * expected
    fading = expected - steady
    scale = 1 / (1 + fading)
    z = ratio / noise
    values: Floats = log_bessel(2 * np.sqrt(steady * z) * scale)
    values += (z * fading - steady) * scale + np.log(scale)
    return values


def _log_mean_exp(values: Floats, possible: NDArray[np.bool_]) -> Floats:
    among = np.where(possible, values, -np.inf)
    top = among.max(axis=1)
    mean = np.exp(among - top[:, None]).sum(axis=1) / possible.sum(axis=1)
    return np.asarray(top + np.log(mean), np.float32)


def _likely(values: Floats, possible: NDArray[np.bool_]) -> Floats:
    among = np.where(possible, values, np.float32(-np.inf))
    shares: Floats = np.exp(among - among.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    return shares


def _tone_power(ratio: Floats, shares: Floats, level: float) -> Floats:
    """Expected symbol SNR of each tone: what was heard of it, drawn towards the mean level.

    The draw is as strong as the tones are alike (empirical Bayes): the spread of one observation
    over the spread between tones.
    """
    count = shares.sum(axis=0)
    heard = (shares * (ratio - 1)).sum(axis=0)
    single = 1 + 2 * level
    around = np.square(heard / np.maximum(count, 0.1) - level)
    between = float((count * around).sum() - single * len(count)) / float(count.sum())
    weight = np.clip(single / max(between, 1e-3), *LEVEL_WEIGHTS)
    return np.asarray(
        np.maximum((heard + weight * level) / (count + weight), POWER_MIN), np.float32
    )


def _echo_shape(ratio: Floats, shares: Floats, power: Floats) -> tuple[float, float]:
    """Echo energy one symbol later as a share of the tone's, and what is kept a symbol after that.

    Measured where a tone has not sounded again since; (0, 0) where there is none to speak of.
    """
    silent = 1 - shares
    quiet = np.ones_like(shares)
    heard, sent = [0.0], [0.0]
    for lag in range(1, 7):
        quiet = quiet[:-1] * silent[lag:] if lag > 1 else silent[1:]
        weight = shares[:-lag] * quiet
        heard.append(float((weight * (ratio[lag:] - 1)).sum()))
        sent.append(float((weight * power).sum()))
    near = sum(heard[1:3]) / max(sum(sent[1:3]), 1e-6)
    far = sum(heard[4:7]) / max(sum(sent[4:7]), 1e-6)
    if near <= ECHO_GAIN_MIN:
        return 0.0, 0.0
    decay = float(np.clip(far / near, 0.03, ECHO_DECAY_MAX**3.5) ** (1 / 3.5))
    return min(near, ECHO_GAIN_MAX) / decay**0.5, decay


def _tail(lit: Floats, gain: float, decay: float) -> Floats:
    """Energy over the floor that earlier symbols leave at each symbol and tone.

    t[n] = decay t[n-1] + gain lit[n-1], summed by doubling the reach in each step.
    """
    tail = np.zeros_like(lit)
    if not gain:
        return tail
    tail[1:] = np.float32(gain) * lit[:-1]
    reach, kept = 1, decay
    while reach < len(lit) and kept > TAIL_MIN:
        tail[reach:] += np.float32(kept) * tail[:-reach].copy()
        reach, kept = 2 * reach, kept * kept
    return tail


def _echo_values(
    ratio: Floats, variance: Floats, lit: Floats, power: Floats, gain: float, decay: float
) -> Floats:
    """What the echoes heard after each symbol say about its tone, as log likelihood.

    ``variance``: energy expected at each place over the floor. An echo is complex Gaussian.
    """
    values = np.zeros_like(ratio)
    count = len(ratio)
    for lag in range(1, min(ECHO_LAGS, count - 1) + 1):
        share = np.float32(gain * decay ** (lag - 1))
        without = variance[lag:] - share * lit[: count - lag]
        added = share * power
        total = without + added
        values[: count - lag] += ratio[lag:] * (added / (without * total)) - np.log(total / without)
    return values
