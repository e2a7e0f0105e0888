"""The seller's desk as the pages see it: every intention runs on the loop's thread."""

from __future__ import annotations

from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TYPE_CHECKING, Final, TypeVar

from terminal.runtime.inbox import Call
from terminal.sale import book
from terminal.sale.view import DeskRefused, SaleLine, Screen

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.runtime.loop import Runtime

ANSWER_TIMEOUT_S: Final = 10.0
Result = TypeVar("Result")


class DeskDoor:
    """``sale.view.Desk`` for any thread but the loop's own."""

    def __init__(self, runtime: Runtime, answer_timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        self._runtime = runtime
        self._timeout_s = answer_timeout_s

    def screen(self) -> Screen:
        """The newest screen; never waits."""
        return self._runtime.board.screen

    def today(self) -> tuple[SaleLine, ...]:
        """The business day's lines, newest first."""
        return self._ask(self._today)

    def charge(self, amount_minor: int) -> None:
        """Ask for an amount."""
        self._ask(lambda: self._runtime.desk.charge(amount_minor))

    def cancel(self) -> None:
        """Close the open sale."""
        self._ask(lambda: self._runtime.desk.cancel())

    def done(self) -> None:
        """The outcome was seen."""
        self._ask(lambda: self._runtime.desk.cancel())

    def confirm_payer(self) -> None:
        """The seller has checked the payer."""
        self._ask(lambda: self._runtime.desk.confirm_the_payer())

    def refund(self, index: int, amount_minor: int) -> None:
        """Give money back on a sale of this journal."""
        self._ask(lambda: self._runtime.desk.refund(index, amount_minor))

    def void(self, index: int) -> None:
        """Undo a whole sale."""
        self._ask(lambda: self._runtime.desk.void(index))

    def undo(self) -> None:
        """Void the day's last sale."""
        self._ask(lambda: self._runtime.desk.undo(self._today()))

    def repeat_last(self) -> None:
        """Ask for the last amount again."""
        self._ask(lambda: self._runtime.desk.repeat_last())

    def replay(self) -> None:
        """Announce the last acceptance once more."""
        self._ask(lambda: self._runtime.desk.replay())

    def acknowledge(self, index: int) -> None:
        """An accepted sale that was never announced has been seen."""
        self._ask(lambda: self._runtime.acknowledge(index))

    def scan(self, line: str) -> None:
        """A line from a scanner."""
        self._ask(lambda: self._runtime.desk.scan(line))

    def subscribe(self, changed: Callable[[Screen], None]) -> Callable[[], None]:
        """Call ``changed`` on every new screen; returns how to stop."""
        return self._runtime.board.subscribe(changed)

    def _today(self) -> tuple[SaleLine, ...]:
        runtime = self._runtime
        return book.today(runtime.journal, runtime.board.day_start(runtime.desk))

    def _ask(self, work: Callable[[], Result]) -> Result:
        answer: Future[Result] = Future()
        self._runtime.post(Call(work, answer))
        try:
            return answer.result(self._timeout_s)
        except FutureTimeout as error:
            # Given up means never done: a refund asked for again must not be given twice.
            if answer.cancel():
                raise DeskRefused("the terminal is busy: try again") from error
        try:
            return answer.result(self._timeout_s)
        except FutureTimeout as error:
            raise DeskRefused("the terminal is still at it: look at today's list first") from error
