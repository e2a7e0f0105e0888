"""WAV files: any bytes give samples within full scale, or a DecodeError."""

from __future__ import annotations

import io
import wave

import numpy as np

from host_sim.world.wav import decode_wav


def _file(channels: int) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(2)
        sound.setframerate(48_000)
        sound.writeframes(bytes(range(8 * channels)))
    return out.getvalue()


SEEDS = (_file(1), _file(2))


def fuzz(data: bytes) -> None:
    samples = decode_wav(data)
    assert samples.dtype == np.float32
    assert not samples.size or float(np.max(np.abs(samples))) <= 1.001
