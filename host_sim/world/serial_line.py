"""A serial cable with a pseudo-terminal at one end, and faults on the way, by name and by seed.

Whoever opens ``path`` is the terminal; the other end is given and taken as bytes. The path is a
link that stays the same when the cable is unplugged and plugged in again.
"""

from __future__ import annotations

import os
import random
import tty
from contextlib import suppress
from pathlib import Path
from typing import Final

MAX_READ_BYTES: Final = 4096


class SerialLine:
    """One cable. Its faults hold for both directions; ``seed`` decides which bytes noise hits."""

    def __init__(self, path: Path, seed: int) -> None:
        self.path = path
        self.noise_rate = 0.0
        """Chance of each byte to be changed, from 0 to 1."""
        self._random = random.Random(seed)
        self._drop_next = 0
        self._cut = False
        self._held: bytearray | None = None
        self._ends: tuple[int, int] | None = None
        self.plug()

    def plug(self) -> None:
        """Plug the cable in: the path appears."""
        self.unplug()
        outside, inside = os.openpty()
        tty.setraw(inside)
        os.set_blocking(outside, False)
        self._ends = (outside, inside)
        self.path.symlink_to(os.ttyname(inside))

    def unplug(self) -> None:
        """Pull the cable out: the path is gone, and whoever had it open gets an error."""
        self.path.unlink(missing_ok=True)
        if self._ends is not None:
            for end in self._ends:
                os.close(end)
            self._ends = None

    def fileno(self) -> int | None:
        """To wait for bytes of the terminal; None while unplugged."""
        return None if self._ends is None else self._ends[0]

    def take(self) -> bytes:
        """What the terminal sent, after the faults."""
        if self._ends is None:
            return b""
        with suppress(OSError):
            return self._hold(self._spoil(os.read(self._ends[0], MAX_READ_BYTES)))
        return b""

    def give(self, data: bytes) -> None:
        """Bytes for the terminal, before the faults; lost when nobody reads them."""
        if self._ends is not None:
            with suppress(OSError):
                os.write(self._ends[0], self._spoil(data))

    def drop(self, count: int) -> None:
        """Lose the next ``count`` bytes."""
        self._drop_next = count

    def cut(self) -> None:
        """Lose everything until ``mend``, with the device still there."""
        self._cut = True

    def mend(self) -> None:
        """End ``cut``."""
        self._cut = False

    def hold(self) -> None:
        """Keep what the terminal sends, as a stuck buffer does, until ``let_go``."""
        self._held = bytearray()

    def let_go(self) -> bytes:
        """End ``hold``: everything kept, at once."""
        held, self._held = self._held, None
        return bytes(held or b"")

    def _hold(self, data: bytes) -> bytes:
        if self._held is None:
            return data
        self._held += data
        return b""

    def _spoil(self, data: bytes) -> bytes:
        if self._cut:
            return b""
        dropped = min(self._drop_next, len(data))
        self._drop_next -= dropped
        spoilt = bytearray(data[dropped:])
        if self.noise_rate:
            for index in range(len(spoilt)):
                if self._random.random() < self.noise_rate:
                    spoilt[index] ^= self._random.randrange(1, 256)
        return bytes(spoilt)
