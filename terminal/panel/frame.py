"""Frames on a byte stream that may lose, add or change bytes.

A frame is one zero byte, the COBS encoding (Cheshire and Baker, IEEE/ACM Transactions on Networking
7:2, 1999) of a body followed by its CRC-32 (IEEE 802.3, least significant byte first), one zero
byte. A zero byte never occurs inside, so whatever came before, reading is in step again at the next
zero; and since a frame also begins with one, the first whole frame after noise is never lost.

The very same file runs on the panel's MicroPython: it imports struct and binascii only.
"""

import binascii
import struct

MAX_BODY_BYTES = 64
CHECKSUM_BYTES = 4
MAX_ENCODED_BYTES = MAX_BODY_BYTES + CHECKSUM_BYTES + 1
"""Between the two zero bytes; at most 254 data bytes need one code byte and no more."""


def encode_frame(body: bytes) -> bytes:
    """``body``, 1 to 64 bytes, as it goes on the line."""
    assert 0 < len(body) <= MAX_BODY_BYTES
    data = body + struct.pack("<I", binascii.crc32(body))
    encoded = bytearray(b"\x00")
    for block in data.split(b"\x00"):
        encoded.append(len(block) + 1)
        encoded += block
    encoded.append(0)
    return bytes(encoded)


def decode_frame(encoded: bytes) -> bytes | None:
    """The body between two zero bytes, or None when it is not a frame or its checksum fails."""
    data = bytearray()
    at = 0
    while at < len(encoded):
        end = at + encoded[at]
        if end > len(encoded):
            return None
        data += encoded[at + 1 : end]
        if end < len(encoded):
            data.append(0)
        at = end
    length = len(data) - CHECKSUM_BYTES
    if not 0 < length <= MAX_BODY_BYTES:
        return None
    body = bytes(data[:length])
    (checksum,) = struct.unpack("<I", bytes(data[length:]))
    return body if checksum == binascii.crc32(body) else None


class FrameReader:
    """Bytes in, in any pieces; bodies whose checksum holds out. Holds at most one frame's bytes."""

    def __init__(self) -> None:
        self.damaged = 0
        """Pieces between zero bytes that were not frames, since the start."""
        self._held = bytearray()
        self._too_long = False

    def receive(self, data: bytes) -> list[bytes]:
        """The bodies that ``data`` completes, in order; it may be empty and never raises."""
        pieces = bytes(data).split(b"\x00")
        bodies: list[bytes] = []
        for index, piece in enumerate(pieces):
            if index:
                self._close(bodies)
            self._hold(piece)
        return bodies

    def _hold(self, piece: bytes) -> None:
        if len(self._held) + len(piece) > MAX_ENCODED_BYTES:
            self._too_long = True
            self._held = bytearray()
        elif not self._too_long:
            self._held += piece

    def _close(self, bodies: list[bytes]) -> None:
        if self._held or self._too_long:
            body = None if self._too_long else decode_frame(bytes(self._held))
            if body is None:
                self.damaged += 1
            else:
                bodies.append(body)
        self._held = bytearray()
        self._too_long = False
