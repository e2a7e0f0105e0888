"""The whole loop over the till's rig, without devices: threads talk to it as devices would."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from host_sim.world.faults import FaultyDisk
from terminal.crypto.keys import parse_public_key
from terminal.errors import JournalError
from terminal.runtime.announcer import Announcer
from terminal.runtime.board import DaySettings, ScreenBoard
from terminal.runtime.door import DeskDoor
from terminal.runtime.front_panel import Post
from terminal.runtime.inbox import Call, Stop
from terminal.runtime.loop import Runtime
from terminal.runtime.shop import Shop
from terminal.runtime.tap_sales import LoopTapSales
from terminal.sale.desk import SaleDesk
from terminal.sale.outcome import Telling
from terminal.sale.timekeeper import Timekeeper
from terminal.sale.view import Phase, Screen, Totals
from terminal.sync.policies import Policies
from tests.terminal.payment.stall import CNY, POLICY, TERMINAL, signer
from tests.terminal.sale.till_rig import ManualClock, TillRig

WAIT_S = 10.0


class LoopRig:
    """A running terminal without devices; ``log`` is what it reported."""

    def __init__(
        self, path: Path, unattended: Post | None = None, disk: FaultyDisk | None = None
    ) -> None:
        self.path = path
        self.disk = disk
        self.clock = ManualClock()
        self.log: list[dict[str, object]] = []
        self._logged = threading.Condition()
        self.rig: TillRig | None = None
        self.when: dict[str, Callable[[], None]] = {}
        """Done on the loop's thread when an event of this name is reported."""
        self.randomness = random.Random(7)
        self.refused_openings = 0
        """How many more times the journal cannot be opened."""
        self.runtime = Runtime(
            self._open,
            board=lambda _: ScreenBoard(DaySettings(), first_screen()),
            report=self._report,
            monotonic_ms=self.clock.monotonic_ms,
        )
        self.runtime.announcer = Announcer(self._report, None, None)
        self.door = DeskDoor(self.runtime)
        self.taps = LoopTapSales(self.runtime, self._report, unattended)

    def _open(self, tell: Callable[[Telling], None]) -> Shop:
        if self.refused_openings:
            self.refused_openings -= 1
            raise JournalError("the disk is away")
        rig = TillRig(
            self.path,
            clock=self.clock,
            vfs=self.disk.name if self.disk else None,
            randomness=self.randomness,
        )
        self.rig = rig
        desk = SaleDesk(rig.till, tell=tell, monotonic_ms=self.clock.monotonic_ms)
        root = parse_public_key(signer("root").public_key, "root")
        policies = Policies(rig.journal, root, TERMINAL)
        return Shop(rig.journal, rig.till, desk, Timekeeper(self.clock), policies)

    def _report(self, event: Mapping[str, object]) -> None:
        with self._logged:
            self.log.append(dict(event))
            self._logged.notify_all()
        self.when.get(str(event["event"]), lambda: None)()

    def wait_for(self, name: str) -> dict[str, object]:
        """The first event of this name, also one that came before."""
        with self._logged:
            found = self._logged.wait_for(
                lambda: next((each for each in self.log if each["event"] == name), None), WAIT_S
            )
        assert found is not None, f"no {name} in {self.log}"
        return found

    def events(self) -> list[object]:
        """The names of everything reported so far, once the loop has caught up."""
        self.ask(lambda: None)
        return [each["event"] for each in self.log]

    def ask(self, work: Callable[[], object]) -> object:
        """Something done on the loop's thread."""
        from concurrent.futures import Future

        result: Future[object] = Future()
        self.runtime.post(Call(work, result))
        return result.result(WAIT_S)

    def answer(self, from_minor: int = 0) -> bytes:
        """The payer's presentation for what is asked for."""
        assert self.rig is not None
        return self.rig.answer(from_minor)


@contextmanager
def running(
    path: Path, unattended: Post | None = None, disk: FaultyDisk | None = None
) -> Iterator[LoopRig]:
    """The loop on a thread of its own, ended afterwards."""
    rig = LoopRig(path, unattended, disk)
    thread = threading.Thread(target=rig.runtime.run)
    thread.start()
    try:
        yield rig
    finally:
        rig.runtime.post(Stop())
        thread.join(WAIT_S)
        assert not thread.is_alive()


def first_screen() -> Screen:
    return Screen(0, Phase.IDLE, CNY, POLICY.name, TERMINAL, Totals(0, 0, 0, 0, 0))
