"""BER-TLV as the card application uses it (ISO/IEC 7816-4:2020, 6.3), a strict subset.

One-byte tags, lengths 0..255 in their shortest form (one byte below 128, else ``81`` and one byte).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from terminal.errors import DecodeError


def encode_tlv(tag: int, value: bytes) -> bytes:
    """Tag, shortest length, value; at most 255 bytes of value."""
    assert 0 < tag < 0xFF
    assert tag & 0x1F != 0x1F, "one-byte tags only"
    assert len(value) <= 0xFF
    length = bytes((len(value),)) if len(value) < 0x80 else bytes((0x81, len(value)))
    return bytes((tag,)) + length + value


def decode_tlvs(data: bytes, field: str) -> Mapping[int, bytes]:
    """All objects in ``data`` by tag, in order, each tag at most once.

    Raises:
        DecodeError: a tag twice or of several bytes, a length not shortest or beyond the data.
    """
    found: dict[int, bytes] = {}
    rest = bytes(data)
    while rest:
        tag = rest[0]
        if tag & 0x1F == 0x1F or tag == 0:
            raise DecodeError(field, f"tag {tag:02X} is not used")
        size, head = _decode_length(rest, field)
        if len(rest) < head + size:
            raise DecodeError(field, f"tag {tag:02X} says {size} bytes, {len(rest) - head} follow")
        if tag in found:
            raise DecodeError(field, f"tag {tag:02X} twice")
        found[tag], rest = rest[head : head + size], rest[head + size :]
    return MappingProxyType(found)


def _decode_length(rest: bytes, field: str) -> tuple[int, int]:
    """The length of the first value and how many bytes come before it."""
    if len(rest) < 2:
        raise DecodeError(field, "a tag without a length")
    if rest[1] < 0x80:
        return rest[1], 2
    if rest[1] != 0x81 or len(rest) < 3 or rest[2] < 0x80:
        raise DecodeError(field, f"tag {rest[0]:02X} has a length that is not the shortest")
    return rest[2], 3
