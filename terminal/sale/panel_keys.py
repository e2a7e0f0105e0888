"""The panel's 4x4 keypad as a till: digits are minor units, letters are the seller's intentions.

``#`` asks for what was typed, ``*`` clears it or cancels the sale, A repeats the last amount, B
replays the last announcement, C confirms the payer, D goes back to the keypad. A panel without a
display shows nothing while typing: the page does, and so the amount is bounded here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from terminal.money import MAX_AMOUNT_MINOR

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.sale.desk import SaleDesk


class PanelKeys:
    """What was typed since the last ``#`` or ``*``."""

    def __init__(self) -> None:
        self.typed_minor = 0

    def press(self, key: str, desk: SaleDesk) -> None:
        """One key, from ``0123456789ABCD*#``; others do nothing.

        Raises:
            DeskRefused: the desk will not do that now; what was typed is kept.
        """
        if key.isdecimal():
            self.typed_minor = min(10 * self.typed_minor + int(key), MAX_AMOUNT_MINOR)
        elif key == "*" and self.typed_minor:
            self.typed_minor = 0
        elif key == "#":
            desk.charge(self.typed_minor)
            self.typed_minor = 0
        elif (intention := _INTENTIONS.get(key)) is not None:
            intention(desk)


_INTENTIONS: Final[dict[str, Callable[[SaleDesk], None]]] = {
    "*": lambda desk: desk.cancel(),
    "A": lambda desk: desk.repeat_last(),
    "B": lambda desk: desk.replay(),
    "C": lambda desk: desk.confirm_the_payer(),
    "D": lambda desk: desk.cancel(),
}
