"""A button pressed twice, or a form sent twice, is one wish.

Most intentions have the effect of once by themselves: a sale is open already, a void leaves nothing
to void. A partial refund has not: sent twice it is given twice, out of the merchant's pocket.
"""

from __future__ import annotations

from typing import Final

from terminal.sale.view import DeskRefused

AT_ONCE_MS: Final = 5_000
"""Nobody gives the same refund of the same sale again this soon on purpose."""


class DoublePress:
    """Remembers the last wish that was done, and when."""

    def __init__(self) -> None:
        self._last: tuple[tuple[int, int], int] | None = None

    def refuse_again(self, wish: tuple[int, int], now_ms: int) -> None:
        """Let a wish through unless it was done just now.

        Raises:
            DeskRefused: it was.
        """
        last, done_ms = self._last or (None, 0)
        if last == wish and now_ms - done_ms < AT_ONCE_MS:
            raise DeskRefused("the same was given back just now: wait to give it once more")

    def done(self, wish: tuple[int, int], now_ms: int) -> None:
        """This wish is durable."""
        self._last = wish, now_ms
