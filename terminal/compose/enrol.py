"""Enrols a terminal: keys made here, certificates and policy brought from the host, all kept."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

from terminal.compose.state import (
    StatePaths,
    load_enrolment,
    make_state,
    open_keys,
    save_enrolment,
)
from terminal.devices.https import HttpsDoor
from terminal.devices.key_file import write_durably
from terminal.devices.system_clock import SystemClock
from terminal.errors import ConfigError
from terminal.journal.writer import Journal
from terminal.sale.judged_clock import JudgedClock
from terminal.sale.timekeeper import Timekeeper
from terminal.sync.enrolment import Enrolled, StoredKeys, enrol_session, journal_label
from terminal.sync.enrolment_messages import parse_code
from terminal.sync.exchange import run
from terminal.sync.record import EnrolmentRecord

if TYPE_CHECKING:
    from pathlib import Path


def enrol_terminal(
    paths: StatePaths, code: str, host_url: str, ca_file: Path | None = None
) -> Enrolled:
    """Enrol with a code; a dialogue cut anywhere is begun again with the same command.

    Raises:
        ConfigError: this state directory belongs to an enrolled terminal, or the address is wrong.
        DecodeError, SignatureInvalid, HostRefused, HostUnreachable: from the dialogue.
    """
    parsed = parse_code(code)
    if paths.enrolment.exists():
        origin = load_enrolment(paths).origin
        raise ConfigError("state", f"{paths.root} is enrolled as {origin}: choose another --state")
    make_state(paths)
    keys, clock = open_keys(paths, create=True), SystemClock()
    with closing(HttpsDoor(host_url, ca_file=ca_file)) as door:
        enrolled = run(enrol_session(parsed, StoredKeys(keys), clock.unix_s()), door.send)
    judged, timekeeper = JudgedClock(clock), Timekeeper(clock)
    journal = Journal.open(
        paths.journal,
        signer=keys.signer(journal_label(enrolled.origin.epoch)),
        origin=str(enrolled.origin),
        clock=judged,
        random_bytes=os.urandom,
    )
    judged.judge_by(lambda: timekeeper.moment(enrolled.policy, journal.clock_floor_unix_s))
    with journal:
        if journal.policy() is None:
            journal.install_policy(enrolled.policy_bytes, enrolled.policy.version)
    if ca_file is not None:
        write_durably(paths.host_ca, ca_file.read_bytes())  # checked by the dialogue just led
    record = EnrolmentRecord(
        enrolled.origin, enrolled.root_key, enrolled.journal_cert, enrolled.certs, host_url
    )
    save_enrolment(paths, record)  # last: with it this directory is a terminal
    return enrolled
