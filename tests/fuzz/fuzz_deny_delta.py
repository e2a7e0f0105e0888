"""Changes to the deny list, and heads, as if whatever is fed had been signed."""

from __future__ import annotations

import hashlib

from terminal.crypto.keys import private_signer
from terminal.payment.deny_head import (
    Changes,
    DenyHead,
    decode_head_payload,
    encode_delta,
    sign_head,
    split_delta,
)

ROOT = private_signer("Ed25519", bytes(range(32)))
CHANGES = Changes(frozenset({b"subject1", b"subject3"}), frozenset({b"subject2"})).encode()
HEAD = DenyHead(2, 9, bytes(32), bytes(32), hashlib.sha256(CHANGES).digest())
SEEDS = (
    b"\x00" + encode_delta(sign_head(HEAD, ROOT), CHANGES),
    b"\x01" + HEAD.encode(),
    b"\x01" + DenyHead(1, 0, bytes(32)).encode(),
)


def fuzz(data: bytes) -> None:
    if data[:1] == b"\x01":
        assert decode_head_payload(data[1:]).encode() == data[1:]
    else:
        message, encoded, changes = split_delta(data[1:])
        assert changes.encode() == encoded
        assert encode_delta(message, encoded) == data[1:]
