"""Live pages: server-sent events (HTML standard, 9.2) that carry only the screen's version.

The desk calls back from any thread; each open page has one flag that the event loop reads, so a
burst of changes is one message and no queue can grow. The page then loads what it shows: an event
never holds anything secret or anything that could be shown stale.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from starlette.responses import StreamingResponse

from terminal.sale.view import Desk, Screen

MAX_PAGES: Final = 16
HEARTBEAT_S: Final = 10.0
"""A page that hears nothing for twice this long may say that it lost the terminal."""


class Live:
    """Every open page's stream; ``close`` ends them all, from any thread."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._pages: set[_Page] = set()
        self._closed = False

    @property
    def is_full(self) -> bool:
        """Whether one more page would be too many."""
        return len(self._pages) >= MAX_PAGES

    def response(self) -> StreamingResponse:
        """One page's stream, until it goes away or the server stops."""
        return StreamingResponse(self._events(), media_type="text/event-stream")

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        self._closed = True
        for page in tuple(self._pages):
            page.wake()

    async def _events(self) -> AsyncIterator[bytes]:
        page = _Page(asyncio.get_running_loop())
        self._pages.add(page)
        unsubscribe = self._desk.subscribe(page.changed)
        try:
            yield b"retry: 1000\n\n" + event(self._desk.screen())
            while not self._closed:
                if await page.woken(HEARTBEAT_S):
                    if not self._closed:
                        yield event(self._desk.screen())
                else:
                    yield b"event: alive\ndata: \n\n"
        finally:
            unsubscribe()
            self._pages.discard(page)


def event(screen: Screen) -> bytes:
    """The message of one screen: its version and its phase."""
    return f"event: screen\ndata: {screen.version} {screen.phase.value}\n\n".encode()


class _Page:
    """One open page: a flag set from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._flag = asyncio.Event()

    def changed(self, _: Screen) -> None:
        self.wake()

    def wake(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._flag.set)

    async def woken(self, timeout_s: float) -> bool:
        try:
            await asyncio.wait_for(self._flag.wait(), timeout_s)
        except TimeoutError:
            return False
        self._flag.clear()
        return True
