"""Soft values: how likely each tone is at each symbol, given what was heard of all of them.

The envelope of a tone in noise is Rician (Proakis, *Digital Communications*, 5.4), so the log
likelihood of tone f is ln I0(2 sqrt(s z)) - s, z = energy over noise, s = expected symbol SNR. The
noise is a floor per tone plus a prediction of the room's echo of the symbols before; s is kept
under a cap, since trusting a strong symbol too much makes strong frames fail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SYMBOL_SNR_MAX: Final = 25.0
ECHO_DECAYS: Final = (0.6, 0.85)
"""Echo energy kept from one symbol to the next."""
ECHO_GAINS: Final = (0.02, 0.06, 0.15, 0.3)
"""Echo energy in the symbol after a tone, as a share of the tone's."""
GAIN_WEIGHT: Final = 1.5
FLOOR_WEIGHT: Final = 24.0
FLOOR_SHARE: Final = 1e-3
"""Least floor as a share of what a symbol brings: no symbol counts for more than 30 dB."""
ENERGY_MIN: Final = 1e-20
_TABLE_STEP: Final = 1 / 16
_TABLE_END: Final = 64.0
_arguments = np.arange(0.0, _TABLE_END + _TABLE_STEP, _TABLE_STEP)
_LOG_I0: Final = np.log(np.i0(_arguments))


def log_bessel(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """ln I0(x) for x >= 0, float32, within 0.001."""
    table = np.interp(x, _arguments, _LOG_I0)
    beyond = x - 0.5 * np.log(2 * np.pi * np.maximum(x, 1.0)) + 0.125 / np.maximum(x, 1.0)
    return np.asarray(np.where(x < _TABLE_END, table, beyond), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class SoftValues:
    """``log_likelihood`` float32 ``(N, tones)`` for every symbol of the frame, sync included;
    ``evidence``: nats a symbol by which a tone in noise explains the frame better than noise;
    ``symbol_snr``: mean tone energy over noise.
    """

    log_likelihood: NDArray[np.float32]
    evidence: float
    symbol_snr: float


def noise_floor(energies: NDArray[np.float32]) -> NDArray[np.float32]:
    """Noise energy a tone, float32 ``(tones,)``: the median over the frame, drawn towards the
    neighbours' where symbols are few.
    """
    own = np.median(energies, axis=0) / np.log(2)
    own = own + FLOOR_SHARE * energies.sum(axis=1).mean() + ENERGY_MIN
    padded = np.pad(own, 4, mode="edge")
    around = np.convolve(padded, np.full(9, 1 / 9), mode="valid")
    weight = len(energies) / (len(energies) + FLOOR_WEIGHT)
    return np.asarray(weight * own + (1 - weight) * around, np.float32)


def soft_values(energies: NDArray[np.float32], known: NDArray[np.int64]) -> SoftValues:
    """Soft values of a frame from its energies ``(N, tones)``.

    ``known``: the tone of each symbol where it is sync, else -1, int64 ``(N,)``.
    """
    floor = noise_floor(energies)
    ratio = energies / floor
    level = float(max((ratio.sum(axis=1) - ratio.shape[1]).mean(), 0.5))
    power = np.full(ratio.shape[1], level, np.float32)
    noise = np.ones_like(ratio)
    values = _values(ratio, noise, power)
    share = _posterior(values, known)
    power = _tone_power(ratio, share, level)
    values, best = _values(ratio, noise, power), -np.inf
    for trial in _noises(ratio * share):
        tried = _values(ratio, trial, power)
        fitness = _fitness(ratio, trial, tried)
        if fitness > best:
            best, values, noise = fitness, tried, trial
    evidence = float(_log_mean_exp(values).mean())
    return SoftValues(values, evidence, level)


def _values(
    ratio: NDArray[np.float32], noise: NDArray[np.float32], power: NDArray[np.float32]
) -> NDArray[np.float32]:
    expected = np.minimum(power[None, :] / noise, SYMBOL_SNR_MAX)
    values: NDArray[np.float32] = log_bessel(2 * np.sqrt(expected * ratio / noise)) - expected
    return values


def _log_mean_exp(values: NDArray[np.float32]) -> NDArray[np.float32]:
    top = values.max(axis=1)
    total: NDArray[np.float32] = top + np.log(np.exp(values - top[:, None]).mean(axis=1))
    return total


def _fitness(
    ratio: NDArray[np.float32], noise: NDArray[np.float32], values: NDArray[np.float32]
) -> float:
    """Log likelihood of the frame under this noise, all tones equally likely."""
    background = np.log(noise) + ratio / noise
    return float(_log_mean_exp(values).sum() - background.sum())


def _posterior(values: NDArray[np.float32], known: NDArray[np.int64]) -> NDArray[np.float32]:
    share: NDArray[np.float32] = np.exp(values - values.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    sync = np.flatnonzero(known >= 0)
    share[sync] = 0
    share[sync, known[sync]] = 1
    return share


def _tone_power(
    ratio: NDArray[np.float32], share: NDArray[np.float32], level: float
) -> NDArray[np.float32]:
    """Expected symbol SNR of each tone: what was heard of it, drawn towards the mean level."""
    heard = (share * (ratio - 1)).sum(axis=0) + GAIN_WEIGHT * level
    return np.asarray(np.maximum(heard / (share.sum(axis=0) + GAIN_WEIGHT), 0.3), np.float32)


def _noises(tones: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Noise over floor for no echo and for each echo decay and gain, ``(N, tones)`` each."""
    noises = [np.ones_like(tones)]
    for decay in ECHO_DECAYS:
        tail = np.zeros_like(tones)
        for n in range(1, len(tones)):
            tail[n] = decay * tail[n - 1] + tones[n - 1]
        noises.extend(1 + np.float32(gain) * tail for gain in ECHO_GAINS)
    return noises
