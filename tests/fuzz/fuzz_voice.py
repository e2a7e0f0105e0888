"""The voice's WAV: any bytes are samples in range or a refusal."""

from __future__ import annotations

import numpy as np

from terminal.devices.speech import decode_wav

_HEAD = (
    b"RIFF\x00\xf0\xff\x7fWAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"
    b"\x22\x56\x00\x00\x44\xac\x00\x00\x02\x00\x10\x00data\x00\xf0\xff\x7f"
)
SEEDS = (_HEAD, _HEAD + b"\x00\x40\x00\x80\x01")


def fuzz(data: bytes) -> None:
    samples, sample_rate_hz = decode_wav(data)
    assert 8_000 <= sample_rate_hz <= 48_000
    assert np.all(np.abs(samples) <= 1.0)
