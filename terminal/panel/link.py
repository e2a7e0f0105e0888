"""Numbering, acknowledgement and repetition: one side of one link, the same on both sides.

Stop and wait: one acknowledged message is under way at a time, repeated until its number comes back
or the attempts are used up. Numbers run 1..255 and around; 0 means none. A number is taken once and
in order, so a repeated or doubled frame has the effect of one. Every queue has a named bound.

Shared with the panel's MicroPython: imports nothing. Time is an argument, in milliseconds.
"""

REPEAT_MS = 60
MAX_ATTEMPTS = 12
QUEUE_LENGTH = 16


def next_number(number: int) -> int:
    """The number after this one: 255 is followed by 1."""
    return number % 255 + 1


class Link:
    """What one side knows of one link."""

    def __init__(self) -> None:
        self.heard = 0
        """The last number taken from the other side: what we acknowledge."""
        self.ack_owed = False
        self._numbered = 0
        self._queue: list[tuple[int, bytes]] = []
        self._under_way: tuple[int, int, bytes] | None = None
        self._attempts = 0
        self._repeat_at_ms: int | None = None

    def queue(self, kind: int, payload: bytes, urgent: bool = False) -> bool:
        """Send this in its turn, next when urgent; False, and not sent, when the queue is full."""
        if len(self._queue) >= QUEUE_LENGTH:
            return False
        self._queue.insert(0 if urgent else len(self._queue), (kind, payload))
        return True

    def queued(self) -> int:
        """How many messages wait behind the one under way."""
        return len(self._queue)

    def acknowledged(self, number: int) -> None:
        """The other side has taken everything up to ``number``."""
        if self._under_way is not None and self._under_way[0] == number:
            self._under_way = None

    def take(self, number: int) -> bool:
        """Whether a message of this number is new and next; either way it wants our answer."""
        self.ack_owed = True
        if number != next_number(self.heard):
            return False
        self.heard = number
        return True

    def begin(self) -> tuple[int, int, bytes] | None:
        """(number, kind, payload) of the next in turn, to put on the line without looking at a
        clock; None while another is under way. Its first repetition counts from the next ``due``.
        """
        if self._under_way is not None or not self._queue:
            return None
        kind, payload = self._queue.pop(0)
        self._numbered = next_number(self._numbered)
        self._under_way = (self._numbered, kind, payload)
        self._attempts = 1
        self._repeat_at_ms = None
        return self._under_way

    def due(self, now_ms: int) -> tuple[int, int, bytes] | None:
        """(number, kind, payload) to put on the line now, for the first time or again."""
        begun = self.begin()
        if self._repeat_at_ms is None:
            self._repeat_at_ms = now_ms + REPEAT_MS
            return begun
        if self._under_way is None or now_ms < self._repeat_at_ms:
            return None
        if self._attempts >= MAX_ATTEMPTS:
            return None
        self._attempts += 1
        self._repeat_at_ms = now_ms + REPEAT_MS
        return self._under_way

    def exhausted(self, now_ms: int) -> bool:
        """All attempts are used and the last one's time is over: give the link up."""
        return (
            self._under_way is not None
            and self._attempts >= MAX_ATTEMPTS
            and self._repeat_at_ms is not None
            and now_ms >= self._repeat_at_ms
        )

    def wake_ms(self) -> int | None:
        """When ``due`` next has something; 0 for at once, None while nothing is to be sent."""
        if self._under_way is None:
            return 0 if self._queue else None
        return self._repeat_at_ms or 0
