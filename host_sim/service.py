"""The host in one piece: issuer, enrolment, intake, settlement and reconciliation on one store.

A pure core behind two doors (``host_sim.door``): the store, the keys, the time and chance are given
to it. One process or many may serve one store, since nothing is remembered outside it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from host_sim.deny_archive import DenyArchive
from host_sim.deny_desk import DenyDesk
from host_sim.enrolment import Enrolment
from host_sim.intake import Intake
from host_sim.issuer import Issuer
from host_sim.keys import HostKeys
from host_sim.model import Evidence
from host_sim.office import Office
from host_sim.permit_office import PermitOffice
from host_sim.reconciliation import Reconciliation, reconcile
from host_sim.refusal import UsageError
from host_sim.registration import Registration
from host_sim.review import Review
from host_sim.settlement import SettlementOffice
from host_sim.store.port import Store
from terminal.payment.verdict import VerdictStatus
from terminal.ports import RandomBytes
from terminal.sync.enrolment_messages import fingerprint
from terminal.sync.origin import check_host_name

_NAME: Final = "host_name"
_ISSUER: Final = "issuer_number"
_ROOT: Final = "root_key"


@dataclass(frozen=True, slots=True)
class TerminalStatus:
    """One terminal in figures; ``size`` is how much of its current journal is mirrored."""

    terminal: int
    merchant: str
    name: str
    epoch: int
    policy_version: int
    mirrored_size: int
    held_count: int
    refused_count: int
    disputed_count: int
    waiting_count: int
    forked: bool


@dataclass(frozen=True, slots=True)
class HostStatus:
    """The host in figures."""

    name: str
    issuer: int
    root_fingerprint: str
    terminals: tuple[TerminalStatus, ...]
    coupon_count: int
    evidence_count: int
    denied_count: int


class Host:
    """Every part of one host, sharing its office. ``deny_folder`` has what it published."""

    def __init__(self, office: Office, deny_folder: Path | None = None) -> None:
        self.office = office
        self.deny_archive = None if deny_folder is None else DenyArchive(deny_folder, office.keys)
        self.deny_desk = DenyDesk(office, self.deny_archive)
        self.registration = Registration(office)
        self.issuer = Issuer(office)
        self.permits = PermitOffice(office)
        self.enrolment = Enrolment(office)
        self.intake = Intake(office)
        self.settlement = SettlementOffice(office)
        self.review = Review(office)

    def reconcile(self) -> Reconciliation:
        """Both sides of every journal, compared."""
        return reconcile(self.office)

    def evidence(self) -> tuple[Evidence, ...]:
        """Forks and double spends, with the signed bytes that prove them."""
        with self.office.store.unit() as unit:
            return unit.custody.evidence()

    def status(self) -> HostStatus:
        """What a person wants to know first."""
        with self.office.store.unit() as unit:
            terminals = []
            for one in unit.registry.terminals():
                line = unit.custody.journal(one.terminal, one.epoch)
                tally = unit.custody.tally(one.terminal, one.epoch)
                terminals.append(
                    TerminalStatus(
                        one.terminal,
                        one.merchant,
                        one.name,
                        one.epoch,
                        one.policy_version,
                        line.size if line else 0,
                        sum(tally.values()),
                        tally.get(VerdictStatus.REFUSED, 0),
                        tally.get(VerdictStatus.DISPUTED, 0),
                        tally.get(0, 0),
                        line.forked if line else False,
                    )
                )
            return HostStatus(
                self.office.name,
                self.office.keys.issuer_number,
                fingerprint(self.office.keys.root.public_key),
                tuple(terminals),
                len(unit.money.coupons()),
                len(unit.custody.evidence()),
                len(unit.registry.denials()),
            )


def is_founded(store: Store) -> bool:
    """Whether the store is a host's."""
    with store.unit() as unit:
        return unit.registry.setting(_NAME) is not None


def found_host(store: Store, name: str, issuer_number: int, root_key: bytes) -> None:
    """Write down what a new host is called and which keys are its own.

    Raises:
        UsageError: the store is a host's already.
        DecodeError: the name cannot stand in an origin line.
    """
    check_host_name(name)
    with store.unit() as unit:
        if unit.registry.setting(_NAME) is not None:
            raise UsageError("the store is a host's already; nothing was changed")
        unit.registry.put_setting(_NAME, name)
        unit.registry.put_setting(_ISSUER, str(issuer_number))
        unit.registry.put_setting(_ROOT, root_key.hex())


def issuer_number(store: Store) -> int:
    """The issuer number the store was founded with.

    Raises:
        UsageError: it was not founded.
    """
    with store.unit() as unit:
        found = unit.registry.setting(_ISSUER)
    if found is None:
        raise UsageError("this is no host yet; run kumquat-host init")
    return int(found)


def open_host(
    store: Store,
    keys: HostKeys,
    now: Callable[[], int],
    random_bytes: RandomBytes,
    deny_folder: Path | None = None,
) -> Host:
    """The host of a founded store; one without a ``deny_folder`` serves no long deny list.

    Raises:
        UsageError: it was not founded, or the keys are another host's.
    """
    with store.unit() as unit:
        name, root = unit.registry.setting(_NAME), unit.registry.setting(_ROOT)
    if name is None or root is None:
        raise UsageError("this is no host yet; run kumquat-host init")
    if keys.root.public_key.hex() != root:
        raise UsageError("the key file is another host's than the store")
    return Host(Office(store, keys, name, now, random_bytes), deny_folder)
