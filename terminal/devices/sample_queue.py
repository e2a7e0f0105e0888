"""Blocks of samples from the sound thread to ours, bounded, losing nothing unsaid.

One thread puts, one takes. When the reader is late the oldest block makes room, since old sound is
worth least, and is counted. Invariant: samples put = taken + waiting + dropped (and what the
driver itself lost comes on top of dropped).
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from terminal.ports import Samples


class SampleQueue:
    """At most ``bound`` blocks wait here, 1 or more."""

    def __init__(self, bound: int) -> None:
        self._bound = max(1, bound)
        self._blocks: deque[Samples] = deque()
        self._changed = threading.Condition()
        self._dropped = 0
        self._ended = False

    @property
    def ended(self) -> bool:
        """True when ``end`` was called and nothing is left to take."""
        with self._changed:
            return self._ended and not self._blocks

    def put(self, block: Samples, lost_before: int = 0) -> None:
        """Append a block; ``lost_before`` samples were lost by the driver just ahead of it."""
        with self._changed:
            self._dropped += lost_before
            if len(self._blocks) >= self._bound:
                self._dropped += self._blocks.popleft().size
            self._blocks.append(block)
            self._changed.notify()

    def end(self) -> None:
        """No block will come any more."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def take(self, timeout_s: float) -> Samples | None:
        """The oldest block, or None when none came in time or none will come."""
        with self._changed:
            if not self._blocks and not self._ended:
                self._changed.wait(timeout_s)
            return self._blocks.popleft() if self._blocks else None

    def dropped_samples(self) -> int:
        with self._changed:
            return self._dropped
