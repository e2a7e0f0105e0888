"""The morning: a host, two terminals enrolled under its policy, a phone with coupons, a card."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from host_sim.demo.stage import CARD, HOST, STALL_CONFIG, TERMINAL, TOLL_CONFIG

if TYPE_CHECKING:
    from pathlib import Path

    from host_sim.demo.processes import Actor, Event
    from host_sim.demo.stage import Stage

STALL: Final = 1
TOLL: Final = 2
EXPIRES_IN_S: Final = 12


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody who plays, and what they hold."""

    host: Actor
    reader: Actor
    card: Path
    root_key: str
    coupon: str
    """The phone's good coupon, ISSUER:SERIAL."""
    expiring: str
    """One that expires soon after it was sold."""
    expires_unix_s: int
    policies: tuple[int, int]


def assemble(stage: Stage) -> Cast:
    """Set everything up with the commands a person would use."""
    with ThreadPoolExecutor(max_workers=2) as hands:  # the host's side and the payers' side
        reader = hands.submit(stage.reader)
        card_key = hands.submit(lambda: stage.one(*CARD, "new", str(stage.root / "card")))
        keys = found_host(stage)
        phone_keys = hands.submit(make_phone, stage, str(keys["payee"]))
        host = stage.host()
        write_configs(stage, reader.result()[1])
        policies = (enrol(stage, "stall", STALL), enrol(stage, "toll", TOLL))
        good_key, expiring_key = phone_keys.result()
        card = hands.submit(load_card, stage, str(card_key.result()["public_key"]))
        expires_unix_s = int(time.time()) + EXPIRES_IN_S
        expiring = buy(stage, expiring_key, "--not-after", str(expires_unix_s))
        coupon = buy(stage, good_key)
        card.result()
    return Cast(
        host=host,
        reader=reader.result()[0],
        card=stage.root / "card",
        root_key=str(keys["root"]),
        coupon=coupon,
        expiring=expiring,
        expires_unix_s=expires_unix_s,
        policies=policies,
    )


def found_host(stage: Stage) -> Event:
    """A host with two merchants and a terminal each; its public keys."""
    stage.run(*HOST, "init", "--name", "host.demo", "--json")
    for merchant, name in (("wang", "Wang's Fruit"), ("harbour", "Harbour Bridge Toll")):
        # One scope for both, so that the recording is refused for what it is and not for its place.
        scope = ("--scope", "7", "--json")
        stage.run(*HOST, "merchant", "add", merchant, "--name", name, "--currency", "CNY", *scope)
    floor = (
        "--limit",
        "floor_limit_minor=200.00",
        "--limit",
        "unknown_clock_cap_minor=200.00",
        "--json",
    )
    stage.run(*HOST, "terminal", "add", "wang", "--name", "Stall", "--id", str(STALL), *floor)
    toll = ("--name", "Lane 1", "--id", str(TOLL), "--unattended")
    stage.run(*HOST, "terminal", "add", "harbour", *toll, *floor)
    return stage.one(*HOST, "keys", "--json")


def write_configs(stage: Stage, reader: str) -> None:
    """Both terminals' ``config.toml``."""
    air = stage.air
    stall = STALL_CONFIG.format(microphone=air.stall_microphone, speaker=air.stall_speaker)
    toll = TOLL_CONFIG.format(microphone=air.toll_microphone, reader=reader, panel=stage.panel.path)
    for name, text in (("stall", stall), ("toll", toll)):
        stage.state(name).mkdir(mode=0o700)
        (stage.state(name) / "config.toml").write_text(text, encoding="utf-8")


def enrol(stage: Stage, name: str, terminal: int) -> int:
    """Enrol a terminal with a fresh code; the version of the policy it got."""
    code = str(stage.one(*HOST, "enrol-code", str(terminal), "--json")["code"])
    url = f"http://127.0.0.1:{stage.host_port}"
    state = str(stage.state(name))
    enrolled = stage.one(*TERMINAL, "--state", state, "enrol", code, "--host", url, "--json")
    return int(enrolled["policy"])


def make_phone(stage: Stage, payee_key: str) -> tuple[str, str]:
    """A phone with an empty wallet, and the public keys of two coupons to come."""
    stage.phone("wallet-new", "--payee-key", payee_key)
    good, expiring = (str(stage.phone("key")["key"]["public_key"]) for _ in range(2))
    return good, expiring


def buy(stage: Stage, key: str, *options: str) -> str:
    """The host sells a coupon to a key of the phone; the coupon's name in the wallet."""
    sold = stage.one(
        *HOST, "sell", key, "--limit", "500.00", "--merchant", "wang", *options, "--json"
    )
    return str(stage.phone("receive", str(sold["coupon"]))["coupon"]["coupon"])


def load_card(stage: Stage, key: str) -> None:
    """The host issues the card's coupon; the card takes it."""
    issued = stage.one(
        *HOST, "issue-card", key, "--limit", "100.00", "--merchant", "harbour", "--json"
    )
    stage.run(*CARD, "load-coupon", str(stage.root / "card"), str(issued["coupon"]))
