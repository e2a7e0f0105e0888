"""Pulses of the barrier that were asked for and not yet answered: each gets one outcome, once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from terminal.panel.events import (
    BarrierConfirmed,
    BarrierReportLate,
    BarrierUnconfirmed,
    PanelEvent,
    Unconfirmed,
)
from terminal.panel.messages import PulseResult

MAX_OPEN_JOBS: Final = 4
"""More pulses than this without an answer are refused as BUSY: cars do not come that fast."""

_REASONS: Final = {
    PulseResult.NOT_SENSED: Unconfirmed.NOT_SENSED,
    PulseResult.BUSY: Unconfirmed.BUSY,
    PulseResult.OUT_OF_RANGE: Unconfirmed.REFUSED,
}


@dataclass(frozen=True, slots=True)
class _Job:
    started_ms: int
    deadline_ms: int


class BarrierJobs:
    """The open jobs by number, and the outcomes waiting to be told."""

    def __init__(self) -> None:
        self._open: dict[int, _Job] = {}
        self._outcomes: list[PanelEvent] = []

    def start(self, job: int, now_ms: int, timeout_ms: int, refused: Unconfirmed | None) -> bool:
        """Open a job unless ``refused``; False when it is not to be sent, the outcome says why."""
        if refused is not None:
            self._outcomes.append(BarrierUnconfirmed(job, refused))
        elif job in self._open or len(self._open) >= MAX_OPEN_JOBS:
            self._outcomes.append(BarrierUnconfirmed(job, Unconfirmed.BUSY))
        else:
            self._open[job] = _Job(now_ms, now_ms + timeout_ms)
            return True
        return False

    def answered(self, job: int, result: PulseResult, now_ms: int) -> tuple[PanelEvent, ...]:
        """The panel's answer."""
        known = self._open.pop(job, None)
        if known is None:
            return (BarrierReportLate(job, result),)
        if result.is_open:
            return (BarrierConfirmed(job, result, now_ms - known.started_ms),)
        return (BarrierUnconfirmed(job, _REASONS[result]),)

    def abandon(self) -> None:
        """The link is lost: nobody will answer for any open job."""
        self._outcomes += [BarrierUnconfirmed(job, Unconfirmed.LINK_LOST) for job in self._open]
        self._open.clear()

    def expire(self, now_ms: int) -> tuple[PanelEvent, ...]:
        """Outcomes that are due: abandoned, refused and timed out jobs."""
        for job, known in tuple(self._open.items()):
            if now_ms >= known.deadline_ms:
                del self._open[job]
                self._outcomes.append(BarrierUnconfirmed(job, Unconfirmed.TIMED_OUT))
        outcomes = tuple(self._outcomes)
        self._outcomes.clear()
        return outcomes

    def wake_ms(self) -> int | None:
        """When ``expire`` next has something, or None."""
        if self._outcomes:
            return 0
        return min((known.deadline_ms for known in self._open.values()), default=None)
