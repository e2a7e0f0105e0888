"""Permits by number: read or refused, and what is read is written the same way again."""

from __future__ import annotations

import json
from pathlib import Path

from terminal.payment.permit import decode_permit

VECTORS = Path(__file__).parents[1] / "vectors" / "money"
SEEDS = tuple(
    bytes.fromhex(one["message"])
    for name in ("ed25519", "p256")
    for one in json.loads((VECTORS / f"{name}.json").read_text("utf-8"))["objects"]
    if one["what"] == "permit by number"
)


def fuzz(data: bytes) -> None:
    permit = decode_permit(data)
    assert permit.encode() == data
    assert permit.fields.encode_payload() == permit.payload
