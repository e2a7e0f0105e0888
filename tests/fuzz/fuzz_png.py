"""The screenshot reader: any bytes give pixels of the declared size, or a DecodeError."""

from __future__ import annotations

import struct
import zlib

from host_sim.world.png import SIGNATURE, decode_luminance
from terminal.errors import DecodeError


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _picture(colour: int, rows: bytes) -> bytes:
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, colour, 0, 0, 0))
    return SIGNATURE + head + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


SEEDS = (
    _picture(0, bytes([0, 1, 2, 4, 3, 4])),
    bytes([2, 2, 2, *(4, 9, 9, 9, 9, 9, 9) * 2]),
    _picture(6, bytes([1, *range(8), 3, *range(8)])),
)


def fuzz(data: bytes) -> None:
    shape_or_none(data)
    # Past the checksums: the same bytes as rows of a picture that says what they are.
    width, height, colour = (*data[:3], 1, 1, 0)[:3]
    head = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    body = _chunk(b"IDAT", zlib.compress(data[3:]))
    shape_or_none(SIGNATURE + _chunk(b"IHDR", head) + body + _chunk(b"IEND", b""))


def shape_or_none(data: bytes) -> None:
    try:
        luminance = decode_luminance(data)
    except DecodeError:
        return
    width, height = struct.unpack(">II", data[16:24])
    assert luminance.shape == (height, width)
