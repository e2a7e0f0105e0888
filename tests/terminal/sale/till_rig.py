"""A till over a real journal, at the stall of the payment tests, with a clock that tests move."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

from terminal.journal.writer import Journal
from terminal.payment.policy import Policy
from terminal.payment.request import Request
from terminal.ports import ClockQuality
from terminal.sale.desk import SaleDesk
from terminal.sale.outcome import Telling
from terminal.sale.till import Till
from terminal.sale.timekeeper import Timekeeper
from tests.terminal.payment.stall import NOW, POLICY, pay, signer


@dataclass(slots=True)
class ManualClock:
    """Stands still until a test moves it."""

    now_ms: int = 1000 * NOW
    boot: bytes = b"boot0001"
    trusted: ClockQuality = ClockQuality.NTP

    def unix_s(self) -> int:
        return self.now_ms // 1000

    def quality(self) -> ClockQuality:
        return self.trusted

    def monotonic_ms(self) -> int:
        return self.now_ms - 1000 * NOW + 5_000

    def boot_id(self) -> bytes:
        return self.boot


@dataclass(slots=True)
class TillRig:
    """Opens, and opens again, the same journal."""

    path: Path
    policy: Policy = POLICY
    clock: ManualClock = field(default_factory=ManualClock)
    told: list[Telling] = field(default_factory=list)
    vfs: str | None = None
    randomness: random.Random = field(default_factory=lambda: random.Random(7))
    journal: Journal = field(init=False)
    till: Till = field(init=False)
    desk: SaleDesk = field(init=False)

    def __post_init__(self) -> None:
        self.reopen(close=False)

    def reopen(self, *, close: bool = True) -> None:
        """As after the end of the process."""
        if close:
            self.journal.close()
        self.journal = Journal.open(
            self.path,
            signer=signer("journal"),
            origin=f"host.example/t/{self.policy.terminal}/1",
            clock=self.clock,
            random_bytes=self.randomness.randbytes,
            vfs=self.vfs,
        )
        self.till = Till(
            self.journal,
            self.policy,
            signer=signer("journal"),
            clock=self.clock,
            timekeeper=Timekeeper(self.clock, built_unix_s=0),
            random_bytes=self.randomness.randbytes,
        )
        self.desk = SaleDesk(self.till, tell=self.told.append, monotonic_ms=self.clock.monotonic_ms)

    @property
    def request(self) -> Request:
        """The open sale's request."""
        assert self.till.sale is not None
        return self.till.sale.request

    def answer(self, from_minor: int = 0) -> bytes:
        """The payer's presentation for the open sale."""
        return pay(self.request, from_minor)
