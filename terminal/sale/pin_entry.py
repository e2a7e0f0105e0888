"""A PIN on its way from the payer's keypad to the payer's card: pure, and forgetful.

The digits are kept from the first key to the one tap that takes them, and no longer than
``TYPING_MS`` after the last key or ``READY_MS`` after ``#``. They are overwritten when they go,
as far as Python allows: ``take`` hands out one copy, which is the card dialogue's.

Invariant: no text, ``repr`` or error of this module contains a digit; only their number is shown.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from terminal.nfc.application import MAX_PIN, MIN_PIN

TYPING_MS: Final = 30_000
"""Without a key for so long, what was typed is forgotten."""
READY_MS: Final = 20_000
"""A PIN that was entered waits so long for the card."""
ENTER: Final = "#"
CLEAR: Final = "*"


class PinState(Enum):
    """Where the entry stands."""

    OFF = "no PIN is wanted"
    TYPING = "digits are typed"
    READY = "entered, the card may come"


class PinEntry:
    """One keypad's entry. Times are milliseconds of one monotonic clock."""

    def __init__(self) -> None:
        self.state = PinState.OFF
        self._digits = bytearray()
        self._since_ms = 0

    @property
    def count(self) -> int:
        """How many digits are held: all that a screen may show."""
        return len(self._digits)

    def want(self, now_ms: int) -> None:
        """Open for digits; what was typed before is forgotten."""
        self._wipe(PinState.TYPING, now_ms)

    def close(self) -> None:
        """No PIN is wanted any more."""
        self._wipe(PinState.OFF, 0)

    def press(self, key: str, now_ms: int) -> bool:
        """One key: a digit, ``#`` to enter, ``*`` to begin anew. False: it did nothing."""
        if self.state is PinState.OFF:
            return False
        if key == CLEAR:
            self._wipe(PinState.TYPING, now_ms)
            return True
        if self.state is PinState.READY:
            return False
        if key == ENTER:
            return self._enter(now_ms)
        if len(key) != 1 or key not in "0123456789" or self.count == MAX_PIN:
            return False
        self._digits += key.encode()
        self._since_ms = now_ms
        return True

    def take(self, now_ms: int) -> bytes:
        """The entered PIN for one tap, empty where there is none; it is forgotten here."""
        self.tick(now_ms)
        if self.state is not PinState.READY:
            return b""
        pin = bytes(self._digits)
        self._wipe(PinState.TYPING, now_ms)
        return pin

    def tick(self, now_ms: int) -> bool:
        """Forget what waited too long; whether anything was forgotten."""
        limit_ms = READY_MS if self.state is PinState.READY else TYPING_MS
        if not self.count or now_ms - self._since_ms < limit_ms:
            return False
        self._wipe(PinState.TYPING, now_ms)
        return True

    def abandoned(self, now_ms: int) -> bool:
        """Wanted, and nobody typed for ``TYPING_MS``."""
        return self.state is PinState.TYPING and now_ms - self._since_ms >= TYPING_MS

    def _enter(self, now_ms: int) -> bool:
        if self.count < MIN_PIN:
            return False
        self.state, self._since_ms = PinState.READY, now_ms
        return True

    def _wipe(self, state: PinState, now_ms: int) -> None:
        self._digits[:] = bytes(len(self._digits))
        self._digits.clear()
        self.state, self._since_ms = state, now_ms

    def __repr__(self) -> str:
        return f"PinEntry({self.state.name})"
