"""Ack, verdict, payee card, key certificate and stamp: the first byte chooses the decoder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from terminal.crypto import cose
from terminal.payment.ack import decode_ack
from terminal.payment.keycert import decode_keycert
from terminal.payment.payee import decode_payee_card
from terminal.payment.stamp import decode_stamp
from terminal.payment.verdict import decode_verdict

VECTORS = Path(__file__).parents[1] / "vectors" / "money" / "ed25519.json"
DECODERS: dict[str, Callable[[bytes], Any]] = {
    "ack": decode_ack,
    "keycert": decode_keycert,
    "payee": decode_payee_card,
    "stamp": decode_stamp,
    "verdict": decode_verdict,
}
NAMES = sorted(DECODERS)
SEEDS = tuple(
    bytes((NAMES.index(one["what"]),)) + bytes.fromhex(one["message"])
    for one in json.loads(VECTORS.read_text("utf-8"))["objects"]
    if one["what"] in DECODERS
)


def fuzz(data: bytes) -> None:
    chosen, message = NAMES[data[0] % len(NAMES)] if data else "ack", data[1:]
    read = DECODERS[chosen](message)
    assert read.encode() == cose.unpack1(message, chosen)[0]
