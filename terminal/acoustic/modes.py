"""The modes: every number a transmitter and a receiver must agree on, one frozen row each.

A burst is one tone at a time. A symbol lasts ``symbol_samples`` at 48 kHz and its tone is a whole
number of cycles in that time, so the phase never jumps. See ``docs/protocol/acoustic.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

SAMPLE_RATE_HZ: Final = 48_000
PAYLOAD_BYTES_MAX: Final = 255


@dataclass(frozen=True, slots=True)
class Mode:
    """One way of sending.

    Tone ``t`` (0 to ``2**symbol_bits - 1``) of the n-th symbol of its block (start, coded symbols,
    end) has ``first_cycle + comb_count * t + n % comb_count`` cycles in a symbol: with several
    combs, the echo of a symbol lies where the next cannot. ``parity_rule`` is (base, numerator,
    denominator): a frame of K information symbols carries
    ``base + ceil(K * numerator / denominator)`` parity symbols. ``peak_score_min`` and what follows
    concern the receiver alone.
    """

    name: str
    number: int
    symbol_samples: int
    symbol_bits: int
    first_cycle: int
    comb_count: int
    start_tones: tuple[int, ...]
    end_tones: tuple[int, ...]
    parity_rule: tuple[int, int, int]
    ramp_samples: int
    peak_score_min: float
    pair_score_min: float
    carrier_score_min: float

    @property
    def tone_count(self) -> int:
        return 1 << self.symbol_bits

    @property
    def bin_count(self) -> int:
        """Frequencies in use, all combs together; bin b has ``first_cycle + b`` cycles."""
        return self.tone_count * self.comb_count

    @property
    def drifts_cycles(self) -> tuple[float, ...]:
        """Shifts of all tones that a receiver looks for, in cycles a symbol.

        Motion of 1 m/s moves a tone by 0.3 %; where that is more than a third of the distance to
        its neighbour, half a cycle to either side is looked at too.
        """
        highest = 0.003 * (self.first_cycle + self.bin_count)
        return (0.0, -0.5, 0.5) if highest > 1 / 3 else (0.0,)

    @property
    def lowest_hz(self) -> float:
        return self.first_cycle * SAMPLE_RATE_HZ / self.symbol_samples

    @property
    def highest_hz(self) -> float:
        return (self.first_cycle + self.bin_count - 1) * SAMPLE_RATE_HZ / self.symbol_samples


_START_32: Final = (5, 21, 11, 29, 1, 15, 25, 9)
_END_32: Final = (18, 2, 26, 12, 30, 8, 22, 4)
_START_16: Final = (3, 11, 6, 14, 1, 8, 13, 5)
_END_16: Final = (9, 2, 12, 4, 15, 7, 10, 0)


def _mode(
    name: str,
    number: int,
    *,
    symbol_samples: int,
    symbol_bits: int = 5,
    first_cycle: int,
    comb_count: int = 1,
    parity_rule: tuple[int, int, int] = (4, 43, 100),
    ramp_samples: int = 48,
) -> Mode:
    narrow = symbol_bits == 4
    return Mode(
        name=name,
        number=number,
        symbol_samples=symbol_samples,
        symbol_bits=symbol_bits,
        first_cycle=first_cycle,
        comb_count=comb_count,
        start_tones=_START_16 if narrow else _START_32,
        end_tones=_END_16 if narrow else _END_32,
        parity_rule=parity_rule,
        ramp_samples=ramp_samples,
        peak_score_min=12.5,
        pair_score_min=28.0,
        carrier_score_min=17.0,
    )


MODES: Final[Mapping[str, Mode]] = MappingProxyType(
    {
        mode.name: mode
        for mode in (
            _mode("counter", 1, symbol_samples=256, first_cycle=6),
            _mode("fast", 2, symbol_samples=128, first_cycle=3),
            _mode(
                "robust",
                3,
                symbol_samples=384,
                symbol_bits=4,
                first_cycle=8,
                comb_count=3,
                parity_rule=(0, 9, 4),
            ),
            _mode("inaudible", 4, symbol_samples=480, first_cycle=160, ramp_samples=480),
        )
    }
)
"""Every mode by its name. Read-only."""
