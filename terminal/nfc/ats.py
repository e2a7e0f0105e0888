"""The answer to select of a Type 4A card (ISO/IEC 14443-4:2018, 5.2), strictly read.

A wrong reading of one nibble means waiting 0.3 ms for a card that needs 77: so every length is
checked, defaults apply exactly where the standard gives them, and values reserved for future use
are read as the standard tells a reader to read them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from terminal.errors import DecodeError

CARRIER_HZ: Final = 13_560_000
RATS: Final = bytes((0xE0, 0x80))
"""Request for the answer: FSDI 8 (frames of 256 bytes to us), CID 0."""
FRAME_SIZES: Final = (16, 24, 32, 40, 48, 64, 96, 128, 256)
"""FSC by FSCI (table 1); larger and reserved FSCI count as 256, the most we send."""
DEFAULT_FSCI: Final = 2
DEFAULT_FWI: Final = 4
MAX_LENGTH: Final = 254
"""An ATS is one frame of at most FSD bytes, two of them its check."""


@dataclass(frozen=True, slots=True)
class Ats:
    """What the card can take and how long to wait for it.

    ``frame_size`` counts PCB and the two check bytes; ``frame_waiting_us`` is FWT;
    ``guard_us`` is SFGT, the silence due after the ATS (0: none).
    """

    frame_size: int
    frame_waiting_us: int
    guard_us: int
    historical: bytes


def decode_ats(data: bytes) -> Ats:
    """The ATS with its length byte, without the check bytes.

    Raises:
        DecodeError: TL is not the number of bytes, interface bytes are missing, or T0 bit 8 is set.
    """
    if not data:
        raise DecodeError("ats", "empty")
    if data[0] != len(data) or len(data) > MAX_LENGTH:
        raise DecodeError("ats.tl", f"says {data[0]} bytes, there are {len(data)}")
    if len(data) == 1:
        return _ats(DEFAULT_FSCI, DEFAULT_FWI, 0, b"")
    format_byte = data[1]
    if format_byte & 0x80:
        raise DecodeError("ats.t0", "bit 8 is set")
    present = [bool(format_byte & bit) for bit in (0x10, 0x20, 0x40)]
    if len(data) < 2 + sum(present):
        raise DecodeError("ats.tl", "interface bytes announced by T0 are missing")
    waiting, guard = DEFAULT_FWI, 0
    if present[1]:
        waiting, guard = divmod(data[2 + present[0]], 16)
    return _ats(format_byte & 0x0F, waiting, guard, data[2 + sum(present) :])


def _ats(size_index: int, waiting: int, guard: int, historical: bytes) -> Ats:
    """FWI and SFGI 15 are reserved; a reader takes them as 4 and 0 (5.2.5)."""
    waiting = DEFAULT_FWI if waiting == 15 else waiting
    guard = 0 if guard == 15 else guard
    unit = 256 * 16 * 1_000_000
    return Ats(
        frame_size=FRAME_SIZES[min(size_index, 8)],
        frame_waiting_us=-(-unit * 2**waiting // CARRIER_HZ),
        guard_us=-(-unit * 2**guard // CARRIER_HZ) if guard else 0,
        historical=bytes(historical),
    )
