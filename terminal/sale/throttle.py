"""How often a decline may become an entry: a token bucket (ITU-T I.371, leaky bucket).

A hostile device can present the same genuine coupon for ever; without a bound the journal, and the
sync after it, would grow at its will. Declines beyond the rate are answered and not remembered.
"""

from __future__ import annotations

from typing import Final

BURST: Final = 20
REFILL_MS: Final = 3_000
"""One more decline may be remembered after so long."""


class Throttle:
    """``allows`` takes a token where there is one."""

    def __init__(self, now_ms: int) -> None:
        self._tokens = BURST
        self._refilled_ms = now_ms

    def allows(self, now_ms: int) -> bool:
        """Whether one more fits at this monotonic time."""
        earned = max(0, now_ms - self._refilled_ms) // REFILL_MS
        self._tokens = min(BURST, self._tokens + earned)
        self._refilled_ms += earned * REFILL_MS
        if self._tokens == 0:
            return False
        self._tokens -= 1
        return True
