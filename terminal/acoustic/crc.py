"""The frame's checksum: CRC-32 (ISO 3309, as in Ethernet and zip) over mode, length and payload.

The mode's number and the length are covered but not sent: a frame read as another mode or length
fails.
"""

from __future__ import annotations

import zlib
from typing import Final

CRC_BITS: Final = 32


def checksum(mode_number: int, payload: bytes) -> int:
    """CRC-32 of ``mode_number``, ``len(payload)`` (a byte each) and the payload."""
    return zlib.crc32(bytes((mode_number, len(payload))) + payload)
