"""Requests by sound, QR and APDU, and printed ones."""

from __future__ import annotations

from terminal.payment.request import Ask, Request, StaticRequest, decode_request

SEEDS = (
    Request(123_456, 156, 1250, b"nonce678", Ask.VERIFICATION).encode(),
    StaticRequest(123_456, 156).encode(),
)


def fuzz(data: bytes) -> None:
    assert decode_request(data).encode() == data
