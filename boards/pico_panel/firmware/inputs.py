"""Contacts that bounce, and the 4x4 keypad: steady values out of raw ones. Pure."""

from terminal.panel import wire

EMERGENCY_ON_MS = 10
EMERGENCY_OFF_MS = 1000
KEY_STEADY_MS = 20
MAX_KEYS_DOWN = 2
"""Without a diode at every key, three keys at once may show a fourth: then none is believed."""


class Contact:
    """An input that must be steady for a while, on or off, before it counts."""

    def __init__(self, on_ms: int, off_ms: int) -> None:
        self.is_on = False
        self._on_ms = on_ms
        self._off_ms = off_ms
        self._other_since_ms: int | None = None

    def step(self, raw: bool, now_ms: int) -> bool:
        """Whether ``is_on`` changed with this sample."""
        if raw == self.is_on:
            self._other_since_ms = None
            return False
        if self._other_since_ms is None:
            self._other_since_ms = now_ms
        if now_ms - self._other_since_ms < (self._on_ms if raw else self._off_ms):
            return False
        self.is_on = raw
        self._other_since_ms = None
        return True


class Keypad:
    """Keys as they go down, from samples of which of the sixteen are down."""

    def __init__(self) -> None:
        self._steady = 0
        self._seen = 0
        self._since_ms = 0

    def step(self, down: int, now_ms: int) -> list[int]:
        """ASCII of the keys that went down. Bit 4 * row + column of ``down`` is one key."""
        if down != self._seen:
            self._seen = down
            self._since_ms = now_ms
            return []
        if down == self._steady or now_ms - self._since_ms < KEY_STEADY_MS:
            return []
        pressed = down & ~self._steady
        if sum(1 for bit in range(16) if down >> bit & 1) > MAX_KEYS_DOWN:
            return []
        self._steady = down
        return [wire.KEYS[bit] for bit in range(16) if pressed >> bit & 1]
