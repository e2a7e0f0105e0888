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

    Tone ``t`` (0 to ``2**symbol_bits - 1``) has ``first_cycle + t`` cycles in a symbol.
    ``parity_rule`` is (base, numerator, denominator): a frame of K information symbols carries
    ``base + ceil(K * numerator / denominator)`` parity symbols.
    """

    name: str
    number: int
    symbol_samples: int
    symbol_bits: int
    first_cycle: int
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
    def lowest_hz(self) -> float:
        return self.first_cycle * SAMPLE_RATE_HZ / self.symbol_samples

    @property
    def highest_hz(self) -> float:
        return (self.first_cycle + self.tone_count - 1) * SAMPLE_RATE_HZ / self.symbol_samples


_COUNTER: Final = Mode(
    name="counter",
    number=1,
    symbol_samples=256,
    symbol_bits=5,
    first_cycle=6,
    start_tones=(5, 21, 11, 29, 1, 15, 25, 9),
    end_tones=(18, 2, 26, 12, 30, 8, 22, 4),
    parity_rule=(5, 2, 5),
    ramp_samples=48,
    peak_score_min=12.5,
    pair_score_min=28.0,
    carrier_score_min=17.0,
)

MODES: Final[Mapping[str, Mode]] = MappingProxyType({"counter": _COUNTER})
"""Every mode by its name. Read-only."""
