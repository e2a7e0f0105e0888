"""A thread that makes blocking calls, so that its owner can stop waiting for one.

For libraries whose calls know no time-out. A call that comes back late goes on in its thread, and
no other begins meanwhile: nothing that was given up is ever done afterwards.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class Overdue(Exception):
    """The call did not come back in time."""


class CallThread:
    """One thread, one call at a time; it ends with ``end``, or with the process."""

    def __init__(self, name: str) -> None:
        self._calls: SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = SimpleQueue()
        self._late: Future[Any] | None = None
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    def ended(self, timeout_s: float) -> bool:
        """Whether it has ended, or does within this time; only ``end`` makes it."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def busy(self) -> bool:
        """Whether a call that was given up has not come back yet."""
        return self._late is not None and not self._late.done()

    def call(self, work: Callable[[], T], timeout_s: float) -> T:
        """What ``work`` returns or raises.

        Raises:
            Overdue: it takes longer. If it had not begun yet, it never will.
        """
        result: Future[T] = Future()
        self._calls.put((work, result))
        try:
            return result.result(timeout_s)
        except FutureTimeout:
            self._late = None if result.cancel() else result
            raise Overdue from None

    def end(self, last: Callable[[], None], timeout_s: float) -> None:
        """Do ``last`` after whatever is under way, then end; waits for it ``timeout_s`` at most."""
        self._calls.put((last, Future()))
        self._calls.put(None)
        self._thread.join(timeout_s)

    def _serve(self) -> None:
        while (call := self._calls.get()) is not None:
            work, result = call
            if not result.set_running_or_notify_cancel():
                continue
            try:
                result.set_result(work())
            except BaseException as error:  # noqa: BLE001 - the caller's to handle
                result.set_exception(error)
            del work, result, call  # nothing is kept alive while waiting
