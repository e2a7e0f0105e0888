"""A PC/SC reader's answer to reset: any bytes give a card of some kind, never an error."""

from __future__ import annotations

from terminal.nfc.atr import card_found, is_contactless
from terminal.nfc.reader import CardKind

SEEDS = (
    bytes.fromhex("3B80800101"),
    bytes.fromhex("3B8180018080"),
    bytes.fromhex("3B8F8001804F0CA000000306030001000000006A"),
    b"\x3b\x00",
)


def fuzz(data: bytes) -> None:
    kind = card_found(data, b"").kind
    assert is_contactless(data) or kind is CardKind.OTHER
