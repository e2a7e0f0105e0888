"""What a carrier brings: read or refused, and what is read is written the same way again."""

from __future__ import annotations

import json
from pathlib import Path

from terminal.payment.presentation import check_code, decode_presentation

VECTORS = Path(__file__).parents[1] / "vectors" / "money"
SEEDS = tuple(
    bytes.fromhex(one["bytes"])
    for name in ("ed25519", "p256")
    for one in json.loads((VECTORS / f"{name}.json").read_text("utf-8"))["presentations"].values()
)


def fuzz(data: bytes) -> None:
    presentation = decode_presentation(data)
    assert presentation.encode() == data
    assert len(check_code(data)) == 3
