"""``kumquat tap``: what one card at the reader is, and whether it can pay here."""

from __future__ import annotations

import os
import time
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from terminal.cli.app import Json, Place
from terminal.cli.output import Output
from terminal.config import OFF, load_board, load_config
from terminal.errors import DeviceError
from terminal.money import parse_amount
from terminal.nfc.card_session import card_session, select
from terminal.nfc.reader import CardFound, CardKind, TwoCards
from terminal.payment.presentation import check_code, decode_presentation
from terminal.payment.request import NONCE_SIZE, Request

if TYPE_CHECKING:
    from collections.abc import Generator

    from terminal.nfc.reader import ReaderDriver

EXCHANGE_MS: Final = 2_000
LOOK_S: Final = 0.02


def tap(
    context: typer.Context,
    reader: Annotated[
        str | None, typer.Option("--reader", help="Such as tty:/dev/ttyUSB0:pn532 or pcsc.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="How long to wait for a card.")] = 30.0,
    amount: Annotated[
        str | None, typer.Option(help="Have the card sign this amount; nothing is recorded.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Say what the next card is. With --amount the card signs, and so spends, that amount.

    Exit code 1: no card came, or it cannot pay here.
    """
    from terminal.devices.reader_choice import reader_for_path

    place: Place = context.obj
    output = Output(as_json)
    driver = reader_for_path(reader or _configured(place))
    with closing(driver):
        output.note(f"{driver.open()}: present a card")
        found = _wait(driver, seconds)
        if found is None or isinstance(found, TwoCards):
            problem = "no card came" if found is None else "two cards: present one"
            output.result({"event": "no_card", "why": problem}, problem)
            return 1
        return _describe(output, driver, found, _request(place, amount))


def _wait(driver: ReaderDriver, seconds: float) -> CardFound | TwoCards | None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if (sensed := driver.sense()) is not None:
            return sensed
        time.sleep(LOOK_S)
    return None


def _describe(output: Output, driver: ReaderDriver, card: CardFound, request: bytes | None) -> int:
    value: dict[str, object] = {"event": "card", "uid": card.uid.hex(), "kind": card.kind.name}
    words = f"{card.uid.hex()}: {card.kind.value}"
    if card.kind is not CardKind.ISO_DEP:
        output.result(value, f"{words}; it cannot pay here")
        return 1
    driver.activate(EXCHANGE_MS)
    greeting = _carry(driver, select())
    value |= {"version": greeting.version, "coupon": greeting.coupon_ref.hex()}
    output.result(value, f"{words}, Kumquat application version {greeting.version}")
    if request is not None:
        data = _carry(driver, card_session(request))
        spend = decode_presentation(data).spend
        shown = {"from_minor": spend.from_minor, "amount_minor": spend.amount_minor}
        value = {
            "event": "presentation",
            "data": data.hex(),
            "check_code": check_code(data),
            **shown,
        }
        output.result(value, f"signed {spend.amount_minor} minor units, code {check_code(data)}")
    return 0


def _carry(driver: ReaderDriver, dialogue: Generator[bytes, bytes, Any]) -> Any:
    try:
        command = next(dialogue)
        while True:
            command = dialogue.send(driver.exchange(command, EXCHANGE_MS))
    except StopIteration as end:
        return end.value


def _configured(place: Place) -> str:
    config = load_config(place.state / "config.toml")
    path = config.reader.path or load_board(config.board).reader_path
    if path == OFF:
        raise DeviceError(
            "reader", "none is configured", "give --reader, or [reader] in config.toml"
        )
    return path


def _request(place: Place, amount: str | None) -> bytes | None:
    if amount is None:
        return None
    from terminal.compose.state import StatePaths
    from terminal.compose.status import read_status

    found = read_status(StatePaths(place.state))
    amount_minor = parse_amount(amount, found.currency)
    nonce = os.urandom(NONCE_SIZE)
    return Request(found.terminal, found.currency, amount_minor, nonce).encode()
