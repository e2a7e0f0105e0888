"""``kumquat tap``: what one card at the reader is, and whether it can pay here."""

from __future__ import annotations

import getpass
import os
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import typer

from terminal.cli.app import Json, Place
from terminal.cli.output import Output
from terminal.config import OFF, load_board, load_config
from terminal.errors import DecodeError, DeviceError, KumquatError
from terminal.money import format_amount, parse_amount
from terminal.nfc.application import MAX_PIN, MIN_PIN, Status
from terminal.nfc.card_session import card_session, select
from terminal.nfc.errors import CardRefused
from terminal.nfc.ndef_coupon import type_2_coupon, type_4_coupon
from terminal.nfc.reader import CardFound, CardKind, TagDriver, TwoCards
from terminal.nfc.tap import CardsRefused, CardUnusable
from terminal.payment.presentation import Bearer, check_code, decode_presentation
from terminal.payment.request import NONCE_SIZE, Ask, Request
from terminal.sale.card_refusal import card_refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from terminal.nfc.application import Greeting
    from terminal.nfc.reader import ReaderDriver
    from terminal.payment.coupon import CouponFields

EXCHANGE_MS: Final = 2_000
LOOK_S: Final = 0.02
Command = TypeVar("Command")
Result = TypeVar("Result")


def tap(
    context: typer.Context,
    reader: Annotated[
        str | None, typer.Option("--reader", help="Such as tty:/dev/ttyUSB0:pn532 or pcsc.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="How long to wait for a card.")] = 30.0,
    amount: Annotated[
        str | None, typer.Option(help="Have the card sign this amount; nothing is recorded.")
    ] = None,
    pin: Annotated[
        bool, typer.Option("--pin", help="With --amount: ask for the card's PIN and show it that.")
    ] = False,
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
        request = _request(place, amount, verify=pin)
        return _describe(output, driver, found, request, _typed_pin() if pin else b"")


def _wait(driver: ReaderDriver, seconds: float) -> CardFound | TwoCards | None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if (sensed := driver.sense()) is not None:
            return sensed
        time.sleep(LOOK_S)
    return None


def _describe(
    output: Output, driver: ReaderDriver, card: CardFound, request: bytes | None, pin: bytes
) -> int:
    value: dict[str, object] = {"event": "card", "uid": card.uid.hex(), "kind": card.kind.name}
    words = f"{card.uid.hex()}: {card.kind.value}"
    try:
        greeting = _greeting(driver, card)
    except NotOurs:
        return _describe_tag(output, driver, card, value, words)
    value |= {"version": greeting.version, "coupon": greeting.coupon_ref.hex()}
    output.result(value, f"{words}, Kumquat application version {greeting.version}")
    if request is not None:
        data = _carry(card_session(request, pin=pin), driver.exchange)
        spend = decode_presentation(data).spend
        shown = {"from_minor": spend.from_minor, "amount_minor": spend.amount_minor}
        value = {
            "event": "presentation",
            "data": data.hex(),
            "check_code": check_code(data),
            "user_verified": spend.user_verified,
            **shown,
        }
        output.result(value, f"signed {spend.amount_minor} minor units, code {check_code(data)}")
    return 0


def _typed_pin() -> bytes:
    """Typed without an echo; a line of standard input where there is no keyboard."""
    asked = "The card's PIN: "
    typed = getpass.getpass(asked) if sys.stdin.isatty() else sys.stdin.readline().strip()
    if not (typed.isascii() and typed.isdecimal() and MIN_PIN <= len(typed) <= MAX_PIN):
        raise DecodeError("pin", f"not {MIN_PIN} to {MAX_PIN} digits")
    return typed.encode()


class NotOurs(KumquatError):
    """No Kumquat application on this card: a tag, or somebody else's card."""


def _greeting(driver: ReaderDriver, card: CardFound) -> Greeting:
    if card.kind is not CardKind.ISO_DEP:
        raise NotOurs
    driver.activate(EXCHANGE_MS)
    try:
        return _carry(select(), driver.exchange)
    except CardRefused as refused:
        if refused.status != Status.NOT_FOUND:
            raise
        raise NotOurs from refused


def _describe_tag(
    output: Output, driver: ReaderDriver, card: CardFound, value: dict[str, object], words: str
) -> int:
    """A bearer coupon on it, or why it cannot pay."""
    try:
        coupon = _bearer_coupon(_tag_payload(driver, card))
    except (NotOurs, DecodeError) as error:
        said = CardsRefused(card) if isinstance(error, NotOurs) else CardUnusable(card, error)
        reasons = card_refusal(said, None).reasons
        value["reasons"] = [reason.name for reason in reasons]
        output.result(value, f"{words}: {', '.join(reason.text for reason in reasons)}")
        return 1
    value["bearer"] = f"{coupon.issuer}/{coupon.serial}"
    value["amount_minor"] = coupon.limit_minor
    amount = format_amount(coupon.limit_minor, coupon.currency)
    output.result(value, f"{words}: a bearer coupon of {amount}, for a policy that takes those")
    return 0


def _bearer_coupon(payload: bytes) -> CouponFields:
    presentation = decode_presentation(payload)
    if not isinstance(presentation, Bearer):
        raise DecodeError("tag", "what it holds is no bearer coupon")
    return presentation.coupon.fields


def _tag_payload(driver: ReaderDriver, card: CardFound) -> bytes:
    if card.kind is CardKind.ISO_DEP:
        return _carry(type_4_coupon(), driver.exchange)
    if card.kind is not CardKind.TYPE_2 or not isinstance(driver, TagDriver):
        raise NotOurs
    driver.select_tag()
    return _carry(type_2_coupon(), driver.read_pages)


def _carry(
    dialogue: Generator[Command, bytes, Result], exchange: Callable[[Command, int], bytes]
) -> Result:
    try:
        command = next(dialogue)
        while True:
            command = dialogue.send(exchange(command, EXCHANGE_MS))
    except StopIteration as end:
        result: Result = end.value
        return result


def _configured(place: Place) -> str:
    config = load_config(place.state / "config.toml")
    path = config.reader.path or load_board(config.board).reader_path
    if path == OFF:
        raise DeviceError(
            "reader", "none is configured", "give --reader, or [reader] in config.toml"
        )
    return path


def _request(place: Place, amount: str | None, *, verify: bool) -> bytes | None:
    if amount is None:
        return None
    from terminal.compose.state import StatePaths
    from terminal.compose.status import read_status

    found = read_status(StatePaths(place.state))
    amount_minor = parse_amount(amount, found.currency)
    nonce = os.urandom(NONCE_SIZE)
    ask = Ask.VERIFICATION if verify else Ask.NOTHING
    return Request(found.terminal, found.currency, amount_minor, nonce, ask).encode()
