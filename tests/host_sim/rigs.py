"""A small whole world for tests: a host behind its door, terminals with real journals, wallets.

Everything is seeded. Journals and stores are real files in a temporary directory; nothing is
patched: ``Hands`` and ``MemoryKeys`` implement the real ports.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from host_sim.door import Door
from host_sim.issuer import Order
from host_sim.keys import create_keys
from host_sim.model import IssuedCoupon
from host_sim.registration import TerminalSettings
from host_sim.service import Host, found_host, open_host
from host_sim.store.sqlite import SqliteStore
from terminal.crypto.keys import SoftwareSigner, private_signer
from terminal.errors import KeyStoreError
from terminal.journal.draft import EntryDraft
from terminal.journal.entry import Entry, EntryKind
from terminal.journal.writer import Journal
from terminal.payment.coupon import decode_coupon
from terminal.payment.presentation import alone_presentation, full_presentation
from terminal.payment.request import Request
from terminal.payment.spend import SpendId
from terminal.payment.verdict import Verdict, decode_verdict
from terminal.ports import ClockQuality, Signer
from terminal.sync.enrolment import Enrolled, StoredKeys, enrol_session
from terminal.sync.enrolment_messages import parse_code
from terminal.sync.exchange import HostReply, HostRequest, Send, run
from terminal.sync.policies import Policies, trust_of
from terminal.sync.session import SyncOutcome, sync_session

START = 1_800_000_000
CNY = 156


@dataclass
class Hands:
    """A clock that tests move by hand."""

    now: int = START
    trusted: ClockQuality = ClockQuality.NTP

    def unix_s(self) -> int:
        return self.now

    def quality(self) -> ClockQuality:
        return self.trusted

    def monotonic_ms(self) -> int:
        return self.now * 1000

    def boot_id(self) -> bytes:
        return b"bootboot"


class MemoryKeys:
    """A key store in memory, its keys drawn from a seed."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._keys: dict[str, SoftwareSigner] = {}

    def labels(self) -> frozenset[str]:
        return frozenset(self._keys)

    def create(self, label: str, algorithm: str) -> Signer:
        if label in self._keys:
            raise KeyStoreError(f"{label} is taken")
        self._keys[label] = private_signer(algorithm, self._chance.randbytes(32))
        return self._keys[label]

    def signer(self, label: str) -> Signer:
        if label not in self._keys:
            raise KeyStoreError(f"no key {label}")
        return self._keys[label]


@dataclass
class Wallet:
    """A holder: one coupon, and how much of it is spent."""

    signer: Signer
    coupon: IssuedCoupon
    spent_minor: int = 0

    @property
    def coupon_bytes(self) -> bytes:
        return self.coupon.coupon

    def answer(self, request: bytes, amount_minor: int, start: int | None = None) -> bytes:
        """A full presentation; ``start`` overrides the next interval, as a cheat would."""
        begin = self.spent_minor if start is None else start
        self.spent_minor = max(self.spent_minor, begin + amount_minor)
        return full_presentation(
            self.coupon_bytes, begin, amount_minor, 0, request, None, self.signer
        )


