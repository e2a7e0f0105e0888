"""The key file on disk, and its content as if it had decrypted."""

from __future__ import annotations

import contextlib

from terminal.crypto import cbor
from terminal.devices.key_file import Derivation, Sealed, decode_keys, decode_sealed
from terminal.errors import DecodeError

SEEDS = (
    Sealed(Derivation(19_456, 2, 1, bytes(16)), bytes(12), bytes(64)).encode(),
    cbor.encode([["journal", "Ed25519", bytes(32)], ["device", "P-256", bytes(32)]]),
)


def fuzz(data: bytes) -> None:
    with contextlib.suppress(DecodeError):
        assert decode_sealed(data).encode() == data
    keys = decode_keys(data)
    assert cbor.encode([(key.label, key.algorithm, key.secret) for key in keys]) == data
