"""Command and response APDUs and the greeting: what is accepted is spelled the same again."""

from __future__ import annotations

from terminal.errors import DecodeError
from terminal.nfc.apdu import decode_command, decode_response
from terminal.nfc.application import Ability, Greeting, decode_greeting

SEEDS = (
    bytes.fromhex("00A4040009F04B554D515541540100"),
    bytes.fromhex("8050000002800000"),
    Greeting(1, Ability.SPEND_ALONE, bytes(6)).encode(),
    b"\x90\x00",
)


def fuzz(data: bytes) -> None:
    greeting_or_none(data)
    response_or_none(data)
    assert decode_command(data).encode() == data


def greeting_or_none(data: bytes) -> None:
    try:
        greeting = decode_greeting(data)
    except DecodeError:
        return
    assert decode_greeting(greeting.encode()) == greeting


def response_or_none(data: bytes) -> None:
    try:
        response = decode_response(data)
    except DecodeError:
        return
    assert response.encode() == data
