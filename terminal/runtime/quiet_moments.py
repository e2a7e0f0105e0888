"""When the loop may do what can wait: never while somebody waits, and yet not never.

The journal's write-ahead log is tidied when nothing at all has come for a while. The deny list
needs only that no customer came: the panel's ticks and the host's answers do not count. Where
customers come without a pause it gets one small step now and then all the same, because a list that
waits for a quiet lane would never be in force at a busy one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from terminal.runtime.inbox import Call, Heard

if TYPE_CHECKING:
    from terminal.runtime.inbox import Message

QUIET_MS: Final = 3_000
HURRIED_STEP_MS: Final = 2_000
"""A step of the deny list takes some milliseconds (``deny_list_compaction_step_ms``)."""


class QuietMoments:
    """Times are in milliseconds of one monotonic clock."""

    def __init__(self, now_ms: int) -> None:
        self._message_ms = now_ms
        self._customer_ms = now_ms
        self._deny_ms = now_ms

    def came(self, message: Message, now_ms: int) -> None:
        """A message was taken."""
        self._message_ms = now_ms
        if isinstance(message, Heard | Call):
            self._customer_ms = now_ms

    def for_journal(self, now_ms: int) -> bool:
        """Whether nothing has come for a while."""
        return now_ms - self._message_ms >= QUIET_MS

    def for_deny_list(self, now_ms: int, *, waiting: bool) -> bool:
        """Whether the deny list may take a step; ``waiting``: a message is there already."""
        due = now_ms - self._deny_ms >= HURRIED_STEP_MS
        may = now_ms - self._customer_ms >= QUIET_MS or (due and not waiting)
        if may:
            self._deny_ms = now_ms
        return may
