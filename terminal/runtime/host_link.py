"""Talking with the host: one thread carries requests, the loop's thread leads the dialogue.

The dialogue reads and writes the journal, so it advances on the loop's thread between sales; only
the waiting for the network happens elsewhere. An unreachable host costs nothing but a retry.
"""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Final, Protocol

from terminal.errors import DecodeError, HostRefused, HostUnreachable, SignatureInvalid
from terminal.runtime.inbox import HostAnswered

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.runtime.inbox import Post
    from terminal.sync.exchange import Dialogue, HostReply, HostRequest, Send
    from terminal.sync.session import SyncOutcome

FIRST_PAUSE_MS: Final = 2_000
"""Before the second try of a host that did not answer; doubled up to the usual interval."""


class Carrier(Protocol):
    """Takes a request to the host; ``HostAnswered`` follows."""

    def carry(self, request: HostRequest) -> None:
        """Send this; returns at once."""


class HostThread:
    """Sends one request at a time and posts what came back."""

    def __init__(self, send: Send, post: Post) -> None:
        self._send = send
        self._post = post
        self._requests: queue.SimpleQueue[HostRequest | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="host", daemon=True)

    def start(self) -> None:
        """Begin to carry requests."""
        self._thread.start()

    def stop(self) -> None:
        """Carry no more; a request under way ends by its own timeout."""
        self._requests.put(None)
        self._thread.join(timeout=2.0)

    def carry(self, request: HostRequest) -> None:
        """Send this; ``HostAnswered`` follows."""
        self._requests.put(request)

    def _run(self) -> None:
        while (request := self._requests.get()) is not None:
            try:
                reply: HostReply | None = self._send(request)
            except HostUnreachable:
                reply = None
            self._post(HostAnswered(reply))


class Syncing:
    """When to talk with the host, and one dialogue at a time. For the loop's thread."""

    def __init__(
        self,
        thread: Carrier,
        begin: Callable[[], Dialogue[SyncOutcome]],
        *,
        every_ms: int,
        monotonic_ms: Callable[[], int],
    ) -> None:
        self.thread = thread
        self.online = False
        self.problem: str | None = None
        """Why the last dialogue failed, in one line."""
        self._begin = begin
        self._every_ms = every_ms
        self._now_ms = monotonic_ms
        self._dialogue: Dialogue[SyncOutcome] | None = None
        self._next_ms = monotonic_ms()
        self._failures = 0

    def advance(self) -> None:
        """Begin a dialogue when one is due."""
        if self._dialogue is None and self._now_ms() >= self._next_ms:
            self._dialogue = self._begin()
            self._step(None)

    def abandon(self) -> None:
        """The journal is about to be reopened: the next dialogue starts afresh."""
        if self._dialogue is not None:
            self._dialogue.close()
            self._end(failed=True)

    def answered(self, reply: HostReply | None) -> SyncOutcome | None:
        """The host's reply; the outcome when it was the last one."""
        if self._dialogue is None:
            return None
        if reply is None:
            self.problem = "the host cannot be reached"
            self._dialogue.close()
            self._end(failed=True)
            return None
        return self._step(reply)

    def _step(self, reply: HostReply | None) -> SyncOutcome | None:
        assert self._dialogue is not None
        try:
            request = next(self._dialogue) if reply is None else self._dialogue.send(reply)
        except StopIteration as end:
            self.problem = None
            self._end(failed=False)
            outcome: SyncOutcome = end.value
            return outcome
        except (HostRefused, DecodeError, SignatureInvalid) as error:
            self.problem = str(error)
            self._end(failed=True)
            return None
        self.thread.carry(request)
        return None

    def _end(self, *, failed: bool) -> None:
        self._dialogue = None
        self.online = not failed
        self._failures = self._failures + 1 if failed else 0
        pause_ms = self._every_ms
        if failed:
            pause_ms = min(pause_ms, FIRST_PAUSE_MS << min(self._failures - 1, 10))
        self._next_ms = self._now_ms() + pause_ms
