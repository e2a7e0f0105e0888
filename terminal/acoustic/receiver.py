"""Samples to events."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from terminal.acoustic.events import Event
    from terminal.acoustic.modes import Mode


class Receiver:
    """Listens for every mode at once; blocks of any size give the same events."""

    def __init__(
        self, modes: Iterable[Mode | str] | None = None, sample_rate: int = 48_000
    ) -> None:
        self._modes = modes
        self._sample_rate = sample_rate

    def receive(self, samples: NDArray[np.float32]) -> list[Event]:
        """The events completed by these samples, in order."""
        del samples
        return []
