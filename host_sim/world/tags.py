"""Cards that cannot pay: a Type 2 tag and a MIFARE Classic card, as far as a reader meets them.

A terminal must tell them apart and refuse them. The Type 2 tag answers READ (NFC Forum Type 2 Tag,
5.1), so that an independent reader can show that it is one.
"""

from __future__ import annotations

from typing import Final

PAGE: Final = 4
READ: Final = 0x30
CAPABILITY: Final = bytes.fromhex("E1101200")
"""NDEF, version 1.0, 144 bytes, open to all."""


class Type2Tag:
    """144 bytes of user memory from page 4, read four pages at a time."""

    def __init__(self, uid: bytes, message: bytes = b"") -> None:
        self._uid = uid
        head = uid[:3] + bytes((0x88 ^ uid[0] ^ uid[1] ^ uid[2],)) + uid[3:7]
        check = bytes((uid[3] ^ uid[4] ^ uid[5] ^ uid[6],))
        body = bytes((0x03, len(message))) + message + b"\xfe"
        self._memory = (head + check + b"\x48\x00\x00" + CAPABILITY + body).ljust(160, b"\x00")

    @property
    def uid(self) -> bytes:
        return self._uid

    @property
    def atqa(self) -> bytes:
        return b"\x00\x44"

    @property
    def sak(self) -> int:
        return 0x00

    def power_off(self) -> None:
        """It keeps no state without power."""

    def hear(self, frame: bytes) -> bytes | None:
        """READ gives 16 bytes, wrapping at the end; anything else is met with silence."""
        if len(frame) != 2 or frame[0] != READ or frame[1] * PAGE >= len(self._memory):
            return None
        start = frame[1] * PAGE
        return (self._memory * 2)[start : start + 16]


class ClassicCard:
    """MIFARE Classic 1K up to its broken cipher: it says who it is and no more."""

    def __init__(self, uid: bytes) -> None:
        self._uid = uid

    @property
    def uid(self) -> bytes:
        return self._uid

    @property
    def atqa(self) -> bytes:
        return b"\x00\x04"

    @property
    def sak(self) -> int:
        return 0x08

    def power_off(self) -> None:
        """It keeps no state without power."""

    def hear(self, frame: bytes) -> bytes | None:  # noqa: ARG002 - it answers nothing
        """Silence: nothing is authenticated."""
        return None
