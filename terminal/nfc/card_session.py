"""The dialogue with a Kumquat card: SELECT, perhaps VERIFY, PRESENT; ACKNOWLEDGE after the commit.

Generators that know no reader: they yield command APDUs, are sent response APDUs, and return bytes.
Asking again with the same request after a torn tap gets the same bytes, because the card stores its
answer before it lets the signature out; so nothing here needs to remember anything.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Final

from terminal.errors import DecodeError
from terminal.nfc.apdu import MAX_RESPONSE_DATA, Command, Response, decode_response, encode_chain
from terminal.nfc.application import (
    AID,
    CLA_KUMQUAT,
    CLA_STANDARD,
    MAX_PIN,
    MIN_PIN,
    TAG_PAYEE_CARD,
    TAG_REQUEST,
    VERSION,
    Ability,
    Form,
    Greeting,
    Instruction,
    Status,
    decode_greeting,
    meaning,
)
from terminal.nfc.errors import CardRefused
from terminal.nfc.tlv import encode_tlv

CardDialogue = Generator[bytes, bytes, bytes]
"""Yields command APDUs, is sent response APDUs, returns payload bytes."""
KnowsCoupon = Callable[[bytes], bool]
"""Whether the terminal holds the coupon with this 6-byte reference (issuer, serial)."""

SELECT: Final = Command(
    CLA_STANDARD, Instruction.SELECT, 0x04, 0x00, AID, MAX_RESPONSE_DATA
).encode()


def knows_none(_reference: bytes) -> bool:
    """A terminal that always wants the full presentation."""
    return False


def card_session(
    request: bytes,
    payee_card: bytes = b"",
    *,
    knows_coupon: KnowsCoupon = knows_none,
    pin: bytes = b"",
) -> CardDialogue:
    """Ask the card to sign ``request``; returns the presentation bytes, unread.

    ``pin`` goes to a card that has one, and to no other. The spend alone is asked for when
    the card can give it and ``knows_coupon`` its coupon.

    Raises:
        CardRefused: the card said no.
        DecodeError: an answer is not what docs/protocol/card.md says.
    """
    greeting = yield from select()
    if pin and Ability.PIN in greeting.abilities:
        yield from verify_pin(pin)
    form = _form(greeting, knows_coupon)
    return (yield from present(request, payee_card, form))


def select() -> Generator[bytes, bytes, Greeting]:
    """Choose the application; every other command comes after this one.

    Raises:
        CardRefused: no such application on the card.
        DecodeError: the greeting is damaged or of a version we do not know.
    """
    greeting = decode_greeting(_data((yield SELECT)))
    if greeting.version != VERSION:
        raise DecodeError("select.version", f"{greeting.version} is not known here")
    return greeting


def verify_pin(pin: bytes) -> Generator[bytes, bytes, None]:
    """Show the card its holder's PIN, typed on an enrolled keypad: 4 to 8 ASCII digits.

    Raises:
        CardRefused: wrong (``63Cx``) or blocked (``6983``).
    """
    assert MIN_PIN <= len(pin) <= MAX_PIN
    assert pin.isdigit()
    _data((yield Command(CLA_STANDARD, Instruction.VERIFY, 0x00, 0x80, pin).encode()))


def present(request: bytes, payee_card: bytes, form: Form) -> CardDialogue:
    """Have the request signed; returns 1..256 presentation bytes.

    Raises:
        CardRefused: the card said no.
        DecodeError: an empty answer.
    """
    objects = encode_tlv(TAG_REQUEST, request)
    if payee_card:
        objects += encode_tlv(TAG_PAYEE_CARD, payee_card)
    last = Command(CLA_KUMQUAT, Instruction.PRESENT, form, 0x00, le=MAX_RESPONSE_DATA)
    presentation = yield from _through(last, objects)
    if not presentation:
        raise DecodeError("present", "an empty answer")
    return presentation


def acknowledge(ack: bytes) -> Generator[bytes, bytes, None]:
    """Give the card the terminal's signed ack, after the commit and in the same session.

    Raises:
        CardRefused: the card did not take it; the sale stands all the same.
    """
    yield from _through(Command(CLA_KUMQUAT, Instruction.ACKNOWLEDGE, 0x00, 0x00), ack)


def _form(greeting: Greeting, knows_coupon: KnowsCoupon) -> Form:
    can = Ability.SPEND_ALONE in greeting.abilities and greeting.coupon_ref
    return Form.ALONE if can and knows_coupon(greeting.coupon_ref) else Form.FULL


def _through(last: Command, data: bytes) -> CardDialogue:
    """Send one command or a chain; returns the data of the last answer."""
    answer = b""
    for link in encode_chain(last, data):
        answer = _data((yield link))
    return answer


def _data(encoded: bytes) -> bytes:
    response: Response = decode_response(encoded)
    if response.status != Status.OK:
        raise CardRefused(response.status, meaning(response.status))
    return response.data
