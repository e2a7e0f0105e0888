"""The small values kept over a restart: the open sale and the host's time."""

from __future__ import annotations

import contextlib

from terminal.errors import DecodeError
from terminal.payment.request import Request
from terminal.sale.open_sale import OpenSale, decode_open_sale
from terminal.sale.timekeeper import HostAnchor, decode_anchor

REQUEST = Request(123_456, 156, 1250, b"nonce678")
SEEDS = (
    OpenSale(7, REQUEST, REQUEST.encode(), b"boot0001", 5_000, 60_000).encode(),
    HostAnchor(1_800_000_000, b"boot0001", 5_000).encode(),
)


def fuzz(data: bytes) -> None:
    with contextlib.suppress(DecodeError):
        assert decode_anchor(data).encode() == data
    sale = decode_open_sale(data)
    assert sale.encode() == data
    assert sale.request.encode() == sale.request_bytes
