"""Thousands of taps while everything goes wrong: nothing lost, nothing twice, nothing left behind.

    python -m benchmarks.tap_soak [--taps 10000] [--seed 4] [--limit-s 600]

nfcpy's real driver on the simulated chip's pseudo-terminal, our polling loop, a till over a real
journal, and payers who hold a card to the reader, see it torn, and hold it there again. Every
trouble is drawn from the seed: damaged and lost frames, cards torn away or unheard at any frame,
brown-outs, a reader unplugged, two cards, cards that cannot pay, the same card once more, the
terminal started anew. (Time-outs are real time, so two runs meet the same troubles and not the same
moments.)

Afterwards the journal is opened again and asked. ``lost`` counts sales that were announced, or
spent on a card, and have no entry, and sales never paid though the payer kept trying. ``doubled``
counts entries for a sale that had one, and money entered twice that the card gave once.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.stall import AMOUNT_MINOR, BenchStall
from benchmarks.tap_till import Purse, TillDesk, purse_for
from host_sim.world.pn532 import Pn532
from host_sim.world.pn532_pty import Pn532Line
from host_sim.world.rf_field import Mishap, PlannedMishap, RfCard, RfField
from host_sim.world.tags import ClassicCard, Type2Tag
from terminal.devices.nfcpy_reader import NfcpyReader
from terminal.journal.entry import EntryKind
from terminal.nfc.polling import FieldState, PollingLoop
from terminal.payment.presentation import decode_presentation
from terminal.sale.outcome import Accepted

TAPS: Final = 10_000
LIMIT_S: Final = 600.0
PURSES: Final = 20
FRAME_FAULT_RATE: Final = 0.005
TRIES: Final = 20
TURNS: Final = 40
SALE_LIMIT_S: Final = 20.0
WARM_UP: Final = 0.2
"""The part of the taps after which memory is looked at first."""
TROUBLES: Final = {
    "mishap": 0.10,
    "twice": 0.02,
    "two cards": 0.005,
    "wrong card": 0.005,
    "brown-out": 0.002,
    "unplugged": 0.002,
    "restart": 0.001,
}
"""How likely each is to befall a tap."""


@dataclass(frozen=True, slots=True)
class SoakReport:
    """What came of it. ``troubles`` counts what was done, ``events`` what the loop said."""

    taps: int
    lost: int
    doubled: int
    leaked_fds: int
    rss_growth_mb: float
    seconds: float
    longest_sale_s: float
    troubles: dict[str, int] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)


class Soak:
    """One reader, one till, many payers."""

    def __init__(self, directory: Path, line: Pn532Line, seed: int) -> None:
        self.chance = random.Random(seed)
        self.line = line
        self.stall = BenchStall(directory / "soak.db", seed)
        self.purses = [purse_for(self.stall, self.chance) for _ in range(PURSES)]
        self.desk = TillDesk(self.stall)
        self.troubles: Counter[str] = Counter()
        self.told = directory / "told"
        """The entry announced for each sale, a line each: in a file, since memory is measured."""
        self.told.touch()
        self.unpaid = 0
        self.longest_s = 0.0
        reader = NfcpyReader(f"tty:{line.path}:pn532")
        self.loop = PollingLoop(reader, self.desk, lambda: time.monotonic_ns() // 1_000_000)
        line.chip.faults.randomise(seed, FRAME_FAULT_RATE)

    def tap(self) -> None:
        """One sale, paid whatever it takes."""
        self.line.chip.commands.clear()
        self.line.chip.field.exchanges.clear()
        for index in self.stall.journal.head.unannounced:
            self.stall.journal.mark_announced(index)
        self.stall.journal.idle()
        self.desk.open()
        purse = self.chance.choice(self.purses)
        self._trouble(purse)
        began_s = time.monotonic()
        for _ in range(TRIES):
            if self.desk.paid or time.monotonic() - began_s > SALE_LIMIT_S:
                break
            self._hold(purse)
        self.longest_s = max(self.longest_s, time.monotonic() - began_s)
        self._note()

    def _note(self) -> None:
        sale, outcome = self.stall.till.sale, self.desk.outcome
        if sale is None or not isinstance(outcome, Accepted):
            self.unpaid += 1
        else:
            with self.told.open("a", encoding="ascii") as file:
                file.write(f"{sale.request_bytes.hex()} {outcome.index}\n")

    def _trouble(self, purse: Purse) -> None:
        for name, likely in TROUBLES.items():
            if self.chance.random() >= likely:
                continue
            self.troubles[name] += 1
            match name:
                case "mishap":
                    mishap = self.chance.choice(list(Mishap))
                    planned = PlannedMishap(mishap, self.chance.randint(1, 4))
                    self.line.chip.field.planned.append(planned)
                case "twice":
                    self._hold(purse)
                    self.desk.outcome = None
                case "two cards":
                    self._refused(purse, self.chance.choice(self.purses))
                case "wrong card":
                    kind = self.chance.choice((ClassicCard, Type2Tag))
                    self._visit([kind(self.chance.randbytes(7))])
                case "brown-out":
                    self.line.chip.brown_out()
                case "unplugged":
                    self.line.unplug()
                    self.loop.turn()
                    self.line.plug_in()
                case "restart":
                    self.stall.close()
                    self.stall.reopen()

    def _refused(self, one: Purse, other: Purse) -> None:
        if one is not other:
            self._visit([one.card, other.card])

    def _hold(self, purse: Purse) -> None:
        """Hold a card to the reader until it paid, or something went wrong; take it away."""
        self._visit([purse.card])

    def _visit(self, cards: list[RfCard]) -> None:
        for card in cards:
            self.line.place(card)
        for _ in range(TURNS):
            self._turn()
            gone = any(card not in self.line.chip.field.cards for card in cards)
            if self.desk.paid or gone or self.loop.state is FieldState.OCCUPIED:
                break
        for card in cards:
            self.line.remove(card)
        ends_s = time.monotonic() + SALE_LIMIT_S
        while self.loop.state is not FieldState.SEARCHING and time.monotonic() < ends_s:
            self._turn()

    def _turn(self) -> None:
        wait_ms = self.loop.turn()
        if self.loop.state is FieldState.DOWN:
            time.sleep(wait_ms / 1000)

    def judge(self) -> tuple[int, int]:
        """Lost and doubled, by what a journal opened anew holds."""
        self.stall.reopen()
        journal = self.stall.journal
        entries = journal.entries(0, journal.size)
        accepted = [entry for entry in entries if entry.kind is EntryKind.ACCEPTED]
        by_request = Counter(entry.request for entry in accepted)
        indices = {entry.request: entry.index for entry in accepted}
        told = [line.split() for line in self.told.read_text(encoding="ascii").splitlines()]
        lost = self.unpaid + sum(indices.get(bytes.fromhex(ask)) != int(at) for ask, at in told)
        doubled = sum(count - 1 for count in by_request.values())
        taken: Counter[object] = Counter()
        for entry in accepted:
            taken[decode_presentation(entry.presentation).coupon_id] += AMOUNT_MINOR
        for purse in self.purses:
            short = purse.state.next_minor - taken[purse.coupon_id]
            lost += max(0, short // AMOUNT_MINOR)
            doubled += max(0, -short // AMOUNT_MINOR)
        self.stall.close()
        return lost, doubled


def soak(directory: Path, taps: int = TAPS, seed: int = 4, limit_s: float = LIMIT_S) -> SoakReport:
    """So many taps, or as many as fit into ``limit_s`` seconds."""
    began_s = time.monotonic()
    with Pn532Line(Pn532(RfField()), directory / "reader") as line:
        run = Soak(directory, line, seed)
        files, warm_mb, done = open_files(), rss_mb(), 0
        for done in range(1, taps + 1):
            run.tap()
            if done == int(taps * WARM_UP):
                warm_mb = rss_mb()
            if time.monotonic() - began_s > limit_s:
                break
        grown_mb = rss_mb() - warm_mb
        run.loop.close()
        leaked = open_files() - files
        run.stall.close()
    lost, doubled = run.judge()
    return SoakReport(
        taps=done,
        lost=lost,
        doubled=doubled,
        leaked_fds=leaked,
        rss_growth_mb=round(grown_mb, 2),
        seconds=round(time.monotonic() - began_s, 1),
        longest_sale_s=round(run.longest_s, 2),
        troubles=dict(run.troubles) | {"frame faults": len(line.chip.faults.struck)},
        events=run.desk.events,
    )


def open_files() -> int:
    """How many files this process holds open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def rss_mb() -> float:
    """Resident memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


def main(words: list[str] | None = None) -> int:
    """Run it, print the report; 1 where something was lost, doubled or left open."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tap_soak")
    parser.add_argument("--taps", type=int, default=TAPS)
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--limit-s", type=float, default=LIMIT_S)
    given = parser.parse_args(words)
    directory = Path(tempfile.mkdtemp(prefix="kumquat-soak-", dir=Path.cwd() / "build"))
    try:
        report = soak(directory, given.taps, given.seed, given.limit_s)
    finally:
        shutil.rmtree(directory)
    sys.stdout.write(json.dumps(asdict(report), indent=1) + "\n")
    return 1 if report.lost or report.doubled or report.leaked_fds else 0


if __name__ == "__main__":
    sys.exit(main())
