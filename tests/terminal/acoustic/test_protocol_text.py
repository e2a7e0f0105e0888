"""A transmitter written from docs/protocol/acoustic.md alone, in plain Python, makes our bursts.

It takes nothing from ``terminal.acoustic`` but what it is compared with.
"""

from __future__ import annotations

import math
import zlib

import numpy as np
import pytest

from terminal.acoustic import modulate

MODES = {
    "counter": (1, 256, 5, 6, 1, (4, 43, 100), 48),
    "fast": (2, 128, 5, 3, 1, (4, 43, 100), 48),
    "robust": (3, 384, 4, 8, 3, (0, 9, 4), 48),
    "inaudible": (4, 480, 5, 160, 1, (4, 43, 100), 480),
}
START = {5: (5, 21, 11, 29, 1, 15, 25, 9), 4: (3, 11, 6, 14, 1, 8, 13, 5)}
END = {5: (18, 2, 26, 12, 30, 8, 22, 4), 4: (9, 2, 12, 4, 15, 7, 10, 0)}


class State:
    def __init__(self, seed: int) -> None:
        self.s = seed % 2**32

    def draw(self, limit: int) -> int:
        self.s = (1_664_525 * self.s + 1_013_904_223) % 2**32
        return (self.s >> 16) % limit


def times(a: int, b: int, bits: int) -> int:
    product = 0
    for i in range(bits):
        if b >> i & 1:
            product ^= a << i
    for i in range(2 * bits, bits - 1, -1):
        if product >> i & 1:
            product ^= {4: 0b10011, 5: 0b100101}[bits] << (i - bits)
    return product


def information(payload: bytes, number: int, bits: int) -> list[int]:
    crc = zlib.crc32(bytes([number, len(payload)]) + payload)
    text = "".join(f"{byte:08b}" for byte in payload + crc.to_bytes(4, "big"))
    text += "0" * (-len(text) % bits)
    return [int(text[i : i + bits], 2) for i in range(0, len(text), bits)]


def distances(neighbours: list[set[int]], start: int) -> list[int]:
    found = [-1] * len(neighbours)
    found[start] = 0
    queue = [start]
    for c in queue:
        for other in neighbours[c]:
            if found[other] < 0:
                found[other] = found[c] + 1
                queue.append(other)
    return found


def parity(info: list[int], count: int, bits: int) -> list[int]:
    state = State(65_536 * len(info) + 256 * count + bits)
    neighbours = [{(c - 1) % count, (c + 1) % count} for c in range(count)]
    degree = [2] * count
    sums = [0] * count
    for symbol in info:
        near = min(range(count), key=lambda c: (degree[c], c))
        distance = distances(neighbours, near)
        farthest = [c for c in range(count) if distance[c] == max(distance)]
        least = min(degree[c] for c in farthest)
        choices = [c for c in farthest if degree[c] == least]
        far = choices[state.draw(len(choices))]
        power = 1
        for _ in range(state.draw(2**bits - 1)):
            power = times(power, 2, bits)
        sums[near] ^= symbol
        sums[far] ^= times(power, symbol, bits)
        neighbours[near].add(far)
        neighbours[far].add(near)
        degree[near] += 1
        degree[far] += 1
    total = 0
    for value in sums:
        total ^= value
    last = next(p for p in range(2**bits) if times(3, p, bits) == total)
    symbols = [sums[0] ^ times(2, last, bits)]
    for value in sums[1:]:
        symbols.append(value ^ symbols[-1])
    assert symbols[-1] == last
    return symbols


def burst(payload: bytes, name: str) -> list[float]:
    number, width, bits, first, combs, (base, n, d), ramp = MODES[name]
    info = information(payload, number, bits)
    coded = info + parity(info, base + math.ceil(len(info) * n / d), bits)
    stride = math.ceil(618 * len(coded) / 1000)
    while math.gcd(stride, len(coded)) != 1:
        stride += 1
    white = State(0x5EED0000 + 256 * number + len(payload))
    aired = [coded[j * stride % len(coded)] ^ white.draw(2**bits) for j in range(len(coded))]
    samples = []
    for block in (START[bits], aired, END[bits]):
        for place, tone in enumerate(block):
            cycles = first + combs * tone + place % combs
            samples += [math.cos(2 * math.pi * cycles * i / width) for i in range(width)]
    for i in range(ramp):
        gain = 0.5 - 0.5 * math.cos(math.pi * (i + 0.5) / ramp)
        samples[i] *= gain
        samples[-1 - i] *= gain
    return samples


@pytest.mark.parametrize("name", MODES)
@pytest.mark.parametrize("length", [1, 2, 33, 85])
def test_the_protocol_text_suffices_for_a_transmitter(name: str, length: int) -> None:
    payload = bytes((length * 31 + 17 * i) % 256 for i in range(length))
    assert np.abs(np.array(burst(payload, name)) - modulate(payload, name)).max() < 1e-6


def test_the_checksum_is_the_usual_one() -> None:
    assert zlib.crc32(b"123456789") == 0xCBF43926
