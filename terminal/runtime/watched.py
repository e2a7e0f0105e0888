"""A thread that a fault of this software ends says so on the screen first; none dies silently."""

from __future__ import annotations

from typing import TYPE_CHECKING

from terminal.runtime.inbox import DeviceState

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.runtime.inbox import Post


def watched(device: str, work: Callable[[], None], post: Post) -> Callable[[], None]:
    """``work`` for a thread's target; its unexpected end is the device's fault, and a traceback."""

    def run() -> None:
        try:
            work()
        except Exception as error:
            what = f"{device}: a fault of this software ended it ({type(error).__name__})"
            post(DeviceState(device, f"{what}; start the terminal again"))
            raise

    return run
