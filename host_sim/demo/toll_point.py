"""A toll point of real processes: host, terminal, simulated reader with its card, front panel."""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from host_sim.demo.cast import Cast, assemble
from host_sim.demo.processes import Actor, Event
from host_sim.demo.stage import Stage

HAND_S = 0.5
"""A terminal that looks every few milliseconds has seen the empty field long before."""
BLINK_MS = 100
"""The first light and cue come within this time of the card."""


@dataclass
class TollPoint:
    """The lane; ``terminal`` is its process."""

    stage: Stage
    cast: Cast
    terminal: Actor

    def place(self, words: str | None = None) -> float:
        """Put a card on the reader, ours unless told; when, in milliseconds (monotonic)."""
        reader = self.cast.reader
        reader.tell(f"place {words or self.cast.card}")
        return int(reader.expect("placed")["at_ns"]) / 1e6

    def clear(self) -> None:
        """Take everything off the reader, and move the hand away as slowly as a person does."""
        self.cast.reader.tell("remove")
        self.cast.reader.expect("done", command="remove")
        select.select([], [], [], HAND_S)

    def panel_ms(self, since: int, **fields: object) -> float:
        """When the panel did that, in milliseconds (monotonic)."""
        at_ms = self.stage.panel.wait_for(10.0, since, **fields)["at_ms"]
        assert isinstance(at_ms, float)
        return at_ms

    def entries(self) -> list[Event]:
        """What the terminal's journal holds, as its command shows it."""
        return self.stage.lines("toll")


@contextmanager
def toll_point(root: Path) -> Iterator[TollPoint]:
    """Everything running, the panel linked, the host in step."""
    with Stage.build(root, "simulated") as stage:
        cast = assemble(stage)
        terminal = stage.terminal("toll")
        terminal.expect("panel", what="LinkUp", timeout_s=30)
        terminal.expect("synced", problems=[])
        yield TollPoint(stage, cast, terminal)
