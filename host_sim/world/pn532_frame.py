"""Frames between a host and a PN532 (NXP UM0701-02, 6.2.1), both directions, as a byte stream.

A stream is fed any way it falls and gives whole frames; what is damaged is skipped up to the next
start code, as the chip does. Nothing is remembered beyond one frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from terminal.errors import DecodeError

START: Final = b"\x00\x00\xff"
ACK: Final = b"\x00\x00\xff\x00\xff\x00"
NACK: Final = b"\x00\x00\xff\xff\x00\x00"
ERROR: Final = b"\x00\x00\xff\x01\xff\x7f\x81\x00"
"""The chip's answer to a command it does not understand."""
TO_CHIP: Final = 0xD4
TO_HOST: Final = 0xD5
MAX_DATA: Final = 265
"""Identifier, code and parameters of an extended frame."""


@dataclass(frozen=True, slots=True)
class Information:
    """A frame that carries something: identifier byte (D4 or D5), then the data after it."""

    identifier: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The other side has the frame; from the host also: stop what you are doing."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The other side wants the last frame again."""


PnFrame = Information | Acknowledged | Rejected


def encode_information(identifier: int, data: bytes) -> bytes:
    """A normal frame, or an extended one when there are more than 255 bytes."""
    body = bytes((identifier,)) + data
    assert 1 <= len(body) <= MAX_DATA
    if len(body) <= 0xFF:
        head = START + bytes((len(body), -len(body) & 0xFF))
    else:
        size = len(body).to_bytes(2, "big")
        head = START + b"\xff\xff" + size + bytes((-sum(size) & 0xFF,))
    return head + body + bytes((-sum(body) & 0xFF, 0))


def decode_information(body: bytes, check: int) -> Information:
    """Identifier and data, their check byte being ``check``.

    Raises:
        DecodeError: the sum is wrong, or the identifier is neither D4 nor D5.
    """
    if (sum(body) + check) & 0xFF:
        raise DecodeError("frame.dcs", "the data does not add up")
    if not body or body[0] not in (TO_CHIP, TO_HOST):
        raise DecodeError("frame.tfi", "neither to the chip nor to the host")
    return Information(body[0], bytes(body[1:]))


class FrameStream:
    """Bytes in, frames out. ``damaged`` counts what was skipped."""

    def __init__(self) -> None:
        self._held = b""
        self.damaged = 0

    def feed(self, data: bytes) -> tuple[PnFrame, ...]:
        """Every frame that is complete now."""
        self._held += data
        frames: list[PnFrame] = []
        while (frame := self._next()) is not None:
            frames.extend(frame)
        return tuple(frames)

    def drop(self) -> None:
        """Forget a frame that was cut short."""
        self._held = b""

    def _next(self) -> tuple[PnFrame, ...] | None:
        """One frame, or an empty tuple for something skipped, or None when more must come."""
        start = self._held.find(START)
        if start < 0:
            self._held = self._held[-2:]
            return None
        self._held = self._held[start:]
        if self._held.startswith(ACK[:5]):
            return self._take(5, Acknowledged())
        if self._held.startswith(NACK[:5]):
            return self._take(5, Rejected())
        return self._information()

    def _information(self) -> tuple[PnFrame, ...] | None:
        held = self._held
        extended = held[3:5] == b"\xff\xff"
        head = 8 if extended else 5
        if len(held) < head:
            return None
        length = held[5:8] if extended else held[3:5]
        size = int.from_bytes(length[:-1], "big")
        if sum(length) & 0xFF or not 1 <= size <= MAX_DATA:
            return self._skip()
        if len(held) < head + size + 1:
            return None
        try:
            frame = decode_information(held[head : head + size], held[head + size])
        except DecodeError:
            return self._skip()
        return self._take(head + size + 1, frame)

    def _take(self, size: int, frame: PnFrame) -> tuple[PnFrame, ...]:
        self._held = self._held[size:]
        return (frame,)

    def _skip(self) -> tuple[PnFrame, ...]:
        self._held = self._held[len(START) :]
        self.damaged += 1
        return ()
