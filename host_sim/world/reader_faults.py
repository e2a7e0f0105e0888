"""Faults of a reader by name and seed: what its line and its chip do wrong, as data.

The card's own mishaps live in ``rf_field``. A fault strikes the next answer (or as many as asked),
then is over; ``mute`` lasts until ``mend``. Two come of age: they count looks (``tire``).
The same seed gives the same faults.
"""

from __future__ import annotations

import random
from enum import Enum
from typing import Final

from terminal.errors import ConfigError

SLOW_STEP_S: Final = 0.01
SLOW_MOST_S: Final = 0.5


class ReaderFault(Enum):
    """What may befall one answer of the chip."""

    TRUNCATED = "truncated_frame"
    CORRUPTED = "corrupted_frame"
    LOST = "lost_frame"
    LOST_ACK = "lost_ack"
    NOISE = "noise"
    MUTE = "mute"
    BROWN_OUT = "brown_out"
    SLOWING = "slowing"
    """After so many looks each answer comes later than the one before, until it is set up anew."""
    LOCKED_UP = "locked_up"
    """After so many looks it answers nothing, until its reset line is pulsed or its power fails."""


_RANDOM_KINDS = (
    ReaderFault.TRUNCATED,
    ReaderFault.CORRUPTED,
    ReaderFault.LOST,
    ReaderFault.LOST_ACK,
    ReaderFault.NOISE,
)


def fault_named(name: str) -> ReaderFault:
    """The fault of that name.

    Raises:
        ConfigError: there is none.
    """
    try:
        return ReaderFault(name)
    except ValueError:
        known = ", ".join(fault.value for fault in ReaderFault)
        raise ConfigError("fault", f"{name!r} is none of {known}") from None


class ReaderFaults:
    """Which fault strikes next. ``rate`` adds random ones, drawn from ``seed``."""

    def __init__(self, seed: int = 0, rate: float = 0.0) -> None:
        self._random = random.Random(seed)
        self._rate = rate
        self._next: list[ReaderFault | None] = []
        self.mute = False
        self.struck: list[ReaderFault] = []
        self._ages: dict[ReaderFault, int] = {}
        self._looks = 0
        self._slow_looks = 0

    def plan(self, fault: ReaderFault, times: int = 1, after: int = 0) -> None:
        """Let it strike ``times`` answers, the next ``after`` being spared."""
        if fault is ReaderFault.MUTE:
            self.mute = True
            return
        if fault in (ReaderFault.SLOWING, ReaderFault.LOCKED_UP):
            self._ages[fault] = times
            return
        self._next.extend([None] * after + [fault] * times)

    def randomise(self, seed: int, rate: float) -> None:
        """Strike at random from now on; rate 0 ends it."""
        self._random = random.Random(seed)
        self._rate = rate

    def mend(self) -> None:
        """Everything works again."""
        self._next.clear()
        self._ages.clear()
        self._rate = 0.0
        self.mute = False

    def tire(self, *, looking: bool) -> float | None:
        """How many seconds late this answer is by age; None: never, it is locked up."""
        self._looks += looking
        self._slow_looks += looking
        if self._looks > self._ages.get(ReaderFault.LOCKED_UP, self._looks):
            return None
        over = self._slow_looks - self._ages.get(ReaderFault.SLOWING, self._slow_looks)
        return min(SLOW_MOST_S, SLOW_STEP_S * max(0, over))

    def rest(self, *, power: bool) -> None:
        """Set up anew, or given new power: it is young again."""
        self._slow_looks = 0
        if power:
            self._looks = 0

    def strike(self) -> ReaderFault | None:
        """The fault for this answer, if any."""
        if self._next:
            fault = self._next.pop(0)
        else:
            struck = self._rate and self._random.random() < self._rate
            fault = self._random.choice(_RANDOM_KINDS) if struck else None
        if fault is not None:
            self.struck.append(fault)
        return fault

    def damage(self, fault: ReaderFault | None, answer: bytes) -> bytes:
        """An encoded answer frame as the host will see it."""
        if fault is ReaderFault.LOST:
            return b""
        if fault is ReaderFault.NOISE:
            return self._random.randbytes(self._random.randint(1, 12)) + answer
        if fault is ReaderFault.TRUNCATED:
            return answer[: self._random.randint(1, min(5, len(answer) - 1))]
        if fault is ReaderFault.CORRUPTED:
            place = self._random.randrange(5, len(answer) - 1)
            flipped = answer[place] ^ 1 << self._random.randrange(8)
            return answer[:place] + bytes((flipped,)) + answer[place + 1 :]
        return answer
