"""Hours of polling: as many looks as an idle terminal makes in that time, with a reader that ages.

    python -m benchmarks.poll_soak [--hours 8] [--slow-after 9000] [--lock-after 9000]

nfcpy's real driver on the simulated chip's pseudo-terminal, our polling loop, and no waiting
between looks: an idle terminal looks every 250 ms, so an hour is 14,400 looks. The reader does what
users report of theirs. In the first half, after so many looks its answers come later and later,
until it is set up anew; in the second it answers nothing at all after so many, until its reset line
is pulsed. Every thousand looks, and whenever the reader was opened anew, somebody pays.
``longest_recovery_s`` is the longest time from the last look at a reader that was well to the next
tap that paid. Faults go by the number of looks, so two runs meet the same ones.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from benchmarks.stall import BenchStall
from benchmarks.tap_soak import open_files, rss_mb
from benchmarks.tap_till import TillDesk, purse_for
from host_sim.world.pn532 import Pn532
from host_sim.world.pn532_pty import Pn532Line
from host_sim.world.reader_faults import ReaderFault
from host_sim.world.rf_field import RfField
from terminal.devices.nfcpy_reader import NfcpyReader
from terminal.nfc.polling import FieldState, PollingLoop, PollingProfile

HOURS: Final = 8.0
SLOW_AFTER: Final = 9_000
LOCK_AFTER: Final = 9_000
TAP_EVERY: Final = 1_000
WARM_UP_LOOKS: Final = 2_000
GIVE_UP_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class PollReport:
    """What came of it. ``slowed``, ``locked``: how often the reader was opened anew for it."""

    looks: int
    hours: float
    taps: int
    slowed: int
    locked: int
    longest_recovery_s: float
    leaked_fds: int
    rss_growth_mb: float
    look_us: float
    seconds: float

    def figures(self) -> dict[str, float]:
        """As ``make bench-nfc`` prints them."""
        kept = ("hours", "looks", "slowed", "locked", "longest_recovery_s", "leaked_fds")
        return {f"poll_soak_{name}": getattr(self, name) for name in (*kept, "rss_growth_mb")}


class PollSoak:
    """One reader that ages, one till, one payer."""

    def __init__(self, directory: Path, line: Pn532Line, seed: int) -> None:
        self.line = line
        self.stall = BenchStall(directory / "poll.db", seed)
        self.desk = TillDesk(self.stall)
        self.purse = purse_for(self.stall, random.Random(seed))
        self.taps = 0
        self.longest_s = 0.0
        reader = NfcpyReader(f"tty:{line.path}:pn532", reset=self._reset)
        self.loop = PollingLoop(reader, self.desk, lambda: time.monotonic_ns() // 1_000_000)

    def _reset(self) -> None:
        """The reset line, as the board wires it."""
        self.line.chip.brown_out()

    def look(self) -> bool:
        """One turn; whether it found the reader well."""
        self.line.chip.commands.clear()
        wait_ms = self.loop.turn()
        if self.loop.state is FieldState.DOWN:
            time.sleep(wait_ms / 1000)
            return False
        return True

    def pay(self, since_s: float) -> None:
        """One sale, paid whatever it takes; ``since_s``: when all was well for the last time."""
        for index in self.stall.journal.head.unannounced:
            self.stall.journal.mark_announced(index)
        self.stall.journal.idle()
        self.desk.open()
        ends_s = time.monotonic() + GIVE_UP_S
        self.line.place(self.purse.card)
        while not self.desk.paid and time.monotonic() < ends_s:
            self.look()
            if self.purse.card not in self.line.chip.field.cards:
                self.line.place(self.purse.card)
        self.longest_s = max(self.longest_s, time.monotonic() - since_s)
        self.taps += self.desk.paid
        self.line.remove(self.purse.card)
        while self.loop.state is not FieldState.SEARCHING and time.monotonic() < ends_s:
            self.look()

    def run(self, looks: int) -> float:
        """So many looks; how much memory grew, in MB."""
        warm_mb, well_s = rss_mb(), time.monotonic()
        for number in range(1, looks + 1):
            began_s = time.monotonic()
            well = self.look()
            if not well or number % TAP_EVERY == 0:
                self.pay(began_s if well else well_s)
            if well and time.monotonic() - began_s < SLOW_S:
                well_s = time.monotonic()
            if number == min(WARM_UP_LOOKS, looks // 4):
                warm_mb = rss_mb()
        return rss_mb() - warm_mb

    @property
    def reopened(self) -> int:
        """How often the reader was given up and opened anew."""
        return self.desk.events.get("ReaderDown", 0)


SLOW_S: Final = PollingProfile().slow_look_ms / 1000


def poll_soak(
    directory: Path,
    hours: float = HOURS,
    *,
    slow_after: int = SLOW_AFTER,
    lock_after: int = LOCK_AFTER,
    seed: int = 4,
) -> PollReport:
    """Look for as many times as an idle terminal does in so many hours."""
    looks = int(hours * 3_600_000 / PollingProfile().idle_interval_ms)
    began_s = time.monotonic()
    with Pn532Line(Pn532(RfField()), directory / "reader") as line:
        soak = PollSoak(directory, line, seed)
        files = open_files()
        line.chip.faults.plan(ReaderFault.SLOWING, slow_after)
        grown_mb = soak.run(looks // 2)
        slowed = soak.reopened
        line.chip.faults.mend()
        line.chip.faults.plan(ReaderFault.LOCKED_UP, lock_after)
        grown_mb += soak.run(looks // 2)
        soak.loop.close()
        leaked = open_files() - files
        soak.stall.close()
    seconds = time.monotonic() - began_s
    return PollReport(
        looks=looks,
        hours=hours,
        taps=soak.taps,
        slowed=slowed,
        locked=soak.reopened - slowed,
        longest_recovery_s=round(soak.longest_s, 2),
        leaked_fds=leaked,
        rss_growth_mb=round(grown_mb, 2),
        look_us=round(seconds / looks * 1e6, 1),
        seconds=round(seconds, 1),
    )


def main(words: list[str] | None = None) -> int:
    """Run it, print the report; 1 where a recovery took over two seconds or something leaked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.poll_soak")
    parser.add_argument("--hours", type=float, default=HOURS)
    parser.add_argument("--slow-after", type=int, default=SLOW_AFTER)
    parser.add_argument("--lock-after", type=int, default=LOCK_AFTER)
    given = parser.parse_args(words)
    directory = Path(tempfile.mkdtemp(prefix="kumquat-poll-"))
    try:
        report = poll_soak(
            directory, given.hours, slow_after=given.slow_after, lock_after=given.lock_after
        )
    finally:
        shutil.rmtree(directory)
    sys.stdout.write(json.dumps(asdict(report), indent=1) + "\n")
    return 1 if report.longest_recovery_s > 2 or report.leaked_fds else 0


if __name__ == "__main__":
    sys.exit(main())
