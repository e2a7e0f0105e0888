"""Talking with the host: one thread carries requests, the loop's thread leads the dialogue.

The dialogue reads and writes the journal, so it advances on the loop's thread between sales; only
the waiting for the network happens elsewhere. An unreachable host costs nothing but a retry.
"""

from __future__ import annotations

import queue
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Protocol

from terminal.errors import DecodeError, HostRefused, HostUnreachable, SignatureInvalid
from terminal.runtime.inbox import HostAnswered
from terminal.runtime.watched import watched

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.runtime.inbox import Post
    from terminal.sync.exchange import Dialogue, HostReply, HostRequest, Send
    from terminal.sync.session import SyncOutcome

DEVICE: Final = "host"
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
        work = watched(DEVICE, self._run, post)
        self._thread = threading.Thread(target=work, name=DEVICE, daemon=True)

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
            reply = None
            try:
                with suppress(HostUnreachable):
                    reply = self._send(request)
            finally:
                self._post(HostAnswered(request, reply))


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
        """Why a host that answered did not settle with us, in one line."""
        self.heard_ms = monotonic_ms()
        """When this dialogue's first reply came: with it, the host's time."""
        self._begin = begin
        self._every_ms = every_ms
        self._now_ms = monotonic_ms
        self._dialogue: Dialogue[SyncOutcome] | None = None
        self._asked: HostRequest | None = None
        self._next_ms = monotonic_ms()
        self._failures = 0
        self._replies = 0

    @property
    def talking(self) -> bool:
        """Whether a dialogue is under way."""
        return self._dialogue is not None

    def advance(self) -> None:
        """Begin a dialogue when one is due."""
        if self._dialogue is None and self._now_ms() >= self._next_ms:
            self._dialogue, self._asked = self._begin(), None
            self._step(None)

    def abandon(self) -> None:
        """The journal is about to be reopened: the next dialogue starts afresh."""
        if self._dialogue is not None:
            self._dialogue.close()
            self._end(failed=True)

    def answered(self, message: HostAnswered) -> SyncOutcome | None:
        """The host's reply; the outcome when it was the last one.

        An abandoned dialogue's reply, come late, is nobody's.
        """
        if self._dialogue is None or message.request is not self._asked:
            return None
        if message.reply is None:
            self._dialogue.close()
            self._end(failed=True)
            return None
        if self._replies == 0:
            self.heard_ms = self._now_ms()
        self._replies += 1
        return self._step(message.reply)

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
        self._asked = request
        self.thread.carry(request)
        return None

    def _end(self, *, failed: bool) -> None:
        self._dialogue, self._asked, self._replies = None, None, 0
        self.online = not failed
        self._failures = self._failures + 1 if failed else 0
        pause_ms = self._every_ms
        if failed:
            pause_ms = min(pause_ms, FIRST_PAUSE_MS << min(self._failures - 1, 10))
        self._next_ms = self._now_ms() + pause_ms
