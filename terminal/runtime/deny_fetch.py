"""Fetches and installs newer deny lists on a thread of its own, over a connection of its own.

The loop hands over the head that its dialogue with the host brought, and goes on selling and
syncing; what this thread installs, ``DenyWatch`` finds on disk and puts in force between sales. So
neither a sale nor an upload waits for a list of 80 MB, a slow link or a slow disk. While either is
under way the next piece waits too, a bounded time.
"""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Final

from terminal.errors import (
    DecodeError,
    HostRefused,
    HostUnreachable,
    JournalError,
    JournalLocked,
    SignatureInvalid,
)
from terminal.runtime.inbox import DeviceState
from terminal.runtime.watched import watched

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.runtime.inbox import Post
    from terminal.sync.deny_session import DenyOutcome
    from terminal.sync.exchange import Dialogue, HostReply, HostRequest, Send

DEVICE: Final = "deny list sync"
RETRY_PAUSES_S: Final = (1.0, 2.0, 4.0)
"""Before the same request goes out again; then the next sync's offer begins anew."""
YIELD_STEP_S: Final = 0.05
MOST_YIELD_S: Final = 2.0
"""A piece waits so long at most for a sale or an upload: a sale left open stops no list."""


class DenyFetch:
    """One thread that takes offers. ``begin`` makes the dialogue that takes the head offered."""

    def __init__(
        self,
        begin: Callable[[bytes], Dialogue[DenyOutcome]],
        send: Send,
        post: Post,
        *,
        busy: Callable[[], bool],
        report: Callable[[dict[str, object]], object],
        pauses_s: tuple[float, ...] = RETRY_PAUSES_S,
    ) -> None:
        self._begin = begin
        self._send = send
        self._post = post
        self._busy = busy
        self._report = report
        self._pauses_s = pauses_s
        self._offers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._settled = b""
        self._problem: str | None = None
        self._thread = threading.Thread(
            target=watched(DEVICE, self._run, post), name=DEVICE, daemon=True
        )

    def start(self) -> None:
        """Begin to take offers."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more; what is half there is gone on with after the next start."""
        self._stopping.set()
        self._offers.put(None)
        self._thread.join(timeout=2.0)

    def offer(self, head: bytes) -> None:
        """The newest head that the host knows; returns at once. From any thread."""
        if head:
            self._offers.put(head)

    def _run(self) -> None:
        while (head := self._newest_offer()) is not None and not self._stopping.is_set():
            if head == self._settled:
                continue
            problem = self._take(head)
            if problem != self._problem:
                self._problem = problem
                self._post(DeviceState(DEVICE, problem))

    def _newest_offer(self) -> bytes | None:
        head = self._offers.get()
        while not self._offers.empty():
            head = self._offers.get()
        return head

    def _take(self, head: bytes) -> str | None:
        """Follow one offer to its end; what a person should know, where it cannot be followed."""
        dialogue = self._begin(head)
        try:
            outcome = self._converse(dialogue)
        except (HostUnreachable, JournalLocked):
            return self._problem  # the next offer comes with the next sync
        except (HostRefused, DecodeError, SignatureInvalid, JournalError) as error:
            return f"the deny list was not brought up to date: {error}"
        finally:
            dialogue.close()
        self._settled = head
        if outcome.delta_count + outcome.base_count:
            self._report(
                {
                    "event": "deny_list_fetched",
                    "version": outcome.version,
                    "deltas": outcome.delta_count,
                    "whole_lists": outcome.base_count,
                    "bytes": outcome.received_bytes,
                    "asked_again": outcome.asked_again,
                    "problems": list(outcome.problems),
                }
            )
        return None

    def _converse(self, dialogue: Dialogue[DenyOutcome]) -> DenyOutcome:
        try:
            request = next(dialogue)
            while True:
                request = dialogue.send(self._carry(request))
        except StopIteration as end:
            outcome: DenyOutcome = end.value
            return outcome

    def _carry(self, request: HostRequest) -> HostReply:
        for pause_s in self._pauses_s:
            self._give_way()
            try:
                return self._send(request)
            except HostUnreachable:
                if self._stopping.wait(pause_s):
                    raise
        self._give_way()
        return self._send(request)

    def _give_way(self) -> None:
        """Let a sale or an upload go first.

        Raises:
            HostUnreachable: the terminal is stopping.
        """
        waited_s = 0.0
        while self._busy() and waited_s < MOST_YIELD_S:
            self._stopping.wait(YIELD_STEP_S)
            waited_s += YIELD_STEP_S
        if self._stopping.is_set():
            raise HostUnreachable("the terminal is stopping")
