"""The clock as the journal sees it: every entry's time and quality are judged, never raw.

Sales are judged before they are remembered; refunds, policies and openings by hand take their time
from the journal's clock. A clock that jumped to 2099 would enter the floor through those, and make
every right time after it impossible. Source: docs/protocol/money.md, "Clock".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from terminal.ports import ClockQuality

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.payment.clock_floor import Moment
    from terminal.ports import Clock


class JudgedClock:
    """``ports.Clock`` over another; ``judge_by`` says how, before the first entry is written.

    Until then the wall time is unknown, and 0: an entry then takes the floor's.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._moment: Callable[[], Moment] | None = None

    def judge_by(self, moment: Callable[[], Moment]) -> None:
        """From now on a reading is what ``moment`` makes of it."""
        self._moment = moment

    def unix_s(self) -> int:
        """The clock where it is known, else the floor: no entry is earlier than the last."""
        return 0 if self._moment is None else self._moment().judged_s

    def quality(self) -> ClockQuality:
        """What is left of it after the rules."""
        return ClockQuality.UNKNOWN if self._moment is None else self._moment().quality

    def monotonic_ms(self) -> int:
        """As the clock says."""
        return self._clock.monotonic_ms()

    def boot_id(self) -> bytes:
        """As the clock says."""
        return self._clock.boot_id()
