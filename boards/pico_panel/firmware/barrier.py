"""The barrier's relay: one pulse for one job, with the evidence that it was given. Pure.

The emergency input always wins: while it is on the relay is driven, whatever else happens. Without
it the relay is never driven for longer than the pulse that was commanded, at most 5 s.
"""

from terminal.panel import wire

SENSE_MS = 200
"""A relay's second contact closes within some 15 ms; after this it is taken as not closing."""
RELEASE_MS = 100
"""How long after a pulse the contact may still be closed without counting as stuck."""


class Barrier:
    """The relay, the pulse under way, and the last job's result."""

    def __init__(self, has_sense: bool) -> None:
        self.has_sense = has_sense
        self.is_open = False
        """Whether the relay is to be driven."""
        self._job: int | None = None
        self._began_ms = 0
        self._until_ms = 0
        self._pulsing = False
        self._dropped_ms = -RELEASE_MS
        self._stuck = False
        self._last: tuple[int, int, int] | None = None

    def command(
        self, job: int, pulse_ms: int, now_ms: int, emergency: bool, sensed: bool
    ) -> "tuple[int, int, int] | None":
        """Begin a pulse; (job, result, after_ms) where the answer is known at once."""
        if self._last is not None and self._last[0] == job:
            return self._last
        if not wire.MIN_PULSE_MS <= pulse_ms <= wire.MAX_PULSE_MS:
            return job, wire.PULSED_OUT_OF_RANGE, 0
        if self._pulsing:
            return None if job == self._job else (job, wire.PULSED_BUSY, 0)
        if emergency:
            self._last = (job, wire.PULSED_EMERGENCY_OPEN, 0)
            return self._last
        self._job = job
        self._began_ms = now_ms
        self._until_ms = now_ms + pulse_ms
        self._pulsing = True
        self._stuck = self.has_sense and sensed and now_ms - self._dropped_ms >= RELEASE_MS
        return None

    def step(
        self, now_ms: int, emergency: bool, driven: bool, sensed: bool
    ) -> "tuple[int, int, int] | None":
        """Drive or drop the relay; (job, result, after_ms) when the pulse's evidence is in.

        ``driven`` is the relay's pin read back, ``sensed`` the relay's own second contact.
        """
        answer = None
        if self._job is not None:
            answer = self._evidence(now_ms, driven, sensed)
        if self._pulsing and now_ms >= self._until_ms:
            self._pulsing = False
        was_open, self.is_open = self.is_open, emergency or self._pulsing
        if was_open and not self.is_open:
            self._dropped_ms = now_ms
        return answer

    def drop(self) -> None:
        """The terminal is gone: end the pulse, and forget the jobs that it named."""
        self._pulsing = False
        self._job = None
        self._last = None

    def _evidence(self, now_ms: int, driven: bool, sensed: bool) -> "tuple[int, int, int] | None":
        job = self._job
        assert job is not None
        after_ms = now_ms - self._began_ms
        good = sensed and not self._stuck if self.has_sense else driven and self.is_open
        if good:
            result = wire.PULSED_SENSED if self.has_sense else wire.PULSED_DRIVEN
        elif after_ms >= SENSE_MS or now_ms >= self._until_ms:
            result = wire.PULSED_NOT_SENSED
        else:
            return None
        self._job = None
        self._last = (job, result, after_ms)
        return self._last
