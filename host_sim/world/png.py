"""A small strict PNG reader: pictures of a screen, decoded with zlib and numpy alone.

Source: PNG, third edition (W3C Recommendation). Read are 8-bit greyscale, truecolour and either
with alpha, not interlaced, which is what browsers and cameras of the simulated world write.
Anything else, a wrong checksum, a missing or surplus byte raises ``DecodeError``.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final

import numpy as np

from terminal.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Working = NDArray[np.int16]

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
MAX_FILE_BYTES: Final = 32 * 2**20
MAX_PIXELS: Final = 32_000_000
CHANNELS: Final = {0: 1, 2: 3, 4: 2, 6: 4}
"""Samples in a pixel, by colour type (table 9); type 3, a palette, is not read."""
_PASSED_OVER: Final = (b"IEND", b"PLTE")
"""Critical chunks that change no truecolour pixel: there a palette is a suggestion (11.2.2)."""
_CHUNK_HEAD: Final = struct.Struct(">I4s")
_HEADER: Final = struct.Struct(">IIBBBBB")


def decode_png(data: bytes) -> Pixels:
    """Pixels of shape (height, width, channels), uint8, channels 1 to 4.

    Raises:
        DecodeError: not a PNG of the kinds read here, damaged, or larger than the bounds.
    """
    if len(data) > MAX_FILE_BYTES:
        raise DecodeError("png", f"larger than {MAX_FILE_BYTES} bytes")
    header, packed = b"", bytearray()
    for kind, body in _chunks(data):
        if kind == b"IHDR":
            header = body
        elif kind == b"IDAT":
            packed += body
        elif kind[0] & 0x20 == 0 and kind not in _PASSED_OVER:
            raise DecodeError("png.chunk", f"critical chunk {kind!r} is not read here")
    width, height, channels = _shape(header)
    rows = _inflate(bytes(packed), height * (1 + width * channels))
    lines = np.frombuffer(rows, np.uint8).reshape(height, 1 + width * channels)
    return _unfilter(lines[:, 0], lines[:, 1:].reshape(height, width, channels))


def decode_luminance(data: bytes) -> Pixels:
    """The picture in grey, shape (height, width), uint8; transparency is ignored.

    Raises:
        DecodeError: as ``decode_png``.
    """
    pixels = decode_png(data)
    if pixels.shape[2] < 3:
        return np.ascontiguousarray(pixels[:, :, 0])
    weights = np.array([77, 150, 29], np.uint32)  # ITU-R BT.601, in 256ths
    return ((pixels[:, :, :3] @ weights) >> 8).astype(np.uint8)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Every chunk's type and body, checksums verified, up to IEND and not beyond (clause 5)."""
    if not data.startswith(SIGNATURE):
        raise DecodeError("png.signature", "not a PNG")
    position, kind = len(SIGNATURE), b""
    while kind != b"IEND":
        head = data[position : position + _CHUNK_HEAD.size]
        if len(head) < _CHUNK_HEAD.size:
            raise DecodeError("png.chunk", "cut short")
        length, kind = _CHUNK_HEAD.unpack(head)
        end = position + _CHUNK_HEAD.size + length
        if len(data) < end + 4:
            raise DecodeError("png.chunk", "cut short")
        if (kind == b"IHDR") != (position == len(SIGNATURE)):
            raise DecodeError("png.header", "is not the first chunk, and the only one")
        if zlib.crc32(data[position + 4 : end]) != int.from_bytes(data[end : end + 4], "big"):
            raise DecodeError("png.crc", f"chunk {kind!r} is damaged")
        yield kind, data[position + _CHUNK_HEAD.size : end]
        position = end + 4
    if position != len(data):
        raise DecodeError("png", "bytes after the end")


def _shape(header: bytes) -> tuple[int, int, int]:
    if len(header) != _HEADER.size:
        raise DecodeError("png.header", "missing or of the wrong length")
    width, height, depth, colour, compression, filtering, interlace = _HEADER.unpack(header)
    if not (0 < width * height <= MAX_PIXELS):
        raise DecodeError("png.size", f"{width} by {height} pixels is outside the bounds")
    if depth != 8 or colour not in CHANNELS:
        raise DecodeError("png.colour", f"colour type {colour} at {depth} bits is not read here")
    if (compression, filtering, interlace) != (0, 0, 0):
        raise DecodeError("png.method", "unknown compression or filter, or interlaced")
    return width, height, CHANNELS[colour]


def _inflate(packed: bytes, size: int) -> bytes:
    stream = zlib.decompressobj()
    try:
        rows = stream.decompress(packed, size + 1)
    except zlib.error as error:
        raise DecodeError("png.data", "does not decompress") from error
    if len(rows) != size or not stream.eof or stream.unused_data:
        raise DecodeError("png.data", f"is not exactly {size} bytes")
    return rows


def _unfilter(kinds: Pixels, filtered: Pixels) -> Pixels:
    """Undo the row filters (clause 9), whole diagonals at a time.

    A pixel needs its left, upper and upper left neighbours, so all pixels with equal x + y can be
    done at once: in the skewed picture, row d holds the pixels of diagonal d, indexed by y.
    """
    if np.any(kinds > 4):
        raise DecodeError("png.filter", f"unknown filter {int(kinds.max())}")
    height, width, channels = filtered.shape
    rows = np.arange(height)
    # One column of zeros before the first pixel's row and two diagonals before the first.
    skewed = np.zeros((height + width + 1, height + 1, channels), np.int16)
    for y in range(height):
        skewed[2 + y : 2 + y + width, 1 + y] = filtered[y]
    masks = [(kinds == kind)[:, np.newaxis] for kind in range(5)]
    for d in range(2, height + width + 1):
        low, high = max(0, d - 1 - width), min(height, d - 1)
        span = slice(low, high)
        left, up = skewed[d - 1, 1 + low : 1 + high], skewed[d - 1, low:high]
        corner = skewed[d - 2, low:high]
        guess = np.where(masks[1][span], left, 0)
        guess = np.where(masks[2][span], up, guess)
        guess = np.where(masks[3][span], (left + up) >> 1, guess)
        guess = np.where(masks[4][span], _paeth(left, up, corner), guess)
        skewed[d, 1 + low : 1 + high] = (skewed[d, 1 + low : 1 + high] + guess) & 0xFF
    columns = np.arange(width)
    pixels: Pixels = skewed[2 + rows[:, None] + columns, 1 + rows[:, None]].astype(np.uint8)
    return pixels


def _paeth(left: Working, up: Working, corner: Working) -> Working:
    """The neighbour nearest to left + up - corner (9.4), ties in that order."""
    to_left, to_up = np.abs(up - corner), np.abs(left - corner)
    to_corner = np.abs(left + up - 2 * corner)
    nearer_up = np.where(to_up <= to_corner, up, corner)
    return np.where((to_left <= to_up) & (to_left <= to_corner), left, nearer_up)
