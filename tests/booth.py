"""A real driver on a simulated line, with its loop, a desk and a card: for tests end to end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from host_sim.world.card import open_card
from host_sim.world.isodep_card import IsoDepCard
from host_sim.world.pn532 import Pn532
from host_sim.world.pn532_pty import Pn532Line
from host_sim.world.rf_field import RfCard, RfField
from terminal.devices.nfcpy_reader import NfcpyReader
from terminal.nfc.polling import FieldState, PollingLoop
from terminal.nfc.tap import TapDone
from tests.cards import RecordingDesk, stored_card

RECOVERY_S = 2.0


def open_files() -> int:
    """How many files this process holds open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@dataclass
class Booth:
    """A real driver on a simulated line, with its loop and a card."""

    line: Pn532Line
    desk: RecordingDesk
    loop: PollingLoop
    card: IsoDepCard
    card_path: Path

    def until(self, wanted: Callable[[], bool], limit_s: float = RECOVERY_S) -> float:
        """Turn the loop until something holds; how long that took."""
        start = time.monotonic()
        while not wanted():
            assert time.monotonic() - start < limit_s, self.desk.names()
            time.sleep(self.loop.turn() / 1000)
        return time.monotonic() - start

    def clear(self) -> None:
        """Everything off the reader, and the loop knows."""
        for card in self.line.chip.field.cards:
            self.line.remove(card)
        self.until(lambda: self.loop.state is FieldState.SEARCHING)

    def tap(self, card: RfCard | None = None, limit_s: float = RECOVERY_S) -> float:
        """Place a card until it has paid; how long that took."""
        done = self.count(TapDone)
        self.line.place(card or self.card)
        took_s = self.until(lambda: self.count(TapDone) > done, limit_s)
        self.clear()
        return took_s

    def count(self, kind: type) -> int:
        return sum(isinstance(event, kind) for event in self.desk.events)


@contextmanager
def booth_in(folder: Path) -> Iterator[Booth]:
    """A booth with its reader open and a card that can pay."""
    card_path = stored_card(folder)
    with Pn532Line(Pn532(RfField()), folder / "reader") as line:
        desk = RecordingDesk()
        reader = NfcpyReader(f"tty:{line.path}:pn532")
        loop = PollingLoop(reader, desk, lambda: time.monotonic_ns() // 1_000_000)
        loop.turn()
        yield Booth(line, desk, loop, open_card(card_path), card_path)
        loop.close()
