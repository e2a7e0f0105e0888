"""What a command prints: words for a person, or one JSON value a line for a program.

Results go to standard output, everything else to standard error, so that a pipe sees results alone.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.control import Control
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.segment import ControlType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from terminal.errors import KumquatError


ERASE_LINE: Final = Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2))


class Output:
    """One command's two streams. ``as_json`` turns words into JSON lines."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self._out = Console(highlight=False, soft_wrap=True)
        self._err = Console(stderr=True, highlight=False, soft_wrap=True)
        self._status = ""

    def result(self, value: Mapping[str, object], words: str) -> None:
        """One result: ``value`` as a JSON line, or ``words``."""
        if self.as_json:
            sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
            sys.stdout.flush()
        else:
            self._erase_status()
            self._out.print(words, markup=False)

    def note(self, words: str) -> None:
        """Something on the way, for a person; silent in JSON."""
        if not self.as_json:
            self._erase_status()
            self._err.print(words, markup=False)

    def status(self, words: str) -> None:
        """How things stand: one line that changes in place on a terminal, lines anywhere else.

        Empty words end it.
        """
        if self.as_json or words == self._status:
            return
        self._erase_status()
        self._status = words
        if words and self._err.is_terminal:
            self._err.print(words[: self._err.width - 1], markup=False, end="")
        elif words:
            self._err.print(words, markup=False)

    def _erase_status(self) -> None:
        if self._status and self._err.is_terminal:
            self._err.control(ERASE_LINE)
        self._status = ""

    def error(self, error: KumquatError) -> None:
        """One clear line on standard error; in JSON also a value on standard output."""
        if self.as_json:
            kind = type(error).__name__
            self.result({"event": "error", "error": kind, "message": str(error)}, "")
        self._err.print(f"kumquat: {error}", markup=False, style="red")

    def usage(self, error: Exception) -> None:
        """The command line's words are off: what, and where the right ones are."""
        words = getattr(error, "format_message", error.__str__)()
        self._err.print(f"kumquat: {words}", markup=False, style="red")
        self._err.print("kumquat: `kumquat COMMAND --help` lists what it takes", markup=False)

    def progress(self) -> Progress:
        """A progress display for anything long; shows nothing in JSON or in a pipe."""
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        hidden = self.as_json or not self._err.is_terminal
        return Progress(*columns, console=self._err, transient=True, disable=hidden)