@dataclass
class TerminalRig:
    """One terminal: keys, journal, and how to sell and sync."""

    path: Path
    enrolled: Enrolled
    keys: StoredKeys
    clock: Hands
    chance: random.Random
    journal: Journal = field(init=False)

    def __post_init__(self) -> None:
        self.open()
        if self.journal.policy() is None:
            self.journal.install_policy(self.enrolled.policy_bytes, self.enrolled.policy.version)

    def open(self) -> None:
        self.journal = Journal.open(
            self.path,
            signer=self.keys.journal(self.enrolled.origin.epoch),
            origin=str(self.enrolled.origin),
            clock=self.clock,
            random_bytes=self.chance.randbytes,
        )

    @property
    def number(self) -> int:
        return self.enrolled.origin.terminal

    @property
    def epoch(self) -> int:
        return self.enrolled.origin.epoch

    def request(self, amount_minor: int) -> bytes:
        return Request(self.number, CNY, amount_minor, self.chance.randbytes(8)).encode()

    def sell(
        self, wallet: Wallet, amount_minor: int, *, start: int | None = None, alone: bool = False
    ) -> Entry:
        """An accepted sale straight into the journal; the decision is tested elsewhere."""
        request = self.request(amount_minor)
        begin = wallet.spent_minor if start is None else start
        presentation = wallet.answer(request, amount_minor, start)
        if alone:
            presentation = alone_presentation(
                wallet.coupon_bytes, begin, amount_minor, 0, request, None, wallet.signer
            )
        return self.take(wallet.coupon_bytes, request, presentation, begin, amount_minor)

    def take(
        self, coupon_bytes: bytes, request: bytes, presentation: bytes, begin: int, amount: int
    ) -> Entry:
        """Append an ACCEPTED entry with exactly these bytes."""
        coupon = decode_coupon(coupon_bytes)
        with self.journal.transaction() as transaction:
            return transaction.append(
                EntryDraft(
                    EntryKind.ACCEPTED,
                    self.enrolled.policy.version,
                    request=request,
                    presentation=presentation,
                    coupon_digest=coupon.digest,
                    spend=SpendId(coupon.id, begin, amount),
                    coupon_bytes=coupon_bytes,
                )
            )

    def refund(self, entry: Entry, amount_minor: int) -> Entry:
        with self.journal.transaction() as transaction:
            return transaction.refund(entry.index, amount_minor, policy=1)

    def policies(self) -> Policies:
        return Policies(self.journal, self.enrolled.root_key, self.number)

    def sync(self, send: Send) -> SyncOutcome:
        policies = self.policies()
        installed = policies.installed()
        assert installed is not None
        dialogue = sync_session(
            self.journal,
            policies,
            origin=str(self.enrolled.origin),
            signer=self.keys.journal(self.epoch),
            trust=trust_of(installed),
            nonce=self.chance.randbytes(8),
        )
        return run(dialogue, send)

    def verdicts(self) -> dict[int, Verdict]:
        """The recorded verdicts by index."""
        found = [decode_verdict(data) for data in self.journal.verdicts()]
        return {verdict.index: verdict for verdict in found}


class AnyDoor(Protocol):
    """The host in memory or over HTTP."""

    def send(self, request: HostRequest) -> HostReply: ...


class World:
    """A host on a real store, with as many terminals and wallets as a test asks for."""

    def __init__(self, folder: Path, seed: int = 1) -> None:
        self.folder = folder
        self.chance = random.Random(seed)
        self.clock = Hands()
        self.store = SqliteStore(folder / "host.db")
        keys = create_keys(MemoryKeys(self.chance), issuer_number=1)
        found_host(self.store, "host.test", 1, keys.root.public_key)
        self.host: Host = open_host(
            self.store, keys, self.clock.unix_s, self.chance.randbytes, folder / "deny-lists"
        )
        self.door: AnyDoor = Door(self.host)
        self.merchant = self.host.registration.add_merchant("stall", "Li's Fruit", None, "CNY")
        self._rigs: list[TerminalRig] = []

    def terminal(
        self, merchant: str = "stall", settings: TerminalSettings | None = None
    ) -> TerminalRig:
        """A new, enrolled terminal with its first policy installed."""
        added = self.host.registration.add_terminal(merchant, "Till", settings=settings)
        keys = StoredKeys(MemoryKeys(self.chance))
        return self.enrol(added.terminal, keys)

    def enrol(self, terminal: int, keys: StoredKeys) -> TerminalRig:
        code = parse_code(self.host.enrolment.code(terminal).text)
        enrolled = run(enrol_session(code, keys, self.clock.now), self.door.send)
        name = f"t{terminal}-{enrolled.origin.epoch}.journal"
        rig = TerminalRig(self.folder / name, enrolled, keys, self.clock, self.chance)
        self._rigs.append(rig)
        return rig

    def copy_of(self, rig: TerminalRig, name: str) -> TerminalRig:
        """A terminal restored from an image of ``rig`` as it is now: same keys, same journal."""
        rig.journal.close()
        image = self.folder / name
        for suffix in ("", "-wal"):
            source = rig.path.with_name(rig.path.name + suffix)
            if source.exists():
                image.with_name(image.name + suffix).write_bytes(source.read_bytes())
        rig.open()
        copy = TerminalRig(image, rig.enrolled, rig.keys, self.clock, self.chance)
        self._rigs.append(copy)
        return copy

    def wallet(self, limit_minor: int = 50_000, *, not_after_unix_s: int | None = None) -> Wallet:
        """A holder with a fresh coupon for the stall's scope."""
        signer = private_signer("Ed25519", self.chance.randbytes(32))
        order = Order(
            signer.public_key,
            limit_minor,
            CNY,
            self.merchant.scope,
            not_after_unix_s=not_after_unix_s,
        )
        return Wallet(signer, self.host.issuer.sell(order))

    def owed(self) -> int:
        """What the stall is owed."""
        return sum(one.amount_minor for one in self.host.settlement.owed("stall"))

    def close(self) -> None:
        for rig in self._rigs:
            rig.journal.close()
        self.store.close()
