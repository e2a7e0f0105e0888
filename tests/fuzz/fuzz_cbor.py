"""The CBOR reader: what it accepts, it spells the same way again."""

from __future__ import annotations

from terminal.crypto import cbor

SEEDS = (
    b"\x86\x01\x1a\x00\x01\xe2\x40\x18\x9c\x19\x04\xe2\x48\x00\x01\x02\x03\x04\x05\x06\x07\x00",
    b"\x84\x40\xa0\x43abc\x58\x40" + bytes(64),
    b"\x83\x63abc\xf6\x1b\x00\x1f\xff\xff\xff\xff\xff\xff",
)


def fuzz(data: bytes) -> None:
    value = cbor.decode(data, "input", 4096)
    assert cbor.encode(value) == data
