"""A terminal as a process: how soon it is ready over a long journal, and how much memory it holds.

The process is the real one (``kumquat run``): page, microphone on a virtual sound card where there
is one, sync with a real host on loopback. Memory is read after it has heard and judged bursts.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from host_sim.demo.cast import STALL, enrol, found_host
from host_sim.demo.stage import PHONE, STALL_CONFIG, Stage
from terminal.compose.shop import ShopOpener
from terminal.compose.state import StatePaths, load_enrolment, open_keys
from terminal.devices.system_clock import SystemClock
from terminal.journal.draft import EntryDraft
from terminal.journal.entry import EntryKind
from terminal.payment.coupon import CouponId
from terminal.payment.spend import SpendId

ENTRIES: Final = 10_000
STARTS: Final = 5
BURSTS: Final = 2
BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class ProcessFigures:
    """Median over the starts, and resident memory after hearing bursts."""

    ready_s: float
    ready_worst_s: float
    rss_mb: float
    entries: int


def measure_process() -> ProcessFigures:
    """Enrol, fill the journal, start several times, let it hear.

    Raises:
        KumquatError: a part of this machine is missing.
    """
    with (
        tempfile.TemporaryDirectory(prefix="kumquat-bench-") as folder,
        Stage.build(Path(folder), "virtual") as stage,
    ):
        found_host(stage)
        host = stage.host()
        paths = StatePaths(stage.state("stall"))
        paths.root.mkdir(mode=0o700)
        air = stage.air
        config = STALL_CONFIG.format(microphone=air.stall_microphone, speaker=air.stall_speaker)
        paths.config.write_text(config, encoding="utf-8")
        enrol(stage, "stall", STALL)
        host.end()
        fill(paths, ENTRIES)
        return _measure(stage)


def fill(paths: StatePaths, entries: int) -> None:
    """Put accepted entries into a journal, as sales put them, many to a transaction."""
    opener = ShopOpener(paths, load_enrolment(paths), open_keys(paths), SystemClock())
    with opener.open_journal() as journal:
        for start in range(0, entries, BATCH):
            with journal.transaction() as transaction:
                for number in range(start, min(start + BATCH, entries)):
                    spend = SpendId(CouponId(1, number), 0, 1250)
                    draft = EntryDraft(
                        EntryKind.ACCEPTED,
                        policy=1,
                        sale=number + 1,
                        request=bytes(22),
                        presentation=bytes(204),
                        coupon_digest=bytes(32),
                        spend=spend,
                        coupon_bytes=bytes(129),
                    )
                    transaction.append(draft)
            for index in journal.head.unannounced:
                journal.mark_announced(index)


def _measure(stage: Stage) -> ProcessFigures:
    ready_s = []
    for _ in range(STARTS):
        began_s = time.monotonic()
        actor = stage.terminal("stall")
        ready_s.append(time.monotonic() - began_s)
        actor.end()
    actor = stage.terminal("stall")
    for _ in range(BURSTS):
        payload = os.urandom(204).hex()
        stage.run(*PHONE, "play", stage.air.phone_at_stall, "--hex", payload)
        actor.expect("declined", timeout_s=10)
    rss_mb = _resident_mb(actor.pid)
    actor.end()
    return ProcessFigures(statistics.median(ready_s), max(ready_s), rss_mb, ENTRIES)


def _resident_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("a running process has a resident set")
