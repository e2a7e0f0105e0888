"""NDEF on a tag: any memory and any answers give a payload, or a refusal, in bounded reads."""

from __future__ import annotations

from terminal.errors import DecodeError
from terminal.nfc.errors import CardRefused
from terminal.nfc.ndef_coupon import (
    MAX_PAYLOAD,
    coupon_message,
    decode_coupon_message,
    type_2_coupon,
    type_4_coupon,
)

_WHOLE = coupon_message(bytes(range(98)))
SEEDS = (
    _WHOLE,
    bytes.fromhex("E1101200") + bytes((3, len(_WHOLE))) + _WHOLE + b"\xfe",
    bytes.fromhex("000F20003B00340406E104020000FF9000") + _WHOLE,
)
MOST_STEPS = 65


def fuzz(data: bytes) -> None:
    for dialogue in (_type_2, _type_4):
        try:
            dialogue(data)
        except (DecodeError, CardRefused):
            continue
    assert 1 <= len(decode_coupon_message(data)) <= MAX_PAYLOAD


def _type_2(memory: bytes) -> None:
    dialogue = type_2_coupon()
    page = next(dialogue)
    try:
        for _ in range(MOST_STEPS):
            start = 4 * (page - 3)
            page = dialogue.send((memory[start:] + bytes(16))[:16])
    except StopIteration:
        return
    raise AssertionError("reads without end")


def _type_4(answers: bytes) -> None:
    """Answers of as many bytes as asked for, from the input, each with a good status word."""
    dialogue = type_4_coupon()
    command = next(dialogue)
    try:
        for _ in range(MOST_STEPS):
            size = (command[-1] or 256) if command[1] == 0xB0 else 0
            part, answers = answers[:size], answers[size:]
            command = dialogue.send(part + b"\x90\x00")
    except StopIteration:
        return
    raise AssertionError("reads without end")
