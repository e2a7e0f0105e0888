"""The four lights: each state has its own place and its own rhythm, so colour alone says nothing.

Nothing flashes more than three times a second (WCAG 2.2, 2.3.1). Pure; imports wire numbers only.
"""

from terminal.panel import wire

IDLE = 1
WAITING = 2
ACCEPTED = 4
DECLINED = 8
"""One bit a light, in the order of the pins in main.py."""

PATTERNS = {
    wire.LIGHT_IDLE: (2000, ((IDLE, 0, 100),)),
    wire.LIGHT_WAITING: (1000, ((WAITING, 0, 500),)),
    wire.LIGHT_READING: (1000, ((WAITING, 0, 1000),)),
    wire.LIGHT_ACCEPTED: (1000, ((ACCEPTED, 0, 1000),)),
    wire.LIGHT_DECLINED: (500, ((DECLINED, 0, 250),)),
    wire.LIGHT_STOPPED: (1000, ((WAITING | DECLINED, 0, 1000),)),
    wire.LIGHT_NO_TERMINAL: (2000, ((WAITING | DECLINED, 0, 100), (WAITING | DECLINED, 250, 350))),
    wire.LIGHT_EMERGENCY: (1000, ((IDLE | WAITING | DECLINED, 0, 500),)),
}
"""Light: period in ms, then which lights are lit from when to when within it."""


def lit(light: int, shown_ms: int) -> int:
    """The lights lit, ``shown_ms`` after this light began."""
    period, spans = PATTERNS[light]
    at = shown_ms % period
    mask = 0
    for lights, start, end in spans:
        if start <= at < end:
            mask |= lights
    return mask


class Lights:
    """Which light was commanded, and for how long it holds."""

    def __init__(self) -> None:
        self.shown = wire.LIGHT_NO_TERMINAL
        self._commanded = wire.LIGHT_IDLE
        self._until_ms: int | None = None
        self._since_ms = 0

    def command(self, light: int, hold_ms: int, now_ms: int) -> None:
        """Show this; an accepted or declined light never holds longer than 10 s."""
        if light in (wire.LIGHT_ACCEPTED, wire.LIGHT_DECLINED):
            hold_ms = min(hold_ms or wire.MAX_VERDICT_MS, wire.MAX_VERDICT_MS)
        self._commanded = light
        self._until_ms = now_ms + hold_ms if hold_ms else None
        self._since_ms = now_ms

    def forget(self) -> None:
        """What was commanded holds no more: the link changed."""
        self._commanded = wire.LIGHT_IDLE
        self._until_ms = None

    def step(self, now_ms: int, linked: bool, emergency: bool) -> int:
        """The lights lit now. Emergency goes before the lost link, and that before a command."""
        if self._until_ms is not None and now_ms >= self._until_ms:
            self.forget()
        if emergency:
            shown = wire.LIGHT_EMERGENCY
        elif not linked:
            shown = wire.LIGHT_NO_TERMINAL
        else:
            shown = self._commanded
        if shown != self.shown:
            self.shown = shown
            self._since_ms = now_ms
        return lit(shown, now_ms - self._since_ms)
