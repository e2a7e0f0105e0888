"""WAV files of sound: 16-bit PCM, one channel, 48 kHz out; mono or stereo 48 kHz in.

Source: RIFF WAVE as the standard library's ``wave`` reads and writes it. Full scale is 32767.
"""

from __future__ import annotations

import io
import wave
from typing import TYPE_CHECKING, Final

import numpy as np

from terminal.errors import DecodeError

if TYPE_CHECKING:
    from pathlib import Path

    from terminal.ports import Samples

SAMPLE_RATE_HZ: Final = 48_000
MAX_SECONDS: Final = 600
_FULL_SCALE: Final = 32_767.0


def write_wav(path: Path, samples: Samples) -> None:
    """Write float32 samples of shape (n,); what is over full scale is clipped.

    Raises:
        OSError: the file cannot be written.
    """
    pcm = np.rint(np.clip(samples, -1.0, 1.0) * _FULL_SCALE).astype("<i2")
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE_HZ)
        out.writeframes(pcm.tobytes())


def read_wav(path: Path) -> Samples:
    """The first channel of a file as float32 of shape (n,).

    Raises:
        DecodeError: as ``decode_wav``.
        OSError: the file cannot be read.
    """
    return decode_wav(path.read_bytes())


def decode_wav(data: bytes) -> Samples:
    """The first channel as float32 of shape (n,).

    Raises:
        DecodeError: not a 16-bit WAV at 48 kHz, or longer than ten minutes.
    """
    try:
        with wave.open(io.BytesIO(data), "rb") as source:
            channels, width, rate_hz, frames, *_ = source.getparams()
            if (width, rate_hz) != (2, SAMPLE_RATE_HZ):
                raise DecodeError(
                    "wav.format", f"{8 * width} bits at {rate_hz} Hz, not 16 at 48000"
                )
            if frames > MAX_SECONDS * SAMPLE_RATE_HZ:
                raise DecodeError("wav.length", f"longer than {MAX_SECONDS} s")
            raw = source.readframes(frames)
    except (wave.Error, EOFError, RuntimeError) as error:
        raise DecodeError("wav", "not a WAV file") from error
    pcm = np.frombuffer(raw[: len(raw) // (2 * channels) * 2 * channels], "<i2")
    return (pcm[::channels] / _FULL_SCALE).astype(np.float32)
