"""A changed bit anywhere: refused, or honestly something else. Never a crash, never the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.crypto import cose
from terminal.crypto.keys import parse_public_key
from terminal.errors import DecodeError, SignatureInvalid
from terminal.payment.presentation import decode_presentation
from terminal.payment.request import decode_request
from terminal.payment.text import from_text

VECTORS = Path(__file__).parents[2] / "vectors" / "money"
FILES = [json.loads((VECTORS / f"{name}.json").read_text("utf-8")) for name in ("ed25519", "p256")]
POSITIONS = st.integers(0, 2**32 - 1)


def flipped(data: bytes, position: int) -> bytes:
    """One bit changed, wherever ``position`` falls."""
    bit = position % (8 * len(data))
    return data[: bit // 8] + bytes((data[bit // 8] ^ 1 << bit % 8,)) + data[bit // 8 + 1 :]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file["algorithm"])
@given(chosen=POSITIONS, position=POSITIONS)
def test_no_signed_object_survives_a_changed_bit(
    file: dict[str, Any], chosen: int, position: int
) -> None:
    one = file["objects"][chosen % len(file["objects"])]
    key = parse_public_key(bytes.fromhex(file["keys"][one["signed_by"]]["public"]), "key")
    message = flipped(bytes.fromhex(one["message"]), position)
    with pytest.raises((DecodeError, SignatureInvalid)):
        cose.verify1(key, message, bytes.fromhex(one["external_aad"]))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file["algorithm"])
@given(chosen=POSITIONS, position=POSITIONS)
def test_no_signature_survives_a_changed_context(
    file: dict[str, Any], chosen: int, position: int
) -> None:
    one = file["objects"][chosen % len(file["objects"])]
    key = parse_public_key(bytes.fromhex(file["keys"][one["signed_by"]]["public"]), "key")
    with pytest.raises(SignatureInvalid):
        cose.verify1(
            key,
            bytes.fromhex(one["message"]),
            flipped(bytes.fromhex(one["external_aad"]), position),
        )


@pytest.mark.parametrize("read", [decode_presentation, decode_request])
@given(chosen=POSITIONS, position=POSITIONS)
def test_whatever_is_still_read_is_something_else(
    read: Callable[[bytes], Any], chosen: int, position: int
) -> None:
    file = FILES[chosen % 2]
    if read is decode_request:
        data = bytes.fromhex(file["request" if chosen % 4 < 2 else "static"])
    else:
        made = sorted(file["presentations"])
        data = bytes.fromhex(file["presentations"][made[chosen % len(made)]]["bytes"])
    changed = flipped(data, position)
    try:
        found = read(changed)
    except DecodeError:
        return
    assert found != read(data)
    assert found.encode() == changed


@given(position=POSITIONS)
def test_a_line_with_a_changed_bit_is_refused_or_other_bytes(position: int) -> None:
    line = FILES[0]["presentations"]["alone"]["text"]
    changed = flipped(line.encode(), position).decode("latin-1")
    try:
        kind_and_data = from_text(changed)
    except DecodeError:
        return
    assert kind_and_data != from_text(line)
