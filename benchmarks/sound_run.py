"""The work of a run, shared out over processes; what is done is kept, the rest is estimated.

A job is a few frames of one cell, or units of one trial. Jobs of a group go round its cells, so a
run that is stopped has about as many frames of each. Frame n depends on its cell and n alone:
how many processes there are, and where a run was stopped, changes no count.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
import time
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from benchmarks import sound_false
from benchmarks.sound_cells import GROUPS, Cell
from benchmarks.sound_channel import outcome
from benchmarks.sound_false import Trial
from benchmarks.sound_modems import installed, is_peer
from benchmarks.sound_world import QUOTED_SEED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.sound_tally import Counts, Tally

FRAMES_A_JOB: Final = 20
BATCHES_A_JOB: Final = 5
WAITING_A_WORKER: Final = 3
SAID_EVERY_S: Final = 30.0
GUESS_S: Final = {"sensitivity": 0.3, "designs": 0.3, "false_accepts": 0.6}
"""Seconds of one processor for a unit, where nothing is measured yet; else ``GUESS_OTHER_S``."""
GUESS_OTHER_S: Final = 0.1
GUESS_MINUTE_S: Final = 6.0


@dataclass(frozen=True, slots=True)
class Job:
    """``count`` units of a cell or trial, from the unit ``first`` on."""

    group: str
    work: Cell | Trial
    first: int
    count: int

    @property
    def key(self) -> str:
        return key(self.work)


def key(work: Cell | Trial) -> str:
    """What counts are kept under."""
    return repr(replace(work, short=False)) if isinstance(work, Cell) else work.name


def do(job: Job) -> Counts:
    """The counts of a job, and the seconds it took."""
    begun = time.perf_counter()
    counts: Counts = {}
    for n in range(job.first, job.first + job.count):
        seed = QUOTED_SEED + n
        if isinstance(job.work, Cell):
            got = outcome(job.work, seed)
        else:
            got = {"units": 1} | sound_false.run(job.work, seed)
        counts = {name: counts.get(name, 0) + more for name, more in got.items()}
    return counts | {"seconds": round(time.perf_counter() - begun, 3)}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be measured: the works of each group, at most so many units of each."""

    tally: Tally
    works: dict[str, list[Cell | Trial]]
    most: int | None

    def wanted(self, work: Cell | Trial) -> int:
        """Units of it in all."""
        units = work.frames if isinstance(work, Cell) else work.units
        return units if self.most is None else min(units, self.most)

    def done(self, work: Cell | Trial) -> int:
        """Units of it that are kept."""
        counts = self.tally.get(key(work))
        return int(counts.get("frames" if isinstance(work, Cell) else "units", 0))

    def jobs(self) -> Iterator[Job]:
        """Group after group, round after round."""
        for group, works in self.works.items():
            begun = {work: self.done(work) for work in works}
            while left := [work for work in works if begun[work] < self.wanted(work)]:
                for work in left:
                    count = min(_units_a_job(work), self.wanted(work) - begun[work])
                    yield Job(group, work, begun[work], count)
                    begun[work] += count

    def unit_s(self, group: str, work: Cell | Trial) -> float:
        """Seconds of one processor for a unit: its own so far, else its like's, else a guess."""
        own = self.tally.get(key(work))
        if own:
            return own.get("seconds", 0.0) / max(self.done(work), 1)
        if isinstance(work, Trial) and work.name.endswith("noise"):
            return GUESS_MINUTE_S
        like = [w for w in self.works[group] if _like(w, work) and self.tally.get(key(w))]
        units = sum(self.done(w) for w in like)
        if units:
            return sum(self.tally.get(key(w)).get("seconds", 0.0) for w in like) / units
        return GUESS_S.get(group, GUESS_OTHER_S)

    def left_s(self, group: str) -> float:
        """Seconds of one processor that the group still needs."""
        works = self.works[group]
        return sum(max(self.wanted(w) - self.done(w), 0) * self.unit_s(group, w) for w in works)

    def text(self, workers: int) -> str:
        """A line for each group: units done, and minutes still needed."""
        lines = []
        for group, works in self.works.items():
            done = sum(min(self.done(w), self.wanted(w)) for w in works)
            wanted = sum(self.wanted(w) for w in works)
            spent = sum(self.tally.get(key(w)).get("seconds", 0.0) for w in works) / 60
            left = self.left_s(group) / 60 / workers
            lines.append(
                f"{group:14} {done:6} of {wanted:6} done, {spent:6.1f} processor minutes so far,"
                f" about {left:5.1f} min left"
            )
        total = sum(self.left_s(group) for group in self.works) / 60 / workers
        return "\n".join([*lines, f"about {total:.0f} min left on {workers} processes"]) + "\n"


def _units_a_job(work: Cell | Trial) -> int:
    if isinstance(work, Cell):
        return FRAMES_A_JOB
    return 1 if work.name.endswith("noise") else BATCHES_A_JOB


def _like(one: Cell | Trial, other: Cell | Trial) -> bool:
    if isinstance(one, Cell) and isinstance(other, Cell):
        return one.modem == other.modem
    return isinstance(one, Trial) and isinstance(other, Trial) and (
        one.name.split()[1] == other.name.split()[1]
    )  # fmt: skip


def plan(tally: Tally, groups: list[str], *, most: int | None, short: bool) -> Plan:
    """What these groups hold that can be run here."""
    works: dict[str, list[Cell | Trial]] = {}
    for name in groups:
        if name in GROUPS:
            works[name] = [
                cell for cell in GROUPS[name]()
                if installed(cell.modem) and (cell.short or not short)
            ]  # fmt: skip
        elif name == "false_accepts":
            trials = sound_false.trials()
            works[name] = [replace(t, units=1) for t in trials] if short else list(trials)
    return Plan(tally, works, most)


def work_off(todo: Plan, workers: int, ends_s: float | None) -> None:
    """Do the jobs until all are done, or no new ones after ``ends_s`` (monotonic clock)."""
    jobs = todo.jobs()
    context = multiprocessing.get_context("spawn")
    waiting: deque[tuple[Job, Future[Counts]]] = deque()
    said_s = time.monotonic()
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_deaf) as pool:
        try:
            while True:
                over = ends_s is not None and time.monotonic() > ends_s
                while not over and len(waiting) < WAITING_A_WORKER * workers:
                    job = next(jobs, None)
                    if job is None:
                        break
                    waiting.append((job, pool.submit(do, job)))
                if not waiting:
                    return
                job, future = waiting.popleft()
                todo.tally.add(job.key, future.result())
                peer = isinstance(job.work, Cell) and is_peer(job.work.modem)
                todo.tally.save(job.key, peer=peer)
                if time.monotonic() > said_s + SAID_EVERY_S:
                    said_s = time.monotonic()
                    _say(todo, job.group, workers)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _say(todo: Plan, group: str, workers: int) -> None:
    left = sum(todo.left_s(name) for name in todo.works) / 60 / workers
    sys.stderr.write(f"{group}: about {todo.left_s(group) / 60 / workers:.1f} min left, "
                     f"{left:.0f} in all\n")  # fmt: skip


def _deaf() -> None:
    """Let the parent alone hear Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
