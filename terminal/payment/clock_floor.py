"""How far to believe the clock: the floor below which it cannot be, and the jump it cannot make.

Rules: ``docs/protocol/money.md``, "Clock". The floor is the largest of host-signed time, policy
issue time, build time, and the last entry made at quality RTC or better. A reading below the floor
or beyond floor + horizon has no quality, and never enters the floor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from terminal.payment.request import SLOT_S
from terminal.ports import ClockQuality

FUTURE: Final = 2**32 - 1
"""Wall times end here, in 2106, like the wire's."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A clock reading as judged: made by ``judge``; tests may make their own."""

    unix_s: int
    quality: ClockQuality
    floor_s: int

    @property
    def known(self) -> bool:
        return self.quality is not ClockQuality.UNKNOWN

    @property
    def judged_s(self) -> int:
        """The time to judge expiry by: the clock where it is known, else the floor."""
        return self.unix_s if self.known else self.floor_s

    @property
    def slot(self) -> int:
        return self.unix_s // SLOT_S


def floor_of(
    *,
    host_signed_s: int | None,
    policy_issued_s: int,
    built_s: int,
    last_good_entry_s: int | None,
) -> int:
    """The floor; a host-signed time may be below the last entry, and then corrects downwards.

    ``last_good_entry_s`` is the last entry at quality RTC or better *since* the host's time.
    """
    marks = (host_signed_s or 0, policy_issued_s, built_s, last_good_entry_s or 0)
    return max(marks)


def judge(unix_s: int, quality: ClockQuality, floor_s: int, horizon_s: int) -> Moment:
    """The reading with the quality it deserves."""
    believable = floor_s <= unix_s <= min(floor_s + horizon_s, FUTURE)
    return Moment(unix_s, quality if believable else ClockQuality.UNKNOWN, floor_s)


def raised_floor(moment: Moment) -> int:
    """The floor after an entry made at this moment."""
    if moment.quality >= ClockQuality.RTC:
        return max(moment.floor_s, moment.unix_s)
    return moment.floor_s
