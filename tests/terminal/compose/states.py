"""A state directory as enrolment leaves it, without a network."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from host_sim.door import Door
from terminal.compose.state import StatePaths, make_state, open_keys, save_enrolment
from terminal.devices.system_clock import SystemClock
from terminal.journal.writer import Journal
from terminal.sync.enrolment import StoredKeys, enrol_session, journal_label
from terminal.sync.enrolment_messages import parse_code
from terminal.sync.exchange import run
from terminal.sync.record import EnrolmentRecord
from tests.host_sim.rigs import World

NOBODY = "http://127.0.0.1:9"
"""A host address where nothing answers."""


@contextmanager
def environment(**values: str | None) -> Iterator[None]:
    """These variables of the environment, as they were afterwards; None: not set."""
    before = {name: os.environ.get(name) for name in values}
    _set(values)
    try:
        yield
    finally:
        _set(before)


def _set(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value


def enrolled_state(folder: Path, config: str = "") -> StatePaths:
    """A terminal of a small world, enrolled in ``folder``/state; nothing is running."""
    world = World(folder)
    world.clock.now = SystemClock().unix_s()
    try:
        return _enrol(world, StatePaths(folder / "state"), config)
    finally:
        world.close()


def _enrol(world: World, paths: StatePaths, config: str) -> StatePaths:
    make_state(paths)
    paths.config.write_text(config, encoding="utf-8")
    keys = open_keys(paths, create=True)
    added = world.host.registration.add_terminal("stall", "Till")
    code = parse_code(world.host.enrolment.code(added.terminal).text)
    enrolled = run(enrol_session(code, StoredKeys(keys), world.clock.now), Door(world.host).send)
    journal = Journal.open(
        paths.journal,
        signer=keys.signer(journal_label(enrolled.origin.epoch)),
        origin=str(enrolled.origin),
        clock=SystemClock(),
        random_bytes=os.urandom,
    )
    with journal:
        journal.install_policy(enrolled.policy_bytes, enrolled.policy.version)
    save_enrolment(
        paths,
        EnrolmentRecord(
            enrolled.origin, enrolled.root_key, enrolled.journal_cert, enrolled.certs, NOBODY
        ),
    )
    return paths
