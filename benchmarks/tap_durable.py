"""From a card placed to a durable decision, in times the floor (benchmarks/floor.py).

Reader and card have no latency: the driver is ``host_sim.world.direct_reader``, the card signs in
this process and keeps its state in memory, and a look begins as the card is placed. What is left is
ours: the loop, the block protocol, the APDUs, the card's signature, the decision, the commit. The
same with nfcpy's real driver over a pseudo-terminal is given in milliseconds, without a target.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.floor import WARM_UP, Comparison, Floor, compare
from benchmarks.stall import BenchStall
from benchmarks.tap_till import Purse, TillDesk, purse_for
from host_sim.world.direct_reader import DirectReader, HandClock
from host_sim.world.pn532 import Pn532
from host_sim.world.pn532_pty import Pn532Line
from host_sim.world.rf_field import RfCard, RfField
from terminal.devices.nfcpy_reader import NfcpyReader
from terminal.nfc.polling import FieldState, PollingLoop
from terminal.sale.outcome import Accepted

ENTRY = bytes(309)
Move = Callable[[RfCard], None]


def tap_over_floor(directory: Path, pairs: int, seed: int) -> Comparison:
    """Ours and the floor in turn, on one file system."""
    stall = BenchStall(directory / "tap.db", seed)
    floor = Floor(directory / "tap-floor.db", stall.journal_key)
    signed = stall.prepare().signatures
    purse = purse_for(stall, random.Random(seed))
    field, clock = RfField(), HandClock()
    desk = TillDesk(stall)
    loop = PollingLoop(DirectReader(field, clock), desk, clock.monotonic_ms)
    loop.turn()
    times_us = np.empty((2, pairs), dtype=np.float64)

    def ours() -> float:
        return tap(loop, desk, purse, field.place)

    def the_floor() -> float:
        began_ns = time.perf_counter_ns()
        floor.sale(signed, ENTRY)
        return (time.perf_counter_ns() - began_ns) / 1000

    for number in range(-WARM_UP, pairs):
        between(stall, loop, purse, field.remove)
        floor.idle()
        desk.open()
        calls = [(0, ours), (1, the_floor)]
        for which, call in calls if number % 2 else calls[::-1]:
            took_us = call()
            if number >= 0:
                times_us[which, number] = took_us
    stall.close()
    floor.close()
    return compare(times_us, seed)


def tap_by_nfcpy_ms(directory: Path, taps: int, seed: int) -> list[float]:
    """The same through nfcpy's driver and a pseudo-terminal, in milliseconds."""
    stall = BenchStall(directory / "tap-nfcpy.db", seed)
    purse = purse_for(stall, random.Random(seed))
    desk = TillDesk(stall)
    took_ms = []
    with Pn532Line(Pn532(RfField())) as line:
        reader = NfcpyReader(f"tty:{line.path}:pn532")
        loop = PollingLoop(reader, desk, lambda: time.monotonic_ns() // 1_000_000)
        loop.turn()
        for _ in range(taps):
            between(stall, loop, purse, line.remove)
            desk.open()
            took_ms.append(tap(loop, desk, purse, line.place) / 1000)
        loop.close()
    stall.close()
    return took_ms


def tap(loop: PollingLoop, desk: TillDesk, purse: Purse, place: Move) -> float:
    """One tap; microseconds from the card being placed to the decision being durable."""
    placed_ns = time.perf_counter_ns()
    place(purse.card)
    loop.turn()
    assert isinstance(desk.outcome, Accepted), desk.outcome
    return (desk.decided_ns - placed_ns) / 1000


def between(stall: BenchStall, loop: PollingLoop, purse: Purse, remove: Move) -> None:
    """The card is taken away and the sale announced; nothing of it is timed."""
    remove(purse.card)
    while loop.state is not FieldState.SEARCHING:
        loop.turn()
    for index in stall.journal.head.unannounced:
        stall.journal.mark_announced(index)
    stall.journal.idle()
