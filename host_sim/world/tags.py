"""Cards that sign nothing: Type 2 and Type 4 tags with NDEF, and a MIFARE Classic card.

A terminal must tell them apart, and refuses them unless a tag holds a bearer coupon and its policy
takes those. The Type 2 tag answers READ (NFC Forum Type 2 Tag, 5.1), the Type 4 tag's application
SELECT and READ BINARY (NFC Forum Type 4 Tag, 5.4), so that an independent reader can read them.
"""

from __future__ import annotations

from typing import Final

from terminal.errors import DecodeError
from terminal.nfc.apdu import Command, Response, decode_command
from terminal.nfc.application import Status
from terminal.nfc.ndef_coupon import CC_FILE, NDEF_AID

PAGE: Final = 4
READ: Final = 0x30
CAPABILITY: Final = bytes.fromhex("E1101200")
"""NDEF, version 1.0, 144 bytes, open to all."""
USER_SIZE: Final = 144
NDEF_FILE: Final = 0xE104
NDEF_FILE_SIZE: Final = 512
MOST_READ: Final = 59
"""A tag that gives less than a message at a time, as small ones do."""


class Type2Tag:
    """144 bytes of user memory from page 4, read four pages at a time."""

    def __init__(self, uid: bytes, message: bytes = b"") -> None:
        """``message`` is an NDEF message.

        Raises:
            ValueError: it is longer than the tag; a Type 4 tag would hold it.
        """
        if len(message) > USER_SIZE - 3:
            problem = f"a Type 2 tag holds {USER_SIZE - 3} bytes, this message has {len(message)}"
            raise ValueError(f"{problem}: place it on a type4")
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


class NdefApplication:
    """The NDEF application of a Type 4 tag, for ``isodep_card``; nothing on it can be written."""

    def __init__(self, message: bytes = b"", most_read: int = MOST_READ) -> None:
        control = (0x0406, NDEF_FILE, NDEF_FILE_SIZE, 0x00FF)
        container = (15).to_bytes(2, "big") + b"\x20" + most_read.to_bytes(2, "big") + b"\x00\x34"
        self.files = {
            CC_FILE: container + b"".join([part.to_bytes(2, "big") for part in control]),
            NDEF_FILE: len(message).to_bytes(2, "big") + message,
        }
        self._most_read = most_read
        self.power_off()

    def power_off(self) -> None:
        """The session ends."""
        self._selected = False
        self._file: bytes | None = None

    def process(self, command: bytes) -> bytes:
        """A command APDU to its response APDU."""
        try:
            return self._answer(decode_command(command)).encode()
        except DecodeError:
            return Response(b"", Status.WRONG_LENGTH).encode()

    def _answer(self, command: Command) -> Response:
        if command.ins == 0xA4:
            return Response(b"", self._select(command))
        if command.ins != 0xB0:
            return Response(b"", Status.UNKNOWN_INSTRUCTION)
        if self._file is None:
            return Response(b"", Status.OUT_OF_ORDER)
        if command.le is None or command.le > self._most_read:
            return Response(b"", Status.WRONG_LENGTH)
        start = command.p1 << 8 | command.p2
        return Response(self._file[start : start + command.le], Status.OK)

    def _select(self, command: Command) -> Status:
        if command.p1 == 0x04:
            self._selected = command.data == NDEF_AID
            return Status.OK if self._selected else Status.NOT_FOUND
        self._file = self.files.get(int.from_bytes(command.data, "big"))
        return Status.OK if self._selected and self._file is not None else Status.NOT_FOUND


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
