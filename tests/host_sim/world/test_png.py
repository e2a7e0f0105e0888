"""The PNG reader: every filter and colour it knows, and a typed refusal of everything else."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_sim.world.png import SIGNATURE, decode_luminance, decode_png
from terminal.errors import DecodeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

COLOUR = {1: 0, 2: 4, 3: 2, 4: 6}


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def header(width: int, height: int, colour: int, depth: int = 8, interlace: int = 0) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))


def neighbour(kind: int, left: int, up: int, corner: int) -> int:
    """The filters as the standard's table 9.1 spells them, one byte at a time."""
    if kind == 4:
        guess = left + up - corner
        return min((left, up, corner), key=lambda near: abs(guess - near))
    return (0, left, up, (left + up) // 2)[kind]


def encode(pixels: Pixels, kinds: list[int]) -> bytes:
    height, width, channels = pixels.shape
    rows = bytearray()
    for y in range(height):
        rows.append(kinds[y % len(kinds)])
        for x in range(width):
            for c in range(channels):
                left = int(pixels[y, x - 1, c]) if x else 0
                up = int(pixels[y - 1, x, c]) if y else 0
                corner = int(pixels[y - 1, x - 1, c]) if x and y else 0
                guess = neighbour(kinds[y % len(kinds)], left, up, corner)
                rows.append((int(pixels[y, x, c]) - guess) % 256)
    data = zlib.compress(bytes(rows))
    middle = len(data) // 2
    body = chunk(b"IDAT", data[:middle]) + chunk(b"tEXt", b"a\0b") + chunk(b"IDAT", data[middle:])
    return SIGNATURE + header(width, height, COLOUR[channels]) + body + chunk(b"IEND", b"")


@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(st.integers(1, 7), st.integers(1, 7), st.integers(1, 4)),
    kinds=st.lists(st.integers(0, 4), min_size=1, max_size=7),
)
def test_every_mixture_of_filters_decodes(
    seed: int, shape: tuple[int, int, int], kinds: list[int]
) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    assert np.array_equal(decode_png(encode(pixels, kinds)), pixels)


def test_grey_is_the_weighted_sum_of_the_colours() -> None:
    pixels = np.array([[[255, 255, 255], [0, 0, 0], [255, 0, 0]]], np.uint8)
    assert decode_luminance(encode(pixels, [0])).tolist() == [[255, 0, 76]]


GOOD = encode(np.zeros((2, 3, 3), np.uint8), [1])


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b"", "png.signature"),
        (b"GIF89a", "png.signature"),
        (GOOD[:-1], "png.chunk"),
        (GOOD + b"\0", "png"),
        (GOOD[:40] + bytes([GOOD[40] ^ 1]) + GOOD[41:], "png.crc"),
        (SIGNATURE + chunk(b"IEND", b""), "png.header"),
        (SIGNATURE + header(1, 1, 3) + chunk(b"IEND", b""), "png.colour"),
        (SIGNATURE + header(1, 1, 2, depth=16) + chunk(b"IEND", b""), "png.colour"),
        (SIGNATURE + header(1, 1, 2, interlace=1) + chunk(b"IEND", b""), "png.method"),
        (SIGNATURE + header(2**31, 2**31, 2) + chunk(b"IEND", b""), "png.size"),
        (SIGNATURE + header(1, 1, 2) + chunk(b"IEND", b""), "png.data"),
        (SIGNATURE + header(1, 1, 2) + chunk(b"ABCD", b"") + chunk(b"IEND", b""), "png.chunk"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(data: bytes, field: str) -> None:
    with pytest.raises(DecodeError) as refused:
        decode_png(data)
    assert refused.value.field == field


def test_an_unknown_filter_is_refused() -> None:
    body = zlib.compress(bytes([5, 0]))
    picture = SIGNATURE + header(1, 1, 0) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    with pytest.raises(DecodeError, match="filter"):
        decode_png(picture)


def test_a_compressed_bomb_is_not_unpacked() -> None:
    bomb = chunk(b"IDAT", zlib.compress(bytes(10_000_000)))
    with pytest.raises(DecodeError, match="exactly 2 bytes"):
        decode_png(SIGNATURE + header(1, 1, 0) + bomb + chunk(b"IEND", b""))
