"""The host as a real process on loopback: enrol, sell, kill, restart, sync; ended by its pid."""

from __future__ import annotations

import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from host_sim.issuer import Order
from host_sim.model import IssuedCoupon
from terminal.crypto.keys import private_signer
from terminal.devices.https import HttpsDoor
from terminal.errors import HostUnreachable
from terminal.payment.coupon import decode_coupon
from terminal.payment.verdict import VerdictStatus
from terminal.sync.enrolment import StoredKeys, enrol_session
from terminal.sync.enrolment_messages import parse_code
from terminal.sync.exchange import run
from tests.host_sim.rigs import Hands, MemoryKeys, TerminalRig, Wallet

pytestmark = pytest.mark.end_to_end
START_DEADLINE_S: Final = 30.0


class HostProcess:
    """``python -m host_sim`` with its own home."""

    def __init__(self, folder: Path) -> None:
        self._environment = {
            **os.environ,
            "KUMQUAT_HOST_HOME": str(folder / "host"),
            "KUMQUAT_HOST_SECRET": "a secret for tests",
        }

    def command(self, *arguments: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-m", "host_sim", *arguments, "--json"],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @contextmanager
    def serving(self, end: signal.Signals = signal.SIGTERM) -> Iterator[str]:
        """The address it answers on; ended with ``end`` by its pid afterwards."""
        process = subprocess.Popen(
            [sys.executable, "-m", "host_sim", "serve", "--port", "0", "--json"],
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            yield str(_ready(process)["url"])
        finally:
            os.kill(process.pid, end)
            process.wait(timeout=30)
            assert process.stdout is not None
            process.stdout.close()
        assert process.returncode == (0 if end is signal.SIGTERM else -end)


def _ready(process: subprocess.Popen[str]) -> Any:
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], START_DEADLINE_S)
    assert readable, "the host did not say that it is ready"
    event = json.loads(process.stdout.readline())
    assert event["event"] == "ready"
    assert event["pid"] == process.pid
    return event


def refuses(url: str) -> bool:
    """Nothing listens there any more."""
    parts = urlsplit(url)
    with socket.socket() as sock:
        sock.settimeout(5)
        return sock.connect_ex((parts.hostname or "", parts.port or 0)) != 0


def wallet_of(host: HostProcess, chance: random.Random) -> Wallet:
    signer = private_signer("Ed25519", chance.randbytes(32))
    sold = host.command("sell", signer.public_key.hex(), "--limit", "500.00", "--merchant", "stall")
    fields = decode_coupon(bytes.fromhex(sold["coupon"])).fields
    order = Order(signer.public_key, fields.limit_minor, fields.currency, fields.scope)
    return Wallet(
        signer,
        IssuedCoupon(
            fields.issuer,
            fields.serial,
            bytes.fromhex(sold["coupon"]),
            order.holder_key,
            fields.limit_minor,
            fields.currency,
            fields.scope,
            fields.not_after_unix_s,
            0,
        ),
    )


def test_a_host_that_ends_in_between_settles_everything_in_the_end(tmp_path: Path) -> None:
    chance = random.Random(11)
    host = HostProcess(tmp_path)
    host.command("init", "--name", "host.test")
    host.command("merchant", "add", "stall", "--name", "Li's Fruit", "--currency", "CNY")
    terminal = host.command("terminal", "add", "stall")["terminal"]
    keys, clock = StoredKeys(MemoryKeys(chance)), Hands(int(time.time()))

    with host.serving() as url, HttpsDoor(url) as door:
        code = parse_code(host.command("enrol-code", str(terminal))["code"])
        enrolled = run(enrol_session(code, keys, clock.now), door.send)
        wallet = wallet_of(host, chance)
    assert refuses(url)

    till = TerminalRig(tmp_path / "till.journal", enrolled, keys, clock, chance)
    sale = till.sell(wallet, 1250)
    with HttpsDoor(url) as door, pytest.raises(HostUnreachable):
        till.sync(door.send)

    with host.serving(end=signal.SIGKILL) as url, HttpsDoor(url) as door:
        assert till.sync(door.send).complete
    assert till.verdicts()[sale.index].status is VerdictStatus.SETTLED

    till.sell(wallet, 300)
    with host.serving() as url, HttpsDoor(url) as door:
        assert till.sync(door.send).complete
        assert till.journal.unsettled().at_risk_minor == 0
        (settlement,) = host.command("settle")
    assert settlement["amount_minor"] == 1550
    assert host.command("reconcile")["in_order"]
    till.journal.close()
