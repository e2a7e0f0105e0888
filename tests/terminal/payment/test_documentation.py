"""The worked example of docs/protocol/money.md is the committed vector, byte for byte."""

from __future__ import annotations

import json
import re
from pathlib import Path

from terminal.payment import ack, coupon, keycert, payee, policy, spend, stamp, verdict
from terminal.payment.keycert import KeyRole

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "protocol" / "money.md").read_text("utf-8")
VECTORS = json.loads((ROOT / "tests" / "vectors" / "money" / "ed25519.json").read_text("utf-8"))


def examples() -> list[str]:
    """The indented blocks of hex in the last section."""
    section = PAGE.split("## 5. Worked example")[1]
    blocks = re.findall(r"(?:^    [0-9a-f]+$\n?)+", section, re.MULTILINE)
    return ["".join(block.split()) for block in blocks]


def test_the_worked_example_is_the_vector() -> None:
    objects = {one["what"]: one for one in VECTORS["objects"]}
    assert examples() == [
        VECTORS["request"],
        objects["coupon"]["payload"],
        VECTORS["coupon_digest"],
        objects["coupon"]["external_aad"],
        objects["coupon"]["message"],
        objects["spend"]["payload"],
        objects["spend"]["external_aad"],
        VECTORS["presentations"]["full"]["bytes"],
        VECTORS["presentations"]["alone"]["bytes"],
    ]
    assert VECTORS["keys"]["issuer"]["public"] in PAGE
    assert f"check code `{VECTORS['presentations']['full']['check_code']}`" in PAGE


def test_every_purpose_and_role_is_on_the_page() -> None:
    for module in (ack, coupon, keycert, payee, policy, spend, stamp, verdict):
        assert f'["{module.PURPOSE}", alg' in PAGE
    for role in KeyRole:
        assert f"{role.value} {role.name.lower().replace('_', ' ')}" in PAGE
