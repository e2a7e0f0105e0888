"""The stored-frontier reader."""

from __future__ import annotations

from terminal.crypto.merkle import Frontier, decode_frontier, leaf_hash

SEEDS = tuple(
    Frontier().extend(leaf_hash(bytes([n])) for n in range(size)).encode() for size in (0, 1, 7)
)


def fuzz(data: bytes) -> None:
    assert decode_frontier(data).encode() == data
