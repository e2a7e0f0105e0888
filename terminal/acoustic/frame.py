"""A frame: payload and checksum as coded symbols between the two sync blocks.

On the air: start tones, coded symbols, end tones. The length is not sent: it is what lies between
the sync blocks, since every length has its own number of symbols.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from terminal.acoustic.crc import CRC_BITS, checksum
from terminal.acoustic.interleave import air_order, whitening
from terminal.acoustic.ldpc import Code, code
from terminal.acoustic.modes import PAYLOAD_BYTES_MAX

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from terminal.acoustic.modes import Mode


@dataclass(frozen=True, slots=True)
class Layout:
    """How many symbols a payload of ``length`` bytes takes in a mode."""

    length: int
    information_count: int
    parity_count: int
    start_count: int
    end_count: int

    @property
    def coded_count(self) -> int:
        return self.information_count + self.parity_count

    @property
    def symbol_count(self) -> int:
        """Every symbol on the air, sync included."""
        return self.start_count + self.coded_count + self.end_count


@lru_cache(maxsize=4096)
def layout(mode: Mode, length: int) -> Layout:
    """The layout of a frame; ``length`` 1 to 255."""
    assert 1 <= length <= PAYLOAD_BYTES_MAX
    information = -(-(8 * length + CRC_BITS) // mode.symbol_bits)
    base, numerator, denominator = mode.parity_rule
    parity = base + -(-information * numerator // denominator)
    return Layout(length, information, parity, len(mode.start_tones), len(mode.end_tones))


def frame_code(mode: Mode, length: int) -> Code:
    """The code of a frame; built at first use."""
    shape = layout(mode, length)
    return code(mode.symbol_bits, shape.information_count, shape.parity_count)


def frame_tones(payload: bytes, mode: Mode) -> NDArray[np.int64]:
    """Every tone of the burst in order, int64, each in ``range(mode.tone_count)``."""
    length = len(payload)
    shape = layout(mode, length)
    protected = payload + checksum(mode.number, payload).to_bytes(4, "big")
    bits = np.zeros(shape.information_count * mode.symbol_bits, np.int64)
    bits[: 8 * len(protected)] = np.unpackbits(np.frombuffer(protected, np.uint8))
    weights = 1 << np.arange(mode.symbol_bits)[::-1]
    coded = frame_code(mode, length).encode(bits.reshape(-1, mode.symbol_bits) @ weights)
    count = shape.coded_count
    aired = coded[air_order(count)] ^ whitening(mode.number, length, count, mode.tone_count)
    return np.concatenate([mode.start_tones, aired, mode.end_tones])


def block_bins(tones: NDArray[np.int64], mode: Mode) -> NDArray[np.int64]:
    """The bins of one block's tones: combs take turns from its first symbol."""
    return mode.comb_count * tones + np.arange(len(tones)) % mode.comb_count


def frame_bins(payload: bytes, mode: Mode) -> NDArray[np.int64]:
    """Every bin of the burst in order, int64, each in ``range(mode.bin_count)``."""
    shape = layout(mode, len(payload))
    parts = np.split(
        frame_tones(payload, mode), [shape.start_count, shape.start_count + shape.coded_count]
    )
    return np.concatenate([block_bins(part, mode) for part in parts])


def candidate_bins(mode: Mode, count: int) -> NDArray[np.int64]:
    """Bins of every tone at each coded place, int64 ``(count, tones)``."""
    combs = np.arange(count) % mode.comb_count
    return mode.comb_count * np.arange(mode.tone_count) + combs[:, None]


def possible_bins(mode: Mode, shape: Layout) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """The bins each symbol of the frame may have, and of each coded symbol the bin of each tone."""
    possible = np.zeros((shape.symbol_count, mode.bin_count), np.bool_)
    for first, tones in ((0, mode.start_tones), (-shape.end_count, mode.end_tones)):
        bins = block_bins(np.array(tones), mode)
        possible[first + np.arange(len(bins)), bins] = True
    candidates = candidate_bins(mode, shape.coded_count)
    coded = possible[shape.start_count : -shape.end_count]
    np.put_along_axis(coded, candidates, True, axis=1)
    return possible, candidates


def code_order(aired: NDArray[np.float32], mode: Mode, length: int) -> NDArray[np.float32]:
    """Values for each coded place and tone, ``(N, tones)``, as ``(code symbol, element)``."""
    count = len(aired)
    white = whitening(mode.number, length, count, mode.tone_count)
    elements = np.arange(mode.tone_count)[None, :] ^ white[:, None]
    result = np.empty_like(aired)
    result[air_order(count)] = np.take_along_axis(aired, elements, axis=1)
    return result


def air_values(coded: NDArray[np.float32], mode: Mode, length: int) -> NDArray[np.float32]:
    """The inverse of :func:`code_order`."""
    count = len(coded)
    white = whitening(mode.number, length, count, mode.tone_count)
    elements = np.arange(mode.tone_count)[None, :] ^ white[:, None]
    return np.take_along_axis(coded[air_order(count)], elements, axis=1)


def frame_payload(symbols: NDArray[np.int64], mode: Mode, length: int) -> bytes | None:
    """The payload in decoded code symbols, or None when padding or checksum is wrong."""
    information = symbols[: layout(mode, length).information_count]
    shifts = np.arange(mode.symbol_bits)[::-1]
    bits = ((information[:, None] >> shifts) & 1).astype(np.uint8).reshape(-1)
    end = 8 * length
    if bits[end + CRC_BITS :].any():
        return None
    payload = np.packbits(bits[:end]).tobytes()
    received = int.from_bytes(np.packbits(bits[end : end + CRC_BITS]).tobytes(), "big")
    return payload if received == checksum(mode.number, payload) else None
