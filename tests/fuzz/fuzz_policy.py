"""The policy's payload, as if whatever is fed had been signed."""

from __future__ import annotations

import json
from pathlib import Path

from terminal.payment.policy import decode_policy_payload

VECTORS = Path(__file__).parents[1] / "vectors" / "money"
FILES = [json.loads((VECTORS / f"{name}.json").read_text("utf-8")) for name in ("ed25519", "p256")]
SEEDS = tuple([bytes.fromhex(file["objects"][-1]["payload"]) for file in FILES])


def fuzz(data: bytes) -> None:
    assert decode_policy_payload(data).encode() == data
