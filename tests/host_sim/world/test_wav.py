"""WAV files: what is written is read back, and what is no such file is refused."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING

import numpy as np
import pytest

from host_sim.world.wav import read_wav, write_wav
from terminal.errors import DecodeError

if TYPE_CHECKING:
    from pathlib import Path


def test_samples_come_back_within_a_quantum(tmp_path: Path) -> None:
    samples = np.sin(np.arange(4_800) * 0.1).astype(np.float32)
    write_wav(tmp_path / "a.wav", samples)
    assert np.max(np.abs(read_wav(tmp_path / "a.wav") - samples)) <= 1.0 / 32_767.0


def test_the_first_of_two_channels_is_read(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(48_000)
        out.writeframes(np.array([100, -1, 200, -1], "<i2").tobytes())
    assert np.rint(read_wav(tmp_path / "a.wav") * 32_767).tolist() == [100, 200]


def test_another_rate_is_refused(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(44_100)
        out.writeframes(bytes(8))
    with pytest.raises(DecodeError, match="44100"):
        read_wav(tmp_path / "a.wav")


@pytest.mark.parametrize("data", [b"", b"RIFF", b"no sound at all, only text" * 3])
def test_what_is_no_wav_file_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(data)
    with pytest.raises(DecodeError, match="wav"):
        read_wav(tmp_path / "a.wav")
