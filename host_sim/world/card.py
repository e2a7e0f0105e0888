"""Make and look at simulated cards: ``python -m host_sim.world.card new|load-coupon|show FILE``.

Each command prints one JSON line. ``new`` makes the key on the card and prints its public half, to
be put into a coupon by an issuer; ``load-coupon`` puts that coupon on the card.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from host_sim.world.card_application import KumquatApplication
from host_sim.world.card_state import CardFile, CardState
from host_sim.world.isodep_card import DEFAULT_ATS, IsoDepCard
from terminal.crypto.keys import SoftwareSigner
from terminal.errors import ConfigError, DecodeError, KumquatError
from terminal.payment.coupon import decode_coupon
from terminal.ports import RandomBytes

Told = Callable[[str, dict[str, object]], None]


def new_card(
    random_bytes: RandomBytes, *, algorithm: str = "Ed25519", pin: str = "", uid: bytes = b""
) -> CardState:
    """A card without a coupon; a fresh key, and a random 4-byte identifier unless one is given."""
    secret = random_bytes(32)
    while True:
        try:
            SoftwareSigner(algorithm, secret)
        except ValueError:  # a P-256 scalar out of range: one in 2^32
            secret = random_bytes(32)
            continue
        return CardState(uid or b"\x08" + random_bytes(3), algorithm, secret, pin=pin)


def load_coupon(state: CardState, coupon: bytes) -> CardState:
    """The card with this coupon: nothing spent yet, earlier answers forgotten.

    Raises:
        DecodeError: not a coupon, or one for another key.
    """
    fields = decode_coupon(coupon).fields
    own = SoftwareSigner(state.algorithm, state.secret).public_key
    if fields.holder_key is None or fields.holder_key.data != own:
        raise DecodeError("coupon.key", "not this card's key")
    return replace(state, coupon=coupon, next_minor=0, total_minor=0, count=0, answers=())


def open_card(
    path: Path,
    *,
    told: Told | None = None,
    sak: int = 0x20,
    ats: bytes = DEFAULT_ATS,
    extensions: int = 0,
) -> IsoDepCard:
    """The card in a file, ready to be placed on a reader.

    Raises:
        DecodeError: the file holds no card.
        OSError: it cannot be read.
    """
    file = CardFile(path)
    application = KumquatApplication(file, told)
    return IsoDepCard(application, file.read().uid, sak=sak, ats=ats, extensions=extensions)


def summary(state: CardState) -> dict[str, object]:
    """What may be shown of a card: never its secret or its PIN."""
    facts: dict[str, object] = {
        "uid": state.uid.hex(),
        "algorithm": state.algorithm,
        "public_key": SoftwareSigner(state.algorithm, state.secret).public_key.hex(),
        "next_minor": state.next_minor,
        "acks": sum(1 for kept in state.answers if kept.ack),
        "answers": len(state.answers),
    }
    if state.coupon:
        fields = decode_coupon(state.coupon).fields
        facts |= {
            "issuer": fields.issuer,
            "serial": fields.serial,
            "limit_minor": fields.limit_minor,
            "currency": fields.currency,
        }
    return facts


def _new(arguments: argparse.Namespace) -> CardState:
    if arguments.file.exists():
        raise ConfigError("file", f"{arguments.file} exists already")
    fresh = new_card(os.urandom, algorithm=arguments.algorithm, pin=arguments.pin)
    return replace(
        fresh,
        uid=bytes.fromhex(arguments.uid) or fresh.uid,
        spend_cap_minor=arguments.spend_cap,
        total_cap_minor=arguments.total_cap,
        count_cap=arguments.count_cap,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m host_sim.world.card", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    new = commands.add_parser("new", help="make a card with a fresh key")
    new.add_argument("file", type=Path)
    new.add_argument("--algorithm", choices=("Ed25519", "P-256"), default="Ed25519")
    new.add_argument("--pin", default="", help="4 to 8 digits; without one the card has none")
    new.add_argument("--uid", default="", help="hexadecimal, 4, 7 or 10 bytes")
    new.add_argument("--spend-cap", type=int, default=0, help="largest spend without PIN, minor")
    new.add_argument("--total-cap", type=int, default=0, help="sum of spends without PIN, minor")
    new.add_argument("--count-cap", type=int, default=0, help="number of spends without PIN")
    load = commands.add_parser("load-coupon", help="put an issuer's coupon on the card")
    load.add_argument("file", type=Path)
    load.add_argument("coupon", help="hexadecimal")
    commands.add_parser("show", help="what is on the card").add_argument("file", type=Path)
    return parser


def main(words: list[str] | None = None) -> int:
    """Run one command; 0, or the exit code of what was wrong."""
    arguments = _parser().parse_args(words)
    file = CardFile(arguments.file)
    try:
        state = _new(arguments) if arguments.command == "new" else file.read()
        if arguments.command == "load-coupon":
            state = load_coupon(state, bytes.fromhex(arguments.coupon))
        if arguments.command != "show":
            file.store(state)
            state = file.read()
    except (KumquatError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return getattr(error, "exit_code", 66)
    print(json.dumps(summary(state)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
