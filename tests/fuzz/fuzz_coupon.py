"""Coupons: read or refused, and what is read is written the same way again."""

from __future__ import annotations

import json
from pathlib import Path

from terminal.payment.coupon import decode_coupon

VECTORS = Path(__file__).parents[1] / "vectors" / "money"
SEEDS = tuple(
    bytes.fromhex(one["message"])
    for name in ("ed25519", "p256")
    for one in json.loads((VECTORS / f"{name}.json").read_text("utf-8"))["objects"]
    if one["what"].startswith("coupon")
)


def fuzz(data: bytes) -> None:
    coupon = decode_coupon(data)
    assert coupon.encode() == data
    assert coupon.fields.encode_payload() == coupon.payload
