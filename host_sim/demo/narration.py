"""What the demo says while it plays: a step, what happened, and a table at the end."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the final table: what was tried, what was seen, and whether it was right."""

    step: str
    tried: str
    seen: str
    good: bool


@dataclass(slots=True)
class Narration:
    """Tells the day as it goes. ``as_json`` prints one value a line instead."""

    as_json: bool = False
    lines: list[Line] = field(default_factory=list)
    _console: Console = field(default_factory=lambda: Console(highlight=False))
    _began_s: float = field(default_factory=time.monotonic)
    _step: str = ""

    def step(self, number: str, title: str) -> None:
        """Begin a step of the day."""
        self._step = number
        if not self.as_json:
            seconds = time.monotonic() - self._began_s
            self._console.print(f"\n[bold]{number}. {title}[/bold]  [dim]{seconds:5.1f} s[/dim]")

    def say(self, words: str) -> None:
        """Something that happened on the way."""
        if not self.as_json:
            self._console.print(f"   {words}", markup=False)

    def check(self, tried: str, seen: str, good: bool) -> None:
        """Something that has to be right, for the final table."""
        self.lines.append(Line(self._step, tried, seen, good))
        if self.as_json:
            value = {"step": self._step, "tried": tried, "seen": seen, "good": good}
            sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
            sys.stdout.flush()
        else:
            mark, style = ("ok ", "green") if good else ("BAD", "bold red")
            self._console.print(f"   {mark} {tried}: {seen}", style=style, markup=False)

    @property
    def good(self) -> bool:
        """Whether everything was right."""
        return bool(self.lines) and all(line.good for line in self.lines)

    def close(self) -> None:
        """The final table."""
        if self.as_json:
            return
        table = Table(title="The day", show_lines=False)
        for heading in ("step", "tried", "seen", ""):
            table.add_column(heading, overflow="fold")
        for line in self.lines:
            table.add_row(line.step, line.tried, line.seen, "ok" if line.good else "BAD")
        seconds = time.monotonic() - self._began_s
        self._console.print()
        self._console.print(table)
        bad = sum(not line.good for line in self.lines)
        verdict = "Everything was as it should be" if self.good else f"{bad} things were not right"
        self._console.print(f"{verdict}; {len(self.lines)} checks in {seconds:.0f} s.")
